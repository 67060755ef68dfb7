"""A short search from the page, for real: six tiny models, a reload on the way, the pick, and the frontier with it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import AppServer, at_rest
from tests.support.tiny_searches import FAMILY, write_tiny_accuracies

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

LONG_MS = 240_000
BEST = "test_convnext.r160_in1k"


def test_user_searches_six_tiny_models_watches_the_frontier_grow_and_ends_with_the_pick(
    warm_app_server: Callable[..., AppServer], page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAKEOFF_HOME", str(tmp_path / "home"))
    write_tiny_accuracies()
    server = warm_app_server(home=tmp_path / "home")
    page.goto(server.url)
    page.get_by_role("button", name="Search all of timm").click()
    expect(page.get_by_text("Among 1,557 weights at their sizes")).to_be_visible()
    page.get_by_text("Narrow the search").click()
    families = page.get_by_role("combobox", name="Families")
    at_rest(families)  # the expander opens slowly, and a list of options that moves with it is closed
    families.click()
    families.fill(FAMILY)
    page.get_by_role("option", name=FAMILY, exact=True).click()
    page.keyboard.press("Escape")
    expect(page.get_by_text("Among 6 weights at their sizes")).to_be_visible()

    page.get_by_role("button", name="Start the search").click()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    page.reload()
    told = page.get_by_text(re.compile(r"Measured \d of 6(, 1 failed)?; chance that something better is left: "))
    expect(told).to_be_visible(timeout=LONG_MS)
    expect(page.get_by_text("The pick is test_convnext")).to_be_visible(timeout=LONG_MS)
    expect(page.get_by_text("Every candidate was measured or failed")).to_be_visible()
    expect(page.get_by_text("Could not be measured: test_mambaout.in1k")).to_be_visible()

    page.get_by_role("button", name="Show it on the frontier").click()
    expect(page.locator("#pick")).to_have_text(BEST)
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_text("Every candidate was measured or failed")).to_have_count(0)

"""The checklist walked in a real browser, from the first question to a changed Frontier page and the report."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from bakeoff_core.profiling import store as profiling_store
from bakeoff_core.system.paths import profiles_path
from tests.browser.conftest import AppServer
from tests.support.app_pages import profile_of

pytestmark = pytest.mark.browser

MEASURED = (
    ("mobilenetv3_small_100.lamb_in1k", 0.0044, 2_542_856),
    ("mobilenetv3_large_100.ra_in1k", 0.0102, 5_483_032),
    ("efficientnet_b0.ra_in1k", 0.0118, 5_288_548),
    ("resnet18.a1_in1k", 0.0206, 11_689_512),
    ("resnet50.a1_in1k", 0.037, 25_557_032),
)
"""Seconds a pass, as seen on a two-core machine, and parameters."""


def measured(home: Path) -> Path:
    """Write the profiles of a machine with five measured models."""
    home.mkdir()
    rows = [profile_of(name, time, param_count=params) for name, time, params in MEASURED]
    profiling_store.write_profiles(home / profiles_path().name, rows)
    return home


@pytest.fixture(scope="module")
def server(module_app_server: Callable[..., AppServer], tmp_path_factory: pytest.TempPathFactory) -> AppServer:
    """The product on such a machine, for tests that change nothing there."""
    return module_app_server(home=measured(tmp_path_factory.mktemp("measured") / "home"))


@pytest.fixture
def checklist(server: AppServer, page: Page) -> Page:
    """The Checklist page."""
    return opened(server, page)


def opened(server: AppServer, page: Page) -> Page:
    page.goto(server.url)
    expect(page.locator("#pick")).to_have_text("resnet50.a1_in1k")
    page.get_by_role("link", name="Checklist").click()
    expect(page.locator("#start")).to_be_visible()
    return page


def fill(page: Page, label: str, value: str) -> None:
    box = page.get_by_role("spinbutton", name=label, exact=True)
    box.fill(value)
    box.press("Enter")


def answer_the_edge_box(page: Page) -> None:
    page.get_by_text("An edge box", exact=True).click()
    expect(page).to_have_url(re.compile("target=edge"))
    fill(page, "Latency, at most (ms)", "15")
    expect(page).to_have_url(re.compile("latency_ms=15"))
    fill(page, "Labelled images to train on", "4000")
    expect(page).to_have_url(re.compile("labelled=4000"))
    page.get_by_text("Of another kind", exact=True).click()
    expect(page).to_have_url(re.compile("domain=other"))


def expect_nothing_wider_than_a_phone(checklist: Page) -> None:
    checklist.set_viewport_size({"width": 390, "height": 800})
    expect(checklist.locator("#start")).to_be_visible()
    checklist.wait_for_timeout(500)
    main = checklist.locator("[data-testid=stMain]")
    assert main.evaluate("node => node.scrollWidth") <= 390
    checklist.set_viewport_size({"width": 1280, "height": 800})


def test_checklist_walked_to_its_end_changes_the_frontier_page_stands_in_the_report_and_is_walked_again(checklist):
    answer_the_edge_box(checklist)
    expect(checklist.locator("#start")).to_have_text("efficientnet_b0.ra_in1k")
    expect(checklist.locator("#recipe")).to_have_text("fully fine-tuned")
    expect(checklist.locator(".js-plotly-plot .points path").first).to_be_visible()

    checklist.get_by_role("button", name="Show on the Frontier page").click()
    expect(checklist).to_have_url(re.compile("latency_ms=15"))
    expect(checklist.locator("#pick")).to_have_text("efficientnet_b0.ra_in1k")
    expect(checklist.get_by_role("slider", name="Latency budget (ms)", exact=True)).to_have_value("15")

    checklist.get_by_role("link", name="Report").click()
    expect(checklist.get_by_text(re.compile("^The checklist")).first).to_be_visible()

    # The limits of a second walk take the place of those of the first.
    checklist.get_by_role("link", name="Checklist").click()
    expect(checklist.get_by_role("spinbutton", name="Labelled images to train on")).to_have_value("4000")
    checklist.get_by_role("button", name="Start over").click()
    expect(checklist.get_by_role("spinbutton", name="Labelled images to train on")).to_have_value("")
    checklist.get_by_text("A server", exact=True).click()
    fill(checklist, "Top-1, at least (%)", "80")
    expect(checklist.locator("#start")).to_have_text("resnet50.a1_in1k")
    checklist.get_by_role("button", name="Show on the Frontier page").click()
    expect(checklist.locator("#pick")).to_have_text("resnet50.a1_in1k")
    expect(checklist.get_by_role("slider", name="Accuracy floor (%)", exact=True)).to_have_value("80")


def test_link_of_the_checklist_gives_the_same_answer_on_a_phone_too_reload_keeps_it_and_starting_over_forgets_it(
    checklist,
):
    answer_the_edge_box(checklist)
    link = checklist.url
    assert all(answer in link for answer in ("target=edge", "latency_ms=15", "labelled=4000", "domain=other")), link
    checklist.reload()
    expect(checklist.locator("#start")).to_have_text("efficientnet_b0.ra_in1k")
    checklist.goto("about:blank")
    checklist.goto(link)
    expect(checklist.locator("#recipe")).to_have_text("fully fine-tuned")
    labelled = checklist.get_by_role("spinbutton", name="Labelled images to train on")
    expect(labelled).to_have_value("4000")
    expect_nothing_wider_than_a_phone(checklist)

    # Forgotten answers stay forgotten, also where the next one comes before the questions are seen to be empty.
    checklist.get_by_role("button", name="Start over").click()
    checklist.get_by_text("A phone", exact=True).first.click()
    expect(labelled).to_have_value("")
    expect(checklist).not_to_have_url(re.compile("labelled|latency_ms|domain"))
    checklist.reload()
    expect(labelled).to_have_value("")


def test_further_limits_reach_the_frontier_page_too(checklist):
    checklist.get_by_role("button", name="More limits").click()
    fill(checklist, "Parameters, at most (millions)", "6")
    expect(checklist).to_have_url(re.compile("max_params_m=6"))
    checklist.keyboard.press("Escape")
    expect(checklist.locator("#start")).to_have_text("efficientnet_b0.ra_in1k")
    checklist.get_by_role("button", name="Show on the Frontier page").click()
    expect(checklist.locator("#pick")).to_have_text("efficientnet_b0.ra_in1k")
    checklist.get_by_role("button", name="More limits").click()
    expect(checklist.get_by_role("spinbutton", name="Parameters, at most (millions)")).to_have_value("6")


def test_missing_models_are_measured_from_the_checklist_and_the_job_can_be_stopped(warm_app_server, tmp_path, page):
    checklist = opened(warm_app_server(home=measured(tmp_path / "home")), page)
    checklist.get_by_text("An edge box", exact=True).click()
    checklist.get_by_role("button", name=re.compile("Measure . missing")).click()
    expect(checklist.get_by_role("button", name="Stop")).to_be_visible()
    expect(checklist.get_by_role("button", name=re.compile("Measure . missing"))).to_be_disabled()
    checklist.get_by_role("button", name="Stop").click()
    expect(checklist.get_by_role("button", name="Stop")).to_have_count(0)

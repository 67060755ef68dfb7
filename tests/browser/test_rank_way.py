"""Ranking from the page, for real: solar cells, packaged weights, a reload and a stop on the way to the finding."""

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
from tests.support.image_folders import copy_solar_cells
from tests.support.ranking_folders import write_ranking
from tests.support.rankings import make_row

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

LITE0, LITE1 = (f"tf_efficientnet_lite{at}.in1k" for at in (0, 1))
QUICK, SLOW = "efficientnet_b0.ra_in1k", "resnet50.a1_in1k"
LONG_MS = 240_000


def test_user_ranks_a_folder_of_photographs_reloads_stops_resumes_and_reads_the_finding(
    warm_app_server: Callable[..., AppServer], page: Page, tmp_path: Path
) -> None:
    cells = copy_solar_cells(tmp_path / "cells", 200)
    server = warm_app_server(env={"HF_HUB_OFFLINE": "1"})
    page.goto(f"{server.url}/rank")
    page.get_by_text("Your own folder").click()
    page.get_by_label("Folder", exact=True).fill(str(cells))
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 classes")).to_be_visible()
    expect(page.get_by_text("1 file is left out")).to_be_visible()
    page.get_by_role("button", name=re.compile("lite2.*(remove|clear)|(remove|clear).*lite2", re.I)).click()
    expect(page.get_by_text("for 2 models.")).to_be_visible()

    page.get_by_role("button", name="Rank", exact=True).click()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    expect(page.get_by_text(f"{LITE0}, 1 of 2: computing features")).to_be_visible(timeout=LONG_MS)
    page.reload()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Stopped. Resume goes on where it was")).to_be_visible()
    page.get_by_role("button", name="Resume", exact=True).click()
    # The first backbone's row is there while the second is at work.
    expect(page.get_by_text(re.compile(rf"{re.escape(LITE1)}, 2 of 2"))).to_be_visible(timeout=LONG_MS)
    expect(page.get_by_test_id("stMain").get_by_test_id("stDataFrame").first).to_be_visible()
    expect(page.get_by_text("are too few to say how well ImageNet's order")).to_be_visible(timeout=LONG_MS)
    expect(page.get_by_text(re.compile("Both ways lead to|By ImageNet the pick is")).first).to_be_visible()
    expect(page.locator(".js-plotly-plot .ytick text")).to_have_count(2)  # a bar for each backbone
    expect(page.get_by_role("heading", name="Result")).to_be_visible()


def test_the_frontier_goes_by_a_rankings_accuracy_and_its_slider_moves_the_pick(
    app_server: Callable[..., AppServer], page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAKEOFF_HOME", str(tmp_path / "home"))
    profiling_store.write_profiles(profiles_path(), [profile_of(QUICK, 0.004), profile_of(SLOW, 0.020)])
    write_ranking(1, make_row(QUICK, 150), make_row(SLOW, 170), make_row(LITE1, 190))
    server = app_server(home=tmp_path / "home")
    page.goto(f"{server.url}/rank")
    page.get_by_role("link", name="Show it on the frontier").click()
    expect(page).to_have_url(re.compile(r"accuracy=elpv-1a2b3c4d-ranked"))
    expect(page.locator("#pick")).to_have_text(SLOW)
    expect(page.get_by_text("85 % by linear probe on Solar cells").first).to_be_visible()
    expect(page.get_by_text("Ranked on Solar cells (ELPV), but not measured yet")).to_contain_text(LITE1)
    expect(page.locator(".js-plotly-plot .ytitle").filter(has_text="Solar cells")).to_have_count(1)
    page.get_by_role("slider", name="Latency budget (ms)").fill("10")
    expect(page.locator("#pick")).to_have_text(QUICK)
    page.get_by_role("slider", name="Accuracy floor (%)").fill("80")
    expect(page.locator("#pick")).to_have_text("none")
    expect(page).to_have_url(re.compile("min_top1=80"))
    page.get_by_role("slider", name="Latency budget (ms)").fill("30")
    expect(page.locator("#pick")).to_have_text(SLOW)

"""Looking inside a ranking in a browser, for real: solar cells, misclassified images, neighbours, the heat map."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from bakeoff_core.jobs.manager import read_job
from bakeoff_core.ranking.request import RankSpec, start_ranking
from tests.browser.conftest import AppServer
from tests.support.image_folders import copy_solar_cells
from tests.support.processes import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

LONG_MS = 240_000


def click_at(board: Locator, across: float, down: float) -> None:
    """Click a board at shares of its width and height."""
    board.scroll_into_view_if_needed()
    box = board.bounding_box()
    board.click(position={"x": across * box["width"], "y": down * box["height"]})


def pixels_of(page: Page) -> list[int]:
    """The heat map's colours, patch by patch."""
    return page.locator(".board canvas").evaluate(
        "canvas => [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data]"
    )


@pytest.mark.usefixtures("warm_workers")
def test_user_clicks_a_misclassified_image_and_patches_of_it(
    warm_app_server: Callable[..., AppServer], page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    server = warm_app_server(env={"HF_HUB_OFFLINE": "1"})
    monkeypatch.setenv("BAKEOFF_HOME", str(server.home))
    cells = copy_solar_cells(tmp_path / "cells", 120)
    run = start_ranking(RankSpec(("tf_efficientnet_lite0",), "folder", data_dir=str(cells)))
    assert wait_until(lambda: not read_job(run.rank_id).active, LONG_MS / 1000)
    assert read_job(run.rank_id).state == "done", read_job(run.rank_id).log()

    page.goto(f"{server.url}/rank")
    expect(page.get_by_role("heading", name="Look inside")).to_be_visible()
    page.get_by_text(re.compile(r"^All \(\d+\)$")).click()
    expect(page.get_by_label(re.compile("^Page, 1 to"))).to_be_visible()  # more than fit are right
    expect(page.get_by_text("Click a picture to see")).to_be_visible()
    picture = page.get_by_role("radio", name=re.compile("%")).nth(1)
    picture.click()
    expect(page.get_by_text("The images most like it")).to_be_visible()
    expect(picture).to_have_attribute("aria-checked", "true")
    neighbours = page.locator("figure", has_text=re.compile(r"· (training|validation|test)$"))
    expect(neighbours).to_have_count(8)
    expect(neighbours.locator("img")).to_have_count(8)

    told = page.locator(".told")
    expect(told).to_have_text(re.compile(r"^Patch in row 4, column 4 of 7 × 7\. Most alike: "), timeout=LONG_MS)
    middle = pixels_of(page)
    assert len(middle) == 7 * 7 * 4 and len(set(middle[0::4])) > 10
    click_at(page.locator(".board").first, 0.05, 0.95)
    expect(told).to_have_text(re.compile("^Patch in row 7, column 1 of 7 × 7"))
    assert pixels_of(page) != middle
    assert pixels_of(page)[42 * 4 : 42 * 4 + 3] == [253, 231, 37]  # itself is most alike
    page.locator(".board").first.press("ArrowRight")
    expect(told).to_have_text(re.compile("^Patch in row 7, column 2 of 7 × 7"))
    page.get_by_text("14 × 14, a stage earlier").click()
    expect(told).to_have_text(re.compile("of 14 × 14"))

    # A keyboard chooses the next picture; its patches are looked at anew.
    picture.press("ArrowRight")
    following = page.get_by_role("radio", name=re.compile("%")).nth(2)
    expect(following).to_have_attribute("aria-checked", "true")
    expect(told).to_have_text(re.compile("of 14 × 14|of 7 × 7"), timeout=LONG_MS)
    page.get_by_text(re.compile(r"^Misclassified \(\d+\)$")).click()
    expect(page.get_by_text("The images most like it")).to_be_visible()  # the choice stays while others are shown

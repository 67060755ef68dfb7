"""Fine-tuning from the page, for real: solar cells, real weights, a worker and a server that are really killed."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from bakeoff_core.jobs.launchers.local import LEADER
from bakeoff_core.profiling import store as profiling_store
from bakeoff_core.system.paths import profiles_path
from tests.browser.conftest import AppServer
from tests.support.app_pages import profile_of
from tests.support.image_folders import copy_solar_cells
from tests.support.processes import living_in_session, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

LITE0 = "tf_efficientnet_lite0.in1k"
SIZE = "64"
LONG_MS = 240_000
OFFLINE = {"HF_HUB_OFFLINE": "1"}


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_solar_cells(tmp_path_factory.mktemp("photographs") / "cells", 60)


def ask(page: Page, cells: Path, steps: int) -> None:
    """Fill the form: a full fine-tune of small images for so many steps."""
    page.get_by_text("Your own folder").click()
    page.get_by_label("Folder", exact=True).fill(str(cells))
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 classes")).to_be_visible()
    expect(page.get_by_text("1 file is left out")).to_be_visible()
    page.get_by_text("Full fine-tune", exact=True).click()
    page.get_by_text("Steps", exact=True).click()
    page.get_by_role("spinbutton", name="Steps").fill(str(steps))
    page.keyboard.press("Enter")
    page.get_by_text("More settings").click()
    for label, value in (("Image size (px)", SIZE), ("Batch size", "16")):
        page.get_by_role("spinbutton", name=label).fill(value)
        page.keyboard.press("Enter")
    expect(page.get_by_text("Recommended is linear probe")).to_be_visible()  # 84 labels are few


def start(page: Page, button: str) -> None:
    page.get_by_role("button", name=button).click()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()


def step_shown(page: Page, least: int = 1) -> int:
    """Wait until the card shows so many steps or more; return how many."""
    found = page.wait_for_function(
        """least => {
          for (const bar of document.querySelectorAll('[data-testid=stMain] [data-testid=stProgress]')) {
            const shown = bar.textContent.match(/Training · ([0-9,]+) of/);
            const step = shown ? Number(shown[1].replace(',', '')) : 0;
            if (step >= least) return step;
          }
          return false;
        }""",
        arg=least,
        timeout=LONG_MS,
    )
    return int(found.json_value())


def test_user_tunes_the_pick_reloads_stops_resumes_and_finds_it_on_the_frontier_and_in_the_report(
    warm_app_server: Callable[..., AppServer], home: Path, page: Page, cells: Path
) -> None:
    profiling_store.write_profiles(profiles_path(), [profile_of(LITE0, 0.004, img_size=int(SIZE))])
    server = warm_app_server(home=home, env=OFFLINE)
    page.goto(f"{server.url}/finetune")
    expect(page.get_by_role("link", name="Frontier")).to_be_visible()  # the whole app, from a direct link
    expect(page.get_by_text("no network is needed")).to_be_visible()
    ask(page, cells, steps=40)

    page.get_by_role("button", name="Work out the cost").click()
    expect(page.get_by_text(re.compile("About .* of memory: 40 steps on 84 images"))).to_be_visible(timeout=LONG_MS)
    start(page, "Fine-tune")
    first = step_shown(page)
    expect(page.locator("[data-testid=stMain] .js-plotly-plot .scatterlayer path.js-line").first).to_be_attached()
    assert step_shown(page, first + 3) > first
    page.reload()
    reached = step_shown(page, first)

    before = time.monotonic()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text(re.compile("Stopped. (Resume goes on|It had no checkpoint yet)"))).to_be_visible()
    assert time.monotonic() - before < 30  # the five seconds are held to in test_jobs; this browser may be slow
    page.get_by_role("button", name="Resume", exact=True).click()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    assert reached > 0
    expect(page.get_by_text("of 18 test images are classified rightly").first).to_be_visible(timeout=LONG_MS)

    page.get_by_role("tab", name="Predictions").click()
    expect(page.locator(".pictures img:visible").first).to_be_visible()
    page.get_by_role("tab", name="Take it away").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download the model").click()
    assert waiting.value.suggested_filename == f"{LITE0}-folder.zip"
    page.get_by_role("link", name=re.compile("Show it on the frontier")).click()
    expect(page).to_have_url(re.compile("accuracy=folder-"))
    expect(page.locator("#pick")).to_have_text(LITE0)
    expect(page.locator(".js-plotly-plot .ytitle").filter(has_text="cells")).to_have_count(1)
    page.get_by_role("link", name="Report").click()
    expect(page.get_by_role("heading", name="Fine-tuned here")).to_be_visible()


def test_killed_worker_and_killed_server_are_shown_as_they_are_and_the_run_goes_on(
    warm_app_server: Callable[..., AppServer], page: Page, cells: Path
) -> None:
    server = warm_app_server(env=OFFLINE)
    page.goto(f"{server.url}/finetune")
    ask(page, cells, steps=5_000)
    start(page, "Fine-tune")
    step_shown(page, 2)

    server.kill()
    server.start()
    page.goto(f"{server.url}/finetune")
    step_shown(page, 2)

    os.killpg(worker_of(server), signal.SIGKILL)
    expect(page.get_by_text("was killed, or the machine went down")).to_be_visible()
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)
    page.get_by_role("button", name="Resume", exact=True).click()
    step_shown(page, 2)
    resumed = worker_of(server)
    other = page.context.new_page()
    other.goto(f"{server.url}/measure")
    expect(other.get_by_text("This machine is at work")).to_be_visible()
    expect(other.get_by_role("button", name="Measure", exact=True)).to_be_disabled()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)
    assert wait_until(lambda: not living_in_session(resumed))


def worker_of(server: AppServer) -> int:
    """Return the process id of the worker that trains in a server's state folder, which leads its session."""
    (leader,) = server.home.glob(f"jobs/*-finetune-*/{LEADER}")
    return int(leader.read_text())


def test_one_click_compares_with_from_scratch_and_says_what_transfer_was_worth(
    warm_app_server: Callable[..., AppServer], page: Page, cells: Path
) -> None:
    page.goto(f"{warm_app_server(env=OFFLINE).url}/finetune")
    ask(page, cells, steps=6)
    start(page, "Compare with from scratch")
    expect(page.get_by_role("heading", name="What transfer was worth")).to_be_visible(timeout=LONG_MS)
    expect(
        page.get_by_text(re.compile("Transfer was worth|Transfer did not help|transfer", re.I)).first
    ).to_be_visible()
    for name in ("Linear probe", "Full fine-tune", "From scratch"):
        expect(page.locator(".js-plotly-plot .legendtext").filter(has_text=name).first).to_be_attached()

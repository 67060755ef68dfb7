"""Where the cost sits, in a real browser: a model taken apart by a real worker, compared, reloaded, on a phone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

SMALL = "mobilenetv3_small_100.lamb_in1k"
LONG_MS = 240_000
NOTE_WORK = """new MutationObserver(() => {
  if (/Loading PyTorch and timm|Taking .* apart/.test(document.body?.textContent)) window.workWasShown = true;
}).observe(document, {subtree: true, childList: true, characterData: true})"""
"""Notes that the worker was told of, which may be done sooner than a test can look."""


def bars(page: Page) -> int:
    return page.locator(".js-plotly-plot .barlayer .point path").count()


def test_a_link_opens_a_model_that_is_taken_apart_kept_compared_and_readable_on_a_phone(
    warm_app_server, named_home, page
):
    server = warm_app_server(home=named_home)
    page.add_init_script(NOTE_WORK)
    page.goto(f"{server.url}/explore?anatomy={SMALL}")
    told = page.get_by_text(re.compile("Fully connected layers hold 82 % of its parameters"))
    expect(told).to_be_visible(timeout=LONG_MS)
    assert page.evaluate("window.workWasShown")
    expect(page.locator(".js-plotly-plot .barlayer .point path").first).to_be_visible()
    expect(page.get_by_text("Parameters 2.54 M")).to_be_visible()

    # The view that the link opened has an address of its own.
    expect(page.get_by_role("tab", name="Where the cost sits")).to_have_attribute("aria-selected", "true")
    model = page.get_by_role("combobox", name="Model", exact=True)
    expect(model).to_be_in_viewport()
    page.get_by_role("tab", name="MACs and time").click()
    expect(page.get_by_text(re.compile("Once models are measured here"))).to_be_in_viewport()
    expect(model).to_have_count(0)
    page.get_by_role("tab", name="Where the cost sits").click()
    expect(page).to_have_url(re.compile("view=Where"))
    expect(page).to_have_url(re.compile(f"anatomy={re.escape(SMALL)}"))
    expect(told).to_be_visible()

    page.reload()  # kept: no worker is started again
    expect(told).to_be_visible()
    jobs = sorted(path.name for path in (server.home / "jobs").glob("*-anatomy-*"))
    assert len(jobs) == 1

    box = page.get_by_role("combobox", name=re.compile("Compare with"))
    box.fill("test_vit")
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile("test_vit.r160_in1k at 160 px")).first).to_be_visible(timeout=LONG_MS)
    expect(page.get_by_text("Parameters A 2.54 M")).to_be_visible()
    expect(page.get_by_text("Parameters B 371 k")).to_be_visible()

    box.fill("resnet51")
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile("timm has no model named"))).to_be_visible()
    expect(told).to_be_visible()  # the other one stays

    page.set_viewport_size({"width": 390, "height": 844})
    expect(told).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert bars(page) > 10

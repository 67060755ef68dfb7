"""Where the cost sits, in a real browser: a model taken apart by a real worker, compared, reloaded, on a phone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

SMALL = "mobilenetv3_small_100.lamb_in1k"
LONG_MS = 240_000
"""One real model on two busy cores, PyTorch's start and the list of timm's names included."""


def bars(page: Page) -> int:
    return page.locator(".js-plotly-plot .barlayer .point path").count()


def test_a_model_is_taken_apart_kept_compared_and_readable_on_a_phone(app_server, page):
    server = app_server()
    page.goto(f"{server.url}/explore?anatomy={SMALL}")
    expect(page.get_by_text(re.compile("Loading PyTorch and timm|Taking .* apart")).first).to_be_visible()
    told = page.get_by_text(re.compile("Fully connected layers hold 82 % of its parameters"))
    expect(told).to_be_visible(timeout=LONG_MS)
    expect(page.locator(".js-plotly-plot .barlayer .point path").first).to_be_visible()
    expect(page.get_by_text("Parameters 2.54 M")).to_be_visible()

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

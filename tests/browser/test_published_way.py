"""Published machines in a real browser: uploaded, drawn, toggled in the legend, filtered, judged, on a phone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from bakeoff_core.catalogue.timm_names import write_timm_models
from tests.support.timm_results import ACCURACIES, NAMES, SPEEDS, write

pytestmark = pytest.mark.browser

CHART = ".st-key-explore .js-plotly-plot"


def legend_entry(page: Page, name: str):
    return page.locator(f"{CHART} .legend .traces").filter(has_text=re.compile(f"^{re.escape(name)}$"))


def test_tables_are_uploaded_drawn_toggled_filtered_and_judged(app_server, page, tmp_path, monkeypatch):
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("BAKEOFF_HOME", str(home))
    from bakeoff_core.system.paths import timm_models_path

    write_timm_models(timm_models_path(), NAMES)
    server = app_server(home=home)
    page.goto(f"{server.url}/explore")
    expect(page.get_by_text(re.compile("They say what has to be computed"))).to_be_visible()
    expect(page.locator(f"{CHART} .scatterlayer .trace").first).to_be_visible()

    page.get_by_role("tab", name="Published machines").click()
    expect(page).to_have_url(re.compile("view=Published"))
    inputs = page.locator(".stFileUploader input[type=file], [data-testid=stFileUploader] input[type=file]")
    inputs.nth(0).set_input_files(write(tmp_path, "results-imagenet.csv", ACCURACIES))
    expect(page.get_by_text("results-imagenet.csv", exact=True)).to_be_visible()
    inputs.nth(1).set_input_files(write(tmp_path, "benchmark-infer-amp-nhwc-pt240-cu124-rtx4090.csv", SPEEDS))
    name = page.get_by_role("textbox", name="Name of the machine")
    expect(name).to_have_value("rtx4090 · amp nhwc pt240 cu124")
    name.fill("A fast card")
    name.press("Tab")
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("A fast card: Added.")).to_be_visible()
    expect(page.get_by_text("A fast card, inference: 3 of 6 joined")).to_be_visible()
    page.get_by_role("tab", name="Models and speed").click()

    expect(legend_entry(page, "ResNet")).to_have_count(1)
    expect(page.locator(f"{CHART} .xtitle")).to_have_text("Time per image (ms), log scale")
    expect(page.locator(f"{CHART} .scatterlayer .trace .points path")).to_have_count(5)
    legend_entry(page, "ResNet").locator(".legendtoggle").click()
    expect(page.locator(f"{CHART} .scatterlayer .trace .points path")).to_have_count(3)

    families = page.locator(".st-key-explore_families")
    families.get_by_role("button", name="Remove ConvNeXt", exact=True).click()
    expect(legend_entry(page, "All other families")).to_have_count(1)
    page.locator(".st-key-explore_only label").first.click()
    expect(legend_entry(page, "All other families")).to_have_count(0)

    page.get_by_role("radio", name="Parameters and speed").or_(
        page.get_by_role("button", name="Parameters and speed")
    ).click()
    titles = page.locator(f"{CHART} .xtitle")
    expect(titles.filter(has_text="Parameters (M), log scale")).to_have_count(1)
    expect(titles).to_have_count(1)  # the chart it replaces is gone
    page.set_viewport_size({"width": 390, "height": 844})
    expect(titles).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.set_viewport_size({"width": 1280, "height": 800})

    page.get_by_role("tab", name="Why measure").click()
    expect(page.get_by_text(re.compile("Choosing by parameters finds"))).to_be_visible()
    expect(page.get_by_text(re.compile("Only 3 models are known on A fast card, too few"))).to_be_visible()
    page.reload()
    expect(page.get_by_text(re.compile("Choosing by parameters finds"))).to_be_visible()

"""Recipes and harder test sets in a real browser: the switch, the link, and whose figure is whose."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from bakeoff_core.profiling import store as profiling_store
from tests.browser.conftest import AppServer
from tests.support.app_pages import profile_of

RESNETS = {"resnet50.tv_in1k": 0.010, "resnet50.tv2_in1k": 0.011, "resnet50.a1_in1k": 0.012}
OTHERS = {"efficientnet_b0.ra_in1k": 0.004, "vgg16.tv_in1k": 0.030}


@pytest.fixture(scope="module")
def server(module_app_server: Callable[..., AppServer], tmp_path_factory: pytest.TempPathFactory) -> AppServer:
    home: Path = tmp_path_factory.mktemp("recipes") / "home"
    home.mkdir()
    rows = [profile_of(name, latency_s) for name, latency_s in {**RESNETS, **OTHERS}.items()]
    profiling_store.write_profiles(home / "profiles.parquet", rows)
    return module_app_server(home=home)


def test_the_switch_changes_the_frontier_says_so_and_is_in_the_link(server: AppServer, page: Page) -> None:
    page.goto(server.url)
    expect(page.locator("#pick")).to_have_text("resnet50.tv2_in1k")
    expect(page.get_by_text("These 5 models were not trained alike: 2 basic, 2 modern and 1 tuned.")).to_be_visible()
    page.locator(".st-key-match_recipes label").first.click()
    expect(page.locator("#pick")).to_have_text("resnet50.tv_in1k")
    expect(page).to_have_url(re.compile("recipes=basic"))
    expect(page.get_by_text("Only the 2 models of one recipe class are compared, basic.")).to_be_visible()
    page.goto(page.url)
    expect(page.locator("#pick")).to_have_text("resnet50.tv_in1k")


def test_a_clicked_point_shows_why_two_figures_of_resnet50_differ(server: AppServer, page: Page) -> None:
    page.goto(f"{server.url}/?recipes=basic")
    expect(page.locator("#pick")).to_have_text("resnet50.tv_in1k")
    page.locator(".js-plotly-plot .scatterlayer").first.wait_for()
    page.wait_for_timeout(1500)
    place = page.evaluate(_POINT_OF, "resnet50.tv_in1k")
    page.mouse.click(*place)
    expect(page.get_by_text("Which weights each figure belongs to")).to_be_visible()
    expect(page.get_by_text("the network is the same, its training is not")).to_be_visible()
    rows = page.locator("table.weights").first.locator("tbody tr")
    expect(rows.filter(has_text="tv2_in1k")).to_contain_text("80.846 %")
    expect(rows.filter(has_text="tv2_in1k")).to_contain_text("torchvision says 80.858 %")
    expect(page.locator("table.weights tr.shown").first).to_contain_text("torchvision says 76.13 %")


def test_a_harder_set_is_chosen_and_explained(server: AppServer, page: Page) -> None:
    page.goto(f"{server.url}/?accuracy=imagenet-v2")
    expect(page.get_by_text("10,000 new photographs")).to_be_visible()
    expect(page.locator(".answer .numbers").first).to_contain_text("on ImageNet-V2")


def test_another_accuracy_is_chosen_on_the_page_and_brings_its_own_floor(server: AppServer, page: Page) -> None:
    page.goto(server.url)
    expect(page.locator("#pick")).to_have_text("resnet50.tv2_in1k")
    page.get_by_role("combobox", name=re.compile("Accuracy")).click()
    page.get_by_role("option", name=re.compile("ImageNet-A")).click()
    expect(page).to_have_url(re.compile("accuracy=imagenet-a"))
    expect(page.get_by_text("7,500 photographs of 200 of the 1,000 classes")).to_be_visible()
    expect(page.locator(".answer .numbers").first).to_contain_text("on ImageNet-A")
    expect(page.locator(".js-plotly-plot .ytitle").filter(has_text="ImageNet-A")).to_have_count(1)
    page.get_by_role("combobox", name=re.compile("Accuracy")).click()
    page.get_by_role("option", name=re.compile("ImageNet top-1")).click()
    expect(page.locator("#pick")).to_have_text("resnet50.tv2_in1k")


_POINT_OF = """(label) => {
  const plot = document.querySelector('.js-plotly-plot'), area = plot.getBoundingClientRect();
  const {xaxis, yaxis} = plot._fullLayout;
  for (let t = 0; t < plot._fullData.length; t++) {
    const names = plot._fullData[t].customdata || [];
    for (const [at, point] of plot.calcdata[t].entries()) {
      const name = names[point.i ?? at];
      if (name !== undefined && String(Array.isArray(name) ? name[0] : name).startsWith(label)) {
        return [area.left + xaxis._offset + xaxis.c2p(point.x), area.top + yaxis._offset + yaxis.c2p(point.y)];
      }
    }
  }
  return null;
}"""
"""Where on the screen a candidate's point is."""

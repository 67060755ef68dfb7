"""The real app in a real browser: measure, drag, hover, click, reload, download, and what goes wrong on purpose."""

from __future__ import annotations

import io
import re
import signal
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Locator, Page, expect

from bakeoff_core.profiling import store
from benchmarks.invented import write_profiles_of
from tests.browser.conftest import AppServer, at_rest
from tests.support.warm_workers import WarmServer

pytestmark = pytest.mark.browser

SMALL = ("mobilenetv3_small_100.lamb_in1k", "tf_efficientnet_lite0.in1k")
LONG_MS = 240_000
"""Two real models on two busy cores, PyTorch's start included."""


def pick(page: Page) -> Locator:
    return page.locator("#pick")


def budget_line(page: Page) -> Locator:
    return page.locator(".bakeoff-marks .budget")


def slider(page: Page, name: str) -> Locator:
    return page.get_by_role("slider", name=name, exact=True)


def choose(page: Page, *models: str) -> None:
    """Put these models, and no others, into the form of the Measure page."""
    page.get_by_role("button", name="Clear all").click()
    for model in models:
        box = page.get_by_role("combobox", name="Models")
        box.fill(model)
        page.get_by_role("option", name=model, exact=True).click()
    page.keyboard.press("Escape")


def invented(home: Path, count: int) -> None:
    """Fill a state folder with models that nobody measured."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("BAKEOFF_HOME", str(home))
        write_profiles_of(count)


def test_new_user_measures_two_models_reloads_meanwhile_and_takes_the_pick_away(app_server, page):
    server = app_server()
    page.goto(server.url)
    expect(pick(page)).to_have_text("none")
    expect(page.get_by_role("button", name="Measure this machine")).to_be_visible()
    expect(page.locator(".js-plotly-plot .points path").first).to_be_visible()

    page.get_by_role("link", name="Measure").click()
    choose(page, *SMALL)
    expect(page.get_by_text(re.compile("2 models"))).to_be_visible()
    page.get_by_role("button", name="Measure", exact=True).click()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    expect(page.get_by_text("Measuring finished: 2 measured")).to_be_visible(timeout=LONG_MS)

    page.get_by_role("link", name="Frontier").click()
    expect(pick(page)).to_have_text(re.compile("|".join(map(re.escape, SMALL))))
    download_and_check_the_bundle(page)


def download_and_check_the_bundle(page: Page) -> None:
    name = pick(page).inner_text()
    page.get_by_role("link", name="Report").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Report, figure and data").click()
    with zipfile.ZipFile(io.BytesIO(Path(waiting.value.path()).read_bytes())) as bundle:
        assert sorted(bundle.namelist()) == ["frontier.svg", "profiles.parquet", "report.md"]
        assert name in bundle.read("report.md").decode()
        assert "<svg" in bundle.read("frontier.svg").decode()
        assert bundle.read("profiles.parquet")[:4] == b"PAR1"


@pytest.fixture(scope="module")
def shared_server(
    module_app_server: Callable[..., AppServer], warm_server: WarmServer, tmp_path_factory: pytest.TempPathFactory
) -> AppServer:
    """The product on a machine with twelve measured models, for tests that change nothing there."""
    home = warm_server.give_names(tmp_path_factory.mktemp("measured") / "home")
    invented(home, 12)
    return module_app_server(home=home)


@pytest.fixture
def measured(shared_server: AppServer, page: Page) -> Page:
    """The Frontier page of that machine."""
    page.goto(shared_server.url)
    expect(slider(page, "Latency budget (ms)")).to_be_visible()
    expect(page.locator(".js-plotly-plot .points path").first).to_be_visible()
    return page


def hold_budget(page: Page) -> Callable[[float], None]:
    """Press the mouse on the budget's thumb; the returned function drags it to a share of its range."""
    thumb = slider(page, "Latency budget (ms)")
    box = at_rest(thumb)
    lowest, highest = (float(thumb.get_attribute(end) or "nan") for end in ("min", "max"))

    def move(share: float) -> None:  # the middle of a thumb is 8 pixels from the end of its track at most
        x = box["x"] + 8 + (box["width"] - 16) * share
        page.mouse.move(x, box["y"] + box["height"] / 2, steps=10)

    move((float(thumb.input_value()) - lowest) / (highest - lowest))
    page.mouse.down()
    return move


def test_pick_follows_the_thumb_while_it_is_dragged(measured):
    first, drag = pick(measured).inner_text(), hold_budget(measured)
    drag(0.2)
    expect(pick(measured)).not_to_have_text(first)  # the button is still down
    assert "latency_ms" not in measured.url
    measured.mouse.up()
    expect(measured).to_have_url(re.compile("latency_ms="))


def test_a_drag_is_answered_without_a_run_of_the_page_and_its_rest_by_one(measured):
    app, drag = measured.locator("[data-testid=stApp]"), hold_budget(measured)
    expect(app).to_have_attribute("data-test-script-state", "notRunning")
    measured.evaluate(
        """() => {
          const app = document.querySelector('[data-testid=stApp]');
          window.runs = [];
          const note = () => window.runs.push(app.getAttribute('data-test-script-state'));
          new MutationObserver(note).observe(app, {attributeFilter: ['data-test-script-state']});
        }"""
    )
    first = pick(measured).inner_text()
    drag(0.2)
    expect(pick(measured)).not_to_have_text(first)
    assert measured.evaluate("window.runs") == []
    measured.mouse.up()
    expect(measured).to_have_url(re.compile("latency_ms="))
    expect(app).to_have_attribute("data-test-script-state", "notRunning")
    reasons = measured.get_by_text("Why, and what would change it")
    reasons.click()
    at = f"{float(slider(measured, 'Latency budget (ms)').input_value()):g} ms"
    expect(measured.locator("[data-testid=stExpanderDetails]").first).to_contain_text(at)


def test_a_drag_back_to_where_it_began_shows_what_stood_there(measured):
    thumb, cards, line = slider(measured, "Latency budget (ms)"), measured.locator(".answers"), budget_line(measured)
    drag = hold_budget(measured)
    drag(0.5)
    measured.mouse.up()
    value = thumb.input_value()
    expect(measured).to_have_url(re.compile(f"latency_ms={value}"))
    expect(cards).to_have_attribute("data-asked", re.compile(rf" {value}(\.\d+)? "))  # Streamlit has drawn it
    before, place = cards.inner_text(), line.get_attribute("x1")
    measured.mouse.down()
    drag(0.1)
    expect(cards).not_to_have_text(before, use_inner_text=True)
    drag(0.5)
    expect(thumb).to_have_value(value)
    measured.mouse.up()
    expect(cards).to_have_text(before, use_inner_text=True)
    expect(line).to_have_attribute("x1", str(place))


def test_where_nobody_answers_a_drag_the_page_follows_by_its_own_runs(measured):
    measured.route("**/live/answers*", lambda route: route.fulfill(status=404, body="unknown"))
    first, drag = pick(measured).inner_text(), hold_budget(measured)
    drag(0.2)
    expect(pick(measured)).not_to_have_text(first)  # the button is still down
    measured.mouse.up()
    expect(measured).to_have_url(re.compile("latency_ms="))


def test_link_reopens_the_same_view(measured):
    slider(measured, "Latency budget (ms)").fill("60")
    slider(measured, "Accuracy floor (%)").fill("65")
    expect(measured).to_have_url(re.compile("latency_ms=60"))
    expect(measured).to_have_url(re.compile("min_top1=65"))
    expect(pick(measured)).to_have_text("invented_0005.made_up")  # the most accurate within these limits
    measured.get_by_text("Cheapest", exact=True).click()
    expect(measured).to_have_url(re.compile("rule="))
    expect(pick(measured)).to_have_text("invented_0003.made_up")  # the link is there a moment before the answer
    name, link = pick(measured).inner_text(), measured.url
    measured.goto("about:blank")
    measured.goto(link)
    expect(pick(measured)).to_have_text(name)
    expect(slider(measured, "Latency budget (ms)")).to_have_value("60")
    expect(slider(measured, "Accuracy floor (%)")).to_have_value("65")


def test_limits_that_nothing_clears_say_none_and_what_would_help(measured):
    slider(measured, "Latency budget (ms)").fill("1")
    expect(pick(measured)).to_have_text("none")
    expect(measured.get_by_text(re.compile("Raise the latency budget")).first).to_be_visible()


def test_hover_tells_the_numbers_and_click_opens_the_details(measured):
    point = measured.locator(".js-plotly-plot .points path").first
    point.hover(force=True)
    label = measured.locator(".js-plotly-plot .hoverlayer .hovertext")
    expect(label.first).to_contain_text("invented_")
    expect(label.first).to_contain_text("ms")
    box = point.bounding_box()
    measured.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(measured.get_by_text("Interquartile range")).to_be_visible()


def distance_of_the_star_to_the_nearest_point(page: Page) -> float:
    """In pixels, between the centres."""
    return page.evaluate(
        """() => {
          const centre = node => {
            const box = node.getBoundingClientRect();
            return [box.x + box.width / 2, box.y + box.height / 2];
          };
          const [x, y] = centre(document.querySelector('.bakeoff-marks .pick'));
          const points = [...document.querySelectorAll('.js-plotly-plot .points path')].map(centre);
          return Math.min(...points.map(([px, py]) => Math.hypot(px - x, py - y)));
        }"""
    )


def test_star_stands_on_its_point_also_after_panning_zooming_and_on_another_axis(measured):
    slider(measured, "Accuracy floor (%)").fill("62")
    slider(measured, "Latency budget (ms)").fill("100")
    expect(measured).to_have_url(re.compile("min_top1=62"))
    expect(measured).to_have_url(re.compile("latency_ms=100"))
    star, area = measured.locator(".bakeoff-marks .pick"), measured.locator(".js-plotly-plot .nsewdrag")
    expect(measured.locator(".bakeoff-marks .budget")).to_have_count(1)
    area.scroll_into_view_if_needed()
    before, inside = at_rest(star), at_rest(area)
    assert distance_of_the_star_to_the_nearest_point(measured) < 2

    measured.mouse.move(inside["x"] + 60, inside["y"] + inside["height"] - 60)
    measured.mouse.down()
    measured.mouse.move(inside["x"] + 100, inside["y"] + inside["height"] - 80, steps=4)
    panned = at_rest(star)  # the button is still down
    assert panned["x"] - before["x"] == pytest.approx(40, abs=1)
    assert panned["y"] - before["y"] == pytest.approx(-20, abs=1)
    measured.mouse.up()
    assert distance_of_the_star_to_the_nearest_point(measured) < 2

    measured.locator(".modebar-btn[data-title='Zoom out']").click(force=True)
    assert at_rest(star) != panned
    assert distance_of_the_star_to_the_nearest_point(measured) < 2
    measured.get_by_text("MACs", exact=True).click()
    titles = measured.locator(".js-plotly-plot .xtitle")
    expect(titles.filter(has_text="Multiply-accumulates")).to_have_count(1)
    expect(titles).to_have_count(1)  # the chart it replaces is gone
    expect(star).to_be_visible()
    at_rest(star)
    assert distance_of_the_star_to_the_nearest_point(measured) < 2


def test_limits_of_a_thousand_models_follow_the_thumb_and_the_chart_stays(app_server, tmp_path, page):
    home = tmp_path / "home"
    home.mkdir()
    invented(home, 1_000)
    page.goto(app_server(home=home).url)
    line = page.locator(".bakeoff-marks .budget")
    expect(page.locator(".js-plotly-plot .points path").first).to_be_visible(timeout=30_000)
    box = at_rest(slider(page, "Latency budget (ms)"))
    y = box["y"] + box["height"] / 2
    page.evaluate("document.querySelector('.js-plotly-plot .points path').setAttribute('data-same', 'yes')")
    page.mouse.move(box["x"] + box["width"] - 9, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, y, steps=5)
    expect(line).to_have_count(1)  # "visible" would ask for a width
    half = line.get_attribute("x1")
    page.mouse.move(box["x"] + box["width"] * 0.1, y, steps=5)
    page.wait_for_function(  # the button is still down
        "x => document.querySelector('.bakeoff-marks .budget').getAttribute('x1') < Number(x) - 20", arg=half
    )
    expect(pick(page)).to_have_text(re.compile("invented_"))
    page.mouse.up()
    expect(page).to_have_url(re.compile("latency_ms="))
    assert page.locator(".js-plotly-plot .points path[data-same]").count() == 1


def start_measuring_everything(page: Page, server: AppServer) -> None:
    page.goto(server.url)
    page.get_by_role("button", name="Measure this machine").click()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()


def test_second_tab_sees_the_job_of_the_first_and_cannot_start_another(warm_app_server, named_home, page):
    server = warm_app_server(home=named_home)
    start_measuring_everything(page, server)
    other = page.context.new_page()
    other.goto(f"{server.url}/measure")
    expect(other.get_by_role("button", name="Stop")).to_be_visible()
    expect(other.get_by_role("button", name="Measure", exact=True)).to_be_disabled()
    other.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Stop")).to_have_count(0, timeout=30_000)
    expect(other.get_by_text("Measuring was stopped").first).to_be_visible()


def test_killed_server_comes_back_to_the_same_job_and_a_killed_worker_is_shown_as_failed_with_a_way_on(
    app_server, named_home, page
):
    server = app_server(home=named_home)
    start_measuring_everything(page, server)
    server.kill()
    server.start()
    page.goto(f"{server.url}/measure")
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    page.goto(server.url)
    expect(page.get_by_role("button", name="Stop")).to_be_visible()

    workers = [
        process
        for process in psutil.process_iter(["cmdline"])
        if "bakeoff_core.search.measuring_worker" in (process.info["cmdline"] or [])
        and str(server.home) in " ".join(process.cmdline())
    ]
    assert workers
    for worker in workers:
        worker.send_signal(signal.SIGKILL)
    expect(page.get_by_role("button", name="Stop")).to_have_count(0, timeout=20_000)
    page.goto(f"{server.url}/measure")
    expect(page.get_by_text(re.compile("Measuring failed")).first).to_be_visible()


def test_hostile_names_of_an_imported_file_are_shown_as_text(app_server, named_home, tmp_path, page):
    home = tmp_path / "other"
    home.mkdir()
    invented(home, 3)
    hostile = {"model_name": "<img src=x onerror=alert(1)>|`x`", "machine_id": "x", "machine_name": "<b>|box"}
    rows = [replace(profile, **hostile) for profile in store.read_profiles(home / "profiles.parquet")[:1]]
    store.export_profiles(home / "profiles.parquet", tmp_path / "box.parquet", rows)
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    server = app_server(home=named_home)
    page.goto(f"{server.url}/measure")
    page.locator("input[type=file]").set_input_files(tmp_path / "box.parquet")
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text("Imported 1 row.")).to_be_visible()
    for name in ("Frontier", "Report"):
        page.get_by_role("link", name=name).click()
        page.wait_for_timeout(1_000)
    assert dialogs == []


def test_file_that_is_not_ours_is_refused_in_words(shared_server, tmp_path, page):
    (tmp_path / "photo.parquet").write_bytes(b"not a parquet file at all")
    page.goto(f"{shared_server.url}/measure")
    page.locator("input[type=file]").set_input_files(tmp_path / "photo.parquet")
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text(re.compile("photo.parquet is damaged, or not a profile file"))).to_be_visible()


def test_no_page_asks_the_network_for_anything(shared_server, page):
    asked: list[str] = []
    page.context.on("request", lambda request: asked.append(request.url))
    ours = (shared_server.url, shared_server.url.replace("http", "ws"), "data:", "blob:")
    page.goto(shared_server.url)
    for name, shown in {
        "Frontier": page.locator("#pick"),
        "Measure": page.get_by_role("button", name="Measure", exact=True),
        "Fine-tune": page.get_by_role("button", name="Fine-tune", exact=True),
        "Rank": page.get_by_role("button", name="Rank", exact=True),
        "Checklist": page.locator("#start"),
        "Explore": page.get_by_role("tab", name="Published machines"),
        "Report": page.get_by_role("button", name="Report, figure and data"),
    }.items():
        page.get_by_test_id("stSidebarNav").get_by_role("link", name=name, exact=True).click()
        expect(shown).to_be_visible()
        expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
        expect(page.get_by_text("Nothing is running.")).to_be_visible()
    page.wait_for_timeout(3_000)
    assert len(asked) > 7
    assert [url for url in asked if not url.startswith(ours)] == []

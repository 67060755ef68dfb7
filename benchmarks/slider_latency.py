"""From the slider to the changed pick, in a real browser: `python -m benchmarks.slider_latency [--models N]`.

Drags the latency budget on the Frontier page with 1,400 models. Script in the page notes when the thumb moved, where
to, and when the pick's name changed; afterwards the same decisions are made here, which tells which move of the thumb
each new name belongs to. Then the thumb is let go, and the time is taken until the chart's limit line is at the new
place.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np
import pandas as pd
from playwright.sync_api import Page

from bakeoff_core.schema.decision import Limits
from bakeoff_core.selection.candidates import candidates_of, list_settings, read_accuracies, read_measured
from bakeoff_core.selection.decision import decide
from benchmarks.invented import write_profiles_of
from benchmarks.jobs_here import own_home
from benchmarks.served import chromium, served
from pages.parts.frontier.controls import DEFAULT_FLOOR

TARGET_PICK_MS = 120
TARGET_LINES_MS = 500
SWEEPS = 6
MOVES = 40
PAUSE_MS = 60
"""Between two moves of the mouse: an unhurried hand."""
REST_MS = 3000
"""Between two drags, for everything to settle."""

WATCH = """() => {
  const log = window.bakeoffLog = {moves: [], picks: [], lines: []};
  const find = (root, hit) => {
    for (const node of root.querySelectorAll('*')) {
      if (hit(node)) return node;
      const inside = node.shadowRoot && find(node.shadowRoot, hit);
      if (inside) return inside;
    }
    return null;
  };
  const thumb = find(document, n => n.matches('input[type=range]') && n.ariaLabel === 'Latency budget (ms)');
  thumb.addEventListener('input', () => log.moves.push([performance.now(), Number(thumb.value)]));
  const text = () => document.querySelector('#pick')?.textContent;
  const paths = () => [...document.querySelectorAll('.bakeoff-marks line')];
  const line = () => paths().map(line => line.getAttribute('x1') + line.getAttribute('y1')).join();
  let shown = text(), drawn = line();
  new MutationObserver(() => {
    if (text() !== undefined && text() !== shown) log.picks.push([performance.now(), shown = text()]);
    if (line() !== undefined && line() !== drawn) { drawn = line(); log.lines.push(performance.now()); }
  }).observe(document.body, {subtree: true, childList: true, characterData: true, attributes: true});
}"""


def main() -> int:
    """Print the percentiles; the exit code is 0 when both are within their targets."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=int, default=1400)
    models = parser.parse_args().models
    with own_home() as home:
        write_profiles_of(models)
        profiles, _ = read_measured()
        measured = list_settings(profiles)[0]
        table = candidates_of(profiles, measured.setting, measured.deployment, read_accuracies())
        with served("app.py", home) as (url, _), chromium() as browser:
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.goto(url)
            page.wait_for_selector(".bakeoff-marks line", timeout=60_000, state="attached")
            page.wait_for_timeout(3_000)
            page.evaluate(WATCH)
            releases = [drag(page, forth=sweep % 2 == 0) for sweep in range(SWEEPS)]
            log = page.evaluate("() => window.bakeoffLog")
    waits = pick_waits_ms(log, table)
    lines = line_waits_ms(releases, log["lines"])
    if not waits or not log["lines"]:
        print(f"Only {len(waits)} changes of the pick and {len(log['lines'])} moves of the chart's lines were seen.")
        return 1
    p50, p95 = np.percentile(waits, [50, 95])
    print(
        f"{models} models, {len(waits)} changes of the pick in {SWEEPS} drags: median {p50:.0f} ms, p95 {p95:.0f} ms "
        f"(target: p95 under {TARGET_PICK_MS} ms)"
    )
    print(
        f"chart's lines after release: median {np.median(lines):.0f} ms, worst {max(lines):.0f} ms "
        f"(target: within {TARGET_LINES_MS} ms)"
    )
    return 0 if p95 < TARGET_PICK_MS and max(lines) <= TARGET_LINES_MS else 1


def drag(page: Page, *, forth: bool) -> float:
    """Drag the thumb across most of its range and let it go; return when, on the page's clock."""
    thumb = page.get_by_role("slider", name="Latency budget (ms)", exact=True)
    box = thumb.bounding_box()
    share = float(thumb.input_value()) / float(thumb.get_attribute("max"))
    target = 0.06 if forth else 0.7
    y, start = box["y"] + box["height"] / 2, box["x"] + 8 + (box["width"] - 16) * share
    end = box["x"] + 8 + (box["width"] - 16) * target
    page.mouse.move(start, y)
    page.mouse.down()
    for step in range(1, MOVES + 1):
        page.mouse.move(start + (end - start) * step / MOVES, y)
        page.wait_for_timeout(PAUSE_MS)
    released = page.evaluate("() => performance.now()")
    page.mouse.up()
    page.wait_for_timeout(REST_MS)
    return released


def pick_waits_ms(log: dict, table: pd.DataFrame) -> list[float]:
    """Return, for each new name, how long after the first move that called for it it appeared."""
    moves = [
        (moment, _pick(decide(table, Limits(min_top1=DEFAULT_FLOOR, max_latency_s=value / 1e3))))
        for moment, value in log["moves"]
    ]
    waits = []
    for shown_at, name in log["picks"]:
        called = [i for i, (moment, wanted) in enumerate(moves) if moment <= shown_at and wanted == name]
        if not called:
            continue
        first = called[-1]
        while first > 0 and moves[first - 1][1] == name:
            first -= 1
        waits.append(shown_at - moves[first][0])
    return waits


def line_waits_ms(releases: list[float], lines: list[float]) -> list[float]:
    """Return, for each release, how long after it the limit lines moved last; 0 where they were there already."""
    windows = [(release, [t for t in lines if release <= t < release + REST_MS]) for release in releases]
    return [max(times, default=release) - release for release, times in windows]


def _pick(decision: object) -> str:
    return decision.pick.candidate.model_name if decision.pick else "none"


if __name__ == "__main__":
    sys.exit(main())

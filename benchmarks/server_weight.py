"""How heavy the server is, and how soon its first chart is there: `python -m benchmarks.server_weight`.

The time from opening the page in a fresh browser context until the Frontier chart is drawn, from a warm cache of
profiles, is divided by that of an app that only draws an empty Plotly chart. Both servers run side by side and are
visited in turn.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from statistics import median

import psutil
from playwright.sync_api import Browser

from benchmarks.invented import write_profiles_of
from benchmarks.jobs_here import own_home
from benchmarks.served import chromium, served

TARGET_RATIO = 1.5
TARGET_MEMORY = 250e6
VISITS = 9


def main() -> int:
    """Print the ratio, the memory and whether torch was loaded; the exit code is 0 when all is within target."""
    with own_home() as home:
        write_profiles_of(12)
        with (
            served("app.py", home) as (ours, pid),
            served("benchmarks/empty_chart.py", home) as (empty, _),
            chromium() as browser,
        ):
            for url in (ours, empty):
                first_chart_s(browser, url)
            times = [(first_chart_s(browser, ours), first_chart_s(browser, empty)) for _ in range(VISITS)]
            memory = psutil.Process(pid).memory_info().rss
            has_torch = "libtorch" in Path(f"/proc/{pid}/maps").read_text()
    our_s, empty_s = (median(column) for column in zip(*times, strict=True))
    print(
        f"first chart: {our_s:.2f} s, an empty chart {empty_s:.2f} s, ratio {our_s / empty_s:.2f} "
        f"(target: at most {TARGET_RATIO}), medians of {VISITS} visits"
    )
    print(
        f"server: {memory / 1e6:.0f} MB resident (target: under {TARGET_MEMORY / 1e6:.0f}), "
        f"torch {'IS' if has_torch else 'is not'} loaded"
    )
    return 0 if our_s <= TARGET_RATIO * empty_s and memory < TARGET_MEMORY and not has_torch else 1


def first_chart_s(browser: Browser, url: str) -> float:
    """Return the seconds from opening the page until a Plotly chart is drawn in it."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    began = time.monotonic()
    page.goto(url, wait_until="commit")
    page.wait_for_selector(".js-plotly-plot .main-svg .xaxislayer-above, .js-plotly-plot .main-svg .plot")
    seconds = time.monotonic() - began
    context.close()
    return seconds


if __name__ == "__main__":
    sys.exit(main())

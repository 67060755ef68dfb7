"""What a picture of the frontier shows: points, ranges, marks and labels, before any drawing.

The points are one thing and the marks another: limits and answers move while a slider is dragged, the points stay.
The page draws the points with Plotly (`reporting.figures.frontier`) and lays the marks over them; the report's picture
(`reporting.figures.frontier_svg`) draws both with matplotlib. All take them from here, so the pictures cannot tell
different stories. Not covered: whether a candidate is on the frontier (`selection.pareto`), and colours
(`reporting.figures.palette`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from bakeoff_core.formatting import SCALES, is_unknown, limit_text
from bakeoff_core.reporting.text.names import COLUMN_WORDS, Terms, short_names
from bakeoff_core.schema.accuracy import IMAGENET, AccuracySource
from bakeoff_core.schema.candidate import candidate_refs
from bakeoff_core.schema.decision import COST_COLUMNS, LIMIT_COLUMNS, Choice, Decision
from bakeoff_core.selection.columns import floats_of
from bakeoff_core.selection.frozen import rows_of, values_of
from bakeoff_core.selection.remeasuring import SURE

COST_TITLES = {
    "latency": "Latency: median of one pass (ms)",
    "macs": "Multiply-accumulates per image (G MACs)",
    "params": "Parameters (M)",
    "memory": "Peak memory (MB)",
}
AXIS_CHARS = 56
"""Of the longest title that fits beside the chart; a longer one leaves out how the accuracies came about."""
ACCURACY_TITLES = {"top1": "ImageNet top-1 (%)", "top5": "ImageNet top-5 (%)"}

MAX_LABELS = 15
"""Frontier points up to which names are written beside them; beyond, hovering has to do."""

ERROR_BAR_POINTS = 100
"""Points up to which latency intervals are drawn as bars; beyond, they would hide the points."""
UNDECIDED = "Can't be told apart"
"""Legend of points that are neither surely on the frontier nor surely off it."""
EDGE_SHARE = 0.12
"""Share of the picture's width that the words beside a limit take."""


@dataclass(frozen=True)
class Bound:
    """A limit on one axis."""

    at: float
    """Where its line goes, in the axis's unit."""
    text: str
    """The same in words: `"10 ms"`."""


@dataclass(frozen=True)
class Spot:
    """The place of an answer."""

    x: float
    y: float


@dataclass(frozen=True)
class Marks:
    """What a decision adds to a picture; `None` for whatever has no place on its axes."""

    budget: Bound | None = None
    """Highest cost allowed."""
    floor: Bound | None = None
    """Lowest accuracy allowed."""
    pick: Spot | None = None
    other: Spot | None = None
    """The answer to the other rule; `None` also where it is the pick."""


@dataclass(frozen=True)
class Chart:
    """All that is drawn, in display units."""

    points: pd.DataFrame
    """Candidates that have a place on the axes, with `x`, `y`, `label` (full) and `name` (short) added."""
    frontier: pd.DataFrame
    """Those of them that nothing beats, by rising cost."""
    dominated: pd.DataFrame
    """Those that are surely beaten, whatever is measured again."""
    undecided: pd.DataFrame
    """Those that are beaten now, and might not be if everything were measured again."""
    comparison: pd.DataFrame | None
    """The frontier of another setting, alike; `None` where none was given or it has none."""
    x_range: tuple[float, float]
    """Lowest and highest cost shown; both above 0, because the axis is logarithmic."""
    y_range: tuple[float, float]
    """Lowest and highest accuracy shown, in percent."""
    marks: Marks
    """The limits and the answers."""
    x_title: str
    y_title: str
    nothing: tuple[str, ...]
    """What to write, line by line, where there are no points."""

    @property
    def is_budget_near_the_edge(self) -> bool:
        """Whether there is no room beside the budget's line to say what lies beyond it."""
        low, high = self.x_range
        budget = self.marks.budget
        return budget is not None and math.log(high / budget.at) < EDGE_SHARE * math.log(high / low)

    @property
    def point_count(self) -> int:
        """Points of the setting shown, the comparison not counted."""
        return len(self.points)


def build_chart(
    candidates: pd.DataFrame,
    decision: Decision | None,
    *,
    cost: str = "latency",
    accuracy: str = "top1",
    comparison: pd.DataFrame | None = None,
    source: AccuracySource = IMAGENET,
) -> Chart:
    """Sort candidates into what is drawn where.

    The ranges come from the points alone: while a limit is dragged the picture stays where it is.

    Args:
        candidates: Profile, accuracy and frontier columns; the latter for these very axes.
        decision: Whose limits and answers to mark; `None` for a picture without a choice.
        cost: Key of `COST_COLUMNS`: the x axis.
        accuracy: Column of percentages: the y axis.
        comparison: Candidates of another setting, annotated for the same axes.
        source: What `top1` is an accuracy of.

    Raises:
        ValueError: `cost` is unknown.
    """
    if cost not in COST_COLUMNS:
        raise ValueError(f"`cost` must be one of {', '.join(COST_COLUMNS)}. Got {cost!r}.")
    column = COST_COLUMNS[cost]
    points = _placed(candidates, column, accuracy)
    rival = None if comparison is None else _placed(comparison, column, accuracy)
    on_frontier = points["non_dominated"].astype(bool)
    frontier = points[on_frontier].sort_values(["x", "y"])
    undecided = ~on_frontier & (floats_of(points["dominated_share"]) < SURE)
    shown = points
    if rival is not None:
        rival = rival[rival["non_dominated"].astype(bool)].sort_values(["x", "y"])
        rival = None if rival.empty else rival
        shown = points if rival is None else pd.concat([points[["x", "y"]], rival[["x", "y"]]])
    return Chart(
        points=points,
        frontier=frontier,
        dominated=points[~on_frontier & ~undecided],
        undecided=points[undecided],
        comparison=rival,
        x_range=_log_range(shown["x"]),
        y_range=_percent_range(shown["y"]),
        marks=build_marks(candidates, decision, cost=cost, accuracy=accuracy),
        x_title=COST_TITLES[cost],
        nothing=(
            "Nothing to draw yet:",
            f"no candidate has {Terms(source).a_metric}",
            f"and a known {COLUMN_WORDS[column]}.",
        ),
        y_title=_accuracy_title(accuracy, source),
    )


def _accuracy_title(accuracy: str, source: AccuracySource) -> str:
    if accuracy == "top1" and not source.is_imagenet:
        terms = Terms(source)
        text = f"{terms.column(accuracy)}, %"
        if len(text) > AXIS_CHARS and not source.is_accuracy:
            text = f"{terms.metric} on {terms.images}, %"
        return f"{text[0].upper()}{text[1:]}"
    return ACCURACY_TITLES.get(accuracy, f"{accuracy.replace('_', ' ').capitalize()} (%)")


def build_marks(
    candidates: pd.DataFrame, decision: Decision | None, *, cost: str = "latency", accuracy: str = "top1"
) -> Marks:
    """Find the places of a decision's limits and answers.

    Limits show on the axes they bound; a latency budget leaves no mark on a chart against MACs.

    Args:
        candidates: Profile and accuracy columns.
        decision: Whose limits and answers to mark; `None` for none.
        cost: Key of `COST_COLUMNS`: the x axis.
        accuracy: Column of percentages: the y axis.
    """
    if decision is None:
        return Marks()
    column = COST_COLUMNS[cost]
    pick = decision.pick
    other = decision.cheapest if decision.rule == "most-accurate" else decision.most_accurate
    if other is not None and pick is not None and other.candidate == pick.candidate:
        other = None
    return Marks(
        budget=_bound(decision, column),
        floor=_bound(decision, "top1") if accuracy == "top1" else None,
        pick=_spot(pick, candidates, column, accuracy),
        other=_spot(other if pick else None, candidates, column, accuracy),
    )


def _placed(candidates: pd.DataFrame, column: str, accuracy: str) -> pd.DataFrame:
    """The rows that have a place on the axes, with coordinates and names."""
    names = short_names(candidates)
    refs = candidate_refs(candidates)
    x = pd.to_numeric(candidates[column], errors="coerce").to_numpy(float, na_value=math.nan) * SCALES[column][0]
    y = pd.to_numeric(candidates[accuracy], errors="coerce").to_numpy(float, na_value=math.nan)
    placed = candidates.assign(
        x=x,
        y=y,
        label=[ref.label for ref in refs],
        name=[names[ref] for ref in refs],
    )
    has_place = (x > 0) & (x < math.inf) & (y == y) & candidates["non_dominated"].notna().to_numpy()
    return placed[has_place]


def _spot(choice: Choice | None, candidates: pd.DataFrame, column: str, accuracy: str) -> Spot | None:
    if choice is None:
        return None
    for at in rows_of(candidates, choice.candidate):
        cost, percent = values_of(candidates, column)[at], values_of(candidates, accuracy)[at]
        if not is_unknown(cost) and not is_unknown(percent) and cost > 0:
            return Spot(float(cost) * SCALES[column][0], float(percent))
    return None


def _bound(decision: Decision, column: str) -> Bound | None:
    """The limit on a column; an infinite one is none."""
    for limit, bounded in LIMIT_COLUMNS.items():
        value = getattr(decision.limits, limit)
        if bounded == column and value is not None and math.isfinite(value):
            return Bound(value * SCALES[column][0], limit_text(column, value))
    return None


def _log_range(values: pd.Series) -> tuple[float, float]:
    """The values' range with 8 % of room on a log scale, and never less than a factor of two in all."""
    if values.empty:
        return (1.0, 1000.0)
    low, high = math.log10(values.min()), math.log10(values.max())
    room = max(0.08 * (high - low), (math.log10(2) - (high - low)) / 2, 0.05)
    return (10 ** (low - room), 10 ** (high + room))


def _percent_range(values: pd.Series) -> tuple[float, float]:
    """The values' range with room for names above and, with the words of the budget, below."""
    if values.empty:
        return (0.0, 100.0)
    low, high = float(values.min()), float(values.max())
    span = max(high - low, 2.0)
    return (low - 0.15 * span, high + 0.1 * span)


def place_labels(
    chart: Chart, texts: list[str], width: float, height: float, char_width: float, line_height: float
) -> list[str]:
    """Choose the side of its point on which each frontier name goes, so that it hides no name, point or line.

    Greedy, from the most accurate point down, trying first the side that is empty on a frontier (above left).
    The lowest line of the area stays free for the words of the budget. A name that fits nowhere is left out:
    hovering still tells it. Limits play no part, so names do not jump while one is dragged.

    Args:
        chart: Holds the points.
        texts: One a frontier point, in its order.
        width: Of the plotting area, in any unit of length.
        height: Of the plotting area, in the same unit, as are the next two.
        char_width: Average advance of a character.
        line_height: Height of one line of text.

    Returns:
        For each text one of `SIDES`, or "" for a name to leave out.
    """
    if len(texts) > MAX_LABELS:
        return [""] * len(texts)
    low_x, high_x = (math.log10(value) for value in chart.x_range)
    low_y, high_y = chart.y_range

    def place(table: pd.DataFrame) -> list[tuple[float, float]]:
        return [
            ((math.log10(x) - low_x) / (high_x - low_x) * width, (y - low_y) / (high_y - low_y) * height)
            for x, y in zip(table["x"], table["y"], strict=True)
        ]

    path = place(chart.frontier)
    others = (chart.dominated, chart.undecided, chart.comparison)
    dots = path + [dot for table in others if table is not None for dot in place(table)]
    taken = [_box(x, y, line_height, line_height, "middle center") for x, y in dots]
    steps = [
        box
        for (x, y), (next_x, next_y) in zip(path, path[1:], strict=False)
        for box in ((x, next_x, y, y), (next_x, next_x, y, next_y))
    ]
    chosen = [""] * len(texts)
    for at in reversed(range(len(texts))):
        for side in SIDES:
            box = _box(*path[at], len(texts[at]) * char_width, line_height, side)
            inside = box[0] >= 0 and box[1] <= width and box[2] >= line_height and box[3] <= height
            others = [*taken[:at], *taken[at + 1 :], *steps]
            if inside and not any(_overlap(box, other) for other in others):
                chosen[at] = side
                taken.append(box)
                break
    return chosen


SIDES = (
    "top left",
    "bottom right",
    "middle left",
    "top center",
    "middle right",
    "top right",
    "bottom center",
)
"""Where a name can go, best first; Plotly's words for `textposition`."""


def _box(x: float, y: float, width: float, height: float, side: str) -> tuple[float, float, float, float]:
    """Left, right, bottom and top of a text on one side of a point, half a line away from it."""
    vertical, horizontal = side.split()
    gap = height / 2
    beside = gap if vertical == "middle" else 0
    left = {"left": x - width - beside, "center": x - width / 2, "right": x + beside}[horizontal]
    bottom = {"top": y + gap, "middle": y - height / 2, "bottom": y - gap - height}[vertical]
    return (left, left + width, bottom, bottom + height)


def _overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[1] and b[0] < a[1] and a[2] < b[3] and b[2] < a[3]

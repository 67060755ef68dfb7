"""A slider that tells Python where its thumb is while it is being dragged.

`st.slider` reruns on release only. This one is a small `st.components.v2` component (its browser half is
`live_slider.js`) that reports the thumb as fast as Python answers. Call it inside an `@st.fragment`, so that
only the fragment reruns during the drag. A slow fragment lags behind the thumb, but no queue builds up. Where a
component of the page follows the thumb itself (`components.live_answers`), Python hears of resting values only.

Not covered: ranges with two thumbs, scales other than linear, and text other than plain numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import streamlit as st

_HERE = Path(__file__)
_STATE = "thumb"
"""Name of the component's one state value: `{"value": …, "released": …, "revision": …}`."""

_MOST_RETURNED = 200
"""Answers remembered for recognition in a URL; a key held for seconds gives fewer before the URL follows."""

_component = st.components.v2.component(
    "bakeoff.live_slider",
    html=_HERE.with_suffix(".html").read_text(encoding="utf-8"),
    css=_HERE.with_suffix(".css").read_text(encoding="utf-8"),
    js=_HERE.with_suffix(".js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True)
class SliderState:
    """Where a slider stands, in the unit it displays."""

    value: float
    """Follows the thumb while it is dragged: for what must be live, and so must be cheap."""
    released: float
    """The last value at rest (thumb let go, key up, number typed): for the URL and for slow drawings."""


@dataclass(frozen=True)
class _Memory:
    """What one session knows of one slider between runs."""

    argument: float
    """The `value` that the page passed last."""
    revision: int
    """Counts the times Python moved the thumb. The browser's reports carry the revision they answer to,
    so a report that was under way when Python moved the thumb is recognised as stale."""
    state: SliderState
    """What the last run returned, before clamping: a range that widens again gives the value back."""
    returned: tuple[float, ...]
    """Resting values that runs returned and that may still come back through a URL, oldest first."""
    announced: float
    """The last resting place that `on_release` was told of."""


@dataclass(frozen=True)
class _Report:
    """A well-formed message of the browser."""

    state: SliderState
    revision: int


def live_slider(
    label: str,
    *,
    minimum: float,
    maximum: float,
    step: float,
    value: float,
    unit: str,
    help: str | None = None,
    key: str,
    on_release: Callable[[float], None] | None = None,
) -> SliderState:
    """Draw a slider and return where its thumb is, also in the middle of a drag.

    The thumb is the user's: passing the same `value` again leaves it where it was left. It moves only when
    `value` differs from the one passed before *and* from what this function returned lately (so a page may
    feed `released` back through the URL), or when `move_live_slider` asks for it. While the user holds the
    thumb, nothing moves it; at that moment the user's hand is the newer wish.

    Dragging and the arrow keys go from one multiple of `step` to the next, and both ends of the range can
    be reached whatever the step. A typed value is kept as typed, clamped to the range.

    Args:
        label: Visible label and the exact accessible name, unit included: `"Latency budget (ms)"`.
        minimum: Lower end of the range, in the displayed unit.
        maximum: Upper end of the range, above `minimum`.
        step: Distance between two stops while dragging; must be positive.
        value: Where the thumb starts, and a new place for it when it changes; clamped to the range.
        unit: Written behind every value: `"ms"`, `"%"`.
        help: Plain text (no markup) behind a question mark beside the label; `None` for no question mark.
        key: Unique name of this slider in the app.
        on_release: Called with the new resting value before the run that reports it, like any widget
            callback. It may call `st.rerun()` to rerun the whole page rather than the fragment.

    Returns:
        Both values, clamped to the range.

    Raises:
        ValueError: The range is empty or not finite, `step` is not positive or `value` is not finite.
    """
    _require_range(minimum, maximum, step)
    memory = _follow(
        st.session_state.get(_memory_slot(key)),
        _parse_report(st.session_state.get(key)),
        argument=_require_finite(value),
        requested=st.session_state.pop(_requested_slot(key), None),
        tolerance=step / 2,
    )
    st.session_state[_memory_slot(key)] = memory
    shown = SliderState(*(_clamp(at, minimum, maximum) for at in (memory.state.value, memory.state.released)))
    _component(
        key=key,
        # Constant during a drag (`released` is, `value` would not be): the browser half is then left alone.
        data={
            "key": key,
            "label": label,
            "unit": unit,
            "help": help,
            "minimum": minimum,
            "maximum": maximum,
            "step": step,
            "decimals": _decimals(step),
            "value": memory.state.released,
            "revision": memory.revision,
        },
        **{f"on_{_STATE}_change": lambda: _announce(key, on_release, minimum, maximum)},
    )
    return shown


def move_live_slider(key: str, value: float) -> None:
    """Move a slider's thumb from Python, wherever the user left it.

    For a reset button or a preset: call it in the button's callback, or anywhere before `components.live_slider`
    draws the slider; after that, the move shows in the next run.

    Args:
        key: The slider's `key`.
        value: New place of the thumb in the displayed unit; clamped to the range when drawn.

    Raises:
        ValueError: `value` is not finite.
    """
    st.session_state[_requested_slot(key)] = _require_finite(value)


def _follow(
    memory: _Memory | None,
    report: _Report | None,
    *,
    argument: float,
    requested: float | None,
    tolerance: float,
) -> _Memory:
    """Decide where the thumb stands from what was known, what the browser says and what the page wants.

    Args:
        memory: What the last run left; `None` in the first run of a session.
        report: The browser's latest message; `None` before the first and where it was malformed.
        argument: The page's `value` in this run.
        requested: A move asked for through `move_live_slider`.
        tolerance: Values closer than this are the same; a URL may have rounded one of them.

    Returns:
        The memory after this run.
    """
    if memory is None:
        state = SliderState(argument, argument)
        memory = _Memory(argument, revision=0, state=state, returned=(argument,), announced=argument)
    if report is not None and report.revision == memory.revision:
        memory = replace(memory, state=report.state)

    # A page that keeps the released value in its URL passes old answers back, several runs late when the
    # user is quick: these are no wish to move the thumb. They come in order, so whatever is older than the
    # one that just came will not come again, and a later return to it (the browser's Back) is a wish.
    returned = memory.returned
    is_unchanged = abs(argument - memory.argument) <= tolerance
    echo = next((at for at, known in enumerate(returned) if abs(argument - known) <= tolerance), None)
    if echo is not None:
        returned = returned[echo:]

    target = requested
    if target is None and not is_unchanged and echo is None:
        target = argument
    if target is not None:
        memory = replace(memory, revision=memory.revision + 1, state=SliderState(target, target), announced=target)
    if memory.state.released != returned[-1]:
        returned = (*returned, memory.state.released)[-_MOST_RETURNED:]
    return replace(memory, argument=argument, returned=returned)


def _announce(key: str, on_release: Callable[[float], None] | None, minimum: float, maximum: float) -> None:
    """Call `on_release` if the change that Streamlit noticed is a release and not a step of a drag."""
    memory = st.session_state.get(_memory_slot(key))
    report = _parse_report(st.session_state.get(key))
    if on_release is None or memory is None or report is None or report.revision != memory.revision:
        return
    released = report.state.released
    if released != memory.announced:
        st.session_state[_memory_slot(key)] = replace(memory, announced=released)
        on_release(_clamp(released, minimum, maximum))


def _parse_report(state: Any) -> _Report | None:
    """Read the component's state; `None` unless it is exactly what the browser half sends."""
    thumb = state.get(_STATE) if isinstance(state, Mapping) else None
    if not isinstance(thumb, Mapping):
        return None
    value, released, revision = (thumb.get(name) for name in ("value", "released", "revision"))
    if not (_is_finite(value) and _is_finite(released) and _is_finite(revision)):
        return None
    return _Report(SliderState(float(value), float(released)), int(revision))


def _is_finite(number: object) -> bool:
    """Tell whether something that came as JSON is a finite number."""
    return isinstance(number, int | float) and not isinstance(number, bool) and math.isfinite(number)


def _require_finite(value: float) -> float:
    """Return `value` as a float; raise `ValueError` for NaN and the infinities."""
    if not math.isfinite(value):
        raise ValueError(f"`value` must be a finite number. Got {value!r}.")
    return float(value)


def _require_range(minimum: float, maximum: float, step: float) -> None:
    """Raise `ValueError` unless the range is finite and not empty, and the step positive."""
    if not (math.isfinite(minimum) and math.isfinite(maximum) and minimum < maximum):
        raise ValueError(f"`minimum` must be below `maximum`, both finite. Got {minimum!r} and {maximum!r}.")
    if not (math.isfinite(step) and step > 0):
        raise ValueError(f"`step` must be greater than 0. Got {step!r}.")


def _clamp(value: float, minimum: float, maximum: float) -> float:
    """Return the point of the range nearest to `value`."""
    return float(min(max(value, minimum), maximum))


def _decimals(step: float) -> int:
    """Return how many decimals the multiples of `step` need: 1 for 0.5, 2 for 0.25, 0 for 10."""
    exponent = Decimal(str(step)).normalize().as_tuple().exponent
    return max(0, -int(exponent))


def _memory_slot(key: str) -> str:
    """Return where in the session this slider's memory lies."""
    return f"{key}:live_slider"


def _requested_slot(key: str) -> str:
    """Return where in the session a requested move waits."""
    return f"{key}:live_slider:requested"

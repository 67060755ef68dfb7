"""Base units to display text: three significant digits, always with the unit.

The only place that scales or rounds. Unknown values (`None`, NaN) become an en dash.
Text that came from a file is escaped here too, once per medium, and paths are made one line. Not covered: sentences
(see `reporting.text.decision`).
"""

from __future__ import annotations

import html
import math
import os
import re
from collections.abc import Callable, Sequence

UNKNOWN = "–"
LONGEST_NAME = 60
"""Characters of a file's name that words for the user show."""

Escape = Callable[[str], str]
"""What makes text from a file harmless where it is shown: `str` in a terminal, `markdown_code`, `html_text`, …"""


def is_unknown(value: object) -> bool:
    """Tell whether a value stands for "not known": `None`, NaN or pandas' NA."""
    if value is None or isinstance(value, str):  # text is the common case in tables, and never unknown
        return value is None
    try:
        return math.isnan(value)  # type: ignore[arg-type]
    except TypeError:
        return type(value).__name__ in {"NAType", "NaTType"}


def significant(value: float, digits: int = 3) -> str:
    """Round to `digits` significant digits, without exponent, keeping trailing zeros: `"4.40"`, `"290"`."""
    if value == 0:
        return "0"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    rounded = f"{value:.{digits - 1}e}"  # rounds first: 9.996 becomes 1.00e+01 and so has one decimal fewer
    return f"{float(rounded):,.{max(digits - 1 - int(rounded.partition('e')[2]), 0)}f}"


def milliseconds(seconds: float | None, digits: int = 3) -> str:
    """Seconds as milliseconds: `"4.38 ms"`."""
    return UNKNOWN if is_unknown(seconds) else f"{significant(seconds * 1e3, digits)} ms"


def percent(value: float | None, decimals: int = 2) -> str:
    """A percentage, two decimals at most, as published: `"75.8 %"`, `"77.47 %"`."""
    return UNKNOWN if is_unknown(value) else f"{_trimmed(value, decimals)} %"


def points(difference: float) -> str:
    """A difference of two percentages: `"2.47 points"`; "%" would read as a ratio."""
    text = _trimmed(difference, 2)
    return f"{text} {'point' if text == '1' else 'points'}"


def count(value: float | None, unit: str = "", digits: int = 3) -> str:
    """A raw count with a metric prefix: `"5.29 M"`, `"1.26 G MACs"`, `"138 M params"`."""
    if is_unknown(value):
        return UNKNOWN
    for scale, prefix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= scale * 0.9995:
            return f"{significant(value / scale, digits)} {prefix}{' ' + unit if unit else ''}"
    return f"{value:.0f}{' ' + unit if unit else ''}"


def counted(number: int, noun: str) -> str:
    """A whole number of things: `"1 image"`, `"2,000 images"`; the noun takes a plain "s"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def megabytes(byte_count: float | None, digits: int = 3) -> str:
    """Bytes as MB (10^6) or GB (10^9), the units of the `--max-memory-mb` limit: `"57.1 MB"`."""
    if is_unknown(byte_count):
        return UNKNOWN
    if byte_count >= 1e9 * 0.9995:
        return f"{significant(byte_count / 1e9, digits)} GB"
    return f"{significant(byte_count / 1e6, digits)} MB"


def disk_size(byte_count: int) -> str:
    """Bytes of files, in the unit that fits: `"1 byte"`, `"648 bytes"`, `"7.95 kB"`, `"57.1 MB"`."""
    if byte_count < 1e3:
        return counted(byte_count, "byte")
    if byte_count < 1e6 * 0.9995:
        return f"{significant(byte_count / 1e3)} kB"
    return megabytes(byte_count)


SCALES = {
    "top1": (1.0, "%"),
    "latency_p50_s": (1e3, "ms"),
    "macs": (1e-9, "G MACs"),
    "param_count": (1e-6, "M parameters"),
    "peak_memory_bytes": (1e-6, "MB"),
}
"""For each column an axis or a limit can show: what one multiplies the base unit by, and the unit then read.
One fixed unit a column, unlike `quantity`, which picks the prefix by size: an axis and a limit need one."""


def quantity(column: str, value: float | None, digits: int = 3) -> str:
    """The number of any column of `SCALES` with its unit: `"77.47 %"`, `"4.38 ms"`, `"5.29 M parameters"`.

    Args:
        column: A key of `SCALES`.
        value: In base units; unknown becomes the en dash.
        digits: Significant digits; a percentage gets one decimal fewer, so 3 shows it as published.
    """
    if column == "top1":
        return percent(value, digits - 1)
    if column == "latency_p50_s":
        return milliseconds(value, digits)
    if column == "peak_memory_bytes":
        return megabytes(value, digits)
    return count(value, {"macs": "MACs", "param_count": "parameters"}[column], digits)


def limit_number(column: str, value: float) -> str:
    """A limit as somebody would type it, in the column's unit of `SCALES`: `"10"` for 0.01 s, `"12.5"`.

    Six decimals, and so many more for a tiny one that six significant digits remain: no limit reads as 0.
    """
    shown = value * SCALES[column][0]
    exponent = int(f"{shown:.5e}".partition("e")[2]) if shown and math.isfinite(shown) else 0
    return _trimmed(shown, max(6, 5 - exponent))


def limit_text(column: str, value: float) -> str:
    """A limit with its unit, not rounded to three digits, because a limit is exact: `"10 ms"`, `"75 %"`."""
    return f"{limit_number(column, value)} {SCALES[column][1]}"


def admitting(column: str, value: float) -> float:
    """Round a limit so that it is short to type and still lets `value` through.

    Rounding to the nearest could shut the very model out that a sentence promises: with a median of
    11.84 ms a budget of "11.8 ms" admits nothing. Upper limits round up to three significant digits, the
    accuracy floor rounds down to two decimals.

    Args:
        column: A key of `SCALES`; `top1` is bounded from below, all others from above.
        value: The number that must clear the limit, in base units.

    Returns:
        The limit in base units.
    """
    scale = SCALES[column][0]
    shown = value * scale
    slack = abs(shown) * 1e-12  # what scaling there and back loses; far below what anyone measures
    if column == "top1":
        return math.floor((shown + slack) * 100) / 100 / scale
    if shown <= 0:  # nothing used above the idle process: any limit admits it
        return value
    step = 10.0 ** (math.floor(math.log10(shown)) - 2)
    return float(f"{math.ceil((shown - slack) / step) * step:.10g}") / scale


def _trimmed(value: float, decimals: int) -> str:
    """Fixed decimals without the zeros at the end: `"75.8"`, `"10"`."""
    if math.isinf(value):
        return significant(value)
    text = f"{value:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def images_per_second(value: float | None) -> str:
    """Throughput: `"228 images/s"`."""
    return UNKNOWN if is_unknown(value) else f"{significant(value)} images/s"


def duration(seconds: float | None) -> str:
    """A wait, coarse on purpose: `"8 s"`, `"1 min 40 s"`, `"2 h 5 min"`."""
    if is_unknown(seconds):
        return UNKNOWN
    total = max(0, round(seconds))
    if total < 60:
        return f"{total} s"
    if total < 3600:
        return f"{total // 60} min" + (f" {total % 60} s" if total % 60 else "")
    return f"{total // 3600} h" + (f" {total % 3600 // 60} min" if total % 3600 // 60 else "")


def html_text(text: object) -> str:
    """Escape any text for HTML, Plotly's labels included: nothing in it acts as markup.

    Quotes become numeric entities, because Plotly shows the named `&quot;` as it stands, and so does the
    dollar sign, because Plotly hands text between two of them to MathJax where a page has it.
    """
    escaped = html.escape(str(text), quote=True)
    return escaped.replace("&quot;", "&#34;").replace("$", "&#36;")


_MARKDOWN_SPECIAL = re.compile(r"[\\`*_{}\[\]#+!|~$@]|:(?=[a-z/])|(?<=www)\.", re.IGNORECASE)
_PLAIN_NAME = re.compile(r"[\w.,/()%+ @-]+", re.ASCII)


def markdown_text(text: object) -> str:
    """Escape any text for one Markdown line or table cell: pipes, markup, line breaks become plain text.

    Addresses are kept from turning into links, and words between colons into icons. Parentheses mean nothing
    after an escaped bracket, so they stay. Angle brackets and ampersands become entities, which no renderer, however
    sloppy, takes for a tag.
    """
    one_line = " ".join(str(text).split())
    return html.escape(_MARKDOWN_SPECIAL.sub(r"\\\g<0>", one_line), quote=False)


def markdown_code(text: object) -> str:
    """A model name as inline code where it is plain, and escaped like any other text where it is not."""
    return f"`{text}`" if _PLAIN_NAME.fullmatch(str(text)) else markdown_text(text)


def path_text(path: str | os.PathLike[str]) -> str:
    """Return a path as text in one line, which every medium can show.

    Bytes that are no Unicode and control characters are written as escapes. Markup is left as it is: each medium
    escapes its own.
    """
    text = os.fsencode(path).decode(errors="backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def name_text(name: str) -> str:
    """Return the name of a file or folder as `path_text` does, the middle of a long one left out."""
    text = path_text(name)
    half = LONGEST_NAME // 2
    return text if len(text) <= LONGEST_NAME else f"{text[:half]}…{text[-half:]}"


def listed(items: Sequence[str]) -> str:
    """Join items as a sentence does: `"a, b and c"`."""
    return f"{', '.join(items[:-1])} and {items[-1]}" if len(items) > 1 else "".join(items)

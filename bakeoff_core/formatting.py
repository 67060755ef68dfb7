"""Base units to display text: three significant digits, always with the unit.

The only place that scales or rounds. Unknown values (`None`, NaN) become an en dash.
Text that came from a file is escaped here too, once per medium. Not covered: sentences (see `explain`).
"""

from __future__ import annotations

import html
import math
import re

UNKNOWN = "–"


def is_unknown(value: object) -> bool:
    """Tell whether a value stands for "not known": `None`, NaN or pandas' NA."""
    if value is None:
        return True
    try:
        return math.isnan(value)  # type: ignore[arg-type]
    except TypeError:
        return type(value).__name__ in {"NAType", "NaTType"}


def significant(value: float, digits: int = 3) -> str:
    """Round to `digits` significant digits, without exponent, keeping trailing zeros: `"4.40"`, `"290"`."""
    if value == 0:
        return "0"
    decimals = digits - 1 - math.floor(math.log10(abs(value)))
    rounded = round(value, decimals)
    if rounded != 0:  # 9.996 rounds up to 10.0 and then has one decimal fewer
        decimals = digits - 1 - math.floor(math.log10(abs(rounded)))
    return f"{rounded:,.{max(decimals, 0)}f}"


def milliseconds(seconds: float | None) -> str:
    """Seconds as milliseconds: `"4.38 ms"`."""
    return UNKNOWN if is_unknown(seconds) else f"{significant(seconds * 1e3)} ms"


def percent(value: float | None) -> str:
    """A percentage, two decimals at most, as published: `"75.8 %"`, `"77.47 %"`."""
    return UNKNOWN if is_unknown(value) else f"{value:.2f}".rstrip("0").rstrip(".") + " %"


def count(value: float | None, unit: str = "") -> str:
    """A raw count with a metric prefix: `"5.29 M"`, `"1.26 G MACs"`, `"138 M params"`."""
    if is_unknown(value):
        return UNKNOWN
    for scale, prefix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= scale * 0.9995:
            return f"{significant(value / scale)} {prefix}{' ' + unit if unit else ''}"
    return f"{value:.0f}{' ' + unit if unit else ''}"


def megabytes(byte_count: float | None) -> str:
    """Bytes as MB (10^6) or GB (10^9), the units of the `--max-memory-mb` limit: `"57.1 MB"`."""
    if is_unknown(byte_count):
        return UNKNOWN
    if byte_count >= 1e9:
        return f"{significant(byte_count / 1e9)} GB"
    return f"{significant(byte_count / 1e6)} MB"


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
    """Escape any text for HTML, Plotly's hover labels included: nothing in it acts as markup."""
    return html.escape(str(text), quote=True)


_MARKDOWN_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|~<>&$:@])")
_PLAIN_NAME = re.compile(r"[\w.,/()%+ @-]+", re.ASCII)


def markdown_text(text: object) -> str:
    """Escape any text for one Markdown line or table cell: pipes, markup and line breaks become plain text."""
    one_line = " ".join(str(text).split())
    return _MARKDOWN_SPECIAL.sub(r"\\\1", one_line)


def markdown_code(text: object) -> str:
    """A model name as inline code where it is plain, and escaped like any other text where it is not."""
    return f"`{text}`" if _PLAIN_NAME.fullmatch(str(text)) else markdown_text(text)

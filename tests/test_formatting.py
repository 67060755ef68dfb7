"""What numbers and foreign texts look like to people."""

from __future__ import annotations

import math
import os

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff_core import formatting
from tests.support.candidate_tables import HOSTILE_NAMES


@pytest.mark.parametrize("value", [None, math.nan, float("nan"), pd.NA, pd.NaT])
def test_every_way_to_say_unknown_is_recognised(value):
    assert formatting.is_unknown(value)


@pytest.mark.parametrize("value", [0, 0.0, "", "nan", False, (), math.inf])
def test_nothing_else_is_unknown(value):
    assert not formatting.is_unknown(value)


@pytest.mark.parametrize(
    "show",
    [
        formatting.milliseconds,
        formatting.percent,
        formatting.count,
        formatting.megabytes,
        formatting.images_per_second,
        formatting.duration,
        lambda value: formatting.quantity("macs", value),
    ],
)
def test_unknown_numbers_become_an_en_dash(show):
    assert show(None) == show(math.nan) == "–"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (4.4, "4.40"),
        (9.996, "10.0"),
        (99.95, "100"),
        (290.4, "290"),
        (12345.0, "12,300"),
        (0.012345, "0.0123"),
        (-4.4, "-4.40"),
        (0, "0"),
        (math.inf, "∞"),
    ],
)
def test_three_significant_digits_keep_their_zeros(value, text):
    assert formatting.significant(value) == text


@given(st.floats(min_value=1e-9, max_value=1e12))
def test_significant_digits_never_move_a_number_by_more_than_half_of_the_last(value):
    shown = float(formatting.significant(value).replace(",", ""))
    assert abs(shown - value) <= 0.5 * 10 ** (math.floor(math.log10(value)) - 2) * (1 + 1e-9)


def test_milliseconds_come_from_seconds():
    assert formatting.milliseconds(0.004376) == "4.38 ms"
    assert formatting.milliseconds(0.01004, 4) == "10.04 ms"


def test_percentages_are_shown_as_published():
    assert [formatting.percent(value) for value in (75.8, 77.47, 100.0, 0.0)] == ["75.8 %", "77.47 %", "100 %", "0 %"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(5_288_548, "5.29 M"), (999_600, "1.00 M"), (999_400, "999 k"), (1.26e9, "1.26 G"), (512, "512"), (0, "0")],
)
def test_counts_take_the_prefix_that_their_rounded_size_calls_for(value, text):
    assert formatting.count(value) == text


def test_counts_carry_their_unit():
    assert formatting.count(1_260_000_000, "MACs") == "1.26 G MACs"
    assert formatting.count(7, "params") == "7 params"


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (648, "648 bytes"),
        (7_950, "7.95 kB"),
        (999_400, "999 kB"),
        (999_600, "1.00 MB"),
        (57_100_000, "57.1 MB"),
        (1_500_000_000, "1.50 GB"),
    ],
)
def test_sizes_of_files_are_in_the_unit_that_fits(size, text):
    assert formatting.disk_size(size) == text


@pytest.mark.parametrize(
    ("value", "text"), [(57.1e6, "57.1 MB"), (999.4e6, "999 MB"), (999.6e6, "1.00 GB"), (1.5e9, "1.50 GB"), (0, "0 MB")]
)
def test_memory_never_reads_a_thousand_megabytes(value, text):
    assert formatting.megabytes(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(8.2, "8 s"), (59.6, "1 min"), (100, "1 min 40 s"), (3600, "1 h"), (7500, "2 h 5 min"), (-3, "0 s")],
)
def test_waits_are_coarse(seconds, text):
    assert formatting.duration(seconds) == text


def test_a_difference_of_percentages_is_points():
    assert formatting.points(2.4699999) == "2.47 points"
    assert formatting.points(1.0) == "1 point"


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        ("top1", 77.7, "77.7 %"),
        ("latency_p50_s", 0.01, "10.0 ms"),
        ("macs", 4.11e9, "4.11 G MACs"),
        ("param_count", 25_557_032, "25.6 M parameters"),
        ("peak_memory_bytes", 57.1e6, "57.1 MB"),
    ],
)
def test_every_column_of_an_axis_has_its_own_words(column, value, text):
    assert formatting.quantity(column, value) == text


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        ("latency_p50_s", 0.01, "10 ms"),
        ("latency_p50_s", 0.0123456, "12.3456 ms"),
        ("top1", 75, "75 %"),
        ("peak_memory_bytes", 100_000_000, "100 MB"),
        ("param_count", 5_000_000, "5 M parameters"),
        ("latency_p50_s", math.inf, "∞ ms"),
        ("latency_p50_s", 1e-12, "0.000000001 ms"),
        ("latency_p50_s", 1.23456e-10, "0.000000123456 ms"),
        ("latency_p50_s", 0.1 + 0.2, "300 ms"),
        ("peak_memory_bytes", 1, "0.000001 MB"),
        ("param_count", 0.25, "0.00000025 M parameters"),
        ("macs", 1, "0.000000001 G MACs"),
        ("top1", 1e-8, "0.00000001 %"),
        ("top1", 0, "0 %"),
    ],
)
def test_limits_are_shown_as_they_were_typed(column, value, text):
    assert formatting.limit_text(column, value) == text


def test_a_limit_that_admits_a_model_rounds_towards_admitting_it():
    assert formatting.limit_text("latency_p50_s", formatting.admitting("latency_p50_s", 0.01184)) == "11.9 ms"
    assert formatting.limit_text("top1", formatting.admitting("top1", 74.846)) == "74.84 %"


def test_a_number_that_is_short_already_is_its_own_limit():
    assert formatting.limit_number("latency_p50_s", formatting.admitting("latency_p50_s", 0.0118)) == "11.8"
    assert formatting.limit_number("top1", formatting.admitting("top1", 75.77)) == "75.77"
    assert formatting.admitting("peak_memory_bytes", 0) == 0


@given(st.floats(min_value=1e-6, max_value=1e3))
def test_typing_the_shown_budget_admits_the_latency_it_was_made_for(seconds):
    typed = formatting.limit_number("latency_p50_s", formatting.admitting("latency_p50_s", seconds))
    assert float(typed) / 1e3 >= seconds * (1 - 1e-9)
    assert float(typed) / 1e3 <= seconds * 1.011


@given(st.floats(min_value=0, max_value=100))
def test_typing_the_shown_floor_admits_the_accuracy_it_was_made_for(top1):
    assert float(formatting.limit_number("top1", formatting.admitting("top1", top1))) <= top1 * (1 + 1e-9)


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_html_text_holds_nothing_that_acts(name):
    escaped = formatting.html_text(name)
    assert not set('<>"$') & set(escaped)


def test_html_text_uses_only_entities_that_plotly_knows():
    assert formatting.html_text("""<a b="c" d='e'>&$""") == "&lt;a b=&#34;c&#34; d=&#x27;e&#x27;&gt;&amp;&#36;"


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a|b", r"a\|b"),
        ("<b>x</b>", r"&lt;b&gt;x&lt;/b&gt;"),
        ("two\nlines\u2028three", "two lines three"),
        ("$x^2$ `code`", r"\$x^2\$ \`code\`"),
        ("[a](http://b)", r"\[a\](http\://b)"),
        ("www.example.org me@example.org", r"www\.example.org me\@example.org"),
        (":material/home: :red", r"\:material/home: \:red"),
        ("failed: 03:04", "failed: 03:04"),
        ("resnet50.a1_in1k", r"resnet50.a1\_in1k"),
    ],
)
def test_markdown_text_stays_one_plain_line(text, escaped):
    assert formatting.markdown_text(text) == escaped


def test_plain_names_become_code_and_others_escaped_text():
    assert formatting.markdown_code("resnet50.a1_in1k @ 224") == "`resnet50.a1_in1k @ 224`"
    assert formatting.markdown_code("a|b") == r"a\|b"
    assert formatting.markdown_code("`x`") == r"\`x\`"
    assert formatting.markdown_code("a\n") == "a"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a cat.jpg", "a cat.jpg"),
        ("two\nlines\t.jpg", "two\\nlines\\t.jpg"),
        ("<script>🌸.jpg", "<script>🌸.jpg"),
        (os.fsdecode(b"caf\xe9.jpg"), "caf\\xe9.jpg"),
        ("a" * 200, "a" * 30 + "…" + "a" * 30),
    ],
)
def test_every_name_can_be_shown_in_one_line(name: str, text: str) -> None:
    assert formatting.name_text(name) == text
    assert text.encode("utf-8")


@pytest.mark.parametrize(
    ("items", "text"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (("a", "b", "c"), "a, b and c")]
)
def test_items_are_joined_as_a_sentence_does(items, text):
    assert formatting.listed(items) == text

"""What a refused request is told."""

from __future__ import annotations

import pytest

from bakeoff_core.reporting.text.hosts import refuse_host, refuse_origin

MUST_HOLD = "Backbone Bake-off answers to localhost, to loopback addresses and to the names in BAKEOFF_ALLOWED_HOSTS."


def test_a_foreign_name_is_told_what_to_set():
    assert refuse_host("Box.lab:8501") == (
        f"{MUST_HOLD} This request was for 'Box.lab:8501'. If that is your own name for this server, start it again "
        "with BAKEOFF_ALLOWED_HOSTS=box.lab (with commas between several). If not, leave the page that led here: it "
        "tried to use this server through your browser."
    )


def test_a_page_of_a_foreign_name_is_told_what_to_set():
    assert refuse_origin("https://evil.example").startswith(
        f"{MUST_HOLD} This request was made by a page of 'https://evil.example'. If that is your own name for this "
        "server, start it again with BAKEOFF_ALLOWED_HOSTS=evil.example (with commas between several)."
    )


@pytest.mark.parametrize("words", [refuse_host("evil@localhost"), refuse_origin("null")])
def test_what_is_no_name_is_not_proposed_as_one(words):
    assert words.endswith("Open the server as localhost, or by one of those names.")
    assert "BAKEOFF_ALLOWED_HOSTS=" not in words


def test_a_request_that_names_no_host_is_told_so():
    assert refuse_host(None) == f"{MUST_HOLD} A request must name one host. This one named none, or several."


def test_what_came_from_outside_is_one_short_line_of_ascii():
    words = refuse_host("é\x1b[31m\n" + "x" * 5000)
    assert words.isascii() and words.isprintable() and len(words) < 400
    assert "'\\xe9\\x1b[31m\\n" in words

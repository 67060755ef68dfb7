"""A measuring job in words, word by word."""

from bakeoff_core.formatting import markdown_text
from bakeoff_core.reporting.text.measuring import waiting_sentence


def waiting(**changes: object) -> dict:
    usual = {"outside_cores": 1.234, "programs": [{"name": "a*b", "cores": 0.91}], "left_s": 95.0}
    return {"waiting": {**usual, **changes}}


def test_what_is_waited_for_is_said_with_its_name_and_how_long_at_most() -> None:
    assert waiting_sentence(waiting()) == "Others keep 1.2 cores busy: a*b (0.91). Waiting for them 1 min 35 s at most."
    assert r"a\*b (0.91)" in waiting_sentence(waiting(), markdown_text)


def test_load_that_no_program_accounts_for_is_said_to_be_so() -> None:
    assert waiting_sentence(waiting(programs=[])) == (
        "Others keep 1.2 cores busy, which none of the programs seen here accounts for. Waiting for them 1 min 35 s at "
        "most."
    )


def test_a_job_that_does_not_wait_has_nothing_to_say() -> None:
    assert waiting_sentence({}) is None
    assert waiting_sentence({"waiting": None}) is None

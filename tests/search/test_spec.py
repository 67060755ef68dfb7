"""What a search can be asked for: what is refused, and what its file holds."""

import json
from dataclasses import asdict

import pytest

from bakeoff_core.catalogue.pretraining import MOST_FREQUENT
from bakeoff_core.schema.decision import Limits
from bakeoff_core.schema.parsing import parse_record
from bakeoff_core.search.spec import PROCESSES, SearchSpec, measure_spec


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"minutes": 0.0}, "`minutes` must be greater than 0, and at most 10080. Got 0.0."),
        ({"minutes": float("nan")}, "`minutes` must be greater than 0"),
        ({"rule": "best"}, "`rule` must be one of most-accurate, cheapest. Got 'best'."),
        ({"cost": "watts"}, "`cost` must be one of latency"),
        ({"recipe": "secret"}, "`recipe` must be one of basic"),
        ({"img_sizes": (224, 0)}, "`img_sizes` must be an integer >= 1. Got 0."),
        ({"img_sizes": (9999,)}, "`img_sizes` must be at most 4096. Got 9999."),
        ({"families": ("x",) * 201}, "`families` must name at most 200. Got 201."),
        ({"licences": ("\udcff",)}, "`licences` must be Unicode."),
        ({"threads": 0}, "`threads` must be an integer >= 1. Got 0."),
        ({"patience_s": -1.0}, "`patience_s` must be 0 to 86400 seconds. Got -1.0."),
    ],
)
def test_what_cannot_be_searched_is_refused_in_words(options: dict, words: str) -> None:
    with pytest.raises(ValueError) as refused:
        SearchSpec(**options)
    assert words in str(refused.value)


def test_what_was_asked_for_comes_back_from_its_file_as_it_was() -> None:
    spec = SearchSpec(
        minutes=2.5, limits=Limits(75.0, 0.03), recipe=MOST_FREQUENT, families=("ResNet",), img_sizes=(224, 288)
    )
    assert parse_record(SearchSpec, json.loads(json.dumps(asdict(spec)))) == spec


def test_a_model_that_matters_gets_as_many_passes_as_in_a_measuring_job_beside_its_screening() -> None:
    full = measure_spec(SearchSpec(threads=2, batch_size=4, dtype="bfloat16"))
    assert (full.threads, full.batch_size, full.dtype, full.rounds) == (2, 4, "bfloat16", PROCESSES)
    assert full.passes / full.rounds * (PROCESSES - 1) >= 64

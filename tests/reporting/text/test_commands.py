"""What the command line calls its options."""

import pytest

from bakeoff_core.formatting import SCALES
from bakeoff_core.reporting.text.commands import LIMIT_OPTIONS, option_of
from bakeoff_core.schema.decision import LIMIT_COLUMNS
from bakeoff_core.schema.limits import LIMIT_RANGES


@pytest.mark.parametrize(
    ("field", "option"), [("train_on", "--train-on"), ("model_name", "--model"), ("learning_rate", "--lr")]
)
def test_an_option_is_called_as_its_field_but_for_two_that_are_shorter(field, option):
    assert option_of(field) == option


def test_every_limit_has_an_option_in_the_unit_that_texts_show():
    assert list(LIMIT_OPTIONS) == list(LIMIT_COLUMNS)
    for limit, column in (LIMIT_COLUMNS | {"max_macs": "macs"}).items():
        assert LIMIT_RANGES[limit].unit * SCALES[column][0] == pytest.approx(1)

"""What an anatomy says in sentences: only what its counts hold, and that they do not tell where they do not."""

from __future__ import annotations

from bakeoff_core.profiling.throughput import Disagreement, Speed
from bakeoff_core.reporting.text.anatomy import describe_anatomy, describe_speed, explain_disagreement
from bakeoff_core.schema.candidate import CandidateRef
from tests.support.anatomies import heavy_head, light_layers, make_anatomy


def name(ref: CandidateRef) -> str:
    return f"`{ref.model_name}`"


def speed(model_name: str, macs: float, ms: float, batch_size: int = 1) -> Speed:
    return Speed(CandidateRef(model_name, 224), round(macs), ms / 1e3, ms * 0.98e-3, ms * 1.02e-3, batch_size)


def test_it_is_said_where_most_of_each_quantity_is() -> None:
    assert describe_anatomy(heavy_head())[0] == (
        "Of its 100 k parameters 90 % are in fully connected layers; of its 10.0 M MACs 99 % are in spatial "
        "convolutions; of its 100 k activations 99 % are written by spatial convolutions."
    )


def test_weights_used_once_are_told_from_work() -> None:
    text = " ".join(describe_anatomy(heavy_head()))
    assert "Fully connected layers hold 90 % of its parameters and do 1.0 % of its MACs" in text
    assert "its size says little about its time" in text


def test_depthwise_layers_are_said_to_save_arithmetic_and_not_traffic() -> None:
    text = " ".join(describe_anatomy(light_layers()))
    assert "they do 5.0 % of its MACs and write 40 % of its activations" in text
    assert "expect its time to fall less than its MACs" in text


def test_attention_is_said_to_grow_with_tokens() -> None:
    assert "The products of attention do 18 % of its MACs at 224 px." in " ".join(describe_anatomy(light_layers()))


def test_early_layers_that_write_most_are_told_from_late_ones_that_hold_most() -> None:
    text = " ".join(describe_anatomy(heavy_head()))
    assert "Up to Stage 1 it writes 80 % of its activations with 5.0 % of its parameters" in text


def test_what_is_not_there_gets_no_sentence() -> None:
    plain = make_anatomy((0, "spatial", 1, 1_000, 1_000_000, 1_000), (2, "spatial", 1, 9_000, 1_000_000, 5_000))
    sentences = describe_anatomy(plain)
    assert len(sentences) == 2
    assert "8.0 numbers" in sentences[1]


def test_a_model_without_macs_gets_no_sentence_that_divides_by_them() -> None:
    assert len(describe_anatomy(make_anatomy((0, "other", 1, 5, 0, 0)))) == 1


def test_a_share_that_is_not_all_is_never_called_all() -> None:
    nearly = make_anatomy((0, "spatial", 1, 9_999, 10_000, 10), (3, "fully_connected", 1, 1, 1, 1))
    assert "99.9 % are in spatial convolutions" in describe_anatomy(nearly)[0]


def test_a_speed_is_placed_among_those_measured() -> None:
    fast, mine, slow = speed("fast", 4e9, 40), speed("mine", 1e9, 20), speed("slow", 1e8, 10)
    assert describe_speed(mine, [slow, mine, fast], name) == (
        "Measured in the setting shown: 20.0 ms an image, that is 50.0 G MACs a second, number 2 of 3 models "
        "(for comparison: `fast` 100 G and `slow` 10.0 G)."
    )
    assert describe_speed(fast, [fast, slow], name).endswith("number 1 of 2 models (for comparison: `slow` 10.0 G).")
    assert describe_speed(mine, [mine], name).endswith("50.0 G MACs a second.")


def pair(light_ms: float, heavy_ms: float, batch_size: int = 1) -> Disagreement:
    return Disagreement(
        speed("light.tag", 1_004_500, light_ms, batch_size), speed("heavy.tag", 10_000_000, heavy_ms, batch_size)
    )


def test_a_broken_promise_is_told_with_both_ratios_and_the_reasons_in_the_counts() -> None:
    fact, *reasons = explain_disagreement(pair(5, 10), light_layers(), heavy_head(), name)
    assert (
        fact == "`light.tag` has 10 % of the MACs of `heavy.tag` but takes 50 % of its time (5.00 ms against 10.0 ms)."
    )
    text = " ".join(reasons)
    assert "70 % of its MACs are in pointwise layers, 18 % in products of attention and 5.0 % in" in text
    assert "`light.tag` moves at least 110 numbers through memory, `heavy.tag` 20." in text
    assert "in 71 layers of 14 k MACs each on average, `heavy.tag` in 11 of 910 k" in text
    assert "18 % of its MACs are products of attention" in text


def test_an_inversion_is_told_as_one() -> None:
    fact, *reasons = explain_disagreement(pair(12, 10), light_layers(), heavy_head(), name)
    assert fact == (
        "`light.tag` has 10 % of the MACs of `heavy.tag` and yet takes 1.2 times as long (12.0 ms against 10.0 ms)."
    )
    told = " ".join(reasons)
    assert "in 71 layers of" in told and "starting a layer takes time" in told
    assert "numbers through memory" not in told  # more for each MAC, but less in all: no reason to take longer


def test_fewer_layers_are_no_reason_to_take_longer() -> None:
    few = make_anatomy((1, "depthwise", 5, 900, 500_000, 400_000), model_name="light.tag")
    _, *reasons = explain_disagreement(pair(12, 10), few, heavy_head(), name)
    told = " ".join(reasons)
    assert "starting a layer" not in told and "numbers through memory" in told
    _, *reasons = explain_disagreement(pair(8, 10), few, heavy_head(), name)
    assert "starting a layer" in " ".join(reasons)  # it may well be one to be less fast than promised


def test_many_weights_that_are_used_once_are_a_reason() -> None:
    heavy_tail = make_anatomy(
        (0, "spatial", 1, 1_000, 1_000_000, 1_000), (3, "fully_connected", 1, 20_000_000, 4_500, 9)
    )
    text = " ".join(explain_disagreement(pair(5, 10), heavy_tail, heavy_head(), name))
    assert "20.0 M of its weights are in fully connected layers and used once an image" in text


def test_in_a_large_batch_the_start_of_a_layer_is_no_reason() -> None:
    text = " ".join(explain_disagreement(pair(5, 10, batch_size=64), light_layers(), heavy_head(), name))
    assert "starting a layer" not in text
    assert "numbers through memory" in text


def test_counts_that_tell_nothing_are_said_to_tell_nothing() -> None:
    same = heavy_head(model_name="light.tag")
    _, *reasons = explain_disagreement(pair(5, 10), same, heavy_head(), name)
    assert reasons == [
        "By kind of layer, data moved and number of layers `light.tag` should not be the slower one for its MACs: "
        "these counts do not tell why, only measuring does."
    ]


def test_without_both_anatomies_only_the_fact_is_told() -> None:
    assert len(explain_disagreement(pair(5, 10), light_layers(), None, name)) == 1
    assert len(explain_disagreement(pair(5, 10), None, heavy_head(), name)) == 1

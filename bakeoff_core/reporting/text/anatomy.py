"""What an anatomy says, in sentences: where a model's cost sits, and why MACs and latency can disagree.

Every sentence rests on counts of the anatomies or on measurements of this machine; where they tell nothing, it says so.
Thresholds decide only what is worth a sentence. Not covered: the counts (see `profiling.anatomy.records`) and the pairs
(see `profiling.throughput`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bakeoff_core.formatting import count, listed, milliseconds, significant
from bakeoff_core.profiling.anatomy.records import LAYER_KINDS, QUANTITIES, Anatomy
from bakeoff_core.profiling.throughput import Disagreement, Speed
from bakeoff_core.schema.candidate import CandidateRef

Name = Callable[[CandidateRef], str]
"""What a model is called in the medium at hand, escaped for it."""

ONCE_USED_PARAMETERS, ONCE_USED_MACS = 0.3, 0.1
"""Shares of fully connected layers from which size says little about time: parameters at least, MACs at most."""
DEPTHWISE_ACTIVATIONS = 0.1
"""Share of the activations that makes depthwise convolutions worth a sentence."""
ATTENTION_SHARE = 0.05
"""Share of MACs or activations that makes attention worth a sentence."""
EARLY_ACTIVATIONS, EARLY_PARAMETERS = 0.5, 0.1
"""Shares of the first stages that make them worth a sentence: activations at least, parameters at most."""
TELLING = 1.5
"""Times as much as the other model's from which a count is given as a reason."""
MANY_WEIGHTS = 10_000_000
"""Weights of fully connected layers from which reading them is worth a sentence."""
SMALL_BATCH = 8
"""Images in a pass up to which the start of a layer, and weights that are used once an image, weigh in."""


def describe_anatomy(anatomy: Anatomy) -> list[str]:
    """Say where a model's cost sits, in a few sentences."""
    return [
        _largest(anatomy),
        *_once_used(anatomy),
        *_depthwise(anatomy),
        *_attention(anatomy),
        *_early(anatomy),
        *_data(anatomy),
    ]


def describe_speed(speed: Speed, speeds: Sequence[Speed], name: Name) -> str:
    """Say how fast the machine gets through a model's MACs, and where that stands among those measured.

    Args:
        speed: The model's, one of `speeds`.
        speeds: Of one setting.
        name: What models are called.
    """
    ranked = sorted(speeds, key=lambda s: -s.macs_per_second)
    first, last = ranked[0], ranked[-1]
    text = (
        f"Measured in the setting shown: {milliseconds(speed.image_s)} an image, "
        f"that is {count(speed.macs_per_second, 'MACs')} a second"
    )
    if len(ranked) == 1:
        return f"{text}."
    ends = [f"{name(end.ref)} {count(end.macs_per_second)}" for end in (first, last) if end is not speed]
    return f"{text}, number {ranked.index(speed) + 1} of {len(ranked)} models (for comparison: {listed(ends)})."


def explain_disagreement(pair: Disagreement, fewer: Anatomy | None, more: Anatomy | None, name: Name) -> list[str]:
    """Say how two models disagree with their MACs, and what their layers tell about it.

    Args:
        pair: The two.
        fewer: Anatomy of the one with fewer MACs; `None` where it was not taken yet.
        more: Anatomy of the other.
        name: What models are called.
    """
    one, other = name(pair.fewer.ref), name(pair.more.ref)
    times = f"{milliseconds(pair.fewer.image_s)} against {milliseconds(pair.more.image_s)}"
    if pair.is_inverted:
        fact = (
            f"{one} has {_percent(pair.macs_ratio)} of the MACs of {other} and yet takes "
            f"{significant(pair.time_ratio, 2)} times as long ({times})."
        )
    else:
        fact = (
            f"{one} has {_percent(pair.macs_ratio)} of the MACs of {other} but takes {_percent(pair.time_ratio)} of "
            f"its time ({times})."
        )
    if fewer is None or more is None:
        return [fact]
    reasons = _reasons(fewer, more, one, other, pair)
    return [
        fact,
        *(
            reasons
            or [
                f"By kind of layer, data moved and number of layers {one} should not be the slower one "
                "for its MACs: these counts do not tell why, only measuring does."
            ]
        ),
    ]


def _reasons(fewer: Anatomy, more: Anatomy, one: str, other: str, pair: Disagreement) -> list[str]:
    """Say what may make up for the MACs that a model saves; what takes longer must have more of it in all."""
    found = []
    batch_size = pair.fewer.batch_size
    here, there = fewer.data_per_mac, more.data_per_mac
    moves_more = fewer.param_count + fewer.activations > more.param_count + more.activations
    if here and there and here >= TELLING * there and (moves_more or not pair.is_inverted):
        found.append(
            f"{_mix(fewer)}: for every thousand MACs {one} moves at least {significant(here * 1e3, 2)} numbers through "
            f"memory, {other} {significant(there * 1e3, 2)}."
        )
    each, other_each = fewer.macs / max(1, fewer.layers), more.macs / max(1, more.layers)
    starts_more = fewer.layers > more.layers
    if batch_size <= SMALL_BATCH and other_each >= TELLING * each and (starts_more or not pair.is_inverted):
        found.append(
            f"It does its work in {fewer.layers} layers of {count(each, digits=2)} MACs each on average, {other} in "
            f"{more.layers} of {count(other_each, digits=2)}; starting a layer takes time, however small it is."
        )
    attention = fewer.share("macs", "attention")
    if attention >= more.share("macs", "attention") + ATTENTION_SHARE:
        found.append(
            f"{_percent(attention)} of its MACs are products of attention: many small matrices, both sides of which "
            "are made anew for every image."
        )
    once_used = fewer.total("param_count", kind="fully_connected")
    if (
        batch_size <= SMALL_BATCH
        and once_used / max(1, fewer.macs)
        >= TELLING * (more.total("param_count", kind="fully_connected") / max(1, more.macs))
        and once_used >= MANY_WEIGHTS
    ):
        found.append(
            f"{count(once_used)} of its weights are in fully connected layers and used once an image, so that reading "
            "them takes longer than using them."
        )
    return found


def _mix(anatomy: Anatomy) -> str:
    """The kinds that do most of the MACs: `"85 % of its MACs are in pointwise layers and 8.6 % in …"`."""
    shares = sorted(
        ((anatomy.share("macs", kind), kind) for kind in anatomy.kinds if kind != "normalisation"), reverse=True
    )
    named = [(share, kind) for share, kind in shares[:3] if share >= 0.02]
    first, *rest = [f"{_percent(share)} {{}}in {LAYER_KINDS[kind].phrase}" for share, kind in named]
    return listed([first.format("of its MACs are "), *(text.format("") for text in rest)])


def _largest(anatomy: Anatomy) -> str:
    units = {"param_count": "parameters", "macs": "MACs", "activations": "activations"}
    parts = []
    for quantity in QUANTITIES:
        kind = max(anatomy.kinds, key=lambda k: anatomy.total(quantity, kind=k))
        where = "written by" if quantity == "activations" else "in"
        parts.append(
            f"of its {count(anatomy.total(quantity))} {units[quantity]} {_percent(anatomy.share(quantity, kind))} are "
            f"{where} {LAYER_KINDS[kind].phrase}"
        )
    text = f"{parts[0]}; {parts[1]}; {parts[2]}."
    return text[0].upper() + text[1:]


def _once_used(anatomy: Anatomy) -> list[str]:
    held, done = (anatomy.share(quantity, "fully_connected") for quantity in ("param_count", "macs"))
    if held < ONCE_USED_PARAMETERS or done > ONCE_USED_MACS:
        return []
    return [
        f"Fully connected layers hold {_percent(held)} of its parameters and do {_percent(done)} of its MACs, because "
        "each of their weights is used once an image. They make the file and the memory large, so its size says little "
        "about its time."
    ]


def _depthwise(anatomy: Anatomy) -> list[str]:
    written, done = (anatomy.share(quantity, "depthwise") for quantity in ("activations", "macs"))
    if written < DEPTHWISE_ACTIVATIONS or not 0 < done < written:
        return []
    return [
        f"Depthwise convolutions save arithmetic, not traffic: they do {_percent(done)} of its MACs and write "
        f"{_percent(written)} of its activations. So expect its time to fall less than its MACs."
    ]


def _attention(anatomy: Anatomy) -> list[str]:
    done, written = (anatomy.share(quantity, "attention") for quantity in ("macs", "activations"))
    if max(done, written) < ATTENTION_SHARE:
        return []
    return [
        f"The products of attention do {_percent(done)} of its MACs at {anatomy.img_size} px. Where every token looks "
        "at every other, they grow with the square of the number of tokens, all else with the number itself."
    ]


def _early(anatomy: Anatomy) -> list[str]:
    last = next((at for at, stage in enumerate(anatomy.stages) if stage.title.startswith("Stage")), 0)
    written, held = (
        sum(anatomy.share(quantity, stage=at) for at in range(last + 1)) for quantity in ("activations", "param_count")
    )
    if written < EARLY_ACTIVATIONS or held > EARLY_PARAMETERS or len(anatomy.stages) < 4:
        return []
    return [
        f"Up to {anatomy.stages[last].title} it writes {_percent(written)} of its activations with {_percent(held)} of "
        "its parameters: memory traffic is made by early layers with large maps, size by late ones with many channels."
    ]


def _data(anatomy: Anatomy) -> list[str]:
    moved = anatomy.data_per_mac
    if moved is None:
        return []
    return [
        f"For every thousand MACs it moves at least {significant(moved * 1e3, 2)} numbers through memory (parameters "
        "read, activations written): the more, the less of a processor's arithmetic it can use."
    ]


def _percent(share: float) -> str:
    """A share without false precision: `"89 %"`, `"0.80 %"`, `"100 %"` only where it is all."""
    if 0.995 <= share < 1:
        return f"{min(99.9, round(share * 100, 1)):.1f} %"
    return f"{significant(share * 100, 2)} %"

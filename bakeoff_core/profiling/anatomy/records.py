"""What a model is made of: parameters, multiply-accumulates and activations by kind of layer and by stage.

A kind is told by what a layer does to the data, not by what its class is called: a convolution that covers its whole
input is a fully connected layer, and a linear layer that is applied to every token is a 1×1 convolution. See
docs/anatomy.md for each definition and its source.

Not covered: taking a model apart (`profiling.anatomy.trace`, which needs torch), and the sentences about it
(`reporting.text.anatomy`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from bakeoff_core.schema.candidate import candidate_label
from bakeoff_core.schema.checks import require_choice
from bakeoff_core.schema.parsing import Count, Whole, parse_record

FILE_VERSION = 1
"""Version of a stored anatomy. Raise it with every change to the records below or to what they count."""


@dataclass(frozen=True)
class LayerKind:
    """One kind of layer."""

    title: str
    """What tables and figures call it."""
    phrase: str
    """What a sentence calls it, after a share: "89 % are in …"."""
    meaning: str
    """One sentence: what counts as this kind."""


LAYER_KINDS: dict[str, LayerKind] = {
    "spatial": LayerKind(
        "Spatial convolution",
        "spatial convolutions",
        "A filter larger than one pixel that reads all channels, such as 3×3. Each value it loads is used many times.",
    ),
    "grouped": LayerKind(
        "Grouped convolution",
        "grouped convolutions",
        "A convolution whose filters read a few of the channels only, but more than one.",
    ),
    "depthwise": LayerKind(
        "Depthwise convolution",
        "depthwise convolutions",
        "A convolution whose filters read one channel each. It saves nearly all of the multiplications and none of "
        "the reading and writing.",
    ),
    "pointwise": LayerKind(
        "Pointwise (1×1, per token)",
        "pointwise layers",
        "The same matrix at every position: a 1×1 convolution, or a linear layer applied to every token.",
    ),
    "fully_connected": LayerKind(
        "Fully connected",
        "fully connected layers",
        "A matrix that is used once an image: a linear layer on one vector, or a convolution as large as its input.",
    ),
    "attention": LayerKind(
        "Attention products",
        "products of attention",
        "Queries times keys, and the result times values. They hold no parameters and grow with the square of the "
        "number of tokens, or linearly in models with linear attention. Projections before and after are pointwise.",
    ),
    "normalisation": LayerKind(
        "Normalisation",
        "normalisation layers",
        "Batch, layer, group and like norms. Counted unmerged; many runtimes fold batch norms into convolutions.",
    ),
    "other": LayerKind(
        "Other",
        "other parts",
        "Pooling and resizing; embeddings of positions, scales of layers and whatever else holds parameters.",
    ),
}
"""Every kind of layer, in the order in which they are drawn and listed."""

QUANTITIES = {
    "param_count": "Parameters",
    "macs": "MACs",
    "activations": "Activations",
}
"""What is counted of each kind in each stage, and its heading."""

QUANTITY_HELP = {
    "param_count": "Weights that training learns. They set the size of the file and of the memory that holds it.",
    "macs": "Multiply-accumulates of one image; papers and timm call these FLOPs.",
    "activations": "Numbers that convolutions and matrix products write for one image, as timm's “macts”. They tell "
    "how much data moves through memory.",
}
"""What each of `QUANTITIES` means, in a sentence or two."""


@dataclass(frozen=True)
class AnatomyStage:
    """A part of a model that runs on its own, in the order of running."""

    title: str
    """`Stem`, `Stage 1`, …, `Head`."""
    modules: str
    """What timm calls its modules: `layer1`, `blocks.0 to blocks.11`; may be empty."""
    reduction: Count | None
    """Pixels of the input for each step of its output, across and down; `None` in the head."""


@dataclass(frozen=True)
class AnatomyPart:
    """What the layers of one kind in one stage add up to."""

    stage: Whole
    """Index into `Anatomy.stages`."""
    kind: str
    """Key of `LAYER_KINDS`."""
    layers: Whole
    """Operations that were counted: convolutions, matrix products, norms, poolings."""
    param_count: Whole
    """Weights they read; a weight shared by several belongs to the first."""
    macs: Whole
    """Multiply-accumulates of one image, as `schema.profile.Profile` counts them."""
    activations: Whole
    """Numbers that their convolutions and matrix products write for one image."""

    def __post_init__(self) -> None:
        require_choice("kind", self.kind, tuple(LAYER_KINDS))


@dataclass(frozen=True)
class Anatomy:
    """A model at an image size, taken apart. Its totals are those of the model's profile."""

    model_name: str
    """timm's `arch.tag`."""
    img_size: Count
    """Height and width of the input in pixels."""
    timm_version: str
    """Version of the model code."""
    stages: tuple[AnatomyStage, ...]
    """In the order of running."""
    parts: tuple[AnatomyPart, ...]
    """By stage, then by kind in the order of `LAYER_KINDS`; empty ones are left out."""

    @property
    def label(self) -> str:
        """The name it goes by where the size matters."""
        return candidate_label(self.model_name, self.img_size)

    @property
    def param_count(self) -> int:
        """All parameters."""
        return self.total("param_count")

    @property
    def macs(self) -> int:
        """All multiply-accumulates of one image."""
        return self.total("macs")

    @property
    def activations(self) -> int:
        """All activations of one image."""
        return self.total("activations")

    @property
    def layers(self) -> int:
        """All counted operations."""
        return self.total("layers")

    def total(self, quantity: str, *, kind: str | None = None, stage: int | None = None) -> int:
        """Add up a quantity.

        Args:
            quantity: Key of `QUANTITIES`, or `layers`.
            kind: Only layers of this kind; `None` for all.
            stage: Only this stage; `None` for all.
        """
        return sum(
            getattr(part, quantity)
            for part in self.parts
            if (kind is None or part.kind == kind) and (stage is None or part.stage == stage)
        )

    def share(self, quantity: str, *kinds: str, stage: int | None = None) -> float:
        """Return which share of a quantity's total kinds of layers, or a stage, have: 0 to 1; 0 where there is none."""
        whole = self.total(quantity)
        wanted = kinds or (None,)
        return sum(self.total(quantity, kind=kind, stage=stage) for kind in wanted) / whole if whole else 0.0

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds it has, in the order of `LAYER_KINDS`."""
        there = {part.kind for part in self.parts}
        return tuple(kind for kind in LAYER_KINDS if kind in there)

    @property
    def data_per_mac(self) -> float | None:
        """Numbers moved for each multiply-accumulate: parameters read and activations written; `None` without MACs.

        A lower bound: inputs that are read again, norms and activation functions move more.
        """
        return (self.param_count + self.activations) / self.macs if self.macs else None


def to_json(anatomy: Anatomy) -> dict[str, Any]:
    """Return an anatomy as JSON: its totals first, then its stages and parts, as the command line prints it."""
    totals = {name: getattr(anatomy, name) for name in (*QUANTITIES, "layers")}
    content = asdict(anatomy)
    parts = [{**part, "stage_title": anatomy.stages[part["stage"]].title} for part in content["parts"]]
    return {"version": FILE_VERSION, **content, "parts": parts, "totals": totals}


def from_json(content: Mapping[str, Any]) -> Anatomy:
    """Return the anatomy in what `to_json` made.

    Raises:
        ValueError: It is not one, or of another version.
    """
    if content.get("version") != FILE_VERSION:
        raise ValueError(f"`version` must be {FILE_VERSION}. Got {content.get('version')!r}.")
    anatomy = parse_record(Anatomy, content)
    for part in anatomy.parts:
        if part.stage >= len(anatomy.stages):
            raise ValueError(f"`parts` must be of stages there are. Got {part}.")
    return anatomy

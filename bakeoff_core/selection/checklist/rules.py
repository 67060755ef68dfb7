"""The checklist's procedure, rules and sources: what stands in the two TOML files, as records.

The rules are data (`checklist_rules.toml`), each with its sources (`checklist_sources.toml`), so that whoever
knows better changes a file and no code. Not covered: applying them (see `selection.checklist.advice`).
"""

from __future__ import annotations

import fnmatch
import functools
import math
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bakeoff_core.schema.decision import Limits

TARGETS = ("server", "edge", "mobile")
"""Where the network will run."""
TASKS = ("classification", "detection", "segmentation", "generation")
"""What it is for; `generation` is not a question of backbones, and the answer says so."""
PRIORITIES = ("accuracy", "efficiency", "iteration")
"""What matters most within the limits."""
DOMAINS = ("natural", "other")
"""Whether the images are like natural photographs, or of another kind (X-rays, satellites, microscopes)."""
CHOICES = {"target": TARGETS, "task": TASKS, "priority": PRIORITIES, "domain": DOMAINS}
"""The questions with a choice of answers."""

UNANSWERED = "unanswered"
"""What a rule asks for that is for a question left open."""

RANGED = ("labelled", "latency_ms", "max_params_m")
"""The questions answered by a number that rules ask about."""
SOURCE_KINDS = ("paper", "docs", "guide")
_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Answers:
    """What somebody answered to the checklist's questions; `None` where they have not."""

    target: str | None = None
    """One of `TARGETS`."""
    task: str = "classification"
    """One of `TASKS`."""
    limits: Limits = Limits()
    """The hard limits."""
    max_macs: int | None = None
    """Highest acceptable multiply-accumulates of one image: for a target that nothing can be measured on yet."""
    priority: str | None = None
    """One of `PRIORITIES`."""
    labelled: int | None = None
    """Labelled images to train on."""
    domain: str | None = None
    """One of `DOMAINS`."""

    def __post_init__(self) -> None:
        for name, choices in CHOICES.items():
            value = getattr(self, name)
            if value not in choices and not (value is None and name != "task"):
                raise ValueError(f"`{name}` must be one of {', '.join(choices)}. Got {value!r}.")
        for name in ("labelled", "max_macs"):
            value = getattr(self, name)
            if value is not None and not 1 <= value < math.inf:
                raise ValueError(f"`{name}` must be a number of at least 1. Got {value}.")

    def number(self, question: str) -> float | None:
        """Return the answer to one of `RANGED`, in the unit that rules speak of."""
        latency, params = self.limits.max_latency_s, self.limits.max_param_count
        if question == "latency_ms":
            return None if latency is None else latency * 1e3
        if question == "max_params_m":
            return None if params is None else params / 1e6
        return self.labelled


@dataclass(frozen=True)
class Source:
    """Where a rule comes from."""

    key: str
    """What rules cite it by."""
    kind: str
    """One of `SOURCE_KINDS`."""
    title: str
    """Authors, year and title, or what kind of guide it is."""
    short: str
    """What a sentence cites: `"Howard et al. 2019"`, `"textbook"`."""
    where: str | None
    """Address; `None` where there is none."""


@dataclass(frozen=True)
class When:
    """The answers a rule is for."""

    choices: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Questions of `CHOICES` and the answers that fit."""
    ranges: tuple[tuple[str, float, float], ...] = ()
    """Questions of `RANGED`, from where (included) and below what (not included)."""

    def holds(self, answers: Answers) -> bool:
        """Tell whether a rule is for these answers; a question left open fits only rules that ask for that."""
        if not all((getattr(answers, name) or UNANSWERED) in fitting for name, fitting in self.choices):
            return False
        numbers = ((answers.number(name), low, high) for name, low, high in self.ranges)
        return all(number is not None and low <= number < high for number, low, high in numbers)


@dataclass(frozen=True)
class ChecklistStep:
    """One of the seven steps of the procedure."""

    name: str
    title: str
    text: str
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class Nomination:
    """A rule that names models."""

    name: str
    when: When
    models: tuple[str, ...]
    """Architectures, the first choice first."""
    why: str
    sources: tuple[Source, ...]
    recipe: str | None = None
    """Key of `finetuning.recipes.RECIPES` that goes with these models, whatever the number of labels suggests."""


@dataclass(frozen=True)
class Caution:
    """A rule about what not to consider yet."""

    name: str
    when: When
    what: str
    why: str
    sources: tuple[Source, ...]
    models: tuple[str, ...] = ()
    """Patterns of architectures it is about."""
    macs_from: int | None = None
    """Multiply-accumulates of an image from which on it is about a model."""
    excludes: bool = False
    """Whether none of these is recommended at all."""

    def is_about(self, architecture: str, macs: float | None) -> bool:
        """Tell whether it is about a model; `macs` may be unknown."""
        if self.macs_from is not None and macs is not None and macs >= self.macs_from:
            return True
        return any(fnmatch.fnmatchcase(architecture, pattern) for pattern in self.models)


@dataclass(frozen=True)
class Transfer:
    """A rule about how to train, for images of a kind."""

    name: str
    when: When
    why: str
    sources: tuple[Source, ...]
    recipe: str | None = None
    """Key of `finetuning.recipes.RECIPES` instead of what the number of labels alone suggests; `None` adds a remark."""


@dataclass(frozen=True)
class Remark:
    """Something to add or to do next, and why."""

    name: str
    when: When
    what: str
    why: str
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class Claim:
    """One side of a dispute."""

    text: str
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class Dispute:
    """A question that sources answer differently."""

    name: str
    when: When
    step: str
    """Name of the step it belongs to."""
    question: str
    claims: tuple[Claim, ...]
    settled: str
    """What to make of it."""
    settled_sources: tuple[Source, ...] = ()
    compare: tuple[str, ...] = ()
    """Architectures whose figures at hand bear on it."""
    tags_of: str | None = None
    """Architecture whose weights tags, with their accuracies, bear on it."""
    about: tuple[str, ...] = ()
    """Architectures of which one must be under discussion; empty where it always matters."""


@dataclass(frozen=True)
class Rules:
    """The whole checklist."""

    steps: tuple[ChecklistStep, ...]
    nominations: tuple[Nomination, ...]
    cautions: tuple[Caution, ...]
    transfers: tuple[Transfer, ...]
    additions: tuple[Remark, ...]
    next_steps: tuple[Remark, ...]
    disputes: tuple[Dispute, ...]
    sources: tuple[Source, ...]


_KINDS = {
    "nominations": Nomination,
    "cautions": Caution,
    "transfers": Transfer,
    "additions": Remark,
    "next_steps": Remark,
    "disputes": Dispute,
}


@functools.cache
def read_rules() -> Rules:
    """Read the checklist's own rules.

    Raises:
        ValueError: The files are faulty: a source is not cited or not known, a question or an answer does not exist.
    """
    texts = [(_FOLDER / f"checklist_{part}.toml").read_text(encoding="utf-8") for part in ("rules", "sources")]
    return parse_rules(*texts)


def parse_rules(rules: str, sources: str) -> Rules:
    """Make records of the two files' texts; see `read_rules`."""
    cited = {key: _source(key, entry) for key, entry in tomllib.loads(sources).items()}
    tables = tomllib.loads(rules)
    unknown = set(tables) - {"steps", *_KINDS}
    if unknown:
        raise ValueError(f"The rules must be of the kinds steps, {', '.join(_KINDS)}. Got {', '.join(unknown)}.")
    made = {kind: tuple(_rule(of, entry, cited) for entry in tables[kind]) for kind, of in _KINDS.items()}
    steps = tuple(ChecklistStep(**{**entry, "sources": _cite(entry, cited)}) for entry in tables["steps"])
    return Rules(steps=steps, sources=tuple(cited.values()), **made)


def _source(key: str, entry: dict[str, Any]) -> Source:
    short = entry.get("short", entry["title"].partition(",")[0])
    source = Source(key, entry["kind"], entry["title"], short, entry.get("where"))
    if source.kind not in SOURCE_KINDS or (source.kind == "guide") != (source.where is None):
        raise ValueError(f"Source {key!r} must be a paper or docs with an address, or a guide without one.")
    return source


def _rule(of: type, entry: dict[str, Any], cited: dict[str, Source]) -> Any:
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()}
    values["when"] = _when(entry["when"], entry["name"])
    if of is Dispute:
        values["claims"] = tuple(Claim(claim["text"], _cite(claim, cited)) for claim in entry["claims"])
        values["settled_sources"] = _cite(entry, cited, "settled_sources") if "settled_sources" in entry else ()
    else:
        values["sources"] = _cite(entry, cited)
    try:
        return of(**values)
    except TypeError as err:
        raise ValueError(f"Rule {entry['name']!r} is not as a {of.__name__.lower()} must be: {err}.") from err


def _cite(entry: dict[str, Any], cited: dict[str, Source], field: str = "sources") -> tuple[Source, ...]:
    keys = entry.get(field, ())
    named = entry.get("name", entry.get("text"))
    if not keys or any(key not in cited for key in keys):
        raise ValueError(f"{named!r} must cite sources that are known. Got {list(keys)}.")
    return tuple(cited[key] for key in keys)


def _when(entry: dict[str, Any], name: str) -> When:
    choices, ranges = [], []
    for question, answers in entry.items():
        fitting = {*CHOICES.get(question, ()), UNANSWERED}
        if question in CHOICES and isinstance(answers, list) and answers and set(answers) <= fitting:
            choices.append((question, tuple(answers)))
        elif question in RANGED and isinstance(answers, dict) and answers and set(answers) <= {"from", "below"}:
            ranges.append((question, answers.get("from", -math.inf), answers.get("below", math.inf)))
        else:
            raise ValueError(f"Rule {name!r} asks for {question} = {answers!r}, which nobody can answer.")
    return When(tuple(choices), tuple(ranges))

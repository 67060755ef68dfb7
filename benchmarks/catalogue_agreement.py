"""The catalogue against timm's and torchvision's own: `python -m benchmarks.catalogue_agreement [--tables DIR]`.

Compares accuracy on ImageNet and the harder sets to the last digit, parameters and MACs to the last digit printed, and
pre-training with timm's results (the folder `results` of its repository), and what is quoted from torchvision, and
parameters, with the installed torchvision. Every difference is printed with its note; one without a note fails.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bakeoff_core.catalogue.accuracies import read_catalogue
from bakeoff_core.catalogue.pretraining import PRETRAINING_CLASSES
from bakeoff_core.catalogue.robustness import ROBUST_SETS
from bakeoff_core.catalogue.timm_names import architecture_of
from bakeoff_core.catalogue.weight_tags import quotes
from bakeoff_core.models.torchvision_compat import prepare_torchvision

TABLES = Path(os.environ.get("BAKEOFF_TEST_DATA", "../shared/data")) / "timm-results"
CORE = Path(__file__).parents[1] / "bakeoff_core" / "catalogue" / "data"
HARDER = {
    "imagenet-v2": "results-imagenetv2-matched-frequency.csv",
    "imagenet-real": "results-imagenet-real.csv",
    "imagenet-r": "results-imagenet-r.csv",
    "imagenet-a": "results-imagenet-a.csv",
    "imagenet-sketch": "results-sketch.csv",
}
ROUNDING = 0.00501
"""Half of the last digit that timm prints, in millions of parameters and GMACs, and a little for the float."""

NOT_IN_TIMM = "has no classifier in timm; the figure is the linear evaluation of the DINOv2 repository"
COUNTED_ANEW = "counted on timm 1.0.31, and the table on an older one; at most 0.014 G apart"
LEFT_OUT = "timm's figure leaves out LSTMs and convolutions whose padding is a word, which fvcore does not know"
MACS_NOTES = dict.fromkeys(
    (
        *("vit_base_patch16_224_miil", "tiny_vit_5m_224", "tiny_vit_11m_224", "tiny_vit_21m_224"),
        *("tnt_s_patch16_224", "tnt_b_patch16_224"),
    ),
    COUNTED_ANEW,
) | dict.fromkeys(
    (
        *("convmixer_768_32", "convmixer_1024_20_ks9_p14", "convmixer_1536_20"),
        *("sequencer2d_s", "sequencer2d_m", "sequencer2d_l"),
    ),
    LEFT_OUT,
)
COUNT_NOTES = {
    "inception_v3.tv_in1k": "torchvision counts the auxiliary classifier, which only training uses and timm leaves out",
}

PRETRAINING_NOTES = dict.fromkeys(
    ("dpn92", "dpn107"), "saw ImageNet-5k first, say its authors (github.com/cypw/DPNs); timm's metadata does not"
)

PRETRAINED = {
    "in1k": lambda row: row["pretraining"] == "in1k",
    "in1k-ap": lambda row: row["model_name"].endswith(".ap_in1k"),
    "in1k-adv": lambda row: "adv_in1k" in row["model_name"],
    "in1k-dist": lambda row: row["recipe"] == "distilled" and row["pretraining"] == "in1k",
    "in21k": lambda row: row["pretraining"] in ("in12k", "in21k", "in22k"),
    "in21k-selfsl": lambda row: row["recipe"] == "self-supervised" and row["pretraining"] == "in22k",
    "jft300m-ns": lambda row: row["pretraining"] == "jft300m",
    "yfc-semisl": lambda row: row["pretraining"] == "yfcc100m",
    "ig1b-swsl": lambda row: row["pretraining"] == "ig1b" and row["supervision"] == "distilled",
    "ig1b-wsl": lambda row: row["pretraining"] == "ig1b" and row["supervision"] == "supervised",
}
"""What timm's words for pre-training mean in the catalogue's columns."""


@dataclass
class Check:
    """One comparison, and what came out."""

    title: str
    compared: int = 0
    noted: int = 0
    unexplained: int = 0

    def differ(self, what: str, note: str | None) -> None:
        """Print a difference."""
        self.noted += note is not None
        self.unexplained += note is None
        print(f"  {what}: {note or 'NOT EXPLAINED'}", flush=True)

    def tell(self) -> None:
        """Print the counts."""
        agree = self.compared - self.noted - self.unexplained
        print(f"{self.title}: {agree} of {self.compared} agree; {self.noted} noted, {self.unexplained} unexplained\n")


def read(path: Path) -> list[dict[str, str]]:
    """Read a table as text."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def accuracy(rows: list[dict[str, str]], tables: Path) -> Iterator[Check]:
    """Compare accuracy and parameters, cell by cell."""
    theirs = {(row["model"], row["img_size"]): row for row in read(tables / "results-imagenet.csv")}
    figures, sizes = Check("top-1 and top-5 on ImageNet"), Check("parameters, in millions to two decimals")
    for row in rows:
        found = theirs.get((row["model_name"], row["img_size"]))
        figures.compared += 1
        if found is None:
            figures.differ(row["model_name"], NOT_IN_TIMM if row["recipe"] == "linear-probe" else None)
            continue
        if (row["top1"], row["top5"]) != (found["top1"], found["top5"]):
            figures.differ(f"{row['model_name']} at {row['img_size']}: {row['top1']}, timm's {found['top1']}", None)
        sizes.compared += 1
        millions = float(found["param_count"].replace(",", ""))
        if abs(int(row["param_count"]) / 1e6 - millions) > ROUNDING:
            sizes.differ(f"{row['model_name']}: {row['param_count']}, timm's {millions} M", None)
    yield from (figures, sizes)


def harder_sets(tables: Path) -> Iterator[Check]:
    """Compare the accuracy on each harder set."""
    ours = read(CORE / "robustness.csv")
    for source in ROBUST_SETS:
        theirs = {(row["model"], row["img_size"]): row["top1"] for row in read(tables / HARDER[source.key])}
        check = Check(f"top-1 on {source.name}")
        for row in ours:
            check.compared += 1
            found = theirs.get((row["model_name"], row["img_size"]), "")
            if row[source.key] != found:
                check.differ(f"{row['model_name']}: {row[source.key]}, timm's {found}", None)
        yield check


def macs(rows: list[dict[str, str]], tables: Path) -> Check:
    """Compare MACs with every inference table, one count an architecture and size."""
    theirs = {}
    for path in sorted(tables.glob("benchmark-infer-*.csv")):
        theirs |= {(row["model"], row["infer_img_size"]): row["infer_gmacs"] for row in read(path)}
    check = Check("MACs, in G to two decimals")
    ours = {(architecture_of(row["model_name"]), row["img_size"]): int(row["macs"]) for row in rows}
    for (arch, size), count in ours.items():
        if published := theirs.get((arch, size)):
            check.compared += 1
            if abs(count / 1e9 - float(published)) > ROUNDING:
                check.differ(f"{arch} at {size}: {count / 1e9:.3f} G, timm's {published}", MACS_NOTES.get(arch))
    return check


def pretraining(tables: Path) -> Check:
    """Compare pre-training with timm's metadata, whose old names timm itself maps to tags.

    A name without a tag stands for whatever was timm's default then: it agrees where some tag of the architecture does.
    """
    from timm.models._registry import _deprecated_models

    rows = read_catalogue().drop_duplicates("model_name").to_dict("records")
    by_tag = {row["model_name"]: row for row in rows}
    by_arch: dict[str, list[dict]] = {}
    for row in rows:
        by_arch.setdefault(architecture_of(row["model_name"]), []).append(row)
    check = Check("pre-training, by timm's metadata")
    for entry in read(tables / "model_metadata-in1k.csv"):
        name = _deprecated_models.get(entry["model"]) or entry["model"]
        meant = [by_tag[name]] if name in by_tag else by_arch.get(architecture_of(name), [])
        if not meant:
            continue
        check.compared += 1
        if not any(PRETRAINED[entry["pretrain"]](row) for row in meant):
            ours = ", ".join(
                sorted({f"{row['pretraining']} ({PRETRAINING_CLASSES[row['recipe']].title})" for row in meant})
            )
            what = f"{entry['model']} ({name}): {ours}; timm's {entry['pretrain']}"
            check.differ(what, PRETRAINING_NOTES.get(architecture_of(name)))
    return check


def torchvision_metadata(rows: list[dict[str, str]]) -> Iterator[Check]:
    """Compare what is quoted from torchvision, and parameters, with its weights' metadata."""
    from torchvision.models import get_weight

    ours = {(row["model_name"], int(row["img_size"])): row for row in rows}
    quoted, counts = Check("figures quoted from torchvision"), Check("parameters, by torchvision's metadata")
    apart = Check("torchvision's own evaluation and timm's, within 0.5 points")
    for quote in quotes():
        meta = get_weight(quote.quoted_by.removeprefix("torchvision ")).meta
        row = ours[quote.model_name, quote.img_size]
        name = f"{quote.model_name} at {quote.img_size}"
        for check in (quoted, counts, apart):
            check.compared += 1
        if meta["_metrics"]["ImageNet-1K"]["acc@1"] != quote.top1:
            quoted.differ(f"{name}: {quote.top1}, torchvision's {meta['_metrics']['ImageNet-1K']['acc@1']}", None)
        if meta["num_params"] != int(row["param_count"]):
            counts.differ(
                f"{name}: {row['param_count']}, torchvision's {meta['num_params']}", COUNT_NOTES.get(quote.model_name)
            )
        if abs(float(row["top1"]) - quote.top1) > 0.5:
            apart.differ(f"{name}: timm's {row['top1']}, torchvision's {quote.top1}", None)
    yield from (quoted, counts, apart)


def main() -> int:
    """Print every comparison; the exit code is 0 when each difference has its note."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tables", type=Path, default=TABLES)
    tables = parser.parse_args().tables
    if not (tables / "results-imagenet.csv").is_file():
        print(f"timm's results are not in {tables}; name their folder with --tables.")
        return 1
    prepare_torchvision()
    rows = read(CORE / "catalogue.csv")
    checks = [
        *accuracy(rows, tables),
        *harder_sets(tables),
        macs(rows, tables),
        pretraining(tables),
        *torchvision_metadata(rows),
    ]
    print()
    for check in checks:
        check.tell()
    return 0 if not sum(check.unexplained for check in checks) else 1


if __name__ == "__main__":
    sys.exit(main())

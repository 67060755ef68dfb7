"""What a ranking reaches, how long it takes and what it needs: `python -m benchmarks.rank_accuracy [PART …]`.

Parts, all of them by default: `time` ranks EfficientNet-Lite 0 to 2 on 1,000 images; `throughput` compares the pass
over features by PyTorch, decoding included, with the bare model in batches of the same size on the same threads;
`runtime` compares that pass with the one that is used, and what probes make of both; `cells` ranks on the solar cells;
`flowers` on Flowers102, official split, from the training images and again with the validation images added, which must
run no forward pass, and its peak memory beside that of 1,000 images. Real images throughout. Needs Flowers102 in
`BAKEOFF_DATA` and about ten minutes on two cores.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from bakeoff_core.datasets.records import LabelledImage
from bakeoff_core.formatting import duration, megabytes, percent, significant
from bakeoff_core.jobs.isolation import start_fork_server
from bakeoff_core.jobs.kinds import DECODING, YIELDING
from bakeoff_core.ranking.records import Ranking
from bakeoff_core.ranking.request import RankSpec, read_ranking, start_ranking
from benchmarks.jobs_here import own_home
from benchmarks.runs_here import LITE0, require_flowers, wait

if TYPE_CHECKING:  # torch is loaded by the parts that need it, after the process is prepared
    from bakeoff_core.features.frozen_backbone import FrozenBackbone

LITES = tuple(f"tf_efficientnet_lite{n}" for n in range(3))
FEW = 1000
TARGET_S = 120
TARGET_SHARE = 0.8
TARGET_TRAIN, TARGET_ALL, TARGET_CELLS = 83.0, 87.0, 83.0
TARGET_MEMORY = 1.15
PASS_IMAGES = 1024
ROUNDS = 3

Checks = dict[str, bool]


def main() -> int:
    """Print what was reached; the exit code is 0 when every target was met."""
    parts: dict[str, Callable[[], Checks]] = {
        "time": in_time,
        "throughput": near_the_bare_model,
        "runtime": by_the_faster_way,
        "cells": on_solar_cells,
        "flowers": on_flowers,
    }
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(parts)} (default: all)")
    chosen = parser.parse_args().parts or list(parts)
    if unknown := [name for name in chosen if name not in parts]:
        parser.error(f"there is no part {', '.join(unknown)}")
    checks: Checks = {}
    for name in chosen:
        checks |= parts[name]()
    for text, met in checks.items():
        print(f"{'met   ' if met else 'MISSED'}  {text}")
    return 0 if all(checks.values()) else 1


def in_time() -> Checks:
    """Rank three backbones on 1,000 images."""
    with own_home():
        began = time.monotonic()
        rank(RankSpec(LITES, "flowers102", data_dir=require_flowers(), limit=FEW))
        seconds = time.monotonic() - began
    return {f"three backbones on {FEW:,} images in {duration(seconds)} (target: {TARGET_S} s)": seconds <= TARGET_S}


def on_solar_cells() -> Checks:
    """Rank on the solar cells."""
    with own_home():
        ranking, _ = rank(RankSpec((LITE0,), "elpv"))
    return {f"solar cells at least {TARGET_CELLS} %": ranking.rows[0].probe_accuracy >= TARGET_CELLS}


def on_flowers() -> Checks:
    """Rank on Flowers102 with both training sets, and see what memory 1,000 and all images need."""
    folder = require_flowers()
    with own_home():
        _, small = rank(RankSpec((LITE0,), "flowers102", data_dir=folder, limit=FEW))
    with own_home():
        train, large = rank(RankSpec((LITE0,), "flowers102", data_dir=folder))
        both, _ = rank(RankSpec((LITE0,), "flowers102", data_dir=folder, train_on="train+val"))
    computed = both.rows[0].computed_images
    return {
        f"Flowers102 from train at least {TARGET_TRAIN} %": train.rows[0].probe_accuracy >= TARGET_TRAIN,
        f"Flowers102 from train+val at least {TARGET_ALL} %": both.rows[0].probe_accuracy >= TARGET_ALL,
        f"a second ranking runs {computed} images forward (target: 0)": computed == 0,
        f"peak memory {megabytes(small)} for {FEW:,} images, {megabytes(large)} for all "
        f"(target: at most {TARGET_MEMORY} times as much)": large <= TARGET_MEMORY * small,
    }


def rank(spec: RankSpec) -> tuple[Ranking, int]:
    """Do a ranking to its end, print its rows, and return it with its peak memory in bytes."""
    run = read_ranking(wait(start_ranking(spec).job).job_id)
    ranking = run.result()
    assert ranking is not None
    for row in ranking.rows:
        if row.error:
            raise RuntimeError(f"{row.model_name}: {row.error}")
        print(
            f"{spec.dataset:10} {spec.train_on:9} {row.model_name:28} probe {percent(row.probe_accuracy):>8} "
            f"({row.probe_low:.2f} to {row.probe_high:.2f}), C {row.strength:.3g}, k-NN {percent(row.knn_accuracy)}, "
            f"{significant(row.images_per_second)} images/s, head {duration(row.probe_seconds)}, "
            f"in all {duration(row.seconds)}",
            flush=True,
        )
    return ranking, run.job.status["peak_memory_bytes"]


@dataclass(frozen=True)
class Scene:
    """A backbone and images for passes over features."""

    model: Any
    input_size: tuple[int, int, int]
    transform: Any
    train: tuple[LabelledImage, ...]
    val: tuple[LabelledImage, ...]
    test: tuple[LabelledImage, ...]


def set_scene() -> Scene:
    """Prepare this process as a worker is, with EfficientNet-Lite0 and Flowers102."""
    from bakeoff_core.system.memory import keep_freed_memory

    keep_freed_memory()
    os.environ.update(YIELDING)
    import torch

    from bakeoff_core.catalogue.weights import find_weights
    from bakeoff_core.datasets.registry import read_dataset
    from bakeoff_core.models.pretrained import create_for_transfer, data_config, eval_transform
    from bakeoff_core.system.machine import usable_cores

    start_fork_server(DECODING)
    torch.set_num_threads(usable_cores())
    name = f"{LITE0}.in1k"
    model = create_for_transfer(name, find_weights(name), 102, None).eval().to(memory_format=torch.channels_last)
    config = data_config(model, None)
    dataset = read_dataset("flowers102", Path(require_flowers()))
    return Scene(
        model, config["input_size"], eval_transform(config), dataset.train, dataset.val, dataset.test[:PASS_IMAGES]
    )


def backbone_of(scene: Scene, *, converted: bool) -> FrozenBackbone:
    """Return the scene's backbone, in PyTorch or in whatever is used where there are many images."""
    import torch

    from bakeoff_core.features.frozen_backbone import FrozenBackbone

    backbone = FrozenBackbone(scene.model, scene.input_size, torch.device("cpu"), PASS_IMAGES if converted else 0)
    backbone.prepare()
    return backbone


def timed_pass(scene: Scene, backbone: FrozenBackbone, images: Sequence[LabelledImage]) -> tuple[float, np.ndarray]:
    """Return the images a second of a pass, decoding included, and the features."""
    from bakeoff_core.features.extract import pooled

    began = time.monotonic()
    rows = np.concatenate([rows for (rows,) in pooled(backbone, images, scene.transform)])
    return len(images) / (time.monotonic() - began), rows


def near_the_bare_model() -> Checks:
    """Compare the pass over features by PyTorch with the bare model, one after the other in turns."""
    import torch

    from bakeoff_core.features.frozen_backbone import FEATURE_BATCH

    scene = set_scene()
    backbone = backbone_of(scene, converted=False)
    batch = torch.randn(FEATURE_BATCH, *scene.input_size).to(memory_format=torch.channels_last)
    rates: dict[str, list[float]] = {"bare": [], "pass": []}
    with torch.inference_mode():
        scene.model(batch)
    for _ in range(ROUNDS):
        began = time.monotonic()
        with torch.inference_mode():
            for _ in range(PASS_IMAGES // FEATURE_BATCH):
                scene.model(batch)
        rates["bare"].append(PASS_IMAGES / (time.monotonic() - began))
        rates["pass"].append(timed_pass(scene, backbone, scene.test)[0])
    bare, through = median(rates["bare"]), median(rates["pass"])
    print(f"bare model {significant(bare)} images/s, pass over features {significant(through)} images/s")
    return {
        f"the pass has {through / bare:.0%} of the bare model's throughput (target: {TARGET_SHARE:.0%})": (
            through >= TARGET_SHARE * bare
        )
    }


def by_the_faster_way() -> Checks:
    """Compare passes by PyTorch and by the faster runtime in turns, and the probes that learn from either."""
    from bakeoff_core.datasets.metrics.classes import accuracy
    from bakeoff_core.features.classifiers import fit_probe

    scene = set_scene()
    backbones = {kind: backbone_of(scene, converted=kind == "faster") for kind in ("PyTorch", "faster")}
    print(f"the faster way is {backbones['faster'].runtime}")
    rates: dict[str, list[float]] = {kind: [] for kind in backbones}
    test: dict[str, np.ndarray] = {}
    for _ in range(ROUNDS):
        for kind, backbone in backbones.items():
            rate, test[kind] = timed_pass(scene, backbone, scene.test)
            rates[kind].append(rate)
    labels = {part: np.array([image.label for image in getattr(scene, part)]) for part in ("train", "val", "test")}
    found = {}
    for kind, backbone in backbones.items():
        train, val = (timed_pass(scene, backbone, images)[1] for images in (scene.train, scene.val))
        probe = fit_probe(train, labels["train"], (val, labels["val"]), seed=0)
        found[kind] = accuracy(labels["test"], probe.predict(test[kind])[1])
        print(
            f"{kind:8} {significant(median(rates[kind]))} images/s, probe {percent(found[kind]['accuracy'])} "
            f"({found[kind]['low']:.2f} to {found[kind]['high']:.2f}), C {probe.choice.strength:.3g}"
        )
    ratio = median(rates["faster"]) / median(rates["PyTorch"])
    difference = float(np.abs(test["faster"] - test["PyTorch"]).max() / np.abs(test["PyTorch"]).max())
    eager = found["PyTorch"]
    points = found["faster"]["accuracy"] - eager["accuracy"]
    within = eager["low"] <= found["faster"]["accuracy"] <= eager["high"]
    return {
        f"the faster way is {ratio:.2f} times as fast as PyTorch": ratio > 1,
        f"its features differ by {difference:.1g} of the largest, its probe by {points:+.2f} points (target: within "
        "the 95 % interval of PyTorch's)": within,
    }


if __name__ == "__main__":
    sys.exit(main())

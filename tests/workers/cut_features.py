"""Computes features that are cut off, and goes on with them: `python -m tests.workers.cut_features FOLDER`.

`data_dir` in its spec: a folder of images, 84 of them to train on. It fails where the rest is not what was left out.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from accelerate import Accelerator

from bakeoff_core.catalogue.weights import find_weights
from bakeoff_core.datasets.registry import read_dataset
from bakeoff_core.features import extract, store
from bakeoff_core.features.frozen_backbone import FrozenBackbone
from bakeoff_core.jobs.worker import Reporter, run_worker
from bakeoff_core.models.pretrained import create_for_transfer, data_config, eval_transform

NAME, SIZE = "tf_efficientnet_lite0.in1k", 64
VIEWS = (store.PLAIN, store.MIRRORED)


class Cut(Exception):
    """The pass ends here."""


def cut_and_go_on(reporter: Reporter) -> str:
    """Compute features whole, cut off, and to the end; compare them."""
    model = create_for_transfer(NAME, find_weights(NAME), 2, SIZE)
    images = read_dataset("folder", Path(reporter.spec["data_dir"])).train
    transform = eval_transform(data_config(model, SIZE))
    accelerator = Accelerator(cpu=True)
    backbone = FrozenBackbone(model, (3, SIZE, SIZE), accelerator.device, len(images))

    def keep(key: str, progress: Callable[[int], None]) -> tuple[str, ...]:
        return extract.keep_features(accelerator, backbone, images, transform, key, "train", VIEWS, progress)

    def rows(key: str) -> np.ndarray:
        return np.concatenate([store.read_features(key, "train", view) for view in VIEWS])

    told, rest = [], []

    def cut(done: int) -> None:
        told.append(done)
        if len(told) == 2:
            raise Cut

    assert keep("whole", lambda done: None) == VIEWS
    with contextlib.suppress(Cut):
        keep("cut", cut)
    assert told == [32, 64], told
    folder = store.features_path() / "cut"
    for part in (folder / "train-part").iterdir():  # killed while it wrote a row
        with part.open("ab") as handle:
            handle.write(b"half a row")
    assert keep("cut", rest.append) == VIEWS
    assert rest == [64, 84], rest
    assert np.allclose(rows("whole"), rows("cut"), atol=1e-4) and rows("cut").shape == (168, 1280)
    assert sorted(path.name for path in folder.iterdir()) == ["train-mirrored.npy", "train.npy"]
    assert keep("cut", rest.append) == () and rest == [64, 84]
    return "The rest was computed, and nothing twice."


def main(folder: str) -> int:
    """Do it in a job's folder."""
    return run_worker(folder, cut_and_go_on, "Stopped.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

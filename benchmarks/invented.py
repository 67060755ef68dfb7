"""Profiles and accuracies that nobody measured, to load the page with as many models as a benchmark needs."""

from __future__ import annotations

import random
from dataclasses import replace

from bakeoff_core.catalogue.accuracies import read_catalogue
from bakeoff_core.catalogue.published import PublishedRow
from bakeoff_core.catalogue.published_store import write_published
from bakeoff_core.catalogue.timm_names import architecture_of
from bakeoff_core.profiling import store as profiling_store
from bakeoff_core.profiling.request import MeasureSpec
from bakeoff_core.profiling.rows import blank_profile, fold
from bakeoff_core.schema.profile import Round
from bakeoff_core.system.machine import this_machine
from bakeoff_core.system.paths import own_accuracy_path, profiles_path, published_path


def write_profiles_of(count: int, seed: int = 0) -> None:
    """Fill the store of `BAKEOFF_HOME` with invented models, and the user's accuracy file with their accuracies.

    Latency and accuracy rise together, with scatter, as they do among real models.
    """
    chance = random.Random(seed)
    machine = this_machine()
    profiles, lines = [], ["model_name,img_size,top1,source"]
    for number in range(count):
        name = f"invented_{number:04d}.made_up"
        size = number / max(1, count - 1)
        latency = 0.004 * 100**size * chance.uniform(0.7, 1.4)
        spec = MeasureSpec((name,), img_size=224, threads=machine.cpu_count)
        counts = {"param_count": int(2e6 * 100**size), "weight_bytes": int(8e6 * 100**size)}
        blank = replace(blank_profile(name, spec, "cpu"), **counts, macs=int(latency * 5e10))
        for _ in range(2):
            times = tuple(latency * chance.gauss(1, 0.02) for _ in range(64))
            moment = "2026-01-01T00:00:00Z"
            blank = fold(blank, Round(times, 8, True, False, 0.0, 0.0, int(1e8 * 20**size), moment), None)
        profiles.append(replace(blank, macs=int(latency * 5e10)))
        lines.append(f"{name},224,{min(90.0, 64 + 22 * size + chance.gauss(0, 2)):.3f},invented for a benchmark")
    profiling_store.write_profiles(profiles_path(), profiles)
    own_accuracy_path().write_text("\n".join(lines) + "\n")


def write_published_of(count: int, seed: int = 0) -> int:
    """Keep a published machine with invented speeds of the catalogue's tags; returns how many there are of `count`.

    Time follows MACs, with the scatter that it has on real machines.
    """
    chance = random.Random(seed)
    known = read_catalogue().dropna(subset=["top1", "macs"]).head(count)
    speeds = {
        (architecture_of(row.model_name), row.img_size): chance.lognormvariate(0, 0.7) for row in known.itertuples()
    }
    rows = [
        PublishedRow(
            machine="invented",
            part="inference",
            listed_as=architecture_of(row.model_name),
            architecture=architecture_of(row.model_name),
            model_name=row.model_name,
            img_size=row.img_size,
            seconds_per_image=row.macs / 5e12 * speeds[architecture_of(row.model_name), row.img_size],
            batch_size=256,
            param_count=row.param_count,
            macs=row.macs,
            activations=None,
            top1=row.top1,
            top5=row.top5,
            reason=None,
        )
        for row in known.itertuples()
    ]
    write_published(published_path(), rows)
    return len(rows)

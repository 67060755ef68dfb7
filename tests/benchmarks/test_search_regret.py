"""Tables as machines that a search is replayed on."""

from pathlib import Path

import numpy as np

from benchmarks.search_regret import random_limits, read_table, search_frontier
from tests.support.timm_results import I9, NAMES, RTX_4090, real_table, write


def test_a_table_becomes_a_space_without_its_own_speeds_in_the_prior() -> None:
    i9, rtx = (read_table(real_table(name), NAMES) for name in (I9, RTX_4090))
    assert len(i9.space) == len(i9.seconds) == 1083
    assert i9.space["cpu_seconds"].notna().all()
    assert rtx.space["gpu_seconds"].isna().all()
    resnet50 = rtx.space.index[(rtx.space["architecture"] == "resnet50") & (rtx.space["img_size"] == 224)]
    assert np.allclose(rtx.seconds[resnet50], 0.0001965, rtol=1e-3)
    limits = random_limits(i9, 4)
    assert [limit.max_param_count is None for limit in limits] == [True, False, True, False]
    assert all(i9.seconds.min() < limit.max_latency_s < i9.seconds.max() for limit in limits)


def test_a_search_of_a_small_table_of_another_layout_ends(tmp_path: Path) -> None:
    names = (
        "resnet18",
        "resnet34",
        "resnet50",
        "resnet101",
        "resnet152",
        "vgg11",
        "vgg16",
        "densenet121",
        "tv_resnet50",
    )
    rows = "\n".join(f"{name},{1000 / (i + 1)},256,224" for i, name in enumerate(names))
    path = write(tmp_path, "old.csv", f"model,infer_samples_per_sec,infer_batch_size,infer_img_size\n{rows}\n")
    table = read_table(path, NAMES)
    assert set(table.space["architecture"]) == set(names[:-1])
    figures, looks_s = search_frontier(table, 0)
    assert len(figures) == 2
    assert all(0 < found <= 1 and regret >= 0 for found, regret, _ in figures)
    assert looks_s

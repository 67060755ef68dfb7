"""timm's own result tables, where they are at hand, and small ones in the layouts of several years."""

from __future__ import annotations

from pathlib import Path

import pytest

from bakeoff_core.catalogue.published import PublishedRow, join_tables
from bakeoff_core.catalogue.timm_names import TimmModel, TimmModels
from bakeoff_core.catalogue.timm_results import read_results, read_speeds
from tests.support import places

DATA = places.DATA / "timm-results"

RESULTS = "results-imagenet.csv"
I9 = "benchmark-infer-fp32-nchw-pt240-cpu-i9_10940x-dynamo.csv"
I7 = "benchmark-infer-fp32-nchw-pt240-cpu-i7_12700h-dynamo.csv"
RTX_4090 = "benchmark-infer-amp-nhwc-pt240-cu124-rtx4090.csv"
TRAINING = "benchmark-train-amp-nhwc-pt112-cu113-rtx3090.csv"


def real_table(name: str) -> Path:
    """One of timm's own tables; the test is skipped where it is not at hand."""
    path = DATA / name
    if not path.exists():
        pytest.skip(f"timm's table is not at {path}; set BAKEOFF_TEST_DATA to the folder that holds timm-results")
    return path


TIMM = TimmModels(
    "1.0.31",
    (
        TimmModel("resnet50.a1_in1k", 224, 288, False, True),
        TimmModel("resnet50.tv_in1k", 224, None, False, False),
        TimmModel("resnet50.tv2_in1k", 176, 224, False, False),
        TimmModel("resnet50d.ra2_in1k", 224, 288, False, True),
        TimmModel("resnet18.a1_in1k", 224, 288, False, True),
        TimmModel("wide_resnet50_2.racm_in1k", 224, 288, False, True),
        TimmModel("vit_small_patch14_dinov2.lvd142m", 518, None, True, True),
        TimmModel("vit_nameless", 224, None, True, False),
    ),
)
"""A few of timm's names: default tags and others, a second size, a fixed size, a model without weights."""

NAMES = TimmModels(
    "1.0.31",
    tuple(
        TimmModel(name, 224, None, False, default, has_weights)
        for name, default, has_weights in (
            ("resnet50.a1_in1k", True, True),
            ("resnet50.tv_in1k", False, True),
            ("convnext_base.fb_in22k_ft_in1k", True, True),
            ("convnext_base.fb_in1k", False, True),
            ("vit_small_patch14_dinov2.lvd142m", True, True),
            ("mixer_s32_224", True, False),
            ("eva_giant_patch14_560.m30m_ft_in22k_in1k", True, True),
        )
    ),
    {"convnext_base_in22ft1k": "convnext_base.fb_in22k_ft_in1k", "tv_resnet50": "resnet50.tv_in1k", "gone_net": None},
)
"""A few of timm's names, three of them with a past."""

ACCURACIES = """\
model,img_size,top1,top1_err,top5,top5_err,param_count,crop_pct,interpolation
eva_giant_patch14_560.m30m_ft_in22k_in1k,560,89.790,10.210,98.990,1.010,"1,014.45",1.000,bicubic
convnext_base.fb_in22k_ft_in1k,224,85.814,14.186,97.856,2.144,88.59,0.875,bicubic
convnext_base.fb_in22k_ft_in1k,288,86.302,13.698,98.088,1.912,88.59,1.000,bicubic
convnext_base.fb_in1k,224,83.838,16.162,96.746,3.254,88.59,0.875,bicubic
resnet50.a1_in1k,224,80.382,19.618,94.598,5.402,25.56,0.950,bicubic
resnet50.tv_in1k,224,76.156,23.844,92.872,7.128,25.56,0.875,bilinear
"""
"""Accuracies in today's layout."""

OLD_ACCURACIES = """\
model,top1,top1_err,top5,top5_err,param_count,img_size,cropt_pct,interpolation
convnext_base_in22ft1k,85.820,14.180,97.866,2.134,88.59,224,0.875,bicubic
tv_resnet50,76.156,23.844,92.872,7.128,25.56,224,0.875,bilinear
resnet50,80.382,19.618,94.608,5.392,25.56,224,0.95,bicubic
"""
"""The same in the layout of 2022: other order, a slip in a column's name, no tags."""

SPEEDS = """\
model,infer_img_size,infer_samples_per_sec,infer_step_time,infer_batch_size,param_count,infer_gmacs,infer_macts
resnet50,224,"2,500.0",102.400,256,25.56,4.11,11.11
convnext_base,224,1000.0,256.0,256,88.59,15.38,28.75
eva_giant_patch14_560,560,"1,013.01",50.536,51,"1,014.45",1618.04,2577.17
vit_small_patch14_dinov2,518,200.0,320.0,64,22.06,46.76,198.79
mixer_s32_224,224,9000.0,28.4,256,19.1,1.0,2.28
resnet50,320,1250.0,204.8,256,25.56,8.4,22.7
"""
"""Inference in the layout of 2024."""

SPEEDS_OF_2021 = """\
model,infer_samples_per_sec,infer_step_time,infer_batch_size,infer_img_size,infer_gmacs,infer_macts,param_count
resnet50,2500.0,102.4,256,224,4.11,11.11,25.56
"""

SPEEDS_OF_2022 = """\
model,infer_samples_per_sec,infer_step_time,infer_batch_size,infer_img_size,param_count
resnet50,2500.0,102.4,256,224,25.56
"""

TRAINING_SPEEDS = """\
model,train_samples_per_sec,train_step_time,train_batch_size,train_img_size,param_count
resnet50,800.0,320.0,256,224,25.56
tv_resnet50,790.0,324.0,256,224,25.56
convnext_base_in22ft1k,100.0,1280.0,128,224,88.59
convnext_base,101.0,1267.3,128,224,88.59
gone_net,100.0,1280.0,128,224,10.0
never_heard_of,100.0,1280.0,128,224,10.0
"""

BOTH = """\
model,infer_samples_per_sec,infer_img_size,infer_batch_size,train_samples_per_sec,train_img_size,train_batch_size
resnet50,2500.0,224,256,800.0,224,128
"""
"""Inference and training in one table, as timm's script writes them when asked for both."""


def write(folder: Path, name: str, text: str) -> Path:
    """A table of one's own."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def joined(folder: Path, accuracies: str, speeds: str, names: TimmModels = NAMES) -> tuple[PublishedRow, ...]:
    """The rows of two tables, joined as those of one machine."""
    return join_tables(
        read_results(write(folder, "results.csv", accuracies)),
        read_speeds(write(folder, "benchmark.csv", speeds)),
        names,
        "box",
    )


def timms_names() -> TimmModels:
    """Every name of the installed timm, from the worker that lists them."""
    from bakeoff_core.models.timm_models import list_renamed_models, list_timm_models

    return TimmModels("installed", list_timm_models(), list_renamed_models())

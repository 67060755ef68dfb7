"""Wrote profiles-v1.parquet and -v2.parquet, by the code of each schema: `python -m tests.data.make_profiles FILE`.

Kept to show what is in the files. Don't run it over a committed file: a later version would write its own schema.
"""

import sys
from pathlib import Path

from bakeoff_core.profiling.store import export_profiles
from bakeoff_core.schema.profile import MeasurementWarning
from tests.support.examples import make_failure, make_profile, make_round

ROWS = (
    make_profile(),
    make_profile(
        "vit_tiny_patch16_224.augreg_in21k_ft_in1k",
        param_count=5_717_416,
        macs=None,
        latency_p99_s=0.05,
        warnings=(MeasurementWarning("load", 0.75), MeasurementWarning("one_process")),
        round_count=1,
        passes=3,
        rounds=(make_round((0.018, 0.019, 0.02), outside_cores=0.75, throttled_s=None, capped=True, steady=False),),
    ),
    make_failure("resnet51", error="timm has no model named 'resnet51'. Did you mean resnet50.a1_in1k?", img_size=None),
)

if __name__ == "__main__":
    export_profiles(Path("unused"), Path(sys.argv[1]), ROWS)

"""Multiply-accumulates that older versions counted wrongly, and the right ones.

Until LSTMs and convolutions with padding in words ("same") were counted, these architectures had too few; their rows in
a profile file are recognised by the very count and read with the right one, so that nothing has to be measured anew.

Not covered: other sizes than these networks' own, where a row has to be measured anew (`profile --force`).
"""

from __future__ import annotations

import pyarrow as pa

from bakeoff_core.catalogue.timm_names import architecture_of

MISCOUNTED: dict[tuple[str, int], tuple[int, int]] = {
    ("convmixer_768_32", 224): (19_546_748_928, 20_779_874_304),
    ("convmixer_1024_20_ks9_p14", 224): (5_545_631_744, 5_970_305_024),
    ("convmixer_1536_20", 224): (48_681_676_800, 51_229_716_480),
    ("sequencer2d_s", 224): (4_958_739_456, 8_356_125_696),
    ("sequencer2d_m", 224): (6_550_084_608, 11_079_932_928),
    ("sequencer2d_l", 224): (9_736_707_072, 16_531_479_552),
}
"""What was counted, and what it is, by architecture and image size in pixels."""


def recounted(model_name: str, img_size: int | None, macs: int | None) -> int | None:
    """Return the multiply-accumulates of one image, put right where an older version counted them wrongly.

    Args:
        model_name: timm's `arch.tag`.
        img_size: Height and width of the input in pixels; `None` where it is unknown.
        macs: What was counted; `None` where that is unknown.
    """
    wrong, right = MISCOUNTED.get((architecture_of(model_name), img_size), (None, None))
    return right if macs is not None and macs == wrong else macs


def recount(table: pa.Table) -> pa.Table:
    """Return a table of profiles with the counts put right; see `recounted`."""
    names = ("model_name", "img_size", "macs")
    if not set(names) <= set(table.column_names):
        return table
    rows = zip(*(table.column(name).to_pylist() for name in names), strict=True)
    at = table.column_names.index("macs")
    return table.set_column(at, table.field(at), pa.array([recounted(*row) for row in rows], pa.int64()))

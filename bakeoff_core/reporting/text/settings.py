"""What settings and deployments are called: in a sentence, in a choice, and in JSON.

Not covered: what a candidate is called (`reporting.text.names`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bakeoff_core.formatting import Escape, is_unknown
from bakeoff_core.schema.candidate import DEPLOYMENT_COLUMNS, PYTORCH, Deployment, Row
from bakeoff_core.schema.profile import GROUP_COLUMNS, SETTING_COLUMNS, Setting
from bakeoff_core.system.machine import this_machine

if TYPE_CHECKING:
    from bakeoff_core.selection.candidates import MeasuredSetting

RUNTIME_NAMES = {PYTORCH: "pytorch-eager"}
"""What people and JSON know a backend by, where that is not its name."""
_FIELD_NAMES = {"precision": "dtype", "backend": "runtime", "backend_version": "torch_version"}
"""What JSON calls columns of a deployment: commands and reports have had these names since before there were several
backends."""
_FIELDS = (*SETTING_COLUMNS, "precision", "backend", "backend_version", "timm_version")
"""Columns in the order that JSON has them."""


def runtime_name(backend: str) -> str:
    """Return what people and JSON know a backend by: `"pytorch-eager"`."""
    return RUNTIME_NAMES.get(backend, backend)


def setting_label(measured: MeasuredSetting) -> str:
    """Tell a setting from others, in few words: the usual values are left out."""
    setting, deployment, here = measured.setting, measured.deployment, this_machine()
    parts = ["This machine" if measured.is_this_machine else measured.machine_name]
    parts.append("GPU" if setting.device == "cuda" else _threads(setting.threads))
    parts += [f"batch {setting.batch_size}"] if setting.batch_size != 1 else []
    parts += [runtime_name(deployment.backend)] if deployment.backend != PYTORCH else []
    parts += [deployment.precision] if deployment.precision != "float32" else []
    is_todays = deployment.backend != PYTORCH or deployment.backend_version == here.torch_version
    if not is_todays or deployment.timm_version != here.timm_version:
        parts.append(", ".join(_versions(vars(deployment), str)))
    return " · ".join(parts)


def setting_description(measured: MeasuredSetting) -> str:
    """Say a whole setting, and how much was measured in it."""
    setting, deployment = measured.setting, measured.deployment
    device = "GPU" if setting.device == "cuda" else f"CPU with {_threads(setting.threads)}"
    what = [f"batch {setting.batch_size}", *_deployment_words(vars(deployment), str)]
    when = measured.last_measured_at.replace("T", " ").replace("Z", " UTC")
    rows = f"{measured.rows} row{'s' if measured.rows != 1 else ''}"
    last = f", the last of {when}" if when else ""
    return f"{measured.machine_name}: {device}, {', '.join(what)}. {rows}{last}."


def describe_setting(row: Row, escape: Escape = str) -> str:
    """Say where a row was measured: `"Ryzen 7, 2 cores: cpu, 2 threads, batch 1, float32, …"`.

    Args:
        row: A measured candidate, with `machine_name` and `schema.profile.GROUP_COLUMNS`.
        escape: Applied to each part that is text.

    Returns:
        One line; "not measured" for a row that has no setting.
    """
    if any(is_unknown(row.get(column)) for column in GROUP_COLUMNS):
        return "not measured"
    parts = [
        escape(str(row["device"])),
        _threads(int(row["threads"])),
        f"batch {int(row['batch_size'])}",
        *_deployment_words(row, escape),
    ]
    machine = row.get("machine_name")
    return f"{escape(str(row['machine_id'] if is_unknown(machine) else machine))}: {', '.join(parts)}"


def setting_differences(row: Row, other: Row, escape: Escape = str) -> str:
    """Name `row`'s setting by what sets it apart from `other`'s: `"EPYC 7763, 2 cores, 4 threads"`.

    Args:
        row: A row of the setting to name.
        other: A row of the setting the reader already knows.
        escape: Applied to each part that is text.

    Returns:
        The parts that differ, the machine by its name; "same setting" when none does.
    """
    words = {
        "threads": lambda value: f"{int(value)} threads",
        "batch_size": lambda value: f"batch {int(value)}",
        "backend": lambda value: escape(runtime_name(str(value))),
        "backend_version": lambda value: _version(row, escape),
        "timm_version": lambda value: f"timm {escape(str(value))}",
    }
    parts = []
    for column in _FIELDS:
        value, known = row.get(column), other.get(column)
        if is_unknown(value) or value == known:
            continue
        shown = row.get("machine_name") if column == "machine_id" else value
        parts.append(words.get(column, lambda v: escape(str(v)))(value if is_unknown(shown) else shown))
    return ", ".join(parts) or "same setting"


def group_json(setting: Setting, deployment: Deployment) -> dict[str, Any]:
    """Return a setting and a deployment as the fields that JSON has for them, in its order."""
    return rename_columns({name: (vars(setting) | vars(deployment))[name] for name in _FIELDS})


def rename_columns(row: Row) -> dict[str, Any]:
    """Return a row with the field names and the runtime that JSON has for the columns of a deployment."""
    renamed = {_FIELD_NAMES.get(name, name): value for name, value in row.items()}
    return renamed | ({"runtime": runtime_name(row["backend"])} if row.get("backend") else {})


def read_group(fields: Mapping[str, Any]) -> tuple[Setting, Deployment]:
    """Read a setting and a deployment from the fields that `group_json` made.

    Raises:
        KeyError, TypeError, ValueError: A field is missing or no such value.
    """
    values: dict[str, Any] = {name: str(fields[_FIELD_NAMES.get(name, name)]) for name in GROUP_COLUMNS}
    names = {runtime: backend for backend, runtime in RUNTIME_NAMES.items()}
    values["backend"] = names.get(values["backend"], values["backend"])
    values |= {name: int(fields[name]) for name in ("threads", "batch_size")}
    return (
        Setting(**{name: values[name] for name in SETTING_COLUMNS}),
        Deployment(**{name: values[name] for name in DEPLOYMENT_COLUMNS}),
    )


def _threads(count: int) -> str:
    return f"{count} thread{'s' if count != 1 else ''}"


def _deployment_words(row: Row, escape: Escape) -> list[str]:
    # The version of another backend says which it is.
    runtime = [escape(runtime_name(str(row["backend"])))] if row["backend"] == PYTORCH else []
    return [escape(str(row["precision"])), *runtime, *_versions(row, escape)]


def _versions(row: Row, escape: Escape) -> list[str]:
    return [_version(row, escape), f"timm {escape(str(row['timm_version']))}"]


def _version(row: Row, escape: Escape) -> str:
    backend = "torch" if row["backend"] == PYTORCH else escape(str(row["backend"]))
    return f"{backend} {escape(str(row['backend_version']))}"

"""Which hardware this is, what this process may use of it, and who else is using it.

The GPU is named without torch, so that the server can say which machine it shows. Quotas are read
because torch ignores them: a container limited to 2 of 64 cores would otherwise run 64 threads.

Not covered: macOS and Windows have no CPU quota to read; the load of a GPU is not watched.
"""

from __future__ import annotations

import functools
import hashlib
import math
import os
import platform
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import psutil

CGROUP_ROOT = Path("/sys/fs/cgroup")
CPU_TOPOLOGY = Path("/sys/devices/system/cpu")


@dataclass(frozen=True)
class Machine:
    """The hardware and the versions that every profile carries; fields as in `schema.profile.Profile`."""

    machine_id: str
    """Twelve hexadecimal digits over the hardware and, where the system has one, its machine id."""
    machine_name: str
    """The hardware in words."""
    cpu_name: str
    """Processor model."""
    cpu_count: int
    """Cores this process may use."""
    memory_bytes: int | None
    """Main memory."""
    gpu_name: str | None
    """First NVIDIA GPU, if any."""
    os_name: str
    """Operating system and release."""
    python_version: str
    """Version of this Python."""
    torch_version: str
    """Installed version, not imported."""
    timm_version: str
    """Installed version, not imported."""


@functools.cache
def this_machine() -> Machine:
    """Describe the machine this process runs on. Cached: hardware and versions don't change under a process."""
    cpu_name, cpu_count, gpu_name = _cpu_name(), usable_cores(), _gpu_name()
    memory_bytes = psutil.virtual_memory().total
    parts = [cpu_name, f"{cpu_count} core{'s' if cpu_count != 1 else ''}", f"{memory_bytes / 2**30:.0f} GiB"]
    machine_name = ", ".join([*parts, gpu_name] if gpu_name else parts)
    return Machine(
        machine_id=_fingerprint(machine_name, platform.machine(), _system_id()),
        machine_name=machine_name,
        cpu_name=cpu_name,
        cpu_count=cpu_count,
        memory_bytes=memory_bytes,
        gpu_name=gpu_name,
        os_name=f"{platform.system()} {platform.release()}",
        python_version=platform.python_version(),
        torch_version=metadata.version("torch"),
        timm_version=metadata.version("timm"),
    )


def usable_cores() -> int:
    """Return how many physical cores this process may use: the affinity mask, hyper-threads merged, and the quota.

    Returns:
        At least 1. A quota of 2.5 cores counts as 2: a third thread would be held back half of the time.
    """
    cores = _cores_in_affinity()
    quota = cpu_quota()
    return max(1, min(cores, math.floor(quota)) if quota is not None else cores)


def cpu_quota(root: Path = CGROUP_ROOT, membership: Path = Path("/proc/self/cgroup")) -> float | None:
    """Return the tightest CPU quota over this process's control groups, in cores; `None` without one.

    Reads version 2 (`cpu.max`) and version 1 (`cpu.cfs_quota_us`), from the process's own group up to the
    root (Linux: Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/cpuacct.rst).
    """
    quotas = [q for folder in _cgroup_folders(root, membership) if (q := _quota_of(folder)) is not None]
    return min(quotas, default=None)


def throttled_seconds(root: Path = CGROUP_ROOT, membership: Path = Path("/proc/self/cgroup")) -> float | None:
    """Return the seconds that CPU quotas have held this process's groups back so far; `None` where unknown.

    Each group counts only what its own quota did, so the levels are added up: a process may be held back by the quota
    of the pod around its container. Use the difference of two calls.
    """
    levels = [_key_values(folder / "cpu.stat") for folder in _cgroup_folders(root, membership)]
    seconds = [fields["throttled_usec"] / 1e6 for fields in levels if "throttled_usec" in fields]
    seconds += [fields["throttled_time"] / 1e9 for fields in levels if "throttled_time" in fields]
    return sum(seconds) if seconds else None


class LoadMeter:
    """How many cores other programs, and other guests of the host, keep busy beside this process.

    Only the cores in this process's affinity mask count. Where a quota leaves some of them unused by this process
    (2 of a host's 64), others may keep that many busy without taking anything away, and only what goes beyond is
    returned. The system's own counters tick in 10 ms, so windows under a few tenths of a second are coarse; the caller
    averages over all rounds of a model.
    """

    def __init__(self) -> None:
        self._spare = _cores_in_affinity() - usable_cores()
        self._process = psutil.Process()
        self._start = self._sample()

    def outside_cores(self) -> float | None:
        """Return the average number of cores that others kept busy since this meter was made, less the spare ones.

        Returns:
            Cores, at least 0; `None` where the system's counters did not advance.
        """
        before, now = self._start, self._sample()
        elapsed = now[0] - before[0]
        if elapsed <= 0:
            return None
        outside = ((now[1] - before[1]) - (now[2] - before[2])) / elapsed
        return max(0.0, outside - self._spare)

    def _sample(self) -> tuple[float, float, float]:
        """Seconds of: wall clock, all work on our cores, our own work."""
        cores = set(self._process.cpu_affinity()) if hasattr(self._process, "cpu_affinity") else None
        per_core = psutil.cpu_times(percpu=True)
        busy = sum(_busy_seconds(t) for i, t in enumerate(per_core) if cores is None or i in cores)
        own = self._process.cpu_times()
        return time.monotonic(), busy, own.user + own.system


def _busy_seconds(times: object) -> float:
    """Seconds a core did anything, or was taken away by the host (`steal`). Guest time is part of `user`."""
    names = ("user", "nice", "system", "irq", "softirq", "steal")
    return sum(getattr(times, name, 0.0) for name in names)


def _cores_in_affinity() -> int:
    if not hasattr(os, "sched_getaffinity"):
        return psutil.cpu_count(logical=False) or os.cpu_count() or 1
    mask = os.sched_getaffinity(0)
    cores = set()
    for cpu in mask:
        try:
            cores.add((CPU_TOPOLOGY / f"cpu{cpu}" / "topology" / "thread_siblings_list").read_text().strip())
        except OSError:
            cores.add(str(cpu))
    return len(cores)


def _cgroup_folders(root: Path, membership: Path) -> list[Path]:
    """Folders of this process's CPU control groups, innermost first; inside a container often just the root."""
    try:
        lines = membership.read_text().splitlines()
    except OSError:
        return []
    folders: list[Path] = []
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers and "cpu" not in controllers.split(","):
            continue
        bases = [root / controllers, root / "cpu"] if controllers else [root]
        parts = [p for p in path.split("/") if p and p != ".."]
        folders += [base.joinpath(*parts[:depth]) for base in bases for depth in range(len(parts), -1, -1)]
    # `cpu` is often a link to `cpu,cpuacct`, and a group must not count twice.
    return list(dict.fromkeys(folder.resolve() for folder in folders if folder.is_dir()))


def _quota_of(folder: Path) -> float | None:
    try:
        if (folder / "cpu.max").exists():
            limit, period = (folder / "cpu.max").read_text().split()
        else:
            limit = (folder / "cpu.cfs_quota_us").read_text().strip()
            period = (folder / "cpu.cfs_period_us").read_text().strip()
        return None if limit in ("max", "-1") else int(limit) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        return None


def _key_values(path: Path) -> dict[str, int]:
    try:
        pairs = (line.split() for line in path.read_text().splitlines())
        return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2}
    except (OSError, ValueError):
        return {}


def _cpu_name() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.lower().startswith(("model name", "hardware", "cpu model")):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    if sys.platform == "darwin" and (name := _output_of("sysctl", "-n", "machdep.cpu.brand_string")):
        return name
    return platform.processor() or platform.machine() or "unknown processor"


def _gpu_name() -> str | None:
    for path in sorted(Path("/proc/driver/nvidia/gpus").glob("*/information")):
        for line in path.read_text().splitlines():
            if line.startswith("Model:"):
                return line.partition(":")[2].strip()
    lines = (_output_of("nvidia-smi", "--query-gpu=name", "--format=csv,noheader") or "").splitlines()
    return lines[0].strip() if lines else None


def _output_of(*command: str) -> str | None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None


def _system_id() -> str:
    """The installation's own id; it tells two machines of one model apart. Only its hash is ever stored."""
    for path in (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id")):
        try:
            return path.read_text().strip()
        except OSError:
            continue
    return ""


def _fingerprint(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]

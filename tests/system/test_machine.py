"""Quotas of both cgroup versions, cores, the fingerprint and the load meter, on trees and samples made up here."""

from collections import namedtuple
from pathlib import Path

import pytest

from bakeoff_core.system import machine
from bakeoff_core.system.machine import LoadMeter, cpu_quota, this_machine, throttled_seconds, usable_cores

CpuTimes = namedtuple("CpuTimes", "user nice system idle iowait irq softirq steal", defaults=(0.0,) * 8)


def tree(root: Path, **files: str) -> Path:
    """Write files below `root`; double underscores stand for the slashes of their paths."""
    for name, content in files.items():
        path = root / name.replace("__", "/").replace("cpu_max", "cpu.max").replace("cpu_stat", "cpu.stat").replace(
            "cpu_cfs", "cpu.cfs"
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


def membership(folder: Path, text: str) -> Path:
    path = folder / "membership"
    path.write_text(text)
    return path


# --- quotas ----------------------------------------------------------------------------------------------------------


def test_a_version_2_quota_is_limit_over_period(tmp_path: Path) -> None:
    root = tree(tmp_path / "fs", cpu_max="250000 100000\n")
    assert cpu_quota(root, membership(tmp_path, "0::/\n")) == 2.5


def test_max_is_no_quota(tmp_path: Path) -> None:
    root = tree(tmp_path / "fs", cpu_max="max 100000\n")
    assert cpu_quota(root, membership(tmp_path, "0::/\n")) is None


def test_the_tightest_quota_on_the_way_to_the_root_counts(tmp_path: Path) -> None:
    root = tree(
        tmp_path / "fs",
        cpu_max="max 100000",
        pod__cpu_max="150000 100000",
        pod__box__cpu_max="400000 100000",
        other__cpu_max="10000 100000",
    )
    assert cpu_quota(root, membership(tmp_path, "0::/pod/box\n")) == 1.5


def test_a_path_from_outside_the_container_leads_to_the_root_that_is_mounted(tmp_path: Path) -> None:
    root = tree(tmp_path / "fs", cpu_max="300000 100000")
    assert cpu_quota(root, membership(tmp_path, "0::/kubepods/pod7/box\n")) == 3.0


def test_a_path_cannot_lead_out_of_the_root(tmp_path: Path) -> None:
    root = tree(tmp_path / "fs", cpu_max="max 100000")
    tree(tmp_path, cpu_max="100000 100000")
    assert cpu_quota(root, membership(tmp_path, "0::/../..\n")) is None


def test_a_version_1_quota_is_quota_over_period(tmp_path: Path) -> None:
    root = tree(
        tmp_path / "fs",
        **{"cpu,cpuacct__box__cpu_cfs_quota_us": "50000\n", "cpu,cpuacct__box__cpu_cfs_period_us": "100000\n"},
    )
    lines = "5:memory:/box\n4:cpu,cpuacct:/box\n1:name=systemd:/box\n"
    assert cpu_quota(root, membership(tmp_path, lines)) == 0.5


def test_minus_one_is_no_quota(tmp_path: Path) -> None:
    root = tree(tmp_path / "fs", cpu__cpu_cfs_quota_us="-1\n", cpu__cpu_cfs_period_us="100000\n")
    assert cpu_quota(root, membership(tmp_path, "1:cpu:/\n")) is None


def test_the_quota_of_another_controller_is_none_of_ours(tmp_path: Path) -> None:
    root = tree(tmp_path / "fs", cpuset__cpu_cfs_quota_us="50000", cpuset__cpu_cfs_period_us="100000")
    assert cpu_quota(root, membership(tmp_path, "3:cpuset:/\n")) is None


@pytest.mark.parametrize("content", ["", "100000", "a lot", "100000 0", "1 2 3"])
def test_a_broken_quota_file_is_no_quota(tmp_path: Path, content: str) -> None:
    root = tree(tmp_path / "fs", cpu_max=content)
    assert cpu_quota(root, membership(tmp_path, "0::/\n")) is None


def test_where_nothing_is_mounted_there_is_no_quota(tmp_path: Path) -> None:
    assert cpu_quota(tmp_path / "nowhere", membership(tmp_path, "0::/\n")) is None
    assert cpu_quota(tmp_path, tmp_path / "no-membership") is None


# --- throttling ------------------------------------------------------------------------------------------------------


def test_throttling_of_every_level_is_added_up(tmp_path: Path) -> None:
    # A group counts only what its own quota did: the box was never held back, the pod around it was.
    root = tree(
        tmp_path / "fs",
        pod__cpu_stat="usage_usec 9\nthrottled_usec 2500000\n",
        pod__box__cpu_stat="usage_usec 9\nthrottled_usec 500000\n",
    )
    assert throttled_seconds(root, membership(tmp_path, "0::/pod/box\n")) == 3.0


def test_version_1_counts_throttling_in_nanoseconds(tmp_path: Path) -> None:
    root = tree(tmp_path / "fs", cpu__cpu_stat="nr_periods 1\nthrottled_time 1500000000\n")
    assert throttled_seconds(root, membership(tmp_path, "1:cpu:/\n")) == 1.5


def test_a_group_reached_by_two_names_counts_once(tmp_path: Path) -> None:
    root = tree(tmp_path / "fs", **{"cpu,cpuacct__cpu_stat": "throttled_time 1000000000\n"})
    (root / "cpu").symlink_to("cpu,cpuacct")
    assert throttled_seconds(root, membership(tmp_path, "1:cpu,cpuacct:/\n")) == 1.0


def test_throttling_is_unknown_where_nothing_counts_it(tmp_path: Path) -> None:
    root = tree(tmp_path / "fs", cpu_stat="usage_usec 9\n")
    assert throttled_seconds(root, membership(tmp_path, "0::/\n")) is None


# --- cores -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def four_cores_of_two_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Logical processors 0 to 7; 0 and 4 are one core, 1 and 5 the next, and so on."""
    for cpu in range(8):
        siblings = tmp_path / "cpus" / f"cpu{cpu}" / "topology" / "thread_siblings_list"
        siblings.parent.mkdir(parents=True)
        siblings.write_text(f"{cpu % 4},{cpu % 4 + 4}\n")
    monkeypatch.setattr(machine, "CPU_TOPOLOGY", tmp_path / "cpus")
    monkeypatch.setattr(machine.os, "sched_getaffinity", lambda pid: set(range(8)))


@pytest.mark.parametrize(
    ("mask", "quota", "cores"),
    [
        (range(8), None, 4),  # hyper-threads are merged
        ({0, 4}, None, 1),
        ({0, 1, 2}, None, 3),
        (range(8), 2.5, 2),  # a third thread would be held back half of the time
        (range(8), 64.0, 4),
        ({0, 1}, 3.0, 2),
        (range(8), 0.5, 1),
    ],
)
def test_usable_cores_are_the_lesser_of_affinity_and_quota(
    mask, quota, cores, four_cores_of_two_threads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine.os, "sched_getaffinity", lambda pid: set(mask))
    monkeypatch.setattr(machine, "cpu_quota", lambda: quota)
    assert usable_cores() == cores


def test_processors_without_a_topology_count_one_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "CPU_TOPOLOGY", tmp_path / "nothing")
    monkeypatch.setattr(machine, "cpu_quota", lambda: None)
    monkeypatch.setattr(machine.os, "sched_getaffinity", lambda pid: {0, 1, 2})
    assert usable_cores() == 3


# --- which machine ---------------------------------------------------------------------------------------------------


@pytest.fixture
def made_up_machine(monkeypatch: pytest.MonkeyPatch):
    """Describe this process's machine as if it had the given processor, cores, GPU and system id."""

    def describe(cpu: str = "Example CPU", cores: int = 2, gpu: str | None = None, system: str = "id"):
        monkeypatch.setattr(machine, "_cpu_name", lambda: cpu)
        monkeypatch.setattr(machine, "usable_cores", lambda: cores)
        monkeypatch.setattr(machine, "_gpu_name", lambda: gpu)
        monkeypatch.setattr(machine, "_system_id", lambda: system)
        return this_machine.__wrapped__()

    return describe


def test_the_fingerprint_of_a_machine_stays_the_same(made_up_machine) -> None:
    assert made_up_machine() == made_up_machine()


@pytest.mark.parametrize(
    "change", [{"cpu": "Another CPU"}, {"cores": 4}, {"gpu": "NVIDIA T4"}, {"system": "another installation"}]
)
def test_other_hardware_or_another_installation_has_another_fingerprint(made_up_machine, change: dict) -> None:
    assert made_up_machine(**change).machine_id != made_up_machine().machine_id


def test_the_fingerprint_does_not_give_the_systems_own_id_away(made_up_machine) -> None:
    described = made_up_machine(system="4f9c1e0d")
    assert "4f9c1e0d" not in repr(described)
    assert len(described.machine_id) == 12
    int(described.machine_id, 16)


def test_a_machine_is_named_by_its_processor_cores_memory_and_gpu(made_up_machine) -> None:
    assert made_up_machine(cores=1).machine_name.startswith("Example CPU, 1 core, ")
    assert made_up_machine(gpu="NVIDIA T4").machine_name.endswith(" GiB, NVIDIA T4")


def test_this_machine_can_be_described() -> None:
    described = this_machine()
    assert described.cpu_count == usable_cores() >= 1
    assert described.memory_bytes > 0
    assert described.torch_version and described.timm_version


# --- load ------------------------------------------------------------------------------------------------------------


class FakeSystem:
    """Stands in for psutil and the clock: a window of ten seconds on `cores` processors."""

    def __init__(self, cores: int, after: dict[int, CpuTimes], own: float, seconds: float = 10.0) -> None:
        idle = CpuTimes(user=100.0)
        self._per_core = [
            [idle] * cores,
            [CpuTimes(*map(sum, zip(idle, after.get(n, CpuTimes()), strict=True))) for n in range(cores)],
        ]
        self._own, self._clock = [50.0, 50.0 + own], [7.0, 7.0 + seconds]
        self.affinity = list(range(cores))
        self.looks = -1

    def cpu_times(self, percpu: bool) -> list[CpuTimes]:
        self.looks += 1
        return self._per_core[self.looks]

    def Process(self) -> "FakeSystem.Own":  # noqa: N802  (psutil's name)
        return self.Own(self)

    def monotonic(self) -> float:
        return self._clock[self.looks]

    class Own:
        """This process."""

        def __init__(self, system: "FakeSystem") -> None:
            self._system = system

        def cpu_affinity(self) -> list[int]:
            return self._system.affinity

        def cpu_times(self) -> object:
            return namedtuple("Own", "user system")(self._system._own[self._system.looks], 0.0)


@pytest.fixture
def outside_cores(monkeypatch: pytest.MonkeyPatch):
    """Put a made-up system in psutil's place and read the meter once."""

    def read(system: FakeSystem, spare: int = 0) -> float | None:
        monkeypatch.setattr(machine, "psutil", system)
        monkeypatch.setattr(machine, "time", system)
        monkeypatch.setattr(machine, "_cores_in_affinity", lambda: len(system.affinity))
        monkeypatch.setattr(machine, "usable_cores", lambda: len(system.affinity) - spare)
        return LoadMeter().outside_cores()

    return read


def test_own_work_is_no_load(outside_cores) -> None:
    assert outside_cores(FakeSystem(2, {0: CpuTimes(user=9.0), 1: CpuTimes(system=8.0)}, own=17.0)) == 0.0


def test_a_hog_shows_as_one_core(outside_cores) -> None:
    busy = {0: CpuTimes(user=10.0), 1: CpuTimes(user=8.0, system=2.0)}
    assert outside_cores(FakeSystem(2, busy, own=10.0)) == pytest.approx(1.0)


def test_time_stolen_by_the_host_is_load(outside_cores) -> None:
    assert outside_cores(FakeSystem(2, {0: CpuTimes(user=10.0), 1: CpuTimes(steal=5.0)}, own=10.0)) == pytest.approx(
        0.5
    )


def test_waiting_for_a_disk_is_no_load(outside_cores) -> None:
    assert outside_cores(FakeSystem(2, {1: CpuTimes(idle=3.0, iowait=7.0)}, own=0.0)) == 0.0


def test_processors_outside_the_affinity_do_not_count(outside_cores) -> None:
    system = FakeSystem(4, {0: CpuTimes(user=4.0), 3: CpuTimes(user=10.0)}, own=4.0)
    system.affinity = [0, 1]
    assert outside_cores(system) == 0.0


def test_cores_that_a_quota_leaves_unused_are_not_taken_away_by_others(outside_cores) -> None:
    # Two of eight cores are ours by quota. Others on five leave us ours; on seven and a half they take one and a half.
    five = {n: CpuTimes(user=10.0) for n in range(5)}
    crowd = {n: CpuTimes(user=10.0) for n in range(7)} | {7: CpuTimes(user=5.0)}
    assert outside_cores(FakeSystem(8, five, own=0.0), spare=6) == 0.0
    assert outside_cores(FakeSystem(8, crowd, own=0.0), spare=6) == pytest.approx(1.5)


def test_load_is_never_negative(outside_cores) -> None:
    # The counters tick: own work may be booked before the system's.
    assert outside_cores(FakeSystem(2, {0: CpuTimes(user=9.9)}, own=10.0)) == 0.0


def test_load_is_unknown_over_no_time(outside_cores) -> None:
    assert outside_cores(FakeSystem(2, {}, own=0.0, seconds=0.0)) is None


def test_the_meter_works_on_the_system_this_runs_on() -> None:
    meter = LoadMeter()
    sum(range(2_000_000))
    assert meter.outside_cores() >= 0.0

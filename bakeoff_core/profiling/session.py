"""Models measured on this machine for one job: looked up, timed in fresh processes, kept in the store.

Never imports torch: models live in children of a fork server that has torch and timm loaded, so a fresh process costs
milliseconds. Not covered: which model comes when (the workers), and what becomes of a row (`profiling.rows`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from bakeoff_core.catalogue.accuracies import resolve_model_name
from bakeoff_core.catalogue.timm_names import TimmModels, read_timm_models, write_timm_models
from bakeoff_core.errors import UnknownModelError
from bakeoff_core.jobs.isolation import START_GRACE_S, ChildFailure, call, fork_server
from bakeoff_core.jobs.worker import log
from bakeoff_core.profiling import store
from bakeoff_core.profiling.progress import MeasuredModel
from bakeoff_core.profiling.request import MeasureSpec
from bakeoff_core.profiling.rows import blank_profile, fold, most_disturbed, share_spread, with_quieter
from bakeoff_core.schema.profile import Profile, Round
from bakeoff_core.system.files import utc_now
from bakeoff_core.system.machine import this_machine
from bakeoff_core.system.paths import profiles_path, timm_models_path

ROUND, TIMM_MODELS = "bakeoff_core.profiling.round", "bakeoff_core.models.timm_models"
"""Where the children's tasks are; never imported here."""


@dataclass(frozen=True)
class Effort:
    """What one round of a model may cost."""

    passes: int
    """Timed passes at least."""
    min_seconds: float
    """Seconds of timing at least; 0 makes exactly `passes`."""
    cap_s: float
    """Seconds of warm-up, and again of timing, after which no further pass is begun."""
    limit_s: float
    """Seconds after which the process is ended, whatever it is at: the model counts as failed then."""


class MeasuringSession:
    """What measures models one after another, and keeps their rows."""

    def __init__(self, spec: MeasureSpec) -> None:
        """Load PyTorch and timm in a process to fork from, list timm's names, and read what is stored.

        Args:
            spec: How to measure; its models are not looked at.

        Raises:
            BakeoffError: Nothing can be measured on the device asked for.
        """
        self.spec = spec
        self._effort = Effort(
            -(-spec.passes // spec.rounds), spec.min_seconds, spec.cap_s, START_GRACE_S + 4 * spec.cap_s
        )
        self._context = fork_server(
            [ROUND, TIMM_MODELS, "bakeoff_core.catalogue.accuracies", "bakeoff_core.profiling.store"]
        )
        self.known = listed_models(self._context)
        """timm's names."""
        asked = spec.device
        self.device = call(self._context, f"{TIMM_MODELS}:pick_device", asked) if asked != "cpu" else "cpu"
        """`cpu` or `cuda`: where it measures."""
        self._stored = {store.profile_key(p): p for p in store.read_profiles(profiles_path())}

    def entry(self, name: str, img_size: int | None = None) -> MeasuredModel:
        """Resolve a name, and look up what is stored of it.

        Args:
            name: As the user gave it; a plain architecture means timm's default tag.
            img_size: Input size; `None` takes the spec's, or else the model's own.

        Returns:
            The model's way through the job, with as many rounds left as the spec wants and the store lacks; one whose
            name nobody knows has an error and none left.
        """
        return find_entry(name, img_size or self.spec.img_size, self.spec, self.known, self.device, self._stored)

    def measure(self, entry: MeasuredModel, effort: Effort | None = None) -> None:
        """Measure one round of a model in a fresh process and fold it into its row; a failure is the row's error.

        Args:
            entry: The model.
            effort: What the round may cost; `None` takes the spec's.
        """
        profile = entry.profile
        try:
            measured, counts = self._round(profile, effort)
        except ChildFailure as err:
            log(f"{profile.model_name}: {err}\n{err.details}")
            entry.profile = replace(profile, error=str(err), measured_at=utc_now())
            return
        entry.profile = fold(profile, measured, counts)
        entry.rounds_left -= 1
        entry.measured_here = True

    def add_round(self, entry: MeasuredModel) -> None:
        """Measure one more round of a model that has its rounds, and keep it.

        A round that fails now did not fail before, so it changes nothing.
        """
        if (measured := self._another(entry)) is not None:
            entry.profile = fold(entry.profile, measured, None)
            entry.measured_here = True
            self.keep([entry])

    def repeat(self, entry: MeasuredModel) -> None:
        """Make a model's most disturbed round again; it takes that one's place, and is kept, where it was quieter.

        A round that fails now did not fail before, so it changes nothing.
        """
        at = most_disturbed(entry.profile)
        if at is not None and (measured := self._another(entry)) is not None:
            entry.profile = with_quieter(entry.profile, at, measured)
            self.keep([entry])

    def keep(self, entries: Sequence[MeasuredModel]) -> None:
        """Write rows to the store, over those of the same keys.

        Raises:
            BakeoffError: They can't be written.
        """
        store.write_profiles(profiles_path(), [entry.profile for entry in entries])

    def share_spread(self, entries: Sequence[MeasuredModel]) -> None:
        """Work out anew the intervals of all stored rows that were measured as these were; see `rows.share_spread`.

        Raises:
            BakeoffError: They can't be written.
        """
        for group in {(e.profile.setting, e.profile.deployment) for e in entries}:
            stored = store.read_profiles(profiles_path())
            rows = [profile for profile in stored if (profile.setting, profile.deployment) == group]
            store.write_profiles(profiles_path(), share_spread(rows))

    def neighbours(self, entries: Sequence[MeasuredModel]) -> list[Profile]:
        """Return the stored rows that were measured as these were, without theirs."""
        groups = {(e.profile.setting, e.profile.deployment) for e in entries}
        own = {store.profile_key(e.profile) for e in entries}
        return [
            profile
            for key, profile in self._stored.items()
            if key not in own and (profile.setting, profile.deployment) in groups
        ]

    def _another(self, entry: MeasuredModel) -> Round | None:
        """Measure a round beyond those that were asked for; `None` where it fails, which the log says."""
        try:
            return self._round(entry.profile)[0]
        except ChildFailure as err:
            log(f"{entry.profile.model_name}, another round: {err}\n{err.details}")
            return None

    def _round(self, profile: Profile, effort: Effort | None = None) -> tuple[Round, dict[str, int | None] | None]:
        """Measure one round in a fresh process; raises `ChildFailure`."""
        effort = effort or self._effort
        request = {
            "model_name": profile.model_name,
            "img_size": profile.img_size,
            "batch_size": profile.batch_size,
            "threads": profile.threads,
            "device": profile.device,
            "precision": profile.precision,
            "backend": profile.backend,
            "passes": effort.passes,
            "min_seconds": effort.min_seconds,
            "cap_s": effort.cap_s,
            "count": profile.param_count is None,
        }
        return call(self._context, f"{ROUND}:measure_round", request, timeout_s=effort.limit_s)


def find_entry(
    name: str, img_size: int | None, spec: MeasureSpec, known: TimmModels, device: str, stored: dict[tuple, Profile]
) -> MeasuredModel:
    """Resolve a name, and look up what is cached of it among the stored profiles, given by their keys."""
    blank = replace(blank_profile(name, spec, device), img_size=img_size)
    try:
        full_name = resolve_model_name(name, known)
    except UnknownModelError as err:
        return MeasuredModel(replace(blank, error=str(err), measured_at=utc_now()), rounds_left=0)
    blank = replace(blank, model_name=full_name, img_size=img_size or known.find(full_name).img_size)
    cached = stored.get(store.profile_key(blank))
    if cached is None or cached.latency_p50_s is None:
        return MeasuredModel(blank, spec.rounds)
    if spec.force:
        return MeasuredModel(blank, spec.rounds, save_early=False)
    return MeasuredModel(cached, max(0, spec.rounds - len(cached.rounds)))


def listed_models(context: Any) -> TimmModels:
    """Return timm's names, from the file of this timm version, which is written here where it is missing."""
    known = read_timm_models(timm_models_path())
    if known is None:
        listed, renamed = (
            call(context, f"{TIMM_MODELS}:{name}") for name in ("list_timm_models", "list_renamed_models")
        )
        known = TimmModels(this_machine().timm_version, listed, renamed)
        write_timm_models(timm_models_path(), known)
    return known

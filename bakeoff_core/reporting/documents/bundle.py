"""The report of what is here, with its sections about runs, and the zip of it: what leaves the product.

Shared by the command line and the download buttons. Not covered: the report itself (see `reporting.documents.report`).
"""

from __future__ import annotations

import contextlib
import io
import time
import zipfile
from collections.abc import Iterable, Sequence

from bakeoff_core import __version__
from bakeoff_core.errors import BakeoffError
from bakeoff_core.finetuning.comparison.records import Comparison
from bakeoff_core.finetuning.comparison.request import list_comparisons
from bakeoff_core.finetuning.results import read_finished_runs
from bakeoff_core.profiling import store as profiling_store
from bakeoff_core.ranking.records import Ranking
from bakeoff_core.ranking.request import find_in, list_rankings
from bakeoff_core.reporting.documents.finetuning_section import runs_section, runs_to_report
from bakeoff_core.reporting.documents.report import decision_report, pretraining_section
from bakeoff_core.reporting.figures.frontier_svg import frontier_svg
from bakeoff_core.reporting.text.comparison import comparison_section
from bakeoff_core.reporting.text.ranking import ranking_section
from bakeoff_core.schema.decision import Decision
from bakeoff_core.schema.metrics import ACCURACY, METRICS
from bakeoff_core.selection.candidates import View
from bakeoff_core.selection.pareto import annotate
from bakeoff_core.system.paths import profiles_path


def report_text(
    view: View, decision: Decision, *, svg_name: str | None = None, sections: Iterable[Sequence[str]] = ()
) -> str:
    """Return the decision report of a view as Markdown, dated now, with the fine-tuning runs there are of it.

    Args:
        view: What was decided on.
        decision: What follows.
        svg_name: File name of the picture beside the report, or `None` for none.
        sections: Further sections to put before those of the runs; see `reporting.documents.report.decision_report`.
    """
    runs = runs_to_report(read_finished_runs(), decision, view.candidates)
    models = {run.model_name for run in runs}
    return decision_report(
        annotate(view.candidates, _frontier_cost(decision)),
        decision,
        created_at=time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        product_version=__version__,
        svg_name=svg_name,
        source=view.source,
        chosen=view.chosen,
        pretraining_class=view.pretraining_class,
        sections=[
            *sections,
            pretraining_section(view.pretraining_counts, view.pretraining_class, view.source),
            runs_section(runs, chosen=view.chosen),
            *_comparison_sections(models),
            *_ranking_sections(set(view.candidates["model_name"])),
        ],
    )


def _comparison_sections(models: set[str]) -> list[list[str]]:
    """The newest finished comparison of each of the models on each data set, as sections of a report."""
    newest: dict[tuple[str, str], Comparison] = {}
    for found in list_comparisons():
        with contextlib.suppress(BakeoffError):  # another version's; the page says so where it lists them
            comparison = found.result()
            if comparison is not None and comparison.model_name in models:
                newest.setdefault((comparison.model_name, comparison.dataset_title), comparison)
    return [comparison_section(comparison).rstrip().split("\n") for comparison in newest.values()]


def _ranking_sections(models: set[str]) -> list[list[str]]:
    """The newest ranking of any of the models on each set of images, by what the heads learned from, as sections.

    One by another metric is another one.
    """
    newest: dict[tuple[str, ...], Ranking] = {}
    for found in list_rankings():
        with contextlib.suppress(BakeoffError):  # another version's
            ranking = found.result()
            if ranking is not None and models.intersection(row.model_name for row in ranking.ranked()):
                newest.setdefault((ranking.content_key, ranking.train_on, ranking.metric), ranking)
    return [
        ranking_section(ranking, find_in(ranking), _heading(ranking)).rstrip().split("\n")
        for ranking in newest.values()
    ]


def _heading(ranking: Ranking) -> str:
    """That of a ranking's section; it tells several of the same images apart."""
    by = "" if ranking.metric == ACCURACY else f", by {METRICS[ranking.metric].title}"
    return f"## Ranked on your own images{by}"


def report_bundle(view: View, decision: Decision, *, sections: Iterable[Sequence[str]] = ()) -> bytes:
    """Return a zip of the report, the frontier as SVG and the profiles it rests on; arguments as `report_text`."""
    cost = _frontier_cost(decision)
    group = (view.measured.setting, view.measured.deployment)
    stored = profiling_store.read_profiles(profiles_path())
    profiles = [profile for profile in stored if (profile.setting, profile.deployment) == group]
    text = report_text(view, decision, svg_name="frontier.svg", sections=sections)
    picture = frontier_svg(annotate(view.candidates, cost), decision, cost=cost, source=view.source)
    return pack(text, picture, profiling_store.to_parquet(profiles))


def _frontier_cost(decision: Decision) -> str:
    """The horizontal axis that a decision is about: its cost where it looks for the cheapest, else latency."""
    return decision.cost if decision.rule == "cheapest" else "latency"


def pack(report_markdown: str, svg: str, parquet: bytes) -> bytes:
    """Pack a report, its picture and its data into one zip; equal input gives equal bytes.

    Args:
        report_markdown: Becomes `report.md`.
        svg: Becomes `frontier.svg`; give `reporting.documents.report.decision_report` this name.
        parquet: Becomes `profiles.parquet`.
    """
    files = {"report.md": report_markdown.encode(), "frontier.svg": svg.encode(), "profiles.parquet": parquet}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))  # the earliest a zip can say
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system, entry.external_attr = 3, 0o644 << 16  # readable wherever it is unpacked
            archive.writestr(entry, content)
    return packed.getvalue()

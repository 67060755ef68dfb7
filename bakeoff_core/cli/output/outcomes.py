"""How a run, a comparison or a ranking ended, in print, and the exit code that says it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from bakeoff_core import formatting
from bakeoff_core.cli.output.console import print_json, remark
from bakeoff_core.cli.output.tables import text_table
from bakeoff_core.datasets.metrics.sentences import hidden_class
from bakeoff_core.finetuning.comparison.request import read_comparison
from bakeoff_core.finetuning.request import NO_BALANCE, Run
from bakeoff_core.finetuning.results import read_run, summarise_run
from bakeoff_core.jobs import kinds
from bakeoff_core.jobs.manager import read_job
from bakeoff_core.jobs.records import Job
from bakeoff_core.ranking.records import Ranking
from bakeoff_core.ranking.request import find_in, read_ranking, summarise_ranking
from bakeoff_core.reporting.documents.json import summarise_comparison
from bakeoff_core.reporting.text.images import copies_offer, skipped_sentences
from bakeoff_core.reporting.text.metrics import balance_offer
from bakeoff_core.reporting.text.ranking import how_measured, interval_of, other_notes, ranking_sentences
from bakeoff_core.schema.metrics import ACCURACY, METRICS, Difference, parse_scores
from bakeoff_core.schema.parsing import parse_record


def require_training(job_id: str) -> str:
    """Return the id of a run, a comparison or a ranking.

    Raises:
        BakeoffError: There is no such job, or it is of another kind.
    """
    readers = {
        kinds.COMPARISON.key: read_comparison,
        kinds.RANKING.key: read_ranking,
    }
    return readers.get(read_job(job_id).kind, read_run)(job_id).job.job_id


def show_outcome(job: Job, as_json: bool) -> int:
    """Print how a run, a comparison or a ranking ended, and return the exit code."""
    if job.kind == kinds.RANKING.key:
        return show_ranking(job.job_id, as_json)
    if job.kind == kinds.COMPARISON.key:
        return show_comparison(job, as_json)
    return show_run(job, as_json)


def show_run(job: Job, as_json: bool) -> int:
    """Print how a run ended, and return the exit code."""
    run = read_run(job.job_id)
    summary, results = summarise_run(run), run.results() or {}
    if as_json:
        print_json(summary)
    else:
        print(run_line(summary))
        for sentence in _hidden(results):
            print(sentence)
    _remark_images(run)
    remark(job.status.get("message") or job.state)
    return 0 if job.state == "done" else 1


def _hidden(results: dict[str, Any]) -> list[str]:
    """What accuracy hides in a run's results, and what may help; empty for those that do not tell."""
    try:
        over_balanced = parse_record(Difference, results["accuracy_over_balanced"])
        said = hidden_class(parse_scores(results["scores"]), over_balanced, results["by_class"])
    except (AttributeError, KeyError, TypeError, ValueError):
        return []
    return [sentence for sentence in (said, balance_offer(results.get("balance", NO_BALANCE))) if sentence and said]


def _remark_images(run: Run) -> None:
    """Say what a reader of a run's result must know of its images."""
    results = run.results() or {}
    notes = results.get("notes")
    for note in notes if isinstance(notes, list | tuple) else ():
        if isinstance(note, str):
            remark(note)
    for sentence in (*copies_offer(results.get("copies")), *skipped_sentences(run.job.status)):
        remark(sentence)


def show_comparison(job: Job, as_json: bool) -> int:
    """Print what a comparison says; the exit code is 0 where each of its runs got there."""
    found = read_comparison(job.job_id)
    summary = summarise_comparison(found)
    if as_json:
        print_json(summary)
    else:
        for run in summary["runs"]:
            print(run_line(run))
        for sentence in summary["sentences"]:
            print(sentence)
    told = [run for run in found.runs() if run.results()]
    if told:  # all of them on the same images
        _remark_images(told[0])
    remark(job.status.get("message") or job.state)
    return 0 if job.state == "done" and all(run["state"] == "done" for run in summary["runs"]) else 1


def show_ranking(rank_id: str, as_json: bool) -> int:
    """Print how a ranking ended; the exit code is 0 where every backbone has a result."""
    run = read_ranking(rank_id)
    lines, ranking = summarise_ranking(run), run.result()
    if as_json:
        print_json(lines)
    elif ranking is not None:
        print(ranking_table(ranking))
        print()
        for sentence in [*ranking_sentences(ranking, find_in(ranking)), how_measured(ranking)]:
            print(sentence)
    status = run.job.status
    if ranking is not None:
        for sentence in (*other_notes(ranking), *copies_offer(ranking.copies and asdict(ranking.copies))):
            remark(sentence)
    for sentence in skipped_sentences(status):
        remark(sentence)
    remark(status.get("message") or run.job.state)
    return 0 if run.job.state == "done" and not any(line["error"] for line in lines) else 1


def job_line(job: Job, name: str | None) -> str:
    """Return a comparison or a ranking in one line, with the name that it was given."""
    return f"{job.job_id}  {job.state:8}  {', '.join(_models(job))} on {job.spec.get('dataset')}{_called(name)}"


def _models(job: Job) -> list[str]:
    return [str(name) for name in job.spec.get("models") or [job.spec.get("model_name")]]


def _called(name: str | None) -> str:
    return f"  “{name}”" if name else ""


def run_line(run: dict[str, Any], name: str | None = None) -> str:
    """Return a run in one line.

    Args:
        run: As `finetuning.results.summarise_run` returns it.
        name: What the user calls it.
    """
    accuracy = "no result"
    if run["test_accuracy"] is not None:
        low, high = run["test_accuracy_low"], run["test_accuracy_high"]
        accuracy = f"{run['test_accuracy']:.2f} % test ({low:.2f} to {high:.2f})"
        decided = (run["scores"] or {}).get(run["metric"])
        if decided and run["metric"] != ACCURACY:
            accuracy = (
                f"{METRICS[run['metric']].title} {decided['value']:.2f} % test "
                f"({decided['low']:.2f} to {decided['high']:.2f}), accuracy {accuracy}"
            )
    owner = f"  (part of {run['owner']})" if run["owner"] else ""
    return (
        f"{run['run_id']}  {run['state']:8}  {run['recipe']:12}  {run['model_name']} on {run['dataset']}: "
        f"{accuracy}{owner}{_called(name)}"
    )


def ranking_table(ranking: Ranking) -> str:
    """Return the backbones as a text table for a terminal, the best on the test images first."""
    by_accuracy = ranking.metric == ACCURACY
    rows = [
        (
            row.model_name,
            str(row.img_size),
            *([] if by_accuracy else [f"{formatting.percent(ranking.value(row))} ({interval_of(ranking, row)})"]),
            f"{formatting.percent(row.probe_accuracy)} ({row.probe_low:.2f} to {row.probe_high:.2f})",
            formatting.percent(row.knn_accuracy),
            formatting.images_per_second(row.images_per_second).removesuffix(" images/s"),
            formatting.count(row.head_param_count),
            f"{row.strength:.3g}",
        )
        for row in ranking.ranked()
    ]
    rows += [(row.model_name, "", "no result") for row in ranking.failed()]
    decides = () if by_accuracy else (f"{METRICS[ranking.metric].title} (95 % interval)",)
    probe = "probe (95 % interval)" if by_accuracy else "accuracy (95 % interval)"
    titles = ("model", "size", *decides, probe, "k-NN", "images/s", "head", "C")
    return text_table(titles, rows, numbers=("size", "k-NN", "images/s", "head", "C"))

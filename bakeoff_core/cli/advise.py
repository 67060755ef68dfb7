"""The command `advise`, its questions as options, and the checklist's section of `report`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from bakeoff_core.catalogue.accuracies import attach_accuracy
from bakeoff_core.cli.console import print_json, remark
from bakeoff_core.reporting.documents.checklist_section import advice_json, advice_section, advice_text
from bakeoff_core.schema.records import Limits
from bakeoff_core.selection import candidates
from bakeoff_core.selection.candidates import View
from bakeoff_core.selection.checklist.advice import advise as advise_on
from bakeoff_core.selection.checklist.rules import DOMAINS, PRIORITIES, TARGETS, TASKS, Answers, read_rules

_QUESTIONS = ("target", "task", "labelled", "domain", "priority", "max_gmacs")


def advise(arguments: argparse.Namespace) -> int:
    """Walk through the checklist: which backbones to start from, how to adapt them, and what comes next."""
    measured, table = candidates.find_evidence(arguments.machine)
    advice = advise_on(answers_of(arguments, limits_of(arguments)), table, read_rules())
    if arguments.json:
        print_json({**advice_json(advice), "machine_name": measured.machine_name if measured else None})
    else:
        print(advice_text(advice))
        remark(f"Measured on {measured.machine_name} ({measured.label})." if measured else "Nothing is measured yet.")
        if advice.to_measure:
            remark(f"To measure what is missing: python -m bakeoff_core profile {' '.join(advice.to_measure)}")
    return 0 if advice.pick or not advice.is_about_backbones else 1


def report_sections(arguments: argparse.Namespace, view: View, limits: Limits) -> list[list[str]]:
    """Return the checklist's section for a report, where any of its questions was answered on the command line.

    Args:
        arguments: Those of `report`.
        view: The setting of the report.
        limits: Those of the report, which the checklist shares.
    """
    if all(getattr(arguments, name) is None for name in _QUESTIONS):
        return []
    accuracies = candidates.read_accuracies()
    measured = attach_accuracy(view.candidates, accuracies)  # the rules speak of ImageNet
    answers = answers_of(arguments, limits if view.source.is_published else _without_floor(limits))
    return [advice_section(advise_on(answers, candidates.evidence_of(measured, accuracies), read_rules()), limits)]


def answers_of(arguments: argparse.Namespace, limits: Limits) -> Answers:
    """Return what the options answer.

    Raises:
        ValueError: A number is out of range; the words say what must hold.
    """
    return Answers(
        target=arguments.target,
        task=arguments.task or "classification",
        limits=limits,
        max_macs=None if arguments.max_gmacs is None else round(arguments.max_gmacs * 1e9),
        priority=arguments.priority,
        labelled=arguments.labelled,
        domain=arguments.domain,
    )


def limits_of(arguments: argparse.Namespace) -> Limits:
    """Return the hard limits that the options set.

    Raises:
        ValueError: One is out of range; the words say what must hold.
    """
    return Limits(
        min_top1=arguments.min_top1,
        max_latency_s=_scaled(arguments.max_latency_ms, 1e-3),
        max_memory_bytes=_scaled(arguments.max_memory_mb, 1e6),
        max_param_count=_scaled(arguments.max_params_m, 1e6),
    )


def add(commands: Any, command: Callable[..., argparse.ArgumentParser], add_json: Callable[..., None]) -> None:
    """Add the command to the parser."""
    parser = command(commands, "advise", advise)
    parser.add_argument("--min-top1", type=float, metavar="P", help="lowest acceptable ImageNet top-1 in percent")
    add_upper_limits(parser)
    add_questions(parser)
    parser.add_argument("--machine", metavar="ID", help="machine_id of an imported machine (default: this one)")
    add_json(parser)


def add_upper_limits(parser: argparse.ArgumentParser) -> None:
    """Add the hard limits that every decision shares."""
    parser.add_argument("--max-latency-ms", type=float, metavar="L", help="highest acceptable median latency")
    parser.add_argument("--max-memory-mb", type=float, metavar="M", help="highest acceptable peak memory (10^6 bytes)")
    parser.add_argument(
        "--max-params-m", type=float, metavar="M", help="highest acceptable number of parameters in millions"
    )


def add_questions(parser: argparse.ArgumentParser) -> None:
    """Add the checklist's questions."""
    group = parser.add_argument_group("the checklist")
    group.add_argument("--target", choices=TARGETS, help="where the network will run")
    group.add_argument("--task", choices=TASKS, help="what it is for (default classification)")
    group.add_argument("--labelled", type=int, metavar="N", help="labelled images to train on")
    group.add_argument(
        "--domain", choices=DOMAINS, help="whether they are like natural photographs, or of another kind"
    )
    group.add_argument("--priority", choices=PRIORITIES, help="what matters most within the limits")
    group.add_argument(
        "--max-gmacs",
        type=float,
        metavar="G",
        help="highest acceptable multiply-accumulates of one image (10^9), for a target that can't be measured yet",
    )


def _without_floor(limits: Limits) -> Limits:
    """A floor on other images says nothing about ImageNet's accuracies."""
    return Limits(None, limits.max_latency_s, limits.max_memory_bytes, limits.max_param_count)


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor

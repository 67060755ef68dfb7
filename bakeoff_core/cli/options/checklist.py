"""The checklist's questions as options, and its section of `report`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from bakeoff_core.cli.options.limits import add_limit, refusing
from bakeoff_core.schema.decision import Limits
from bakeoff_core.schema.limits import parse_count
from bakeoff_core.selection.checklist.rules import DOMAINS, PRIORITIES, TARGETS, TASKS, Answers, read_rules

if TYPE_CHECKING:
    from bakeoff_core.selection.candidates import View

_QUESTIONS = ("target", "task", "labelled", "domain", "priority", "max_macs")


def add_questions(parser: argparse.ArgumentParser) -> None:
    """Add the checklist's questions."""
    group = parser.add_argument_group("the checklist")
    group.add_argument("--target", choices=TARGETS, help="where the network will run")
    group.add_argument("--task", choices=TASKS, help="what it is for (default classification)")
    group.add_argument("--labelled", type=refusing(parse_count), metavar="N", help="labelled images to train on")
    group.add_argument(
        "--domain", choices=DOMAINS, help="whether they are like natural photographs, or of another kind"
    )
    group.add_argument("--priority", choices=PRIORITIES, help="what matters most within the limits")
    add_limit(
        group,
        "--max-gmacs",
        "max_macs",
        metavar="G",
        help="highest acceptable multiply-accumulates of one image (10^9), for a target that can't be measured yet",
    )


def answers_of(arguments: argparse.Namespace, limits: Limits) -> Answers:
    """Return what the options answer."""
    return Answers(
        target=arguments.target,
        task=arguments.task or "classification",
        limits=limits,
        max_macs=arguments.max_macs,
        priority=arguments.priority,
        labelled=arguments.labelled,
        domain=arguments.domain,
    )


def checklist_sections(arguments: argparse.Namespace, view: View, limits: Limits) -> list[list[str]]:
    """Return the checklist's section for a report, where any of its questions was answered on the command line.

    Args:
        arguments: Those of `report`.
        view: The setting of the report.
        limits: Those of the report, which the checklist shares.
    """
    if all(getattr(arguments, name) is None for name in _QUESTIONS):
        return []
    from bakeoff_core.catalogue.accuracies import attach_accuracy  # loads pandas
    from bakeoff_core.reporting.documents.checklist_section import advice_section
    from bakeoff_core.selection.candidates import evidence_of, read_accuracies
    from bakeoff_core.selection.checklist.advice import advise

    accuracies = read_accuracies()
    measured = attach_accuracy(view.candidates, accuracies)  # the rules speak of ImageNet
    answers = answers_of(arguments, limits if view.source.is_published else _without_floor(limits))
    return [advice_section(advise(answers, evidence_of(measured, accuracies), read_rules()), limits)]


def _without_floor(limits: Limits) -> Limits:
    """A floor on other images says nothing about ImageNet's accuracies."""
    return Limits(None, limits.max_latency_s, limits.max_memory_bytes, limits.max_param_count)

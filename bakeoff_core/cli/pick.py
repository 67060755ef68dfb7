"""Print which model clears the limits."""

from __future__ import annotations

import argparse

from bakeoff_core.cli.options.decision import add_decision_options, find_decision
from bakeoff_core.cli.options.shared import add_json
from bakeoff_core.cli.output.console import print_json, remark


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to the command's parser."""
    add_decision_options(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the command; the exit code is 1 where nothing clears the limits."""
    from bakeoff_core.cli.output.notices import remark_on_own_accuracies  # loads pandas

    view, decision = find_decision(arguments)
    remark_on_own_accuracies()
    if arguments.json:
        from bakeoff_core.reporting.documents.json import decision_json  # loads what trains and ranks

        print_json(decision_json(decision, view))
        return 0 if decision.pick else 1
    from bakeoff_core.reporting.text.catalogue import explain_pretraining
    from bakeoff_core.reporting.text.decision import explain_decision
    from bakeoff_core.reporting.text.doubts import distrust_sentence, doubts_sentence
    from bakeoff_core.reporting.text.names import CandidateNames, Terms
    from bakeoff_core.reporting.text.settings import setting_label
    from bakeoff_core.reporting.text.stability import stability_sentence
    from bakeoff_core.selection.doubts import decisive_doubts, find_doubts
    from bakeoff_core.selection.stability import stability_of

    print(decision.pick.candidate.model_name if decision.pick else "none")
    names = CandidateNames(view.candidates, Terms(view.source))
    if distrust := distrust_sentence(decisive_doubts(view.candidates, decision), names):
        remark(distrust)
    remark(f"Measured on {view.measured.machine_name} ({setting_label(view.measured)}).")
    if told := stability_sentence(stability_of(decision, view.candidates), decision, names):
        remark(told)
    for sentence in explain_decision(decision, names):
        remark(sentence)
    if told := doubts_sentence(find_doubts(view.candidates)):
        remark(told)
    if mixture := explain_pretraining(view.pretraining_counts, view.pretraining_class, view.source):
        remark(mixture)
    return 0 if decision.pick else 1

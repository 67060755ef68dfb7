"""Search all of timm for the model that clears the limits best, measuring few of it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from bakeoff_core.catalogue.pretraining import MOST_FREQUENT, PRETRAINING_CLASSES
from bakeoff_core.cli.options.decision import add_rule
from bakeoff_core.cli.options.limits import add_lowest_accuracy, add_upper_limits, limits_of, number
from bakeoff_core.cli.options.measuring import add_setting
from bakeoff_core.cli.options.shared import add_json
from bakeoff_core.cli.output.console import print_json, remark
from bakeoff_core.schema.accuracy import IMAGENET

if TYPE_CHECKING:
    from bakeoff_core.search.results import SearchAnswer, SearchRun


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to the command's parser."""
    add_lowest_accuracy(parser, "lowest acceptable accuracy in percent, of what --accuracy names")
    add_upper_limits(parser)
    add_rule(parser)
    parser.add_argument(
        "--minutes", type=number(float), default=10.0, metavar="M", help="time for all of it (default 10)"
    )
    group = parser.add_argument_group("what to search among (default: every tag and size with a published accuracy)")
    group.add_argument(
        "--accuracy",
        default=IMAGENET.key,
        metavar="SOURCE",
        help="as for pick: 'imagenet' (default), a harder set, or images that models were ranked or fine-tuned on "
        "here: then the search is over those models",
    )
    group.add_argument(
        "--match-recipes",
        dest="recipe",
        nargs="?",
        const=MOST_FREQUENT,
        choices=(*PRETRAINING_CLASSES, MOST_FREQUENT),
        metavar="CLASS",
        help=f"only models trained alike: {', '.join(PRETRAINING_CLASSES)}; without a class the one that most are of",
    )
    group.add_argument(
        "--family", dest="families", action="append", default=[], metavar="NAME", help="only these; can be repeated"
    )
    group.add_argument(
        "--licence", dest="licences", action="append", default=[], metavar="NAME", help="only these; can be repeated"
    )
    group.add_argument(
        "--img-size",
        dest="img_sizes",
        type=number(int),
        action="append",
        default=[],
        metavar="PX",
        help="only at these sizes; can be repeated",
    )
    group.add_argument("--weights-here", action="store_true", help="only models whose weights are on this machine")
    add_setting(parser)
    parser.add_argument(
        "--patience",
        dest="patience_s",
        type=number(float),
        metavar="SECONDS",
        help="of the time, wait at most so long, all in all, for other programs to leave the machine alone (default "
        "120, or BAKEOFF_PATIENCE_S, and never more than half of the time; 0 measures at once)",
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the command; the exit code is 1 where nothing clears the limits, or the search did not get to its end.

    Raises:
        BakeoffError: There is nothing to search among, or the machine is at work.
        ValueError: A value is out of range; the words say what must hold.
    """
    from bakeoff_core.cli.output.notices import remark_on_own_accuracies  # loads pandas
    from bakeoff_core.cli.output.progress import follow
    from bakeoff_core.profiling.request import default_patience_s
    from bakeoff_core.reporting.text.search import progress_line
    from bakeoff_core.search.narrowing import read_candidates
    from bakeoff_core.search.request import start_search
    from bakeoff_core.search.results import answer_of, read_search
    from bakeoff_core.search.spec import SearchSpec
    from bakeoff_core.selection.candidates import read_measured

    spec = SearchSpec(
        minutes=arguments.minutes,
        limits=limits_of(arguments),
        rule=arguments.rule,
        cost=arguments.cost,
        accuracy=arguments.accuracy,
        recipe=arguments.recipe,
        families=tuple(arguments.families),
        licences=tuple(arguments.licences),
        img_sizes=tuple(arguments.img_sizes),
        weights_here=arguments.weights_here,
        batch_size=arguments.batch_size,
        threads=arguments.threads,
        device=arguments.device,
        dtype=arguments.dtype,
        patience_s=default_patience_s() if arguments.patience_s is None else arguments.patience_s,
    )
    search = read_search(follow(start_search(spec), progress_line).job_id)
    answer = answer_of(search, read_candidates(spec), read_measured()[0])
    remark_on_own_accuracies()
    if arguments.json:
        from bakeoff_core.reporting.documents.json import search_json  # loads what trains and ranks

        print_json(search_json(search, answer))
    else:
        _print_words(search, answer)
    return 0 if answer.decision.pick and search.job.state == "done" else 1


def _print_words(search: SearchRun, answer: SearchAnswer) -> None:
    from bakeoff_core.reporting.text.decision import explain_decision
    from bakeoff_core.reporting.text.doubts import distrust_sentence, doubts_sentence
    from bakeoff_core.reporting.text.names import CandidateNames, Terms
    from bakeoff_core.reporting.text.search import count_sentence, outcome_sentences
    from bakeoff_core.selection.doubts import decisive_doubts, find_doubts

    pick = answer.decision.pick
    print(pick.candidate.model_name if pick else "none")
    names = CandidateNames(answer.view.candidates, Terms(answer.view.source))
    if distrust := distrust_sentence(decisive_doubts(answer.view.candidates, answer.decision), names):
        remark(distrust)
    remark(f"{count_sentence(search.job.status)}.")
    for sentence in outcome_sentences(search, answer):
        remark(sentence)
    if not answer.view.candidates.empty:
        for sentence in explain_decision(answer.decision, names):
            remark(sentence)
    if told := doubts_sentence(find_doubts(answer.view.candidates)):
        remark(told)
    if search.job.state == "failed":
        remark(search.job.status.get("message") or search.job.state)

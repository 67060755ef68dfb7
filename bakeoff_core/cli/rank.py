"""Rank backbones on your own images, frozen, with a small head on each."""

from __future__ import annotations

import argparse
from pathlib import Path

from bakeoff_core.cli.options.limits import number, refusing
from bakeoff_core.cli.options.shared import add_fields, add_json
from bakeoff_core.cli.options.training import image_details, metric_details
from bakeoff_core.datasets.choices import ImageChoices, MetricChoices
from bakeoff_core.datasets.records import TRAIN_ON, expanded
from bakeoff_core.datasets.registry import DATASETS
from bakeoff_core.schema.limits import parse_count
from bakeoff_core.schema.profile import DEVICE_CHOICES


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to the command's parser."""
    parser.add_argument("--dataset", required=True, choices=DATASETS)
    parser.add_argument(
        "--data-dir", metavar="DIR", help="flowers102: the folder that holds flowers-102/; folder: yours"
    )
    parser.add_argument(
        "--models", required=True, nargs="+", metavar="A,B,C", help="timm names, separated by commas or spaces"
    )
    add_fields(parser, ImageChoices, image_details())
    add_fields(parser, MetricChoices, metric_details())
    parser.add_argument("--train-on", choices=TRAIN_ON, default="train", help="default train")
    parser.add_argument(
        "--limit", type=refusing(parse_count), metavar="N", help="images at most, drawn from every class"
    )
    parser.add_argument("--seed", type=number(int), default=0, help="fixes the folds of a cross-validation (default 0)")
    parser.add_argument("--device", choices=DEVICE_CHOICES, default="auto", help="where to compute (default auto)")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the command; the exit code is 1 where a backbone has no result.

    Raises:
        BakeoffError: The ranking can't be started.
        ValueError: A value is out of range; the words say what must hold.
    """
    from bakeoff_core.cli.output.outcomes import show_ranking  # loads pandas
    from bakeoff_core.cli.output.progress import follow
    from bakeoff_core.ranking.request import RankSpec, start_ranking

    spec = RankSpec(
        models=tuple(name for text in arguments.models for name in text.split(",")),
        dataset=arguments.dataset,
        # The worker looks from another folder than the user's.
        data_dir=str(expanded(Path(arguments.data_dir))) if arguments.data_dir else None,
        test_from=arguments.test_from,
        leave_out_copies=arguments.leave_out_copies,
        metric=arguments.metric,
        positive_class=arguments.positive_class,
        train_on=arguments.train_on,
        limit=arguments.limit,
        seed=arguments.seed,
        device=arguments.device,
    )
    return show_ranking(follow(start_ranking(spec).job).job_id, arguments.json)

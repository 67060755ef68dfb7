"""The command `rank`: backbones judged on the user's own images."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bakeoff_core import formatting
from bakeoff_core.cli.console import follow, print_json, remark
from bakeoff_core.datasets.index import MOST_NAMES, TRAIN_ON, expanded
from bakeoff_core.datasets.registry import DATASETS
from bakeoff_core.ranking.records import Ranking
from bakeoff_core.ranking.request import RankSpec, find_in, read_ranking, start_ranking, summarise_ranking
from bakeoff_core.reporting.text.ranking import how_measured, ranking_sentences
from bakeoff_core.schema.records import DEVICE_CHOICES


def rank(arguments: argparse.Namespace) -> int:
    """Rank backbones on your own images, frozen, with a small head on each."""
    spec = RankSpec(
        models=tuple(name for text in arguments.models for name in text.split(",")),
        dataset=arguments.dataset,
        # The worker looks from another folder than the user's.
        data_dir=str(expanded(Path(arguments.data_dir))) if arguments.data_dir else None,
        train_on=arguments.train_on,
        limit=arguments.limit,
        seed=arguments.seed,
        device=arguments.device,
    )
    return end(follow(start_ranking(spec).job).job_id, arguments.json)


def end(rank_id: str, as_json: bool) -> int:
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
    if status.get("skipped_count"):
        remark(f"Skipped {status['skipped_count']:,}: {' '.join(s['reason'] for s in status['skipped'][:MOST_NAMES])}")
    remark(status.get("message") or run.job.state)
    return 0 if run.job.state == "done" and not any(line["error"] for line in lines) else 1


def ranking_table(ranking: Ranking) -> str:
    """Return the backbones as a text table for a terminal, the best on the test images first."""
    lines = [("model", "size", "probe (95 % interval)", "k-NN", "images/s", "head", "C")]
    for row in ranking.ranked():
        lines.append(
            (
                row.model_name,
                str(row.img_size),
                f"{formatting.percent(row.probe_accuracy)} ({row.probe_low:.2f} to {row.probe_high:.2f})",
                formatting.percent(row.knn_accuracy),
                formatting.images_per_second(row.images_per_second).removesuffix(" images/s"),
                formatting.count(row.head_param_count),
                f"{row.strength:.3g}",
            )
        )
    lines += [(row.model_name, "", "no result", "", "", "", "") for row in ranking.failed()]
    widths = [max(len(line[at]) for line in lines) for at in range(len(lines[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def add(commands: Any, command: Callable[..., argparse.ArgumentParser], add_json: Callable[..., None]) -> None:
    """Add the command to the parser."""
    parser = command(commands, "rank", rank)
    parser.add_argument("--dataset", required=True, choices=DATASETS)
    parser.add_argument(
        "--data-dir", metavar="DIR", help="flowers102: the folder that holds flowers-102/; folder: yours"
    )
    parser.add_argument(
        "--models", required=True, nargs="+", metavar="A,B,C", help="timm names, separated by commas or spaces"
    )
    parser.add_argument("--train-on", choices=TRAIN_ON, default="train", help="default train")
    parser.add_argument("--limit", type=int, metavar="N", help="images at most, drawn from every class")
    parser.add_argument("--seed", type=int, default=0, help="fixes the folds of a cross-validation (default 0)")
    parser.add_argument("--device", choices=DEVICE_CHOICES, default="auto", help="where to compute (default auto)")
    add_json(parser)

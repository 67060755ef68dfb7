"""How far a search comes on this machine: `python -m benchmarks.search_here [--minutes M] [--max-latency-ms L]`.

Searches all of timm within 30 ms for 10 minutes, in a state folder of its own. Counts the models it screened, and
compares its answer with the default shortlist's. Run it alone, on a quiet machine.
"""

from __future__ import annotations

import argparse
import sys
import time

from bakeoff_core.jobs.manager import read_job
from bakeoff_core.profiling.store import read_frame
from bakeoff_core.reporting.text.search import count_sentence, outcome_sentences
from bakeoff_core.schema.candidate import candidate_refs
from bakeoff_core.schema.decision import Limits
from bakeoff_core.search.narrowing import read_candidates
from bakeoff_core.search.request import start_search
from bakeoff_core.search.results import answer_of, read_search
from bakeoff_core.search.spec import SearchSpec
from bakeoff_core.system.paths import profiles_path
from benchmarks.jobs_here import own_home

TARGET = 60
"""Models that are screened at least on two quiet cores, in `WHOLE_S` seconds: a search that is sure ends earlier."""
WHOLE_S = 600.0


def main() -> int:
    """Print what came of it; the exit code is 0 when enough are screened and the shortlist's answer is not better."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--max-latency-ms", type=float, default=30.0)
    arguments = parser.parse_args()
    spec = SearchSpec(minutes=arguments.minutes, limits=Limits(max_latency_s=arguments.max_latency_ms / 1e3))
    with own_home():
        began = time.monotonic()
        job = start_search(spec)
        while job.active:
            time.sleep(1)
            job = read_job(job.job_id)
        seconds, search = time.monotonic() - began, read_search(job.job_id)
        answer = answer_of(search, read_candidates(spec), read_frame(profiles_path()))
        rounds = job.metrics()
    screened = {(metric["model_name"], metric["img_size"]) for metric in rounds}
    rate = len(screened) / seconds * WHOLE_S
    print(f"{len(screened)} models screened in {seconds:.0f} s, {len(rounds)} rounds")
    print(f"{rate:.0f} models in {WHOLE_S:.0f} s (target: at least {TARGET})")
    print(count_sentence(job.status), *outcome_sentences(search, answer), sep="\n")
    pick, shortlist = answer.decision.pick, answer.shortlist
    top1 = dict(zip(candidate_refs(answer.view.candidates), answer.view.candidates["top1"], strict=True))
    is_worse = shortlist is not None and (pick is None or top1[pick.candidate] < shortlist.top1)
    return 0 if rate >= TARGET and not is_worse else 1


if __name__ == "__main__":
    sys.exit(main())

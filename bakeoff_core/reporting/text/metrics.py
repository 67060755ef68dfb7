"""Metrics in sentences: a score with its interval, and what accuracy hides.

Text that came from a file passes through an `escape` function, as in `reporting.text.names`. Not covered: the numbers
(`datasets.metrics.scores`).
"""

from __future__ import annotations

from bakeoff_core.datasets.metrics.sentences import hidden_class, score_text
from bakeoff_core.finetuning.request import BALANCED_SAMPLING, CLASS_WEIGHTS, NO_BALANCE

__all__ = ["balance_offer", "hidden_class", "score_text"]


def balance_offer(balance: str) -> str | None:
    """Offer what may help where accuracy hides a class; `None` where it was done already.

    Args:
        balance: What the run did: one of `finetuning.request.BALANCES`.
    """
    if balance != NO_BALANCE:
        return None
    return (
        "Class weights or balanced sampling let every class weigh the same in training: fine-tune again with "
        f"`--balance {CLASS_WEIGHTS}` or `--balance {BALANCED_SAMPLING}`."
    )

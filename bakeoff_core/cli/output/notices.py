"""What is doubtful about the user's own files, said beside a command's result."""

from __future__ import annotations

from bakeoff_core.cli.output.console import remark
from bakeoff_core.reporting.text.catalogue import explain_own_names
from bakeoff_core.selection.candidates import own_names_in_doubt
from bakeoff_core.system.paths import own_accuracy_path


def remark_on_own_accuracies() -> None:
    """Say on stderr which of the user's own accuracies count for no model, and which was probably meant."""
    for sentence in explain_own_names(own_accuracy_path().name, own_names_in_doubt()):
        remark(sentence)

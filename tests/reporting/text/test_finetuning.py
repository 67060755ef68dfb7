"""A finished run in sentences, word by word."""

from bakeoff_core.finetuning.results import FinishedRun, read_finished_runs
from bakeoff_core.reporting.text.finetuning import headline, hidden_in, scores_sentences, training_sentences
from tests.support.judged_runs import SCORES, make_old, write_cells_run, write_flowers_run


def read() -> FinishedRun:
    (run,) = read_finished_runs()
    return run


def test_the_metric_that_decides_is_told_before_accuracy() -> None:
    accuracy = "80.18 % of 656 test images are classified rightly (95 % interval 76.96 % to 83.05 %)."
    assert headline("balanced-accuracy", SCORES, 656, "defective") == (
        f"**Balanced accuracy: 68.97 %** (95 % interval 65.7 % to 72.38 %), which decides. Accuracy: {accuracy}"
    )
    assert headline("average-precision", SCORES, 656, "defective").startswith(
        "**Average precision of defective: 78.42 %** (95 % interval 73.1 % to 83 %), which decides. Accuracy: 80.18 %"
    )


def test_accuracy_alone_is_told_where_it_decides_or_the_metric_has_no_value() -> None:
    said = "**80.18 %** of 1 test image is classified rightly (95 % interval 76.96 % to 83.05 %)."
    assert headline("accuracy", SCORES, 1) == said
    assert headline("average-precision", {"accuracy": SCORES["accuracy"]}, 1, "defective") == said


def test_all_metrics_are_told_with_the_class_that_matters() -> None:
    write_cells_run(spec={"metric": "macro-f1"})
    assert scores_sentences(read()) == (
        "Macro F1, which decides: 71.35 % (95 % interval 67.2 to 75.3 %). "
        "Accuracy: 80.18 % (95 % interval 76.96 to 83.05 %). "
        "Balanced accuracy: 68.97 % (95 % interval 65.7 to 72.38 %). "
        "Of defective, the class that matters: average precision 78.42 % (95 % interval 73.1 to 83 %), "
        "recall 38.83 % (95 % interval 32.44 to 45.64 %), precision 95.24 % (95 % interval 88.39 to 98.13 %)."
    )


def test_which_weights_were_kept_is_told() -> None:
    write_cells_run(spec={"balance": "balanced-sampling"})
    assert training_sentences(read()) == (
        "Images of rare classes were drawn more often (balanced sampling). The weights of the last step were kept, the "
        "best by accuracy on the validation images, 81 %."
    )


def test_without_validation_the_last_weights_are_kept_and_nothing_is_hidden_within_the_noise() -> None:
    write_flowers_run()
    assert training_sentences(read()) == (
        "The weights of the last step were kept: no images were held back to validate on."
    )
    assert hidden_in(read()) is None


def test_of_a_run_of_before_nothing_more_is_said() -> None:
    make_old(write_cells_run())
    assert (hidden_in(read()), scores_sentences(read()), training_sentences(read())) == (None, "", "")


def test_damaged_fields_are_passed_over() -> None:
    rows = [{"name": "a", "accuracy": "x"}, 3, {"name": None, "accuracy": 3.0}]
    write_cells_run(by_class=rows, best_step="x")
    said = hidden_in(read())
    assert said is not None and said.endswith("68.97 % (balanced accuracy).")
    assert training_sentences(read()) == ""


def test_a_difference_that_is_none_hides_nothing() -> None:
    write_cells_run(accuracy_over_balanced={"points": "many"})
    assert hidden_in(read()) is None

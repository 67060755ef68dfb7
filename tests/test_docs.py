"""What the documents say is what the code does."""

import re

from bakeoff_core.catalogue.accuracies import read_catalogue
from bakeoff_core.catalogue.pretraining import PRETRAINING_CLASSES
from bakeoff_core.catalogue.published import REASONS
from bakeoff_core.catalogue.robustness import ROBUST_SETS
from bakeoff_core.cli.app import build_parser
from bakeoff_core.finetuning.recipes import GROWING, RECIPES
from bakeoff_core.ranking.records import LEAST_FOR_CORRELATION
from tests.support.places import ROOT


def test_the_lines_that_load_an_exported_model_are_those_of_its_card() -> None:
    source = (ROOT / "bakeoff_core" / "finetuning" / "model_card.py").read_text()
    card = re.search(r'LOADING = """\\\n(.*?)"""', source, re.DOTALL)[1]
    assert card in (ROOT / "docs" / "fine-tuning.md").read_text()


def test_every_recipe_and_stage_is_documented() -> None:
    text = (ROOT / "docs" / "fine-tuning.md").read_text()
    assert all(f"`{name}`" in text for name in RECIPES)
    assert f"RandAugment ({', '.join(str(stage.magnitude) for stage in GROWING)})" in text
    assert f"mixup ({', '.join(f'{stage.mixup:g}' for stage in GROWING)})" in text


def test_every_command_of_the_readme_is_understood() -> None:
    text = (ROOT / "README.md").read_text()
    commands = re.findall(r"^python -m bakeoff_core ([^#\n]*)", text, re.MULTILINE)
    assert len(commands) > 5
    for command in commands:
        assert build_parser().parse_args(command.split()).command


def test_every_recipe_class_and_harder_set_is_documented() -> None:
    text = (ROOT / "docs" / "catalogue.md").read_text()
    for found in PRETRAINING_CLASSES.values():
        assert f"| `{found.key}` | {found.title} |" in text
    for source in ROBUST_SETS:
        assert f"| `{source.key}` | {source.test_images:,} |" in text


def test_every_data_set_that_weights_have_seen_is_documented() -> None:
    text = (ROOT / "docs" / "catalogue.md").read_text()
    assert all(f"`{name}`" in text for name in set(read_catalogue()["pretraining"]))


def test_every_reason_for_which_a_published_row_stands_alone_is_documented() -> None:
    text = (ROOT / "docs" / "published.md").read_text()
    assert all(f"| `{reason}` |" in text for reason in REASONS)


def test_what_a_ranking_measures_is_as_documented() -> None:
    text = (ROOT / "docs" / "ranking.md").read_text()
    scores = (
        ROOT / "bakeoff_core" / "features" / "classifiers.py"
    ).read_text()  # it loads scikit-learn, which takes a while
    assert "NEIGHBOURS = 20\nTEMPERATURE = 0.07\n" in scores and "the 20 training images nearest" in text
    assert "FOLDS = 5\n" in scores and "five-fold cross-validation" in text
    assert f"From {'eight' if LEAST_FOR_CORRELATION == 8 else LEAST_FOR_CORRELATION} backbones on" in text

"""What the documents say is what the code does."""

import re
from pathlib import Path

from bakeoff_core.__main__ import _parser
from bakeoff_core.recipes import GROWING, RECIPES

ROOT = Path(__file__).parents[1]


def test_the_lines_that_load_an_exported_model_are_those_of_its_card() -> None:
    card = re.search(r'LOADING = """\\\n(.*?)"""', (ROOT / "bakeoff_core" / "outcome.py").read_text(), re.DOTALL)[1]
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
        assert _parser().parse_args(command.split()).command

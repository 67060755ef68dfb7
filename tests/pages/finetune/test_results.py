"""A finished run's results on the Fine-tune page, of this version and of earlier ones."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest


def draw_export(folder: str) -> None:
    from pathlib import Path
    from types import SimpleNamespace

    from pages.parts.finetune import results

    run = SimpleNamespace(job=SimpleNamespace(folder=Path(folder)))
    results._draw_export(run, {"model_name": "net.tag", "dataset": "folder"})


@pytest.mark.parametrize("files", [["README.md"], ["README.md", "image_opening.py"]])
def test_a_model_whose_card_opens_images_otherwise_than_it_was_trained_is_pointed_out(
    tmp_path: Path, files: list[str]
) -> None:
    (tmp_path / "model").mkdir()
    for name in files:
        (tmp_path / "model" / name).write_text("card")
    app = AppTest.from_function(draw_export, args=(str(tmp_path),), default_timeout=60).run()
    assert not app.exception
    warned = [warning.value.startswith("An earlier version exported this model") for warning in app.warning]
    assert warned == [True] * ("image_opening.py" not in files)

"""The table of weights behind a candidate."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from pages.parts.frontier.weights_table import draw
from tests.support.app_pages import text_of


def weights_of(model_name: str, img_size: int) -> str:
    def page(model_name: str, img_size: int) -> None:
        from pages.parts.frontier.weights_table import draw

        draw(model_name, img_size)

    assert draw  # what the page below imports
    app = AppTest.from_function(page, kwargs={"model_name": model_name, "img_size": img_size}).run(timeout=30)
    assert not app.exception
    return text_of(app)


def test_the_table_of_weights_shows_which_of_the_four_figures_of_resnet50_is_whose():
    text = weights_of("resnet50.tv_in1k", 224)
    assert "the network is the same, its training is not" in text
    for words in ("76.156 %", "torchvision says 76.13 %", "80.382 %", "80.846 %", "torchvision says 80.858 %"):
        assert words in text
    assert "recipe class “basic”" in text
    shown = text.partition("<tr class='shown'>")[2] or text.partition('<tr class="shown">')[2]
    assert shown.partition("</tr>")[0].count("tv_in1k") == 1


def test_the_table_of_a_model_that_nothing_is_published_about_is_not_drawn():
    assert weights_of("my_net.v1", 224).strip() == ""

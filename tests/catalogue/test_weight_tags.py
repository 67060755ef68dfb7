"""All weights of one architecture: which figure is whose, and why they differ."""

from bakeoff_core.catalogue.accuracies import read_catalogue
from bakeoff_core.catalogue.weight_tags import quotes, tag_accuracies


def resnet50():
    return [figure for figure in tag_accuracies("resnet50.tv_in1k", read_catalogue()) if figure.img_size == 224]


def test_the_four_figures_that_resnet50_is_quoted_at_each_belong_to_weights():
    figures = {figure.model_name: figure for figure in resnet50()}
    v1, a1, v2 = (figures[f"resnet50.{tag}"] for tag in ("tv_in1k", "a1_in1k", "tv2_in1k"))
    assert [round(quote.top1, 1) for quote in v1.quotes] == [76.1] and round(v1.top1, 1) == 76.2
    assert round(a1.top1, 1) == 80.4 and a1.quotes == ()
    assert [round(quote.top1, 1) for quote in v2.quotes] == [80.9] and round(v2.top1, 1) == 80.8
    assert (v1.pretraining_class, a1.pretraining_class, v2.pretraining_class) == ("basic", "modern", "modern")


def test_figures_are_of_the_architecture_alone_and_rise():
    figures = resnet50()
    assert {figure.model_name.partition(".")[0] for figure in figures} == {"resnet50"}
    assert [figure.top1 for figure in figures] == sorted(figure.top1 for figure in figures)
    assert (figures[0].tag, figures[-1].tag) == ("tv_in1k", "fb_swsl_ig1b_ft_in1k")


def test_an_architecture_that_nothing_is_published_about_has_no_figures():
    assert tag_accuracies("my_net.v1", read_catalogue()) == []


def test_own_accuracies_stand_among_the_figures(tmp_path):
    path = tmp_path / "accuracy.csv"
    path.write_text("model_name,img_size,top1\nresnet50.mine,224,12.5\n")
    lowest = tag_accuracies("resnet50", read_catalogue(path))[0]
    assert (lowest.tag, lowest.top1, lowest.pretraining_class) == ("mine", 12.5, None)
    assert not lowest.is_timms and lowest.source == "own evaluation"


def test_every_quote_is_of_a_row_of_the_catalogue():
    table = read_catalogue().set_index(["model_name", "img_size"])
    assert len(quotes()) >= 20
    assert all((quote.model_name, quote.img_size) in table.index for quote in quotes())

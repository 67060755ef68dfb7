"""All weights of one architecture: which figure is whose, and why they differ."""

from bakeoff_core.catalogue.accuracies import read_catalogue
from bakeoff_core.catalogue.weight_tags import explain_figures, explain_weights, figures_of, quotes


def resnet50():
    return [figure for figure in figures_of("resnet50.tv_in1k", read_catalogue()) if figure.img_size == 224]


def test_the_four_figures_that_resnet50_is_quoted_at_each_belong_to_weights():
    figures = {figure.model_name: figure for figure in resnet50()}
    v1, a1, v2 = (figures[f"resnet50.{tag}"] for tag in ("tv_in1k", "a1_in1k", "tv2_in1k"))
    assert [round(quote.top1, 1) for quote in v1.quotes] == [76.1] and round(v1.top1, 1) == 76.2
    assert round(a1.top1, 1) == 80.4 and a1.quotes == ()
    assert [round(quote.top1, 1) for quote in v2.quotes] == [80.9] and round(v2.top1, 1) == 80.8
    assert (v1.recipe, a1.recipe, v2.recipe) == ("basic", "modern", "modern")


def test_figures_are_of_the_architecture_alone_and_rise():
    figures = resnet50()
    assert {figure.model_name.partition(".")[0] for figure in figures} == {"resnet50"}
    assert [figure.top1 for figure in figures] == sorted(figure.top1 for figure in figures)
    assert (figures[0].tag, figures[-1].tag) == ("tv_in1k", "fb_swsl_ig1b_ft_in1k")


def test_the_words_say_that_the_training_differs_and_who_quotes_what():
    figures = resnet50()
    shown = next(figure for figure in figures if figure.model_name == "resnet50.tv_in1k")
    spread, own, quoted = explain_figures(figures, shown)
    assert f"by which of {len(figures)} sets of weights" in spread and "its training is not" in spread
    assert own.startswith("The weights shown here, tv_in1k, are of the recipe class “basic”. ImageNet-1k alone;")
    assert quoted == (
        "torchvision itself quotes 76.13 % for them; timm, whose evaluation is used here, measured 76.156 %."
    )


def test_one_set_of_weights_has_no_spread_to_speak_of():
    (only,) = figures_of("vgg19.tv_in1k", read_catalogue())
    sentences = explain_figures([only], only)
    assert len(sentences) == 2 and "recipe class “basic”" in sentences[0]


def test_an_architecture_that_nothing_is_published_about_has_no_figures():
    assert figures_of("my_net.v1", read_catalogue()) == []


def test_own_accuracies_stand_among_the_figures(tmp_path):
    path = tmp_path / "accuracy.csv"
    path.write_text("model_name,img_size,top1\nresnet50.mine,224,12.5\n")
    lowest = figures_of("resnet50", read_catalogue(path))[0]
    assert (lowest.tag, lowest.top1, lowest.recipe) == ("mine", 12.5, None)
    assert explain_figures([lowest], lowest) == ["Their 12.5 % is not timm's figure; it is from: own evaluation."]


def test_an_own_figure_of_known_weights_is_neither_timms_nor_part_of_the_spread(tmp_path):
    path = tmp_path / "accuracy.csv"
    path.write_text("model_name,img_size,top1,source\nresnet50.tv_in1k,224,91.2,our defects\n")
    figures = [figure for figure in figures_of("resnet50", read_catalogue(path)) if figure.img_size == 224]
    own = next(figure for figure in figures if figure.model_name == "resnet50.tv_in1k")
    told = " ".join(explain_figures(figures, own))
    assert own.quotes == () and "torchvision" not in told
    assert f"by which of {len(figures) - 1} sets of weights" in told and "to 91.2 %" not in told
    assert told.endswith("Their 91.2 % is not timm's figure; it is from: our defects.")


def test_every_quote_is_of_a_row_of_the_catalogue():
    table = read_catalogue().set_index(["model_name", "img_size"])
    assert len(quotes()) >= 20
    assert all((quote.model_name, quote.img_size) in table.index for quote in quotes())


def test_weights_are_told_with_what_they_saw_and_whether_they_may_be_sold():
    table = read_catalogue()
    assert explain_weights("resnet50.tv2_in1k", table) == "Weights: supervised, on in1k; licence bsd-3-clause."
    assert explain_weights("convnextv2_tiny.fcmae_ft_in22k_in1k", table) == (
        "Weights: self-supervised, on in22k; licence cc-by-nc-4.0, which forbids commercial use."
    )
    assert explain_weights("my_net.v1", table) is None


def test_weights_that_timm_says_may_not_be_sold_beside_their_code_say_so():
    assert explain_weights("gcvit_tiny.in1k", read_catalogue()) == (
        "Weights: supervised, on in1k; licence cc-by-nc-sa-4.0, which forbids commercial use."
    )


def test_weights_whose_licence_nobody_states_say_so():
    table = read_catalogue()
    unknown = table.loc[table["licence"].isna(), "model_name"].iloc[0]
    assert explain_weights(unknown, table).endswith("; their licence is not known.")

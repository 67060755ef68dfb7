"""The user's own accuracies: what a row holds, and which file is refused."""

import pytest

from bakeoff_core.catalogue.own_accuracies import read_own_accuracies
from bakeoff_core.errors import BakeoffError
from tests.support.timm_results import write


def test_a_row_holds_what_the_file_says_and_the_full_name(tmp_path):
    path = write(tmp_path, "accuracy.csv", "model_name,img_size,top1,family\n net ,224,80.5,\n")
    assert read_own_accuracies(path, lambda name: f"{name}.full") == [
        {
            "model_name": "net.full",
            "img_size": 224,
            "top1": 80.5,
            "top5": None,
            "family": None,
            "accuracy_source": "own evaluation",
            "test_images": None,
        }
    ]


def test_a_file_that_is_not_there_holds_no_rows(tmp_path):
    assert read_own_accuracies(tmp_path / "absent.csv", str) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "line 1: the columns must be model_name, img_size, top1"),
        ("model_name;img_size;top1\n", "separated by commas. Got 'model_name;img_size;top1'"),
        ("model_name,img_size\nx,224\n", "line 1: the columns must be"),
        ("model_name,img_size,top1,colour\nx,224,80,red\n", "line 1: the columns must be"),
        (
            "model_name,img_size,top1\nx,224,80\ny,224,abc\n",
            "line 3: `top1` must be a percentage from 0 to 100",
        ),
        (
            "model_name,img_size,top1\nx,224,nan\n",
            "line 2: `top1` must be a percentage from 0 to 100. Got 'nan'.",
        ),
        (
            "model_name,img_size,top1\nx,224,101\n",
            "line 2: `top1` must be a percentage from 0 to 100. Got '101'.",
        ),
        ("model_name,img_size,top1\nx,224,0.81\n", "looks like a fraction. Write 81."),
        ("model_name,img_size,top1\nx,-5,80\n", "line 2: `img_size` must be an integer from 1 to"),
        ("model_name,img_size,top1\nx,224.5,80\n", "line 2: `img_size` must be an integer from 1 to"),
        (f"model_name,img_size,top1\nx,{10**30},80\n", "line 2: `img_size` must be an integer from 1 to"),
        (
            "model_name,img_size,top1,top5\nx,224,80,70\n",
            "line 2: `top5` must be at least `top1`. Got 70 and 80.",
        ),
        (
            "model_name,img_size,top1,test_images\nx,224,80,0\n",
            "line 2: `test_images` must be an integer from 1",
        ),
        ("model_name,img_size,top1\n ,224,80\n", "line 2: `model_name` must be"),
        ("model_name,img_size,top1\nx,224\n", "line 2: a row must have as many cells"),
        ("model_name,img_size,top1\nx,224,80,9\n", "line 2: a row must have as many cells"),
        ("model_name,img_size,top1\nx,224,80\nx,224,81\n", "line 3: x at 224 px must stand only once"),
        ('model_name,img_size,top1\n"x,224,80\n', "must hold cells that are separated by commas, and quotes"),
    ],
)
def test_a_faulty_own_file_is_refused_by_file_line_and_rule(tmp_path, text, words):
    path = write(tmp_path, "accuracy.csv", text)
    with pytest.raises(BakeoffError) as caught:
        read_own_accuracies(path, str)
    assert str(caught.value).startswith(str(path)) and words in str(caught.value)


def test_an_own_file_that_is_no_text_or_no_file_is_refused_by_name(tmp_path):
    path = tmp_path / "accuracy.csv"
    path.write_bytes(b"model_name,img_size,top1\n\xff\xfe,224,80\n")
    with pytest.raises(BakeoffError, match="must be text in UTF-8. It is not. Save it as CSV in UTF-8.$"):
        read_own_accuracies(path, str)
    with pytest.raises(BakeoffError, match="must be a file that can be read"):
        read_own_accuracies(tmp_path, str)


def test_blank_lines_that_a_spreadsheet_left_are_passed_over(tmp_path):
    path = write(tmp_path, "accuracy.csv", "model_name,img_size,top1\nnet,224,80.5\n,,\n \u00a0, ,\n")
    assert [row["model_name"] for row in read_own_accuracies(path, str)] == ["net"]


def test_a_comma_before_decimals_is_refused_with_what_to_write(tmp_path):
    path = write(tmp_path, "accuracy.csv", 'model_name,img_size,top1\nnet,224,"80,5"\n')
    with pytest.raises(BakeoffError, match="line 2: .* Got '80,5'. Write a point before decimals.$"):
        read_own_accuracies(path, str)


def test_a_file_in_utf_16_is_refused_with_what_to_do(tmp_path):
    path = tmp_path / "accuracy.csv"
    path.write_bytes("model_name,img_size,top1\n".encode("utf-16"))
    with pytest.raises(BakeoffError, match="Save it as CSV in UTF-8.$"):
        read_own_accuracies(path, str)


def test_empty_columns_and_spaces_that_a_spreadsheet_left_do_no_harm(tmp_path):
    path = write(tmp_path, "accuracy.csv", "model_name , img_size, top1 ,,\nnet,224,80.5,, \nother,224,80\n,,,,\n")
    assert [row["top1"] for row in read_own_accuracies(path, str)] == [80.5, 80.0]


def test_a_cell_beside_the_named_columns_is_refused(tmp_path):
    path = write(tmp_path, "accuracy.csv", "model_name,img_size,top1,,\nnet,224,80.5,,81\n")
    with pytest.raises(BakeoffError, match="line 2: a row must have as many cells"):
        read_own_accuracies(path, str)

"""timm's tables in the layouts of every year, and files that are none."""

from pathlib import Path

import pytest

from bakeoff_core.catalogue.timm_results import MAX_BYTES, PublishedAccuracy, PublishedSpeed, read_results, read_speeds
from bakeoff_core.errors import BakeoffError
from tests.support.timm_results import (
    ACCURACIES,
    BOTH,
    I9,
    OLD_ACCURACIES,
    RESULTS,
    RTX_4090,
    SPEEDS,
    SPEEDS_OF_2021,
    SPEEDS_OF_2022,
    TRAINING,
    TRAINING_SPEEDS,
    real_table,
    write,
)

HEAD = "model,infer_img_size,infer_samples_per_sec,infer_batch_size\n"
RESULT_HEAD = "model,img_size,top1,top5\n"


def speeds_of(folder: Path, text: str) -> tuple[PublishedSpeed, ...]:
    return read_speeds(write(folder, "benchmark.csv", text))


def test_an_accuracy_is_read_to_the_last_digit(tmp_path):
    rows = read_results(write(tmp_path, "results.csv", ACCURACIES))
    assert rows[4] == PublishedAccuracy("resnet50.a1_in1k", 224, 80.382, 94.598)
    assert len(rows) == 6


def test_empty_columns_that_a_spreadsheet_left_do_no_harm(tmp_path):
    (row,) = read_results(write(tmp_path, "results.csv", "model,img_size, top1,,\nnet.a_in1k,224,80.38,,\n"))
    assert row.top1 == 80.38
    with pytest.raises(BakeoffError, match="there are 5 cells for the 3 columns"):
        read_results(write(tmp_path, "wide.csv", "model,img_size,top1,,\nnet.a_in1k,224,80.38,,9\n"))


def test_accuracies_in_the_layout_of_2022_are_the_same(tmp_path):
    rows = read_results(write(tmp_path, "results.csv", OLD_ACCURACIES))
    assert rows[0] == PublishedAccuracy("convnext_base_in22ft1k", 224, 85.82, 97.866)


def test_an_inference_table_gives_throughput_batch_and_counts(tmp_path):
    resnet = speeds_of(tmp_path, SPEEDS)[0]
    assert resnet == PublishedSpeed(
        "inference", "resnet50", 224, 2500.0, 256, 25_560_000, 4_110_000_000, 11_110_000, None
    )


def test_numbers_may_hold_separators_of_thousands(tmp_path):
    giant = speeds_of(tmp_path, SPEEDS)[2]
    assert giant.throughput == 1013.01 and giant.param_count == 1_014_450_000


@pytest.mark.parametrize(("text", "macs"), [(SPEEDS_OF_2021, 4_110_000_000), (SPEEDS_OF_2022, None)])
def test_columns_in_another_order_or_fewer_of_them_say_the_same(tmp_path, text, macs):
    [row] = speeds_of(tmp_path, text)
    assert (row.model_name, row.img_size, row.throughput, row.batch_size) == ("resnet50", 224, 2500.0, 256)
    assert row.macs == macs


COMMAS = HEAD.strip() + ",param_count,infer_gmacs,infer_macts\n"


@pytest.mark.parametrize(
    ("column", "throughput"),
    [
        (("1,234.5", "123,456", "999.5"), 123_456.0),  # a point after a comma: commas are thousands
        (("1,234,567", "123,456", "2000.5"), 123_456.0),  # two groups: likewise
        (("12", "123456", "2000.5"), 123_456.0),
        (("12", "123.456", "2000.5"), 123.456),
    ],
)
def test_a_comma_means_what_the_whole_column_shows(tmp_path, column, throughput):
    text = COMMAS + "".join(f'net{at},224,"{cell}",1,1,1,1\n' for at, cell in enumerate(column))
    assert speeds_of(tmp_path, text)[1].throughput == throughput


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (
            ("10.5", "123,456", "2000.5"),
            "line 3: `infer_samples_per_sec` may be 123456 or 123.456: its column does not",
        ),
        (("10", "2,000", "30"), "line 3: `infer_samples_per_sec` may be 2000 or 2.000: its column does not"),
        (("1,234.5", "2,000", "12,5"), "line 3: `infer_samples_per_sec` may be 2000 or 2.000: its column does not"),
        (("10", "2,000", "12,5"), "line 3: `infer_samples_per_sec` must be written without .* Got '2,000'"),
        (("10", "0,123", "30"), "line 3: `infer_samples_per_sec` must be written without .* Got '0,123'"),
        (("10", "1.234,5", "30"), "line 3: `infer_samples_per_sec` must be written without .* Got '1.234,5'"),
        (("10", "12,34,567", "30"), "line 3: `infer_samples_per_sec` must be written without .* Got '12,34,567'"),
        (("10", "1 234.5", "30"), "line 3: `infer_samples_per_sec` must be a number from 0 .* Got '1 234.5'"),
        (("10", "1\u00a0234", "30"), "line 3: `infer_samples_per_sec` must be a number from 0"),
        (("10", "1\u202f234,5", "30"), "line 3: `infer_samples_per_sec` must be written without"),
        (("10", "1'234.5", "30"), "line 3: `infer_samples_per_sec` must be a number from 0"),
        (("10", "12 %", "30"), "line 3: `infer_samples_per_sec` must be a number from 0 .* Got '12 %'"),
        (("10", "\u22125", "30"), "line 3: `infer_samples_per_sec` must be a number from 0"),
    ],
)
def test_a_number_that_may_be_two_is_refused_by_name_and_line(tmp_path, column, words):
    text = COMMAS + "".join(f'net{at},224,"{cell}",1,1,1,1\n' for at, cell in enumerate(column))
    with pytest.raises(BakeoffError, match=f"^benchmark.csv, {words}"):
        speeds_of(tmp_path, text)


def test_a_comma_in_a_whole_number_can_only_separate_thousands(tmp_path):
    assert speeds_of(tmp_path, HEAD + 'resnet50,224,10.5,"1,024"\n')[0].batch_size == 1024


def test_the_columns_of_an_accuracy_table_are_judged_alike(tmp_path):
    text = 'model,img_size,top1\nresnet50.a1_in1k,224,"80,38"\n'
    with pytest.raises(BakeoffError, match="^results.csv, line 2: `top1` must be written without .* Got '80,38'"):
        read_results(write(tmp_path, "results.csv", text))


def test_a_zero_in_a_table_of_speeds_is_no_measurement(tmp_path):
    [row] = speeds_of(tmp_path, COMMAS + "resnet50,224,10,1,0,0.00,0\n")
    assert (row.param_count, row.macs, row.activations) == (None, None, None)


def test_a_table_in_utf_16_is_refused_with_what_to_do(tmp_path):
    path = tmp_path / "benchmark.csv"
    path.write_bytes((HEAD + "resnet50,224,10,1\n").encode("utf-16"))
    with pytest.raises(
        BakeoffError, match="line 1: the file must be text in UTF-8. It is not. Save it as CSV in UTF-8."
    ):
        read_speeds(path)


def test_a_training_table_is_known_by_its_columns(tmp_path):
    rows = speeds_of(tmp_path, TRAINING_SPEEDS)
    assert {row.part for row in rows} == {"training"} and rows[0].throughput == 800.0


def test_a_table_of_both_gives_two_rows_a_model(tmp_path):
    rows = speeds_of(tmp_path, BOTH)
    assert [(row.part, row.throughput, row.batch_size) for row in rows] == [
        ("inference", 2500.0, 256),
        ("training", 800.0, 128),
    ]


def test_a_byte_order_mark_windows_line_ends_spaces_and_empty_lines_do_no_harm(tmp_path):
    path = tmp_path / "benchmark.csv"
    path.write_bytes(
        b"\xef\xbb\xbf" + HEAD.replace(",", " , ").encode() + b"\r\n resnet50 ,224.0, 10 , 1\r\n,,,\r\n\r\n"
    )
    [row] = read_speeds(path)
    assert (row.model_name, row.img_size, row.throughput) == ("resnet50", 224, 10.0)


def test_rows_with_an_error_or_nothing_come_back_as_failed(tmp_path):
    text = (
        "model,infer_img_size,infer_samples_per_sec,infer_batch_size,error\n"
        "resnet50,224,10,1,\n"
        "vit_huge,224,,,CUDA out of memory\n"
        "vit_giant,,,,\n"
        "swin,224,error: no kernel,,\n"
    )
    rows = speeds_of(tmp_path, text)
    assert [row.error for row in rows] == [None, "CUDA out of memory", "no speed given", "error: no kernel"]
    assert [row.throughput for row in rows] == [10.0, None, None, None]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "line 1: a table of speeds must have .* Got an empty file"),
        ("model,speed\nresnet50,3\n", "line 1: a table of speeds must have .*infer_samples_per_sec"),
        (ACCURACIES, "line 1: a table of speeds"),
        (HEAD.replace("infer_batch_size", "model") + "a,1,2,3\n", "line 1: .* each once"),
        (HEAD + "resnet50,224,1,013.01,1\n", "line 2: there are 5 cells for the 4 columns .* in quotes"),
        (HEAD + "resnet50,224,10,1\nresnet18,22", "line 3: there are 2 cells"),
        (HEAD + "resnet50,224,0,1\n", "line 2: `infer_samples_per_sec` must be greater than 0"),
        (HEAD + "resnet50,224,-1,1\n", "line 2: `infer_samples_per_sec` must be a number from 0"),
        (HEAD + "resnet50,224,inf,1\n", "line 2: `infer_samples_per_sec` must be a number from 0"),
        (HEAD + "resnet50,224,10,1.5\n", "line 2: `infer_batch_size` must be a whole number"),
        (HEAD + "resnet50,big,10,1\n", "line 2: `infer_img_size` must be a number"),
        (HEAD + "resnet50,,10,1\n", "line 2: `infer_img_size` must be the image size"),
        (HEAD + "resnet50,1e9,10,1\n", "line 2: `infer_img_size` must be a number from 0 to 1e"),
        (HEAD + "<script>,224,10,1\n", "line 2: `model` must be one of timm's names"),
        (HEAD + '"resnet50,224,10,1\n', "line 2: .*quotes closed"),
        (HEAD + "resnet50,224,,\n", "holds no speed"),
        (HEAD, "holds no speed"),
    ],
)
def test_a_file_that_is_no_table_of_speeds_is_refused_by_name_and_line(tmp_path, text, words):
    with pytest.raises(BakeoffError, match=f"^benchmark.csv,? ?{words}"):
        speeds_of(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (SPEEDS, "line 1: a table of accuracies must have"),
        (RESULT_HEAD.strip() + ",top1_diff\nresnet50.a1_in1k,224,10,20,-70\n", "line 1: .* another test set"),
        (RESULT_HEAD + "resnet50.a1_in1k,224,803.82,95\n", "line 2: `top1` must be a number from 0 to 100"),
        (RESULT_HEAD + "resnet50.a1_in1k,224,eighty,95\n", "line 2: `top1` must be a number"),
        (RESULT_HEAD + "resnet50.a1_in1k,,80,95\n", "line 2: `img_size` must be"),
        (RESULT_HEAD + "a.b,224,80,95\na.b,224,81,95\n", "line 3: a.b at 224 px has 81 % here and 80 % on line 2"),
        (RESULT_HEAD + "a.b,224,,\n", "holds no accuracy"),
    ],
)
def test_a_file_that_is_no_table_of_accuracies_is_refused_by_name_and_line(tmp_path, text, words):
    with pytest.raises(BakeoffError, match=f"^results.csv,? ?{words}"):
        read_results(write(tmp_path, "results.csv", text))


def test_bytes_that_are_no_text_are_refused_with_their_line(tmp_path):
    path = tmp_path / "benchmark.csv"
    path.write_bytes(HEAD.encode() + b"resnet50,224,10,1\n\xff\xfe,224,10,1\n")
    with pytest.raises(BakeoffError, match="^benchmark.csv, line 3: the file must be text in UTF-8"):
        read_speeds(path)


def test_a_file_far_too_large_is_refused_unread(tmp_path):
    path = tmp_path / "benchmark.csv"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(BakeoffError, match="at most 20 MB"):
        read_speeds(path)


@pytest.mark.parametrize("name", ["absent.csv", ".", "a\0b"])
def test_a_path_that_is_no_file_is_refused(tmp_path, name):
    with pytest.raises(BakeoffError, match="must be a file that can be read"):
        read_speeds(tmp_path / name)


def test_timms_own_tables_are_read_whole():
    assert len(read_results(real_table(RESULTS))) == 1556
    for name, rows in ((I9, 1435), (RTX_4090, 1441), (TRAINING, 834)):
        speeds = read_speeds(real_table(name))
        assert len(speeds) == rows and all(speed.throughput and speed.batch_size for speed in speeds)

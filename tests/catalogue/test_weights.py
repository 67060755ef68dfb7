"""Where weights are: packages, the hub's cache, the user's file; and what is refused unopened."""

import os
import pickle
import struct
import threading
import zipfile
from pathlib import Path

import pytest

from bakeoff_core.catalogue import weights as catalogue_weights
from bakeoff_core.catalogue.weights import PACKAGED, find_weights, is_hub_reachable, require_reachable, weights_format
from bakeoff_core.errors import BakeoffError


@pytest.mark.parametrize("model_name", PACKAGED)
def test_the_packaged_weights_are_here_without_a_network(model_name: str) -> None:
    weights = find_weights(model_name)
    assert weights.kind == "packaged"
    assert weights.is_here and weights.path.stat().st_size > 10_000_000


def test_other_weights_need_a_download(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    weights = find_weights("resnet50.a1_in1k")
    assert (weights.kind, weights.path) == ("download", None)
    assert not weights.is_here


def test_a_file_of_the_users_comes_first_if_it_is_safetensors(tmp_path: Path) -> None:
    file = tmp_path / "mine.safetensors"
    file.write_bytes(struct.pack("<Q", 2) + b"{}")
    weights = find_weights("tf_efficientnet_lite0.in1k", file)
    assert (weights.kind, weights.path) == ("file", file)


@pytest.mark.parametrize("content", [pickle.dumps({"a": 1}), b"", b"{}", struct.pack("<Q", 2**60) + b"{}"])
def test_a_file_that_is_not_safetensors_is_refused_unopened(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "mine.pth"
    file.write_bytes(content)
    with pytest.raises(BakeoffError, match="is not a safetensors file"):
        find_weights("tf_efficientnet_lite0.in1k", file)


def archive(path: Path, names: tuple[str, ...], compression: int = zipfile.ZIP_STORED) -> Path:
    """An archive as `torch.save` writes it, of so many empty pages."""
    with zipfile.ZipFile(path, "w", compression) as written:
        for name in names:
            written.writestr(f"own/{name}", bytes(4096))
    return path


@pytest.mark.parametrize("ending", ["pth", "bin", "tar", "safetensors"])
def test_a_checkpoint_is_told_by_its_content_whatever_its_ending(tmp_path: Path, ending: str) -> None:
    file = archive(tmp_path / f"own.{ending}", ("data.pkl", "data/0"))
    assert weights_format(file) == "checkpoint"
    assert find_weights("tf_efficientnet_lite0.in1k", file).text == f"the file own.{ending}"


def test_a_checkpoint_of_before_pytorch_1_6_is_told_by_its_first_bytes(tmp_path: Path) -> None:
    file = tmp_path / "old.pth"
    file.write_bytes(pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2) + pickle.dumps(1001, protocol=2))
    assert weights_format(file) == "checkpoint"


@pytest.mark.parametrize(
    ("names", "compression", "words"),
    [
        (("data.pkl", "data/0"), zipfile.ZIP_DEFLATED, "own.pth is damaged or cut off"),
        (
            ("data.pkl", "constants.pkl", "code/net.py"),
            zipfile.ZIP_STORED,
            r"more than tensors \(a TorchScript program\)",
        ),
        (("sheet.xml",), zipfile.ZIP_STORED, "own.pth is not a safetensors file, nor a checkpoint that PyTorch saved"),
    ],
)
def test_an_archive_that_unpacks_to_more_or_holds_a_program_is_refused_unopened(
    tmp_path: Path, names: tuple[str, ...], compression: int, words: str
) -> None:
    with pytest.raises(BakeoffError, match=words):
        weights_format(archive(tmp_path / "own.pth", names, compression))


def test_files_that_are_cut_off_are_refused_before_anything_starts(tmp_path: Path) -> None:
    header = b'{"a":{"dtype":"F32","shape":[1000],"data_offsets":[0,4000]}}'
    cut, torn = tmp_path / "cut.safetensors", archive(tmp_path / "torn.pth", ("data.pkl", "data/0"))
    cut.write_bytes(struct.pack("<Q", len(header)) + header + bytes(3999))
    torn.write_bytes(torn.read_bytes()[:-200])
    for file in (cut, torn):
        with pytest.raises(BakeoffError, match=f"^{file.name} is damaged or cut off. Bring a whole copy"):
            find_weights("tf_efficientnet_lite0.in1k", file)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "saved: it is empty. Bring the weights themselves."),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\n",
            "saved: it holds text, as a page",
        ),
        (b"<!DOCTYPE html>\n<html>", "saved: it holds text, as a page"),
        (b"GGUF\x03\0\0\0\0\0\0\0\0\0\0\0", "saved. Other formats can run code"),
    ],
)
def test_what_a_download_left_in_the_weights_place_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "own.bin").write_bytes(content)
    with pytest.raises(BakeoffError, match=f"^own.bin is not .* that PyTorch {words}"):
        weights_format(tmp_path / "own.bin")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BakeoffError, match="can't be read: it is not a file"):
        find_weights("tf_efficientnet_lite0.in1k", tmp_path)
    os.mkfifo(tmp_path / "pipe")  # opening it would wait for ever
    with pytest.raises(BakeoffError, match="can't be read: it is not a file"):
        find_weights("tf_efficientnet_lite0.in1k", tmp_path / "pipe")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BakeoffError, match="gone.safetensors can't be read: No such file"):
        find_weights("tf_efficientnet_lite0.in1k", tmp_path / "gone.safetensors")


def test_offline_mode_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert not is_hub_reachable()


def test_weights_that_cannot_be_fetched_are_answered_with_the_file_to_bring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    require_reachable("tf_efficientnet_lite0.in1k", find_weights("tf_efficientnet_lite0.in1k"))
    with pytest.raises(BakeoffError, match=r"`model.safetensors` of `timm/resnet50.a1_in1k` .* whose weights are here"):
        require_reachable("resnet50.a1_in1k", find_weights("resnet50.a1_in1k"))


def test_a_name_that_is_looked_up_for_ever_counts_as_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = threading.Event()

    def hang(*address: object, **options: object) -> None:
        asked.set()
        threading.Event().wait(60)

    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr(catalogue_weights, "REACH_S", 0.05)
    monkeypatch.setattr(catalogue_weights, "_hub_answer", [float("-inf"), True])
    monkeypatch.setattr(catalogue_weights.socket, "create_connection", hang)
    assert not is_hub_reachable()
    assert asked.is_set()

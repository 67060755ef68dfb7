"""Checkpoints as PyTorch writes them: the tensors of a network and nothing else, and no code of anybody's."""

import argparse
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from bakeoff_core.errors import BakeoffError
from bakeoff_core.models.checkpoints import read_tensors

PLAIN = {"stem.weight": torch.arange(6.0).reshape(2, 3), "stem.bias": torch.ones(2)}


def written(folder: Path, content: Any, **options: Any) -> Path:
    torch.save(content, folder / "own.pth", **options)
    return folder / "own.pth"


def refusal(file: Path) -> str:
    with pytest.raises(BakeoffError) as refused:
        read_tensors(file)
    words = str(refused.value)
    assert "weights_only" not in words and "Traceback" not in words
    return words


@pytest.mark.parametrize(
    "content",
    [
        PLAIN,
        {"state_dict": PLAIN, "epoch": 3},
        {"model": {"state_dict": PLAIN}},
        {"net": PLAIN, "optimizer": {"state": {}}},
        {
            "state_dict": {"stem.weight": torch.zeros(2, 3)},
            "state_dict_ema": {f"module.{n}": t for n, t in PLAIN.items()},
        },
        {"state_dict": PLAIN, "args": argparse.Namespace(lr=0.1)},  # as timm's own training writes it
    ],
)
@pytest.mark.parametrize("is_new", [True, False])
def test_a_checkpoint_of_plain_tensors_is_read(tmp_path: Path, content: dict, is_new: bool) -> None:
    found = read_tensors(written(tmp_path, content, _use_new_zipfile_serialization=is_new))
    assert set(found) == set(PLAIN)
    assert torch.equal(found["stem.weight"], PLAIN["stem.weight"])


class Hostile:
    """What makes a folder when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple:
        return os.mkdir, (str(self.folder),)


@pytest.mark.parametrize("is_new", [True, False])
def test_code_in_a_checkpoint_is_named_and_never_run(tmp_path: Path, is_new: bool) -> None:
    file = written(tmp_path, {"a": Hostile(tmp_path / "made"), **PLAIN}, _use_new_zipfile_serialization=is_new)
    assert refusal(file).startswith(
        "own.pth holds more than tensors (posix.mkdir), and opening such a file can run code"
    )
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("content", "asks_for"), [(np.float64(1), "numpy"), (torch.nn.Linear(2, 2), "torch.nn.modules")]
)
def test_what_is_no_tensor_is_refused_by_name(tmp_path: Path, content: object, asks_for: str) -> None:
    assert f"own.pth holds more than tensors ({asks_for}" in refusal(written(tmp_path, {"a": content, **PLAIN}))


def recursive() -> dict:
    content: dict = {}
    content["model"] = content
    return content


@pytest.mark.parametrize("content", [{}, [1, 2], torch.ones(3), {"a": 1}, recursive()])
def test_a_file_without_a_network_is_refused(tmp_path: Path, content: object) -> None:
    assert refusal(written(tmp_path, content)) == "own.pth holds no tensors. Save the network's: `model.state_dict()`."


@pytest.mark.parametrize("tensor", [torch.ones(1).expand(10**12), torch.eye(3).to_sparse()])
def test_a_tensor_that_claims_more_than_is_stored_is_refused(tmp_path: Path, tensor: torch.Tensor) -> None:
    assert "not stored in full (stem.weight)" in refusal(written(tmp_path, {"stem.weight": tensor}))


def test_a_header_that_lies_about_its_size_allocates_nothing(tmp_path: Path) -> None:
    true, lie = written(tmp_path, {"a": torch.ones(3)}), tmp_path / "lie.pth"
    with zipfile.ZipFile(true) as source, zipfile.ZipFile(lie, "w") as target:
        for member in source.namelist():
            huge = b"\x8a\x06" + (2**40).to_bytes(6, "little")
            content = source.read(member)
            target.writestr(member, content.replace(b"K\x03", huge) if member.endswith("data.pkl") else content)
    assert refusal(lie).startswith("lie.pth is damaged or cut off.")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("is_new", [True, False])
def test_a_checkpoint_that_breaks_off_is_refused(tmp_path: Path, share: float, is_new: bool) -> None:
    file = written(tmp_path, {"a": torch.ones(1000)}, _use_new_zipfile_serialization=is_new)
    file.write_bytes(file.read_bytes()[: int(share * file.stat().st_size)])
    assert refusal(file).startswith("own.pth is damaged or cut off.")


def test_safetensors_are_read_by_their_content_whatever_the_ending(tmp_path: Path) -> None:
    save_file(PLAIN, tmp_path / "own.pth")
    assert set(read_tensors(tmp_path / "own.pth")) == set(PLAIN)

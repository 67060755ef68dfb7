"""What systems leave behind in folders of images: no image, no class, and counted."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bakeoff_core.datasets.image_folder import read_folder
from bakeoff_core.datasets.litter import APPLE_DOUBLE, HIDDEN, litter_kind, litter_note
from bakeoff_core.errors import BakeoffError
from tests.support.image_folders import counts, fill, fill_classes


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("__MACOSX", "__MACOSX"),
        (".DS_Store", ".DS_Store"),
        ("thumbs.DB", "Thumbs.db"),
        ("Desktop.ini", "desktop.ini"),
        ("@EADIR", "@eaDir"),
        ("#recycle", "#recycle"),
        ("$Recycle.Bin", "$RECYCLE.BIN"),
        ("System Volume Information", "System Volume Information"),
        (".@__thumb", ".@__thumb"),
        (".Trash-1000", ".Trash"),
        ("FOUND.001", "FOUND.000"),
        ("1.jpg@SynoEAStream", "@SynoEAStream"),
        ("lost+found", "lost+found"),
        ("Icon\r", "Icon\r"),
        (".ipynb_checkpoints", ".ipynb_checkpoints"),
        ("RECYCLER", "RECYCLER"),
        ("._1.jpg", APPLE_DOUBLE),
        (".anything.png", HIDDEN),
        ("recycled", None),
        ("thumbs", None),
        ("found", None),
        ("cat", None),
        ("1.jpg", None),
    ],
)
def test_litter_is_known_by_its_name(name: str, kind: str | None) -> None:
    assert litter_kind(name) == kind


def test_litter_is_told_in_one_sentence_the_most_first() -> None:
    assert litter_note({}) == []
    assert litter_note({"@eaDir": 1, ".DS_Store": 1200, HIDDEN: 1}) == [
        "Passed over by name, as what systems leave behind: 1,200 .DS_Store, 1 @eaDir, 1 otherwise hidden."
    ]


def from_a_mac(root: Path) -> None:
    for name in ("cat", "dog"):
        fill(root / "__MACOSX" / name, "0.jpg")
        (root / name / "._0.png").write_bytes(b"\0\5\x16\7")
    (root / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")


def from_a_storage_box(root: Path) -> None:
    for name in ("cat", "dog"):
        fill(root / name / "@eaDir" / "0.png", "SYNOPHOTO_THUMB_M.jpg")
    fill(root / "#recycle" / "cat", "9.jpg")


def from_windows(root: Path) -> None:
    fill(root / "$RECYCLE.BIN" / "S-1-5-21", "9.jpg")
    (root / "System Volume Information").mkdir()
    (root / "cat" / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0")
    (root / "dog" / "deeper").mkdir()
    (root / "dog" / "deeper" / "DESKTOP.INI").write_text("[.ShellClassInfo]")


def from_a_notebook(root: Path) -> None:
    (root / "lost+found").mkdir()
    fill(root / ".ipynb_checkpoints", "0-checkpoint.png")
    fill(root / "cat" / ".ipynb_checkpoints", "0-checkpoint.png")
    fill(root / "dog", ".hidden.png")


@pytest.mark.parametrize(
    ("leave", "told"),
    [
        (from_a_mac, "2 ._ (AppleDouble), 1 .DS_Store, 1 __MACOSX"),
        (from_a_storage_box, "2 @eaDir, 1 #recycle"),
        (from_windows, "1 $RECYCLE.BIN, 1 System Volume Information, 1 Thumbs.db, 1 desktop.ini"),
        (from_a_notebook, "2 .ipynb_checkpoints, 1 lost+found, 1 otherwise hidden"),
    ],
)
def test_litter_is_neither_class_nor_image_and_is_counted_once(
    tmp_path: Path, leave: Callable[[Path], None], told: str
) -> None:
    clean, littered = tmp_path / "clean", tmp_path / "littered"
    for root in (clean, littered):
        fill_classes(root, 6)
    leave(littered)
    dataset = read_folder(littered)
    assert dataset.classes == ("cat", "dog")
    assert counts(dataset) == counts(read_folder(clean)) == {"train": 8, "val": 2, "test": 2}
    assert dataset.skipped == ()
    assert dataset.notes[-1] == f"Passed over by name, as what systems leave behind: {told}."


def test_litter_in_and_beside_splits_is_counted_once_and_makes_nothing_doubtful(tmp_path: Path) -> None:
    for split in ("train", "test"):
        fill_classes(tmp_path / split, 4)
        fill(tmp_path / split / "__MACOSX" / "cat", "._0.png")
    fill(tmp_path / "@eaDir" / "cat", "SYNOPHOTO_THUMB_M.jpg")
    dataset = read_folder(tmp_path)
    assert (dataset.classes, dataset.skipped) == (("cat", "dog"), ())
    assert dataset.notes[-1] == "Passed over by name, as what systems leave behind: 2 __MACOSX, 1 @eaDir."


def test_a_folder_of_one_class_and_litter_says_what_was_passed_over(tmp_path: Path) -> None:
    fill(tmp_path / "cat", "0.png")
    fill(tmp_path / "__MACOSX" / "cat", "._0.png")
    with pytest.raises(BakeoffError, match=r"has only one class, 'cat'; .* Passed over by name.*: 1 __MACOSX\.$"):
        read_folder(tmp_path)

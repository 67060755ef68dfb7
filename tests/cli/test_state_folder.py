"""Every command with a state folder that can't be used: words that say which and what to do, and exit code 1."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from bakeoff_core.cli.app import COMMANDS, main
from bakeoff_core.system.paths import home
from tests.cli.test_app import REQUIRED
from tests.support.places import ROOT
from tests.support.state_folders import UNUSABLE

WORDS = "Check what stands there, who owns it and who may read it, or point BAKEOFF_HOME at another folder."
RUN = "20260101-000000-finetune-000001abcd"
READING = {
    "pick": ("pick",),
    "pick by own images": ("pick", "--accuracy", "elpv-1a2b3c4d"),
    "runs": ("runs", "--json"),
    "advise": ("advise",),
    "replay": ("replay", str(ROOT / "tests" / "data" / "report_v1.md")),
}
"""Commands that read the profile store or the jobs."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder that is not this test's state."""
    path = tmp_path / "other"
    path.mkdir()
    return path


@pytest.mark.parametrize(("make", "why"), UNUSABLE.items(), ids=[make.__name__ for make in UNUSABLE])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_state_folder_that_is_none_is_named_by_every_command(command, make, why, folder, monkeypatch, capsys):
    monkeypatch.setenv("BAKEOFF_HOME", str(make(folder)))
    assert main([command, *REQUIRED.get(command, ())]) == 1
    out, err = capsys.readouterr()
    assert out == "" and f" can't be used: {why}. {WORDS}" in err and err.startswith(f"Error: {folder}")


def test_a_home_of_an_unknown_user_is_named(monkeypatch, capsys):
    monkeypatch.setenv("BAKEOFF_HOME", "~nobody-is-called-so/state")
    assert main(["runs"]) == 1
    assert "BAKEOFF_HOME must be a folder. Got ~nobody-is-called-so/state" in capsys.readouterr().err


def test_a_home_beside_a_folder_that_is_gone_is_named(tmp_path, monkeypatch, capsys):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    monkeypatch.setenv("BAKEOFF_HOME", "state")
    assert main(["runs"]) == 1
    assert "BAKEOFF_HOME must be a folder. Got state: " in capsys.readouterr().err
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("words", [READING["pick"], READING["advise"], READING["replay"], ("export", "all.parquet")])
def test_a_store_that_can_not_be_looked_at_is_named(words, lab, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    store = home() / "profiles.parquet"
    store.unlink()
    store.symlink_to(store)
    assert main(list(words)) == 1
    assert f"{store} can't be used: Too many levels of symbolic links. {WORDS}" in capsys.readouterr().err
    store.unlink()
    store.mkdir()
    assert main(list(words)) == 1
    assert "profiles.parquet can't be read: Is a directory. Check the file and who owns it." in capsys.readouterr().err
    assert not (tmp_path / "all.parquet").exists()


def test_a_folder_in_place_of_the_own_accuracies_is_named(lab, capsys):
    (home() / "accuracy.csv").mkdir()
    assert main(["pick"]) == 1
    assert "accuracy.csv must be a file that can be read. It is not: Is a directory." in capsys.readouterr().err


def without_privileges(words: tuple[str, ...]) -> tuple[int, str]:
    """Run a command in a child that may read what everybody may; returns the exit code and what was said of it."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:  # pragma: no cover
        try:
            os.dup2(writer, 2)
            sys.stderr = os.fdopen(2, "w", closefd=False)
            if os.geteuid() == 0:
                os.setgid(65534)
                os.setuid(65534)
            code = main(list(words))
            sys.stderr.flush()
        except BaseException as err:
            os.write(2, f"Traceback: {type(err).__name__}: {err}".encode())
            code = 99
        os._exit(code)
    os.close(writer)
    with os.fdopen(reader) as said:
        text = said.read()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), text


@pytest.fixture
def locked_out(lab, tmp_path, capsys):
    """A state folder that nobody may read; all that commands load on the way is loaded before."""
    for words in READING.values():
        main(list(words))
    capsys.readouterr()
    for part in (tmp_path, *tmp_path.parents[:2]):
        if part.owner() != "root" or os.geteuid() == 0:
            part.chmod(0o755)
    home().chmod(0)
    yield home()
    home().chmod(0o755)


@pytest.mark.parametrize("words", READING.values(), ids=READING)
def test_a_state_folder_that_may_not_be_read_is_named_and_never_a_traceback(words, locked_out):
    code, text = without_privileges(words)
    assert (code, text) == (1, f"Error: {locked_out} can't be used: Permission denied. {WORDS}\n")


def test_a_job_that_may_not_be_read_is_named_and_hides_no_other(lab, tmp_path, capsys):
    folder = home() / "jobs" / RUN
    folder.mkdir(parents=True)
    (folder / "spec.json").symlink_to(folder / "spec.json")
    assert main(["runs"]) == 0 and capsys.readouterr().out == ""
    assert main(["stop", RUN]) == 1
    assert "There is no job" in capsys.readouterr().err


def test_control_characters_in_its_name_are_shown_as_escapes(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("BAKEOFF_HOME", f"{tmp_path}/red\x1b[31m\nhome")
    assert main(["storage"]) == 0
    assert f"{tmp_path}/red\\x1b[31m\\nhome: 0 bytes" in capsys.readouterr().err

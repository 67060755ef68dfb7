"""The commands `import` and `export`: profiles carried to another home."""

from __future__ import annotations

from bakeoff_core.cli.app import main
from bakeoff_core.profiling import store as profiling_store
from bakeoff_core.system.paths import profiles_path


def test_export_and_import_carry_profiles_to_another_home(lab, tmp_path, monkeypatch, capsys):
    box = tmp_path / "box.parquet"
    assert main(["export", str(box)]) == 0
    monkeypatch.setenv("BAKEOFF_HOME", str(tmp_path / "elsewhere"))
    assert main(["import", str(box)]) == 0
    assert "Imported 4 rows" in capsys.readouterr().err
    assert len(profiling_store.read_profiles(profiles_path())) == 4


def test_the_same_rows_a_second_time_are_said_to_be_here(lab, tmp_path, capsys):
    box = tmp_path / "box.parquet"
    main(["export", str(box)])
    main(["import", str(box)])
    said = capsys.readouterr().err
    assert "Imported 0 rows; 4 were left out because the same or newer ones are here." in said


def test_a_folder_in_the_place_of_a_file_is_named(tmp_path, capsys):
    assert main(["import", str(tmp_path)]) == 1
    assert f"{tmp_path} is no file. Name the one that was exported." in capsys.readouterr().err

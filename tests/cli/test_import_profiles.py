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

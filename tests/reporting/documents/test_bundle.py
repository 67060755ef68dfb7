"""The zip of a report, its picture and its data."""

from __future__ import annotations

import io
import zipfile

from bakeoff_core.reporting.documents.bundle import pack


def test_the_bundle_holds_the_report_the_picture_and_the_data():
    packed = pack("# Report ★\n", "<svg/>", b"PAR1\x00")
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == {
            "report.md": "# Report ★\n".encode(),
            "frontier.svg": b"<svg/>",
            "profiles.parquet": b"PAR1\x00",
        }
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {entry.external_attr >> 16 for entry in archive.infolist()} == {0o644}


def test_the_same_contents_make_the_same_bundle():
    assert pack("a", "b", b"c") == pack("a", "b", b"c")

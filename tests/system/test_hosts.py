"""Which names a server of this machine may be asked under, whatever a request or the user writes."""

from __future__ import annotations

import pytest

from bakeoff_core.errors import BakeoffError
from bakeoff_core.system.hosts import allowed_hosts, host_of, host_of_url, is_allowed


@pytest.mark.parametrize(
    ("authority", "host"),
    [
        ("localhost", "localhost"),
        ("LocalHost:8501", "localhost"),
        ("localhost.", "localhost"),
        ("localhost.:8501", "localhost"),
        ("localhost:", "localhost"),
        ("127.0.0.1:8501", "127.0.0.1"),
        ("127.0.0.1.", "127.0.0.1"),
        ("[::1]", "::1"),
        ("[0:0:0:0:0:0:0:1]:8501", "::1"),
        ("[::FFFF:127.0.0.1]", "127.0.0.1"),
        ("[FE80::0001]", "fe80::1"),
        ("box_2.lab:65535", "box_2.lab"),
    ],
)
def test_a_host_has_one_spelling(authority, host):
    assert host_of(authority) == host


@pytest.mark.parametrize(
    "authority",
    [
        *("", ".", ":8501", "::1", "[]", "[::1", "[::1]x", "[localhost]", "[127.0.0.1", "[::1%25lo]"),
        *("localhost:x", "localhost:65536", "localhost:80:80", "localhost:８０", "localhost evil", "localhost,evil"),
        *("evil@localhost", "localhost@evil", "localhost/evil", "localhost?", "localhost#", "localhost\\evil"),
        *("localhost\n", " localhost", "local\x00host", "ｌocalhost", "*", "http://localhost"),
    ],
)
def test_what_is_no_host_and_port_is_none(authority):
    assert host_of(authority) is None
    assert not is_allowed(host_of(authority), {authority})


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://localhost:8501", "localhost"),
        ("https://[::1]:8501", "::1"),
        ("http://box.lab/_stcore/health", "box.lab"),
        ("null", None),
        ("file://", None),
        ("file://localhost/x", None),
        ("http://", None),
        ("http://[", None),
        ("http://localhost@evil.example", None),
        ("localhost:8501", None),
    ],
)
def test_the_host_of_an_origin_or_of_a_whole_address(url, host):
    assert host_of_url(url) == host


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.255.3.4", "::1"])
def test_loopback_is_always_allowed(host):
    assert is_allowed(host, frozenset())


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "localhost.evil.example", "x.localhost", "127.0.0.1.evil.example", "127.1", "2130706433"),
        *("0.0.0.0", "::", "192.168.1.5", "128.0.0.1", "fe80::1"),
    ],
)
def test_any_other_name_is_allowed_only_where_it_was_given(host):
    assert not is_allowed(host, frozenset())
    assert not is_allowed(host, {"box.lab"})
    assert is_allowed(host, {"box.lab", host})


def test_the_names_of_the_variable_are_parted_by_commas_or_spaces(monkeypatch):
    monkeypatch.setenv("BAKEOFF_ALLOWED_HOSTS", " Box.Lab, box:8501,192.168.1.5 ,FE80::0001,[fd00::2]:80\nbücher.lab ")
    assert allowed_hosts() == {"box.lab", "box", "192.168.1.5", "fe80::1", "fd00::2", "xn--bcher-kva.lab"}


@pytest.mark.parametrize("value", [None, "", " ,, "])
def test_without_the_variable_no_name_is_given(monkeypatch, value):
    monkeypatch.delenv("BAKEOFF_ALLOWED_HOSTS", raising=False)
    if value is not None:
        monkeypatch.setenv("BAKEOFF_ALLOWED_HOSTS", value)
    assert allowed_hosts() == frozenset()


@pytest.mark.parametrize("entry", ["http://box.lab:8501", "box.lab/x", "*", "*.lab", "box@lab", "box:port"])
def test_an_entry_that_is_no_name_is_refused_in_words(monkeypatch, entry):
    monkeypatch.setenv("BAKEOFF_ALLOWED_HOSTS", f"box,{entry}")
    with pytest.raises(BakeoffError) as raised:
        allowed_hosts()
    assert str(raised.value) == (
        f"BAKEOFF_ALLOWED_HOSTS must hold names or addresses, with commas between them. Got {entry!r}. "
        "Write what stands between http:// and the next / or : in the browser, for instance box.lab."
    )

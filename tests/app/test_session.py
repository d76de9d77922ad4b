"""One owner on this computer; elsewhere each browser is its own, and stays it after a reload."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import streamlit as st

from app import session


def _masked(token: bytes, mask: bytes) -> str:
    masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(token))
    return f"2|{mask.hex()}|{masked.hex()}|1795260482"


def _listens(monkeypatch: pytest.MonkeyPatch, address: str | None) -> None:
    told = {"server.address": address, "secrets.files": []}
    monkeypatch.setattr(st, "get_option", told.__getitem__)


def _asked(monkeypatch: pytest.MonkeyPatch, **headers: str) -> None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    monkeypatch.setattr(st, "context", SimpleNamespace(headers=named, cookies={}))


def test_the_same_token_under_another_mask_is_the_same_browser() -> None:
    token = bytes(range(16))
    assert session.unmasked(_masked(token, b"\x01\x02\x03\x04")) == token
    assert session.unmasked(_masked(token, b"\xf0\x00\xaa\x55")) == token


@pytest.mark.parametrize(
    "cookie", ["", "2|zz|00|1", "1|" + "0" * 8, "2|00000000||1", "2|00000000|00ff|1"]
)
def test_a_made_up_cookie_is_nobody(cookie: str) -> None:
    assert session.unmasked(cookie) is None


@pytest.mark.parametrize(
    ("address", "alone"),
    [("localhost", True), ("127.0.0.1", True), ("0.0.0.0", False), (None, False)],
)
def test_only_a_server_on_this_computer_has_one_owner(
    monkeypatch: pytest.MonkeyPatch, address: str | None, alone: bool
) -> None:
    _listens(monkeypatch, address)
    assert session.alone() is alone
    assert session.local() is alone
    assert (session.owner() is None) is alone


@pytest.mark.parametrize("host", ["localhost:8501", "127.0.0.1:8501", "[::1]:8501", "LOCALHOST"])
def test_a_browser_on_this_computer_asks_for_it_by_its_own_name(
    monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    _listens(monkeypatch, "localhost")
    _asked(monkeypatch, Host=host)
    assert session.owner() is None


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example:8501"},
        {"Host": "localhost.evil.example"},
        {"Host": "localhost@evil.example"},
        {"Host": "["},
        {"Host": "localhost", "X_Forwarded_For": "192.0.2.7"},
        {"Host": "localhost", "Forwarded": "for=192.0.2.7"},
        {"Host": "localhost", "Via": "1.1 proxy"},
    ],
    ids=str,
)
def test_who_comes_by_another_name_or_a_proxy_owns_nothing_of_this_copy(
    monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]
) -> None:
    _listens(monkeypatch, "localhost")
    _asked(monkeypatch, **headers)
    assert not session.local()
    assert session.owner() is not None

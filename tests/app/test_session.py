"""One owner on this computer; elsewhere each browser is its own, and stays it after a reload."""

from __future__ import annotations

import pytest
import streamlit as st

from app import session


def _masked(token: bytes, mask: bytes) -> str:
    masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(token))
    return f"2|{mask.hex()}|{masked.hex()}|1795260482"


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
    monkeypatch.setattr(st, "get_option", lambda name: address)
    assert session.local() is alone
    assert (session.owner() is None) is alone

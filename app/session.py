"""Who is here and what they own.

A server that listens on this computer only has one owner, who sees every run of this copy, those
of the command line too. One that listens to others knows each browser by the random token of its
XSRF cookie, so that a reload loses nothing and nobody sees what another browser owns.
"""

from __future__ import annotations

import hashlib
import secrets

import streamlit as st


def local() -> bool:
    """Whether only this computer can reach the server: then a path may be given."""
    return st.get_option("server.address") in ("localhost", "127.0.0.1", "::1")


def owner() -> str | None:
    """The name under which this browser's runs and uploads are kept; None: all of this copy."""
    if local():
        return None
    token = unmasked(st.context.cookies.get("_streamlit_xsrf", ""))
    if token is not None:
        return hashlib.sha256(token).hexdigest()[:32]
    if "owner" not in st.session_state:
        st.session_state["owner"] = secrets.token_hex(16)
    return str(st.session_state["owner"])


def unmasked(cookie: str) -> bytes | None:
    """The token in an XSRF cookie, which is masked anew with each page; None for anything else.

    The form is Tornado's version 2: `2|mask|token XOR mask|time`, in hexadecimal digits.
    """
    parts = cookie.split("|")
    try:
        if len(parts) != 4 or parts[0] != "2":
            return None
        mask, masked = bytes.fromhex(parts[1]), bytes.fromhex(parts[2])
    except ValueError:
        return None
    if len(mask) != 4 or len(masked) < 16:
        return None
    return bytes(byte ^ mask[i % 4] for i, byte in enumerate(masked))

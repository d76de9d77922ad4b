"""Who is here and what they own.

Where people sign in, each owns what they made, in whatever browser. Elsewhere a server that only
this computer reaches has one owner, who sees every run of this copy, those of the command line too;
one that others reach knows each browser by the random token of its XSRF cookie, so that a reload
loses nothing and nobody sees what another browser owns.
"""

from __future__ import annotations

import hashlib
import secrets
from urllib.parse import urlsplit

import streamlit as st

from app import signed_in

HERE = ("localhost", "127.0.0.1", "::1")
"""Names under which only this computer itself reaches a server."""

FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via")
"""What a proxy adds to the requests of others that it passes on."""


def alone() -> bool:
    """Whether the server listens to this computer only, and asks nobody to sign in."""
    return not signed_in.required() and st.get_option("server.address") in HERE


def local() -> bool:
    """Whether whoever looks sits at this computer: then a path may be given."""
    return alone() and _from_here()


def place() -> str:
    """What a page calls the computer that it runs on."""
    return "this machine" if local() else "this server"


def _from_here() -> bool:
    """Whether the browser asked for this computer by its own name, and no proxy for somebody else.

    A page of another site whose name was made to point at this computer (DNS rebinding) comes under
    that name, and counts as a stranger.
    """
    headers = st.context.headers
    if any(name in headers for name in FORWARDED):
        return False
    host = headers.get("Host")
    try:
        return host is None or urlsplit(f"//{host}").hostname in HERE
    except ValueError:
        return False


def owner() -> str | None:
    """The name under which this browser's runs and uploads are kept; None: all of this copy."""
    if signed_in.required():
        return _signed_in()
    if local():
        return None
    token = unmasked(st.context.cookies.get("_streamlit_xsrf", ""))
    if token is not None:
        return hashlib.sha256(token).hexdigest()[:32]
    if "owner" not in st.session_state:
        st.session_state["owner"] = secrets.token_hex(16)
    return str(st.session_state["owner"])


def _signed_in() -> str:
    """Whose sign-in this is. One that has ended meanwhile starts the page again, at its door."""
    who = signed_in.person() if signed_in.inside() else None
    if who is None:
        st.rerun()
        raise PermissionError("nobody is signed in")  # a rerun never returns in a browser
    return who.owner


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

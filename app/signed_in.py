"""Who signed in, on a server that asks: `st.login`, switched on by `[auth]` in Streamlit's secrets.

`BLINDFOLD_HOSTED` in the environment says that the server must ask: then secrets that are missing
or cannot be read lock it, in place of opening it to everybody.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import streamlit as st

HOSTED = "BLINDFOLD_HOSTED"
"""The environment variable that says, with any value, that this server must ask who is there."""

LASTS_SECONDS = 12 * 3600.0
"""How long a sign-in counts, from when the provider issued it. Streamlit's own cookie lasts 30
days, in which somebody may have left."""

CLOCKS_SECONDS = 300.0
"""How far the provider's clock may be ahead of this one."""

SHORTEST_SECRET = 32
"""Letters of `cookie_secret`: who can guess it can be anybody."""


@dataclass(frozen=True)
class Person:
    """Somebody who signed in: the `owner` of what they make, and what they are called on a page."""

    owner: str
    called: str


def required() -> bool:
    """Whether this server asks who is there before it shows anything."""
    return bool(os.environ.get(HOSTED)) or _unreadable() or bool(_auth())


def problem() -> str | None:
    """Why nobody can sign in, and the way out, for whoever set the server up; else None."""
    if _unreadable():
        return "Streamlit's secrets are there and cannot be read: mend the file that holds [auth]."
    auth = _auth()
    if not auth:
        return f"{HOSTED} is set, and Streamlit's secrets have no [auth]: add it."
    if len(str(auth.get("cookie_secret", ""))) < SHORTEST_SECRET:
        return f"cookie_secret in [auth] is missing or short: give {SHORTEST_SECRET} random ones."
    if not providers():
        return "[auth] names no provider: give client_id, client_secret and server_metadata_url."
    if find_spec("authlib") is None:
        return "The package Authlib is not installed: install what requirements.txt lists."
    return None


def providers() -> list[str | None]:
    """The providers to choose from, by the names of their sections; None is `[auth]` itself."""
    auth = _auth()
    named = [
        name for name, part in auth.items() if isinstance(part, Mapping) and "client_id" in part
    ]
    return [None, *named] if "client_id" in auth else [*named]


def person() -> Person | None:
    """Who signed in in this browser; None where nobody did, or longer ago than a sign-in counts."""
    told = st.user.to_dict()
    issuer, subject, issued = (told.get(claim) for claim in ("iss", "sub", "iat"))
    if told.get("is_logged_in") is not True or not _named(issuer) or not _named(subject):
        return None
    if not isinstance(issued, int | float) or not _recent(issued):
        return None
    names = (told.get(claim) for claim in ("name", "preferred_username", "email"))
    called = next((str(name) for name in names if _named(name)), "somebody without a name")
    return Person(owner_of(str(issuer), str(subject)), called)


def inside() -> bool:
    """Whether this browser may see pages: it always may where nobody is asked."""
    return not required() or (problem() is None and person() is not None)


def owner_of(issuer: str, subject: str) -> str:
    """The owner of what the person `subject` of the provider `issuer` makes: 64 digits 0-9a-f.

    These two claims together name one account for good (OpenID Connect Core 1.0, section 5.7). An
    e-mail address may change hands, and is no part of it.
    """
    return hashlib.sha256(json.dumps([issuer, subject]).encode()).hexdigest()


def _named(claim: object) -> bool:
    return isinstance(claim, str) and bool(claim.strip())


def _recent(issued: float) -> bool:
    return -CLOCKS_SECONDS <= time.time() - issued <= LASTS_SECONDS


def _auth() -> Mapping[str, Any]:
    """`[auth]` of Streamlit's secrets; empty where there is none."""
    try:
        found = st.secrets.get("auth") if st.secrets.load_if_toml_exists() else None
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, Mapping) else {}


def _unreadable() -> bool:
    """Whether there are secrets that cannot be read: Streamlit takes them for none."""
    try:
        if st.secrets.load_if_toml_exists():
            return False
    except (OSError, ValueError):  # no right to read it; it is no text
        return True
    return any(Path(place).exists() for place in st.get_option("secrets.files") or ())

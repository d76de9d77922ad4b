"""What stands before every page: the question who is there, and what this server does with data."""

from __future__ import annotations

import sys

import streamlit as st
from streamlit.errors import StreamlitAuthError, StreamlitMissingAuthlibError

from app import kept, look, session, signed_in
from core import retention
from core.errors import ConfigError

OPEN = (
    "This server answers other computers and asks nobody to sign in: what you upload and audit "
    "belongs to this browser alone. Whoever uses this browser sees it, and nobody finds it again "
    "once its cookies are cleared. Folders of the server cannot be named from here."
)
LOOK_SECONDS = 60
"""How often an open page looks whether its sign-in still counts."""


def passed() -> bool:
    """Draw what comes before the page; whether the page may follow."""
    if not _terms_can_be_read():
        return False
    kept.sweeper()
    if not signed_in.required():
        if not session.local():
            look.aside(look.bold("Open to others. "), OPEN)
        return True
    who = signed_in.person() if signed_in.inside() else None
    if who is None:
        _ask()
        return False
    with st.sidebar:
        look.put(look.join("Signed in as ", look.bold(who.called)), "small")
        st.button("Sign out", on_click=st.logout, icon=":material/logout:")
    _leave_when_over()
    return True


def _terms_can_be_read() -> bool:
    try:
        retention.keep_seconds()
    except ConfigError as error:
        look.alarm(f"{retention.KEEP}: {error}")
        return False
    return True


def _ask() -> None:
    """The page of a server that does not know who is there: no name, no run, no figure."""
    st.title("Sign in", anchor=False)
    wrong = signed_in.problem()
    if wrong is not None:
        look.alarm(look.bold("Nobody can sign in here yet. "), wrong)
        return
    look.put(
        "Blindfold audits what face embeddings reveal. On this server everybody sees their own "
        "audits and uploads and nobody else's; it shows nothing before you sign in.",
        "lead",
    )
    for provider in signed_in.providers():
        label = "Sign in" if provider is None else f"Sign in with {look.plain(provider)}"
        if st.button(label, type="primary", key=f"sign in {provider}"):
            _go(provider)


def _go(provider: str | None) -> None:
    try:
        st.login(provider)
    except (StreamlitAuthError, StreamlitMissingAuthlibError) as error:
        print(f"blindfold: nobody can sign in: {error}", file=sys.stderr)
        look.alarm("Nobody can sign in here yet: the log of this server says what is missing.")


@st.fragment(run_every=LOOK_SECONDS)
def _leave_when_over() -> None:
    """A page that was left open closes itself when its sign-in no longer counts."""
    if not signed_in.inside():
        st.rerun()

"""Maps of more than 100,000 faces in embedding-atlas, where that package is installed.

It runs in a process of its own, which is given one file, listens on this computer only and is
ended from the page, or with the server.
"""

from __future__ import annotations

import atexit
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import streamlit as st

from app import look, session
from app.jobs import View
from core.plots.projection import LIMIT
from core.plots.projection_maps import METHODS, Maps, Place
from core.plots.projection_presets import title

PACKAGE = "embedding_atlas"
INSTALL = "pip install embedding-atlas"


@dataclass(frozen=True)
class Atlas:
    """A running embedding-atlas: what it shows, where, and the folder that holds its one file."""

    what: tuple[str, Place]
    address: str
    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def ended(self) -> bool:
        """Whether its process is over."""
        return self.process.poll() is not None

    def stop(self) -> None:
        """End it, and delete its file."""
        self.process.terminate()
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def panel(view: View, found: Maps, place: Place) -> None:
    """For large sets: the first map with every point, in a page of its own."""
    if len(found) <= LIMIT:
        return
    look.gap("small")
    what = f"{METHODS.get(place[1], place[1])} of {title(place[0])}"
    look.heading(
        "All of them at once",
        f"embedding-atlas draws all {len(found):,} faces of {what}, the first map. It gets the "
        "places and labels of that map and nothing else, listens on this computer only, and "
        "needs a browser with WebGPU.",
    )
    if not session.local():
        look.put("It can be started where this server listens to its own computer only.", "m")
    elif find_spec(PACKAGE) is None:
        look.put(look.join("To have it: ", look.bold(INSTALL), ", then start the server again."))
    else:
        _controls((view.id, place), found)


def _controls(what: tuple[str, Place], found: Maps) -> None:
    running = _running()
    own = running.get("atlas")
    if own is not None and own.ended:
        own.stop()
        running.pop("atlas", None)
        look.alarm("embedding-atlas ended by itself: the log of this server says why.")
        own = None
    with st.container(horizontal=True, vertical_alignment="center"):
        if own is None or own.what != what:
            st.button("Open in embedding-atlas", on_click=_open, args=(what, found))
        if own is not None:
            st.link_button(f"To {own.address}", own.address)
            st.button("Stop it", on_click=_stop)


def _open(what: tuple[str, Place], found: Maps) -> None:
    _stop()
    _running()["atlas"] = start(what, found)


def _stop() -> None:
    own = _running().pop("atlas", None)
    if own is not None:
        own.stop()


@st.cache_resource(show_spinner=False)
def _running() -> dict[str, Atlas]:
    """The one that runs; shared by all tabs, and ended with the server."""
    kept: dict[str, Atlas] = {}
    atexit.register(_end, kept)
    return kept


def _end(kept: dict[str, Atlas]) -> None:
    for one in kept.values():
        one.stop()


def start(what: tuple[str, Place], found: Maps) -> Atlas:
    """Start embedding-atlas on the map `what` names, on a free port of this computer."""
    folder = Path(tempfile.mkdtemp(prefix="blindfold-atlas-"))
    file = folder / "map.parquet"
    at = found.places[what[1]]
    there = ~np.isnan(at).any(axis=1)
    frame = found.faces[there].assign(u=at[there, 0], v=at[there, 1])
    frame.to_parquet(file, index=False)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        command(file, port), cwd=folder, stdin=subprocess.DEVNULL, start_new_session=True,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
    )  # fmt: skip
    return Atlas(what, f"http://127.0.0.1:{port}", folder, process)


def command(file: Path, port: int) -> list[str]:
    """The command line, for embedding-atlas 0.26: the places are given, so nothing is computed,
    and the browser does the queries, so that none can reach another file."""
    return [
        sys.executable, "-m", f"{PACKAGE}.cli", str(file), "--x", "u", "--y", "v",
        "--disable-projection", "--duckdb", "wasm", "--host", "127.0.0.1", "--port", str(port),
        "--no-auto-port",
    ]  # fmt: skip

"""The faces chosen on the maps of a run: kept for the session, and in the address where they fit.

In the address stands a checksum of the faces' ids and one bit a face, packed, so that a link
means the same faces or nothing.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Sequence

import numpy as np
import streamlit as st

from app.jobs import View
from core.plots.projection_maps import Maps

PARAMETER = "chosen"
TURN = "choices made"
LONGEST = 1500
"""Letters of the address that a choice may take; browsers and mail cut much longer links."""


def encode(chosen: np.ndarray, ids: Sequence[str]) -> str | None:
    """`chosen` bool (n,) of the faces `ids` as text for a link; None where it would be too long."""
    packed = zlib.compress(np.packbits(chosen).tobytes(), 9)
    told = f"{_checksum(ids)}{base64.urlsafe_b64encode(packed).decode().rstrip('=')}"
    return told if len(told) <= LONGEST else None


def decode(told: str, ids: Sequence[str]) -> np.ndarray | None:
    """The choice that `encode` wrote, bool (n,); None where it is of other faces, or damaged."""
    if len(told) > LONGEST or told[:8] != _checksum(ids):
        return None
    body, size = told[8:], (len(ids) + 7) // 8
    try:
        packed = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
        bits = zlib.decompressobj().decompress(packed, size + 1)
    except (binascii.Error, ValueError, zlib.error):
        return None
    if len(bits) != size:
        return None
    return np.unpackbits(np.frombuffer(bits, np.uint8))[: len(ids)].astype(bool)


def _checksum(ids: Sequence[str]) -> str:
    return f"{zlib.crc32(chr(10).join(ids).encode()):08x}"


def chosen(view: View, maps: Maps) -> np.ndarray:
    """The faces chosen so far, bool (n,): of this session, else of the address, else none."""
    kept = st.session_state.get(_key(view))
    if kept is not None and len(kept) == len(maps):
        return np.asarray(kept)
    told = st.query_params.get(PARAMETER)
    found = None if told is None else decode(told, maps.faces["id"].tolist())
    if found is None:
        st.session_state[_unread(view)] = told is not None
        found = np.zeros(len(maps), bool)
    st.session_state[_key(view)] = found
    return found


def choose(view: View, faces: np.ndarray, how: str = "replaces") -> None:
    """`faces` bool (n,) replace what is chosen, are added to it, or are taken away from it."""
    kept = st.session_state.get(_key(view))
    before = np.zeros(len(faces), bool) if kept is None else kept
    if how == "adds":
        faces = before | faces
    elif how == "takes away":
        faces = before & ~faces
    st.session_state[_key(view)] = faces
    st.session_state[_unread(view)] = False
    st.session_state[TURN] = turn() + 1


def turn() -> int:
    """How many choices were made in this session; it belongs into the key of a map.

    The browser keeps what was drawn on a figure under that figure's key: a figure that comes a
    second time would come with the loop, and with the marks, of the first.
    """
    return int(st.session_state.get(TURN, 0))


def link(maps: Maps, faces: np.ndarray) -> bool:
    """Write the choice into the address; False where it does not fit, and is left out of it."""
    told = encode(faces, maps.faces["id"].tolist()) if faces.any() else None
    if told is not None:
        if st.query_params.get(PARAMETER) != told:
            st.query_params[PARAMETER] = told
    elif PARAMETER in st.query_params:
        del st.query_params[PARAMETER]
    return told is not None or not bool(faces.any())


def unread(view: View) -> bool:
    """Whether the address held a choice that means nothing here."""
    return bool(st.session_state.get(_unread(view)))


def _key(view: View) -> str:
    return f"chosen faces {view.id}"


def _unread(view: View) -> str:
    return f"chosen faces unread {view.id}"

"""Who is the same person: groups suggested from the vectors, confirmed or split by a person."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from app import by_hand, jobs, look, sheet
from app.reading import Chosen
from core.encode.given import read_embeddings
from core.faces.faceset import UNKNOWN, FaceSet
from core.measure.same_person import suggest

VECTORS = "same_person.parquet"
AT_A_TIME = 4
"""Suggested groups that are shown at once."""


def same_person(found: FaceSet, chosen: Chosen, key: str) -> None:
    """Suggest groups among the faces without a person, and write what the person says."""
    assert chosen.uploads is not None
    out = chosen.uploads / VECTORS
    alone = found.table["subject_id"].eq(UNKNOWN).to_numpy()
    look.put(f"{int(alone.sum()):,} of {len(found):,} faces belong to nobody yet.", "m")
    if not out.is_file():
        _vectors(chosen, found.aligned, out)
        return
    if not alone.any():
        return
    threshold = st.slider(
        "Cosine from which two faces are suggested as one person", 0.2, 0.95, 0.5, 0.01,
        key="same threshold",
    )  # fmt: skip
    rows, x = _alone(found, out, alone)
    groups = [rows[group] for group in suggest(x, threshold)]
    look.put(f"{look.count(len(groups), 'group', 'groups')} suggested; the largest first.", "m")
    for number, group in enumerate(groups[:AT_A_TIME]):
        _group(found, group, key, number)
    if st.button(f"Everyone who is left ({int(alone.sum()):,}) is a person of their own"):
        _write(found, {int(row): None for row in np.flatnonzero(alone)})


def _vectors(chosen: Chosen, aligned: bool, out: Path) -> None:
    failed = st.session_state.get("embedding failed")
    if failed:
        look.alarm(failed)
    # The choice of the encoder stands below; this is what it was when the page was drawn last.
    encoder: dict[str, Any] | None = st.session_state.get("encoder settings")
    working = st.session_state.get("embedding")
    if working is not None and working[0] == str(out):
        st.fragment(_watch, run_every=1)(out, working[1])
        return
    if not encoder or encoder["kind"] == "pixels":
        look.put(
            "Choose a recogniser and its weights below; the suggestions need its vectors.", "m"
        )
        return
    if st.button("Suggest who is the same person"):
        assert chosen.path is not None
        st.session_state.pop("embedding failed", None)
        st.session_state["embedding"] = (str(out), jobs.embed(chosen.path, out, encoder, aligned))
        st.rerun()


def _watch(out: Path, process: jobs.Beside) -> None:
    if out.is_file() or process.ended:
        st.session_state.pop("embedding", None)
        if not out.is_file():
            st.session_state["embedding failed"] = process.reason()
        st.rerun()
    look.put("Computing vectors: this can take a minute for a hundred faces.", "m")


def _alone(found: FaceSet, out: Path, alone: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of `found` that belong to nobody and have a vector, and these vectors."""
    vectors = read_embeddings(out)
    place = {name: row for row, name in enumerate(found.table["id"])}
    pairs = [(place[n], i) for i, n in enumerate(vectors.table["id"]) if n in place]
    pairs = [(row, i) for row, i in pairs if alone[row]]
    return np.array([r for r, _ in pairs], int), vectors.x[[i for _, i in pairs]]


def _group(found: FaceSet, group: np.ndarray, key: str, number: int) -> None:
    look.gap("small")
    shown = [int(row) for row in group]
    sheet.faces(found, key, shown[: sheet.PAGE], None)
    ids = found.table["id"]
    out = st.multiselect(
        "Not this person", shown, format_func=lambda row: str(ids.iloc[row]),
        key=f"out-{number}-{shown[0]}",
    )  # fmt: skip
    with st.container(horizontal=True):
        if st.button("One person", key=f"one-{number}-{shown[0]}"):
            name = _fresh(found)
            _write(found, {row: name for row in shown if row not in out})
        if st.button("All different people", key=f"split-{number}-{shown[0]}"):
            _write(found, dict.fromkeys(shown))


def _fresh(found: FaceSet, beyond: int = 0) -> str:
    """A name that nobody has: "person 001"."""
    told = (re.fullmatch(r"person (\d+)", name) for name in found.table["subject_id"].unique())
    last = max((int(match[1]) for match in told if match), default=0)
    return f"person {last + 1 + beyond:03d}"


def _write(found: FaceSet, people: dict[int, str | None]) -> None:
    """Write who the rows show; None is a person of their own."""
    values = ["" if one == UNKNOWN else str(one) for one in found.table["subject_id"]]
    fresh = 0
    for row, name in people.items():
        values[row] = name or _fresh(found, fresh)
        fresh += name is None
    by_hand.write(found, "subject_id", values)
    st.rerun()

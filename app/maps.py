"""The files behind the Projections page: maps, what attackers said, and the faces of a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import streamlit as st

from app.jobs import View
from core.config import located
from core.faces.faceset import FaceSet
from core.faces.read import read_faces
from core.plots.projection_maps import Maps, maps_of
from core.plots.projection_said import COLUMNS, STRONGEST, Answers
from core.plots.projection_said import answers as answers_of
from core.store import home

TABLE = "projection.parquet"
EARLY = "projection.csv"


def path(view: View) -> Path:
    """Where the maps of a run lie; while it goes on, those that it has drawn already."""
    whole = view.run.result / "tables" / TABLE
    return whole if whole.exists() else view.run.partial / EARLY


def read(view: View) -> Maps | None:
    """The maps of a run; None where it has none."""
    try:
        return _maps(path(view), path(view).stat().st_mtime_ns)
    except FileNotFoundError:
        return None


# What is kept here is shared by all and written by nobody: as data it would be copied each time.
@st.cache_resource(max_entries=4, show_spinner=False)
def _maps(file: Path, written: int) -> Maps:
    """The maps in `file`, read again when it was `written` again; the path names the run."""
    if file.suffix == ".csv":
        numbers = {"u": float, "v": float, "placed": bool}
        text = dict.fromkeys(pd.read_csv(file, nrows=0).columns, str)
        return maps_of(pd.read_csv(file, dtype={**text, **numbers}, keep_default_na=False))
    return maps_of(pd.read_parquet(file))


def answers(
    view: View, found: Maps, attribute: str, names: Sequence[str], attacker: str = STRONGEST
) -> dict[str, Answers]:
    """What `attacker` said about `attribute` of every face of the maps, by representation; those
    of `names` that it was never asked about are left out."""
    file = view.run.result / "tables" / "predictions.parquet"
    try:
        written = (file.stat().st_mtime_ns, path(view).stat().st_mtime_ns)
        said = _said(file, written, attribute, attacker, found)
    except FileNotFoundError:
        return {}
    return {name: said[name] for name in names if name in said}


@st.cache_resource(max_entries=32, show_spinner=False)
def _said(
    file: Path, written: tuple[int, int], attribute: str, attacker: str, _found: Maps
) -> dict[str, Answers]:
    wanted = [("attribute", "==", attribute), ("attacker", "==", attacker)]
    rows = pd.read_parquet(file, columns=list(COLUMNS), filters=wanted)
    ids = list(_found.faces["id"])
    return {
        str(name): answers_of(own, ids) for name, own in rows.groupby("representation", sort=False)
    }


def pictures(view: View) -> tuple[FaceSet, dict[str, int]] | None:
    """The faces of a run and the row of each id; None for vectors. Raises `FacesError` where they
    are no longer there."""
    if view.config.get("faces") is None:
        return None
    return _pictures(view.id, view)


@st.cache_resource(max_entries=4, ttl=600, show_spinner="Finding the pictures")
def _pictures(run_id: str, _view: View) -> tuple[FaceSet, dict[str, int]]:
    asked = _view.run.config().faces
    assert asked is not None, "a run without faces"
    found = read_faces(
        None if asked.path is None else located(asked.path, _view.run.base),
        preset=asked.preset, subject=asked.subject, aligned=asked.aligned, where=asked.where,
        extract_to=home() / "extracted",
    )  # fmt: skip
    return found, {str(face): row for row, face in enumerate(found.table["id"])}

"""The maps of a run, and faces under their maps, cut as the detector saw them."""

from __future__ import annotations

import base64
import io
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image

from app.jobs import View
from core.encode.chunks import CHUNK, found_faces
from core.encode.prepare import Prepared, Preparer
from core.errors import BlindfoldError
from core.faces.align import Alignment, Detector, Face
from core.faces.faceset import FaceSet
from core.plots.looking import LOWERS, RAISES, SOLID
from core.store import Store

MAPS, FACES = "relevance_maps", "relevance_faces"
SIDE = 224
"""Pixels of a face under its map: four for each cell."""
_ALIGNED_BY = {
    "auto": "core.encode.bundled", "synthetic": "core.encode.bundled",
    "facenet-vggface2": "core.encode.facenet", "facenet-casia": "core.encode.facenet",
    "resnet50-vggface2": "core.encode.resnet50",
}  # fmt: skip
"""Encoders that a detector can stand on, and where each says how it cuts a face."""


def path(view: View, name: str) -> Path:
    """Where the Parquet table `name` of a run lies."""
    return view.run.result / "tables" / f"{name}.parquet"


def read(view: View, name: str) -> pd.DataFrame | None:
    """The Parquet table `name` of a run; None where it has none."""
    file = path(view, name)
    try:
        return _read(file, file.stat().st_mtime_ns)
    except FileNotFoundError:
        return None


# Shared by all and written by nobody: as data it would be copied each time.
@st.cache_resource(max_entries=4, show_spinner=False)
def _read(file: Path, written: int) -> pd.DataFrame:
    """The table in `file`, read again when it was `written` again."""
    return pd.read_parquet(file)


def alignment(view: View) -> Alignment | None:
    """How the run's detector has faces cut; None where nobody said."""
    module = _ALIGNED_BY.get(str((view.config.get("encoder") or {}).get("kind")))
    if (view.config.get("action_units") or {}).get("trunk", "auto") != "auto":
        module = "core.action_units.trunk"
    if module is None:
        return None
    known: Alignment = import_module(module).ALIGNMENT
    return known


def drawn(
    view: View, faces: FaceSet | None, row: int | None, heat: np.ndarray, top: float, key: str
) -> str:
    """A map over its face, as a data URI; over plain grey where the face cannot be shown."""
    how = alignment(view)
    crop = None
    if faces is not None and row is not None and how is not None:
        crop = _crop(faces, f"{view.id}|{key}", row, how)
    return _uri(crop, heat, top)


@st.cache_data(max_entries=256, show_spinner="Cutting out the faces")
def _crop(_faces: FaceSet, key: str, row: int, how: Alignment) -> np.ndarray | None:
    """The crop uint8 (s, s, 3) of face `row`; None where it cannot be had without a detector."""
    found = Preparer(_faces.source, how, _faces.aligned)(row, _seen(_faces, row, how))
    return found.crop if isinstance(found, Prepared) else None


def _seen(faces: FaceSet, row: int, how: Alignment) -> Prepared | None:
    """What the run's face detector saw, from the store: nothing is detected for a page."""
    if faces.aligned or faces.synthetic or not how.needs_face:
        return None
    try:
        kept = found_faces(faces, row // CHUNK, Detector().digest, Store())
    except BlindfoldError:
        return None
    at = row % CHUNK
    if kept is None or kept["state"][at] != 2:
        return None
    left, top, right, bottom = map(float, kept["box"][at])
    return Prepared(None, face=Face((left, top, right, bottom), kept["landmarks"][at]), seen=True)


def _uri(crop: np.ndarray | None, heat: np.ndarray, top: float) -> str:
    """A map (c, c) over the crop in pale grey: purple speaks for the unit, green against it."""
    ground = np.full((SIDE, SIDE), 200.0)
    if crop is not None:
        grey = Image.fromarray(crop).convert("L").resize((SIDE, SIDE), Image.Resampling.LANCZOS)
        ground = 70 + np.asarray(grey, float) * (185 / 255)
    strength = np.clip(heat / max(top, 1e-12), -1, 1).astype(np.float32)
    large = np.asarray(
        Image.fromarray(strength).resize((SIDE, SIDE), Image.Resampling.NEAREST)
    )[..., None]  # fmt: skip
    colour = np.where(large > 0, _rgb(RAISES), _rgb(LOWERS))
    opacity = SOLID * np.abs(large)
    mixed = ground[..., None] * (1 - opacity) + colour * opacity
    out = io.BytesIO()
    Image.fromarray(np.rint(mixed).astype(np.uint8)).save(out, "PNG")
    return f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}"


def _rgb(colour: str) -> np.ndarray:
    return np.array([float(one) for one in colour.split(",")])

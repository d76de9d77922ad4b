"""What a person chose to audit, and what was read from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import streamlit as st

from core.encode.embeddings import Embeddings
from core.encode.given import read_embeddings
from core.errors import BlindfoldError, FacesError
from core.faces.faceset import FaceSet, Problem
from core.faces.labelling import subject_column
from core.faces.manifest import NAMES, ORIGIN_SUFFIX
from core.faces.picture import FileSource
from core.faces.read import Inspection, inspect_faces, read_faces
from core.faces.tables import TABLES, read_table
from core.progress import Progress, Status

DEFAULT = "subject_id"
"""What names the column of who is who while nobody chooses: it may go by another name there."""
LOOK_AT_ONCE = 3000
"""Sets up to this many pictures are opened whole as soon as they are read."""


@dataclass(frozen=True)
class Chosen:
    """Where the data is: a face set, or vectors; `uploads` is the folder that goes with it.

    `path` is None for the synthetic set only. `left_out` lists members of a zip that were refused.
    """

    path: Path | None
    vectors: bool = False
    preset: str = "auto"
    uploads: Path | None = None
    left_out: tuple[Problem, ...] = ()

    @property
    def key(self) -> str:
        """Names the pictures for caches; labels may change meanwhile."""
        return f"{self.path}|{self.preset}"

    @property
    def version(self) -> str:
        """Changes when the file, the folder or its manifest is written."""
        if self.path is None:
            return ""
        listed = [self.path / name for name in NAMES]
        parts = (self.path, *listed, *(one.with_suffix(ORIGIN_SUFFIX) for one in listed))
        return "|".join(str(part.stat().st_mtime_ns) for part in parts if part.exists())

    def settings(self, subject: str, aligned: bool) -> dict[str, Any]:
        """The part of a Config that says what to read."""
        if self.path is None:
            return {"faces": {"preset": self.preset}}
        if self.vectors:
            return {"embeddings": {"path": str(self.path), "subject": subject}}
        faces = {"path": str(self.path), "preset": self.preset}
        return {"faces": {**faces, "subject": subject, "aligned": aligned}}


def read(chosen: Chosen, subject: str, aligned: bool) -> FaceSet | Embeddings:
    """Read what was chosen; kept for this session until its files change.

    Raises an `InputError` that speaks to a person.
    """
    key = f"{chosen.key}|{chosen.version}|{subject}|{aligned}"
    kept = st.session_state.get("read")
    if kept is None or kept[0] != key:
        kept = (key, _read(chosen, subject, aligned))
        st.session_state["read"] = kept
    found: FaceSet | Embeddings = kept[1]
    return found


def _read(chosen: Chosen, subject: str, aligned: bool) -> FaceSet | Embeddings:
    if chosen.vectors:
        assert chosen.path is not None
        return read_embeddings(chosen.path, subject=subject)
    return read_faces(chosen.path, preset=chosen.preset, subject=subject, aligned=aligned)


def columns(found: FaceSet | Embeddings, chosen: Chosen) -> tuple[list[str], str | None]:
    """The columns of the manifest that was read, for the choice of who is who, and the one that is
    read while nobody chooses; there may be none."""
    if isinstance(found, Embeddings):
        return [], None
    root = folder(found)
    path = chosen.path if chosen.path is not None and chosen.path.suffix in TABLES else None
    if path is None and root is not None:
        path = next((root / name for name in NAMES if (root / name).is_file()), None)
    if path is None:
        return [], None
    try:
        table = read_table(path)
        return [str(name) for name in table.columns], subject_column(table, DEFAULT, FacesError)
    except BlindfoldError:
        return [], None


def folder(found: FaceSet | Embeddings) -> Path | None:
    """The folder that the pictures lie in; None for drawn faces and vectors."""
    source = getattr(found, "source", None)
    return Path(source.root) if isinstance(source, FileSource) else None


def inspected(found: FaceSet, key: str) -> Inspection | None:
    """What opening every picture showed; None until somebody asks for it in a large set.

    Its `problems` are those that only opening could show, so that it outlives a change of labels.
    """
    key = f"{key}|{len(found)}"
    kept: Mapping[str, Inspection] = st.session_state.get("inspected", {})
    if key in kept:
        return kept[key]
    if len(found) > LOOK_AT_ONCE and not st.button(f"Open all {len(found):,} pictures"):
        return None
    bar = st.progress(0.0, text="Opening pictures")

    def show(status: Status) -> None:
        if status.done % 20 == 0:
            share = status.done / max(status.total, 1)
            bar.progress(share, text=f"Opening pictures: {status.done:,} of {status.total:,}")

    result = inspect_faces(found, progress=Progress(listener=show))
    bar.empty()
    known = set(found.problems)
    result = replace(result, problems=tuple(p for p in result.problems if p not in known))
    st.session_state["inspected"] = {key: result}
    return result

"""Start, watch and find the maps of a face: one file each in the run's own folder."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from app.jobs import Beside, View, beside
from core.plots.looking import Looked, read

FOLDER = "looking"
"""In the folder of a run, and deleted with it: the maps lie on the face."""
FIRST = {"occlusion": 25, "gradients": 35}
"""Seconds that a first face may take; after it, what the last one took is told."""
_SHARE = re.compile(r"^\s*(\d+)%")


@dataclass(frozen=True)
class Choice:
    """What a person chose to look at; `label` "" where the set has none."""

    face: str
    method: str
    label: str
    change: str
    size: int


def path(view: View, choice: Choice) -> Path:
    """Where the maps of this choice lie, once they are there."""
    name = hashlib.sha256(json.dumps(asdict(choice), sort_keys=True).encode()).hexdigest()
    return view.run.path / FOLDER / f"{name[:32]}.npz"


def found(view: View, choice: Choice) -> Looked | None:
    """The maps of this choice; None where there are none that can be read."""
    try:
        return read(path(view, choice))
    except (OSError, ValueError, KeyError):
        return None


def seconds(view: View, method: str) -> int:
    """How long the next face is expected to take: as the longest so far, by the same method."""
    told = []
    for file in (view.run.path / FOLDER).glob("*.npz"):
        try:
            meta = read(file).meta
        except (OSError, ValueError, KeyError):
            continue
        if meta["method"] == method:
            told.append(float(meta["seconds"]))
    return round(max(told)) + 5 if told else FIRST[method]


def start(view: View, choice: Choice) -> Beside:
    """Start looking, in a process of its own."""
    out = path(view, choice)
    out.parent.mkdir(mode=0o700, exist_ok=True)
    command = [
        "look", view.id, "--face", choice.face, "--out", str(out),
        "--method", choice.method, "--change", choice.change, "--size", str(choice.size),
    ]  # fmt: skip
    command += ["--label", choice.label] if choice.label else []
    return beside(command, out)


def told(work: Beside) -> tuple[float, str]:
    """How much is done, from 0 to 1, and the words of its log's last line."""
    lines = work.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    last = lines[-1] if lines else "starting"
    done = _SHARE.match(last)
    if done is None:
        return 0.0, last
    return int(done.group(1)) / 100, last[done.end() :].strip()


def reason(work: Beside) -> str:
    """Why it ended without maps, in a sentence."""
    said = told(work)[1].removeprefix("blindfold: ")
    return f"Looking ended before it was done: {said}"


def offered(view: View, table: pd.DataFrame) -> pd.DataFrame:
    """The faces of a run that may be looked at: `row` in the set, `id` and `subject_id`.

    People were dealt among the faces that have a vector: those that the run's attackers were asked
    about, where it had any.
    """
    file = view.run.result / "tables" / "predictions.parquet"
    written = file.stat().st_mtime_ns if file.exists() else 0
    return _offered(view.id, file, written, table)


@st.cache_data(max_entries=8, show_spinner="Finding whom no probe has met")
def _offered(run_id: str, file: Path, written: int, _table: pd.DataFrame) -> pd.DataFrame:
    from core.study.looking import offered as rows_of

    seen = np.arange(len(_table))
    if written:
        asked = set(pd.read_parquet(file, columns=["id"])["id"].astype(str))
        seen = np.flatnonzero(_table["id"].astype(str).isin(asked).to_numpy()) if asked else seen
    rows = seen[rows_of(_table.iloc[seen])]
    told = _table.iloc[rows][["id", "subject_id"]].astype(str)
    return told.assign(row=rows).reset_index(drop=True)

"""The scores behind the Fairness page, and what follows from them at other thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import streamlit as st

from app.jobs import View
from core.plots.fairness_threshold import COLUMNS, Moved
from core.plots.fairness_threshold import moved as moved_of

TABLE = "fairness_scores.parquet"
STEPS = tuple(round(0.01 * step, 2) for step in range(101))
"""Thresholds of the curves."""


def path(view: View) -> Path:
    """Where the scores of a run lie."""
    return view.run.result / "tables" / TABLE


def moved(
    view: View, classifier: str, strength: float, thresholds: Sequence[float]
) -> list[Moved] | None:
    """Decisions at these thresholds, a way each; None where the run has no scores."""
    file = path(view)
    try:
        return _moved(file, file.stat().st_mtime_ns, classifier, strength, tuple(thresholds))
    except FileNotFoundError:
        return None


@st.cache_resource(max_entries=8, show_spinner=False)
def _moved(
    file: Path, written: int, classifier: str, strength: float, thresholds: tuple[float, ...]
) -> list[Moved]:
    """Decisions from the scores in `file`, read again when it was `written` again."""
    return moved_of(_scores(file, written), classifier, strength, thresholds)


@st.cache_resource(max_entries=2, show_spinner=False)
def _scores(file: Path, written: int) -> pd.DataFrame:
    """The scores in `file`; kept as they are and written by nobody."""
    return pd.read_parquet(file, columns=list(COLUMNS))

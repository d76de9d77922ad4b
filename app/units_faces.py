"""Chosen faces under their maps: what the detector said, what is true, and why these faces."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from app import look, maps, units_pictures
from app.jobs import View
from app.look import Html
from core.action_units.emfacs import called
from core.errors import BlindfoldError
from core.faces.faceset import FaceSet
from core.plots.action_units_page import unit_of
from core.plots.compare import rows_of
from core.plots.relevance_page import faces_alt

STRONG = 0.995
"""The quantile of all cells shown that has the strongest colour: single cells are far above."""
_GRID = "max-width:46rem;gap:.75rem;grid-template-columns:repeat(auto-fill,minmax(9rem,1fr))"


def show(view: View, table: pd.DataFrame, unit: int, train: str) -> None:
    """The faces of one unit and training set, a row for each group."""
    rows = [row for row in rows_of(table, train_group=train) if unit_of(row["au"]) == unit]
    look.heading(
        f"Faces under their maps, {called(unit)}, trained on {train}",
        "Purple speaks for the unit, green against it; one scale for all of these. A map shows "
        "where an output comes from, not why.",
    )
    if not rows:
        look.empty("No test face was kept for this unit and training set.")
        return
    faces, places = _pictures(view)
    heats = [_heat(row) for row in rows]
    top = float(np.quantile(np.abs(np.stack(heats)), STRONG)) if heats else 1.0
    groups = list(dict.fromkeys(str(row["group"]) for row in rows))
    for group in groups:
        look.put(look.join(look.bold(group)), "small")
        own = [
            _figure(view, faces, places, row, heat, top)
            for row, heat in zip(rows, heats, strict=True)
            if str(row["group"]) == group
        ]
        look.put(f'<div class="bf sheet" style="{_GRID}">{"".join(own)}</div>')
    rules = "; ".join(dict.fromkeys(str(row["rule"]) for row in rows))
    look.put(
        look.text(
            f"These faces were chosen by rule, not by eye, in each group: {rules}. An output above "
            "0 is a yes."
        ),
        "m small",
    )


def _pictures(view: View) -> tuple[FaceSet | None, dict[str, int]]:
    """The pictures of the run where this person may see them and they are still there."""
    try:
        there = maps.pictures(view)
    except BlindfoldError:
        look.put("The pictures of this run are no longer where they were: maps alone.", "m small")
        return None, {}
    if there is None:
        look.put("This run read vectors: there are no pictures to show.", "m small")
        return None, {}
    if units_pictures.alignment(view) is None:
        look.put("How this trunk cuts a face is not known here: maps alone.", "m small")
    return there


def _heat(row: dict[str, Any]) -> np.ndarray:
    """The map of a face, float (c, c)."""
    flat = np.asarray(row["heat"], float)
    side = round(len(flat) ** 0.5)
    return flat[: side * side].reshape(side, side)


def _figure(
    view: View,
    faces: FaceSet | None,
    places: dict[str, int],
    row: dict[str, Any],
    heat: np.ndarray,
    top: float,
) -> Html:
    face = str(row["id"])
    picture = units_pictures.drawn(view, faces, places.get(face), heat, top, face)
    share = None if pd.isna(row["share_in_region"]) else float(row["share_in_region"])
    said, truth = bool(row["said"]), bool(row["truth"])
    unit = unit_of(row["au"]) or 0
    alt = look.text(faces_alt(unit, str(row["group"]), said, truth, share))
    logit = f"{float(row['logit']):.1f}".replace("-", "−")
    judged = look.bold("right" if said == truth else "wrong")
    told = look.join(
        str(row["rule"]), Html("<br>"), f"detector {_yes(said)} ({logit}), truth {_yes(truth)}: ",
        judged, Html("<br>"), "" if share is None else f"{100 * share:.0f} % in the region",
    )  # fmt: skip
    caption = f'<figcaption style="white-space:normal">{told}</figcaption>'
    return Html(f'<figure><img src="{picture}" alt="{alt}">{caption}</figure>')


def _yes(value: bool) -> str:
    return "yes" if value else "no"

"""What is said beside a map: its quality, and why a picture is no evidence of privacy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.plots.compare import METRIC
from core.plots.findings import CONTROLS, Line, lines
from core.plots.projection_maps import METHODS, Groups, Maps, Place
from core.plots.projection_presets import title
from core.plots.projection_said import source_of


@dataclass(frozen=True)
class Quality:
    """How much of a map may be believed; None is a figure that was not given.

    `trustworthiness` is the share of neighbours in the map that are near in the vectors too
    (Venna and Kaski 2001), `agreement` the share of neighbours, other people's faces all, that show
    the same of `label`, beside its `chance` with shuffled labels; `silhouette` runs from -1 to 1
    (Rousseeuw 1987). `n` faces are behind them.
    """

    place: Place
    label: str
    trustworthiness: float | None = None
    agreement: float | None = None
    chance: float | None = None
    silhouette: float | None = None
    n: int = 0


def quality(table: pd.DataFrame | None, place: Place, label: str) -> Quality:
    """The row of `projection_quality.csv` for one map and one label."""
    if table is None or table.empty:
        return Quality(place, label)
    own = table[(table["representation"].astype(str) == place[0]) & (table["method"] == place[1])]
    row = own[own["label"].astype(str) == label]
    first = row if len(row) else own
    if first.empty:
        return Quality(place, label)
    trusted = _number(first["trustworthiness"].iloc[0])
    n = int(_number(first["n"].iloc[0]) or 0)
    if row.empty:
        return Quality(place, label, trusted, n=n)
    told = {name: _number(row[name].iloc[0]) for name in ("knn_agreement", "chance", "silhouette")}
    return Quality(
        place, label, trusted, told["knn_agreement"], told["chance"], told["silhouette"], n
    )


def quality_words(one: Quality) -> str:
    """The line under a map."""
    parts = []
    if one.trustworthiness is not None:
        parts.append(f"Trustworthiness {one.trustworthiness:.2f}")
    if one.agreement is not None:
        chance = "" if one.chance is None else f" (chance {100 * one.chance:.0f} %)"
        parts.append(
            f"of the neighbours that are other people {100 * one.agreement:.0f} % show the same "
            f"{one.label}{chance}"
        )
    if one.silhouette is not None:
        parts.append(f"silhouette {one.silhouette:.2f}".replace("-", "−"))
    if not parts:
        return "How far this map can be trusted was not measured in this run."
    if one.agreement is None:
        parts.append(f"neighbours by {one.label} were not measured")
    told = "; ".join(parts)
    faces = f"; {one.n:,} faces" if one.n else ""
    return f"{told[0].upper()}{told[1:]}{faces}."


def heading(qualities: Sequence[Quality], label: str) -> str:
    """The title of the maps, from their figures."""
    told = list(dict.fromkeys(
        f"{title(one.place[0])}{_drawn_by(one, qualities)} {100 * one.agreement:.0f} %"
        for one in qualities if one.agreement is not None
    ))  # fmt: skip
    if not told:
        return f"Maps by {label}"
    chance = next((one.chance for one in qualities if one.chance is not None), None)
    beside = "" if chance is None else f"; by chance {100 * chance:.0f} %"
    return f"Neighbours on the map share the {label}: {', '.join(told)}{beside}"


def _drawn_by(one: Quality, among: Sequence[Quality]) -> str:
    """The method, where one representation is drawn by two."""
    twice = {other.place[1] for other in among if other.place[0] == one.place[0]}
    return f" by {METHODS.get(one.place[1], one.place[1])}" if len(twice) > 1 else ""


def no_evidence(
    qualities: Sequence[Quality], leakage: pd.DataFrame | None, label: str, attribute: str
) -> str:
    """Why a picture is no evidence of privacy, from the figures of the maps that are shown.

    `label` is in colour and `attribute` the label that attackers are asked about here.
    """
    first = "A picture is no evidence of privacy: it keeps few of the numbers of a vector."
    read = strongest(leakage, attribute)
    told = []
    for name in dict.fromkeys(source_of(one.place[0]) for one in qualities):
        one = read.get(name)
        if one is None or one.value is None:
            continue
        near = next(
            (q for q in qualities if q.place[0] == name and label == attribute
             and q.agreement is not None), None,
        )  # fmt: skip
        seen = "" if near is None else f"neighbours agree {100 * (near.agreement or 0):.0f} %, "
        null = "" if one.null is None else f", {one.null:.2f} with permuted labels"
        word = ", ".join(one.findings)
        told.append(
            f"{title(name)}: {seen}balanced accuracy of the strongest attacker {one.value:.2f}"
            f"{null} ({word})"
        )
    if not told:
        return f"{first} No attacker was asked about the {attribute} of these representations."
    return f"{first} On the vectors themselves, for {attribute}: {'; '.join(told)}."


def strongest(leakage: pd.DataFrame | None, attribute: str) -> dict[str, Line]:
    """The row of the strongest attacker on `attribute`, by representation."""
    if leakage is None or leakage.empty:
        return {}
    found = lines(leakage, attribute, METRIC)
    return {one.representation: one for one in found if one.strongest}


def map_alt(maps: Maps, one: Quality, groups: Groups, chosen: np.ndarray | None) -> str:
    """What a screen reader says of a map."""
    name = f"{METHODS.get(one.place[1], one.place[1])} of {title(one.place[0])}"
    by = f"{len(groups.classes)} classes of {groups.name}"
    picked = "" if chosen is None or not chosen.any() else f", {int(chosen.sum()):,} chosen"
    return f"{name}: {len(maps):,} faces, {by}{picked}. {quality_words(one)}"


def attackable(names: Sequence[str]) -> list[str]:
    """Of attacked representations, those that are no controls."""
    return [name for name in names if name not in CONTROLS]


def _number(value: object) -> float | None:
    return None if pd.isna(value) else float(value)  # type: ignore[call-overload, arg-type]

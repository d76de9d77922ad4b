"""Tables of the Projections page with MADE-UP figures; nothing was measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from core.faces.synthetic.source import LABELS, synthetic_faces
from core.table import table

SETTINGS = {"suppressors": [{"kind": "sensitivenets"}, {"kind": "lntl"}]}
NAMES = ("x", "sensitivenets", "lntl", "f3(x)", "f3(sensitivenets)", "f3(lntl)")
PEOPLE = 10


def projection(
    names: tuple[str, ...] = NAMES, methods: tuple[str, ...] = ("tsne", "umap")
) -> pd.DataFrame:
    """Maps of 60 drawn faces: people in groups, and in f3(x) expressions."""
    faces = synthetic_faces(people=PEOPLE).table
    rng = np.random.default_rng(0)
    frames = []
    for name in names:
        by = faces["expression"] if name == "f3(x)" else faces["subject_id"]
        codes = by.astype("category").cat.codes.to_numpy()
        around = 10 * np.stack([np.cos(codes), np.sin(codes)], axis=1)
        for method in methods:
            at = around + rng.normal(0, 1, around.shape)
            own = {"representation": name, "method": method, "id": faces["id"], "u": at[:, 0],
                   "v": at[:, 1], "subject_id": faces["subject_id"],
                   "placed": False}  # fmt: skip
            frames.append(pd.DataFrame({**own, **{label: faces[label] for label in LABELS}}))
    whole = pd.concat(frames, ignore_index=True)
    whole.loc[whole["id"] == faces["id"].iloc[0], "gender"] = "unknown"
    return whole


def quality(maps: pd.DataFrame) -> pd.DataFrame:
    """How far each map can be trusted."""
    rows = []
    for name, method in dict.fromkeys(zip(maps["representation"], maps["method"], strict=True)):
        for label in LABELS:
            near = 0.71 if (name, label) == ("f3(x)", "expression") else 0.22
            rows.append({"representation": name, "method": method, "trustworthiness": 0.93,
                         "knn_agreement": near, "label": label, "n": 60, "silhouette": -0.04,
                         "chance": 0.17})  # fmt: skip
    return table("projection_quality", rows)


def predictions(maps: pd.DataFrame) -> pd.DataFrame:
    """Two attackers' answers about the expression; the strongest reads every second face of x."""
    faces = maps[(maps["representation"] == "x") & (maps["method"] == "tsne")]
    rows = []
    for name in ("x", "sensitivenets", "lntl"):
        for attacker in ("svm", "strongest"):
            for number, (face, truth) in enumerate(
                zip(faces["id"], faces["expression"], strict=True)
            ):
                right = name == "x" and number % 2 == 0
                rows.append({"id": face, "representation": name, "attribute": "expression",
                             "attacker": attacker, "truth": truth,
                             "predicted": truth if right else "nothing like it",
                             "score": 0.5, "fold": 0, "seed": 0})  # fmt: skip
    return table("predictions", rows)


def write(folder: Path, maps: pd.DataFrame | None = None) -> pd.DataFrame:
    """Put the three tables into the result of the run in `folder`; returns the maps."""
    whole = projection() if maps is None else maps
    tables = folder / "result" / "tables"
    whole.to_parquet(tables / "projection.parquet", index=False)
    quality(whole).to_csv(tables / "projection_quality.csv", index=False)
    predictions(whole).to_parquet(tables / "predictions.parquet", index=False)
    return whole

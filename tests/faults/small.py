"""Two small audits: one of vectors with a suppressor, and one of pictures, which are encoded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

PEOPLE, VIEWS, NUMBERS = 40, 2, 8
"""People, pictures of each, and numbers of a vector."""

SIDE = 112
"""Pixels of a picture's side, as the encoder `pixels` cuts it."""

AUDITS: dict[str, dict[str, Any]] = {
    "vectors": {
        "embeddings": {"path": "vectors.parquet"},
        "suppressors": [{"kind": "leace"}],
        "splits": {"folds": 2, "seeds": 1},
        "studies": ["leakage", "verification"],
    },
    "pictures": {
        "faces": {"path": "pictures", "aligned": True},
        "encoder": {"kind": "pixels"},
        "splits": {"folds": 2, "seeds": 1},
        "studies": ["leakage"],
    },
}
"""Settings by name; their paths start from the folder that `make` filled."""


def audit_of(phase: str) -> str:
    """The audit that passes through `phase`."""
    return "pictures" if phase in ("reading", "encoding") else "vectors"


def make(folder: Path) -> None:
    """Draw people with an expression that leaks: vectors of them, and pictures of noise."""
    random = np.random.default_rng(0)
    count = PEOPLE * VIEWS
    happy = np.tile(np.arange(2), count // 2)
    subject = np.repeat([f"p{number}" for number in range(PEOPLE)], VIEWS)
    x = np.repeat(random.normal(size=(PEOPLE, NUMBERS)), VIEWS, axis=0)
    x += random.normal(size=x.shape)
    x[:, 0] += 2 * happy
    table = pd.DataFrame(
        {
            "id": [f"f{number}" for number in range(count)],
            "subject_id": subject,
            "expression": np.array(["neutral", "happy"])[happy],
        }
    )
    table.assign(embedding=list(x.astype(np.float32))).to_parquet(folder / "vectors.parquet")
    pictures = folder / "pictures"
    pictures.mkdir()
    names = [f"{name}.png" for name in table["id"]]
    for name, bright in zip(names, happy, strict=True):
        grey = random.integers(0, 128, (SIDE, SIDE, 3)) + 60 * bright
        Image.fromarray(grey.astype(np.uint8)).save(pictures / name)
    listed = table.rename(columns={"id": "file_name"}).assign(file_name=names)
    listed.to_csv(pictures / "metadata.csv", index=False)

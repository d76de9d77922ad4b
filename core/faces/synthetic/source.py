"""The synthetic set as a face set: drawn when a picture is asked for; nothing is shipped."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import pandas as pd

from core.faces.faceset import FaceSet, Picture
from core.faces.synthetic.drawing import SIZE
from core.faces.synthetic.identity import VERSION
from core.faces.synthetic.sheet import render, table

LABELS = ("expression", "gender", "skin_tone", "age_group")
"""Labels of the set; the generator's action units stand beside them as intensities."""

LICENCE = "Synthetic faces, drawn by this program: no person is shown, and use is free."


@dataclass(frozen=True)
class DrawnSource:
    """Draws row `index` of the sheet. `costly`: drawing holds the interpreter's lock, so that
    processes serve it better than threads."""

    rows: tuple[dict[str, Any], ...]
    size: int = SIZE
    costly: bool = True

    def read(self, index: int) -> Picture:
        """Draw picture `index`; its landmarks are known."""
        drawing = render(self.rows[index], size=self.size)
        return Picture(drawing.image, drawing.landmarks)

    def digest(self, index: int) -> str:
        """SHA-256 of the recipe: the generator's version and the row."""
        recipe = {**self.rows[index], "version": VERSION, "size": self.size}
        return hashlib.sha256(json.dumps(recipe, sort_keys=True, default=str).encode()).hexdigest()


def synthetic_faces(
    population: str = "demo", *, people: int = 230, shots: int = 1, seed: int = 0
) -> FaceSet:
    """The bundled set: by default 230 people with six expressions each, the shape of CFEE."""
    sheet: pd.DataFrame = table(population, people=people, shots=shots, seed=seed)
    recipe = sheet[["id", "population", "index", "expression", "shot", "seed"]]
    rows = [{str(name): value for name, value in row.items()} for row in recipe.to_dict("records")]
    return FaceSet(
        name=f"synthetic faces ({population})",
        table=sheet.drop(columns=["population", "index", "shot", "seed"]),
        source=DrawnSource(tuple(rows)),
        labels=LABELS,
        synthetic=True,
        licence=LICENCE,
        origin=dict.fromkeys(LABELS, "generator"),
    )

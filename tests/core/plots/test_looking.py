"""Maps on a face: scales, words and alts. All figures here are MADE UP."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.plots import looking as plots
from core.plots.looking import Looked
from core.plots.tokens import DARK, LIGHT


def looked(method: str = "occlusion", label: bool = True, **changes: Any) -> Looked:
    heat = np.zeros((28, 28), np.float32)
    heat[20:, 20:] = 0.5
    other = -0.25 * np.rot90(heat, 2)
    crop = np.full((56, 56, 3), 120, np.uint8)
    arrays = {"crop": crop, "crop_obscured": crop, "identity": heat, "identity_obscured": heat / 2}
    arrays |= {"label": other, "label_obscured": 2 * other} if label else {}
    checks: dict[str, float] = {"largest_drop": 0.5}
    if method == "gradients":
        checks = {"sum": 1.0, "difference": 1.02, "gap": 0.02, "steps": 32.0, "tolerance": 0.05}
    score = {"clear": 0.9, "obscured": 0.5, "floor": 0.1, "left": 0.5}
    meta = {
        "method": method, "label": "expression" if label else "", "shown": "happy" if label else "",
        "change": "blur", "pixels": 8, "scores": {"identity": score, "label": score},
        "checks": dict.fromkeys(("identity", "label"), checks), "notes": [],
        "agreement": {"identity": 0.2, "shuffled": 0.9} if label else {},
        "probe": {"people": 30, "faces": 90, "classes": ["happy", "sad"], "tested": 50,
                  "accuracy": 0.8, "says": "happy", "says_obscured": "sad"} if label else None,
    }  # fmt: skip
    return Looked(arrays, {**meta, **changes})


def test_zero_is_the_middle_of_a_scale_that_both_views_share() -> None:
    found = looked()
    for end in ("", "_obscured"):
        for tokens in (LIGHT, DARK):
            drawn = plots.overlay(found, "label", end, tokens).data[0]
            assert (drawn.zmin, drawn.zmax) == (-0.25, 0.25)
            assert drawn.colorscale[1] == (0.5, "rgba(128,128,128,0)"), "nothing where 0"


def test_the_first_row_is_on_top_of_the_picture() -> None:
    figure = plots.overlay(looked(), "identity", "", LIGHT)
    assert figure.layout.yaxis.range == (1, 0)
    (image,) = figure.layout.images
    assert (image.x, image.y, image.sizex, image.sizey) == (0, 0, 1, 1)
    assert image.source.startswith("data:image/png;base64,"), "no file and no host"
    rows = figure.data[0].y
    assert 0 < rows[0] < rows[-1] < 1


@pytest.mark.parametrize(
    ("row", "column", "said"),
    [(0, 0, "upper left"), (5, 5, "centre"), (9, 4, "lower centre"), (4, 9, "middle right")],
)
def test_places_are_named(row: int, column: int, said: str) -> None:
    heat = np.zeros((10, 10))
    heat[row, column] = -3
    assert plots.where(heat) == said


def test_words_follow_the_maps() -> None:
    found = looked()
    told = "Identity reacts most in the lower right, expression: happy in the upper left"
    assert plots.title(found) == told
    assert plots.title(looked(label=False)).startswith("Identity reacts most in the lower right")
    assert "takes 0.12" in plots.alt(found, "label", "")
    assert "blurred by 8 pixels" in plots.alt(found, "identity", "_obscured")
    assert plots.left(found, "identity") == "50 %"
    said = dict(plots.judged(found))
    assert "different" in said["Identity and label."]
    assert "the picture and not what the probe learnt" in said["Shuffled labels."]
    assert "0.50 of a score of 0.90" in said["Identity."]
    assert "says happy of this face, and sad once" in plots.probe(found)
    assert "chance 0.50" in plots.probe(found)
    assert plots.probe(looked(label=False)) == ""


def test_a_sum_that_is_off_is_said_loudly() -> None:
    assert "within 5 %" in dict(plots.judged(looked("gradients")))["Identity."]
    off = {"sum": 1.0, "difference": 1.2, "gap": 0.2, "steps": 256.0, "tolerance": 0.05}
    found = looked("gradients", checks=dict.fromkeys(("identity", "label"), off))
    assert "NOT within" in dict(plots.judged(found))["Identity."]


def test_a_share_without_a_meaning_is_empty() -> None:
    score = {"clear": 0.1, "obscured": 0.1, "floor": 0.2, "left": None}
    assert plots.left(looked(scores={"identity": score}), "identity") == ""


def test_a_file_is_read_back(tmp_path: Path) -> None:
    found = looked()
    path = tmp_path / "a.npz"
    np.savez(path, meta=np.array(json.dumps(found.meta)), **found.arrays)
    again = plots.read(path)
    assert again.meta == found.meta
    assert set(again.arrays) == set(found.arrays)
    assert again.targets == ["identity", "label"]

"""What `audit.json` says of the data."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.encode.embeddings import Embeddings
from core.faces.faceset import UNKNOWN
from core.study.summary import described


def faces(who: list[str], **more: bool) -> Embeddings:
    """Six made-up vectors of `who`, with a mood."""
    table = pd.DataFrame({
        "id": [f"f{i}" for i in range(6)], "subject_id": who,
        "mood": ["happy", "happy", "happy", "sad", "sad", "rare"],
    })  # fmt: skip
    x = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)
    return Embeddings(x, table, ("mood",), "made", "0" * 64, name="made up", **more)


def test_people_of_each_class_are_counted_beside_its_faces() -> None:
    told = described(faces(["a", "a", "b", "a", UNKNOWN, UNKNOWN]), "")
    assert told["labels"] == {"mood": {"happy": 3, "rare": 1, "sad": 2}}
    assert told["label_people"] == {"mood": {"happy": 2, "rare": 0, "sad": 1}}


def test_where_nobody_is_named_no_people_are_counted() -> None:
    told = described(faces([UNKNOWN] * 6, has_subjects=False), "")
    assert told["identities"] is None
    assert told["label_people"] == {}

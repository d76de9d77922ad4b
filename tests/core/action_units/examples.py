"""A small detector for tests, fitted on forty drawn people."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from core.action_units.detector import Detector
from core.action_units.labels import Labels, labels_of, least
from core.action_units.training import Job, train
from core.action_units.trunk import Activations, Trunk, activations_of, trunk_for
from core.encode.bundled import load_bundled
from core.faces.faceset import FaceSet
from core.faces.synthetic import synthetic_faces
from core.progress import Progress
from core.store import Store


@lru_cache(maxsize=2)
def fitted(
    folder: str,
    people: int = 40,
    share: float = 0.75,
    units: tuple[int, ...] | None = (1, 2, 4, 12, 15, 26),
) -> tuple[FaceSet, Labels, Trunk, Activations, Detector]:
    """Drawn faces, their labels, the bundled trunk, its activations and a detector of `units` that
    learnt from the first `share` of the people.

    `units` None: all that are there often enough. `folder` holds the store."""
    faces = synthetic_faces(people=people)
    labels = labels_of(faces)
    often = (labels.present == 1).sum(axis=0) >= least(len(faces))
    labels = labels.only(
        units or [u for u, there in zip(labels.units, often, strict=True) if there]
    )
    trunk = trunk_for("auto", load_bundled("cpu"))
    rows = np.arange(len(faces))
    held = activations_of(faces, trunk, rows, store=Store(Path(folder)), progress=Progress())
    subject = faces.table["subject_id"].to_numpy(dtype=str)
    own = np.flatnonzero(np.isin(subject, np.unique(subject)[: round(share * people)]))
    job = Job(labels.units, held.x[own], held.mirrored[own], labels.present[own], subject[own], 0)
    return faces, labels, trunk, held, train(job)

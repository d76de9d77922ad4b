"""What the encoder looks at in one face, for identity and for a label, clear and obscured.

Identity is the cosine with the mean of the same person's other faces; a label is the log-odds of
the class that the face shows, by a logistic probe of the reference split's attacker people. Faces
are those of its test people, so that no probe has met who is shown (METHODS, "Protocol" 2). The
same maps of the face made unclear stand beside, with what is left of each score.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.config import Config
from core.encode import attribution
from core.encode.attribution import Map, Method, Score, figures
from core.encode.embeddings import Embeddings
from core.encode.encoder import Encoder
from core.encode.obscured import CHANGE_VERSION, CHANGES, LEAST_BLOCKS
from core.encode.prepare import Prepared, Preparer
from core.engine import make_engine
from core.errors import ConfigError, FacesError, NotEnoughData
from core.faces.align import Detector
from core.faces.faceset import UNKNOWN, FaceSet
from core.progress import Progress
from core.split import Split, check, reference_split
from core.store import Entry, Store, key
from core.study.looking_question import (
    IDENTITY,
    LABEL,
    SHUFFLE_SEED,
    SHUFFLED,
    Probe,
    Question,
)
from core.study.looking_question import question as ask
from core.study.protocol import reference_of
from core.study.reading import Data, Reading

VERSION = 1
"""Raised whenever the same face would be looked at otherwise."""
CELLS = 28
"""Maps are kept as so many cells a side: at a pixel's width they would be pictures of the face."""
COMPARED = 14
"""Maps are compared by rank over so many cells a side: half a window each."""


@dataclass(frozen=True)
class Asked:
    """Which face, how, and what it is compared with.

    `label` None takes the first sensitive label. `change` is blur or pixelate, by `pixels`.
    """

    face: str
    method: Method = "occlusion"
    label: str | None = None
    change: str = "blur"
    pixels: int = 8

    def __post_init__(self) -> None:
        for name, known in (("method", attribution.METHODS), ("change", tuple(CHANGES))):
            if getattr(self, name) not in known:
                raise ConfigError(
                    f"{name}: '{getattr(self, name)}' is unknown: choose one of {', '.join(known)}"
                )
        if self.pixels < 2:
            raise ConfigError(f"size: {self.pixels} changes nothing: choose 2 pixels or more")


def offered(table: pd.DataFrame) -> np.ndarray:
    """Rows of `table` that may be looked at: the faces of the reference split's test people."""
    subjects = table["subject_id"].to_numpy(dtype=object)
    known = np.flatnonzero(subjects != UNKNOWN)
    return known[reference_split(subjects[known].astype(str)).test] if len(known) else known


def looking(config: Config, asked: Asked, *, base: Path, store: Store, progress: Progress) -> Entry:
    """The maps that `asked` asks for of a face of the audit `config`, from the store or made.

    Arrays: `crop` uint8 (s, s, 3); `identity` and `label` float32 (CELLS, CELLS), the mean over
    a cell for occlusion and the sum for gradients; `activation` float32 (h, h); each with
    `_obscured` too; `label` and `activation` only where they can be. The store keeps no crop.
    Raises `InputError` where the settings, the face or the label do not serve.
    """
    data = _data(config, base, store, progress)
    assert data.faces is not None, "vectors, which were refused before"
    assert data.encoder is not None, "vectors, which were refused before"
    attribution.check_method(data.encoder, asked.method)
    _check_size(asked, data.encoder)
    split = check(reference_of(data.x), data.x.subjects)
    row = _row(data.x, split, asked.face)
    question = ask(config, asked.label, data.x, split, row)
    place = data.faces.table["id"].tolist().index(asked.face)
    name = key(
        "looking", VERSION,
        {**asdict(asked), "label": question.label, "attribution": attribution.VERSION,
         "unclear": CHANGE_VERSION, "seed": SHUFFLE_SEED, "cells": CELLS},
        [data.x.digest, data.encoder.digest, data.faces.source.digest(place)],
    )  # fmt: skip
    crop = _crop(data.faces, data.encoder, place)
    views = {"crop": crop, "crop_obscured": CHANGES[asked.change](crop, asked.pixels)}
    look = _Look(asked, data.encoder, data.x, question, progress)
    found = store.get(name, lambda: look.made(views))
    return Entry({**found.arrays, **views}, found.meta)


def _data(config: Config, base: Path, store: Store, progress: Progress) -> Data:
    """Faces, encoder and vectors, without the studies."""
    if config.embeddings is not None or config.faces is None:
        raise ConfigError(
            "this audit reads vectors, which have no picture to look at: give one that reads faces"
        )
    only = {"studies": ("verification",), "sensitive": None,
            "faces": config.faces.model_copy(update={"obfuscate": None})}  # fmt: skip
    with make_engine("local") as engine:
        reading = Reading(
            config.model_copy(update=only), base, store, progress, lambda name, table: None,
            engine, [],
        )  # fmt: skip
        data = reading.data()
    if not data.x.has_subjects:
        raise NotEnoughData(
            "nobody said who is who, so that neither a person's other faces nor a probe of other "
            "people is there: name the identity column"
        )
    return data


def _check_size(asked: Asked, encoder: Encoder) -> None:
    most = encoder.size // LEAST_BLOCKS
    if asked.pixels > most:
        raise ConfigError(
            f"size is {asked.pixels} and the crop that this encoder sees has {encoder.size} pixels "
            f"a side: choose at most {most}"
        )


def _row(x: Embeddings, split: Split, face: str) -> int:
    """The row of `face`; raises where it has no vector, or a probe may have met who it shows."""
    ids = x.table["id"].astype(str).tolist()
    if not len(split.test):
        raise NotEnoughData(
            f"{len(set(x.subjects))} people are too few to keep some whom no probe has met: bring "
            "3 or more"
        )
    way_out = (
        f"choose a face of the {len(set(x.subjects[split.test]))} test people, such as "
        f"'{ids[split.test[0]]}'"
    )
    if face not in ids:
        raise ConfigError(f"face: there is no vector of '{face}' among {len(ids):,}: {way_out}")
    if ids.index(face) not in set(split.test.tolist()):
        raise ConfigError(f"face: '{face}' shows somebody whom the probe may have met: {way_out}")
    return ids.index(face)


def _crop(faces: FaceSet, encoder: Encoder, place: int) -> np.ndarray:
    """The aligned crop of the face at row `place` of the set."""
    detector = Detector(getattr(encoder, "device", "cpu"))
    found = Preparer(faces.source, encoder.alignment, faces.aligned)(place, detector=detector)
    if not isinstance(found, Prepared) or found.crop is None:
        why = found.problem.detail if isinstance(found, Prepared) and found.problem else "no face"
        raise FacesError(f"the picture of this face cannot be used ({why}): choose another face")
    return found.crop


@dataclass(frozen=True, eq=False)
class _Look:
    asked: Asked
    encoder: Encoder
    x: Embeddings
    question: Question
    progress: Progress

    def made(self, views: Mapping[str, np.ndarray]) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """The maps of both views, and what is told of them."""
        encoder, method = self.encoder, self.asked.method
        every = self.question.scores
        real = {name: one for name, one in every.items() if name != SHUFFLED}
        wanted = {"crop": every, "crop_obscured": real}
        steps = [attribution.work(encoder, len(one), method) for one in wanted.values()]
        self.progress.start("Looking", sum(steps))
        arrays: dict[str, np.ndarray] = {}
        found: dict[str, Map] = {}
        for view, crop in views.items():
            end = view.removeprefix("crop")
            maps = attribution.maps(encoder, crop, wanted[view], method, self.progress)
            found |= {name + end: one for name, one in maps.items()}
            strength = attribution.activation(encoder, crop)
            if strength is not None:
                arrays[f"activation{end}"] = strength
        for name, one in found.items():
            if name != SHUFFLED:
                arrays[name] = _kept(one.heat, method)
        vectors = encoder.vectors(np.stack(list(views.values())))
        return arrays, self._told(found, real, vectors)

    def _told(
        self, found: Mapping[str, Map], scores: Mapping[str, Score], vectors: np.ndarray
    ) -> dict[str, Any]:
        own, x = self.question, self.x
        return {
            **asdict(self.asked), "label": own.label, "shown": own.shown,
            "person": str(x.subjects[own.row]), "others": own.others,
            "encoder": self.encoder.name, "set": x.name, "synthetic": x.synthetic,
            "scores": _scores(own, scores, vectors),
            "probe": None if own.probe is None else _of_probe(own.probe, x, vectors),
            "checks": {name: one.checks for name, one in found.items()},
            "agreement": _agreement(found),
            "same_vector": float(np.abs(vectors[0] - x.x[own.row]).max()),
            "notes": own.notes,
        }  # fmt: skip


def _scores(
    question: Question, scores: Mapping[str, Score], vectors: np.ndarray
) -> dict[str, dict[str, float | None]]:
    """Each score of the clear and of the obscured face, and what is left of it.

    `floor` is the mean over the test people's faces of which it is not true: of other people, of
    another class. `left` is 1 where nothing was lost and 0 at the floor.
    """
    found: dict[str, dict[str, float | None]] = {}
    for name, score in scores.items():
        clear, obscured = map(float, figures(score, vectors))
        floor = question.floors[name]
        known = np.isfinite(floor) and clear > floor
        found[name] = {
            "clear": clear,
            "obscured": obscured,
            "floor": floor if np.isfinite(floor) else None,
            "left": (obscured - floor) / (clear - floor) if known else None,
        }
    return found


def _of_probe(fitted: Probe, x: Embeddings, vectors: np.ndarray) -> dict[str, Any]:
    clear, obscured = (fitted.says(one) for one in vectors)
    return {
        "people": len(set(x.subjects[fitted.rows])), "faces": len(fitted.rows),
        "classes": list(fitted.classes), "tested": fitted.tested,
        "accuracy": fitted.accuracy if np.isfinite(fitted.accuracy) else None,
        "says": clear, "says_obscured": obscured,
    }  # fmt: skip


def _agreement(found: Mapping[str, Map]) -> dict[str, float | None]:
    """Rank correlation of where maps are strong, whatever the sign (Adebayo et al. 2018, 4).

    `identity`: the label's map against that of identity. `shuffled`: against that of a probe with
    shuffled labels, which has learnt nothing: near 1, the map shows the picture, not the probe.
    """
    if LABEL not in found:
        return {}
    return {
        name: _rank(found[LABEL].heat, found[name].heat)
        for name in (IDENTITY, SHUFFLED)
        if name in found
    }


def _rank(left: np.ndarray, right: np.ndarray) -> float | None:
    from scipy.stats import spearmanr

    cells = [_pooled(np.abs(one), COMPARED).ravel() for one in (left, right)]
    if min(np.ptp(one) for one in cells) == 0:
        return None
    return float(spearmanr(*cells).statistic)


def _kept(heat: np.ndarray, method: Method) -> np.ndarray:
    """A map float32 (CELLS, CELLS): gradients keep their sum, occlusion its mean."""
    area = heat.size / CELLS**2 if method == "gradients" else 1.0
    return np.asarray(_pooled(heat, CELLS) * area, np.float32)


def _pooled(heat: np.ndarray, cells: int) -> np.ndarray:
    import cv2

    return np.asarray(cv2.resize(heat, (cells, cells), interpolation=cv2.INTER_AREA))

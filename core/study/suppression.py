"""Fitting suppressors: each split's own, on its own suppressor people, kept in the store."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from core.encode.embeddings import Embeddings
from core.engine import Engine
from core.errors import NotEnoughData, SuppressorError
from core.faces.faceset import UNKNOWN
from core.progress import Progress
from core.split import Split, reference_split
from core.store import Entry, Store, key
from core.study.attacking import rows_digest
from core.study.representation import Representation
from core.suppress.chain import packed, unpacked
from core.suppress.collapse import collapse
from core.suppress.suppressor import UNLABELLED, Label, Material, Method, Step, Suppressor
from core.table import StudyResult, table

FEWEST = 30
"""People of a set below which no φ is fitted on it (METHODS, "Protocol" 2)."""


@dataclass(frozen=True)
class Suppressed:
    """What one method gave: its representation, its suppressors and their curves, split by split.

    `representation` is None where it could not be fitted, and `warning` says why.
    """

    name: str
    representation: Representation | None = None
    suppressors: tuple[Suppressor, ...] = ()
    warning: str = ""


@dataclass(frozen=True)
class Suppression:
    """Fits methods on the suppressor people of each split; what is kept is not fitted again."""

    x: Embeddings
    labels: tuple[Label, ...]
    splits: Sequence[Split]
    seed: int
    device: str
    store: Store
    progress: Progress
    engine: Engine

    def fit(self, name: str, method: Method) -> Suppressed:
        """The method's φ of every split; where it cannot be fitted, the reason."""
        names = [self._key(method, split) for split in self.splits]
        missing = [i for i, one in enumerate(names) if self.store.load(one) is None]
        tasks = [self._material(self.splits[i]) for i in missing]
        work = partial(_fit, method, self.seed, self.device)
        for i, found in zip(missing, self.engine.map(work, tasks), strict=True):
            self.progress.check()
            if isinstance(found, str):
                return Suppressed(name, warning=f"{name} was left out: {found}")
            self.store.save(names[i], *found)
            self.progress.advance(message=f"{name}, {i + 1} of {len(names)}")
        entries = [self.store.load(one) for one in names]
        suppressors = tuple(_suppressor(entry) for entry in entries if entry is not None)
        phi = tuple(one.transform(self.x.x) for one in suppressors)
        digests = tuple(
            hashlib.sha256(f"{one}{self.x.digest}".encode()).hexdigest() for one in names
        )
        maps = tuple(one.transform for one in suppressors)
        return Suppressed(name, Representation(self.x, phi, digests, maps), suppressors)

    def reference(self, method: Method) -> tuple[Suppressor, int] | None:
        """The method fitted once, on the suppressor people of the reference split, and how many
        these are; None where it cannot be."""
        known = np.flatnonzero(self.x.subjects != UNKNOWN)
        split = reference_split(self.x.subjects[known].astype(str))
        own = replace(split, suppressor=known[split.suppressor])
        name = self._key(method, own)
        if self.store.load(name) is None:
            found = _fit(method, self.seed, self.device, self._material(own))
            if isinstance(found, str):
                return None
            self.store.save(name, *found)
        entry = self.store.load(name)
        people = len(set(self.x.subjects[own.suppressor]))
        return None if entry is None else (_suppressor(entry), people)

    def _material(self, split: Split) -> Material:
        rows = split.suppressor
        labels = tuple(
            Label(one.name, one.y[rows], one.classes, one.neutral) for one in self.labels
        )
        return Material(self.x.x[rows], self.x.subjects[rows].astype(str), labels)

    def _key(self, method: Method, split: Split) -> str:
        asked = [(one.name, one.classes, one.neutral) for one in self.labels]
        settings = {"method": settings_of(method), "labels": asked, "seed": self.seed}
        inputs = [self.x.digest, rows_digest(split.suppressor)]
        return key(f"suppressor {method.kind}", method.version, settings, inputs)


def settings_of(method: Method) -> dict[str, Any]:
    """The settings of a method as JSON has them."""
    assert is_dataclass(method), "methods are dataclasses, whose fields are their settings"
    own = {one.name: getattr(method, one.name) for one in fields(method)}
    return dict(json.loads(json.dumps(own)))


def labels_of(
    x: Embeddings, sensitive: Sequence[str], neutral: str | Mapping[str, str]
) -> tuple[Label, ...]:
    """The sensitive labels of `x` for suppressors; the neutral class where the data have it."""
    found = []
    for name in sensitive:
        values = x.table[name].to_numpy(dtype=object)
        classes = tuple(sorted(set(values) - {UNKNOWN}))
        y = np.full(len(values), UNLABELLED, dtype=np.int64)
        for number, one in enumerate(classes):
            y[values == one] = number
        wanted = neutral if isinstance(neutral, str) else neutral.get(name, "")
        place = classes.index(wanted) if wanted in classes else None
        found.append(Label(name, y, classes, place))
    return tuple(found)


def told(found: Sequence[Suppressed], splits: Sequence[Split], x: Embeddings) -> StudyResult:
    """The tables `training` (the curves of the first split's fits) and `collapse` (on test people,
    the mean over splits), and what each method found out, for `audit.json`."""
    curves = [
        {"suppressor": one.name, "step": step.step, "name": step.name, "value": step.value}
        for one in found
        for step in (one.suppressors[0].training if one.suppressors else ())
    ]
    rows = [_collapse_row("x", Representation(x), splits)]
    for one in found:
        if one.representation is None:
            rows.append({"representation": one.name, "status": "not enough data"})
        else:
            rows.append(_collapse_row(one.name, one.representation, splits))
    facts = {
        one.name: [dict(each.facts) for each in one.suppressors] or one.warning for one in found
    }
    tables = {"training": table("training", curves), "collapse": table("collapse", rows)}
    return StudyResult(tables, facts={"suppressors": facts})


def _collapse_row(
    name: str, representation: Representation, splits: Sequence[Split]
) -> dict[str, Any]:
    figures = []
    for place, split in enumerate(splits):
        before, after = representation.base.x[split.test], representation.vectors(place)[split.test]
        one = collapse(before, after)
        figures.append((one.effective_rank, one.mean_cosine, one.mean_norm))
    rank, cosine, norm = np.mean(figures, axis=0)
    row = {"representation": name, "effective_rank": rank, "mean_cosine": cosine}
    return {**row, "mean_norm": norm, "status": "ok"}


def _fit(
    method: Method, seed: int, device: str, material: Material
) -> tuple[dict[str, np.ndarray], dict[str, Any]] | str:
    """What the store keeps of a fit, or the sentence that says why there is none."""
    try:
        found = method.fit(material, seed=seed, device=device, progress=Progress())
    except (NotEnoughData, SuppressorError) as error:
        return str(error)
    arrays, plan = packed(found.chain)
    curves = [[step.step, step.name, step.value] for step in found.training]
    meta = {"kind": found.kind, "plan": plan, "training": curves}
    return arrays, {**meta, "settings": dict(found.settings), "facts": dict(found.facts)}


def _suppressor(entry: Entry) -> Suppressor:
    meta = entry.meta
    return Suppressor(
        meta["kind"],
        unpacked(entry.arrays, meta["plan"]),
        meta["settings"],
        tuple(Step(int(step), str(name), float(value)) for step, name, value in meta["training"]),
        meta["facts"],
    )

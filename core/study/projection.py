"""Projections: the reference split's test faces on maps (METHODS, "Studies" 4).

t-SNE and UMAP of x, of every φ and of f3 of each (thesis Figures 4.1, 4.3 and 4.4; TPAMI Figure
4). Vectors of x and φ are drawn at unit length, as distances between them are taken; f3 as it is.
A map is no evidence of privacy: figures of its worth stand beside it. Coordinates differ from
machine to machine, which is why they stay in the store.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from core.attack import hidden
from core.attack.attack import VERSION as ATTACK
from core.attack.attack import Problem
from core.attack.hidden import hidden_layer
from core.attack.neural import Neural
from core.attack.null import permutations
from core.attack.views import unit
from core.config_parts import Projection
from core.engine import Engine
from core.faces.faceset import UNKNOWN
from core.measure import maps
from core.measure.intervals import NONE_BELOW
from core.measure.targets import Target
from core.progress import Progress
from core.project.landmarks import landmarks
from core.project.method import FEWEST, Method
from core.project.registry import methods
from core.store import Entry, Store, key
from core.study.attacking import rows_digest, settled
from core.study.knowing import part
from core.study.reference import Reference
from core.study.representation import Representation
from core.table import StudyResult, table

VERSION = 1
LANDMARKS = 10_000
"""A larger map is fitted on so many faces, and the others are placed among them."""
JUDGED = 3000
"""A larger map is judged by so many of its faces: trustworthiness takes all pairs."""
SHUFFLES = 20
ROUNDING = 1e-6
"""Vectors whose columns deviate by less than this share of the largest number are all one."""
PHASE = "Projecting"
FIXED = ("representation", "method", "id", "u", "v", "subject_id", "placed")
"""Columns of every map, before those of its labels."""


def projection(
    reference: Reference,
    settings: Projection,
    sensitive: Target | None,
    *,
    store: Store,
    progress: Progress,
    engine: Engine,
    seed: int,
    device: str,
) -> StudyResult:
    """Tables `projection` (a face a row) and `projection_quality`, for x, every φ and f3 of each.

    f3 is fitted on `sensitive` of the attacker's people. What cannot be drawn is left out with a
    warning, and without enough faces nothing is.
    """
    drawing = _Drawing(reference, store, progress, engine, seed, device, [])
    n = len(drawing.rows)
    if n < FEWEST:
        said = f"{n} test faces are too few for a map (at least {FEWEST} are needed): none is drawn"
        return StudyResult({}, (said,))
    with threadpool_limits(1, user_api="blas"):  # the last bits depend on how many share the work
        return drawing.result(methods(settings), sensitive)


@dataclass(frozen=True)
class _Job:
    """One map to draw: `x` (m, d) to fit on and `rest` (r, d) to place; `name` is its key."""

    name: str
    representation: str
    method: Method
    x: np.ndarray
    rest: np.ndarray


@dataclass(frozen=True)
class _Drawing:
    """Draws maps of the reference split's test faces; adds to `warnings`."""

    reference: Reference
    store: Store
    progress: Progress
    engine: Engine
    seed: int
    device: str
    warnings: list[str]

    @property
    def rows(self) -> np.ndarray:
        """Rows of the set that are shown, in the set's order."""
        return self.reference.split.test

    @property
    def faces(self) -> pd.DataFrame:
        """Who and what is shown, one row a face."""
        return self.reference.x.table.iloc[self.rows].reset_index(drop=True)

    def result(self, asked: Sequence[Method], sensitive: Target | None) -> StudyResult:
        """Both tables, warnings and facts."""
        named = self.reference.representations
        why = self._no_hidden(sensitive)
        count = len(named) * (1 if why else 2)
        self.progress.start(PHASE, count + 4 * count * len(asked))
        drawn = {name: unit(one.vectors(0)[self.rows]) for name, one in named.items()}
        if sensitive is None or why:
            self.warnings.append(f"f3 is not drawn: {why}")
        else:
            drawn |= self._hidden(named, sensitive)
        drawn = {name: x.astype(np.float32) for name, x in drawn.items() if self._spread(name, x)}
        fitted_on = landmarks(self._strata(sensitive), LANDMARKS, seed=self.seed)
        allowed = self._clamped(asked, len(fitted_on))
        jobs = [self._job(name, x, one, fitted_on) for name, x in drawn.items() for one in allowed]
        entries = list(self._entries(jobs))
        quality = [
            row
            for job, entry in zip(jobs, entries, strict=True)
            for row in self._quality(job, drawn[job.representation], self._places(entry, fitted_on))
        ]
        frames = [
            self._frame(job, self._places(entry, fitted_on), fitted_on)
            for job, entry in zip(jobs, entries, strict=True)
        ]
        facts = {"projection": self._facts(allowed, fitted_on)}
        tables = {}
        if frames:
            tables["projection"] = pd.concat(frames, ignore_index=True)
            tables["projection_quality"] = table("projection_quality", quality)
        return StudyResult(tables, tuple(self.warnings), facts)

    def _facts(self, allowed: Sequence[Method], fitted_on: np.ndarray) -> dict[str, Any]:
        n = len(self.rows)
        facts = {
            "faces": n,
            "people": int(self.faces["subject_id"].nunique()),
            "landmarks": len(fitted_on),
            "placed": n - len(fitted_on),
            "judged": min(n, JUDGED),
            "neighbours": maps.NEIGHBOURS,
            "seed": self.seed,
            "methods": {one.name: one.settings for one in allowed},
        }
        if len(fitted_on) < n:
            self.warnings.append(
                f"maps of {n} faces are fitted on {len(fitted_on)} of them, drawn in proportion to "
                f"label and person; the other {n - len(fitted_on)} are placed among these"
            )
        return facts

    # -- what is drawn -------------------------------------------------------------------------

    def _hidden(
        self, named: Mapping[str, Representation], sensitive: Target
    ) -> dict[str, np.ndarray]:
        """f3 (n, 1024) of the shown faces for each representation."""
        split = self.reference.split
        learn = part(split.attacker, sensitive)
        names, problems = [], []
        for one in named.values():
            x, rows = one.vectors(0), sensitive.rows[learn]
            names.append(
                key(
                    "hidden",
                    hidden.VERSION,
                    {"seed": self.seed, "probe": Neural.version, "attack": ATTACK},
                    [
                        one.digest(0),
                        sensitive.digest(),
                        rows_digest(split.attacker),
                        rows_digest(self.rows),
                    ],
                )
            )
            problems.append(
                Problem(
                    x[rows],
                    sensitive.y[learn],
                    one.subjects[rows],
                    x[self.rows],
                    sensitive.k,
                    self.seed,
                    "",
                )
            )
        missing = [i for i, name in enumerate(names) if self.store.load(name) is None]
        self.progress.advance(2 * len(names) - len(missing), "fitting f3" if missing else "")
        work = partial(_activations, self.device)
        todo = [problems[i] for i in missing]
        found = self.engine.map(work, todo) if self.device == "cpu" else map(work, todo)
        for i, activations in zip(missing, found, strict=True):
            self.store.save(names[i], {"activations": activations})
            self.progress.advance(1)
        return {
            f"f3({name})": settled(self.store, own).arrays["activations"]
            for name, own in zip(named, names, strict=True)
        }

    def _no_hidden(self, sensitive: Target | None) -> str:
        """Why f3 cannot be fitted; empty where it can."""
        if sensitive is None or sensitive.k < 2:
            return "it reads a sensitive label, and there is none of two classes here"
        rows = part(self.reference.split.attacker, sensitive)
        people = len(set(self.reference.x.subjects[sensitive.rows[rows]]))
        shown = len(np.unique(sensitive.y[rows]))
        if people >= NONE_BELOW and shown >= 2:
            return ""
        return (
            f"{people} people of the reference split's attacker part show {shown} classes of "
            f"{sensitive.attribute}, and at least {NONE_BELOW} people and 2 classes are needed"
        )

    def _spread(self, name: str, x: np.ndarray) -> bool:
        """Whether the vectors (n, d) can be told apart at all."""
        if np.isfinite(x).all() and x.std(axis=0).max() > ROUNDING * np.abs(x).max():
            return True
        self.warnings.append(f"{name} is not drawn: all its vectors are equal, or some not finite")
        return False

    def _clamped(self, asked: Sequence[Method], n: int) -> list[Method]:
        both = [one.clamped(n) for one in asked]
        self.warnings.extend(said for _, said in both if said)
        return [one for one, _ in both]

    def _strata(self, sensitive: Target | None) -> np.ndarray:
        faces = self.faces
        people = faces["subject_id"].astype(str)
        if sensitive is None:
            return people.to_numpy()
        return (faces[sensitive.attribute].astype(str) + "\n" + people).to_numpy()

    # -- maps ----------------------------------------------------------------------------------

    def _job(self, name: str, x: np.ndarray, method: Method, fitted_on: np.ndarray) -> _Job:
        rest = np.delete(np.arange(len(x)), fitted_on)
        asked = {
            "method": method.name,
            "version": method.version,
            "seed": self.seed,
            **method.settings,
        }
        content = hashlib.sha256(repr(x.shape).encode() + x.tobytes()).hexdigest()
        own = key("projection", VERSION, asked, [content, rows_digest(fitted_on)])
        return _Job(own, name, method, x[fitted_on], x[rest])

    def _entries(self, jobs: Sequence[_Job]) -> Iterator[Entry]:
        """The coordinates of each map, from the store or drawn now, several at a time."""
        first = {job.name: job for job in reversed(jobs)}  # two φ may be the same vectors
        missing = [
            job for job in jobs if first[job.name] is job and self.store.load(job.name) is None
        ]
        self.progress.advance(3 * (len(jobs) - len(missing)), found=True)
        self.progress.advance(0, "UMAP compiles itself first" if missing else "")
        done = self.engine.map(partial(_drawn, self.seed), missing)
        for job, (fitted, placed) in zip(missing, done, strict=True):
            self.store.save(job.name, {"fitted": fitted, "placed": placed})
            self.progress.advance(3, f"{job.method.name} of {job.representation}")
        for job in jobs:
            yield settled(self.store, job.name)

    def _places(self, entry: Entry, fitted_on: np.ndarray) -> np.ndarray:
        """Coordinates float32 (n, 2) in the order of the faces."""
        n = len(self.rows)
        places = np.empty((n, 2), np.float32)
        places[fitted_on] = entry.arrays["fitted"]
        places[np.delete(np.arange(n), fitted_on)] = entry.arrays["placed"]
        return places

    def _frame(self, job: _Job, places: np.ndarray, fitted_on: np.ndarray) -> pd.DataFrame:
        faces, labels = self.faces, self.reference.x.labels
        placed = np.ones(len(faces), dtype=bool)
        placed[fitted_on] = False
        return pd.DataFrame(
            {
                "representation": job.representation,
                "method": job.method.name,
                "id": faces["id"],
                "u": places[:, 0],
                "v": places[:, 1],
                "subject_id": faces["subject_id"],
                "placed": placed,
                **{column(name): faces[name] for name in labels},
            }
        )

    # -- quality -------------------------------------------------------------------------------

    def _quality(self, job: _Job, x: np.ndarray, places: np.ndarray) -> list[dict[str, Any]]:
        """The rows of one map, one a label; a single one without any label."""
        labels = self.reference.x.labels
        told = self.faces[["subject_id", *labels]].to_csv(index=False).encode()
        asked = {"seed": self.seed, "shuffles": SHUFFLES, "judged": JUDGED}
        own = key("map quality", VERSION, asked, [job.name, hashlib.sha256(told).hexdigest()])
        entry = self.store.get(own, lambda: ({}, {"rows": self._judged(x, places)}))
        self.progress.advance(1)
        row = {"representation": job.representation, "method": job.method.name}
        return [{**row, **one} for one in entry.meta["rows"]]

    def _judged(self, x: np.ndarray, places: np.ndarray) -> list[dict[str, Any]]:
        faces, labels = self.faces, self.reference.x.labels
        people = faces["subject_id"].to_numpy(dtype=str)
        seen = landmarks(people, JUDGED, seed=self.seed)
        whole = _given(maps.trustworthiness(x[seen], places[seen]))
        rows = []
        for label in labels:
            values = faces[label].to_numpy(dtype=str)
            own = seen[values[seen] != UNKNOWN]
            found = {"trustworthiness": whole, "label": column(label), "n": len(own)}
            rows.append({**found, **_like(places[own], people[own], values[own], self.seed)})
        return rows or [{"trustworthiness": whole, "n": len(seen)}]


def column(label: str) -> str:
    """The column of a label in the table `projection`; the table's own columns keep their names."""
    return f"label {label}" if label in FIXED else label


def _like(
    places: np.ndarray, people: np.ndarray, values: np.ndarray, seed: int
) -> dict[str, float | None]:
    """How far like lies with like on a map (n, 2), and what shuffled labels give; a label that
    belongs to people is shuffled among people (METHODS, "Protocol" 4)."""
    classes, y = np.unique(values, return_inverse=True)
    if len(classes) < 2 or len(y) < FEWEST or len(set(people)) < 2:
        return {}
    near = maps.strangers(places, people)
    shuffled = permutations(y, people, SHUFFLES, seed=seed)
    return {
        "knn_agreement": _given(maps.agreement(near, y)),
        "silhouette": _given(maps.silhouette(places, y)),
        "chance": _given(float(np.mean([maps.agreement(near, one) for one in shuffled]))),
    }


def _given(value: float) -> float | None:
    return None if np.isnan(value) else value


def _activations(device: str, problem: Problem) -> np.ndarray:
    with threadpool_limits(1, user_api="blas"):  # a process of the engine has limits of its own
        return hidden_layer(problem, device=device).activations


def _drawn(seed: int, job: _Job) -> tuple[np.ndarray, np.ndarray]:
    with threadpool_limits(1, user_api="blas"):
        return job.method.draw(job.x, job.rest, seed=seed)

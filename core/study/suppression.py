"""Fitting suppressors: each split's own, on its own suppressor people, kept in the store."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from core.encode.embeddings import Embeddings
from core.engine import Engine, Local
from core.errors import NotEnoughData, SuppressorError
from core.faces.faceset import UNKNOWN
from core.progress import Progress
from core.split import Split
from core.store import Entry, Store, key
from core.study.asking import settled
from core.study.attacking import rows_digest
from core.study.expected import PLAIN, STEP
from core.study.pool import Pool
from core.study.protocol import reference_of
from core.study.representation import Representation
from core.suppress.chain import packed, unpacked
from core.suppress.collapse import collapse
from core.suppress.suppressor import (
    UNLABELLED,
    Label,
    Material,
    Method,
    Step,
    Suppressor,
    by_sums,
    reads,
)
from core.table import StudyResult, table

if TYPE_CHECKING:
    from core.study.activations import Activations

FEWEST = 30
"""People of a set below which no φ is fitted on it (METHODS, "Protocol" 2)."""


FIT_COST = {"sensitivenets": 40, "lntl": 30, "leace": 1, "blindfold": 5}
"""Rough tenths of a second that a method's fit takes on vectors of `PLAIN` numbers: steps of the
bar, which are as much longer as there are more numbers."""
GROWTH = {"sensitivenets": -0.25, "lntl": 0.17}
"""Powers of the numbers by which a fit takes longer than its steps do. At 58 times as many (16,000
faces of 512) SensitiveNets, which draws as many triplets from any, took 42 s, and Learning Not To
Learn 188 s."""
TAIL_COST = 100
SUMS_RATE = {"leace": 1e10, "blindfold": 3e9}
"""Rows times squared numbers a second of a fit by sums, on one core."""


def fit_cost(
    method: Method, splits: Sequence[Split], dimensions: int, pool: Pool | None = None,
    workers: int = 1,
) -> int:  # fmt: skip
    """Steps of the bar that one fit of `method` on the suppressor part of `splits` is worth.

    With a `pool` that is most of a very large set it is worth what the pool takes; one fit keeps
    one of the `workers` busy, where steps are shared by all.
    """
    if reads(method) == "activations":
        return TAIL_COST
    rows = max((len(one.suppressor) for one in splits), default=0)
    if pool is not None and pool.brief is not None:
        rows = len(pool.brief)
        if by_sums(method) and method.kind in SUMS_RATE:
            seconds = len(pool.x) * dimensions**2 / SUMS_RATE[method.kind]
            attackers = max((len(one.attacker) for one in splits), default=1)
            step = STEP * attackers * dimensions / PLAIN  # as `expected.seconds` takes it
            return max(1, round(workers * seconds / step))
    larger = max(rows * dimensions / PLAIN, 1.0)
    return max(1, round(FIT_COST.get(method.kind, 20) * larger ** GROWTH.get(method.kind, 0.0)))


@dataclass(frozen=True)
class Suppressed:
    """What one method gave: its representation, its suppressors and their curves, split by split.

    `suppressors` is one a split, or the one that serves all. `representation` is None where it
    could not be fitted, and `warning` says why. `told` must be known by who reads its figures.
    """

    name: str
    representation: Representation | None = None
    suppressors: tuple[Suppressor, ...] = ()
    warning: str = ""
    told: tuple[str, ...] = ()


@dataclass(frozen=True)
class Suppression:
    """Fits methods on the suppressor people of each split; what is kept is not fitted again.

    With a `pool`, they learn from its people too, or from them alone: one fit serves every split
    then. The rows of `labels` and `tasks` are those of `x` and, below them, of the pool; `tasks`
    are labels that a method may name as its primary task and that are not suppressed. Methods that
    fine-tune the encoder's last stage are fitted on `activations` of the same faces.
    """

    x: Embeddings
    labels: tuple[Label, ...]
    splits: Sequence[Split]
    seed: int
    device: str
    store: Store
    progress: Progress
    engine: Engine
    pool: Pool | None = None
    tasks: tuple[Label, ...] = ()
    activations: Activations | None = None

    def fit(self, name: str, method: Method) -> Suppressed:
        """The method's φ of every split; where it cannot be fitted, the reason."""
        names = [self._key(method, split) for split in self.splits]
        first = {one: i for i, one in reversed(list(enumerate(names)))}
        missing = [i for one, i in sorted(first.items(), key=lambda item: item[1])
                   if self.store.load(one) is None]  # fmt: skip
        tasks = [self._material(method, self.splits[i]) for i in missing]
        # A single fit on very many people reads them where they lie: they travel nowhere.
        here = self.pool is not None and self.pool.brief is not None
        # A fit may take minutes: in a thread it hears itself that it is no longer wanted.
        near = here or isinstance(self.engine, Local)
        heard = self.progress.silent() if near else Progress()
        work = partial(_fit, method, self.seed, self.device, heard)
        each = fit_cost(method, self.splits, self.x.x.shape[1], self.pool, self.engine.workers)
        self.progress.advance(each * (len(first) - len(missing)), name, found=True)
        made = map(work, tasks) if here else self.engine.map(work, tasks)
        for done, (i, found) in enumerate(zip(missing, made, strict=True)):
            self.progress.check()
            if isinstance(found, str):
                # Nothing more of it is going to be fitted: the bar need not wait for it.
                self.progress.advance(each * (len(missing) - done), f"{name} is left out")
                return Suppressed(name, warning=f"{name} was left out: {found}")
            self.store.save(names[i], *found)
            self.progress.advance(each, f"fitting {name}, {i + 1} of {len(first)}")
        fits = {one: _suppressor(settled(self.store, one)) for one in first}
        read = self._read(method)
        phi = {one: fit.transform(read.x) for one, fit in fits.items()}
        digests = tuple(hashlib.sha256(f"{one}{read.digest}".encode()).hexdigest() for one in names)
        # Another set's vectors cannot go through a map from activations.
        maps = tuple(fits[one].transform for one in names) if read is self.x else ()
        seen = Representation(self.x, tuple(phi[one] for one in names), digests, maps)
        return Suppressed(name, seen, tuple(fits.values()))

    def reference(self, method: Method) -> tuple[Suppressor, int] | None:
        """The method fitted once, on the suppressor people of the reference split and the pool's,
        and how many these are; None where it cannot be."""
        own = reference_of(self.x)
        name, material = self._key(method, own), self._material(method, own)
        if self.store.load(name) is None:
            found = _fit(method, self.seed, self.device, self.progress.silent(), material)
            if isinstance(found, str):
                return None
            self.store.save(name, *found)
        entry = settled(self.store, name)
        people = len(np.unique(material.people))
        return replace(_suppressor(entry), fitted_on=self._fitted_on(method, people)), people

    @property
    def _dealt(self) -> bool:
        """Whether people of the audited set are learnt from."""
        return self.pool is None or self.pool.dealt

    def _read(self, method: Method) -> Embeddings:
        """What `method` is fitted on and its suppressors are applied to."""
        if reads(method) == "vectors":
            return self.x
        if self.activations is None:
            raise ValueError(f"{method.kind} reads activations, and there are none")
        return self.activations.x

    def _fitted_on(self, method: Method, people: int) -> dict[str, Any]:
        own = [(self.x.name, self.x.digest)] if self._dealt else []
        sets = [*own, *(self.pool.sets if self.pool else ())]
        read = self._read(method)
        encoder = {"encoder": read.encoder, "encoder_digest": read.encoder_digest}
        data = {"data": [name for name, _ in sets], "data_digests": [one for _, one in sets]}
        return {**encoder, **data, "people": people}

    def _labels(self, method: Method) -> tuple[Label, ...]:
        """What is suppressed, and the label that is the method's primary task."""
        own = {one.name for one in self.labels}
        wanted = getattr(method, "primary", None)
        kept = [one for one in self.tasks if one.name == wanted and wanted not in own]
        return (*self.labels, *kept)

    def _material(self, method: Method, split: Split) -> Material:
        rows = split.suppressor if self._dealt else split.suppressor[:0]
        read, people, primary = self._read(method), self.x.subjects[rows].astype(str), None
        x = read.x[rows]
        if self.pool is not None:
            pool, brief = self.pool, self._brief(method)
            place = np.arange(len(pool.x)) if brief is None else brief
            others = pool.x if brief is None else pool.x[brief]
            # Nothing is copied where nobody is added: the pool may be most of the memory.
            x = np.concatenate([x, others]) if len(rows) else others
            strangers, people = pool.people[place], np.char.add("audited/", people)
            people = np.concatenate([people, strangers]) if len(rows) else strangers
            primary = np.concatenate([np.full(len(rows), pool.own_primary), pool.primary[place]])
            rows = np.concatenate([rows, len(self.x) + place])
        labels = tuple(
            Label(one.name, one.y[rows], one.classes, one.neutral) for one in self._labels(method)
        )
        everyone = primary is None or bool(primary.all())
        tail = self.activations.tail if self.activations and read is not self.x else None
        return Material(x, people, labels, tail=tail, primary=None if everyone else primary)

    def _brief(self, method: Method) -> np.ndarray | None:
        """Rows of the pool that a method looks at which learns step by step; None for all."""
        return None if self.pool is None or by_sums(method) else self.pool.brief

    def _key(self, method: Method, split: Split) -> str:
        asked = [(one.name, one.classes, one.neutral) for one in self._labels(method)]
        settings = {"method": settings_of(method), "labels": asked, "seed": self.seed}
        read = self._read(method)
        inputs = [read.digest, rows_digest(split.suppressor)] if self._dealt else []
        if self.pool is not None:
            inputs.append(self.pool.digest)
            settings["own rows are primary"] = self._dealt and self.pool.own_primary
            brief = self._brief(method)
            if brief is not None:
                inputs.append(rows_digest(brief))
        return key(f"suppressor {method.kind}", method.version, settings, inputs)


def settings_of(method: Method) -> dict[str, Any]:
    """The settings of a method as JSON has them."""
    assert is_dataclass(method), "methods are dataclasses, whose fields are their settings"
    own = {one.name: getattr(method, one.name) for one in fields(method)}
    return dict(json.loads(json.dumps(own)))


def labels_of(
    x: Embeddings,
    sensitive: Sequence[str],
    neutral: str | Mapping[str, str],
    pool: Pool | None = None,
) -> tuple[Label, ...]:
    """The sensitive labels of `x` and, below its rows, of the pool, for suppressors.

    The neutral class where the data have it; rows of a set without the label are unlabelled.
    """
    found = []
    for name in sensitive:
        values = np.full(len(x), UNKNOWN, dtype=object)
        if name in x.labels and (pool is None or pool.dealt):
            values = x.table[name].to_numpy(dtype=object)
        if pool is not None:
            values = np.concatenate([values, pool.column(name)])
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
    method: Method, seed: int, device: str, progress: Progress, material: Material
) -> tuple[dict[str, np.ndarray], dict[str, Any]] | str:
    """What the store keeps of a fit, or the sentence that says why there is none."""
    try:
        found = method.fit(material, seed=seed, device=device, progress=progress)
    except (NotEnoughData, SuppressorError) as error:
        return str(error)
    arrays, plan = packed(found.chain)
    curves = [[step.step, step.name, step.value] for step in found.training]
    meta = {"kind": found.kind, "plan": plan, "training": curves, "reads": found.reads}
    return arrays, {**meta, "settings": dict(found.settings), "facts": dict(found.facts)}


def _suppressor(entry: Entry) -> Suppressor:
    meta = entry.meta
    return Suppressor(
        meta["kind"],
        unpacked(entry.arrays, meta["plan"]),
        meta["settings"],
        tuple(Step(int(step), str(name), float(value)) for step, name, value in meta["training"]),
        meta["facts"],
        meta.get("reads", "vectors"),
    )

"""A whole audit: faces → encode → split → attack → measure → tables, in this order only here."""

from __future__ import annotations

import datetime
import json
import platform
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core import __version__
from core.attack.registry import SUITES
from core.config import Config, located
from core.encode.embeddings import Embeddings
from core.encode.encoder import Encoder
from core.encode.network import choose_device
from core.encode.registry import make_encoder
from core.engine import Engine, make_engine
from core.errors import ConfigError, NotEnoughData
from core.faces.faceset import UNKNOWN, FaceSet
from core.faces.read import read_faces
from core.measure.intervals import FEW_BELOW
from core.measure.targets import Target, attributes, target
from core.progress import Progress
from core.split import Split, careless_split, rotation
from core.store import Store, home, write_atomic
from core.study import controls
from core.study.headline import checks, headline
from core.study.leakage import Leakage, Plan
from core.table import StudyResult

SCHEMA_VERSION = 1
PERMUTATIONS = {"quick": 20, "full": 100}
"""Permutations of the cheap attackers behind each null (METHODS, "Protocol" 4)."""

FIRST_LOOK_FACES = 384
"""Faces of the first look: whole chunks of the encoder's store, so that none is encoded twice."""
FIRST_LOOK_PEOPLE = 30
"""A first look at fewer people would say too little to be shown."""

Publish = Callable[[str, pd.DataFrame], None]


@dataclass(frozen=True)
class Audit:
    """What a whole audit found: `summary` is `audit.json`, `tables` the files by name."""

    summary: dict[str, Any]
    tables: dict[str, pd.DataFrame]


@dataclass(frozen=True)
class _Data:
    """The vectors of the set and of the controls that need pictures, and what was read."""

    x: Embeddings
    pixels: Embeddings | None
    licence: str
    encoder_kind: str


def audit(
    config: Config, *, base: Path, store: Store, progress: Progress, publish: Publish
) -> Audit:
    """Run the audit that `config` asks for; `base` is the folder its paths are relative to.

    `publish` receives tables as they grow: "first" from a declared part of the set, then
    "leakage". Raises `InputError` where the input or the settings are at fault.
    """
    progress.start("Reading", 1)
    with make_engine(config.engine) as engine:
        return _Run(config, base, store, progress, publish, engine).all()


@dataclass
class _Run:
    config: Config
    base: Path
    store: Store
    progress: Progress
    publish: Publish
    engine: Engine
    warnings: list[str] = field(default_factory=list)

    def all(self) -> Audit:
        """Walk the road once, left to right."""
        data = self._data()
        x = data.x
        targets = self._targets(x)
        splits = self._splits(x, targets)
        representations = self._representations(data)
        results = []
        if "leakage" in self.config.studies and splits and targets:
            results.append(self._leakage(representations, targets, splits))
        if "verification" in self.config.studies:
            results.append(self._verification(representations, splits))
        return self._audit(data, representations, targets, splits, results)

    # -- faces and vectors ---------------------------------------------------------------------

    def _data(self) -> _Data:
        if self.config.embeddings is not None:
            from core.encode.given import read_embeddings

            given = self.config.embeddings
            x = read_embeddings(
                located(given.path, self.base), vector=given.vector, subject=given.subject
            )
            return _Data(x, None, "", "given")
        faces = self._faces()
        encoder = self._encoder(faces)
        self._first_look(faces, encoder)
        x = self._encoded(faces, encoder)
        pixels = None
        if "leakage" in self.config.studies and encoder.name != "pixels":
            pixels = self._pixels(faces, x)
        return _Data(x, pixels, faces.licence, self.config.encoder.kind)

    def _pixels(self, faces: FaceSet, x: Embeddings) -> Embeddings | None:
        """The control that sees the picture itself, at the faces of `x`."""
        every = self._encoded(faces, make_encoder("pixels", synthetic=faces.synthetic))
        missing = len(set(x.table["id"]) - set(every.table["id"]))
        if missing:
            self.warnings.append(
                f"the control 'pixels' is left out: {missing} faces that have a vector could not "
                "be cut for it"
            )
            return None
        return _same_rows(every, x)

    def _faces(self) -> FaceSet:
        asked = self.config.faces
        assert asked is not None, "settings without faces and without vectors"
        return read_faces(
            None if asked.path is None else located(asked.path, self.base),
            preset=asked.preset,
            subject=asked.subject,
            aligned=asked.aligned,
            where=asked.where,
            extract_to=home() / "extracted",
        )

    def _encoder(self, faces: FaceSet) -> Encoder:
        asked = self.config.encoder
        weights = asked.weights
        if weights is not None and weights != "download":
            weights = str(located(weights, self.base))
        return make_encoder(
            asked.kind,
            weights=weights,
            device=self.config.device,
            synthetic=faces.synthetic,
            size=asked.size,
            mean=asked.mean,
            std=asked.std,
            color=asked.color,
            align=asked.align,
            progress=self.progress,
        )

    def _encoded(
        self,
        faces: FaceSet,
        encoder: Encoder,
        rows: Sequence[int] | None = None,
        phase: str = "Encoding",
    ) -> Embeddings:
        from core.encode.run import encode

        return encode(
            faces, encoder, store=self.store, progress=self.progress, rows=rows, phase=phase
        )

    def _first_look(self, faces: FaceSet, encoder: Encoder) -> None:
        """A figure from the first part of the set, said to be one, while the rest is encoded."""
        count = min(FIRST_LOOK_FACES, len(faces))
        part = faces.table.iloc[:count]
        sensitive = [name for name in self.config.sensitive or () if name in faces.labels]
        least = 2 * self.config.folds
        people = part["subject_id"][part["subject_id"] != UNKNOWN].nunique()
        if count == len(faces) or not sensitive or people < max(least, FIRST_LOOK_PEOPLE):
            return
        if self.config.preset == "careless" or not faces.has_subjects:
            return
        x = self._encoded(faces, encoder, range(count), "Encoding the first part")
        asked = target(x.table, sensitive[0])
        if asked.k < 2:
            return
        splits = self._splits(x, [asked])
        plan = self._plan(splits, ("logistic", "svm"))
        walk = Leakage(
            {"x": x}, [asked], plan,
            store=self.store, progress=self.progress, engine=self.engine, phase="First look",
            publish=lambda name, table: self.publish("first", table),
        )  # fmt: skip
        walk.run()

    # -- protocol ------------------------------------------------------------------------------

    def _targets(self, x: Embeddings) -> list[Target]:
        names, warnings = attributes(
            x.labels,
            self.config.sensitive,
            self.config.attributes,
            named=self.config.asked("sensitive"),
        )
        self.warnings += warnings
        return [self._target(x, name) for name in names]

    def _target(self, x: Embeddings, name: str) -> Target:
        """The label; one of a single class is an error where it was asked for by name."""
        found = target(x.table, name)
        shown = sorted(set(x.table[name]) - {UNKNOWN})
        if len(shown) > 1:
            return found
        config = self.config
        listed = [] if isinstance(config.attributes, str) else config.attributes
        said = f"the label '{name}' has {len(shown)} class here"
        if name in listed or (config.asked("sensitive") and name in (config.sensitive or ())):
            raise ConfigError(
                f"{said} ({', '.join(shown) or 'all unknown'}) and an attack needs 2: add faces "
                "that show another, or leave this label out"
            )
        self.warnings.append(f"{said}: it cannot be attacked")
        return found

    def _splits(self, x: Embeddings, targets: Sequence[Target]) -> list[Split]:
        if not x.has_subjects:
            nobody = (
                "nobody said who is who: without identities no attack and no verification can be "
                "measured honestly; name the identity column, or mark who is the same person on "
                "the Faces page"
            )
            if self.config.asked("studies") and x.pairs is None:
                raise NotEnoughData(nobody)
            self.warnings.append(nobody)
            return []
        config = self.config
        if config.preset == "careless":
            return [careless_split(len(x), seed=config.seed + i) for i in range(config.seeds)]
        columns = [x.table[one.attribute].to_numpy(dtype=object) for one in targets]
        together = np.array(["|".join(map(str, row)) for row in zip(*columns, strict=True)])
        labels = together if columns else np.zeros(len(x), dtype=int)
        known = np.flatnonzero(x.subjects != UNKNOWN)
        try:
            splits = rotation(
                x.subjects[known], labels[known],
                folds=config.folds, seeds=config.seeds, seed=config.seed,
            )  # fmt: skip
        except NotEnoughData as error:
            if config.asked("splits"):
                raise
            self.warnings.append(str(error))
            return []
        return [replace(one, attacker=known[one.attacker], test=known[one.test]) for one in splits]

    def _representations(self, data: _Data) -> dict[str, Embeddings]:
        found = {"x": data.x}
        if data.pixels is not None:
            found["pixels"] = data.pixels
        found["random"] = controls.random(data.x, seed=self.config.seed)
        length = controls.norm(data.x)
        if length is not None:
            found["norm"] = length
        return found

    # -- studies -------------------------------------------------------------------------------

    def _plan(self, splits: Sequence[Split], attackers: Sequence[str] | None = None) -> Plan:
        suite = attackers or SUITES[self.config.attackers]
        # On the controls these two would take most of a quick look's time; a full audit has them.
        light = tuple(name for name in suite if name not in ("nn", "rf"))
        return Plan(
            splits=splits,
            attackers=suite,
            control_attackers=light if self.config.look == "quick" else suite,
            permutations=PERMUTATIONS[self.config.look],
            seed=self.config.seed,
            device=choose_device(self.config.device),
        )

    def _walk(
        self,
        representations: Mapping[str, Embeddings],
        targets: Sequence[Target],
        plan: Plan,
        publish: Publish,
    ) -> Leakage:
        return Leakage(
            representations, targets, plan,
            store=self.store, progress=self.progress, engine=self.engine, publish=publish,
        )  # fmt: skip

    def _leakage(
        self,
        representations: Mapping[str, Embeddings],
        targets: Sequence[Target],
        splits: Sequence[Split],
    ) -> StudyResult:
        return self._walk(representations, targets, self._plan(splits), self.publish).run()

    def _verification(
        self, representations: Mapping[str, Embeddings], splits: Sequence[Split]
    ) -> StudyResult:
        from core.study.verification import verification

        named = {name: found for name, found in representations.items() if name in ("x", "pixels")}
        return verification(
            named, splits, store=self.store, progress=self.progress, seed=self.config.seed
        )

    # -- summary -------------------------------------------------------------------------------

    def _audit(
        self,
        data: _Data,
        representations: Mapping[str, Embeddings],
        targets: Sequence[Target],
        splits: Sequence[Split],
        results: Sequence[StudyResult],
    ) -> Audit:
        tables: dict[str, pd.DataFrame] = {}
        facts: dict[str, Any] = {}
        for result in results:
            for name, own in result.tables.items():
                tables[name] = pd.concat([tables[name], own]) if name in tables else own
            facts.update(result.facts)
            self.warnings += [text for text in result.warnings if text not in self.warnings]
        config = self.config
        summary = {
            "schema_version": SCHEMA_VERSION,
            "name": config.name,
            "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "config": config.as_run(),
            "preset": config.preset,
            "look": {"name": config.look, "folds": config.folds, "seeds": config.seeds},
            "permutations": PERMUTATIONS[config.look],
            "environment": _environment(),
            "data": _described(data),
            "encoder": {
                "kind": data.encoder_kind,
                "name": data.x.encoder,
                "digest": data.x.encoder_digest,
                "dimensions": data.x.x.shape[1],
            },
            "parts": _parts(splits, data.x),
            "headline": headline(
                tables.get("leakage"),
                targets,
                data.x.x.shape[1],
                synthetic=data.x.synthetic,
                careless=config.preset == "careless",
            ),
            "checks": checks(tables.get("leakage"), splits, data.x, config.preset),
            "warnings": self.warnings,
            "facts": facts,
            "tables": sorted(tables),
        }
        return Audit(summary, tables)


def write(audit: Audit, folder: Path) -> None:
    """Write `audit.json` and `tables/` into `folder`; large tables are Parquet."""
    (folder / "tables").mkdir(parents=True, exist_ok=True)
    for name, table in audit.tables.items():
        if name in PARQUET:
            table.to_parquet(folder / "tables" / f"{name}.parquet", index=False)
        else:
            write_atomic(folder / "tables" / f"{name}.csv", table.to_csv(index=False).encode())
    text = json.dumps(audit.summary, indent=2, ensure_ascii=False, allow_nan=False)
    write_atomic(folder / "audit.json", text.encode())


PARQUET = ("predictions",)


def _same_rows(other: Embeddings, x: Embeddings) -> Embeddings:
    """`other` at the faces of `x`, in their order: a control is compared face by face."""
    place = {face: row for row, face in enumerate(other.table["id"])}
    rows = [place[face] for face in x.table["id"]]
    if rows == list(range(len(other))):
        return other
    return replace(other, x=other.x[rows], table=x.table, problems=x.problems, digest="")


def _parts(splits: Sequence[Split], x: Embeddings) -> dict[str, int]:
    """People in each part, the fewest over the rotation."""
    if not splits:
        return {"suppressor": 0, "attacker": 0, "test": 0}
    each = [split.people(x.subjects) for split in splits]
    return {name: min(one[name] for one in each) for name in each[0]}


def _described(data: _Data) -> dict[str, Any]:
    x = data.x
    return {
        "name": x.name,
        "n": len(x),
        "identities": _people(x) if x.has_subjects else None,
        "labels": {name: dict(sorted(Counter(x.table[name]).items())) for name in x.labels},
        "synthetic": x.synthetic,
        "licence": data.licence,
        "digest": x.digest,
        "problems": [
            {"file": one.file, "kind": one.kind, "detail": one.detail} for one in x.problems[:1000]
        ],
        "problem_counts": dict(Counter(one.kind for one in x.problems)),
        "origin": dict(x.origin),
        "few_people": x.has_subjects and _people(x) < FEW_BELOW,
    }


def _people(x: Embeddings) -> int:
    return int(x.table["subject_id"][x.table["subject_id"] != UNKNOWN].nunique())


def _environment() -> dict[str, str]:
    packages = ("torch", "scikit-learn", "numpy", "pandas", "onnxruntime", "streamlit")
    return {
        "blindfold": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        **{name: version(name) for name in packages},
    }

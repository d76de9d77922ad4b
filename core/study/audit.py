"""A whole audit: faces → encode → split → attack → measure → tables, in this order only here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

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
from core.measure.targets import Target, attributes, target
from core.progress import Progress
from core.split import Split, careless_split, rotation
from core.store import Store, home
from core.study import controls, summary, suppression
from core.study.headline import checks, headline
from core.study.leakage import Leakage, Plan
from core.study.representation import Representation
from core.study.summary import Audit, write
from core.study.suppression import Suppressed, Suppression
from core.suppress.suppressor import Suppressor
from core.table import StudyResult

PERMUTATIONS = {"quick": 20, "full": 100}
"""Permutations of the cheap attackers behind each null (METHODS, "Protocol" 4)."""

FIRST_LOOK_FACES = 384
"""Faces of the first look: whole chunks of the encoder's store, so that none is encoded twice."""
FIRST_LOOK_PEOPLE = 30
"""A first look at fewer people would say too little to be shown."""

__all__ = ["Audit", "audit", "write"]

Publish = Callable[[str, pd.DataFrame], None]


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
    kept: dict[str, tuple[Suppressor, int]] = field(default_factory=dict)

    def all(self) -> Audit:
        """Walk the road once, left to right."""
        data = self._data()
        x = data.x
        targets = self._targets(x)
        splits = self._splits(x, targets)
        representations = self._controls(data)
        suppressed = self._suppressed(x, splits)
        fitted = {one.name: one.representation for one in suppressed if one.representation}
        # x first, then what is compared with it, then what both are held against.
        everything = {"x": representations.pop("x"), **fitted, **representations}
        results = []
        if "leakage" in self.config.studies and splits and targets:
            results.append(self._leakage(everything, targets, splits))
        if "verification" in self.config.studies:
            results.append(self._verification(everything, splits))
        if suppressed:
            results.append(suppression.told(suppressed, splits, x))
        return self._audit(data, targets, splits, summary.joined(results))

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
        splits = self._splits(x, [asked], whole=False)
        plan = self._plan(splits, ("logistic", "svm"))
        walk = Leakage(
            {"x": Representation(x)}, [asked], plan,
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

    def _splits(
        self, x: Embeddings, targets: Sequence[Target], *, whole: bool = True
    ) -> list[Split]:
        """The rotation; a first look at a part of the set (not `whole`) has no suppressor part."""
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
            splits = [careless_split(len(x), seed=config.seed + i) for i in range(config.seeds)]
            # As papers' texts describe it: suppressor and attackers learn from the same rows.
            if self._suppresses(x):
                splits = [replace(one, suppressor=one.attacker) for one in splits]
            return splits
        columns = [x.table[one.attribute].to_numpy(dtype=object) for one in targets]
        together = np.array(["|".join(map(str, row)) for row in zip(*columns, strict=True)])
        labels = together if columns else np.zeros(len(x), dtype=int)
        known = np.flatnonzero(x.subjects != UNKNOWN)
        try:
            splits = rotation(
                x.subjects[known], labels[known],
                folds=config.folds, seeds=config.seeds, seed=config.seed,
                suppressor=whole and self._suppresses(x),
            )  # fmt: skip
        except NotEnoughData as error:
            if config.asked("splits"):
                raise
            self.warnings.append(str(error))
            return []
        return [
            replace(
                one,
                suppressor=known[one.suppressor],
                attacker=known[one.attacker],
                test=known[one.test],
            )
            for one in splits
        ]

    def _suppresses(self, x: Embeddings) -> bool:
        """Whether suppressors were asked for and the set has people enough to fit one on."""
        return bool(self.config.suppressors) and summary.people(x) >= suppression.FEWEST

    def _controls(self, data: _Data) -> dict[str, Representation]:
        """x and what it is held against."""
        found = {"x": data.x}
        if data.pixels is not None:
            found["pixels"] = data.pixels
        found["random"] = controls.random(data.x, seed=self.config.seed)
        length = controls.norm(data.x)
        if length is not None:
            found["norm"] = length
        return {name: Representation(one) for name, one in found.items()}

    def _suppressed(self, x: Embeddings, splits: Sequence[Split]) -> list[Suppressed]:
        """Every method that was asked for, fitted on each split's suppressor people."""
        asked = self.config.suppressors
        if not asked or not splits:
            return []
        if not self._suppresses(x):
            self.warnings.append(
                f"{summary.people(x)} people are too few to fit a suppressor on (at least "
                f"{suppression.FEWEST} are needed): not enough data; bring more people"
            )
            return []
        from core.suppress.registry import make_method

        sensitive = [name for name in self.config.sensitive or () if name in x.labels]
        work = Suppression(
            x=x,
            labels=suppression.labels_of(x, sensitive, self.config.neutral),
            splits=splits,
            seed=self.config.seed,
            device=choose_device(self.config.device),
            store=self.store,
            progress=self.progress,
            engine=self.engine,
        )
        self.progress.start("Suppressing", len(asked) * len(splits))
        found = []
        for one in asked:
            name, method = one.name or one.kind, make_method(one.model_dump(exclude_unset=True))
            found.append(work.fit(name, method))
            # A card must not carry careless figures: what is exported was audited honestly.
            careless = self.config.preset == "careless"
            kept = None if careless or found[-1].warning else work.reference(method)
            if kept is not None:
                self.kept[name] = kept
        self.warnings += [one.warning for one in found if one.warning]
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
        representations: Mapping[str, Representation],
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
        representations: Mapping[str, Representation],
        targets: Sequence[Target],
        splits: Sequence[Split],
    ) -> StudyResult:
        return self._walk(representations, targets, self._plan(splits), self.publish).run()

    def _verification(
        self, representations: Mapping[str, Representation], splits: Sequence[Split]
    ) -> StudyResult:
        from core.study.verification import verification

        # Noise and lengths verify nobody.
        named = {
            name: found for name, found in representations.items() if name not in ("random", "norm")
        }
        return verification(
            named, splits, store=self.store, progress=self.progress, seed=self.config.seed
        )

    # -- summary -------------------------------------------------------------------------------

    def _audit(
        self, data: _Data, targets: Sequence[Target], splits: Sequence[Split], found: StudyResult
    ) -> Audit:
        config, x, leakage = self.config, data.x, found.tables.get("leakage")
        told = [*self.warnings, *(text for text in found.warnings if text not in self.warnings)]
        whole = {
            **summary.opening(config, PERMUTATIONS[config.look]),
            "data": summary.described(x, data.licence),
            "encoder": {
                "kind": data.encoder_kind,
                "name": x.encoder,
                "digest": x.encoder_digest,
                "dimensions": x.x.shape[1],
            },
            "parts": summary.parts(splits, x),
            "headline": headline(
                leakage,
                targets,
                x.x.shape[1],
                synthetic=x.synthetic,
                careless=config.preset == "careless",
            ),
            "checks": checks(leakage, splits, x, config.preset),
            "warnings": told,
            "facts": found.facts,
            "tables": sorted(found.tables),
            "suppressors": sorted(self.kept),
        }
        return Audit(whole, found.tables, self.kept)


def _same_rows(other: Embeddings, x: Embeddings) -> Embeddings:
    """`other` at the faces of `x`, in their order: a control is compared face by face."""
    place = {face: row for row, face in enumerate(other.table["id"])}
    rows = [place[face] for face in x.table["id"]]
    if rows == list(range(len(other))):
        return other
    return replace(other, x=other.x[rows], table=x.table, problems=x.problems, digest="")

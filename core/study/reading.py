"""The first stretch of the road: from the settings to faces, an encoder and vectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from core.config import Config, located
from core.config_parts import Faces, Role, Vectors
from core.encode.embeddings import Embeddings
from core.encode.encoder import Encoder
from core.encode.registry import make_encoder
from core.engine import Engine
from core.errors import ConfigError
from core.faces.faceset import UNKNOWN, FaceSet
from core.faces.pairs import pairs_in, resolve
from core.faces.read import read_faces
from core.measure.targets import target
from core.progress import Progress
from core.store import Store, home
from core.study.leakage import Leakage
from core.study.protocol import plan_of, splits_of
from core.study.representation import Representation

FIRST_LOOK_FACES = 384
"""Faces of the first look: whole chunks of the encoder's store, so that none is encoded twice."""
FIRST_LOOK_PEOPLE = 30
"""A first look at fewer people would say too little to be shown."""

Publish = Callable[[str, pd.DataFrame], None]
Check = Callable[[FaceSet, Encoder | None], None]


def _anything(faces: FaceSet, encoder: Encoder | None) -> None:
    """Refuse nothing."""


@dataclass(frozen=True)
class Data:
    """The vectors of the set and of what else needs pictures, and what was read.

    `obscured` are the same faces made unclear, and that representation's name. `faces` and
    `encoder` are None where vectors were given.
    """

    x: Embeddings
    pixels: Embeddings | None
    licence: str
    encoder_kind: str
    faces: FaceSet | None = None
    encoder: Encoder | None = None
    obscured: tuple[str, Embeddings] | None = None


@dataclass(frozen=True)
class Reading:
    """Reads what the settings name; adds to `warnings` what a person should know.

    `read` keeps the sets of `roles`: one set may play several. `check` may refuse faces before any
    is encoded, and is asked twice: before the encoder is there, and with it.
    """

    config: Config
    base: Path
    store: Store
    progress: Progress
    publish: Publish
    engine: Engine
    warnings: list[str]
    read: dict[str, Embeddings] = field(default_factory=dict)
    check: Check = _anything

    def data(self) -> Data:
        """The vectors of the audited set; a first look is published on the way."""
        if self.config.embeddings is not None:
            return Data(self._vectors(self.config.embeddings), None, "", "given")
        assert self.config.faces is not None, "settings without faces and without vectors"
        faces = self._faces(self.config.faces)
        # Encoding takes minutes: what can be refused for its labels and people is refused first.
        self.check(faces, None)
        encoder = self._encoder(faces)
        self.check(faces, encoder)
        self._first_look(faces, encoder)
        x = self._encoded(faces, encoder)
        x, obscured = self._obscured(faces, encoder, x)
        pixels = None
        if "leakage" in self.config.studies and encoder.name != "pixels":
            pixels = self._pixels(faces, x)
        kind = self.config.encoder.kind
        return Data(x, pixels, faces.licence, kind, faces, encoder, obscured)

    def _obscured(
        self, faces: FaceSet, encoder: Encoder, x: Embeddings
    ) -> tuple[Embeddings, tuple[str, Embeddings] | None]:
        """x at the faces that can be compared with unclear ones, and these, if they are wanted."""
        from core.encode.obscured import partners, unclear

        asked = self.config.faces.obfuscate if self.config.faces else None
        if asked is None:
            return x, None
        if asked.path is not None:
            where = located(asked.path, self.base)
            found = partners(faces, encoder, where, store=self.store, progress=self.progress)
        else:
            found = unclear(
                faces, encoder, asked.kind, asked.size, store=self.store, progress=self.progress
            )
        there = x.table["id"].isin(set(found.table["id"])).to_numpy()
        if not there.all():
            self.warnings.append(
                f"{int((~there).sum())} of {len(x)} faces have no {asked.name} and are left out of "
                "the whole audit, so that it is compared with x face by face; the list of problems "
                "names them"
            )
            lost = tuple(one for one in found.problems if one not in x.problems)
            x = replace(narrowed(x, np.flatnonzero(there)), problems=(*x.problems, *lost))
        return x, (asked.name, same_rows(found, x))

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
        return same_rows(every, x)

    def other(self, name: str, role: Role, data: Data) -> Embeddings:
        """The vectors of the set that plays the role `name`, of the audited set's encoder.

        Raises `ConfigError` where they are another encoder's, or cannot be made with it.
        """
        settings = role.model_dump_json(exclude={"pairs"})
        if settings not in self.read:
            audited = self._is_audited(role)
            self.read[settings] = data.x if audited else self._read_other(name, role, data)
        found = self.read[settings]
        _of_one_encoder(name, found, data.x, self.warnings)
        if role.pairs is None:
            return found
        ids = found.table["id"].tolist()
        pairs, problems = resolve(pairs_in(located(role.pairs, self.base)), ids, ids)
        if pairs is None:
            raise ConfigError(
                f"roles.{name}.pairs names '{role.pairs}', and no pair in it is of two faces of "
                f"{found.name}, whose first is '{ids[0]}': write the ids of its faces"
            )
        self.warnings.extend(f"roles.{name}: {one.detail}" for one in problems)
        return replace(found, pairs=pairs, digest="")

    def _is_audited(self, role: Role) -> bool:
        """Whether the role's settings are those of the audited set."""
        if role.embeddings is not None:
            return role.embeddings == self.config.embeddings
        left, right = (
            None if one is None else one.model_dump(exclude={"obfuscate"})
            for one in (role.faces, self.config.faces)
        )
        return left == right

    def _read_other(self, name: str, role: Role, data: Data) -> Embeddings:
        if role.embeddings is not None:
            return self._vectors(role.embeddings)
        assert role.faces is not None, "a role without faces and without vectors"
        if data.encoder is None or data.faces is None:
            raise ConfigError(
                f"roles.{name} gives faces and the audit reads vectors, so that no encoder is "
                "there to make vectors of them: give embeddings of the same encoder"
            )
        faces = self._faces(role.faces)
        same = faces.synthetic == data.faces.synthetic
        encoder = data.encoder if same else self._encoder(faces)
        return self._encoded(faces, encoder, phase=f"Encoding {name}")

    def _vectors(self, given: Vectors) -> Embeddings:
        from core.encode.given import read_embeddings

        return read_embeddings(
            located(given.path, self.base), vector=given.vector, subject=given.subject
        )

    def _faces(self, asked: Faces) -> FaceSet:
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
            faces, encoder, store=self.store, progress=self.progress, rows=rows, phase=phase,
            engine=self.engine,
        )  # fmt: skip

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
        splits = splits_of(self.config, x, [asked], self.warnings, suppressor=False)
        walk = Leakage(
            {"x": Representation(x)}, [asked], plan_of(self.config, splits, ("logistic", "svm")),
            store=self.store, progress=self.progress, engine=self.engine, phase="First look",
            publish=lambda name, table: self.publish("first", table),
        )  # fmt: skip
        walk.run()


def _of_one_encoder(name: str, other: Embeddings, x: Embeddings, warnings: list[str]) -> None:
    """Raise where `other` cannot be of the encoder of `x`; warn where nobody said so."""
    from core.encode.given import NO_ENCODER

    widths = other.x.shape[1], x.x.shape[1]
    if widths[0] != widths[1]:
        raise ConfigError(
            f"the vectors of roles.{name} have {widths[0]} numbers and those of the audited set "
            f"{widths[1]}: one encoder must have made both"
        )
    if other.encoder_digest == x.encoder_digest != NO_ENCODER:
        return
    if NO_ENCODER not in (other.encoder_digest, x.encoder_digest):
        raise ConfigError(
            f"the vectors of roles.{name} are of {other.encoder} and those of the audited set of "
            f"{x.encoder}, which mean other things by the same numbers: one encoder, with the same "
            "weights and preprocessing, must have made both"
        )
    if other is not x:
        warnings.append(
            f"roles.{name}: nobody said which encoder made its vectors, or those of the audited "
            "set: it is taken to be the same one"
        )


def narrowed(x: Embeddings, rows: np.ndarray) -> Embeddings:
    """Some `rows` of `x`, in their order, with the pairs that are among them."""
    table = x.table.iloc[rows].reset_index(drop=True)
    pairs = x.pairs
    if pairs is not None:
        ids = set(table["id"])
        pairs = pairs[pairs["a"].isin(ids) & pairs["b"].isin(ids)].reset_index(drop=True)
    return replace(x, x=x.x[rows], table=table, pairs=pairs, digest="")


def same_rows(other: Embeddings, x: Embeddings) -> Embeddings:
    """`other` at the faces of `x`, in their order: a control is compared face by face."""
    place = {face: row for row, face in enumerate(other.table["id"])}
    rows = [place[face] for face in x.table["id"]]
    if rows == list(range(len(other))):
        return other
    return replace(other, x=other.x[rows], table=x.table, problems=x.problems, digest="")

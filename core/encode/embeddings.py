"""What the encode room hands on: vectors with ids and labels, frozen and keyed by content."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from core.errors import EmbeddingsError
from core.faces.faceset import Problem


@dataclass(frozen=True)
class Embeddings:
    """Vectors `x` float32 (n, d), kept as the encoder gave them, and who and what they show.

    `table` has one row a vector: `id`, `subject_id` and one text column for each of `labels`,
    as in `FaceSet`. `encoder` names the encoder in words, `encoder_digest` is the SHA-256 of its
    weights and preprocessing. `pairs` as in `FaceSet`. `problems` lists the files without a vector.
    Raises `EmbeddingsError` where x holds NaN or infinity or does not fit the table.
    """

    x: np.ndarray
    table: pd.DataFrame
    labels: tuple[str, ...]
    encoder: str
    encoder_digest: str
    name: str = ""
    problems: tuple[Problem, ...] = ()
    pairs: pd.DataFrame | None = None
    has_subjects: bool = True
    synthetic: bool = False
    origin: dict[str, str] = field(default_factory=dict)
    digest: str = ""

    def __post_init__(self) -> None:
        if self.x.ndim != 2 or self.x.dtype != np.float32 or len(self.x) != len(self.table):
            raise EmbeddingsError(
                f"vectors of shape {self.x.shape} and type {self.x.dtype} do not fit "
                f"{len(self.table)} rows of labels: one float32 row a face is needed"
            )
        bad = ~np.isfinite(self.x).all(axis=1)
        if bad.any():
            first = self.table["id"].iloc[int(np.flatnonzero(bad)[0])]
            raise EmbeddingsError(
                f"{int(bad.sum())} of {len(bad)} vectors hold NaN or infinity, the first is "
                f"'{first}': remove these rows or export the vectors again"
            )
        if not self.digest:
            object.__setattr__(self, "digest", self._digest())

    def __len__(self) -> int:
        return len(self.x)

    @property
    def subjects(self) -> np.ndarray:
        """The subject of each row, text (n,)."""
        return self.table["subject_id"].to_numpy(dtype=object)

    def replaced(self, x: np.ndarray) -> Embeddings:
        """The same faces in another representation, such as a control or φ(x)."""
        return replace(self, x=np.ascontiguousarray(x, dtype=np.float32), digest="")

    def _digest(self) -> str:
        whole = hashlib.sha256(np.ascontiguousarray(self.x).data)
        whole.update(json.dumps([self.x.shape, self.labels, self.encoder_digest]).encode())
        columns = ["id", "subject_id", *self.labels]
        whole.update(self.table[columns].to_csv(index=False).encode())
        if self.pairs is not None:
            whole.update(self.pairs.to_csv(index=False).encode())
        return whole.hexdigest()

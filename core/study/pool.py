"""People of other sets that suppressors learn from: what `roles.primary` and `.sensitive` bring."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.encode.embeddings import Embeddings
from core.faces.faceset import UNKNOWN


@dataclass(frozen=True)
class Source:
    """One other set: the `role` that names it, its vectors, and whether the primary task learns
    from it; else it is there for its labels alone."""

    role: str
    x: Embeddings
    primary: bool


@dataclass(frozen=True)
class Pool:
    """Rows of all sources: vectors `x` float32 (m, d), `people` text (m,), no two sources' the
    same, `columns` of labels (m,) with `UNKNOWN` where a source lacks one, `primary` bool (m,).

    `dealt`: people of the audited set are learnt from as well, each split's own, and `own_primary`
    says whether by the primary task. `sets` are the sources' names and digests. `brief` are the
    rows int64 that methods which learn step by step look at, None for all.
    """

    x: np.ndarray
    people: np.ndarray
    columns: Mapping[str, np.ndarray]
    primary: np.ndarray
    dealt: bool
    own_primary: bool
    sets: tuple[tuple[str, str], ...]
    digest: str
    brief: np.ndarray | None = None

    def column(self, name: str) -> np.ndarray:
        """The classes (m,) of a label; `UNKNOWN` for all where no source has it."""
        return self.columns.get(name, np.full(len(self.x), UNKNOWN, dtype=object))


def pool_of(sources: Sequence[Source], *, dealt: bool, own_primary: bool) -> Pool:
    """The rows of all `sources` in one piece.

    A face of nobody knows whom is a person of its own: it may still show a label.
    """
    names = sorted({name for one in sources for name in one.x.labels})
    whole = hashlib.sha256()
    for one in sources:
        whole.update(f"{one.role} {one.primary} {one.x.digest} ".encode())
    columns = {name: np.concatenate([_column(one.x, name) for one in sources]) for name in names}
    return Pool(
        x=np.concatenate([one.x.x for one in sources]),
        people=np.concatenate([_people(one) for one in sources]),
        columns=columns,
        primary=np.concatenate([np.full(len(one.x), one.primary) for one in sources]),
        dealt=dealt,
        own_primary=own_primary,
        sets=tuple((one.x.name, one.x.digest) for one in sources),
        digest=whole.hexdigest(),
    )


def _column(x: Embeddings, name: str) -> np.ndarray:
    if name not in x.labels:
        return np.full(len(x), UNKNOWN, dtype=object)
    return x.table[name].to_numpy(dtype=object)


def _people(one: Source) -> np.ndarray:
    """Who is who (n,), told apart from people of other sets by the role's name."""
    return np.array(
        [
            f"{one.role}, face {row}" if who == UNKNOWN else f"{one.role}/{who}"
            for row, who in enumerate(one.x.subjects)
        ]
    )

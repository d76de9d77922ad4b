"""Which triplets SensitiveNets learns from (TPAMI eq. 3; Schroff et al. 2015)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.errors import NotEnoughData

MARGIN = 0.2
"""α of TPAMI eq. 3 and 5, in squared distances of unit vectors."""
_ROUNDS = 20


@dataclass(frozen=True)
class Triplets:
    """Rows int64 (m, 3): anchor, positive (same person), negative (somebody else).

    `difficult` is the share of them that meets eq. 3; the others were taken for want of such.
    """

    rows: np.ndarray
    difficult: float


def gaps(u: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """‖A − N‖² − ‖A − P‖² (m,) of triplets `rows` (m, 3) of unit vectors `u` (n, d), eq. 3."""
    anchor, positive, negative = (u[rows[:, place]] for place in range(3))
    return np.asarray(2 * (anchor * (positive - negative)).sum(axis=1))


def choose(u: np.ndarray, people: np.ndarray, count: int, seed: int) -> Triplets:
    """Up to `count` triplets of unit vectors `u` (n, d) that are not yet told apart by the margin.

    Every picture of a person with two or more is as likely an anchor. Where difficult triplets are
    too few, as with pictures of one session, the least easy ones fill up the list. Raises
    `NotEnoughData` where nobody has two pictures.
    """
    random = np.random.default_rng(seed)
    difficult = np.empty((0, 3), np.int64)
    easy, easy_gaps = np.empty((0, 3), np.int64), np.empty(0)
    for _ in range(_ROUNDS):
        drawn = _draw(people, 2 * count, random)
        gap = np.concatenate(
            [gaps(u, part) for part in np.array_split(drawn, 1 + len(drawn) // 4096)]
        )
        hard = gap < MARGIN
        difficult = np.unique(np.concatenate([difficult, drawn[hard]]), axis=0)
        easy, easy_gaps = _least(easy, easy_gaps, drawn[~hard], gap[~hard], count)
        if len(difficult) >= count or (not len(difficult) and len(easy) >= count):
            break
    random.shuffle(difficult)
    difficult = difficult[:count]
    rows = np.concatenate([difficult, easy[: count - len(difficult)]])
    return Triplets(rows, len(difficult) / len(rows))


def _draw(people: np.ndarray, count: int, random: np.random.Generator) -> np.ndarray:
    """`count` triplets (count, 3), whatever their distances."""
    _, person, pictures = np.unique(people, return_inverse=True, return_counts=True)
    order = np.argsort(person, kind="stable")
    first = np.cumsum(pictures) - pictures
    place = np.empty(len(people), np.int64)
    place[order] = np.arange(len(people)) - first[person[order]]
    anchors = np.flatnonzero(pictures[person] > 1)
    if not len(anchors) or len(pictures) < 2:
        raise NotEnoughData(
            f"nobody of {len(pictures)} people has two pictures (at least one must), and a triplet "
            "needs two of the same person: bring more pictures, or choose primary_loss: bce with a "
            "label as primary"
        )
    anchor = random.choice(anchors, count)
    own = person[anchor]
    step = 1 + random.integers(pictures[own] - 1)
    positive = order[first[own] + (place[anchor] + step) % pictures[own]]
    # A place among everybody's rows that jumps over the anchor's own.
    other = random.integers(len(people) - pictures[own])
    negative = order[other + np.where(other >= first[own], pictures[own], 0)]
    return np.stack([anchor, positive, negative], axis=1)


def _least(
    old: np.ndarray, old_gaps: np.ndarray, new: np.ndarray, new_gaps: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """The `count` different triplets of smallest gap, of both lists."""
    rows, place = np.unique(np.concatenate([old, new]), axis=0, return_index=True)
    gap = np.concatenate([old_gaps, new_gaps])[place]
    kept = np.argsort(gap, kind="stable")[:count]
    return rows[kept], gap[kept]

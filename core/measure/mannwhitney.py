"""The Mann-Whitney U under many weightings of people at once: what a bootstrapped AUC is made of.

AUC = U / pairs (Hanley and McNeil 1982). Drawing people with replacement weighs a pair of rows of
persons p and q by w_p · w_q, so one pass over the scores serves every resample.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.stats import rankdata

BLOCK = 4_000_000
"""Numbers held at once by one block of resamples (32 MB)."""


def product(drawn: np.ndarray, columns: np.ndarray, *, squares: bool = False) -> np.ndarray:
    """`drawn` w (resamples, people) times `columns` (people, m), in blocks of bounded memory.

    With `squares`, w · (w − 1) takes the place of w: the ordered pairs of a person's copies.
    """
    step = max(1, BLOCK // max(1, drawn.shape[1]))
    parts = []
    for start in range(0, len(drawn), step):
        block = np.asarray(drawn[start : start + step], np.float64)
        parts.append((block * (block - 1) if squares else block) @ columns)
    return np.concatenate(parts)


def present(person: np.ndarray, drawn: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`person` (n,) numbered anew by those who are there, and their columns of `drawn`.

    As float64 where that fits into a block: many products are taken of the same weights.
    """
    here, place = np.unique(person, return_inverse=True)
    own = drawn[:, here]
    return place, own.astype(np.float64) if own.size <= BLOCK else own


def wins(
    scores: np.ndarray, own: np.ndarray, person: np.ndarray, drawn: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Weighted Mann-Whitney U, ties one half, and the weighted number of pairs; (resamples,) each.

    A positive of person p and a negative of person q ≠ p count w_p · w_q times; within a person
    they count w_p times. The copies of a person who was drawn twice are two people, and comparing
    the pictures of one with those of the other would be comparing a person with themself: within a
    person classes are told apart more easily, and the AUC of every resample would be too high.
    """
    if len(drawn) == 1 and np.all(drawn == 1):
        return _plain_wins(scores, own)
    mine = np.bincount(person[own], minlength=drawn.shape[1])
    others = np.bincount(person[~own], minlength=drawn.shape[1])
    pairs = product(drawn, mine) * product(drawn, others)
    small = own.sum() * (~own).sum() <= BLOCK and drawn.shape[1] ** 2 <= BLOCK // 4
    if small:
        won, inside = _wins_by_pairs(scores, own, person, drawn)
    else:
        won = _wins_by_order(scores, own, person, drawn)
        inside = _wins_inside(scores, own, person, drawn.shape[1])
    copies = product(drawn, np.stack([inside, mine * others], axis=1), squares=True)
    return won - copies[:, 0], pairs - copies[:, 1]


def _plain_wins(scores: np.ndarray, own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Everybody once: U from the sum of ranks (Mann and Whitney 1947), (1,) each."""
    positives = int(own.sum())
    won = rankdata(scores)[own].sum() - positives * (positives + 1) / 2
    pairs = positives * (len(own) - positives)
    return np.array([won]), np.array([float(pairs)])


def _wins_by_pairs(
    scores: np.ndarray, own: np.ndarray, person: np.ndarray, drawn: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """U as a quadratic form in the weights, and U within each person, which is its diagonal: few
    people, so who beats whom fits in a matrix."""
    above, below = scores[own][:, None], scores[~own][None, :]
    beats = (above > below) + 0.5 * (above == below)
    rows = _members(person[own], drawn.shape[1])
    columns = _members(person[~own], drawn.shape[1])
    between = (columns @ (rows @ beats).T).T
    return np.einsum("bp,bp->b", product(drawn, between), drawn), between.diagonal()


def _wins_by_order(
    scores: np.ndarray, own: np.ndarray, person: np.ndarray, drawn: np.ndarray
) -> np.ndarray:
    """U by sorting: the weights of the negatives are summed in the order of their scores, so that
    each positive reads off what it beats; memory is bounded at any number of rows and people.
    """
    order = np.argsort(scores[~own], kind="stable")
    negatives, below = person[~own][order], scores[~own][order]
    positives = person[own]
    first = np.searchsorted(below, scores[own], side="left")
    last = np.searchsorted(below, scores[own], side="right")
    won = np.zeros(len(drawn))
    step = max(1, BLOCK // max(1, len(scores)))
    for start in range(0, len(drawn), step):
        block = drawn[start : start + step].astype(np.float64)
        passed = np.zeros((len(block), len(negatives) + 1))
        np.cumsum(block[:, negatives], axis=1, out=passed[:, 1:])
        beaten = (passed[:, first] + passed[:, last]) / 2
        won[start : start + step] = np.einsum("bi,bi->b", block[:, positives], beaten)
    return won


def _wins_inside(
    scores: np.ndarray, own: np.ndarray, person: np.ndarray, people: int
) -> np.ndarray:
    """U of each person's positives over the same person's negatives, (people,)."""
    won = np.zeros(people)
    order = np.argsort(person, kind="stable")
    cuts = np.flatnonzero(np.diff(person[order])) + 1
    for rows in np.split(order, cuts):
        above, below = scores[rows][own[rows]], scores[rows][~own[rows]]
        if len(above) and len(below):
            beats = (above[:, None] > below) + 0.5 * (above[:, None] == below)
            won[person[rows[0]]] = beats.sum()
    return won


def _members(person: np.ndarray, people: int) -> sparse.csr_array:
    """Which row (columns) belongs to which person (rows), 0 or 1, (people, n)."""
    return sparse.csr_array(
        (np.ones(len(person)), (person, np.arange(len(person)))), shape=(people, len(person))
    )

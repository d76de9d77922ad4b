"""The Mann-Whitney U under many weightings of people at once: what a bootstrapped AUC is made of.

AUC = U / pairs (Hanley and McNeil 1982). Drawing people with replacement weighs a pair of rows of
persons p and q by w_p · w_q, so one pass over the scores serves every resample.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

BLOCK = 4_000_000
"""Numbers held at once by one block of resamples (32 MB)."""


def product(drawn: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """`drawn` (resamples, people) times `columns` (people, m), in blocks of bounded memory."""
    step = max(1, BLOCK // max(1, drawn.shape[1]))
    parts = [
        drawn[start : start + step].astype(np.float64) @ columns
        for start in range(0, len(drawn), step)
    ]
    return np.concatenate(parts)


def wins(
    scores: np.ndarray, own: np.ndarray, person: np.ndarray, drawn: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Weighted Mann-Whitney U, ties one half, and the weighted number of pairs; (resamples,) each.

    A positive of person p and a negative of person q ≠ p count w_p · w_q times; within a person
    they count w_p times. The copies of a person who was drawn twice are two people, and comparing
    the pictures of one with those of the other would be comparing a person with themself: within a
    person classes are told apart more easily, and the AUC of every resample would be too high.
    """
    mine = np.bincount(person[own], minlength=drawn.shape[1])
    others = np.bincount(person[~own], minlength=drawn.shape[1])
    pairs = product(drawn, mine) * product(drawn, others)
    small = own.sum() * (~own).sum() <= BLOCK and drawn.shape[1] ** 2 <= BLOCK // 4
    won = (_wins_by_pairs if small else _wins_by_order)(scores, own, person, drawn)
    inside = _wins_inside(scores, own, person, drawn.shape[1])
    copies = drawn.astype(np.float64) * (drawn.astype(np.float64) - 1)
    return won - copies @ inside, pairs - copies @ (mine * others)


def _wins_by_pairs(
    scores: np.ndarray, own: np.ndarray, person: np.ndarray, drawn: np.ndarray
) -> np.ndarray:
    """U as a quadratic form in the weights: few people, so who beats whom fits in a matrix."""
    above, below = scores[own][:, None], scores[~own][None, :]
    beats = (above > below) + 0.5 * (above == below)
    rows = _members(person[own], drawn.shape[1])
    columns = _members(person[~own], drawn.shape[1])
    between = (columns @ (rows @ beats).T).T
    return np.einsum("bp,bp->b", product(drawn, between), drawn)


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

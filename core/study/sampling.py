"""Very large sets: a drawn part of the people is attacked and tested, suppressors learn from the
others.

Attackers cost more than their rows, and a kernel machine their square. Above `Limits.whole` faces,
people are drawn by seed until they have `Limits.sample` faces together; every study looks at these
alone, so that x, each φ, the nulls and the positive controls are of the same people, and every
interval is over those who were drawn. Nobody else is ever attacked or tested, so that one fit on
all the others serves every split (METHODS, "Protocol" 1 and 2), and attackers keep all of the other
four groups. What was drawn is said in the warnings and the facts. Below the limit nothing is drawn.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from core.config import Config
from core.encode.embeddings import Embeddings
from core.faces.faceset import UNKNOWN
from core.study.pool import Pool
from core.study.reading import Data, narrowed
from core.study.twins import twins_among


@dataclass(frozen=True)
class Limits:
    """Numbers of faces, and of people, at which a set is no longer looked at whole.

    `whole`: with more faces a part is drawn.
    `sample`: faces that are drawn. Attackers learn from four fifths of them, 20,000, as they do
    from the two fifths of 50,000 that they have where a set is dealt whole: with one face more they
    are not weaker. TPAMI's learned from 9,000 (section 4.2). One split of the papers' suite takes
    minutes of one core then.
    `people`: how many people the sample is spread over, as far as there are so many. Leakage grows
    with the attackers' people (METHODS, "Protocol" 6), not with further pictures of the same.
    `brief`: faces that methods which learn step by step see of those left for suppressors.
    `fairness`: up to so many faces a set stays whole where its study of opportunity was asked for
    by name: the cells of one label and one group are soon too small. CelebA has 202,599.
    """

    whole: int = 50_000
    sample: int = 25_000
    people: int = 5_000
    brief: int = 20_000
    fairness: int = 250_000


LIMITS = Limits()

UNKNOWN_PEOPLE = "of unknown people"
MET = "drawn under another name"
"""Facts that are told where they count anything."""


@dataclass(frozen=True)
class Sample:
    """What studies see of a large set: `data`. `pool` are the people who are left for suppressors,
    None where they are dealt as in any set; `told` and `facts` say what was drawn."""

    data: Data
    pool: Pool | None
    told: str
    facts: Mapping[str, Any]


def sampled(
    config: Config, data: Data, pool: Pool | None, limits: Limits | None = None
) -> Sample | None:
    """The part of a large set that is looked at; None where the set is looked at whole.

    `pool` are people of other sets that suppressors learn from: none of this set are left for them
    then.
    """
    limits, x = limits or LIMITS, data.x
    if len(x) <= limits.whole or not x.has_subjects or _whole(config, len(x), limits):
        return None
    person = _numbered(x)
    rows = drawn(person, limits.sample, limits.people, seed=config.seed)
    fitted = any(one.fitted for one in config.suppressors)
    left: Pool | None = None
    met: dict[str, dict[str, int]] = {}
    if fitted and pool is None and config.preset != "careless":
        others, met = _strangers(x, person, rows)
        if len(np.unique(person[others])) >= len(np.unique(person[rows])):
            left = _left(x, person, others, limits, config.seed)
    facts = {**_facts(person, rows, left), **met}
    return Sample(_at(data, rows), left, _told(facts, len(x), limits), facts)


def drawn(person: np.ndarray, faces: int, people: int, *, seed: int) -> np.ndarray:
    """Rows int64 of people drawn by `seed` until they have so many `faces`, sorted; −1 in `person`
    (n,) is nobody.

    Nobody has more than `faces` / `people` of them, or what as many people as there are can have:
    of people with very many faces some of each are taken, and more people.
    """
    random = np.random.default_rng(seed)
    known = random.permutation(np.flatnonzero(person >= 0))
    counts = np.bincount(person[known])
    each = max(2, faces // max(1, min(people, int((counts > 0).sum()))))
    order = random.permutation(len(counts))
    taken = np.zeros(len(counts), dtype=bool)
    taken[order[np.cumsum(np.minimum(counts, each)[order]) <= faces]] = True
    grouped = known[np.argsort(person[known], kind="stable")]
    place = np.arange(len(grouped)) - (np.cumsum(counts) - counts)[person[grouped]]
    return np.sort(grouped[(place < each) & taken[person[grouped]]])


def _whole(config: Config, faces: int, limits: Limits) -> bool:
    """Whether something was asked for that needs every face."""
    # The last stage of an encoder is fine-tuned on pictures, of which others bring none.
    if any(one.fitted and one.mode == "tail" for one in config.suppressors):
        return True
    named = config.asked("studies") and "fairness" in config.studies
    return named and faces <= limits.fairness


def _strangers(
    x: Embeddings, person: np.ndarray, rows: np.ndarray
) -> tuple[np.ndarray, dict[str, dict[str, int]]]:
    """Rows int64 of known people who were not drawn and none of whose pictures was, under another
    name; and how many pictures and people that leaves out, where it leaves out any."""
    known = np.isin(person, person[rows])  # with such of their faces as were not drawn
    others = np.flatnonzero((person >= 0) & ~known)
    met = person[others[twins_among(x.x, others, np.flatnonzero(known))]]
    if not len(met):
        return others, {}
    told = {"faces": len(met), "identities": len(np.unique(met))}
    return others[~np.isin(person[others], met)], {MET: told}


def _numbered(x: Embeddings) -> np.ndarray:
    """The number of each row's person, int64 (n,), −1 where nobody knows whom it shows."""
    subjects = x.table["subject_id"]
    return np.asarray(pd.factorize(subjects.where(subjects != UNKNOWN, None), sort=True)[0])


def _at(data: Data, rows: np.ndarray) -> Data:
    pixels = None if data.pixels is None else narrowed(data.pixels, rows)
    obscured = data.obscured
    if obscured is not None:
        obscured = obscured[0], narrowed(obscured[1], rows)
    return replace(data, x=narrowed(data.x, rows), pixels=pixels, obscured=obscured)


def _left(x: Embeddings, person: np.ndarray, rows: np.ndarray, limits: Limits, seed: int) -> Pool:
    """The people at `rows`, for suppressors to learn from."""
    whole = hashlib.sha256(f"left of {x.digest} ".encode() + rows.tobytes())
    brief = drawn(person[rows], limits.brief, limits.people, seed=seed)
    return Pool(
        x=x.x[rows],
        people=person[rows],
        columns={name: x.table[name].to_numpy(dtype=object)[rows] for name in x.labels},
        primary=np.ones(len(rows), dtype=bool),
        dealt=False,
        own_primary=False,
        sets=((x.name, x.digest),),
        digest=whole.hexdigest(),
        brief=brief,
    )


def _facts(person: np.ndarray, rows: np.ndarray, left: Pool | None) -> dict[str, Any]:
    """Exact counts of the set, of what was drawn of it and of what is left for suppressors."""
    found: dict[str, Any] = {"set": _counts(person[person >= 0]), "drawn": _counts(person[rows])}
    if (person < 0).any():
        found[UNKNOWN_PEOPLE] = {"faces": int((person < 0).sum())}
    if left is not None:
        found["left for suppressors"] = _counts(left.people)
        if left.brief is not None and len(left.brief) < len(left.x):
            found["left for suppressors that learn step by step"] = _counts(left.people[left.brief])
    return found


def _counts(person: np.ndarray) -> dict[str, int]:
    counts = np.bincount(person)
    genuine, every = int((counts * (counts - 1) // 2).sum()), len(person) * (len(person) - 1) // 2
    return {
        "faces": len(person), "identities": int((counts > 0).sum()),
        "genuine_pairs": genuine, "impostor_pairs": every - genuine,
    }  # fmt: skip


def _told(facts: Mapping[str, Any], faces: int, limits: Limits) -> str:
    def of(name: str) -> str:
        return f"{facts[name]['faces']:,} faces of {facts[name]['identities']:,} people"

    text = (
        f"This set has {faces:,} faces, and up to {limits.whole:,} are looked at whole: "
        f"{of('drawn')} were drawn, and these are attacked, verified and tested. With more people "
        "attackers may read more: every figure is a lower bound."
    )
    if UNKNOWN_PEOPLE in facts:
        text += (
            f" {facts[UNKNOWN_PEOPLE]['faces']:,} faces of unknown people are in no part: nobody "
            "learns from them, and they are not tested."
        )
    if MET in facts:
        text += (
            f" {facts[MET]['faces']:,} pictures of {facts[MET]['identities']:,} people who were "
            "not drawn are of people who were, under another name: no suppressor learns from them."
        )
    if "left for suppressors" not in facts:
        return text
    text += f" Suppressors learnt from the {of('left for suppressors')} who were not drawn"
    brief = "left for suppressors that learn step by step"
    return text + (f", those that learn step by step from {of(brief)}." if brief in facts else ".")

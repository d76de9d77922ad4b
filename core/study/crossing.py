"""Cross-matching: φ of a new picture against an old gallery of x (METHODS, "Protocol" 8).

Two questions: must people be enrolled again, and can somebody who holds both link them? Vectors of
one width can be compared as they are; for any φ an attacker who can put faces of their own through
both learns a map from x to φ, so that a difference in width is no protection.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from core.measure import verification as measure
from core.measure.groups import Counted, shares, threshold
from core.measure.intervals import Interval, limits
from core.measure.linking import linear_map
from core.measure.pairs import (
    SAME_DIGITS,
    Compared,
    PairList,
    cosine,
    made,
    similarities,
    unit,
)
from core.measure.verification import Sampled
from core.split import Split
from core.store import Store, key
from core.study.pairing import Plan
from core.study.representation import Representation

VERSION = 1
CONTROLS = ("pixels", "random", "norm")
"""Representations that nobody would put into a gallery."""
FAR = 1e-2
"""The false acceptance rate of x at which the old threshold was chosen."""
TUNING = 100_000
"""Pairs of each kind, at most, on which that threshold is chosen."""
BINS = 64
"""Distances that a resampled curve tells apart, of which the area alone is taken."""
BLOCK = 2_000_000
"""Numbers held at once where pairs are compared."""
METRICS = ("cross", "cross_accepted", "cross_false", "cross_rank1", "cross_linked")
"""AUC of φ(probe) against x(gallery); genuine and impostor pairs that x's own threshold accepts;
rank-1 in a gallery of x; AUC after a linear map from x to φ learned on other people."""
DIRECT = METRICS[:-1]
"""Those that need vectors of one width."""


def crossing(
    representations: Mapping[str, Representation],
    splits: Sequence[Split],
    seeds: Sequence[int],
    chosen: Plan,
    drawn: np.ndarray,
    *,
    store: Store,
    settings: Mapping[str, Any],
) -> dict[str, dict[str, tuple[Interval, int]]]:
    """For each representation but x and the controls: figure and pairs behind it, by metric.

    Empty without an x. What needs vectors of one width is "not comparable" where widths differ.
    """
    x = representations.get("x")
    if x is None:
        return {}
    found = {}
    for name, one in representations.items():
        if name == "x" or name in CONTROLS:
            continue
        asked = {**settings, "far": FAR, "tuning": TUNING, "parts": _digest(splits)}
        place = key("cross", VERSION, asked, [one.content, x.content, x.base.digest])
        work = partial(_measure, x, one, splits, seeds, chosen, drawn)
        entry = store.get(place, work)
        samples = dict(zip(entry.meta["names"], entry.arrays["samples"].T, strict=True))
        values = dict(zip(entry.meta["names"], entry.arrays["values"].tolist(), strict=True))
        own: dict[str, tuple[Interval, int]] = {}
        for metric in METRICS:
            if metric in values:
                told = limits(values[metric], samples[metric], chosen.people)
            else:
                wide = metric in DIRECT and not entry.meta["direct"]
                word = "not comparable" if wide else "not enough data"
                told = Interval(None, None, None, chosen.people, word)
            pairs = entry.meta["probes"] if metric == "cross_rank1" else 2 * chosen.pairs
            own[metric] = (told, pairs)
        found[name] = own
    return found


def _measure(
    x: Representation,
    one: Representation,
    splits: Sequence[Split],
    seeds: Sequence[int],
    chosen: Plan,
    drawn: np.ndarray,
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """All figures of one representation, the mean over repeats, as the store keeps them."""
    width = x.base.x.shape[1]
    places = range(len(one.fitted) or 1)
    direct = all(one.vectors(place).shape[1] == width for place in places)
    old = unit(x.base.x)
    repeats, probes = [], 0
    for repeat, parts, rows in zip(seeds, chosen.repeats, chosen.rows, strict=True):
        new = unit(one.tested(splits, repeat).x)
        own = [k for k, split in enumerate(splits) if split.seed == repeat]
        own = (
            [k for k in own if _people(splits[k].attacker, chosen) > 1] if not chosen.given else []
        )
        figures: dict[str, Sampled] = {}
        if direct:
            crossed = [_both(new, old, part, chosen.person) for part in parts]
            figures["cross"] = _area(crossed, drawn)
            if len(own) == len(parts):
                limits = [_old_threshold(old, splits[k], chosen) for k in own]
                figures |= _accepted(crossed, limits, drawn)
            figures["cross_rank1"], probes = measure.rank1(
                new, rows, chosen.person, chosen.picture, drawn, enrolled=old
            )
        if len(own) == len(parts):
            figures["cross_linked"] = _area(
                [
                    _linked(one.vectors(k), old, splits[k], part, chosen)
                    for k, part in zip(own, parts, strict=True)
                ],
                drawn,
            )
        repeats.append(figures)
    names = list(repeats[0])
    values = [[float(each[name][0][0]) for name in names] for each in repeats]
    samples = [
        np.array([each[name][1][:, 0] for name in names]).reshape(len(names), len(drawn)).T
        for each in repeats
    ]
    arrays = {"values": np.mean(values, axis=0), "samples": np.mean(samples, axis=0)}
    return arrays, {"names": names, "probes": probes, "direct": direct}


def _both(new: np.ndarray, old: np.ndarray, part: PairList, person: np.ndarray) -> Compared:
    """Each pair twice: either picture as the probe (`new`), the other in the gallery (`old`)."""
    probe, gallery = np.concatenate([part.i, part.j]), np.concatenate([part.j, part.i])
    return Compared(
        1 - _cosines(new, old, probe, gallery),
        np.concatenate([part.same, part.same]),
        person[probe],
        person[gallery],
        np.concatenate([part.fold, part.fold]),
    )


def _cosines(
    new: np.ndarray, old: np.ndarray, probe: np.ndarray, gallery: np.ndarray
) -> np.ndarray:
    """Cosine of each pair (m,), taken off matrix products where pairs are most of a set."""
    used, place = np.unique(np.concatenate([probe, gallery]), return_inverse=True)
    i, j = place[: len(probe)], place[len(probe) :]
    found = np.empty(len(i))
    dense = len(used) ** 2 <= 8 * len(i)
    step = max(1, BLOCK // (len(used) if dense else new.shape[1]))
    for start in range(0, len(used) if dense else len(i), step):
        if dense:
            inside = np.flatnonzero((i >= start) & (i < start + step))
            rows = cosine(new[used[start : start + step]], old[used])
            found[inside] = rows[i[inside] - start, j[inside]]
        else:
            own = slice(start, start + step)
            gathered = np.einsum("md,md->m", new[probe[own]], old[gallery[own]])
            found[own] = np.round(gathered, SAME_DIGITS)
    return found


def _area(parts: Sequence[Compared], drawn: np.ndarray) -> Sampled:
    """The AUC alone."""
    values, samples = measure.ranked(parts, drawn, (), bins=BINS)
    return values[:1], samples[:, :1]


def _people(rows: np.ndarray, chosen: Plan) -> int:
    person = chosen.person[rows]
    return len(np.unique(person[person >= 0]))


def _old_threshold(old: np.ndarray, split: Split, chosen: Plan) -> float:
    """Where x alone has a FAR of `FAR` on the attackers' people."""
    rows = split.attacker[chosen.person[split.attacker] >= 0]
    pairs = made(rows, chosen.person[rows], fold=split.fold, seed=split.fold, cap=TUNING)
    return threshold((1 - similarities(old, pairs))[~pairs.same], FAR)


def _accepted(
    parts: Sequence[Compared], thresholds: Sequence[float], drawn: np.ndarray
) -> dict[str, Sampled]:
    """Shares of genuine and of impostor cross pairs that x's own thresholds accept."""
    hit = np.concatenate([p.distance < t for p, t in zip(parts, thresholds, strict=True)])
    same, a, b = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("same", "a", "b")
    )
    return {
        name: shares(
            Counted(np.zeros(int(own.sum()), int), a[own], b[own], hit[own], 1, within), drawn
        )
        for name, own, within in (("cross_accepted", same, True), ("cross_false", ~same, False))
    }


def _linked(
    phi: np.ndarray, old: np.ndarray, split: Split, part: PairList, chosen: Plan
) -> Compared:
    """Cross pairs once the old gallery has gone through a map learned on the attackers' people."""
    rows = split.attacker[chosen.person[split.attacker] >= 0]
    new = unit(phi)
    mapped = np.zeros_like(new)
    mapped[split.test] = unit(linear_map(old[rows], new[rows])(old[split.test]))
    return _both(new, mapped, part, chosen.person)


def _digest(splits: Sequence[Split]) -> str:
    """SHA-256 of the attackers' parts."""
    whole = hashlib.sha256()
    for split in splits:
        whole.update(f"{split.fold} {split.seed} {len(split.attacker)} ".encode())
        whole.update(split.attacker.astype(np.int64).tobytes())
    return whole.hexdigest()

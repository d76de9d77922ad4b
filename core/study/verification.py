"""The verification study: what each representation is still good for (METHODS, "Protocol" 8)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from core.measure import everypair
from core.measure import verification as measure
from core.measure.intervals import NONE_BELOW, Interval, holm, limits, p_value, weights
from core.measure.pairs import CAP, Compared, PairList, euclidean, made, similarities, unit
from core.progress import Progress
from core.split import Split
from core.store import Entry, Store, key
from core.study.crossing import crossing
from core.study.pairing import Plan, plan
from core.study.representation import Representation
from core.table import StudyResult, table

VERSION = 3
CHANCE = 0.5
"""Accuracy of guessing, as in the papers (thesis, equation 4.1)."""
DISTANCES = ("euclidean", "cosine")
GRID = tuple(float(f"{10 ** (-step / 10):.6g}") for step in range(50, -1, -1))
"""False acceptance rates of the ROC, 1e-5 to 1; those that the pairs allow are told."""
TARS = {f"tar@{far:.4f}".rstrip("0"): far for far in measure.FARS}
TUNING = 100_000
"""Pairs of each kind, at most, on which the threshold of one φ is chosen."""
EASY_AUC, EASY_PEOPLE = 0.999, 200


@dataclass(frozen=True)
class _Found:
    """The figures of one representation by name, and their resamples."""

    values: dict[str, float]
    samples: dict[str, np.ndarray]
    probes: int


def verification(
    representations: Mapping[str, Representation],
    splits: Sequence[Split],
    *,
    store: Store,
    progress: Progress,
    seed: int,
    resamples: int = 2000,
    whole: bool = False,
) -> StudyResult:
    """Compare pairs of faces in every representation: tables verification, roc and differences.

    Pairs that came with the set are used as given, with a plain accuracy and their folds; else all
    pairs within each test part of `splits`, with an accuracy that weighs genuine and impostor pairs
    equally. The representations hold the same faces in the same order, "x" first where it is there.
    Where one of them is fitted split by split, pairs are made within test parts even if the set has
    pairs of its own, which cross the parts; not so where nobody of this set was fitted on: `whole`
    says so, and each repeat of `splits` stands for one φ then. Below ten identities every figure is
    empty, "not enough data".
    """
    base = representations.get("x", next(iter(representations.values()))).base
    fitted = any(not one.single for one in representations.values())
    chosen = plan(base, splits, seed, given=whole or not fitted)
    if chosen is None or chosen.people < NONE_BELOW:
        return _nothing(representations, 0 if chosen is None else chosen.people)
    drawn = weights(int(chosen.person.max()) + 1, resamples=resamples, seed=seed)
    fars = [far for far in GRID if measure.enough(far, chosen.impostors)]
    progress.start("verification", len(representations))
    found = {}
    seeds = [0] if chosen.given and not whole else sorted({split.seed for split in splits})
    if chosen.given and whole:
        chosen = replace(chosen, repeats=chosen.repeats * len(seeds), rows=chosen.rows * len(seeds))
    for name, one in representations.items():
        settings = {"seed": seed, "resamples": resamples, "cap": CAP, "splits": _digest(splits)}
        settings["pairs"] = "given" if chosen.given else "made"
        place = key("verification", VERSION, settings, [one.content, base.digest])
        entry = store.get(place, partial(_measure, one, splits, seeds, chosen, drawn, fars))
        found[name] = _read(entry)
        progress.advance(message=name)
    shared = {"seed": seed, "resamples": resamples, "cap": CAP, "splits": _digest(splits)}
    crossed = crossing(
        representations, splits, seeds, chosen, drawn, store=store,
        settings={**shared, "pairs": "given" if chosen.given else "made"},
    )  # fmt: skip
    rows = [*_rows(found, chosen), *_cross_rows(crossed)]
    tables = {"verification": table("verification", rows), "roc": _roc(found, chosen, fars)}
    if len(found) > 1:
        tables["differences"] = _differences(found, chosen)
    warnings = (*chosen.warnings, *_easy(found.get("x", next(iter(found.values()))), chosen))
    told = {"pairs": "given" if chosen.given else "made", "people": chosen.people}
    return StudyResult(tables, warnings, {"verification": told})


def _measure(
    one: Representation,
    splits: Sequence[Split],
    seeds: Sequence[int],
    chosen: Plan,
    drawn: np.ndarray,
    fars: Sequence[float],
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """All figures of one representation, the mean over repeats, as the store keeps them."""
    names = ["auc", "eer", *(f"roc {far}" for far in fars)]
    names += ["accuracy euclidean", "accuracy cosine", "rank1"]
    values, samples, probes = [], [], 0
    rounds = list(zip(seeds, chosen.repeats, chosen.rows, strict=True))
    for repeat, parts, rows in rounds[:1] if one.single and chosen.given else rounds:
        units = unit(one.tested(splits, repeat).x)
        far_apart = [
            replace(_compare(units, part, chosen.person), whole=_whole(units, part, faces, chosen))
            for part, faces in zip(parts, rows, strict=True)
        ]
        own = not one.single and not chosen.given
        tuned = _tuned(one, splits, repeat, chosen) if own else None
        ranks, probes = measure.rank1(units, rows, chosen.person, chosen.picture, drawn)
        figures = [
            measure.ranked(far_apart, drawn, fars),
            measure.accuracy(
                _euclidean(far_apart),
                drawn,
                balanced=not chosen.given,
                others=None if tuned is None else _euclidean(tuned),
            ),
            measure.accuracy(far_apart, drawn, balanced=not chosen.given, others=tuned),
            ranks,
        ]
        values.append(np.concatenate([figure[0] for figure in figures]))
        samples.append(np.concatenate([figure[1] for figure in figures], axis=1))
    arrays = {"values": np.mean(values, axis=0), "samples": np.mean(samples, axis=0)}
    return arrays, {"names": names, "probes": probes}


def _whole(
    units: np.ndarray, part: PairList, rows: np.ndarray, chosen: Plan
) -> tuple[np.ndarray, np.ndarray] | None:
    """The curve of every pair of a test part whose list is a sample; None where it is not, or
    where there are too many to count."""
    if not chosen.counted(part, rows):
        return None
    return everypair.curve(units[rows], chosen.person[rows], picture=chosen.picture[rows])


def _euclidean(parts: Sequence[Compared]) -> list[Compared]:
    return [replace(part, distance=euclidean(1 - part.distance)) for part in parts]


def _tuned(
    one: Representation, splits: Sequence[Split], repeat: int, chosen: Plan
) -> list[Compared]:
    """For each test part of a repeat, pairs of the attackers' people through the same φ."""
    found = []
    for place, split in enumerate(splits):
        if split.seed == repeat:
            rows = split.attacker[chosen.person[split.attacker] >= 0]
            person = chosen.person[rows]
            pairs = made(rows, person, fold=split.fold, seed=split.fold, cap=TUNING)
            found.append(_compare(unit(one.vectors(place)), pairs, chosen.person))
    return found


def _compare(units: np.ndarray, part: PairList, person: np.ndarray) -> Compared:
    distance = 1 - similarities(units, part)
    return Compared(distance, part.same, person[part.i], person[part.j], part.fold)


def _read(entry: Entry) -> _Found:
    names = entry.meta["names"]
    values = dict(zip(names, map(float, entry.arrays["values"]), strict=True))
    samples = dict(zip(names, entry.arrays["samples"].T, strict=True))
    return _Found(values, samples, entry.meta["probes"])


def _interval(found: _Found, name: str, people: int) -> Interval:
    if name not in found.values:
        return Interval(None, None, None, people, "not enough data")
    return limits(found.values[name], found.samples[name], people)


def _rows(found: Mapping[str, _Found], chosen: Plan) -> list[dict[str, Any]]:
    rows, ranked = [], chosen.ranked
    for representation, figures in found.items():
        for distance in DISTANCES:
            for metric in ("accuracy", "auc", "eer", *TARS, "rank1"):
                name = f"accuracy {distance}" if metric == "accuracy" else metric
                name = f"roc {TARS[metric]}" if metric in TARS else name
                one = _interval(figures, name, chosen.people)
                row = _row(representation, metric, distance, one)
                row["pairs"] = figures.probes if metric == "rank1" else ranked
                if metric == "accuracy":
                    row["pairs"] = chosen.pairs
                if metric == "accuracy" and representation != "x" and "x" in found:
                    row["dif"] = _dif(_interval(found["x"], name, chosen.people), one)
                rows.append(row)
    return rows


def _cross_rows(
    crossed: Mapping[str, Mapping[str, tuple[Interval, int]]],
) -> Iterator[dict[str, Any]]:
    """Cross-matching; unit vectors that are as far apart in one distance are so in the other."""
    for representation, figures in crossed.items():
        for distance in DISTANCES:
            for metric, (one, pairs) in figures.items():
                yield {**_row(representation, metric, distance, one), "pairs": pairs}


def _row(representation: str, metric: str, distance: str, one: Interval) -> dict[str, Any]:
    row: dict[str, Any] = {"representation": representation, "metric": metric}
    row |= {"distance": distance, "value": one.value, "low": one.low, "high": one.high}
    return row | {"identities": one.people, "status": one.status}


def _dif(x: Interval, phi: Interval) -> float | None:
    """Accuracy drop in per cent (thesis, equation 4.1); empty where x does not clear guessing."""
    if x.value is None or x.low is None or phi.value is None or x.low <= CHANCE:
        return None
    return 100 * (x.value - phi.value) / (x.value - CHANCE)


def _roc(found: Mapping[str, _Found], chosen: Plan, fars: Sequence[float]) -> pd.DataFrame:
    rows = []
    for representation, figures in found.items():
        for far in fars:
            one = _interval(figures, f"roc {far}", chosen.people)
            row = {"representation": representation, "far": far, "tar": one.value}
            rows.append(row | {"low": one.low, "high": one.high})
    return table("roc", rows)


def _differences(found: Mapping[str, _Found], chosen: Plan) -> pd.DataFrame:
    """Paired differences of every two representations, Holm-corrected within a metric."""
    rows: list[dict[str, Any]] = []
    for metric in ("accuracy euclidean", "auc", "eer"):
        own = []
        for a, b in combinations(found, 2):
            samples = found[b].samples[metric] - found[a].samples[metric]
            value = found[b].values[metric] - found[a].values[metric]
            one = limits(value, samples, chosen.people, bounded=False)
            if one.value is None:
                continue
            row: dict[str, Any] = {"table": "verification", "metric": metric.split()[0]}
            row |= {"a": b, "b": a, "difference": one.value, "low": one.low, "high": one.high}
            own.append(row | {"p": p_value(samples, chosen.people)})
        corrected = holm([row.pop("p") for row in own])
        rows += [row | {"p_holm": p} for row, p in zip(own, corrected, strict=True)]
    return table("differences", rows)


def _easy(x: _Found, chosen: Plan) -> list[str]:
    """What must be said where the set is too easy to tell representations apart."""
    if x.values["auc"] > EASY_AUC and chosen.people <= EASY_PEOPLE:
        return [
            "These pictures look taken in one session; verification is trivial on them and says "
            "little about harder pictures: judge it on a harder set, such as LFW."
        ]
    return []


def _nothing(representations: Mapping[str, Representation], people: int) -> StudyResult:
    """Every row, empty: too few people, or nobody known."""
    empty = Interval(None, None, None, people, "not enough data")
    rows = [
        _row(name, metric, distance, empty)
        for name in representations
        for distance in DISTANCES
        for metric in ("accuracy", "auc", "eer", *TARS, "rank1")
    ]
    warning = f"Verification needs at least {NONE_BELOW} known people in test parts, not {people}."
    return StudyResult({"verification": table("verification", rows)}, (warning,))


def _digest(splits: Sequence[Split]) -> str:
    """SHA-256 of the test parts, and of the attackers' parts, on which thresholds are chosen."""
    whole = hashlib.sha256()
    for split in splits:
        whole.update(f"{split.fold} {split.seed} {len(split.test)} ".encode())
        for rows in (split.test, split.attacker):
            whole.update(f"{len(rows)} ".encode() + rows.astype(np.int64).tobytes())
    return whole.hexdigest()

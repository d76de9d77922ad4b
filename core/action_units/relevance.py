"""What maps of relevance say in numbers: how much of it lies where the action unit shows.

Deuschel, Finzel and Rieger (2020) leave open "the aggregation of positive relevance in Action
Unit-specific facial regions". Here it is the share of a face's positive relevance that lies in the
region, against the share of the crop that the region takes: 1 is what relevance would have that
knew nothing of faces. Beside it the pointing game (Zhang et al. 2018, section 4.1), and where the
mean maps of two groups differ by more than they would if people were dealt to the groups by chance.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from core.action_units.regions import DRAWN
from core.measure.intervals import NONE_BELOW, Interval, limits, status, weights

if TYPE_CHECKING:
    import torch

VERSION = 1
"""Raised whenever the same maps would give other figures."""
CELLS = 56
"""Maps are kept as so many cells a side."""
COMPARED = 14
"""Maps are compared by rank over so many cells a side: finer, neighbours repeat one another."""
LEVEL = 0.95
"""A cell differs where it exceeds this share of the permutations' strongest cells."""
SMOOTH = 1.5
"""Cells over which maps are smoothed before groups are compared: faces are not aligned better."""
MARK = 12
"""Side in pixels, for a crop of 112, of the mark that is painted as a shortcut."""


@dataclass(frozen=True)
class Input:
    """How crops become what the networks take: (pixel − mean) / std in the order `color`, as
    `core.encode.network.NetworkEncoder` does it."""

    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    color: str = "RGB"

    def __call__(self, crops: np.ndarray) -> torch.Tensor:
        """Crops uint8 (b, s, s, 3) as float32 (b, 3, s, s)."""
        import torch

        ordered = crops if self.color == "RGB" else crops[..., ::-1]
        scaled = (ordered - np.array(self.mean, np.float32)) / np.array(self.std, np.float32)
        return torch.from_numpy(np.ascontiguousarray(scaled.transpose(0, 3, 1, 2)))

    @property
    def ends(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """What black and white become."""
        both = zip(self.mean, self.std, strict=True)
        low, high = zip(*((-mean / std, (255 - mean) / std) for mean, std in both), strict=True)
        return low, high


@dataclass(frozen=True, eq=False)
class Faces:
    """The test faces: `crops` uint8 (n, s, s, 3), `present` float (n, k): 1 shows the unit, 0 does
    not, NaN unknown; `regions` bool (n, k, s, s) and whence (`core.action_units.regions`); `group`,
    `subjects` and `ids` text (n,)."""

    crops: np.ndarray
    present: np.ndarray
    regions: np.ndarray
    units: tuple[int, ...]
    group: np.ndarray
    subjects: np.ndarray
    ids: np.ndarray
    kind: str = DRAWN

    @property
    def groups(self) -> list[str]:
        """Groups in sorted order."""
        return sorted(set(self.group.tolist()))

    def digest(self) -> str:
        """SHA-256 of everything that figures depend on."""
        whole = hashlib.sha256(repr((self.units, self.kind)).encode())
        for array in (self.crops, self.present, self.regions):
            whole.update(np.ascontiguousarray(array).tobytes())
        for names in (self.group, self.subjects, self.ids):
            whole.update("\0".join(map(str, names)).encode())
        return whole.hexdigest()


def cells(heat: np.ndarray, side: int = CELLS) -> np.ndarray:
    """Maps (n, s, s) as float32 (n, side, side), each cell the sum of what lies in it."""
    area = heat.shape[1] * heat.shape[2] / side**2
    small = [cv2.resize(one, (side, side), interpolation=cv2.INTER_AREA) for one in heat]
    return np.asarray(small, np.float32).reshape(-1, side, side) * np.float32(area)


@dataclass(frozen=True, eq=False)
class Measured:
    """One action unit on n faces: `share` of positive relevance in the region (NaN where there is
    none), `area` of the region as a share of the crop, `inside`: the strongest cell lies in it.

    `map` float32 (n, CELLS, CELLS) is the relevance in shares of what is positive.
    """

    share: np.ndarray
    area: np.ndarray
    inside: np.ndarray
    map: np.ndarray


def measured(heat: np.ndarray, regions: np.ndarray) -> Measured:
    """Figures of each face: `heat` float32 (n, s, s), signed; `regions` bool (n, s, s)."""
    positive = np.maximum(heat.astype(np.float64), 0)
    total = positive.sum(axis=(1, 2))
    known = total > 0
    whole = np.where(known, total, 1.0)
    share = np.where(known, (positive * regions).sum(axis=(1, 2)) / whole, np.nan)
    kept = cells((heat / whole[:, None, None]).astype(np.float32))
    covered = cells(regions.astype(np.float32)) * (CELLS**2 / np.prod(regions.shape[1:]))
    best = kept.reshape(-1, CELLS**2).argmax(axis=1)
    inside = covered.reshape(-1, CELLS**2)[np.arange(len(kept)), best] >= 0.5
    return Measured(share, regions.mean(axis=(1, 2)), inside, kept)


@dataclass(frozen=True)
class Figures:
    """`ratio` is share in the region ÷ share of area; `n` faces of `people` are behind it all."""

    share: Interval
    area: float | None
    ratio: Interval
    pointing: Interval
    n: int
    people: int
    status: str


def figures(one: Measured, subjects: np.ndarray, *, seed: int, resamples: int = 2000) -> Figures:
    """The figures over faces with a region and with relevance, intervals over `subjects` (n,).

    A ratio is that of the two means, so that no face with a small region weighs more. Below ten
    people no figure is given.
    """
    used = np.isfinite(one.share) & (one.area > 0)
    names, person = np.unique(subjects[used], return_inverse=True)
    people, n = len(names), int(used.sum())
    if people < NONE_BELOW:
        none = Interval(None, None, None, people, status(people))
        return Figures(none, None, none, none, n, people, none.status)
    drawn = weights(people, resamples=resamples, seed=seed).astype(float)
    share, area, inside, count = (
        np.bincount(person, weights=each[used], minlength=people)
        for each in (one.share, one.area, one.inside.astype(float), np.ones(len(used)))
    )

    def quotient(top: np.ndarray, bottom: np.ndarray, bounded: bool) -> Interval:
        samples = (drawn @ top) / (drawn @ bottom)
        return limits(float(top.sum() / bottom.sum()), samples, people, bounded=bounded)

    ratio = quotient(share, area, False)
    return Figures(
        quotient(share, count, True), float(area.sum() / n), ratio,
        quotient(inside, count, True), n, people, ratio.status,
    )  # fmt: skip


def mean_map(maps: np.ndarray) -> np.ndarray:
    """Where positive relevance lies on average, float32 (CELLS, CELLS), of maps (n, …, …).

    What speaks against the unit counts as nothing, so that a cell says how much speaks for it.
    """
    return np.asarray(np.maximum(maps, 0).mean(axis=0), np.float32)


@dataclass(frozen=True, eq=False)
class Difference:
    """Mean map of one group less that of the other, (CELLS, CELLS), and where it `exceeds` what
    permuted people show, bool; `p` is how often their strongest cell is as strong as ours."""

    heat: np.ndarray
    exceeds: np.ndarray
    p: float


def difference(
    maps: np.ndarray,
    first: np.ndarray,
    subjects: np.ndarray,
    *,
    seed: int,
    permutations: int = 500,
    smooth: float = SMOOTH,
) -> Difference | None:
    """The difference of two groups of faces, `first` bool (n,), against people dealt by chance.

    A cell counts where its difference, in standard deviations of its own permutations, exceeds
    `LEVEL` of the strongest cells of all permutations, ours among them: the maximum over cells
    keeps false alarms to 1 − LEVEL over the whole map (Nichols and Holmes 2002). Maps are smoothed
    over `smooth` cells first. A person belongs to the group of their first face. None where a
    group has fewer than ten people.
    """
    names, start, person = np.unique(subjects, return_index=True, return_inverse=True)
    own = first[start]
    if min(own.sum(), (~own).sum()) < NONE_BELOW:
        return None
    positive = np.maximum(maps, 0).astype(np.float32)
    if smooth:
        positive = np.stack([cv2.GaussianBlur(one, (0, 0), smooth) for one in positive])
    flat = positive.reshape(len(maps), -1).astype(np.float64)
    sums = np.zeros((len(names), flat.shape[1]))
    np.add.at(sums, person, flat)
    count = np.bincount(person).astype(float)
    random = np.random.default_rng(seed)
    dealt = np.stack([own, *(random.permutation(own) for _ in range(permutations))]).astype(float)
    found = _means(dealt, sums, count) - _means(1 - dealt, sums, count)
    spread = found.std(axis=0)
    strength = np.abs(found) / np.where(spread > 0, spread, np.inf)
    strongest = strength.max(axis=1)
    side = maps.shape[1:]
    return Difference(
        found[0].reshape(side).astype(np.float32),
        (strength[0] > np.quantile(strongest, LEVEL)).reshape(side),
        float((strongest >= strongest[0]).mean()),
    )


def _means(dealt: np.ndarray, sums: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Mean maps (r, c) of the people dealt (r, p), a face counting once."""
    return np.asarray((dealt @ sums) / (dealt @ count)[:, None])


def rank_correlation(left: np.ndarray, right: np.ndarray) -> float | None:
    """Spearman's correlation of two sets of maps (n, …, …), mean over faces (Adebayo et al. 2018).

    None where no pair of maps varies.
    """
    from scipy.stats import spearmanr

    pairs = zip(cells(left, COMPARED), cells(right, COMPARED), strict=True)
    found = [
        float(spearmanr(a.ravel(), b.ravel()).statistic)
        for a, b in pairs
        if np.ptp(a) > 0 and np.ptp(b) > 0
    ]
    return float(np.mean(found)) if found else None


def mark(size: int) -> np.ndarray:
    """Where the planted shortcut is painted, bool (size, size): a square near a lower corner."""
    side, edge = round(MARK * size / 112), round(4 * size / 112)
    where = np.zeros((size, size), bool)
    where[-edge - side : -edge, edge : edge + side] = True
    return where


def marked(crops: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """A copy of `crops` uint8 (n, s, s, 3) with a chequered mark on those that are `shown` (n,)."""
    painted = crops.copy()
    where = mark(crops.shape[1])
    rows, columns = np.indices(where.shape) * 112 // crops.shape[1]
    chequers = np.where((rows // 3 + columns // 3) % 2, 255, 0)[..., None] * np.array([1, 0, 1])
    every: Any = painted[shown.astype(bool)]
    every[:, where] = chequers[where]
    painted[shown.astype(bool)] = every
    return painted

"""The flagship's path over very many people, from sums alone (see `core.suppress.sums`).

The same path as `fit_path`'s, up to rounding, in three readings of the rows: means; products; and
the fourth moments along the axes, which Ledoit and Wolf's estimate of the covariance asks for. Of
so many people a few hundred are set aside to judge the ranks; one path serves that and the map,
since a refit with those few would be the same path.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.linalg import solve_triangular

from core.suppress.blindfold_path import (
    ROUNDING,
    WIDEST,
    Path,
    filled,
    firm,
    identity_axes_of,
    independent,
)
from core.suppress.blindfold_strength import HELD_ROWS
from core.suppress.prepare import LEAST_PEOPLE
from core.suppress.sums import Moments, People, by_people
from core.suppress.suppressor import Label, Material

HELD_EACH = 20
"""Rows of one person that are set aside, at most: pairs of one person tell little about others."""


def enough(people: np.ndarray, *, folds: int) -> bool:
    """Whether there are so many `people` (n,) that some of them can be set aside."""
    return len(np.unique(people)) >= 3 * folds * LEAST_PEOPLE


def set_aside(material: Material, *, folds: int, seed: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """Rows (m,) to fit on, and `folds` times up to `HELD_ROWS` rows of people of none of them."""
    _, person = np.unique(material.people, return_inverse=True)
    random = np.random.default_rng(seed)
    shuffled = random.permutation(len(person))
    shuffled = shuffled[np.argsort(person[shuffled], kind="stable")]
    counts = np.bincount(person)
    place = np.arange(len(person)) - (np.cumsum(counts) - counts)[person[shuffled]]
    few = shuffled[place < HELD_EACH]
    turn = random.permutation(len(counts))  # whose turn it is to be set aside
    few = few[np.argsort(turn[person[few]], kind="stable")][: folds * HELD_ROWS]
    # Never more than a third of the people: the others are whom it is fitted on.
    last = min(int(turn[person[few[-1]]]), len(counts) // 3 - 1)
    few = few[turn[person[few]] <= last]
    held = [np.sort(few[turn[person[few]] % folds == fold]) for fold in range(folds)]
    return np.flatnonzero(turn[person] > last), held


def path_of_many(material: Material, rows: np.ndarray, *, seed: int) -> Path:
    """The path of the `rows` (m,) of `material`; `seed` matters above `WIDEST` dimensions."""
    walk = _Walk(material, by_people(material.people, rows))
    walk.means()
    walk.frame(seed)
    walk.products()
    within = walk.within.shrunk() if walk.within.count else 0 * walk.whole.total
    d = len(walk.whole.total)
    square = float(np.trace(walk.whole.total)) / (walk.whole.count * d)
    axes = identity_axes_of(within, walk.between.shrunk(), square)
    along = walk.along(axes)
    factor = np.linalg.cholesky(firm(along.shrunk()))
    return Path(
        walk.mean,
        axes if walk.turn is None else walk.turn @ axes,
        factor,
        independent(np.concatenate([one.contrasts(axes) for one in walk.classes])),
        np.stack([one.wobble(axes, factor) for one in walk.classes]),
    )


@dataclass
class _Classes:
    """Sums of one label's classes over the rows that carry it, and what is made of them."""

    label: Label
    sums: np.ndarray
    own: np.ndarray
    counts: np.ndarray = field(init=False)
    scores: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        known = self.label.y[self.label.y >= 0]
        self.counts = np.bincount(known, minlength=self.label.k).astype(np.float64)

    def begin(self, d: int) -> None:
        """Room for products of `d` numbers."""
        self.own = np.zeros((self.label.k, d))
        self.scores = np.zeros((self.label.k, d, d))

    def means(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean of each class and of all others, (k, d) each."""
        every = self.sums.sum(axis=0)
        left = np.maximum(self.counts.sum() - self.counts, 1)
        return self.sums / np.maximum(self.counts, 1)[:, None], (every - self.sums) / left[:, None]

    def add(self, seen: np.ndarray, part: People, y: np.ndarray) -> None:
        """Take in rows `seen` (m, d) that carry the label, of classes `y` (m,)."""
        apart = seen - part.each(part.sums(seen) / part.counts[:, None])
        inside, outside = self.means()
        left = self.counts.sum() - self.counts
        for c in range(self.label.k):
            mine = y == c
            if not self.counts[c]:  # all who showed it were set aside
                continue
            self.own[c] += apart[mine].sum(axis=0)
            residual = seen - np.where(mine[:, None], inside[c], outside[c])
            share = np.where(mine, 1 / self.counts[c], -1 / max(left[c], 1))[:, None]
            score = part.sums(share * residual)
            self.scores[c] += score.T @ score

    def contrasts(self, axes: np.ndarray) -> np.ndarray:
        """What a class adds, along `axes`: see `blindfold_path.contrasts`."""
        centre = self.sums.sum(axis=0) / self.counts.sum()
        apart = self.own / np.maximum(self.counts, 1)[:, None]
        return np.concatenate([self.means()[0] - centre, apart]) @ axes

    def wobble(self, axes: np.ndarray, factor: np.ndarray) -> np.ndarray:
        """Expected squared error of a class against the others: see `blindfold_path`."""
        undone = solve_triangular(factor, axes.T, lower=True)
        total = np.einsum("id,cde,ie->i", undone, self.scores, undone, optimize=True)
        return np.cumsum(total / self.label.k)


class _Walk:
    """Goes through the rows and keeps the sums; d is the width of `turn`, where there is one."""

    def __init__(self, material: Material, parts: list[People]) -> None:
        self.x, self.parts = material.x, parts
        kept = np.concatenate([part.rows for part in parts])
        masked = np.full(len(self.x), -1, dtype=np.int64)
        self.classes = []
        for label in material.labels:
            y = masked.copy()
            y[kept] = label.y[kept]
            own = Label(label.name, y, label.classes, label.neutral)
            empty = np.zeros((label.k, self.x.shape[1]))
            self.classes.append(_Classes(own, empty, empty))
        self.turn: np.ndarray | None = None

    def means(self) -> None:
        """The mean of all rows and of people's means, and the sums of classes."""
        d = self.x.shape[1]
        whole, people, rows, count = np.zeros(d), np.zeros(d), 0, 0
        for part in self.parts:
            own = self.x[part.rows].astype(np.float64)
            means = part.sums(own) / part.counts[:, None]
            whole, people = whole + own.sum(axis=0), people + means.sum(axis=0)
            rows, count = rows + len(own), count + len(means)
            for one in self.classes:
                y = one.label.y[part.rows]
                hot = (y[:, None] == np.arange(one.label.k)).astype(np.float64)
                one.sums = one.sums + hot.T @ own
        self.mean, self.middle = whole / rows, people / count - whole / rows
        for one in self.classes:
            one.sums = one.sums - one.counts[:, None] * self.mean

    def frame(self, seed: int) -> None:
        """The rows' main axes, where they are too wide; sums of means turn with them."""
        d = self.x.shape[1]
        if d > WIDEST:
            moments = Moments.of(d)
            for part in self.parts:
                moments.add(self.x[part.rows].astype(np.float64) - self.mean)
            values, axes = np.linalg.eigh(moments.total)
            sizes, axes = np.sqrt(np.maximum(values[::-1], 0)), axes[:, ::-1].T
            self.turn = filled(axes[sizes > ROUNDING * sizes.max()], seed)
            self.middle = self.middle @ self.turn
            for one in self.classes:
                one.sums = one.sums @ self.turn
        for one in self.classes:
            one.begin(min(d, WIDEST))

    def seen(self, part: People) -> np.ndarray:
        """Centred rows (m, d), turned."""
        own = self.x[part.rows].astype(np.float64) - self.mean
        return own if self.turn is None else own @ self.turn

    def products(self) -> None:
        """Products of rows, within people and between them, and the labels' own."""
        d = len(self.middle)
        self.whole, self.within, self.between = Moments.of(d), Moments.of(d), Moments.of(d)
        for part in self.parts:
            rows = self.seen(part)
            means = part.sums(rows) / part.counts[:, None]
            self.whole.total += rows.T @ rows
            self.whole.count += len(rows)
            self.between.add(means - self.middle)
            several = part.each(part.counts[:, None])[:, 0]
            there = several > 1
            # Deviations from a mean of m rows are short by (m − 1) / m.
            long = np.sqrt(several[there] / (several[there] - 1))[:, None]
            self.within.add((rows[there] - part.each(means)[there]) * long)
            for one in self.classes:
                y = one.label.y[part.rows]
                one.add(rows[y >= 0], part.some(y >= 0), y[y >= 0])

    def along(self, axes: np.ndarray) -> Moments:
        """Moments of all rows along `axes`; the fourth ones, a pull's worth, in float32."""
        found, narrow = self.whole.turned(axes), axes.astype(np.float32)
        for part in self.parts:
            found.add_fourth(self.seen(part).astype(np.float32) @ narrow)
        return found

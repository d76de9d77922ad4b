"""LEACE: the smallest linear change after which no linear probe beats the mean.

Belrose et al. 2023, "LEACE: Perfect linear concept erasure in closed form", theorem 4.2, through
the authors' library `concept_erasure`. The promise holds on the people that it was fitted on; for
strangers it holds as far as they are alike.
"""

from __future__ import annotations

import warnings
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np

from core.errors import NotEnoughData
from core.progress import Progress
from core.suppress.chain import Affine, Chain
from core.suppress.collapse import check_collapse
from core.suppress.prepare import LEAST_PEOPLE, prepared
from core.suppress.sums import MANY, chunks, evenly
from core.suppress.suppressor import Label, Material, Step, Suppressor

TOLERANCE = 1e-6
"""Correlations of x and label below this are float rounding; the library's own 0.01 would let
correlations pass that a probe can use."""


@dataclass(frozen=True)
class Leace:
    """LEACE on the one-hot classes of all labels at once; it has nothing to set.

    Where too few people carry all of them, as when labels come from different sets, one label is
    erased after another, each on the rows that carry it: a linear map leaves a covariance of zero
    at zero, so that the theorem holds for each, and only the change may be larger than need be.
    """

    kind: ClassVar[str] = "leace"
    version: ClassVar[int] = 2
    by_sums: ClassVar[bool] = True

    def fit(self, material: Material, *, seed: int, device: str, progress: Progress) -> Suppressor:
        """Fit on the rows of `material` that carry a label; `seed` changes nothing here.

        Raises `NotEnoughData` where too few people carry a label, `SuppressorError` where nothing
        of x would be left.
        """
        material = prepared(material)
        progress.check()
        if len(material.x) > MANY:
            return self._of_many(material, device, progress)
        x, eraser, taken = material.x.astype(np.float64), None, 0
        seen = [(x[rows], z) for rows, z in _together(material)]
        for own, z in seen:
            step = _erase(own if eraser is None else eraser(own), z, device)
            eraser = step if eraser is None else _after(eraser, step)
            taken += int(np.linalg.matrix_rank(z - z.mean(axis=0)))
        assert eraser is not None, "prepared material has a label"
        chain = Chain((eraser,))
        check_collapse(x, chain.transform(x))
        left = [(chain.transform(own), z) for own, z in seen]
        training = tuple(
            Step(number, "covariance with the classes", max(_largest(*one) for one in which))
            for number, which in enumerate((seen, left))
        )
        return Suppressor(self.kind, chain, asdict(self), training, {"directions": taken})

    def _of_many(self, material: Material, device: str, progress: Progress) -> Suppressor:
        """The same from sums over chunks of the rows."""
        eraser, taken = None, 0
        seen = [(np.flatnonzero(rows), z) for rows, z in _together(material)]
        for rows, z in seen:
            progress.check()
            step = _erase_many(material.x, rows, z, eraser, device)
            eraser = step if eraser is None else _after(eraser, step)
            taken += int(np.linalg.matrix_rank(z - z.mean(axis=0)))
        assert eraser is not None, "prepared material has a label"
        chain = Chain((eraser,))
        some = evenly(material.x)
        check_collapse(some, chain.transform(some))
        sizes = (
            max(_largest_of_many(material.x, *one, through) for one in seen)
            for through in (None, chain)
        )
        name = "covariance with the classes"
        training = tuple(Step(number, name, size) for number, size in enumerate(sizes))
        return Suppressor(self.kind, chain, asdict(self), training, {"directions": taken})


def _together(material: Material) -> list[tuple[np.ndarray, np.ndarray]]:
    """Rows, bool (n,), and the one-hot classes that they carry: of all labels at once where people
    enough carry all, else label by label."""
    known = [label.y >= 0 for label in material.labels]
    classes = [one_hot(label) for label in material.labels]
    every = np.all(known, axis=0)
    if _people(material, every) >= LEAST_PEOPLE:
        return [(every, np.concatenate(classes, axis=1)[every])]
    for label, rows in zip(material.labels, known, strict=True):
        if _people(material, rows) < LEAST_PEOPLE:
            raise NotEnoughData(
                f"{_people(material, rows)} people carry the label '{label.name}', at least "
                f"{LEAST_PEOPLE} are needed: leave out this label, or bring more people"
            )
    return [(rows, z[rows]) for rows, z in zip(known, classes, strict=True)]


def _people(material: Material, rows: np.ndarray) -> int:
    return len(np.unique(material.people[rows]))


def _after(first: Affine, then: Affine) -> Affine:
    """The two as one map."""
    weight = first.weight.astype(np.float64) @ then.weight
    bias = first.bias.astype(np.float64) @ then.weight + then.bias
    return Affine(weight.astype(np.float32), bias.astype(np.float32))


def one_hot(label: Label) -> np.ndarray:
    """float64 (n, k): 1 at each row's class; zeros where it is unlabelled."""
    return (label.y[:, None] == np.arange(label.k)).astype(np.float64)


def _erase(x: np.ndarray, z: np.ndarray, device: str) -> Affine:
    """The eraser of `z` (n, k) from `x` (n, d) as one affine map.

    Fewer rows than dimensions span a small space; outside of it nothing is erased, so that the
    library may work inside: a hundred times faster at 4,096 dimensions, and the same theorem.
    """
    mean = x.mean(axis=0)
    if len(x) > x.shape[1]:
        taken = _taken(x, z, device)
    else:
        _, sizes, axes = np.linalg.svd(x - mean, full_matrices=False)
        axes = axes[sizes > 1e-9 * max(sizes.max(), 1e-12)]
        taken = axes.T @ _taken((x - mean) @ axes.T, z, device) @ axes
    # Vectors are rows here: x − (x − mean) (I − P)ᵀ.
    weight = np.eye(x.shape[1]) - taken.T
    return Affine(weight.astype(np.float32), (mean @ taken.T).astype(np.float32))


def _taken(x: np.ndarray, z: np.ndarray, device: str) -> np.ndarray:
    """I − P (d, d), of the projection P of theorem 4.2."""
    eraser = _fitted(x, z, device)
    return (eraser.proj_left @ eraser.proj_right).cpu().numpy()


def _erase_many(
    x: np.ndarray, rows: np.ndarray, z: np.ndarray, before: Affine | None, device: str
) -> Affine:
    """The eraser of `z` (m, k) from those `rows` (m,) of `x` (n, d), which are more than d, as they
    are after the map `before`."""
    import torch

    own, start = _library().LeaceFitter(
        x.shape[1], z.shape[1], device=device, dtype=torch.float64, svd_tol=TOLERANCE,
        constrain_cov_trace=False,
    ), 0  # fmt: skip
    for part in chunks(rows):
        seen = x[part].astype(np.float64)
        seen = seen if before is None else before(seen)
        shown = z[start : start + len(part)]
        own.update(torch.from_numpy(seen).to(device), torch.from_numpy(shown).to(device))
        start += len(part)
    taken = (own.eraser.proj_left @ own.eraser.proj_right).cpu().numpy()
    weight = np.eye(x.shape[1]) - taken.T
    bias = own.mean_x.cpu().numpy() @ taken.T
    return Affine(weight.astype(np.float32), bias.astype(np.float32))


def _fitted(x: np.ndarray, z: np.ndarray, device: str) -> Any:
    """The library's `LeaceEraser`."""
    import torch

    # With its trace constraint the library may mix in another projection, for which the theorem
    # does not hold.
    return _library().LeaceEraser.fit(
        torch.from_numpy(x).to(device),
        torch.from_numpy(z).to(device),
        svd_tol=TOLERANCE,
        constrain_cov_trace=False,
    )


def _library() -> Any:
    """`concept_erasure`, which compiles a helper with torch.jit.script when first imported."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        import concept_erasure  # type: ignore[import-untyped]
    return concept_erasure


def _largest(x: np.ndarray, z: np.ndarray) -> float:
    """Largest covariance of a column of x with one of z, in deviations of x."""
    x = np.asarray(x, np.float64)
    covariance = (x - x.mean(axis=0)).T @ (z - z.mean(axis=0)) / len(x)
    return float(np.abs(covariance).max() / max(x.std(), 1e-12))


def _largest_of_many(
    x: np.ndarray, rows: np.ndarray, z: np.ndarray, through: Chain | None
) -> float:
    """The same of those `rows` (m,) of `x`, as they are or `through` a chain."""
    d, start = x.shape[1], 0
    first, square, both = np.zeros(d), 0.0, np.zeros((d, z.shape[1]))
    for part in chunks(rows):
        own = x[part] if through is None else through.transform(x[part])
        own = own.astype(np.float64)
        first, square = first + own.sum(axis=0), square + float((own**2).sum())
        both += own.T @ z[start : start + len(part)]
        start += len(part)
    mean, count = first / len(rows), len(rows) * d
    covariance = both / len(rows) - np.outer(mean, z.mean(axis=0))
    deviation = np.sqrt(max(square / count - (first.sum() / count) ** 2, 0.0))
    return float(np.abs(covariance).max() / max(deviation, 1e-12))

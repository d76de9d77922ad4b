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
from core.suppress.suppressor import Label, Material, Step, Suppressor

TOLERANCE = 1e-6
"""Correlations of x and label below this are float rounding; the library's own 0.01 would let
correlations pass that a probe can use."""


@dataclass(frozen=True)
class Leace:
    """LEACE on the one-hot classes of all labels at once; it has nothing to set."""

    kind: ClassVar[str] = "leace"
    version: ClassVar[int] = 1

    def fit(self, material: Material, *, seed: int, device: str, progress: Progress) -> Suppressor:
        """Fit on the rows of `material` that carry every label; `seed` changes nothing here.

        Raises `NotEnoughData` where too few people carry every label, `SuppressorError` where
        nothing of x would be left.
        """
        material = prepared(material)
        progress.check()
        rows = np.all([label.y >= 0 for label in material.labels], axis=0)
        people = len(np.unique(material.people[rows]))
        if people < LEAST_PEOPLE:
            raise NotEnoughData(
                f"{people} people carry all of {len(material.labels)} labels, at least "
                f"{LEAST_PEOPLE} are needed: leave out a label, or bring more people"
            )
        x = material.x[rows].astype(np.float64)
        z = np.concatenate([one_hot(label)[rows] for label in material.labels], axis=1)
        chain = Chain((_erase(x, z, device),))
        check_collapse(x, chain.transform(x))
        taken = int(np.linalg.matrix_rank(z - z.mean(axis=0)))
        training = (
            Step(0, "covariance with the classes", _largest(x, z)),
            Step(1, "covariance with the classes", _largest(chain.transform(x), z)),
        )
        return Suppressor(self.kind, chain, asdict(self), training, {"directions": taken})


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


def _fitted(x: np.ndarray, z: np.ndarray, device: str) -> Any:
    """The library's `LeaceEraser`."""
    import torch

    with warnings.catch_warnings():
        # The library compiles a helper with torch.jit.script when it is first imported.
        warnings.simplefilter("ignore", FutureWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        from concept_erasure import LeaceEraser  # type: ignore[import-untyped]

    # With its trace constraint the library may mix in another projection, for which the theorem
    # does not hold.
    return LeaceEraser.fit(
        torch.from_numpy(x).to(device),
        torch.from_numpy(z).to(device),
        svd_tol=TOLERANCE,
        constrain_cov_trace=False,
    )


def _largest(x: np.ndarray, z: np.ndarray) -> float:
    """Largest covariance of a column of x with one of z, in deviations of x."""
    x = np.asarray(x, np.float64)
    covariance = (x - x.mean(axis=0)).T @ (z - z.mean(axis=0)) / len(x)
    return float(np.abs(covariance).max() / max(x.std(), 1e-12))

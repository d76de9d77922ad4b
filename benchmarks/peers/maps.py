"""t-SNE and UMAP as the Projections page draws them, and by the libraries' own settings.

Ours is `core.project`, which starts from principal components and gives the same bits each time;
UMAP's exact neighbours and fixed seed keep it on one thread. Peers run on all cores: scikit-learn's
and openTSNE's t-SNE of 50 principal components, umap-learn with its own search, and once more with
a seed, which takes its threads away.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from benchmarks.peers.inputs import people, synthetic
from benchmarks.sidebyside import Asked, Case, Missing, Side

JUDGED = 10_000
"""Rows, evenly spaced, on which trustworthiness is found where there are more."""
SAMPLE = 10_000
"""Faces that a larger map is fitted on; the product's setting."""


def cases(asked: Asked) -> list[Case | Missing]:
    """The bundled set, 10,000 made vectors and, with `long`, 100,000."""
    sizes: list[tuple[int, str]] = [(1380, "1,380 × 256 synthetic")]
    if not asked.quick:
        sizes.append((10_000, "10,000 × 256 made"))
    found: list[Case | Missing] = []
    if asked.long:
        sizes.append((100_000, "100,000 × 256 made"))
    else:
        why = "not read: only with --long"
        found = [Missing(f"{kind}, 100,000 × 256 made", "all", why) for kind in ("t-SNE", "UMAP")]
    for n, said in sizes:
        most = 3 if n < 5000 else 1
        for kind, target, peers in (("t-SNE", 5.0, _tsne_peers), ("UMAP", None, _umap_peers)):
            found.append(
                Case(
                    f"{kind}, {said}",
                    Side("ours", partial(ours, kind, n), partial(ours, kind, 200)),
                    peers(n, asked),
                    partial(agreement, n),
                    target=target,
                    most=most,
                    inputs=partial(vectors, n),
                )
            )
    return found


def vectors(n: int) -> np.ndarray:
    """Unit vectors float32 (n, 256)."""
    if n <= 1380:
        x = synthetic().x[:n]
        return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)
    return people(n, 256, 8, noise=0.7, seed=0)[0]


def ours(kind: str, n: int) -> np.ndarray:
    """The product's map; above `SAMPLE` faces fitted on a sample, the others placed in it."""
    from core.project.landmarks import landmarks
    from core.project.tsne import TSNE
    from core.project.umap import UMAP

    x = vectors(n)
    fitted = landmarks(np.zeros(n, dtype=int), SAMPLE, seed=0)
    others = np.setdiff1d(np.arange(n), fitted)
    method: Any = TSNE() if kind == "t-SNE" else UMAP()
    places = np.empty((n, 2), np.float32)
    places[fitted], places[others] = method.draw(x[fitted], x[others], seed=0)
    return places


def _tsne_peers(n: int, asked: Asked) -> list[Side]:
    found = [
        Side("openTSNE", partial(_open_tsne, n, asked.cores), partial(_open_tsne, 200, 1)),
    ]
    if n <= 10_000:
        found.insert(0, Side("scikit-learn", partial(_sklearn, n), partial(_sklearn, 200)))
    return found


def _umap_peers(n: int, asked: Asked) -> list[Side]:
    seeded: Callable[[int], np.ndarray] = partial(_umap, seed=0)
    return [
        Side("umap-learn", _free(n, asked.cores), _free(200, asked.cores)),
        Side("umap-learn, seeded", partial(seeded, n), partial(seeded, 200)),
    ]


def _free(n: int, cores: int) -> Callable[[], np.ndarray]:
    return partial(_umap, n, seed=None, cores=cores)


def _components(x: np.ndarray) -> np.ndarray:
    from sklearn.decomposition import PCA

    found: np.ndarray = PCA(min(50, len(x) - 1), random_state=0).fit_transform(x)
    return found


def _sklearn(n: int) -> np.ndarray:
    from sklearn.manifold import TSNE

    found: np.ndarray = TSNE(perplexity=30, n_jobs=-1, random_state=0).fit_transform(
        _components(vectors(n))
    )
    return found


def _open_tsne(n: int, cores: int) -> np.ndarray:
    from openTSNE import TSNE

    method = TSNE(perplexity=30, n_jobs=cores, random_state=0)
    return np.asarray(method.fit(_components(vectors(n))))


def _umap(n: int, seed: int | None, cores: int = 1) -> np.ndarray:
    import warnings

    import umap

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found: np.ndarray = umap.UMAP(
            n_neighbors=15, random_state=seed, n_jobs=1 if seed is not None else cores
        ).fit_transform(vectors(n))
    return found


def agreement(n: int, one: np.ndarray, other: np.ndarray) -> str:
    """Trustworthiness of both maps."""
    from core.measure.maps import trustworthiness

    x = vectors(n)
    rows = np.linspace(0, n - 1, min(n, JUDGED)).astype(int)
    worth = [trustworthiness(x[rows], each[rows], 15) for each in (one, other)]
    return f"trustworthiness (k 15) {worth[0]:.4f} / {worth[1]:.4f}"

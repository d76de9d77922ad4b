"""What a map in two dimensions is worth: trustworthiness, neighbours, silhouette.

A picture is no evidence of privacy (METHODS, "Studies" 4); these figures say how far it may be
believed, and how far like lies with like in it.
"""

from __future__ import annotations

import numpy as np
from sklearn.manifold import trustworthiness as _trustworthiness
from sklearn.metrics import silhouette_score
from sklearn.neighbors import NearestNeighbors

NEIGHBOURS = 15


def trustworthiness(x: np.ndarray, places: np.ndarray, k: int = NEIGHBOURS) -> float:
    """Whether neighbours in the map `places` (n, 2) are neighbours in `x` (n, d), 0 to 1.

    Venna and Kaski, Artificial Neural Networks (ICANN), 2001, equation 1. `k` neighbours, fewer
    where these would be half of all. NaN below 4 rows.
    """
    k = min(k, (len(x) - 1) // 2)
    return float(_trustworthiness(x, places, n_neighbors=k)) if k else float("nan")


def strangers(places: np.ndarray, people: np.ndarray, k: int = NEIGHBOURS) -> np.ndarray:
    """The `k` nearest rows of other people of each row of a map, int64 (n, k), nearest first.

    The same person's faces lie together in any map that keeps identity, and share every label
    that does not change within a person: counted in, they would make that label look visible
    where only the person is. Rows with fewer than `k` strangers end in −1.
    """
    _, person, sizes = np.unique(people, return_inverse=True, return_counts=True)
    n = len(places)
    found = np.full((n, k), -1)
    if n < 2:
        return found
    # Beside itself, a row's own people can at most fill as many places as they have faces.
    asked = np.minimum(sizes + k, n)
    for size in np.unique(asked[person]):
        rows = np.flatnonzero(asked[person] == size)
        near = NearestNeighbors(n_neighbors=size).fit(places).kneighbors(places[rows])[1]
        other = person[near] != person[rows, None]
        order = np.argsort(~other, axis=1, kind="stable")[:, :k]
        kept = np.take_along_axis(near, order, axis=1)
        kept = np.where(np.take_along_axis(other, order, axis=1), kept, -1)
        found[rows, : kept.shape[1]] = kept
    return found


def agreement(near: np.ndarray, labels: np.ndarray) -> float:
    """Share of the neighbours `near` (n, k) that show the same of `labels` (n,); −1 is nobody.

    NaN where nobody has a neighbour.
    """
    there = near >= 0
    same = labels[near] == labels[:, None]
    return float(same[there].mean()) if there.any() else float("nan")


def silhouette(places: np.ndarray, labels: np.ndarray) -> float:
    """How much closer the rows of a map (n, 2) lie to their own class than to the next, −1 to 1.

    Rousseeuw, Journal of Computational and Applied Mathematics 20, 1987. NaN where there is one
    class, or where every row is a class of its own.
    """
    classes = len(np.unique(labels))
    if not 2 <= classes < len(labels):
        return float("nan")
    return float(silhouette_score(places, labels))

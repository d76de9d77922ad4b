"""What suppressors are fitted on here, and how two φ are held against each other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmarks.peers.inputs import splits, synthetic
from core.split import Split
from core.suppress.suppressor import Label, Material, Method


def split() -> Split:
    """The first fold of the bundled set: suppressor, attackers, test."""
    return splits("expression", suppressor=True)[0]


def material(people: int | None = None) -> Material:
    """The suppressor's part with its expressions, neutral asked for; fewer `people` to try out."""
    x = synthetic()
    rows = split().suppressor
    if people is not None:
        kept = sorted(set(x.subjects[rows]))[:people]
        rows = rows[np.isin(x.subjects[rows], kept)]
    values = x.table["expression"].to_numpy(dtype=str)
    names, y = np.unique(values, return_inverse=True)
    label = Label("expression", y, tuple(names), int(np.flatnonzero(names == "neutral")[0]))
    own = replace(label, y=label.y[rows].astype(np.int64))
    return Material(x.x[rows], x.subjects[rows], (own,))


def fitted(method: Method, device: str, people: int | None = None) -> np.ndarray:
    """φ of every face by the product's own fit."""
    from core.progress import Progress

    found = method.fit(material(people), seed=0, device=device, progress=Progress())
    return found.transform(synthetic().x)


def agreement(one: np.ndarray, other: np.ndarray) -> str:
    """What a linear probe reads from either φ on strangers, and how well either verifies."""
    told = [(_leakage(phi), _verified(phi)) for phi in (one, other)]
    before = _leakage(synthetic().x)
    return (
        f"same people and recipe; expression by a linear probe {told[0][0]:.3f} / {told[1][0]:.3f} "
        f"(x {before:.3f}), verification AUC {told[0][1]:.4f} / {told[1][1]:.4f}"
    )


def _leakage(phi: np.ndarray) -> float:
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import balanced_accuracy_score

    from core.attack.views import see

    y = synthetic().table["expression"].to_numpy(dtype=str)
    learn, judge = split().attacker, split().test
    own, other = see("unit shrunk", phi[learn], phi[judge])
    model = LogisticRegression(max_iter=1000).fit(own, y[learn])
    return float(balanced_accuracy_score(y[judge], model.predict(other)))


def _verified(phi: np.ndarray) -> float:
    from sklearn.metrics import roc_auc_score

    rows = split().test
    units = phi[rows] / np.linalg.norm(phi[rows], axis=1, keepdims=True)
    i, j = np.triu_indices(len(rows), 1)
    people = synthetic().subjects[rows]
    return float(roc_auc_score(people[i] == people[j], (units @ units.T)[i, j]))

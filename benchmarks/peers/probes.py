"""The probe suite of an audit over the same folds, against one fit after another.

Ours is what an audit does of one label on x: `core.study.attacking` asks logistic, svm, rf and nn
of five folds, each with its view, thresholds and epochs chosen on inner folds by person. The peer
standardises unit vectors and fits scikit-learn's models and the papers' network in PyTorch; it
chooses nothing. It stops after the papers' 150 epochs, or early. Another makes the choices that
ours makes, and stops where ours stops: `benchmarks.peers.chosen`.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.peers import chosen, dense
from benchmarks.peers.inputs import labelled, splits, synthetic
from benchmarks.sidebyside import Asked, Case, Missing, Side
from core.attack.attack import Problem, attack, choose_view
from core.attack.views import see
from core.measure.intervals import Predictions, difference, interval
from core.measure.leakage import Cell
from core.split import Split

SUITE = ("logistic", "svm", "rf", "nn")
Said = dict[str, Predictions]


def cases(asked: Asked) -> list[Case | Missing]:
    """Six classes on five folds, and two classes where there is time."""
    found: list[Case | Missing] = []
    for label in ("expression",) if asked.quick else ("expression", "gender"):
        k = labelled(label).k
        found.append(
            Case(
                f"probe suite, {label} ({k} classes), 1,380 × 256 synthetic, 5 folds",
                Side("ours", partial(ours, label, asked), partial(ours, label, asked, 1)),
                [
                    Side(
                        f"scikit-learn + PyTorch, {rule}",
                        partial(plain, label, asked, early),
                        partial(plain, label, asked, early, 1),
                    )
                    for rule, early in (("150 epochs", False), (dense.EARLY, True))
                ]
                + [
                    Side(
                        "scikit-learn + PyTorch, ours' choices and stopping rule",
                        partial(alike, label, asked),
                        partial(alike, label, asked, 1),
                    )
                ],
                partial(agreement, k),
                target=8,
                most=3,
                inputs=partial(splits, label),
            )
        )
    return found


def ours(label: str, asked: Asked, folds: int | None = None) -> Said:
    """What the product's attackers say of every test part, from an empty store."""
    from core.engine import make_engine
    from core.progress import Progress
    from core.store import Store
    from core.study.attacking import Attacks
    from core.study.representation import Representation

    x, wanted = synthetic(), labelled(label)
    with tempfile.TemporaryDirectory() as folder, make_engine("local", asked.cores) as engine:
        attacks = Attacks(
            Representation(x), splits(label)[:folds], 0, asked.device, Store(Path(folder)),
            Progress(), engine,
        )  # fmt: skip
        cell = Cell("x", wanted, len(set(x.subjects)))
        return dict(attacks.each_said(cell, SUITE, control=False))


def plain(label: str, asked: Asked, early: bool, folds: int | None = None) -> Said:
    """One fit after another, with the libraries' own defaults and threads."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.svm import SVC

    x, wanted = synthetic(), labelled(label)
    y = np.full(len(x), -1)
    y[wanted.rows] = wanted.y
    told: dict[str, list[np.ndarray]] = {name: [] for name in SUITE}
    used = splits(label)[:folds]
    for split in used:
        own, other = see("unit standard", x.x[split.attacker], x.x[split.test])
        models = {
            "logistic": LogisticRegression(max_iter=1000),
            "svm": SVC(),
            "rf": RandomForestClassifier(n_jobs=-1, random_state=0),
        }
        for name, model in models.items():
            told[name].append(model.fit(own, y[split.attacker]).predict(other))
        epochs = dense.PAPERS_EPOCHS if folds is None else 1
        network = dense.fitted(
            own, y[split.attacker], wanted.k, seed=0, device=asked.device, early=early,
            epochs=epochs,
        )  # fmt: skip
        told["nn"].append(dense.scores(network, other, asked.device).argmax(axis=1))
    return {name: _pooled(used, y, parts) for name, parts in told.items()}


def alike(label: str, asked: Asked, folds: int | None = None) -> Said:
    """One fit after another, with all that ours chooses on inner folds."""
    x, wanted = synthetic(), labelled(label)
    y = np.full(len(x), -1)
    y[wanted.rows] = wanted.y
    used = splits(label)[:folds]
    told: dict[str, list[np.ndarray]] = {name: [] for name in SUITE}
    for split in used:
        own = split.attacker
        asked_of = Problem(
            x.x[own], y[own], x.subjects[own], x.x[split.test], wanted.k, split.seed, ""
        )
        asked_of = replace(asked_of, view=choose_view(asked_of))
        for name, who in chosen.attackers().items():
            told[name].append(attack([asked_of], who, device=asked.device)[0].predicted)
    return {name: _pooled(used, y, parts) for name, parts in told.items()}


def _pooled(used: list[Split], y: np.ndarray, parts: list[np.ndarray]) -> Predictions:
    rows = np.concatenate([split.test for split in used])
    fold = np.repeat([split.fold for split in used], [len(split.test) for split in used])
    people = synthetic().subjects[rows].astype(str)
    none = np.zeros(len(rows), dtype=np.int64)
    return Predictions(y[rows], np.concatenate(parts), None, people, rows, none, fold)


def agreement(k: int, one: Said, other: Said) -> str:
    """Balanced accuracy by attacker, and whether the paired difference is told from nothing."""
    told, apart = [], []
    for name in SUITE:
        values = [interval(said[name], "balanced_accuracy", k=k).value for said in (one, other)]
        gap = difference(one[name], other[name], "balanced_accuracy", k=k)
        told.append(f"{name} {values[0]:.3f} / {values[1]:.3f}")
        if gap.low is not None and gap.high is not None and not gap.low <= 0 <= gap.high:
            apart.append(f"{name} ({100 * (gap.value or 0):+.1f} points)")
    said = f"told apart (95 %, people): {', '.join(apart)}" if apart else "none is told apart"
    return f"same folds; balanced accuracy {', '.join(told)}; {said}"

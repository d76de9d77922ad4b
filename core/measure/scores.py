"""Scores of a classifier: accuracy, balanced accuracy and AUC.

A class that is absent from `truth` has neither a recall nor a ROC curve: it is left out of the
mean, so that a test part without it is neither punished nor rewarded.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.metrics import accuracy_score, recall_score, roc_auc_score


def accuracy(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Share of rows (n,) whose class is predicted, 0 to 1."""
    return float(accuracy_score(truth, predicted))


def balanced_accuracy(
    truth: np.ndarray, predicted: np.ndarray, classes: Sequence[int] | np.ndarray
) -> float:
    """Mean recall over those of `classes` that `truth` (n,) shows, 0 to 1; NaN if it shows none."""
    present = np.intersect1d(np.asarray(classes), truth)
    if not len(present):
        return float("nan")
    return float(recall_score(truth, predicted, labels=present, average="macro", zero_division=0))


def auc_macro(truth: np.ndarray, scores: np.ndarray) -> float:
    """Area under the ROC curve, each class against the rest, mean over classes, 0 to 1.

    `truth` int (n,) indexes the columns of `scores` (n, k); ties count one half. Classes that no
    row shows, or that every row shows, are left out; NaN where that leaves none.
    """
    own = [truth == column for column in range(scores.shape[1])]
    areas = [
        roc_auc_score(mask, scores[:, column])
        for column, mask in enumerate(own)
        if 0 < mask.sum() < len(mask)
    ]
    return float(np.mean(areas)) if areas else float("nan")

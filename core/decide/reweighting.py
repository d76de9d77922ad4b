"""Reweighting, the plainest cure for a biased training set (Kamiran and Calders 2012, section 4.3).

Each row weighs P(group) · P(target) / P(group, target): in the weighted set, group and target are
independent. The classifier sees the vectors as they are; the protected label is needed for
training, and not for deciding.
"""

from __future__ import annotations

import numpy as np


def weights(y: np.ndarray, group: np.ndarray) -> np.ndarray:
    """The weight of each row, float32 (m,), of targets `y` (m,) and groups (m,); their mean is 1
    where every combination is there."""
    _, target = np.unique(y, return_inverse=True)
    _, code = np.unique(group, return_inverse=True)
    joint = np.zeros((target.max(initial=0) + 1, code.max(initial=0) + 1))
    np.add.at(joint, (target, code), 1)
    expected = np.outer(joint.sum(axis=1), joint.sum(axis=0)) / max(len(y), 1)
    return (expected[target, code] / joint[target, code]).astype(np.float32)

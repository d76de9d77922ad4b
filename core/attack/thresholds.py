"""Offsets that make a probe predict each class as often as it occurs.

METHODS, "Protocol" 5: under a shift of people, machines and forests predict one class for most
rows although their ranking is good. The offsets are found on held-out people of the attacker's
own part, never on the test part.
"""

from __future__ import annotations

import numpy as np

_STEPS = 200


def offsets(scores: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Offsets (k,) to add to `scores` (n, k) so that argmax meets the class shares of `truth` (n,).

    This is the dual of assigning rows to classes of given sizes; a subgradient step of shrinking
    length finds it. The best of all steps is kept, zero offsets included.
    """
    k = scores.shape[1]
    target = np.bincount(truth, minlength=k) / len(truth)
    spread = float(np.std(scores)) or 1.0
    now = np.zeros(k)
    best, best_gap = now, np.inf
    for step in range(_STEPS):
        share = np.bincount(np.argmax(scores + now, axis=1), minlength=k) / len(truth)
        gap = float(np.abs(share - target).sum())
        if gap < best_gap:
            best, best_gap = now, gap
        if gap <= k / len(truth):
            break
        now = now + spread * (target - share) * 2 / (1 + step / 20)
    return best - best.mean()

"""What changed between two audits: a difference of figures that were not measured together."""

from __future__ import annotations

import numpy as np
from scipy import stats

from core.measure.intervals import Difference, Interval


def apart(a: Interval, b: Interval, *, level: float = 0.95) -> Difference:
    """b − a of two figures from their own intervals alone, as if of people drawn independently.

    The limits are those of Zou and Donner (2008, the method of variance estimates recovery): the
    squares of the two half-widths that matter are added,
    `low = (b − a) − √((b − low_b)² + (high_a − a)²)`, the upper limit likewise, so that lopsided
    intervals stay lopsided. p is that of Student's t with the fewer people's degrees of freedom,
    scaled so that it is 1 − `level` where a limit touches 0. Limits of shares stay within −1 and 1
    by themselves. For the same people in both, whose errors mostly agree, the interval is as a
    rule too wide. All None where either figure has no interval.
    """
    if None in (a.value, a.low, a.high, b.value, b.low, b.high):
        return Difference(None, None, None, None)
    assert a.value is not None
    assert a.low is not None
    assert a.high is not None
    assert b.value is not None
    assert b.low is not None
    assert b.high is not None
    value = b.value - a.value
    down = float(np.hypot(b.value - b.low, a.high - a.value))
    up = float(np.hypot(b.high - b.value, a.value - a.low))
    return Difference(
        value, value - down, value + up, _p(value, down if value > 0 else up, a, b, level)
    )


def _p(value: float, reach: float, a: Interval, b: Interval, level: float) -> float | None:
    """Two-sided p of a difference whose interval reaches so far towards 0."""
    if value == 0:
        return 1.0
    if reach == 0:
        return None
    freedom = max(min(a.people, b.people) - 1, 1)
    widths = abs(value) / reach * stats.t.ppf(1 - (1 - level) / 2, freedom)
    return float(2 * stats.t.sf(widths, freedom))

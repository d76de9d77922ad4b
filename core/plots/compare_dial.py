"""The settings of a dial: rows of `frontier.csv` as records, and what is said of the one chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from core.plots.compare import Span, Tables, rows_of, span_of, verified
from core.plots.tokens import full
from core.sentence import points


@dataclass(frozen=True)
class Setting:
    """One method at one setting of its dial: `leakage` of the strongest attacker and
    `verification` are fractions, `lost` is points of verification lost on x."""

    suppressor: str
    dial: float
    leakage: Span
    verification: Span
    lost: float | None

    @property
    def placed(self) -> bool:
        """Whether it has both figures."""
        return self.leakage.value is not None and self.lost is not None


def settings(frontier: pd.DataFrame | None, tables: Tables) -> dict[str, list[Setting]]:
    """The settings of each method along its dial, those without figures among them."""
    x = verified(tables.verification, "x").value
    found: dict[str, list[Setting]] = {}
    for row in rows_of(frontier):
        verification = span_of(row, _keys("verification"))
        known = x is not None and verification.value is not None
        found.setdefault(str(row["suppressor"]), []).append(
            Setting(
                str(row["suppressor"]),
                float(row["dial"]),
                span_of(row, _keys("leakage")),
                verification,
                100 * (x - verification.value) if known else None,  # type: ignore[operator]
            )
        )
    return {name: sorted(rows, key=lambda one: one.dial) for name, rows in found.items()}


def _keys(name: str) -> tuple[str, str, str]:
    return (name, f"{name}_low", f"{name}_high")


def said(one: Setting, attribute: str, audit: Mapping[str, Any] | None) -> str:
    """The setting in one sentence, made from its status."""
    head, status = f"{full(one.suppressor)} at {one.dial:g}", one.leakage.status
    if one.leakage.value is None:
        told = (audit or {}).get("facts", {}).get("frontier") or {}
        why = told.get(f"{one.suppressor}@{one.dial:g}") or status or "not measured"
        return f"{head}: no figure ({why})."
    read = f"attackers read {attribute} at {_interval(one.leakage, 1, 2)}"
    if status == "anti-learning":
        read += ", below chance, an alarm and not privacy"
    elif status == "few people":
        read += ", on few people"
    if one.lost is None:
        return f"{head}: {read}; what it verifies is not known."
    verified_at = _interval(one.verification, 100, 1, " %")
    return f"{head}: {read}; it verifies {verified_at}, {points(one.lost)} points lost on x."


def _interval(span: Span, scale: float, digits: int, unit: str = "") -> str:
    assert span.value is not None, "only what has a figure is said"
    told = f"{scale * span.value:.{digits}f}{unit}"
    if span.low is None or span.high is None:
        return told
    return f"{told} ({scale * span.low:.{digits}f} to {scale * span.high:.{digits}f})"

"""The four figures between hairlines below the headline of a finished audit."""

from __future__ import annotations

from typing import Any

import pandas as pd

from app import jobs, look
from app.jobs import View
from app.look import Html
from core.plots.compare import dropped, verified
from core.plots.findings import lines
from core.plots.tokens import full

Card = tuple[str, object, object]
"""Name, value, note."""


def figures(view: View, audit: dict[str, Any]) -> list[Card]:
    """The strongest attacker, what is left after suppression, what is kept, what was checked."""
    leakage = jobs.frame(view, "leakage")
    headline = audit["headline"]
    found: list[Card] = [
        ("Strongest attacker", _figure(headline.get("value"), headline), _attacker(headline, audit))
    ]
    found += _suppressed(view, headline) or [
        _picture(leakage, str(headline["attribute"])),
        _verification(jobs.frame(view, "verification")),
    ]
    checks = audit.get("checks", [])
    passed = sum(bool(check["passed"]) for check in checks)
    missed = [check["name"] for check in checks if not check["passed"]]
    note = f"not passed: {', '.join(missed)}" if missed else "planted faults were looked for"
    found.append(("Checks passed", f"{passed} of {len(checks)}", note))
    return found


def _figure(value: float | None, row: dict[str, Any]) -> Html:
    if value is None:
        return look.muted(row.get("status", "not measured"))
    return look.join(look.number(value), " ", look.span(row.get("low"), row.get("high")))


def _attacker(headline: dict[str, Any], audit: dict[str, Any]) -> str:
    people = audit.get("parts", {}).get("attacker")
    learned = f", learned on {look.count(people, 'person', 'people')}" if people else ""
    return f"balanced accuracy, {headline.get('attacker') or 'none'}{learned}"


def _suppressed(view: View, headline: dict[str, Any]) -> list[Card]:
    """What is left after suppression, and the verification that is kept; nothing without any."""
    after = headline.get("after")
    if after is None:
        return []
    name = str(after["representation"])
    title = full(name) if name == after["kind"] else name
    verification = jobs.frame(view, "verification")
    kept, before = verified(verification, name), verified(verification, "x")
    told: tuple[object, object] = (look.muted("not measured"), "it needs several faces of a person")
    if kept.value is not None:
        value = look.join(f"{100 * kept.value:.1f} % ", look.span(kept.low, kept.high, 100, 1))
        was = "" if before.value is None else f"from {100 * before.value:.1f} %, "
        told = (value, f"{was}Euclidean distance")
    elif kept.status:
        told = (look.muted(kept.status), "Euclidean distance")
    left = (f"After {title}", _figure(after.get("value"), after), _left(view, headline, after))
    return [left, ("Verification kept", *told)]


def _left(view: View, headline: dict[str, Any], after: dict[str, Any]) -> str:
    """What the figure after suppression is worth: its status, the drop, and what noise gives."""
    said = [] if after["status"] == "ok" else [str(after["status"])]
    if after["status"] == "anti-learning":
        said = ["below chance: an alarm, not privacy"]
    leakage, attribute = jobs.frame(view, "leakage"), str(headline["attribute"])
    drop = dropped(leakage, str(after["representation"]), attribute).value
    if drop is None or after.get("value") is None:
        return "; ".join([*said, "no drop can be given"])
    said.append(f"drop {drop:.0f} %")
    noise = dropped(leakage, "random", attribute).value
    if noise is not None:
        said.append(f"the noise ceiling is {noise:.0f} %")
    return "; ".join(said)


def _picture(leakage: pd.DataFrame | None, attribute: str) -> Card:
    rows = [] if leakage is None else lines(leakage, attribute, "balanced_accuracy")
    best = next((o for o in rows if o.representation == "pixels" and o.strongest), None)
    if best is None or best.value is None:
        return (
            "In the picture itself",
            look.muted("not measured"),
            "vectors came without pictures",
        )
    value = look.join(look.number(best.value), " ", look.span(best.low, best.high))
    return ("In the picture itself", value, "the same label, from 16 × 16 grey pixels")


def _verification(table: pd.DataFrame | None) -> Card:
    if table is not None:
        rows = table[(table["representation"] == "x") & (table["metric"] == "accuracy")]
        rows = rows[rows["value"].notna()]
        if not rows.empty:
            row = rows.sort_values("value").iloc[-1]
            value = look.join(f"{100 * row['value']:.1f} % ", _percents(row["low"], row["high"]))
            pairs = int(row["pairs"])
            return (
                "Verification",
                value,
                f"{row['distance']}, {look.count(pairs, 'pair', 'pairs')}",
            )
    return ("Verification", look.muted("not measured"), "it needs several faces of a person")


def _percents(low: float, high: float) -> Html:
    return look.span(low, high, 100, 1) if pd.notna(low) and pd.notna(high) else Html("")

"""The one sentence of an audit: made from the headline's status, never from its hope.

Everything that shows it takes its words from here: `audit.json`, the pages and the report.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def sentence(headline: Mapping[str, Any]) -> str:
    """The finding in words.

    `value`, `low`, `high` and `chance` are fractions or None; `dimensions` may be missing while a
    run has not said it yet, `synthetic` where faces are photographs.
    """
    if headline["attribute"] is None:
        return "No label was attacked: this set has none that could be measured."
    label = str(headline["attribute"]).replace("_", " ")
    dimensions = headline.get("dimensions")
    numbers = "From these vectors" if dimensions is None else f"From these {dimensions} numbers"
    people = "drawn stranger" if headline.get("synthetic") else "stranger"
    status, value = headline["status"], headline.get("value")
    if status == "probe failed":
        return f"{numbers} nothing can be said about {label}: every probe failed its own test."
    if status == "not enough data" or value is None:
        return f"{numbers} nothing can be said about {label}: there is not enough data."
    right = f"{_hundred(value)} times in 100{_span(headline)}"
    guess = f"guessing gives {_hundred(headline.get('chance'))}"
    if status == "nothing found":
        return (
            f"{numbers} no attacker told the {label} of a {people} better than chance: right "
            f"{right}; {guess}."
        )
    if status == "anti-learning":
        return (
            f"{numbers} an attacker told the {label} of a {people} right only {right}, below "
            f"chance: that is an alarm, not privacy; {guess}."
        )
    return f"{numbers} an attacker tells the {label} of a {people} right {right}; {guess}."


def _span(headline: Mapping[str, Any]) -> str:
    low, high = headline.get("low"), headline.get("high")
    return "" if low is None or high is None else f" ({_hundred(low)} to {_hundred(high)})"


def _hundred(share: float | None) -> str:
    return "an unknown share" if share is None else f"{100 * share:.0f}"

"""The sentences of an audit: made from the headline's statuses, never from its hope.

Everything that shows them takes its words from here: `audit.json`, the pages and the report.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

CLAIM = "A careless audit, whose attackers have seen the people they are tested on, claims: "
"""What stands before the figures of a careless audit, which are never a finding."""

FAILED = "every probe failed its own test"
TOO_LITTLE = "there is not enough data"
BLIND = "than shuffled labels"
"""What an attacker that found nothing does not beat; its interval may still exclude guessing."""
BROUGHT = ("given", "saved")
"""Kinds of suppressors that were fitted elsewhere."""


@dataclass(frozen=True)
class Piece:
    """A part of the sentence. `role` says what it is: a figure ("before", "guess", "after",
    "cost"), the interval of the figure in front of it ("span"), or words ("")."""

    text: str
    role: str = ""


def sentence(headline: Mapping[str, Any]) -> str:
    """The finding in words.

    `value`, `low`, `high` and `chance` are fractions or None; `dimensions` may be missing while a
    run has not said it yet, `synthetic` where faces are photographs, and `after` where nothing was
    suppressed. The words of a careless audit begin with those that take them back.
    """
    return "".join(f" ({one.text})" if one.role == "span" else one.text for one in pieces(headline))


def pieces(headline: Mapping[str, Any]) -> list[Piece]:
    """The same sentence in parts, so that a page can set figures and intervals apart."""
    careless = bool(headline.get("careless"))
    found = [Piece(CLAIM)] if careless else []
    found += _before(headline)
    after = headline.get("after")
    if headline["attribute"] is not None and after is not None:
        found.append(Piece(" It claims, too: after" if careless else " After"))
        found += _after(headline, after)
    return found


def clears(row: Mapping[str, Any]) -> bool:
    """Whether the interval lies above the null and the status lets the figure stand."""
    low, null = row.get("low"), row.get("null")
    sound = row["status"] in ("ok", "few people")
    return sound and low is not None and null is not None and low > null


def _before(headline: Mapping[str, Any]) -> Iterator[Piece]:
    if headline["attribute"] is None:
        yield Piece("No label was attacked: this set has none that could be measured.")
        return
    label = str(headline["attribute"]).replace("_", " ")
    dimensions = headline.get("dimensions")
    numbers = "From these vectors" if dimensions is None else _numbers(dimensions)
    people = "drawn stranger" if headline.get("synthetic") else "stranger"
    status, value = headline["status"], headline.get("value")
    if status == "probe failed":
        yield Piece(
            f"{numbers} nothing can be said about {label}: every probe failed its own test."
        )
        return
    if status == "not enough data" or value is None:
        yield Piece(f"{numbers} nothing can be said about {label}: {TOO_LITTLE}.")
        return
    if status == "nothing found" and headline.get("beyond"):
        told = f"the strongest attacker told the {label} of a {people} no better {BLIND}: right "
    elif status == "nothing found":
        told = f"no attacker told the {label} of a {people} better {BLIND}: right "
    elif status == "anti-learning":
        told = f"an attacker told the {label} of a {people} right only "
    else:
        told = f"an attacker tells the {label} of a {people} right "
    yield Piece(f"{numbers} {told}")
    yield Piece(f"{_hundred(value)} times in 100", "before")
    yield from _span(headline)
    alarm = ", below chance: that is an alarm, not privacy" if status == "anti-learning" else ""
    yield Piece(f"{alarm}; guessing gives ")
    yield Piece(_hundred(headline.get("chance")), "guess")
    yield Piece(f"{_others(headline)}.")


def _after(headline: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Piece]:
    """What follows the word "After": what is left, and what it costs."""
    name, status, value = after["representation"], after["status"], after.get("value")
    if status in ("probe failed", "not enough data") or value is None:
        why = FAILED if status == "probe failed" else TOO_LITTLE
        yield Piece(f" suppression by {name} nothing can be said: {why}.")
        return
    times = Piece(f"{_hundred(value)} times in 100", "after")
    if status == "anti-learning":
        yield Piece(f" suppression by {name} an attacker was right only ")
        yield from (times, *_span(after))
        yield Piece(", below chance: that is an alarm, not privacy.")
        return
    if not clears(headline):
        yield Piece(f" suppression by {name} an attacker was right ")
        yield from (times, *_span(after))
        yield Piece(
            ", and that is a leak; no drop is claimed, since nothing sure was found before it."
            if clears(after)
            else ", and no drop is claimed: before it, too, nothing sure was found."
        )
        return
    if clears(after):
        yield Piece(" suppression: ")
        yield Piece(_hundred(value), "after")
        yield from _span(after)
    elif status == "few people":
        yield Piece(f" suppression by {name} there are too few people to tell: right ")
        yield from (times, *_span(after))
    else:
        whoever = ("the strongest", "no") if after.get("beyond") else ("no", "")
        told = " ".join(f"{whoever[0]} attacker told it {whoever[1]}".split())
        yield Piece(f" suppression by {name} {told} better {BLIND}: right ")
        yield from (times, *_span(after))
    yield from _cost(after)
    least = after.get("detectable")
    if status == "nothing found" and least is not None:
        yield Piece(f"; one right {_hundred(least)} times in 100 would have been seen")
    if after.get("kind") in BROUGHT:
        yield Piece("; whom it was fitted on cannot be checked here")
    yield Piece(f"{_others(after)}.")


def _numbers(dimensions: int) -> str:
    return "From this number" if dimensions == 1 else f"From these {dimensions} numbers"


def _others(row: Mapping[str, Any]) -> str:
    """Where the strongest found nothing: who, judged alone, found something all the same."""
    names = row.get("beyond") or ()
    if row["status"] != "nothing found" or not names:
        return ""
    return f"; {' and '.join(names)}, not chosen as the strongest, cleared {_own(names)} null"


def _own(names: Sequence[str]) -> str:
    return "its own" if len(names) == 1 else "their own"


def _cost(after: Mapping[str, Any]) -> Iterator[Piece]:
    cost, low, high = (after.get(key) for key in ("cost", "cost_low", "cost_high"))
    if cost is None:
        yield Piece("; what that costs in verification is not known")
        return
    yield Piece(", at a verification cost of ")
    yield Piece(
        f"{points(cost)} {'point' if points(cost) in ('1.0', '−1.0') else 'points'}", "cost"
    )
    if low is not None and high is not None:
        yield Piece(f"{points(low)} to {points(high)}", "span")


def points(value: float) -> str:
    """Points with one digit, "1.2", "−0.3"; what rounds to nothing has no sign."""
    said = f"{value:.1f}"
    return "0.0" if said == "-0.0" else said.replace("-", "−")


def _span(row: Mapping[str, Any]) -> Iterator[Piece]:
    low, high = row.get("low"), row.get("high")
    if low is not None and high is not None:
        yield Piece(f"{_hundred(low)} to {_hundred(high)}", "span")


def _hundred(share: float | None) -> str:
    return "an unknown share" if share is None else f"{100 * share:.0f}"

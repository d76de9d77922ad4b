"""What a comparison says, in sentences made from statuses: nothing is ever called private."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.plots.compare import Card, Gap
from core.plots.compare_inside import Confusion
from core.plots.findings import Line
from core.plots.tokens import short


def summary(card: Card) -> str:
    """What is left of the label in this representation, in one sentence made from its status."""
    one, label = card.after, card.attribute
    if one is None:
        return f"The strongest attack on {label} has not arrived yet."
    if one.status == "probe failed":
        return f"No figure for {label}: the probes missed a code planted for them."
    if one.status == "not enough data" or one.value is None:
        return f"Not enough data to say what is left of {label}."
    beside = f"{interval(one)}{_before(card)}"
    if one.status == "anti-learning":
        return f"Attackers read {label} below chance, an alarm and not privacy: {beside}."
    if one.status == "nothing found":
        seen = "" if one.detectable is None else f"; {one.detectable:.2f} would have been seen"
        return f"Nothing found: {label} is read no better than permuted labels, {beside}{seen}."
    if one.leaks:
        still = "Still gives" if card.before is not None and card.name != "x" else "Gives"
        few = ", on few people" if one.status == "few people" else ""
        return f"{still} {label} away{few}: {beside}."
    if one.status == "few people":
        return f"Too few people to tell whether it gives {label} away: {beside}."
    if one.null is None:
        return f"Attackers read {label} at {beside}; there is no null yet."
    return f"Attackers read {label} no better than permuted labels do: {beside}."


def interval(line: Line) -> str:
    """A figure with its interval, "0.41 (0.37 to 0.45)"; the figure must be there."""
    span = "" if line.low is None else f" ({line.low:.2f} to {line.high:.2f})"
    return f"{line.value:.2f}{span}"


def _before(card: Card) -> str:
    x = card.before
    if x is None or card.name == "x":
        guess = None if card.after is None else card.after.chance
        return "" if guess is None else f", where guessing gives {guess:.2f}"
    return f"; in x {x.status if x.value is None else interval(x)}"


def gap_title(found: Sequence[Gap], shown: Sequence[Card]) -> str:
    """The finding of the paired differences; for more than two, what they are."""
    if len(shown) != 2:
        return f"Every two of these {len(shown)}, compared on the same people"
    first, last = found[0], found[-1]
    return f"{_leaks(first, shown)}{_verifies(last)}"


def _leaks(gap: Gap, shown: Sequence[Card]) -> str:
    value, a, b = gap.points.value, short(gap.a), short(gap.b)
    if value is None:
        why = [f"{card.label}: {card.words[0]}" for card in shown if card.words in _UNSAID]
        reason = f" ({'; '.join(why)})" if why else ""
        return f"No paired difference of {a} and {b} on {gap.label}{reason}"
    below = " and ".join(card.label for card in shown if "anti-learning" in card.words)
    alarm = f", but {below} is below chance, an alarm" if below else ""
    if not gap.told:
        return f"{a} and {b}: no difference on {gap.label} can be told{alarm}"
    more = "better" if value > 0 else "worse"
    said = f"Attackers read {gap.label} {_points(value)} {more} from {a} than from {b}"
    return f"{said}{alarm}"


_UNSAID = (("probe failed",), ("not enough data",))


def _verifies(gap: Gap) -> str:
    value = gap.points.value
    if value is None:
        return ""
    if not gap.told:
        return "; verification does not tell them apart"
    return f"; {short(gap.a)} verifies {_points(value)} {'better' if value > 0 else 'worse'}"


def _points(value: float) -> str:
    size = f"{abs(value):.0f}" if abs(value) >= 1 else f"{abs(value):.1f}"
    return f"{size} point" if size == "1" else f"{size} points"


def p_text(p: float | None) -> str:
    """Holm's p as it is printed: "p 0.03", "p < 0.001"; empty where there is none."""
    if p is None:
        return ""
    return "p < 0.001" if p < 0.001 else f"p {p:.2g}" if p < 0.1 else f"p {p:.2f}"


def fitted(audit: Mapping[str, Any] | None, name: str) -> str:
    """What the first fit of suppressor `name` found out about itself; nothing without one."""
    told = ((audit or {}).get("facts", {}).get("suppressors") or {}).get(name)
    if not told or isinstance(told, str):
        return ""
    listed = "; ".join(f"{_fact(key)} {_fact(value)}" for key, value in told[0].items())
    return f"First of {len(told)} fits: {listed}." if listed else ""


def left_out(audit: Mapping[str, Any] | None) -> list[str]:
    """Sentences about the suppressors that could not be fitted."""
    told = (audit or {}).get("facts", {}).get("suppressors") or {}
    return [one for one in told.values() if isinstance(one, str)]


def _fact(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_fact(one)}" for key, one in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_fact(one) for one in value)
    return f"{value:.2f}" if isinstance(value, float) else str(value).replace("_", " ")


def best_told(card: Card, matrix: Confusion | None) -> str:
    """What a confusion matrix says, or why there is none."""
    if card.after is not None and card.after.value is None:
        return f"{card.after.status}: no matrix"
    if card.after is None or matrix is None or matrix.best is None:
        return "no matrix"
    name, share = matrix.best
    return f"{', '.join(card.words)}; told best: {name}, {100 * share:.0f} in 100"

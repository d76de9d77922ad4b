"""What training on one group does to a detector, in sentences made from figures and statuses."""

from __future__ import annotations

from collections.abc import Sequence

from core.plots.action_units_page import CROSS, FIGURES, MACRO, MISSING, Detected
from core.plots.compare import Span
from core.plots.fairness import clear
from core.plots.fairness_said import points


def called(train: str, tests: Sequence[str]) -> str:
    """A training set in a sentence."""
    if train in tests:
        return f"people labelled {train}"
    every = {"mixed": "people of every group", "mixed, everyone": "all people there are, mixed"}
    return every.get(train, f"a set of {train}")


def headline(found: Detected, metric: str = MACRO) -> str:
    """What the most one-sided training set does to the others, with intervals where there are."""
    worst = _worst(found, metric)
    if worst is None:
        return f"How the detector reads each group: {_why(found, metric)}"
    train, own, other = worst
    a, b = found.f1(train, other, None, metric), found.f1(train, own, None, metric)
    gap = found.gap(train, own, other)
    if metric != MACRO or gap.value is None:  # the table has gaps of the macro mean alone
        gap = Span(100 * ((b.value or 0) - (a.value or 0)))
    return (
        f"Trained on {called(train, found.tests)}, the detector reads the units of people labelled "
        f"{other} with a {FIGURES[metric]} F1 of {between(a)}, of people labelled {own} with "
        f"{between(b)}: {_less(gap)}"
    )


def _less(gap: Span) -> str:
    """ "14 points less (9 to 19)"; said where zero is not excluded."""
    value = gap.value or 0.0
    if value < 0:
        low, high = (None if one is None else -one for one in (gap.high, gap.low))
        gap = Span(-value, low, high, gap.status)
    told = f"{points(gap.value or 0.0)} {'less' if value >= 0 else 'more'}"
    if gap.low is None:
        return told
    limits = f"({gap.low:.0f} to {gap.high:.0f})".replace("-0 ", "0 ").replace("-", "−")
    return f"{told} {limits}" + ("" if clear(gap) else ", which may be chance")


def beside(found: Detected, metric: str = MACRO) -> list[str]:
    """The other training sets, a sentence each; then what is no better than chance."""
    worst = _worst(found, metric)
    said = []
    for train in found.trains:
        if worst is not None and train == worst[0]:
            continue
        spans = {test: found.f1(train, test, None, metric) for test in found.tests}
        known = [f"{between(span)} for {test}" for test, span in spans.items()
                 if span.value is not None]  # fmt: skip
        whose = called(train, found.tests)
        said.append(f"Trained on {whose}: {listed(known) or _why(found, metric)}.")
    for word, told in (("nothing found", "no better than permuted labels do"),
                       ("anti-learning", "below chance, an alarm and not a finding")):  # fmt: skip
        cells = [f"{test} by the set {train}" for train in found.trains for test in found.tests
                 if found.f1(train, test, None, metric).status == word]  # fmt: skip
        said += [f"Read {told}: {listed(cells)}."] if cells else []
    statuses = {found.f1(train, test, None, metric).status
                for train in found.trains for test in found.tests}  # fmt: skip
    return [*said, "Few people were tested."] if "few people" in statuses else said


def interacts(found: Detected) -> list[str]:
    """Whether a detector reads the group that it was trained on better, a sentence a pair."""
    said = []
    for pair, sets in found.pairs.items():
        span, whose = found.interaction(pair), ""
        if len(found.pairs) > 1:
            whose = f" of {pair.replace(CROSS, ' and ')}"
        if span.value is None:
            told = f"{span.status or MISSING.status}."
        elif sets == pair:
            told = _home(found, pair, span)
        else:
            told = _moved(found, pair, sets, span)
        said.append(f"Interaction{whose}: {told}" + few(span))
    return said


def _home(found: Detected, pair: str, span: Span) -> str:
    """Sets of one group each: does a detector read its own group better?"""
    if not found.told(pair):
        return (
            "no sign that detectors read the group that they were trained on better or worse; "
            f"{signed(span)} points in sum."
        )
    better = "better" if (span.value or 0) > 0 else "worse"
    return (
        f"detectors read the group that they were trained on {better} than the other, by "
        f"{size(span)} points in sum."
    )


def _moved(found: Detected, pair: str, sets: str, span: Span) -> str:
    """Any other two sets: does the first move the gap between the groups?"""
    a, b = pair.split(CROSS, 1)
    s, t = sets.split(CROSS, 1)
    if not found.told(pair):
        return (
            f"no sign that the set {s} moves the gap between {a} and {b} from where {t} has it; "
            f"{signed(span)} points."
        )
    gains = a if (span.value or 0) > 0 else b
    return f"the set {s}, instead of {t}, favours {gains} by {size(span)} points."


def few(span: Span) -> str:
    """What the status of a figure takes back."""
    return " Few people." if span.status == "few people" else ""


def units_said(found: Detected, pair: str) -> str:
    """Which units have an interaction of their own."""
    known = [one for one in found.units if found.interaction(pair, one).value is not None]
    if not known:
        return ""
    clears = [f"AU {one}" for one in known if found.told(pair, one)]
    whose = f"{listed(clears) or 'none'} {'has' if len(clears) < 2 else 'have'} an interaction"
    return f"Of {len(known)} units {whose} that can be told from none."


def listed(names: Sequence[str]) -> str:
    """ "a, b and c"."""
    return " and ".join(names) if len(names) < 3 else f"{', '.join(names[:-1])} and {names[-1]}"


def grid_alt(found: Detected, metric: str) -> str:
    """What a screen reader says of training sets against test groups."""
    told = (f"trained on {train}, tested on {test}: {between(found.f1(train, test, None, metric))}"
            for train in found.trains for test in found.tests)  # fmt: skip
    return f"F1 {FIGURES[metric]} by training set and test group. {'; '.join(told)}"


def units_alt(found: Detected, train: str) -> str:
    """What a screen reader says of the units of one training set."""
    told = (f"AU {unit}: " + ", ".join(f"{test} {between(found.f1(train, test, unit))}"
            for test in found.tests) for unit in found.units)  # fmt: skip
    return f"F1 of each unit, trained on {train}. {'; '.join(told)}"


def interactions_alt(found: Detected, pair: str) -> str:
    """What a screen reader says of the interactions of one pair of groups."""
    rows: Sequence[int | None] = (None, *found.units)
    told = (f"{'all units' if unit is None else f'AU {unit}'}: "
            f"{signed(found.interaction(pair, unit)) or found.finding(pair, unit)[0]}"
            for unit in rows)  # fmt: skip
    return f"Interaction of training and test group, {pair}, in points. {'; '.join(told)}"


def between(span: Span) -> str:
    """ "0.44 (0.40 to 0.48)", or why there is no figure."""
    if span.value is None:
        return span.status or "no figure"
    limits = f" ({span.low:.2f} to {span.high:.2f})" if span.low is not None else ""
    return f"{span.value:.2f}{limits}"


def signed(span: Span) -> str:
    """ "12.3 (6.0 to 18.1)" with a minus that is one; empty without a figure."""
    if span.value is None:
        return ""
    limits = f" ({span.low:.1f} to {span.high:.1f})" if span.low is not None else ""
    return f"{span.value:.1f}{limits}".replace("-0.0", "0.0").replace("-", "−")


def size(span: Span) -> str:
    """A signed figure without its sign: "12.3 (6.0 to 18.1)"."""
    if (span.value or 0) >= 0:
        return signed(span)
    low, high = (None if one is None else -one for one in (span.high, span.low))
    return signed(Span(-(span.value or 0), low, high, span.status))


def _worst(found: Detected, metric: str) -> tuple[str, str, str] | None:
    """Training set, the group it reads best of the two, and the other: where they are furthest
    apart; a set of one group is held against that group."""
    known = {
        (train, test): span.value for train in found.trains for test in found.tests
        if (span := found.f1(train, test, None, metric)).value is not None
    }  # fmt: skip
    gaps = [
        (known[train, own] - known[train, other], train, own, other)
        for train, own in known
        for other in found.tests
        if other != own and (train, other) in known and (train == own or train not in found.tests)
    ]
    skewed = [one for one in gaps if one[1] == one[2]] or gaps
    if not skewed:
        return None
    return max(skewed, key=lambda one: one[0])[1:]


def _why(found: Detected, metric: str) -> str:
    statuses = {found.f1(train, test, None, metric).status
                for train in found.trains for test in found.tests}  # fmt: skip
    return next((one for one in sorted(statuses) if one not in ("", "ok")), "not enough data")

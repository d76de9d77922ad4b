"""Tables of the Action units page."""

from __future__ import annotations

from collections.abc import Sequence

from app import look
from app.fairness_tables import cell
from app.look import Html
from core.action_units.emfacs import UNITS
from core.plots.action_units import Beside
from core.plots.action_units_page import ALL, FIGURES, MACRO, WEIGHTED, Detected, f1_key
from core.plots.action_units_said import signed
from core.plots.compare import Span
from core.plots.relevance_page import RANDOMISED, TRAINED, Looked


def grid(found: Detected) -> None:
    """F1 over all units, each training set on each test group."""
    columns = [("trained on", "")]
    columns += [(f"{FIGURES[one]} F1, tested on {test}", "n")
                for one in (MACRO, WEIGHTED) for test in found.tests]  # fmt: skip
    columns += [("test people", "n"), ("", "")]
    rows = []
    for train in found.trains:
        cells: list[object] = [look.bold(train)]
        cells += [cell(found.f1(train, test, None, metric))
                  for metric in (MACRO, WEIGHTED) for test in found.tests]  # fmt: skip
        people = [found.people.get(f1_key(train, test, None)) for test in found.tests]
        told = ", ".join(f"{one:,}" for one in people if one is not None)
        rows.append([*cells, look.muted(told), _statuses(found, train)])
    look.table(columns, [*rows, *_yes(found)])


def _statuses(found: Detected, train: str) -> Html:
    """What the statuses of a training set's figures take back."""
    told = dict.fromkeys(found.f1(train, test).status for test in found.tests)
    return look.badges(one for one in told if one not in ("", "ok", "not enough data"))


def _yes(found: Detected) -> list[list[object]]:
    """F1 of a detector that says yes to everything, below the others."""
    cells = [
        look.muted("" if value is None else f"{value:.2f}")
        for metric in (MACRO, WEIGHTED)
        for test in found.tests
        for value in [_chance(found, test, None, metric)]
    ]
    if not found.chance:
        return []
    return [[look.muted("yes to everything"), *cells, "", ""]]


def _chance(found: Detected, test: str, unit: int | None, metric: str = MACRO) -> float | None:
    """The same for every training set: it hangs on the test faces alone."""
    keys = (f1_key(train, test, unit, metric) for train in found.trains)
    return next((found.chance[key] for key in keys if key in found.chance), None)


def by_unit(found: Detected, train: str, pair: str) -> None:
    """Each unit: F1 on every test group, and the interaction."""
    columns = [("unit", ""), *((f"F1, tested on {test}", "n") for test in found.tests)]
    columns += [("yes to everything", "n wide")]
    columns += [("interaction (points)", "n"), ("finding", "")] if pair else []
    columns += [("test faces that show it", "n wide")]
    rows = []
    units: Sequence[int | None] = (None, *found.units)
    for unit in units:
        cells: list[object] = [look.bold("all\u00a0units") if unit is None else named(unit)]
        cells += [cell(found.f1(train, test, unit)) for test in found.tests]
        chance = [_chance(found, test, unit) for test in found.tests]
        cells.append(look.muted(", ".join(f"{one:.2f}" for one in chance if one is not None)))
        if pair:
            cells += [points(found.interaction(pair, unit)), look.badges(found.finding(pair, unit))]
        shown = [found.positives.get(f1_key(train, test, unit)) for test in found.tests]
        told = "" if unit is None else ", ".join(f"{one:,}" for one in shown if one is not None)
        cells.append(look.muted(told))
        rows.append(cells)
    look.table(columns, rows, ["best", *[""] * len(found.units)])


def named(unit: int) -> Html:
    """ "AU 12 lip corner puller"; the number alone on a phone."""
    known = UNITS.get(unit)
    name = "" if known is None else known.name.lower()
    return look.join(look.bold(f"AU\u00a0{unit}"), Html(f' <span class="m wide">{name}</span>'))


def relevance(found: Looked, unit: int, train: str) -> None:
    """Where a unit is looked for, in each group, by the trained network and by one drawn anew."""
    columns = [("tested on", ""), ("network", ""), ("share in region", "n"),
               ("share of area", "n"), ("ratio", "n"), ("maximum inside", "n"), ("faces", "n"),
               ("people", "n")]  # fmt: skip
    rows = []
    for group in (ALL, *found.groups):
        for model in (TRAINED, RANDOMISED):
            one = found.get(unit, train, group, model)
            if one.n == 0 and one.ratio.value is None and model == RANDOMISED:
                continue
            rows.append([
                look.bold(group) if model == TRAINED else "", model, cell(one.share),
                look.number(one.area), cell(one.ratio), cell(one.pointing),
                look.muted(f"{one.n:,}"), look.muted(f"{one.people:,}"),
            ])  # fmt: skip
    look.table(columns, rows)


def every_unit(found: Looked, train: str) -> None:
    """All units of one training set: ratio in each group, and of the network drawn anew."""
    columns = [("unit", ""), ("ratio, all", "n")]
    columns += [(f"ratio, {group}", "n") for group in found.groups]
    columns += [("randomised", "n"), ("maximum inside, all", "n")]
    rows = []
    for unit in found.units:
        own = [found.get(unit, train, group) for group in (ALL, *found.groups)]
        rows.append([
            named(unit), *(cell(one.ratio) for one in own),
            cell(found.get(unit, train, ALL, RANDOMISED).ratio), cell(own[0].pointing),
        ])  # fmt: skip
    look.table(columns, rows)


def points(span: Span) -> Html:
    """A signed figure in points with its interval."""
    if span.value is None:
        return look.muted("")
    value, *limits = signed(span).split(" ", 1)
    inside = limits[0].strip("()") if limits else ""
    return look.join(value, " ", Html(f'<span class="i">{inside}</span>' if inside else ""))


def papers(found: Sequence[Beside]) -> None:
    """The paper's cells, and ours of the same training set and group."""
    heads = ("paper, macro", "ours, macro", "paper, weighted", "ours, weighted")
    columns = [("trained on", ""), ("tested on", ""), *((head, "n") for head in heads)]
    columns += [("printed in", "wide")]
    rows = [
        [
            look.bold(one.train), one.test, f"{one.theirs:.2f}", cell(one.ours),
            f"{one.theirs_weighted:.2f}", cell(one.weighted),
            look.muted(one.source.rpartition(", ")[2]),
        ]
        for one in found
    ]  # fmt: skip
    look.table(columns, rows)

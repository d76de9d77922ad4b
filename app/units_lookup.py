"""Which units make which expression: EMFACS, with the thesis's own table beside it."""

from __future__ import annotations

from collections.abc import Sequence

from app import look, units_choices
from app.look import Html
from core.action_units.emfacs import (
    EMFACS_SOURCE,
    EXPRESSIONS,
    THESIS_SOURCE,
    UNITS,
    Expression,
    expressions_with,
)
from core.plots.action_units_said import listed


def show() -> None:
    """The lookup: a choice, what it is, and all expressions with the thesis's rows beside them."""
    look.heading(
        "Which units make which expression",
        "Names and muscles as FACS has them (Ekman, Friesen and Hager 2002), expressions as the "
        "literature has them.",
    )
    chosen = units_choices.looked_up()
    expression = next((one for one in EXPRESSIONS if one.name == chosen), None)
    units = expression.as_known if expression else (int(chosen.removeprefix("AU ")),)
    _units(units)
    _said(chosen, expression)
    look.gap("small")
    _expressions(units, chosen)


def _units(units: Sequence[int]) -> None:
    look.table(
        [("unit", ""), ("name", ""), ("muscle", "break")],
        [[look.bold(UNITS[one].short), UNITS[one].name, UNITS[one].muscle] for one in units],
    )


def _said(chosen: str, expression: Expression | None) -> None:
    if expression is None:
        names = expressions_with(int(chosen.removeprefix("AU ")))
        told = f"It belongs to {listed(names)}." if names else (
            "It belongs to none of the expressions below.")  # fmt: skip
        look.put(look.text(f"{chosen}. {told}"), "prose m small")
        return
    told = f"{expression.name.capitalize()}: {_plus(expression.as_known)}, after {EMFACS_SOURCE}. "
    if expression.printed is None:
        told += f"{THESIS_SOURCE}, has no such row."
    elif expression.exchanged:
        told += f"{THESIS_SOURCE}, has {_plus(expression.printed)}: {expression.note}."
    else:
        told += f"{THESIS_SOURCE}, has the same."
    look.put(look.text(told), "prose m small")


def _expressions(units: Sequence[int], chosen: str) -> None:
    """All of them; the chosen one, or those that the chosen unit belongs to, stand out."""
    rows, kinds = [], []
    for one in EXPRESSIONS:
        if not one.as_known:
            continue
        mark: object = Html("")
        if one.exchanged:
            mark = look.join(look.badge("exchanged"), " ", look.muted(one.note))
        printed = look.muted("no row") if one.printed is None else _plus(one.printed)
        rows.append([one.name, _plus(one.as_known), printed, mark])
        alone = len(units) == 1 and chosen.startswith("AU ") and units[0] in one.as_known
        kinds.append("best" if alone or one.name == chosen else "")
    look.table(
        [("expression", ""), (EMFACS_SOURCE, ""), (THESIS_SOURCE, ""), ("", "break")], rows, kinds
    )
    swapped = [one.name for one in EXPRESSIONS if one.exchanged]
    if swapped:
        look.put(
            look.text(
                f"The thesis’s rows of {listed(swapped)} are exchanged: a misprint. Nothing here "
                "is computed from them."
            ),
            "m small",
        )


def _plus(units: Sequence[int]) -> str:
    return " + ".join(str(one) for one in units)

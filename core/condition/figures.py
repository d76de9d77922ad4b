"""Which figures a condition may ask for, and where they stand in an audit's tables.

`TABLES` says, for each table, what NAME means, which columns the values in brackets name, and
what holds where nothing is written. A new table is one entry.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from core.condition.tree import Comparison, Figure, quoted
from core.errors import ConditionError

RELEASED = "released"
"""The word for the representation that the audit speaks of (`core.finished.released`)."""
BOUNDS = ("value", "low", "high")
_PLAIN = {"value": ("value", "low", "high")}
_ATTACKED = {"representation": RELEASED, "metric": "balanced_accuracy"}
_VERIFIED = ("accuracy", "auc", "eer", "tar@0.01", "tar@0.001", "tar@0.0001", "rank1", "cross",
             "cross_accepted", "cross_false", "cross_rank1", "cross_linked")  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """What can be asked of one table.

    `study` must be among the audit's studies. NAME is a value of the column `name`, or, where that
    is None, one of `names` alone, which `figures` then has as figures. `keys` are the columns that
    pick a row; the first `places` of them may be written without their name. `figures` gives the
    columns of a figure, its lower and its upper limit, by the word after `figure=`, the first
    unless one is named; those `in_per_cent` are 70 for 70 %. `swapped` are two columns that may be
    exchanged, which turns the sign; a key of `short` stands for several columns at once.
    """

    study: str
    name: str | None
    keys: tuple[str, ...]
    places: int
    names: tuple[str, ...] = ()
    defaults: Mapping[str, str] = field(default_factory=dict)
    by_name: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    figures: Mapping[str, tuple[str, str | None, str | None]] = field(
        default_factory=lambda: _PLAIN
    )
    in_per_cent: tuple[str, ...] = ()
    swapped: tuple[str, str] | None = None
    short: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


TABLES: dict[str, Asked] = {
    "leakage": Asked(
        "leakage", "attacker", ("attribute", "representation", "metric"), 1,
        defaults=_ATTACKED, in_per_cent=("dif",),
        figures={**_PLAIN, "dif": ("dif", "dif_low", "dif_high")},
    ),
    "pairs": Asked(
        "leakage", None, ("attribute", "representation", "class"), 1, names=("accuracy",),
        defaults={"representation": RELEASED}, figures={"accuracy": _PLAIN["value"]},
    ),
    "verification": Asked(
        "verification", "metric", ("representation", "distance"), 1, names=_VERIFIED,
        defaults={"representation": RELEASED, "distance": "euclidean"}, in_per_cent=("dif",),
        figures={**_PLAIN, "dif": ("dif", None, None)},
    ),
    "expression": Asked(
        "verification", None, ("expression_a", "expression_b", "representation", "far"), 2,
        names=("tar",), defaults={"representation": RELEASED},
        figures={"tar": ("tar", "low", "high")},
    ),
    "groups": Asked(
        "", "metric", ("label", "group", "representation", "attribute", "far"), 2,
        names=("leakage", "recall", "fmr", "fnmr"), defaults={"representation": RELEASED},
    ),
    "collapse": Asked(
        "", None, ("representation",), 1, names=("effective_rank", "mean_cosine", "mean_norm"),
        defaults={"representation": RELEASED},
        figures={
            one: (one, None, None) for one in ("effective_rank", "mean_cosine", "mean_norm")
        },
    ),
    "ablation": Asked(
        "ablation", "attacker", ("attribute", "order", "removed", "representation", "metric"), 1,
        defaults=_ATTACKED,
    ),
    "fairness": Asked(
        "fairness", "metric",
        ("group", "strength", "representation", "method", "classifier", "target", "protected"), 1,
        names=("tpr", "fpr", "gap", "odds", "shift", "accuracy", "balanced_accuracy",
               "calibration"),
        defaults={"representation": RELEASED, "method": "none"},
    ),
    "action_units": Asked(
        "action_units", "metric", ("au", "train_group", "test_group"), 3,
        names=("f1_macro", "f1_weighted", "f1", "gap", "interaction"),
    ),
    "relevance": Asked(
        "action_units", None, ("au", "train_group", "group", "model"), 3, names=("ratio",),
        defaults={"model": "trained"}, figures={"ratio": ("ratio", "low", "high")},
    ),
    "anonymity": Asked(
        "anonymity", None, ("network", "task", "attacker", "split"), 2, names=("accuracy",),
        defaults={"split": "originals"}, figures={"accuracy": ("accuracy", "low", "high")},
    ),
    "differences": Asked(
        "", "table", ("a", "b", "attribute", "metric"), 3,
        names=("leakage", "verification", "fairness", "anonymity"),
        by_name={
            "leakage": {"metric": "balanced_accuracy"}, "verification": {"metric": "accuracy"},
        },
        figures={"difference": ("difference", "low", "high"), "p_holm": ("p_holm", None, None)},
        swapped=("a", "b"),
    ),
}  # fmt: skip

_NO_REPRESENTATION = {"representation_a": "", "representation_b": ""}
CHANGES = Asked(
    "", "table",
    ("attribute", "representation_a", "representation_b", "metric", "attacker", "detail"), 1,
    defaults={"representation_a": RELEASED, "representation_b": RELEASED},
    names=("leakage", "verification", "pairs", "fairness", "action_units", "anonymity"),
    by_name={
        "leakage": {"metric": "balanced_accuracy", "attacker": "strongest"},
        "verification": {"metric": "accuracy", "detail": "distance=euclidean"},
        "action_units": _NO_REPRESENTATION, "anonymity": _NO_REPRESENTATION,
    },
    short={"representation": ("representation_a", "representation_b")},
    figures={"change": ("change", "low", "high"), "p_holm": ("p_holm", None, None)},
)  # fmt: skip
"""The same of the table that a comparison of two audits makes."""


@dataclass(frozen=True)
class Wanted:
    """A figure made explicit: the rows in which every column of `where` has its value, and the
    columns of the figure and its limits, of which `bound` is held against the number."""

    figure: Figure
    asked: Asked
    where: Mapping[str, str]
    kind: str
    bound: str
    allow_missing: bool

    @property
    def columns(self) -> tuple[str, str | None, str | None]:
        """The columns of value, low and high."""
        return self.asked.figures[self.kind]

    @property
    def column(self) -> str:
        """The column that is held against the number."""
        column = self.columns[BOUNDS.index(self.bound)]
        assert column is not None
        return column

    @property
    def in_per_cent(self) -> bool:
        """Whether the column has 70 for 70 %."""
        return self.kind in self.asked.in_per_cent

    def __str__(self) -> str:
        """As it could be written in full, with what holds unless told otherwise."""
        keys = [key for key in self.asked.keys if key in self.where]
        told = [f"{key}={quoted(self.where[key])}" for key in keys]
        more = [] if self.kind == next(iter(self.asked.figures)) else [f"figure={self.kind}"]
        more = [] if self.asked.name is None else more
        more += [] if self.bound == "value" else [f"bound={self.bound}"]
        return f"{self.figure.table}.{self.figure.name}({', '.join([*told, *more])})"


def wanted(figure: Figure, tables: Mapping[str, Asked] = TABLES) -> Wanted:
    """What `figure` asks for; raises `ConditionError` where no audit could have it."""
    if figure.table not in tables:
        raise unknown("table", figure.table, tables)
    asked = tables[figure.table]
    if asked.names and figure.name not in asked.names:
        raise unknown(f"figure of {figure.table}", figure.name, asked.names)
    given = _named(figure, asked)
    kind = given.pop("figure", figure.name if asked.name is None else next(iter(asked.figures)))
    if kind not in asked.figures:
        raise unknown(f"figure= of {figure.table}", kind, asked.figures)
    bound = given.pop("bound", "value")
    if bound not in BOUNDS:
        raise unknown("bound=", bound, BOUNDS)
    if asked.figures[kind][BOUNDS.index(bound)] is None:
        raise ConditionError(
            f"'{figure}' asks for bound={bound}, and {kind} of the table {figure.table} has no "
            "interval: leave bound out"
        )
    allow = given.pop("allow_missing", "false").lower()
    if allow not in ("true", "false"):
        raise unknown("allow_missing=", allow, ("true", "false"))
    where = {**asked.defaults, **asked.by_name.get(figure.name, {}), **given}
    if asked.name is not None:
        where[asked.name] = figure.name
    return Wanted(figure, asked, where, kind, bound, allow == "true")


def _named(figure: Figure, asked: Asked) -> dict[str, str]:
    """The arguments by column."""
    given: dict[str, str] = {}
    known = (*asked.keys, *asked.short, *(("figure",) if asked.name is not None else ()),
             "bound", "allow_missing")  # fmt: skip
    for place, (key, value) in enumerate(figure.arguments):
        if key is None:
            if place >= asked.places:
                names = ", ".join(asked.keys[: asked.places])
                raise ConditionError(
                    f"'{figure}' has {place + 1} values without a name, and the table "
                    f"{figure.table} takes {asked.places} ({names}): write name=value"
                )
            key = asked.keys[place]
        if key not in known:
            raise unknown(f"argument of {figure.table}", key, known)
        for column in asked.short.get(key, (key,)):
            if column in given:
                raise ConditionError(f"'{figure}' gives {column} twice: leave one out")
            given[column] = value
    return given


NO_SHARES = (("collapse", "effective_rank"), ("collapse", "mean_norm"), ("relevance", "ratio"))
"""Figures that may be any number; all others are shares, differences of shares, or per cent."""


def check_number(one: Comparison, asked: Wanted) -> None:
    """Raise `ConditionError` where the number is on another scale than the figure, so that the
    condition could never, or always, hold: 30 where 30 % or 0.30 was meant."""
    free = (asked.figure.table, asked.figure.name) in NO_SHARES
    if free and one.percent:
        raise ConditionError(
            f"'{one.figure}' is no share of anything, and {one.number:g} % is held against it: "
            "leave out the %"
        )
    if not free and not one.percent and not asked.in_per_cent and abs(one.number) > 1:
        raise ConditionError(
            f"'{one.figure}' lies between 0 and 1, and {one.number:g} is held against it: write "
            f"{one.number:g} % or {one.number / 100:g}"
        )


def unknown(what: str, word: str, known: Iterable[str]) -> ConditionError:
    """The error for a name that nobody knows, with the nearest known one."""
    names = [str(one) for one in known]
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.0)
    guess = f"the nearest known one is {near[0]}; " if near else ""
    listed = f"known are {', '.join(names)}" if names else "there is none at all"
    return ConditionError(f"there is no {what} '{word}': {guess}{listed}")

"""The one sentence of an audit and the list of what was checked, made from the tables alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from core.encode.embeddings import Embeddings
from core.measure.leakage import HEADLINE as METRIC
from core.measure.leakage import STRONGEST
from core.measure.targets import Target
from core.sentence import sentence
from core.split import Split, shares_nobody

FIRST = "blindfold"
"""The kind of suppressor that the headline speaks of where there is one."""


def headline(
    leakage: pd.DataFrame | None,
    targets: Sequence[Target],
    dimensions: int,
    *,
    synthetic: bool,
    careless: bool = False,
    verification: pd.DataFrame | None = None,
    differences: pd.DataFrame | None = None,
    suppressors: Sequence[tuple[str, str]] = (),
) -> dict[str, Any]:
    """The strongest attacker's figure on the first label, in x and after suppression; a status
    where there is none.

    `suppressors` are (name, kind) in the order of the settings. `after` speaks of the first that
    was fitted, one of the kind `blindfold` before all others: the rule looks at no result. The
    lowest of several test figures would be too low (it was chosen for being low), and is never
    taken. `careless` figures come with the words that take them back: they are never a headline.
    """
    attribute = targets[0].attribute if targets else None
    found: dict[str, Any] = {
        "attribute": attribute,
        "representation": "x",
        **_read(_strongest(leakage, "x", attribute)),
        "beyond": _beyond(leakage, "x", attribute),
        "dimensions": dimensions,
        "synthetic": synthetic,
        "careless": careless,
        "after": _after(leakage, attribute, suppressors, verification, differences),
    }
    return {**found, "sentence": sentence(found)}


def _strongest(
    leakage: pd.DataFrame | None, representation: str, attribute: str | None
) -> dict[str, Any]:
    """The row of the strongest attacker; empty where there is none."""
    if leakage is None or attribute is None:
        return {}
    own = leakage[
        (leakage["representation"] == representation)
        & (leakage["attribute"] == attribute)
        & (leakage["attacker"] == STRONGEST)
        & (leakage["metric"] == METRIC)
    ]
    return {} if own.empty else {str(name): own.iloc[0][name] for name in own.columns}


def _beyond(leakage: pd.DataFrame | None, representation: str, attribute: str | None) -> list[str]:
    """The attackers whose own interval clears their own null, chosen as the strongest or not: with
    any of them nobody may say that no attacker found anything."""
    if leakage is None or attribute is None:
        return []
    own = leakage[
        (leakage["representation"] == representation)
        & (leakage["attribute"] == attribute)
        & (leakage["metric"] == METRIC)
        & ~leakage["attacker"].isin(["majority", STRONGEST])
        & leakage["status"].isin(["ok", "few people"])
        & (leakage["low"].astype(float) > leakage["null"].astype(float))
    ]
    return [str(name) for name in own["attacker"]]


def _read(row: Mapping[str, Any]) -> dict[str, Any]:
    figures = ("value", "low", "high", "chance", "null", "detectable", "attacker_identities")
    return {
        "attacker": _plain(row.get("chosen")),
        "metric": METRIC,
        **{name: _plain(row.get(name)) for name in figures},
        "status": row.get("status", "not enough data"),
    }


def _after(
    leakage: pd.DataFrame | None,
    attribute: str | None,
    suppressors: Sequence[tuple[str, str]],
    verification: pd.DataFrame | None,
    differences: pd.DataFrame | None,
) -> dict[str, Any] | None:
    """The figures of the suppressor that the headline speaks of; None where none was fitted."""
    rows = {name: _strongest(leakage, name, attribute) for name, _ in suppressors}
    fitted = [(name, kind) for name, kind in suppressors if rows[name]]
    chosen = next((one for one in fitted if one[1] == FIRST), next(iter(fitted), None))
    if chosen is None:
        return None
    name, kind = chosen
    cost = _cost(name, verification, differences)
    beyond = _beyond(leakage, name, attribute)
    return {"representation": name, "kind": kind, **_read(rows[name]), "beyond": beyond, **cost}


def _cost(
    name: str, verification: pd.DataFrame | None, differences: pd.DataFrame | None
) -> dict[str, float | None]:
    """Points of verification accuracy that φ loses on x by Euclidean distance, as in the papers;
    the interval is that of the paired difference."""
    if differences is not None:
        own = differences[
            (differences["table"] == "verification") & (differences["metric"] == "accuracy")
        ]
        for a, b, sign in (("x", name, 100), (name, "x", -100)):
            rows = own[(own["a"] == a) & (own["b"] == b)]
            if len(rows):
                row = rows.iloc[0]
                ends = [_plain(row[end]) for end in ("low", "high")]
                known = sorted(sign * end for end in ends if end is not None)
                low, high = known if len(known) == 2 else (None, None)
                return {"cost": sign * float(row["difference"]), "cost_low": low, "cost_high": high}
    x, phi = (_verified(verification, one) for one in ("x", name))
    cost = None if x is None or phi is None else 100 * (x - phi)
    return {"cost": cost, "cost_low": None, "cost_high": None}


def _verified(verification: pd.DataFrame | None, name: str) -> float | None:
    if verification is None:
        return None
    rows = verification[
        (verification["representation"] == name)
        & (verification["metric"] == "accuracy")
        & (verification["distance"] == "euclidean")
    ]
    return None if rows.empty else _plain(rows.iloc[0]["value"])


def checks(
    leakage: pd.DataFrame | None, splits: Sequence[Split], x: Embeddings, preset: str
) -> list[dict[str, Any]]:
    """What was checked, whether it passed, and what was seen."""
    apart = bool(splits) and all(
        shares_nobody((one.suppressor, one.attacker, one.test), x.subjects) for one in splits
    )
    shared = "attackers and test share people: a careless split" if preset == "careless" else (
        "no identity is in two parts" if apart else "no parts could be made"
    )  # fmt: skip
    found = [{"name": "parts share nobody", "passed": apart, "detail": shared}]
    if leakage is not None and not leakage.empty:
        found += _probes(leakage)
    twins = _two_names(x)
    found.append(
        {
            "name": "no vector under two names",
            "passed": twins == 0,
            "detail": f"{twins} vectors are also somebody else's: the same pictures may be in two "
            "parts, and figures too high"
            if twins
            else "all people differ",
        }
    )
    left = sum(one.kind != "several faces" for one in x.problems)
    found.append(
        {
            "name": "every file gave a vector",
            "passed": left == 0,
            "detail": f"{left} {'file is' if left == 1 else 'files are'} on the list of problems"
            if left
            else f"{len(x)} vectors",
        }
    )
    return found


def _two_names(x: Embeddings) -> int:
    """How many rows hold a vector that another subject has too."""
    content = [row.tobytes() for row in x.x]
    owners = pd.DataFrame({"content": content, "who": x.subjects})
    names = owners.groupby("content")["who"].transform("nunique")
    return int((names > 1).sum())


def _probes(leakage: pd.DataFrame) -> list[dict[str, Any]]:
    """One check a representation: did each of its attackers find the planted code."""
    own = leakage[(leakage["metric"] == METRIC) & ~leakage["attacker"].isin(["majority"])]
    own = own[(own["attacker"] != STRONGEST) & (own["status"] != "not enough data")]
    found = []
    for name, group in own.groupby("representation", sort=False):
        failed = group[group["status"] == "probe failed"]
        detail = f"{len(group) - len(failed)} of {len(group)} attacks found it"
        if len(failed):
            missed = sorted(set(failed["attacker"] + " on " + failed["attribute"]))
            detail += f"; missed by {', '.join(missed)}"
        found.append(
            {"name": f"planted code found in {name}", "passed": failed.empty, "detail": detail}
        )
    random = own[own["representation"] == "random"]
    if len(random):
        loud = random[~random["status"].isin(["nothing found", "probe failed"])]
        detail = "; ".join(loud["attacker"] + " on " + loud["attribute"]) or "as it should be"
        found.append({"name": "nothing found in noise", "passed": loud.empty, "detail": detail})
    return found


def _plain(value: Any) -> Any:
    """A figure as JSON has it: None for what is missing."""
    if value is None or value != value:
        return None
    return value.item() if hasattr(value, "item") else value

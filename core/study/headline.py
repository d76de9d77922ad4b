"""The one sentence of an audit and the list of what was checked, made from the tables alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from core.encode.embeddings import Embeddings
from core.measure.leakage import HEADLINE as METRIC
from core.measure.leakage import STRONGEST
from core.measure.targets import Target
from core.sentence import sentence
from core.split import Split, shares_nobody


def headline(
    leakage: pd.DataFrame | None,
    targets: Sequence[Target],
    dimensions: int,
    *,
    synthetic: bool,
    careless: bool = False,
) -> dict[str, Any]:
    """The strongest attacker's figure on the first label, x; a status where there is none.

    `careless` figures come with the words that take them back: they are never a headline.
    """
    attribute = targets[0].attribute if targets else None
    row: dict[str, Any] = {}
    if leakage is not None and attribute is not None:
        own = leakage[
            (leakage["representation"] == "x")
            & (leakage["attribute"] == attribute)
            & (leakage["attacker"] == STRONGEST)
            & (leakage["metric"] == METRIC)
        ]
        row = {} if own.empty else {str(name): own.iloc[0][name] for name in own.columns}
    figures = {name: _plain(row.get(name)) for name in ("value", "low", "high", "chance", "null")}
    found: dict[str, Any] = {
        "attribute": attribute,
        "representation": "x",
        "attacker": _plain(row.get("chosen")),
        "metric": METRIC,
        **figures,
        "status": row.get("status", "not enough data"),
        "detectable": _plain(row.get("detectable")),
        "attacker_identities": _plain(row.get("attacker_identities")),
        "dimensions": dimensions,
        "synthetic": synthetic,
        "careless": careless,
    }
    claim = "A careless audit, whose attackers have seen the people they are tested on, claims: "
    return {**found, "sentence": (claim if careless else "") + sentence(found)}


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
            "detail": f"{left} files are on the list of problems" if left else f"{len(x)} vectors",
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

"""What passed and what did not: the checks of the audit, and figures that were taken back."""

from __future__ import annotations

from collections.abc import Iterator

from core.report.cells import sentence, spoken
from core.report.document import (
    Block,
    Heading,
    Table,
    badges,
    columns,
    paragraph,
    row,
    strong,
    words,
)
from core.report.result import Result
from core.table import STATUSES

_PLAIN = ("ok", "nothing found")


def checks(result: Result) -> Iterator[Block]:
    """Each check with what was seen, then how many figures each status takes back."""
    told = result.audit["checks"]
    failed = [one for one in told if not one["passed"]]
    if told:
        said = "Every check passed." if not failed else (
            f"{len(failed)} of {len(told)} checks did not pass: figures that hang on them are not "
            "to be relied on.")  # fmt: skip
        yield paragraph(said, kind="" if not failed else "alarm")
        yield Table(
            columns("check", "", "what was seen"),
            tuple(
                row(words(strong(one["name"])), badges(["passed" if one["passed"] else "failed"]),
                    sentence(str(one["detail"])))
                for one in (*failed, *(one for one in told if one["passed"]))
            ),
        )  # fmt: skip
    yield from _statuses(result)


def _statuses(result: Result) -> Iterator[Block]:
    """How many figures of each table each status goes with."""
    counts: dict[str, dict[str, int]] = {}
    for name, table in result.tables.items():
        if "status" in table.columns and len(table):
            counts[name] = {str(word): int(n) for word, n in
                            table["status"].dropna().value_counts().items()}  # fmt: skip
    known = [*STATUSES, result.withheld.status]
    used = [one for one in known if any(one in own for own in counts.values())]
    if not used:
        return
    yield Heading(
        "Figures by status",
        "How many rows of each table have which status. A failed probe and too little data give no "
        "figure; “nothing found” is a figure that does not clear its null, and no proof.",
    )
    heads = columns("table", *(f"#{one}" for one in used))
    yield Table(
        heads,
        tuple(row(spoken(name), *(f"{own[one]:,}" if one in own else "" for one in used))
              for name, own in counts.items()),
    )  # fmt: skip
    yield from _taken_back(result)


def _taken_back(result: Result) -> Iterator[Block]:
    """The attacks that failed their own test or fell below chance, by name."""
    table = result.table("leakage")
    if table is None:
        return
    bad = table[~table["status"].isin([*_PLAIN, "few people"])
                & (table["metric"] == "balanced_accuracy")]  # fmt: skip
    if bad.empty:
        return
    yield Heading("Attacks without a figure that stands")
    rows = [
        row(str(one["representation"]), str(one["attribute"]), str(one["attacker"]),
            badges([str(one["status"])]))
        for one in bad.head(40).to_dict("records")
    ]  # fmt: skip
    yield Table(columns("representation", "label", "attacker", "status"), tuple(rows))
    if len(bad) > len(rows):
        yield paragraph(f"And {len(bad) - len(rows):,} more, in tables/leakage.csv.", kind="note")

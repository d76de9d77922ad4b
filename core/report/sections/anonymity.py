"""Anonymity: do networks made for emotion still know who is shown? The six of Narula et al."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from core.plots import anonymity as plots
from core.plots import anonymity_figures as drawn
from core.plots.anonymity import Told
from core.plots.tokens import LIGHT
from core.report.cells import cell, number, sentence
from core.report.document import (
    Block,
    Column,
    Figure,
    Heading,
    Row,
    Run,
    Table,
    Words,
    badges,
    columns,
    muted,
    paragraph,
    row,
    strong,
    words,
)
from core.report.result import Result

TASKS = {"identity": "Who is shown", "emotion": "Which emotion"}
SAYS = "anonymity: "
"""How the study's warnings begin."""


def anonymity(result: Result) -> Iterator[Block]:
    """What own layers and fresh attackers find, with the alarm, each attacker, the paper's."""
    table = result.table("anonymity")
    if table is None:
        return
    found, facts = plots.told(table), result.facts("anonymity")
    yield paragraph(
        "Six networks see faces, and are asked for the emotion and for who is shown. One, Hybrid, "
        "is trained to keep the first and to lose the second. Does it, and would somebody else "
        "still find the second in what it has learnt? “Anonymity” is the paper's word for its aim, "
        "not a finding.",
        kind="lead",
    )
    yield paragraph(f"{plots.title(found, facts)}.")
    for one in plots.answer(found):
        yield paragraph(one)
    below = plots.alarms(found)
    if below:
        yield paragraph(
            Run("anti-learning", "badge"), " Below guessing, and lower than labels dealt by chance "
            f"come: {'; '.join(below)}. Whoever is wrong so reliably has learnt which answer to "
            "avoid. It is never counted as privacy.",
            kind="alarm",
        )  # fmt: skip
    yield paragraph(
        strong("People are in training here, by design: "),
        "the question is whether a network still knows those it has met, so pictures are dealt "
        "into folds, not people. Nothing here speaks of strangers; the section on leakage does.",
        kind="aside",
    )
    like = "jaffe" if len(facts.get("classes") or ()) >= 6 else "yale"
    for task, name in TASKS.items():
        rows = plots.shown(found, task)
        if rows:
            yield Heading(
                name,
                "Held-out pictures named rightly, 95 % intervals over people. Circle: own layers; "
                "square: fresh attackers; hollow: not told from chance; diamond: the paper's "
                f"({drawn.PAPERS[like]}).",
            )
            yield Figure(drawn.bars(rows, task, LIGHT, [like]), drawn.alt(rows, task))
    yield _figures(found)
    yield from _attackers(found)
    yield from _papers(result, found)
    yield from _known(result)


def _figures(found: Sequence[Told]) -> Table:
    rows: list[Row] = []
    for task, name in TASKS.items():
        rows.append(row(name, kind="group"))
        for network, own, fresh in plots.shown(found, task):
            one = own if own is not None else fresh
            if one is None:
                continue
            rows.append(row(
                words(strong(network), muted(f" {plots.BASES[network]}")), _cell(own),
                _cell(fresh), _share(one.chance), _share(one.null), _words(own, fresh),
            ))  # fmt: skip
    heads = (Column("network"), Column("own layers (%)", True), Column("fresh attackers (%)", True),
             Column("guessing", True), Column("null", True), Column("finding"))  # fmt: skip
    return Table(heads, tuple(rows))


def _attackers(found: Sequence[Told]) -> Iterator[Block]:
    names = [one for one in plots.ATTACKERS if one not in ("own", "fresh")]
    if not any(one.attacker in names for one in found):
        return
    yield Heading(
        "Each fresh attacker",
        "Each of these also reads features in which a code for the answer was planted; one that "
        "misses it is a failed probe.",
    )
    rows: list[Row] = []
    for task, words_ in TASKS.items():
        rows.append(row(words_, kind="group"))
        for name in plots.ASKED[task]:
            own = [plots.pick(found, name, task, who) for who in names]
            if any(own):
                rows.append(row(words(strong(name)), *(_cell(one) for one in own)))
    heads = (Column("features of"), *(Column(plots.ATTACKERS[name], True) for name in names))
    yield Table(heads, tuple(rows))


def _papers(result: Result, found: Sequence[Told]) -> Iterator[Block]:
    yield Heading(
        "Beside the paper",
        "Narula, Wang and Chaspari (2020), Tables 1 and 2, per cent. Ours: own layers first.",
    )
    rows = []
    for one in plots.PRINTED:
        own, fresh = (plots.pick(found, one.network, one.task, who) for who in ("own", "fresh"))
        rows.append(row(
            words(strong(one.network)), TASKS[one.task].lower(), f"{100 * one.jaffe:.2f}",
            f"{100 * one.yale:.2f}", _cell(own), _cell(fresh),
        ))  # fmt: skip
    yield Table(
        columns("network", "asked", "#JAFFE", "#YALE", "#ours", "#ours, fresh"), tuple(rows)
    )
    told = [plots.differs(result.facts("anonymity")), *plots.DIFFERS]
    yield paragraph(" ".join(one for one in told if one), kind="note")


def _known(result: Result) -> Iterator[Block]:
    told = [sentence(one.removeprefix(SAYS)) for one in result.warnings if one.startswith(SAYS)]
    if told:
        yield paragraph(strong("To know. "), " ".join(told), kind="aside")


def _cell(one: Told | None) -> Words:
    return () if one is None else cell(one.span, 1, 100)


def _words(own: Told | None, fresh: Told | None) -> Words:
    """What the figures are called; who is shown and found is a leak."""
    found: list[object] = []
    for one, who in ((own, "own"), (fresh, "fresh")):
        if one is None:
            continue
        names = ["leaks"] if one.found and one.task == "identity" else []
        names += [one.span.status] if one.span.status != "ok" else []
        if names:
            found += [muted(f"{who} "), *badges(names), " "]
    return words(*found)


def _share(value: float | None) -> str:
    return "" if value is None else number(100 * value, 1)

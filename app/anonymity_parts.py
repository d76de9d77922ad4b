"""The tables and lower parts of the Anonymity page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app import look
from app.jobs import View
from app.look import Html
from core.plots import anonymity as plots
from core.plots.anonymity import Told

TASKS = {"identity": "Who is shown", "emotion": "Which emotion"}


def facts(view: View) -> dict[str, Any]:
    """What the study told of itself; nothing while it runs."""
    told = {} if view.audit is None else view.audit.get("facts") or {}
    return dict(told.get("anonymity") or {})


def like(facts: Mapping[str, Any]) -> str:
    """Which of the paper's two sets ours is more like, by its number of classes."""
    return "jaffe" if len(facts.get("classes") or ()) >= 6 else "yale"


def figures(found: Sequence[Told]) -> None:
    """Every network with own layers and fresh attackers, chance, null and what was found."""
    columns = [("network", ""), ("own layers", "n"), ("fresh attackers", "n"), ("guessing", "n"),
               ("null", "n wide"), ("finding", ""), ("twins too", "n wide")]  # fmt: skip
    rows: list[list[object]] = []
    kinds = []
    for task, words in TASKS.items():
        rows.append([words])
        kinds.append("group")
        for name, own, fresh in plots.shown(found, task):
            one = own if own is not None else fresh
            assert one is not None, "a row has at least one figure"
            twins = plots.pick(found, name, task, "own", "augmented")
            rows.append([
                look.join(look.bold(name), " ", look.muted(plots.BASES[name])), _cell(own),
                _cell(fresh), _share(one.chance), _share(one.null), _words(own, fresh),
                "" if twins is None else _share(twins.span.value),
            ])  # fmt: skip
            kinds.append("")
    look.table(columns, rows, kinds)
    look.put(
        "Twins too: own layers on the rotated, mirrored and noisy twins of held-out pictures, as "
        "the paper may have scored. Fresh attackers: the best of four, chosen in each fold on "
        "pictures of the training part.",
        "m small",
    )


def attackers(found: Sequence[Told]) -> None:
    """Each fresh attacker by itself, and whether it finds a planted code."""
    names = [one for one in plots.ATTACKERS if one not in ("own", "fresh")]
    if not any(one.attacker in names for one in found):
        return
    look.gap("small")
    look.heading(
        "Each fresh attacker",
        "The paper reports its own fresh dense layers only. Each of these also reads features in "
        "which a code for the answer was planted; one that misses it is a failed probe.",
    )
    columns = [("features of", ""), *((plots.ATTACKERS[name], "n") for name in names)]
    rows: list[list[object]] = []
    kinds = []
    for task, words in TASKS.items():
        rows.append([words])
        kinds.append("group")
        for name in plots.ASKED[task]:
            own = [plots.pick(found, name, task, who) for who in names]
            if any(own):
                rows.append([look.bold(name), *(_cell(one, word=True) for one in own)])
                kinds.append("")
    look.table(columns, rows, kinds)


def papers(found: Sequence[Told], told: Mapping[str, Any]) -> None:
    """The paper's tables beside ours, and what differs."""
    look.gap("small")
    look.heading(
        "Beside the paper",
        "Narula, Wang and Chaspari (2020), Tables 1 and 2, per cent. Ours: own layers first.",
    )
    columns = [("network", ""), ("asked", ""), ("JAFFE", "n"), ("YALE", "n"), ("ours", "n"),
               ("ours, fresh", "n")]  # fmt: skip
    rows = []
    for one in plots.PRINTED:
        own, fresh = (plots.pick(found, one.network, one.task, who) for who in ("own", "fresh"))
        rows.append([
            look.bold(one.network), TASKS[one.task].lower(), f"{100 * one.jaffe:.2f}",
            look.join(f"{100 * one.yale:.2f}", " ", _below(one.yale, 1 / 15)),
            _cell(own), _cell(fresh),
        ])  # fmt: skip
    look.table(columns, rows)
    look.put(look.text(" ".join([plots.differs(told), *plots.DIFFERS])), "m small")


def known(view: View, told: Mapping[str, Any]) -> None:
    """What was chosen by us, and what was told on the way."""
    said: list[object] = [look.bold("To know. ")]
    ours = told.get("ours") or {}
    if ours:
        said.append(
            f"Ours, since the paper’s text has none of it: input {ours.get('input')}; "
            f"convolutions of {_listed(ours.get('convolutions'))} filters with "
            f"{ours.get('pooling')}; dense layers of {_listed(ours.get('dense'))}; "
            f"{ours.get('optimiser')}, rate {ours.get('rate')}, batches of {ours.get('batch')}, "
            f"{ours.get('steps')} steps, {ours.get('steps_of_the_start')} at the start, "
            f"{ours.get('steps_a_round')} and {ours.get('identity_steps_a_round')} a round; "
            f"rotation {ours.get('rotation')}, noise {ours.get('noise')}. "
        )
    noted = [] if view.audit is None else view.audit.get("warnings", [])
    own = [str(one).removeprefix("anonymity: ") for one in noted
           if str(one).startswith("anonymity: ")]  # fmt: skip
    said += [f"{one[0].upper()}{one[1:].rstrip('. ')}. " for one in own if one]
    if len(said) > 1:
        look.aside(*said)


def _cell(one: Told | None, *, word: bool = False) -> Html:
    if one is None:
        return Html("")
    if one.span.value is None:
        return look.muted(one.span.status)
    scaled = look.span(one.span.low, one.span.high, scale=100, digits=0)
    status = look.badge(one.span.status) if word and one.span.status == "anti-learning" else ""
    return look.join(f"{100 * one.span.value:.1f}", " ", scaled, " ", status)


def _words(own: Told | None, fresh: Told | None) -> Html:
    """What the figures are called; who is shown and found is a leak."""
    words = []
    for one, who in ((own, "own"), (fresh, "fresh")):
        if one is not None:
            leaks = one.found and one.task == "identity"
            words.append(look.join(look.muted(who), " ", look.badge("leaks") if leaks else Html(""),
                                   " " if leaks else "", look.badge(one.span.status)
                                   if one.span.status != "ok" else Html("")))  # fmt: skip
    return look.join(*(look.join(one, " ") for one in words))


def _below(value: float, chance: float) -> Html:
    return look.badge("anti-learning") if value < chance else Html("")


def _share(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f}"


def _listed(values: Any) -> str:
    return ", ".join(map(str, values or ()))

"""How it was measured: parts without a shared person, rotation, intervals, nulls, controls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from core.report.cells import count, sentence, spoken
from core.report.document import Block, Heading, Table, columns, paragraph, row, strong, words
from core.report.result import Result
from core.report.sections.headline import CARELESS

_DOES = {
    "suppressor": "suppressors are fitted on them",
    "attacker": "attackers learn from them",
    "test": "attackers are asked about them",
}


def protocol(result: Result) -> Iterator[Block]:
    """The protocol as it was run, the people in each part, and what the words mean."""
    audit, look = result.audit, result.audit["look"]
    if result.careless:
        yield paragraph(strong("Careless preset. "), CARELESS, kind="alarm")
    else:
        yield paragraph(
            "Nobody is in two parts: suppressors are fitted on some people, attackers learn from "
            "others, and are asked about people whom neither has met. Images of one person never "
            "stand on two sides.",
        )
    rotation = count(int(look["folds"]), "group", "groups")
    repeats = count(int(look["seeds"]), "time", "times")
    yield paragraph(
        f"Rotation: people are dealt into {rotation}, each in turn is tested, and all of it is "
        f"done {repeats} ({look['name']} look, {look['folds']} × {look['seeds']}; preset "
        f"{audit['preset']}). x and what is made of it are attacked with the same people.",
    )
    yield from _parts(audit["parts"], (audit.get("facts") or {}).get("sample") or {})
    yield paragraph(
        strong("Intervals"), " are 95 %, by resampling people, not pictures; a difference between "
        "two representations is taken on the same resampled people, and p is corrected after Holm "
        "where several are shown. Below 10 people there is no interval, and no figure.",
    )  # fmt: skip
    permuted = audit["permutations"]
    times = f"{permuted} times" if permuted else "many times"
    yield paragraph(
        strong("Nulls"), f": labels are permuted {times} in a way that respects who is who, and go "
        "through the whole attack. An attacker “leaks” something only where its interval clears "
        "what permuted labels reach.",
    )  # fmt: skip
    yield paragraph(
        strong("Failed is not clean"), ": each attacker is also given vectors in which a code of "
        "known size was planted. One that misses it is a failed probe and gives no figure; one "
        "that finds it and nothing else gives “nothing found”, with the least that it would have "
        "seen.",
    )  # fmt: skip
    yield paragraph(
        strong("Controls"), ": pixels, the picture itself in 16 × 16 greys; random, noise in the "
        "shape of the vectors; norm, their length alone. What cannot be read from the picture is "
        "no merit of the encoder.",
    )  # fmt: skip
    notes = [sentence(str(one)) for one in audit["preset_notes"]]
    if notes:
        yield Heading("What the preset does otherwise")
        yield paragraph(" ".join(notes))
    if result.withheld.smallest > 1:
        yield Heading("Small groups are withheld")
        yield paragraph(*_withheld(result))


def _parts(parts: Mapping[str, int], sample: Mapping[str, Mapping[str, int]]) -> Iterator[Block]:
    yield Table(
        columns("part", "#people", ""),
        tuple(row(words(strong(name)), f"{n:,}", _DOES.get(name, "")) for name, n in parts.items()),
    )
    said = "The fewest over the rotation."
    left = sample.get("left for suppressors")
    if left:
        said += (
            f" Suppressors learnt from {left['identities']:,} people who were not drawn, so that "
            "attackers had all the others."
        )
    elif not parts.get("suppressor"):
        said += " No suppressor was fitted on this set, so that attackers had all the others."
    yield paragraph(said, kind="note")


def _withheld(result: Result) -> Iterator[str]:
    told = result.withheld
    yield (
        f"Figures on fewer than {told.smallest} people have no value, no interval and no counts in "
        f"this report, and say “{told.status}”; curves, differences, matrices and maps of so few "
        "are left out. Where one group of a label alone would be withheld, the next smallest is "
        f"withheld with it, or the two could be told apart by subtraction: it says “{told.beside}”."
        " Gaps, crossed groups, matrices and maps that show such a group go too. "
    )
    if told.rows or told.groups:
        named = "; ".join(f"{spoken(label)}: {', '.join(own)}"
                          for label, own in told.groups.items())  # fmt: skip
        yield f"Here that concerns {count(told.rows, 'row', 'rows')}"
        yield f" and the groups {named}. " if named else ". "
    else:
        yield "Here no group is as small. "
    if told.uncounted:
        listed = ", ".join(spoken(one) for one in told.uncounted)
        yield (
            f"Of {listed} nobody counted the people of every class, so that what is not counted is "
            "withheld: an older version wrote this audit. "
        )
    yield "The files in tables/ have all figures and are not made for sharing."

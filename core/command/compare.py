"""`python -m core compare`: what changed between two finished audits, as lines and as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from core.command.check import Answers, judge, read_checks, settled
from core.condition.figures import CHANGES, Wanted
from core.condition.rows import Found, look_up
from core.errors import ConfigError, StoreError
from core.finished import Finished, finished
from core.store import write_atomic
from core.study.changes import Changes, changes
from core.study.changes_said import change, counted, figure, main, sentence, what

SETTINGS_SHOWN = 20


def compare(
    a: Path, b: Path, *, out: Path | None, match: Sequence[str], fail_if: Sequence[str]
) -> str:
    """What changed from the audit in `a` to the one in `b`, in lines; all of it goes to `out`.

    `match` are "A=B", names of representations; `fail_if` conditions on the changes. Raises
    `InputError` for faulty input and `ConditionHeld` where a condition held, after `out` is there.
    """
    checks = read_checks(fail_if, {"changes": CHANGES})
    pairs = [_pair(one) for one in match]
    one, other = finished(a), finished(b)
    found = changes(one, other, match=pairs)
    if out is not None:
        _write(found, out)
    lines = [*_lines(one, other, found), *([f"{out}: {len(found.table)} rows"] if out else [])]
    if checks:
        print("\n".join(lines))
        lines = settled(judge(checks, _answers(found)))
    return "\n".join(lines)


def _pair(text: str) -> tuple[str, str]:
    a, equals, b = text.partition("=")
    if not (a and equals and b):
        raise ConfigError(f"--match {text} names no two representations: write --match A=B")
    return a, b


def _write(found: Changes, out: Path) -> None:
    try:
        out.resolve().parent.mkdir(parents=True, exist_ok=True)
        write_atomic(out, found.table.to_csv(index=False).encode())
    except OSError as error:
        raise StoreError(
            f"--out {out} cannot be written ({error.strerror}): give a file that this user may "
            "write"
        ) from error


def _lines(a: Finished, b: Finished, found: Changes) -> Iterator[str]:
    yield f"first:  {_who(a)}"
    yield f"second: {_who(b)}"
    yield ""
    yield from dict.fromkeys(one for one in (sentence(found), counted(found)) if one)
    yield from (f"Mind: {text}." for text in found.cautions)
    rows = main(found.table, controls=True)
    if rows:
        head = ("figure", "", "first", "second", "change (points)", "p", "")
        notes = list(dict.fromkeys(row["note"] for row in rows if row["note"]))
        cells = [
            (row["table"], what(row), figure(row, "a"), figure(row, "b"), change(row),
             "" if row["p_holm"] is None else f"{row['p_holm']:.3g}", _found(row, notes))
            for row in rows
        ]  # fmt: skip
        yield ""
        yield from _aligned([head, *cells])
        yield from (f"[{place}] {note}" for place, note in enumerate(notes, 1))
    asked = [one for one in found.settings if one.kind != "machine"]
    if asked:
        yield ""
        yield f"{len(asked)} settings and facts differ:"
        yield from (
            f"  {one.name}: {_cut(one.a)} → {_cut(one.b)}" for one in asked[:SETTINGS_SHOWN]
        )
        if len(asked) > SETTINGS_SHOWN:
            yield f"  and {len(asked) - SETTINGS_SHOWN} more"


def _who(one: Finished) -> str:
    data = one.audit["data"]
    made = str(one.audit.get("created", ""))[:10]
    people = data.get("identities")
    whose = "unknown people" if people is None else f"{people:,} people"
    told = (one.name, f"{data['n']:,} faces of {whose}", made)
    return ", ".join(part for part in told if part)


def _found(row: Mapping[str, Any], notes: Sequence[str]) -> str:
    """ "fell, paired [1]": the finding, how it was made, and the number of what is noted."""
    words = ", ".join(one for one in (row["finding"], row["how"]) if one)
    return f"{words} [{notes.index(row['note']) + 1}]" if row["note"] else words


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]) - 1)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        yield "  ".join([*cells, row[-1]]).rstrip()


def _cut(text: str) -> str:
    return (text if len(text) <= 60 else f"{text[:57]}…") or "none"


def _answers(found: Changes) -> Answers:
    spoken = dict(zip(("representation_a", "representation_b"), found.released, strict=True))

    def answer(asked: Wanted) -> Found:
        return look_up(asked, found.table, spoken, lambda column: ())

    return answer

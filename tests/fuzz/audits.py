"""`audit.json` with anything in any place, for `core.audit_schema`."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from core.audit_schema import VERSION, read
from tests.core.made_up_result import audit
from tests.fuzz.edits import Edit, edited, edits, often
from tests.fuzz.reader import Reader

VALUES = (
    "null", "true", "0", "-1", "1.5", "1e400", "-1e400", "NaN", "Infinity", "9" * 30, "9" * 5000,
    '""', '"x"', '"\\ud800"', '"\\u0000\\u001b[1m"', '"' + "x" * 3000 + '"', "[]", "{}", "[[]]",
    "[null]",
    '{"a": 1, "a": 2}', "[" * 300 + "]" * 300, "[" * 900 + "]" * 900,
    '{"a":' * 400 + "1" + "}" * 400,
    "[" + "0," * 5000 + "0]", '["../x", "/etc/passwd", ""]', '"ok"', '"leaks"', "1", "2",
)  # fmt: skip
KEYS = ("name", "", "data", "__proto__", "\x1b[1m", "é", "schema_version", "x" * 500, "tables")


@dataclass(frozen=True)
class Change:
    """At the place that `path` leads to, `how` is done with the JSON text `value`."""

    path: tuple[int, ...]
    how: str
    key: str
    value: str


@dataclass(frozen=True)
class Written:
    """A made-up audit.json after some changes, then changes to its bytes."""

    changes: tuple[Change, ...]
    edits: tuple[Edit, ...] = ()
    whole: str | None = None


def _cases() -> st.SearchStrategy[Written]:
    change = st.builds(
        Change, st.lists(st.integers(0, 20), min_size=1, max_size=3).map(tuple),
        st.sampled_from(("set", "set", "add", "drop")), st.sampled_from(KEYS),
        st.sampled_from(VALUES),
    )  # fmt: skip
    return st.builds(
        Written, st.lists(change, max_size=3).map(tuple), often((), edits(reach=60)),
        often(None, st.sampled_from(VALUES)),
    )  # fmt: skip


@cache
def _base() -> dict[str, Any]:
    return audit()


class _Raw(str):
    """JSON text that is put in as it is."""


def _json(value: Any) -> str:
    if isinstance(value, _Raw):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{_json(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_json, value)) + "]"
    return json.dumps(value)


def _changed(whole: dict[str, Any], change: Change) -> None:
    here: Any = whole
    *way, last = change.path
    for step in way:
        inner = [one for one in _values(here) if isinstance(one, dict | list) and len(one)]
        if inner:
            here = inner[step % len(inner)]
    keys = list(here) if isinstance(here, dict) else list(range(len(here)))
    if not keys:
        return
    key = keys[last % len(keys)]
    if change.how == "drop":
        del here[key]
    elif change.how == "add" and isinstance(here, dict):
        here[change.key] = _Raw(change.value)
    else:
        here[key] = _Raw(change.value)


def _values(here: Any) -> list[Any]:
    return list(here.values()) if isinstance(here, dict) else list(here)


def _build(case: Written, folder: Path) -> Path:
    whole = copy.deepcopy(_base())
    for change in case.changes:
        if whole:
            _changed(whole, change)
    text = _json(whole) if case.whole is None else case.whole
    (folder / "audit.json").write_bytes(edited(text.encode(), case.edits))
    return folder / "audit.json"


def _keeps(found: dict[str, Any], path: Path) -> None:
    """An audit of this version with every key that a page asks for."""
    assert found["schema_version"] == VERSION
    for name in ("config", "data", "headline", "facts", "roles"):
        assert isinstance(found[name], dict), name
    for name in ("warnings", "suppressors", "tables", "checks"):
        assert isinstance(found[name], list), name


READER = Reader("audit.json", "audit.json of a result", _cases(), _build, read, _keeps,
                lambda case: case == Written(()))  # fmt: skip

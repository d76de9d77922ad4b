"""`audit.json`: its published schema, and a reader of every version that was ever written.

The schema is `core/audit_schema.json` (JSON Schema, draft 2020-12). Additions do not change the
version; a key that changes its meaning or goes does. The schema of the version before then stays,
`core/audit_schema.N.json`, by which an older file is checked, and `_UPGRADES` says how such a file
becomes one of the next version.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from core.errors import InputError

VERSION = 1
"""The version that is written now."""

LIMIT_BYTES = 50_000_000
SCHEMA = Path(__file__).with_suffix(".json")

_GROWN: dict[str, Any] = {
    "permutations": None,
    "checks": [],
    "warnings": [],
    "facts": {},
    "suppressors": [],
    "roles": {},
    "preset_notes": [],
}
"""What files of version 1 came to have one after the other, as it reads where it is missing."""

_DATA_GROWN: dict[str, Any] = {
    "licence": "",
    "problems": [],
    "problem_counts": {},
    "origin": {},
    "few_people": False,
    "label_people": {},
}


class AuditFileError(InputError):
    """An `audit.json` cannot be read, or is not one."""


def schema(version: int | None = None) -> dict[str, Any]:
    """The published schema of a version, unless told of the one that is written now."""
    if version in (None, VERSION):
        return _schema(SCHEMA)
    return _schema(SCHEMA.with_suffix(f".{version}.json"))


@cache
def _schema(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8")))


def read(path: Path) -> dict[str, Any]:
    """The audit in the file `path`, as one of this version; raises `AuditFileError`."""
    try:
        if path.stat().st_size > LIMIT_BYTES:
            raise AuditFileError(
                f"{path.name} has {path.stat().st_size:,} bytes, and no audit.json has more than "
                f"{LIMIT_BYTES:,}: give the folder that an audit was written to"
            )
        return upgraded(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise AuditFileError(
            f"there is no {path.name} in '{path.parent.name}': give the folder that an audit was "
            "written to (--out)"
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise AuditFileError(
            f"{path.name} cannot be read ({_short(error)}): run the audit again, or give the "
            "folder that one was written to"
        ) from error


def upgraded(found: Any) -> dict[str, Any]:
    """An audit of any version as one of this; raises `AuditFileError` where it is none."""
    if not isinstance(found, dict):
        raise AuditFileError(
            f"audit.json holds a {type(found).__name__} where an object belongs: run the audit "
            "again"
        )
    version = found.get("schema_version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise AuditFileError(
            f"audit.json has the schema_version {_short(repr(version))}, and versions count from "
            "1: give the folder that an audit was written to"
        )
    if version > VERSION:
        raise AuditFileError(
            f"audit.json has the schema_version {version}, and this copy reads up to {VERSION}: "
            "read it with the version of Blindfold that wrote it, or a newer one"
        )
    for old in range(version, VERSION):
        _check(found, old)  # so that no step meets a file which it does not know
        found = _UPGRADES[old](found)
    data = found.get("data")
    whole = {**_GROWN, **found}
    if isinstance(data, dict):
        whole["data"] = {**_DATA_GROWN, **data}
    _check(whole, VERSION)
    return whole


_UPGRADES: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""How a file of each older version becomes one of the next; there is none older so far."""


def _check(found: Mapping[str, Any], version: int) -> None:
    from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
    from jsonschema.exceptions import best_match  # type: ignore[import-untyped]

    wrong = best_match(Draft202012Validator(schema(version)).iter_errors(found))
    if wrong is not None:
        place = "/".join(map(str, wrong.absolute_path)) or "the whole"
        raise AuditFileError(
            f"audit.json is not as its schema says, at {place} ({_short(wrong.message)}): run the "
            "audit again"
        )


def _short(error: object) -> str:
    text = " ".join(str(getattr(error, "strerror", None) or error).split())
    return text if len(text) <= 120 else f"{text[:117]}…"

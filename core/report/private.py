"""What of an audit does not belong into a file that is handed on: paths, who was kept, hosts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PureWindowsPath
from typing import Any

from core.report.paths import without_paths

_PATHS = ("path", "weights", "pairs", "labels")
"""Settings that are paths."""
_NAMING = ("id", "file_name", "name", "person", "identity", "people")
"""Columns, beside those with "subject" in their names, whose values say who is who."""


def without_private(audit: Mapping[str, Any]) -> dict[str, Any]:
    """`audit.json` with each path cut to its last part, and no names of files that failed."""
    known, spared = set(_paths(audit["config"])), set(_classes(audit["data"]))
    told = {name: _texts(one, known, spared) for name, one in audit.items()}
    told["config"] = _config(told["config"])
    told["data"] = {**told["data"], "problems": []}
    return told


def _paths(value: Any, name: str = "") -> Iterator[str]:
    """The paths of the settings as they were written, as far as they have folders."""
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from _paths(one, str(key))
    elif isinstance(value, list):
        for one in value:
            yield from _paths(one)
    elif name in _PATHS and isinstance(value, str) and _has_folders(value):
        yield value


def _has_folders(path: str) -> bool:
    return len(path) > 3 and PureWindowsPath(path).name not in ("", path)


def _classes(data: Mapping[str, Any]) -> Iterator[str]:
    """Names of labels and of their classes, which may have a stroke in them."""
    for label, classes in (data.get("labels") or {}).items():
        yield from (str(label), *map(str, classes))


def _texts(value: Any, known: set[str], spared: set[str]) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _texts(one, known, spared) for name, one in value.items()}
    if isinstance(value, list):
        return [_texts(one, known, spared) for one in value]
    if isinstance(value, str):
        return value if value in spared else without_paths(value, known=known, spared=spared)
    return value


def _config(value: Any, name: str = "") -> Any:
    if isinstance(value, Mapping):
        if name == "where":  # rows may be kept by who they show
            return {key: "…" if "subject" in key or key in _NAMING else one
                    for key, one in value.items()}  # fmt: skip
        return {key: _config(one, key) for key, one in value.items()}
    if isinstance(value, list):
        return [_config(one) for one in value]
    if name == "engine" and isinstance(value, str):
        return value.split("://")[0] + "://…" if "://" in value else value
    if name in _PATHS and isinstance(value, str):
        return PureWindowsPath(value).name or value
    return value

"""What of an audit does not belong into a file that is handed on: paths of this machine."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

_PATHS = ("path", "weights", "pairs")
"""Settings that are paths."""
_NAMING = ("id", "file_name", "name", "person", "identity", "people")
"""Columns, beside those with "subject" in their names, whose values say who is who."""

_POSIX = re.compile(r"(?<![\w/<.:~])(?:~|file://)?(?:/[^\s/'\"“”’(),;:<>]+){2,}/?")
_WINDOWS = re.compile(r"(?<!\w)[A-Za-z]:\\(?:[^\s\\'\"“”’(),;:<>]+\\?)+")
_SHARED = re.compile(r"\\\\[^\s\\]+\\(?:[^\s\\'\"“”’(),;:<>]+\\?)+")


def without_private(audit: Mapping[str, Any]) -> dict[str, Any]:
    """`audit.json` with each path cut to its last part, and no names of files that failed."""
    told = {name: _texts(one) for name, one in audit.items()}
    told["config"] = _config(told["config"])
    told["data"] = {**told["data"], "problems": []}
    return told


def without_paths(text: str) -> str:
    """`text`, each path of a machine in it cut to its last part."""
    text = _WINDOWS.sub(_last_windows, _SHARED.sub(_last_windows, text))
    return _POSIX.sub(_last, text)


def _last(found: re.Match[str]) -> str:
    return PurePosixPath(found.group()).name


def _last_windows(found: re.Match[str]) -> str:
    return PureWindowsPath(found.group()).name


def _texts(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _texts(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_texts(one) for one in value]
    return without_paths(value) if isinstance(value, str) else value


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

"""Reads and writes `audit.yaml` strictly: small, plain, no surprises.

Strict means: UTF-8, at most 1 MB and 20 levels, one document, a mapping of names, no key twice, no
anchors (a few lines of which can unfold into gigabytes), no tags. Only `true`, `false`, `null` and
decimal numbers are anything other than text, so that the class `no` and the subject `007` stay
what they are.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from core.errors import ConfigError

LIMIT_BYTES = 1_000_000
LIMIT_DEPTH = 20
LIMIT_VALUES = 20_000

_PLAIN = (
    ("tag:yaml.org,2002:null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("tag:yaml.org,2002:bool", r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("tag:yaml.org,2002:int", r"^-?(?:0|[1-9][0-9]*)$", list("-0123456789")),
    (
        "tag:yaml.org,2002:float",
        r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$",
        list("-0123456789"),
    ),
)


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader, without what makes a settings file dangerous or ambiguous."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012
    yaml_constructors = {  # noqa: RUF012
        tag: make
        for tag, make in yaml.SafeLoader.yaml_constructors.items()
        if tag is None or tag.rpartition(":")[2] in ("null", "bool", "int", "str", "seq")
    }
    depth = 0
    values = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()
        _refuse(event)
        self.depth += 1
        self.values += 1
        if self.values > LIMIT_VALUES:
            raise ConfigError(
                f"{_line(event.start_mark)} is beyond {LIMIT_VALUES:,} values, the limit of "
                "settings: put long lists into a manifest of the face set"
            )
        if self.depth > LIMIT_DEPTH:
            raise ConfigError(
                f"{_line(event.start_mark)} is nested deeper than {LIMIT_DEPTH} levels, the limit: "
                "write the settings as in the example of `python -m core run --help`"
            )
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag == "tag:yaml.org,2002:null":
                raise ConfigError(f"{_line(key.start_mark)} has a key that is no name: use text")
            if key.value in seen:
                raise ConfigError(
                    f"{_line(key.start_mark)} gives '{key.value}' a second time, and only one can "
                    "hold: remove one of the two"
                )
            seen.add(key.value)
        # Keys are names, whatever they look like: `2: x` is about a label called "2".
        return {key.value: self.construct_object(value, deep=True) for key, value in node.value}


class _Dumper(yaml.SafeDumper):
    """Quotes exactly what `_Loader` would otherwise read as something other than text."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012

    def ignore_aliases(self, data: Any) -> bool:
        return True


for _kind, _pattern, _first in _PLAIN:
    _Loader.add_implicit_resolver(_kind, re.compile(_pattern), _first)
    _Dumper.add_implicit_resolver(_kind, re.compile(_pattern), _first)


def _construct_mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Hashable, Any]:
    return loader.construct_mapping(node)


def _construct_float(loader: _Loader, node: yaml.ScalarNode) -> float:
    return float(node.value)


_Loader.add_constructor("tag:yaml.org,2002:map", _construct_mapping)
_Loader.add_constructor("tag:yaml.org,2002:float", _construct_float)


def _line(mark: yaml.Mark) -> str:
    return f"line {mark.line + 1}"


def _refuse(event: Any) -> None:
    """Raise `ConfigError` for what no settings may hold: anchors, tags, halves of characters."""
    what = None
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
        what = (
            "uses a YAML anchor or alias (& or *), which settings may not: write the value out "
            "where it is used"
        )
    elif getattr(event, "tag", None) is not None:
        tag = ascii(event.tag)[:60]
        what = f"uses a YAML tag ({tag}), which settings may not: write the plain value"
    elif re.search("[\ud800-\udfff]", getattr(event, "value", "")):
        what = "holds half of a character (an escape from \\ud800 to \\udfff): write the whole one"
    if what is not None:
        raise ConfigError(f"{_line(event.start_mark)} {what}")


def parse(text: str) -> dict[str, Any]:
    """The mapping that `text` holds; raises `ConfigError` with the line of what is wrong."""
    if not text.strip():
        raise ConfigError(
            "it is empty, and an audit is a mapping: write `faces: {preset: synthetic}`, for one"
        )
    try:
        # _Loader is a SafeLoader: it makes plain values only, never objects.
        found = yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise ConfigError(_not_yaml(error)) from error
    except ValueError as error:  # a number of more digits than Python turns into an int
        raise ConfigError(
            "it holds a number of more than 4,000 digits, which is none of ours: shorten it"
        ) from error
    if not isinstance(found, dict):
        raise ConfigError(
            "it holds something else than a mapping of names to values, which an audit is: write "
            "`faces: {preset: synthetic}`, for one"
        )
    return found


def _not_yaml(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
    problem = " ".join(str(getattr(error, "problem", None) or error).split())
    return f"it is not YAML{where} ({problem}): mend that line, or put text with : or # in quotes"


def read(path: Path) -> dict[str, Any]:
    """The mapping in the file `path`; raises `ConfigError`, which names the file."""
    try:
        if path.is_dir():
            raise ConfigError("it is a folder, and settings are a file: give the .yaml file in it")
        if path.exists() and not path.is_file():
            raise ConfigError("it is no ordinary file: give the path of an audit.yaml")
        with open(path, "rb") as file:
            data = file.read(LIMIT_BYTES + 1)
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file: check the path") from None
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be read ({error.strerror}): give this user the right to read it"
        ) from error
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    try:
        return parse(_text(data))
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def _text(data: bytes) -> str:
    if len(data) > LIMIT_BYTES:
        raise ConfigError(
            f"it is larger than {LIMIT_BYTES:,} bytes, the limit of settings: give another file"
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"byte {error.start} is not UTF-8, which settings must be: save the file as UTF-8"
        ) from error


def write(settings: dict[str, Any]) -> str:
    """YAML text of `settings`, such that `parse` gives the same settings back."""
    return yaml.dump(settings, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)

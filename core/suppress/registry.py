"""The methods by name: every file of this folder that holds one. A new one is a new file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from importlib import import_module
from typing import Any

from core.errors import ConfigError
from core.suppress.kinds import KINDS
from core.suppress.settings import nearest
from core.suppress.suppressor import Method


def _class_of(kind: str, module: str) -> type:
    """The class in `module` of this package that says it is of this `kind`."""
    held = vars(import_module(f"core.suppress.{module}")).values()
    return next(one for one in held if isinstance(one, type) and getattr(one, "kind", None) == kind)


METHODS: dict[str, type] = {kind: _class_of(kind, module) for kind, module in KINDS.items()}
"""The class of each kind; its fields are its settings."""

_NOT_SETTINGS = {"kind", "name"}


def make_method(settings: Mapping[str, Any]) -> Method:
    """The method that one entry of `suppressors` in `audit.yaml` asks for.

    `kind` names it, `name` is the caller's own, None stands for the default. Raises `ConfigError`
    for a kind, a key or a value that is not known, naming the nearest.
    """
    kind = settings.get("kind")
    if kind not in METHODS:
        raise ConfigError(
            f"suppressors has the kind '{kind}', and the known ones are {', '.join(METHODS)}: did "
            f"you mean {nearest(str(kind), METHODS)}?"
        )
    known = [field.name for field in fields(METHODS[kind])]
    given = {
        name: value
        for name, value in settings.items()
        if name not in _NOT_SETTINGS and value is not None
    }
    for name in given:
        if name not in known:
            way_out = f"the nearest known one is {nearest(name, known)}; rename it or remove it"
            raise ConfigError(
                f"the suppressor '{kind}' has no setting '{name}': "
                f"{way_out if known else 'it has none at all; remove it'}"
            )
    method: Method = METHODS[kind](**given)
    return method

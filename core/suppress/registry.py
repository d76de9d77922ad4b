"""The methods by name. A new one is a new file and one line here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from core.errors import ConfigError
from core.suppress.blindfold import Blindfold
from core.suppress.leace import Leace
from core.suppress.lntl import LearningNotToLearn
from core.suppress.sensitivenets import SensitiveNets
from core.suppress.settings import nearest
from core.suppress.suppressor import Method

METHODS: dict[str, type] = {
    one.kind: one for one in (SensitiveNets, LearningNotToLearn, Leace, Blindfold)
}
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

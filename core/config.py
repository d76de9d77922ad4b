"""Settings of an audit: frozen, checked when they are read, imports nothing heavy.

The names are those of `audit.yaml`, which people script against. `AVAILABLE` says what this
version has of them; a later version adds to it and changes nothing else here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, Field, ValidationError, model_validator

from core import audit_yaml
from core.config_errors import explain
from core.config_parts import (
    BROUGHT,
    Ablation,
    ActionUnits,
    Anonymity,
    Encoder,
    Faces,
    Fairness,
    Frozen,
    Projection,
    Role,
    Splits,
    StudyName,
    Suppressor,
    Text,
    Texts,
    Vectors,
    listed,
    whole,
)
from core.errors import ConfigError
from core.suppress.kinds import KINDS

AVAILABLE: dict[str, tuple[str, ...]] = {
    "preset": ("default", "paper-thesis", "paper-tpami", "careless"),
    "studies": (
        "leakage",
        "verification",
        "ablation",
        "projection",
        "fairness",
        "action_units",
        "anonymity",
    ),
    "attackers": ("papers", "ladder", "paper-thesis", "paper-tpami"),
    "suppressors": (*KINDS, *BROUGHT),
    "faces.obfuscate": ("blur", "pixelate", "paired"),
    "engine": ("local", "processes", "tcp://HOST:PORT", "tls://HOST:PORT"),
}
"""What this version can do, by setting. Asking by name for more is a `ConfigError`."""

CLUSTERS = ("tcp://", "tls://")
"""How the address of a Dask scheduler begins."""

_FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}")

LOOKS: dict[str, tuple[int, int]] = {"quick": (5, 1), "full": (5, 5)}
"""Folds and seeds of each look (METHODS, protocol 2)."""


class Config(Frozen):
    """A whole audit. `faces` is None where vectors are given instead, and the other way round."""

    name: Annotated[Text, Field(max_length=200)] = "audit"
    preset: Literal["default", "paper-thesis", "paper-tpami", "careless"] = "default"
    look: Literal["quick", "full"] = "quick"
    splits: Splits | None = None
    faces: Faces | None = None
    embeddings: Vectors | None = None
    encoder: Encoder = Field(default_factory=Encoder)
    sensitive: Texts | None = ("expression",)
    neutral: Text | dict[Text, Text] = "neutral"
    attributes: Literal["auto"] | Texts = "auto"
    suppressors: Annotated[tuple[Suppressor, ...], BeforeValidator(listed)] = ()
    roles: dict[Text, Role] = Field(default_factory=dict)
    studies: Annotated[tuple[StudyName, ...], BeforeValidator(listed), Field(min_length=1)] = (
        "leakage",
        "verification",
        "ablation",
        "projection",
        "fairness",
    )
    attackers: Literal["papers", "ladder", "paper-thesis", "paper-tpami"] = "papers"
    ablation: Ablation = Field(default_factory=Ablation)
    projection: Projection = Field(default_factory=Projection)
    fairness: Fairness = Field(default_factory=Fairness)
    action_units: ActionUnits = Field(default_factory=ActionUnits)
    anonymity: Anonymity = Field(default_factory=Anonymity)
    seed: int = whole(0, 0, 2**31 - 1)
    device: Literal["auto", "cpu", "cuda"] = "auto"
    engine: Annotated[str, Field(pattern=r"^(local|processes|(tcp|tls)://[^\s/]+:\d+)$")] = "local"

    @model_validator(mode="before")
    @classmethod
    def _one_source(cls, value: Any) -> Any:
        """Nothing given means the bundled set; a set and vectors at once have no meaning."""
        if not isinstance(value, Mapping):
            return value
        faces, vectors = value.get("faces"), value.get("embeddings")
        if faces is not None and vectors is not None:
            raise ConfigError(
                "faces and embeddings are both given, and an audit reads one: drop one"
            )
        if vectors is not None and "encoder" in value and value["encoder"] != {"kind": "auto"}:
            raise ConfigError(
                "encoder is given beside embeddings, which are vectors already: drop encoder, or "
                "give faces in place of embeddings"
            )
        return {**value, "faces": {"preset": "synthetic"}} if faces is vectors is None else value

    @model_validator(mode="after")
    def _in_this_version(self) -> Self:
        """What the contract names and this version has not, is refused by name."""
        blurred = self.faces.obfuscate if self.faces else None
        asked: dict[str, list[str]] = {
            "preset": [self.preset],
            "studies": list(self.studies),
            "attackers": [self.attackers],
            "suppressors": [one.kind for one in self.suppressors],
            "faces.obfuscate": [blurred.kind] if blurred else [],
        }
        for place, words in asked.items():
            has = AVAILABLE[place]
            for word in words:
                if word not in has:
                    raise ConfigError(_not_yet(place, word, has))
        return self

    @model_validator(mode="after")
    def _one_name_each(self) -> Self:
        """A suppressor's name stands for it in every table."""
        taken = {"x", "pixels", "random", "norm", "labels"}
        for one in self.suppressors:
            name = one.name or one.kind
            if not _FOLDER.fullmatch(name):
                raise ConfigError(
                    f"suppressors has the name '{name}', which names a folder too: use at most 60 "
                    "letters, digits, '-', '_' and '.', the first a letter or a digit"
                )
            # Some disks tell no capitals apart.
            if name.lower() in taken:
                raise ConfigError(
                    f"suppressors has '{name}' twice, or it is a representation's own name: give "
                    "this one another name"
                )
            taken.add(name.lower())
        return self

    @model_validator(mode="after")
    def _roles_that_mean_something(self) -> Self:
        """`pairs` belong to verification; careless fits on its own rows and on no other set."""
        for name, role in self.roles.items():
            if role.pairs is not None and name != "verification":
                raise ConfigError(
                    f"roles.{name} has pairs, which only roles.verification takes: leave them out"
                )
        learnt = [name for name in ("primary", "sensitive") if name in self.roles]
        if learnt and self.preset == "careless":
            raise ConfigError(
                f"roles.{learnt[0]} is given with preset: careless, which fits suppressors on the "
                "attackers' own rows: leave out the role, or the preset"
            )
        return self

    @property
    def folds(self) -> int:
        """Groups that people are dealt into: from `splits`, or else from the look."""
        return self.splits.folds if self.splits else LOOKS[self.look][0]

    @property
    def seeds(self) -> int:
        """How many times people are dealt: from `splits`, or else from the look."""
        return self.splits.seeds if self.splits else LOOKS[self.look][1]

    def asked(self, place: str) -> bool:
        """Whether somebody wrote `place`, such as "sensitive" or "faces.subject", by name.

        What the data cannot serve is skipped with a warning where it came from a default, and is
        an error where it was asked for.
        """
        here: Any = self
        for name in place.split("."):
            if not isinstance(here, BaseModel) or name not in here.model_fields_set:
                return False
            here = getattr(here, name)
        return True

    def as_run(self) -> dict[str, Any]:
        """Every setting as it holds, defaults filled in, JSON-able; for `audit.json`."""
        everything = self.model_dump(mode="json")
        return {**everything, "splits": {"folds": self.folds, "seeds": self.seeds}}

    def settings(self) -> dict[str, Any]:
        """What of the settings may enter a store key: `as_run` without names, paths and devices."""
        everything = self.as_run()
        for name in ("name", "look", "device", "engine"):
            del everything[name]
        return _without_paths(everything)


_PATHS = {"path", "weights", "pairs"}


def _without_paths(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_paths(one) for name, one in value.items() if name not in _PATHS}
    return [_without_paths(one) for one in value] if isinstance(value, list) else value


def _not_yet(place: str, word: str, has: Sequence[str]) -> str:
    if not has:
        return f"{place} asks for '{word}', and this version has no {place} yet: leave the key out"
    return (
        f"{place} asks for '{word}', which this version does not have yet: choose from "
        f"{', '.join(has)}"
    )


def config_from(mapping: Mapping[str, Any]) -> Config:
    """The settings in `mapping`; raises `ConfigError` with the place, the value and the way out."""
    try:
        return Config.model_validate(dict(mapping))
    except ValidationError as error:
        raise ConfigError(explain(error, Config)) from error


def load_config(path: Path) -> Config:
    """The settings in the file `path`; raises `ConfigError`, which names the file."""
    mapping = audit_yaml.read(path)
    try:
        return config_from(mapping)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def dump_config(config: Config) -> str:
    """YAML of what was asked for; reading it gives an equal config with equal `asked`."""
    return audit_yaml.write(config.model_dump(mode="json", exclude_unset=True))


def located(path: str, base: Path) -> Path:
    """A path of the settings, taken from the folder `base` of their file where it is relative."""
    return base / Path(path).expanduser()

"""Turns what pydantic finds wrong in the settings into one sentence for a person."""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

Location = tuple[int | str, ...]


def explain(error: ValidationError, model: type[BaseModel]) -> str:
    """One sentence about the first fault: its place, the value, the limit and the way out."""
    faults = error.errors(include_url=False)
    unknown = next((one for one in faults if one["type"] == "extra_forbidden"), None)
    if unknown is not None:
        return _unknown_key(unknown["loc"], model)
    place = _place(faults[0]["loc"], model)
    # Where a value may be of several kinds, pydantic reports each kind's complaint in turn.
    needs: list[str] = []
    for fault in faults:
        need = _need(fault)
        if _place(fault["loc"], model) == place and need not in needs:
            needs.append(need)
    if faults[0]["type"] == "value_error":
        return f"{_dotted(place) or 'the audit'} {faults[0]['ctx']['error']}"
    if faults[0]["type"] == "missing":
        return f"{_dotted(place)} is missing, and there is no default for it: write it down"
    value = _shown(faults[0]["input"])
    return f"{_dotted(place)} is {value}, and it must be {' or '.join(needs)}"


def _need(fault: Any) -> str:
    """What would be right, in words."""
    kind, limits = fault["type"], fault.get("ctx", {})
    if kind == "literal_error":
        near = _nearest(str(fault["input"]), _options(limits["expected"]), cutoff=0.5)
        guess = f" (did you mean {near}?)" if near else ""
        return f"{limits['expected'].replace(chr(39), '')}{guess}"
    words = {
        "greater_than_equal": "at least {ge}",
        "less_than_equal": "at most {le}",
        "too_short": "a list of at least {min_length}",
        "too_long": "a list of at most {max_length}",
        "string_too_long": "text of at most {max_length} letters",
        "string_pattern_mismatch": "local, processes or tcp://HOST:PORT",
        "finite_number": "a finite number",
        "int_type": "a whole number",
        "int_from_float": "a whole number",
        "float_type": "a number",
        "bool_type": "true or false",
        "string_type": "text (in quotes where it looks like a number)",
        "tuple_type": "a list, as in [one, two]",
        "dict_type": "a mapping, as in {name: value}",
        "model_type": "a mapping, as in {name: value}",
        "model_attributes_type": "a mapping, as in {name: value}",
    }
    if kind not in words:
        return str(fault["msg"]).lower()
    return words[kind] if kind.endswith("_type") else words[kind].format(**limits)


def _options(expected: str) -> list[str]:
    return [word.strip(" '") for word in expected.replace(" or ", ",").split(",")]


def _unknown_key(location: Location, model: type[BaseModel]) -> str:
    """Name the place of an unknown key and the known one that is nearest to it."""
    *parents, key = location
    parent = _dotted(_place(tuple(parents), model))
    place = f"{parent}.{key}" if parent else str(key)
    owner = _owner(_place(tuple(parents), model), model)
    siblings = {name: f"{parent}.{name}" if parent else name for name in owner.model_fields}
    # A known key in the wrong place (`folds` at the top is splits.folds) before a misspelt one.
    elsewhere = dict(reversed(list(_leaves(model))))
    if str(key) in elsewhere:
        guess = elsewhere[str(key)]
    else:
        near = _nearest(str(key), siblings, 0.6)
        far = _nearest(str(key), elsewhere, 0.75)
        guess = siblings.get(near) or elsewhere.get(far) or siblings[_nearest(str(key), siblings)]
    return f"there is no setting {place}: the nearest known one is {guess}; rename it or remove it"


def _nearest(word: str, known: Iterable[str], cutoff: float = 0.0) -> str:
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=cutoff)
    return found[0] if found else ""


def _shown(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        text = "a mapping"
    else:
        text = f"'{value}'" if isinstance(value, str) else str(value)
    return text if len(text) <= 80 else f"{text[:77]}…"


def _dotted(place: Location) -> str:
    """`("suppressors", 0, "kind")` as `suppressors[0].kind`."""
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def _place(location: Location, model: type[BaseModel]) -> Location:
    """The keys of `location`, without the names that pydantic adds for members of a union."""
    kept: list[int | str] = []
    owner: type[BaseModel] | None = model
    free = False
    for part in location:
        if isinstance(part, int):
            kept.append(part)
        elif owner is not None and part in owner.model_fields:
            kept.append(part)
            annotation = owner.model_fields[part].annotation
            free = _is_mapping(annotation)
            owner = _model_in(annotation)
        elif free and "[" not in part:  # "dict[...]" and "[key]" are pydantic's, not the person's
            kept.append(part)
            free = False
    return tuple(kept)


def _owner(place: Location, model: type[BaseModel]) -> type[BaseModel]:
    """The model that holds the keys at `place`."""
    owner = model
    for part in place:
        if isinstance(part, str) and part in owner.model_fields:
            owner = _model_in(owner.model_fields[part].annotation) or owner
    return owner


def _leaves(model: type[BaseModel], parent: str = "") -> Iterator[tuple[str, str]]:
    """(name, dotted place) of every setting, outermost first."""
    inner = []
    for name, field in model.model_fields.items():
        yield name, f"{parent}{name}"
        below = _model_in(field.annotation)
        if below is not None:
            inner.append((below, f"{parent}{name}."))
    for below, place in inner:
        yield from _leaves(below, place)


def _members(annotation: Any) -> Iterator[Any]:
    yield annotation
    for one in typing.get_args(annotation):
        if isinstance(one, type | types.UnionType | types.GenericAlias) or typing.get_args(one):
            yield from _members(one)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    for one in _members(annotation):
        if type(one) is not types.GenericAlias and isinstance(one, type):  # list[str] is a type too
            return one if issubclass(one, BaseModel) else None
    return None


def _is_mapping(annotation: Any) -> bool:
    return any(typing.get_origin(one) is dict for one in _members(annotation))

"""The reference of `audit.yaml`, from the models that read it and a sentence about each key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from core import config_parts
from core.config import Config

MEANINGS = Path(__file__).with_name("settings.yaml")
"""What each key means, by block and key; the models hold names, kinds and limits."""

BLOCKS: dict[str, type[BaseModel]] = {
    "audit": Config,
    "splits": config_parts.Splits,
    "faces": config_parts.Faces,
    "obfuscate": config_parts.Obfuscate,
    "embeddings": config_parts.Vectors,
    "encoder": config_parts.Encoder,
    "suppressors": config_parts.Suppressor,
    "roles": config_parts.Role,
    "ablation": config_parts.Ablation,
    "projection": config_parts.Projection,
    "fairness": config_parts.Fairness,
    "action_units": config_parts.ActionUnits,
    "anonymity": config_parts.Anonymity,
}
"""The blocks of `audit.yaml`, under the titles that their sections have."""

_WHERE = {model.__name__: block for block, model in BLOCKS.items()}
_SIMPLE = {"boolean": "true or false", "string": "text", "null": "empty", "object": "a mapping"}


def meanings() -> dict[str, dict[str, str]]:
    """A sentence for each key of each block."""
    found: dict[str, dict[str, str]] = yaml.safe_load(MEANINGS.read_text(encoding="utf-8"))
    return found


def page() -> str:
    """The reference as Markdown: a section a block, a row a key."""
    said = meanings()
    lines: list[str] = []
    for block, model in BLOCKS.items():
        title = "The whole" if block == "audit" else f"`{block}`"
        lines += [f"## {title} {{ #{block} }}", "", _prose(model), ""]
        lines += ["| key | what it is | values | unless told otherwise |", "|---|---|---|---|"]
        for key, about in model.model_json_schema()["properties"].items():
            kind, default = _values(about), _default(model, key)
            lines.append(f"| `{key}` | {said[block].get(key, '')} | {kind} | {default} |")
        lines.append("")
    return "\n".join(lines)


def _prose(model: type[BaseModel]) -> str:
    """The docstring as a paragraph or several."""
    paragraphs = (model.__doc__ or "").strip().split("\n\n")
    return "\n\n".join(" ".join(one.split()) for one in paragraphs)


def _values(about: Mapping[str, Any]) -> str:
    """What a key may hold, in words, from its JSON schema."""
    return " or ".join(dict.fromkeys(_kinds(about)))


def _kinds(about: Mapping[str, Any]) -> Iterator[str]:
    if "$ref" in about:
        block = _WHERE[about["$ref"].rsplit("/", 1)[1]]
        yield f"[a mapping](#{block})"
    elif "anyOf" in about:
        for one in about["anyOf"]:
            yield from _kinds(one)
    elif "enum" in about or "const" in about:
        yield ", ".join(f"`{one}`" for one in about.get("enum", [about.get("const")]))
    elif about.get("type") in ("integer", "number"):
        yield _number(about)
    elif about.get("type") == "array":
        inner = about.get("items", about.get("prefixItems", [{}])[0])
        yield f"a list of {_values(inner)}"
    else:
        yield _SIMPLE[about["type"]]


def _number(about: Mapping[str, Any]) -> str:
    kind = "a whole number" if about["type"] == "integer" else "a number"
    if "minimum" not in about:
        return kind
    return f"{kind} from {about['minimum']:,} to {about['maximum']:,}"


def _default(model: type[BaseModel], key: str) -> str:
    """The default as one would write it; a dash where the key must be given."""
    field = model.model_fields[key]
    if field.is_required():
        return "—"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, BaseModel):
        return "its own defaults"
    if value is None or value == () or value == {}:
        return "empty"
    if isinstance(value, tuple):
        return f"`[{', '.join(map(str, value))}]`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"

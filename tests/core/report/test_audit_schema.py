"""`audit.json` is as its published schema says, and files of older copies are read."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from core import audit_schema
from core.audit_schema import AuditFileError, read, schema, upgraded
from core.errors import InputError
from core.study import summary
from core.table import STATUSES


def test_the_schema_is_one_and_of_the_version_that_is_written() -> None:
    Draft202012Validator.check_schema(schema())
    assert schema()["properties"]["schema_version"]["const"] == audit_schema.VERSION
    assert summary.SCHEMA_VERSION == audit_schema.VERSION
    assert tuple(schema()["$defs"]["status"]["enum"]) == STATUSES


def test_what_is_written_is_read_as_it_was(folder) -> None:  # type: ignore[no-untyped-def]
    out = folder()
    told = json.loads((out / "audit.json").read_text())
    found = read(out / "audit.json")
    assert {name: found[name] for name in told} == told


def test_a_file_from_before_a_key_was_added_is_read(folder) -> None:  # type: ignore[no-untyped-def]
    def change(audit) -> None:  # type: ignore[no-untyped-def]
        for name in ("suppressors", "checks", "facts", "warnings", "permutations"):
            del audit[name]
        for name in ("origin", "problem_counts", "few_people"):
            del audit["data"][name]

    found = read(folder(change) / "audit.json")
    assert found["suppressors"] == []
    assert found["data"]["origin"] == {}


def test_an_older_version_is_brought_up_step_by_step(folder, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    out = folder()
    monkeypatch.setattr(audit_schema, "VERSION", 3)
    monkeypatch.setattr(audit_schema, "schema", lambda version=None: {"type": "object"})
    steps = {1: lambda old: {**old, "schema_version": 2, "one": 1},
             2: lambda old: {**old, "schema_version": 3, "two": old["one"] + 1}}  # fmt: skip
    monkeypatch.setattr(audit_schema, "_UPGRADES", steps)
    found = read(out / "audit.json")
    assert (found["schema_version"], found["one"], found["two"]) == (3, 1, 2)


def test_a_newer_version_is_refused_with_the_way_out(folder) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(AuditFileError, match="schema_version 2, and this copy reads up to 1"):
        read(folder(lambda audit: audit.update(schema_version=2)) / "audit.json")


@pytest.mark.parametrize("value", [None, "1", True, 0, -1, 1.5])
def test_what_is_no_version_is_refused(value: object) -> None:
    with pytest.raises(AuditFileError, match="versions count from 1"):
        upgraded({"schema_version": value})


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda audit: audit["data"].update(n="many"), "data/n"),
        (lambda audit: audit["headline"].update(status="splendid"), "headline/status"),
        (lambda audit: audit.pop("parts"), "the whole"),
        (lambda audit: audit.update(tables="leakage"), "tables"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(folder, change, place: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(AuditFileError, match=place):
        read(folder(change) / "audit.json")


@pytest.mark.parametrize("text", ["", "{", "[1]", '"a"', "[" * 100_000])
def test_what_is_no_audit_is_an_error_for_a_person(tmp_path, text: str) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "audit.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"audit\.json"):
        read(path)


def test_a_folder_without_one_is_an_error(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match=r"there is no audit\.json"):
        read(tmp_path / "audit.json")


# -- a made-up next version ------------------------------------------------------------------------


def second(old: dict[str, Any]) -> dict[str, Any]:
    """A file of version 1 as one of a made-up version 2: `preset` is called `recipe`, and a class
    has its faces and its people in one place."""
    data = dict(old["data"])
    people = data.pop("label_people", {})
    data["labels"] = {
        label: {name: {"faces": n, "people": people.get(label, {}).get(name)}
                for name, n in classes.items()}
        for label, classes in data["labels"].items()
    }  # fmt: skip
    rest = {name: value for name, value in old.items() if name != "preset"}
    return {**rest, "schema_version": 2, "recipe": old["preset"], "data": data}


@pytest.fixture
def next_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy of the program that writes version 2, with the schemas of both."""
    one = schema()
    two = copy.deepcopy(one)
    two["properties"]["schema_version"] = {"const": 2}
    two["required"] = [*(key for key in one["required"] if key != "preset"), "recipe"]
    two["properties"]["recipe"] = two["properties"].pop("preset")
    counted = {"type": "object", "required": ["faces", "people"]}
    classes = {"type": "object", "additionalProperties": counted}
    two["properties"]["data"]["properties"]["labels"]["additionalProperties"] = classes
    place = tmp_path / "audit_schema.json"
    place.write_text(json.dumps(two))
    place.with_suffix(".1.json").write_text(json.dumps(one))
    monkeypatch.setattr(audit_schema, "SCHEMA", place)
    monkeypatch.setattr(audit_schema, "VERSION", 2)
    monkeypatch.setattr(audit_schema, "_UPGRADES", {1: second})


@pytest.mark.usefixtures("next_version")
def test_a_file_of_version_1_is_read_by_a_copy_that_writes_version_2(folder) -> None:  # type: ignore[no-untyped-def]
    found = read(folder() / "audit.json")
    assert (found["schema_version"], found["recipe"]) == (2, "default")
    assert "preset" not in found
    assert found["data"]["labels"]["gender"]["feminine"] == {"faces": 80, "people": 40}
    assert upgraded(found) == found, "a file of version 2 is read as it is"


@pytest.mark.usefixtures("next_version")
@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda audit: audit.pop("preset"), "the whole"),
        (lambda audit: audit.pop("data"), "the whole"),
        (lambda audit: audit["data"].update(labels=["mood"]), "data/labels"),
    ],
)
def test_an_older_file_that_its_own_schema_refuses_meets_no_step(folder, change, place) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(AuditFileError, match=place):
        read(folder(change) / "audit.json")


@pytest.mark.usefixtures("next_version")
def test_a_step_that_forgets_something_is_seen(folder, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(audit_schema, "_UPGRADES", {1: lambda old: {**old, "schema_version": 2}})
    with pytest.raises(AuditFileError, match="recipe"):
        read(folder() / "audit.json")


def test_every_older_version_has_its_schema_and_its_step() -> None:
    older = range(1, audit_schema.VERSION)
    assert set(audit_schema._UPGRADES) == set(older)
    for version in older:
        Draft202012Validator.check_schema(schema(version))
        assert schema(version)["properties"]["schema_version"]["const"] == version

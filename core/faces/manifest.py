"""A set that comes with a table: `file_name` and whatever columns its owner keeps."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd

from core.errors import FacesError
from core.faces import aliases
from core.faces.faceset import Problem
from core.faces.folder import Tree
from core.faces.found import Found
from core.faces.labelling import Columns, rename
from core.faces.pairs import read_pairs
from core.faces.tables import read_table

NAMES = (
    "metadata.csv", "metadata.parquet", "manifest.csv", "manifest.parquet", "metadata.tsv",
    "labels.csv",
)  # fmt: skip

BY_HAND = "by hand"
"""The origin of a column whose values a person gave, picture by picture."""
ORIGIN_SUFFIX = ".origin.json"
"""`metadata.csv` may have `metadata.origin.json` beside it: a mapping from column to origin."""
MAX_ORIGIN_BYTES = 65_536
_UNIT = re.compile(r"au[ _-]?0*([1-9][0-9]?)(?:_([cr]))?\Z", re.IGNORECASE)


def action_unit(name: str) -> tuple[int, str] | None:
    """The unit of a column such as `AU01`, `au12`, `AU01_c` (occurrence) or `AU01_r` (intensity),
    with "c", "r" or ""; None for every other name."""
    found = _UNIT.match(name.strip())
    return (int(found[1]), (found[2] or "").lower()) if found else None


def manifest_in(tree: Tree) -> str | None:
    """The manifest in the root of a set, or None; one deeper down speaks for its folder only."""
    there = {file.casefold(): file for file in tree.files if "/" not in file}
    return next((there[name] for name in NAMES if name in there), None)


def manifest_below(tree: Tree) -> str | None:
    """The only manifest deeper down, or None; raises `FacesError` where there are several."""
    below = [file for file in tree.files if file.rsplit("/", 1)[-1].casefold() in NAMES]
    if len(below) > 1:
        raise FacesError(
            f"{tree.root} holds {len(below)} manifests ({', '.join(below[:3])}) and none in its "
            "root: give the path of one, join them, or choose the preset folder"
        )
    return below[0] if below else None


def read_manifest(path: Path, tree: Tree, subject: str) -> Found:
    """The rows of a manifest whose picture is there; every other row becomes a problem.

    `tree` is the folder that the manifest lies in: only files found there, inside it, are used.
    Raises `FacesError` where the file column is missing or no row's picture is there.
    """
    table = read_table(path)
    columns, file_column = rename(table, subject, FacesError)
    if file_column is None:
        raise FacesError(
            f"'{path.name}': {aliases.missing('file_name', table.columns)}; name the column with "
            "the pictures' paths file_name"
        )
    files, problems = _places(table[file_column], tree)
    there = files.notna().to_numpy()
    if not there.any():
        example = f", the first: {problems[0].file} ({problems[0].detail})" if problems else ""
        raise FacesError(
            f"none of the {len(table):,} pictures that '{path.name}' lists is in {tree.root}"
            f"{example}: put the manifest into the folder that its paths start from"
        )
    # Action units are intensities or occurrences of many at a time, not labels to be attacked.
    units = tuple(str(name) for name in columns.frame.columns if action_unit(str(name)))
    aside = (*(name for name in columns.aside if name != "file"), *units)
    frame = columns.frame.drop(columns="file", errors="ignore")[there]
    frame = frame.assign(file=files[there])
    problems += _unlisted(tree, set(frame["file"]), path.name)
    return Found(
        frame.reset_index(drop=True), tuple(problems), aside=aside,
        origin=_origin(path, tree, columns, table), renamed=columns.renamed,
        pairs=read_pairs(tree),
    )  # fmt: skip


def told_origin(manifest: Path) -> dict[str, str]:
    """Which columns of `manifest` were made by hand, as the file beside it says.

    Columns go by their common names. Whatever is not understood there is passed over: the file is
    a note, and no set fails to be read for its sake.
    """
    note = manifest.with_suffix(ORIGIN_SUFFIX)
    try:
        with open(note, "rb") as file:
            data = file.read(MAX_ORIGIN_BYTES + 1)
        told = json.loads(data) if len(data) <= MAX_ORIGIN_BYTES else None
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(told, dict):
        return {}
    return {str(name): BY_HAND for name, said in told.items() if said == BY_HAND}


def _origin(path: Path, tree: Tree, columns: Columns, table: pd.DataFrame) -> dict[str, str]:
    """What the note beside the manifest says of the columns that were read."""
    if path.with_suffix(ORIGIN_SUFFIX).name not in tree.files:
        return {}
    told = told_origin(path)
    # Who is who may have been read from another column than the one that was filled by hand.
    person = aliases.find([str(name) for name in table.columns], aliases.SUBJECT)
    if columns.renamed.get("subject_id") != person:
        told.pop("subject_id", None)
    return told


def _places(names: pd.Series, tree: Tree) -> tuple[pd.Series, list[Problem]]:
    """Where each listed picture lies in `tree`, None where it cannot be used, and why."""
    here = set(tree.files)
    known = {problem.file: problem for problem in tree.problems}
    short: dict[str, str | None] = {}
    for file in tree.pictures:
        name = file.rsplit("/", 1)[-1]
        short[name] = None if name in short else file
    places: list[str | None] = []
    problems: list[Problem] = []
    used: set[str] = set()
    for listed in names:
        name, objection = _clean(str(listed))
        place = name if name in here else short.get(name)
        if objection is None and place is None:
            objection = known.get(name) or Problem(name, "missing file", "listed and not there")
        if objection is None and place in used:
            objection = Problem(name, "duplicated", "listed more than once; the first row is kept")
        if objection is not None:
            problems.append(objection)
            place = None
        elif place is not None:
            used.add(place)
        places.append(place)
    return pd.Series(places, index=names.index, dtype=object), problems


def _clean(listed: str) -> tuple[str, Problem | None]:
    """The listed path with forward slashes, and a problem where it could lead out of the folder."""
    name = listed.strip().replace("\\", "/")
    name = re.sub(r"^(\./)+", "", name)
    if not name:
        return name, Problem("(row without a file)", "missing file", "the cell is empty")
    if name.startswith(("/", "~")) or re.match(r"^[A-Za-z][A-Za-z0-9+.-]*:", name):
        return name, Problem(name[:200], "unsafe path", "not relative to the manifest's folder")
    if ".." in name.split("/") or not name.isprintable():
        shown = ascii(name)[1:-1][:200]
        return name, Problem(shown, "unsafe path", "it leads out of the manifest's folder")
    return name, None


def _unlisted(tree: Tree, used: set[str], manifest: str) -> list[Problem]:
    detail = f"not listed in {manifest}; left out"
    return [Problem(file, "unlabelled", detail) for file in tree.pictures if file not in used]

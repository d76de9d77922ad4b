"""Reading a face set: a folder, a zip, a manifest, a public set as downloaded, or drawn faces.

Nothing is opened here but lists and names; pictures are opened one at a time by the set's source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.errors import FacesError
from core.faces import aliases
from core.faces.archive import extract
from core.faces.faceset import FaceSet, Problem
from core.faces.folder import Tree, by_class, strangers, walk
from core.faces.found import Found
from core.faces.inspection import Inspection, inspect_faces
from core.faces.labelling import Columns, label
from core.faces.manifest import NAMES, action_unit, manifest_below, manifest_in, read_manifest
from core.faces.pairs import read_pairs, resolve
from core.faces.picture import FileSource, subset
from core.faces.presets import CHOICES, PRESETS, Preset, recognise
from core.faces.tables import TABLES
from core.store import home

__all__ = ["Inspection", "inspect_faces", "read_faces"]


@dataclass(frozen=True)
class _Read:
    """One set as found, with how it was read and the terms that go with it."""

    found: Found
    tree: Tree
    how: str
    licence: str


def read_faces(
    path: Path | None,
    *,
    preset: str = "auto",
    subject: str = "subject_id",
    aligned: bool = False,
    where: Mapping[str, Any] | None = None,
    extract_to: Path | None = None,
) -> FaceSet:
    """Read a face set without opening its pictures.

    `path` is a folder, a .zip (extracted once into `extract_to`), or a .csv, .tsv or .parquet
    manifest; it may be None for the preset `synthetic`. `preset` is one of `presets.CHOICES`;
    `auto` takes a manifest first, then a public set that it recognises, then one folder a class,
    and says in the set's name which it was. `subject` is the identity column of a manifest, `where`
    keeps the rows with the given values. Raises `FacesError` where nothing can be read as asked.
    """
    if preset not in CHOICES:
        raise FacesError(f"there is no preset '{preset}': choose one of {', '.join(CHOICES)}")
    if preset == "synthetic":
        return _narrow(_synthetic(), where)
    if path is None:
        raise FacesError(f"preset '{preset}' needs a path: give a folder, a zip or a manifest")
    path = Path(path)
    place, problems = _place(path, extract_to)
    read = _read(place, preset, subject)
    faces = _assemble(read, where, problems)
    name = path.name if path.is_dir() else path.stem
    return replace(faces, name=f"{name} ({read.how})", aligned=aligned)


def _place(path: Path, extract_to: Path | None) -> tuple[Path, tuple[Problem, ...]]:
    """The folder or manifest to read: `path` itself, or what was extracted from it."""
    try:
        is_folder, is_file = path.is_dir(), path.is_file()
    except (OSError, ValueError) as error:
        raise FacesError(f"the path {str(path)!a} cannot be read: check it") from error
    if is_folder:
        return path, ()
    if not is_file:
        what = "is a pipe or a device" if path.exists() else "does not exist"
        raise FacesError(f"{path} {what}: give a folder, a zip or a .csv or .parquet manifest")
    end = path.suffix.lower()
    if end == ".zip":
        extracted = extract(path, extract_to or home() / "extracted")
        return _only_folder(extracted.folder), extracted.problems
    if end in TABLES:
        return path, ()
    raise FacesError(
        f"'{path.name}' is no face set: a folder, a .zip or a {', '.join(TABLES)} manifest can be "
        "read; vectors (.npz, .npy) belong under embeddings"
    )


def _only_folder(folder: Path) -> Path:
    """Go down while a folder holds one folder and nothing else, as zips of a folder do."""
    inside = list(folder.iterdir())
    while len(inside) == 1 and inside[0].is_dir():
        folder = inside[0]
        inside = list(folder.iterdir())
    return folder


def _read(place: Path, preset: str, subject: str) -> _Read:
    """Read `place` as asked, or find out what it is."""
    if place.is_file():
        return _manifest(walk(place.parent), place.name, subject, preset)
    tree = walk(place)
    listed = manifest_in(tree)
    if listed is not None and preset in ("auto", "manifest", "london", "yale", "lfw"):
        return _manifest(tree, listed, subject, preset)
    if preset == "manifest":
        raise FacesError(f"{place} holds no manifest: put one of {', '.join(NAMES)} into it")
    if preset == "auto":
        known = recognise(tree)
        if known is not None:
            return _preset(tree, known, "recognised by its names as")
        below = manifest_below(tree)
        if below is not None:
            return _read((tree.root / below).parent, "manifest", subject)
    if preset in PRESETS:
        return _preset(tree, PRESETS[preset], "read as")
    return _folder(tree)


def _manifest(tree: Tree, name: str, subject: str, preset: str) -> _Read:
    found = read_manifest(tree.root / name, tree, subject)
    known = PRESETS.get(preset) or recognise(tree)
    if known is not None:
        return _Read(found, tree, f"{name}; names as in {known.title}", _terms(known))
    return _Read(found, tree, name, _own_licence(tree))


def _preset(tree: Tree, preset: Preset, how: str) -> _Read:
    found = preset.read(tree)
    if found.frame.empty:
        raise FacesError(
            f"preset {preset.key} does not fit {tree.root.name}: none of its "
            f"{len(tree.pictures):,} pictures is laid out like {preset.example}; choose auto, "
            "folder or manifest"
        )
    return _Read(found, tree, f"{how} {preset.title}", _terms(preset))


def _folder(tree: Tree) -> _Read:
    """One folder a class, or pictures without any label."""
    files, classes, parts = by_class(tree)
    if not files:
        there = sorted({Path(file).suffix or "no suffix" for file in tree.files})
        raise FacesError(
            f"{tree.root} holds no pictures; it holds {len(tree.files):,} other files"
            f"{' (' + ', '.join(there[:8]) + ')' if there else ''}: choose a folder with .jpg or "
            ".png files"
        )
    frame = pd.DataFrame({"file": files})
    name = "expression" if aliases.speaks_of_expressions(c for c in classes if c) else "class"
    if any(classes):
        frame[name] = classes
    if any(parts):
        frame["partition"] = parts
    found = Found(frame, aside=("partition",), origin={name: "folder name"}, pairs=read_pairs(tree))
    how = f"one folder a class, as {name}" if any(classes) else "pictures without labels"
    return _Read(found, tree, how, _own_licence(tree))


def _terms(preset: Preset) -> str:
    return f"{preset.title}: {preset.licence} Source: {preset.source}."


def _own_licence(tree: Tree) -> str:
    """The name of a licence file that lies in the set."""
    names = [file for file in tree.files if "/" not in file and "licen" in file.casefold()]
    return f"See {names[0]} in the set." if names else ""


def _assemble(
    read: _Read, where: Mapping[str, Any] | None, problems: tuple[Problem, ...]
) -> FaceSet:
    """Finish labels, choose rows, and put table, source, pairs and problems together."""
    found, tree = read.found, read.tree
    frame = found.frame if "id" in found.frame else found.frame.assign(id=found.frame["file"])
    aside = ("file", *found.aside)
    done = label(Columns(frame, aside, found.origin, found.renamed), where)
    files = tuple(found.frame["file"].iloc[done.rows])
    units = [name for name in found.aside if action_unit(name)]
    beside = found.frame[units].iloc[done.rows].reset_index(drop=True)
    pairs: pd.DataFrame | None = None
    lost: tuple[Problem, ...] = ()
    if found.pairs is not None:
        pairs, lost = resolve(found.pairs, list(done.table["id"]), list(files))
    return FaceSet(
        name="",
        table=pd.concat([done.table, beside], axis=1) if units else done.table,
        source=FileSource(str(tree.root), files),
        labels=done.labels,
        problems=_once(problems + tree.problems + tuple(strangers(tree)) + found.problems
                       + done.problems + lost),
        pairs=pairs,
        has_subjects=done.has_subjects,
        licence=read.licence,
        origin=done.origin,
    )  # fmt: skip


def _once(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """Each problem of each file once, in order."""
    seen = {(problem.file, problem.kind): problem for problem in reversed(problems)}
    return tuple(reversed(seen.values()))


def _synthetic() -> FaceSet:
    from core.faces.synthetic.source import synthetic_faces

    return synthetic_faces()


def _narrow(faces: FaceSet, where: Mapping[str, Any] | None) -> FaceSet:
    """The rows of a finished set that `where` asks for."""
    if not where:
        return faces
    known = ("id", "subject_id", *faces.labels)
    aside = tuple(str(name) for name in faces.table.columns if name not in known)
    done = label(Columns(faces.table.astype(str), aside), where)
    rows: list[int] = np.asarray(done.rows).tolist()
    pairs = faces.pairs
    if pairs is not None:
        ids = set(done.table["id"])
        pairs = pairs[pairs["a"].isin(ids) & pairs["b"].isin(ids)].reset_index(drop=True)
    table = faces.table.iloc[rows].reset_index(drop=True)
    return replace(faces, table=table, source=subset(faces.source, rows), pairs=pairs)

"""Labels made by hand: kept in the set's `metadata.csv`, and marked as such beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from core.errors import FacesError
from core.faces import aliases
from core.faces.faceset import UNKNOWN, FaceSet
from core.faces.manifest import BY_HAND, NAMES, ORIGIN_SUFFIX, told_origin
from core.faces.picture import FileSource
from core.faces.tables import read_table
from core.store import write_atomic

METADATA = "metadata.csv"


def column_name(name: str) -> str:
    """The name under which a label made by hand is kept: `emotion` becomes `expression`.

    Raises `FacesError` where the name means the file or the person.
    """
    folded = aliases.fold(name)
    if not folded or folded in (*aliases.FILE, *aliases.SUBJECT, *aliases.ROW):
        raise FacesError(f"a label cannot be called '{name}': that names a file or a person")
    for common, others in aliases.LABELS.items():
        if folded in others:
            return common
    return folded


def write(found: FaceSet, column: str, values: Sequence[str]) -> Path:
    """Put `values`, one for each face and "" where nothing is known, into the set's metadata.csv.

    What the manifest held already stays. Both files are replaced whole.
    """
    assert isinstance(found.source, FileSource)
    root, files = Path(found.source.root), found.source.files
    table = _manifest(root, found)
    names = [str(name) for name in table.columns]
    file = aliases.find(names, aliases.FILE)
    assert file is not None
    given = aliases.find(names, aliases.SUBJECT if column == "subject_id" else
                         aliases.LABELS.get(column, (column,)))  # fmt: skip
    target = given or column
    said: Mapping[str, str] = dict(zip(files, values, strict=True))
    before = table[target] if target in table else pd.Series("", index=table.index)
    table[target] = [
        said.get(_place(name), kept) for name, kept in zip(table[file], before, strict=True)
    ]
    write_atomic(root / METADATA, table.to_csv(index=False).encode())
    metadata = root / METADATA
    told = {**told_origin(metadata), column: BY_HAND}
    write_atomic(metadata.with_suffix(ORIGIN_SUFFIX), json.dumps(told).encode())
    return metadata


def _place(listed: object) -> str:
    return str(listed).replace("\\", "/").removeprefix("./")


def _manifest(root: Path, found: FaceSet) -> pd.DataFrame:
    """The manifest as it is, or a new one with what the folders said."""
    for name in NAMES:
        if (root / name).is_file():
            return read_table(root / name).fillna("")
    assert isinstance(found.source, FileSource)
    table = pd.DataFrame({"file_name": list(found.source.files)})
    if found.has_subjects:
        table["subject_id"] = found.table["subject_id"].replace(UNKNOWN, "")
    for label in found.labels:
        table[label] = found.table[label].replace(UNKNOWN, "")
    return table

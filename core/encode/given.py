"""Vectors that a person has already: Parquet, NPZ, NPY with a CSV, or a CSV of numbers.

They are audited as they are; nothing is normalised. Labels go through the same rules as those of a
face set.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.encode.embeddings import Embeddings
from core.encode.given_arrays import read_npy, read_npz
from core.encode.given_parquet import VECTORS, numbered, parquet_vectors
from core.errors import EmbeddingsError
from core.faces import aliases
from core.faces.labelling import Columns, label, rename
from core.faces.tables import read_table

NO_ENCODER = hashlib.sha256(b"given vectors").hexdigest()
"""The digest of an encoder that nobody named."""
_KINDS = (".parquet", ".npz", ".npy", ".csv", ".tsv")


@dataclass(frozen=True)
class _Read:
    """Vectors (n, d) of any number type, their table of text, and what the file says of itself."""

    x: np.ndarray
    table: pd.DataFrame
    said: Mapping[str, str]


def read_embeddings(
    path: Path,
    *,
    vector: str = "embedding",
    subject: str = "subject_id",
    where: Mapping[str, Any] | None = None,
) -> Embeddings:
    """Read vectors with their ids and labels.

    Parquet has the vectors as a list column named `vector` (or an alias) or as columns e0 to eN,
    NPZ as an array with arrays of ids and labels beside it. A CSV of the same name, or
    `labels.csv`, may lie beside an NPZ and must lie beside an NPY. Raises `EmbeddingsError` for
    what cannot be audited: not a number, infinite, all vectors alike, a vector of zeros, no
    dimension, lengths that differ.
    """
    path = Path(path)
    if not path.is_file():
        what = "is no file" if path.exists() else "does not exist"
        raise EmbeddingsError(f"{path} {what}: give vectors as one of {', '.join(_KINDS)}")
    readers = {".parquet": _parquet, ".npz": _npz, ".npy": _npy, ".csv": _csv, ".tsv": _csv}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise EmbeddingsError(
            f"'{path.name}' is of no kind that holds vectors: give one of {', '.join(_KINDS)}"
        )
    read = reader(path, vector)
    x = _numbers(read.x, path.name)
    if len(read.table) != len(x):
        raise EmbeddingsError(
            f"'{path.name}' has {len(x):,} vectors and {len(read.table):,} rows of labels: one row "
            "a vector is needed, in the same order"
        )
    return _embeddings(path, read, x, subject, where)


def _embeddings(
    path: Path, read: _Read, x: np.ndarray, subject: str, where: Mapping[str, Any] | None
) -> Embeddings:
    """Put vectors and labels together, keep the rows of `where`, and refuse what is degenerate."""
    columns, file = rename(read.table, subject, EmbeddingsError)
    frame = columns.frame
    if "id" not in frame:
        named = read.table[file] if file is not None else [str(row) for row in range(len(frame))]
        frame = frame.assign(id=named)
    origin = _origin(read.said)
    done = label(Columns(frame, columns.aside, origin, columns.renamed), where, EmbeddingsError)
    # Where all rows are kept there is no second copy, which may be gigabytes.
    kept = x if len(done.rows) == len(x) else np.ascontiguousarray(x[done.rows])
    digest = read.said.get("blindfold.encoder_digest") or NO_ENCODER
    embeddings = Embeddings(
        x=kept,
        table=done.table,
        labels=done.labels,
        encoder=read.said.get("blindfold.encoder", "given vectors"),
        encoder_digest=digest,
        name=path.stem,
        problems=done.problems,
        has_subjects=done.has_subjects,
        synthetic=read.said.get("blindfold.synthetic") == "true",
        origin=done.origin,
    )
    _refuse_degenerate(embeddings, path.name)
    return embeddings


def _origin(said: Mapping[str, str]) -> dict[str, str]:
    """Where the labels came from, as `embed` noted it in the file's own metadata."""
    try:
        noted = json.loads(said.get("blindfold.origin", "{}"))
    except (ValueError, RecursionError):
        return {}
    return {str(k): str(v) for k, v in noted.items()} if isinstance(noted, dict) else {}


def _numbers(x: np.ndarray, name: str) -> np.ndarray:
    """`x` as float32 (n, d); raises where it is no matrix of real numbers."""
    if x.dtype.kind not in "fiub":
        raise EmbeddingsError(
            f"the vectors of '{name}' are of type {x.dtype}, real numbers are needed: save float32"
        )
    if x.ndim != 2:
        raise EmbeddingsError(
            f"the vectors of '{name}' have shape {x.shape}, two dimensions (faces, numbers) are "
            "needed: reshape them"
        )
    if 0 in x.shape:
        what = "no vectors" if len(x) == 0 else "vectors of no numbers"
        raise EmbeddingsError(f"'{name}' holds {what} (shape {x.shape}): export them again")
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(x, dtype=np.float32)


def _refuse_degenerate(embeddings: Embeddings, name: str) -> None:
    """No audit can say anything about vectors that are all alike, or normalise one of zeros."""
    x = embeddings.x
    zero = ~x.any(axis=1)
    if len(x) > 1 and (x[:1000] == x[0]).all() and (x == x[0]).all():
        raise EmbeddingsError(
            f"all {len(x):,} vectors of '{name}' are the same: a constant has no leakage and no "
            "use; check how they were exported"
        )
    if zero.any():
        first = embeddings.table["id"].iloc[int(np.flatnonzero(zero)[0])]
        raise EmbeddingsError(
            f"{int(zero.sum()):,} of {len(x):,} vectors of '{name}' hold nothing but zeros, the "
            f"first is '{first}': remove these rows or export the vectors again"
        )


def _npz(path: Path, vector: str) -> _Read:
    arrays = read_npz(path)
    name = aliases.find(arrays, VECTORS if vector == VECTORS[0] else (aliases.fold(vector),))
    if name is None:
        raise EmbeddingsError(
            f"'{path.name}': {aliases.missing(vector, arrays)}; name the vectors with 'vector'"
        )
    x = arrays.pop(name)
    rows = len(x) if x.ndim else 0
    flat = {key: array for key, array in arrays.items() if array.ndim == 1}
    for key, array in flat.items():
        if len(array) != rows:
            raise EmbeddingsError(
                f"'{path.name}' has {rows:,} vectors and {len(array):,} values in '{key}': one a "
                "vector is needed"
            )
    table = pd.DataFrame({_singular(key): _text(array) for key, array in flat.items()})
    beside = _beside(path)
    if beside is not None:
        table = _joined(table, read_table(beside, EmbeddingsError), path.name)
    if table.empty:
        table = pd.DataFrame(index=range(rows))
    return _Read(x, table, {})


def _singular(name: str) -> str:
    """Arrays are often named in the plural: `ids`, `subjects`, `labels`."""
    known = {"ids": "id", "subjects": "subject_id", "subject_ids": "subject_id"}
    known |= {"labels": "label", "y": "label", "names": "name", "files": "file_name"}
    known |= {"identities": "identity", "file_names": "file_name", "filenames": "file_name"}
    known |= {"emotions": "expression", "expressions": "expression", "genders": "gender"}
    return known.get(aliases.fold(name), name)


def _text(array: np.ndarray) -> list[str]:
    if array.dtype.kind == "S":
        return [value.decode("utf-8", "replace") for value in array]
    if array.dtype.kind == "f":
        return ["" if np.isnan(v) else f"{v:g}" for v in array.astype(float)]
    return [str(value) for value in array]


def _npy(path: Path, vector: str) -> _Read:
    beside = _beside(path)
    if beside is None:
        raise EmbeddingsError(
            f"'{path.name}' has no labels: put '{path.stem}.csv' beside it, with a header and one "
            "row a vector in the same order"
        )
    return _Read(read_npy(path), read_table(beside, EmbeddingsError), {})


def _beside(path: Path) -> Path | None:
    """The table of labels beside a file of vectors: of the same name, or `labels.csv`."""
    names = (f"{path.stem}.csv", f"{path.stem}.tsv", "labels.csv", "metadata.csv")
    return next((path.with_name(name) for name in names if path.with_name(name).is_file()), None)


def _joined(inside: pd.DataFrame, beside: pd.DataFrame, name: str) -> pd.DataFrame:
    """Labels beside the vectors put to the right rows: by id where both have one, else by order."""
    row, other = aliases.find(list(inside.columns), aliases.ROW), None
    if row is not None:
        other = aliases.find(list(beside.columns), (*aliases.ROW, *aliases.FILE))
    if row is None or other is None:
        if len(inside.columns) and len(inside) != len(beside):
            raise EmbeddingsError(
                f"'{name}' has {len(inside):,} rows and the table beside it {len(beside):,}: give "
                "both a column id, or the same rows in the same order"
            )
        extra = [column for column in beside if column not in inside]
        return pd.concat([inside, beside[extra]], axis=1)
    unique = beside.drop_duplicates(other).set_index(other)
    lost = ~inside[row].isin(unique.index)
    if lost.all():
        raise EmbeddingsError(
            f"no id of '{name}' is in the table beside it (the first is '{inside[row].iloc[0]}'): "
            "give both the same ids"
        )
    extra = [column for column in unique if column not in inside]
    return pd.concat([inside, unique[extra].reindex(inside[row]).reset_index(drop=True)], axis=1)


def _csv(path: Path, vector: str) -> _Read:
    table = read_table(path, EmbeddingsError)
    columns = numbered(table.columns)
    if not columns:
        there = aliases.missing("e0", table.columns)
        raise EmbeddingsError(f"'{path.name}': {there}; write the vectors as columns e0, e1, …")
    numbers = table[columns].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float)
    return _Read(numbers, table.drop(columns=columns), {})


def _parquet(path: Path, vector: str) -> _Read:
    x, used, rest, said = parquet_vectors(path, vector)
    table = read_table(path, EmbeddingsError) if rest else pd.DataFrame(index=range(len(x)))
    return _Read(x, table.drop(columns=[c for c in used if c in table]), said)

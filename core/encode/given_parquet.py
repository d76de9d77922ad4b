"""Vectors in a Parquet file: a list column, or one column a dimension."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from core.encode.given_arrays import MAX_BYTES
from core.errors import EmbeddingsError
from core.faces import aliases
from core.faces.tables import MAX_ROWS, claim_fits, no_name_twice

ROWS = 8192
"""Rows that are read at a time: 32 MB of 512 float64."""
VECTORS = ("embedding", "embeddings", "x", "vector", "vectors", "features", "feature", "emb")
"""Names that a column or an array of vectors may go by; the first is the default."""
_NUMBERED = re.compile(r"^(?:e|x|f|d|v|dim|emb|embedding|feature|feat)[_\-]?([0-9]{1,9})$", re.I)


def parquet_vectors(
    path: Path, vector: str
) -> tuple[np.ndarray, tuple[str, ...], tuple[str, ...], dict[str, str]]:
    """The vectors, the columns they took, the other columns, and the file's own key-value notes.

    Raises `EmbeddingsError` where the file is damaged, claims too much, or has no such column.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            claim_fits(path, file.metadata, MAX_ROWS, EmbeddingsError)
            schema = file.schema_arrow
            no_name_twice(schema.names, path, EmbeddingsError)
            name, columns = _vector_columns(schema, vector, path.name)
            notes = (schema.metadata or {}).items()
            said = {k.decode(): v.decode() for k, v in notes if k.startswith(b"blindfold.")}
            used = (name,) if name is not None else tuple(columns)
            _values_fit(file.metadata, used, path.name)
            x = _list_column(file, name, path.name) if name is not None else _columns(file, columns)
            rest = tuple(f.name for f in schema if f.name not in used)
    except (pa.ArrowException, OSError, OverflowError, ValueError, TypeError) as error:
        raise EmbeddingsError(
            f"'{path.name}' cannot be read as Parquet ({str(error)[:120]}): write it again"
        ) from error
    return x, used, rest, said


def _values_fit(metadata: Any, used: tuple[str, ...], file: str) -> None:
    """Raise where the footer claims more numbers than may be held, before any is read.

    A run of equal numbers takes a few bytes in Parquet, so the size on disk says nothing.
    """
    groups = [metadata.row_group(place) for place in range(metadata.num_row_groups)]
    chunks = [group.column(place) for group in groups for place in range(group.num_columns)]
    values = sum(c.num_values for c in chunks if c.path_in_schema.split(".")[0] in used)
    if values * 8 > MAX_BYTES:
        raise EmbeddingsError(
            f"'{file}' claims {values:,} numbers, the limit is {MAX_BYTES // 8:,}: split it"
        )


def _vector_columns(schema: Any, vector: str, file: str) -> tuple[str | None, list[str]]:
    """The list column that holds the vectors, or the numbered columns that do."""
    name = aliases.find(schema.names, (aliases.fold(vector),))
    columns: list[str] = []
    if name is None and vector == VECTORS[0]:
        lists = [f.name for f in schema if _is_list(f.type)]
        name, columns = aliases.find(lists, VECTORS), numbered(schema.names)
    if name is None and columns:
        odd = [c for c in columns if not _is_number(schema.field(c).type)]
        if odd:
            raise EmbeddingsError(
                f"column '{odd[0]}' of '{file}' is {schema.field(odd[0]).type}: numbers are needed"
            )
        return None, columns
    if name is None:
        raise EmbeddingsError(
            f"'{file}': {aliases.missing(vector, schema.names)}; name the column of vectors with "
            "'vector', or write columns e0, e1, …"
        )
    kind = schema.field(name).type
    if not _is_list(kind) or not _is_number(kind.value_type):
        raise EmbeddingsError(
            f"column '{name}' of '{file}' is {kind}, a list of numbers is needed: choose another "
            f"with 'vector' (there are: {', '.join(schema.names[:30])})"
        )
    return name, []


def _is_list(kind: Any) -> bool:
    import pyarrow.types as types

    return types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)


def _is_number(kind: Any) -> bool:
    import pyarrow.types as types

    return types.is_floating(kind) or types.is_integer(kind)


def _list_column(file: Any, name: str, path: str) -> np.ndarray:
    """A list column as a matrix, read in pieces; all lists must have the length of the first.

    Nothing is held twice but a piece.
    """
    import pyarrow.compute as pc

    x, row, lost, lengths = np.empty((0, 0), np.float32), 0, None, set[int]()
    for batch in file.iter_batches(ROWS, columns=[name]):
        column = batch.column(0)
        sizes = pc.list_value_length(column)
        if lost is None and (column.null_count or sizes.null_count):
            lost = row + pc.index(pc.is_null(column), True).as_py()
        lengths |= set(pc.unique(sizes).to_pylist()) - {None}
        if lost is None and len(lengths) == 1:
            [width] = lengths
            if not row:
                x = np.empty((file.metadata.num_rows, width), dtype=np.float32)
            flat = pc.list_flatten(column).to_numpy(zero_copy_only=False)
            _put(x[row : row + len(batch)], flat.reshape(len(batch), width))
        row += len(batch)
    if lost is not None:
        raise EmbeddingsError(f"row {lost + 1} of '{path}' has no vector in '{name}': remove it")
    if len(lengths) > 1:
        raise EmbeddingsError(
            f"the vectors in '{name}' of '{path}' have {min(lengths)} to {max(lengths)} numbers: "
            "all need the same length"
        )
    return x


def _columns(file: Any, columns: list[str]) -> np.ndarray:
    """Columns of numbers as a matrix, read in pieces."""
    x, row = np.empty((file.metadata.num_rows, len(columns)), dtype=np.float32), 0
    for batch in file.iter_batches(ROWS, columns=columns):
        # By name: a file may hold the columns in another order, and pandas' notes may hide some.
        frame = batch.replace_schema_metadata(None).to_pandas()
        _put(x[row : row + len(batch)], frame[columns].to_numpy(dtype=float))
        row += len(batch)
    return x


def _put(place: np.ndarray, numbers: np.ndarray) -> None:
    """Write `numbers` into `place`, float32; what is too large for that becomes infinite."""
    with np.errstate(over="ignore"):
        place[...] = numbers


def numbered(names: Iterable[str]) -> list[str]:
    """The columns e0 to eN (or of another letter) in order; [] where there are none or gaps."""
    found = {}
    for name in names:
        match = _NUMBERED.match(str(name))
        if match:
            found[int(match.group(1))] = str(name)
    order = sorted(found)
    whole = bool(order) and order == list(range(order[0], order[0] + len(order)))
    return [found[place] for place in order] if whole and order[0] in (0, 1) else []

"""Reading a person's CSV or Parquet table as text, with a clear word on what is wrong with it."""

from __future__ import annotations

import csv
import io
import os
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

from core.errors import FacesError, InputError

MAX_BYTES = 2**28
"""A CSV larger than this is refused."""
MAX_COLUMNS = 20_000
"""A table that has more columns than this is refused: longer vectors belong into Parquet or NPZ."""
MAX_ROWS = 5_000_000
"""A table that claims more rows than this is refused."""
MAX_CELL = 10_000
"""A Parquet file stores a text once and repeats it: longer ones could fill the memory."""
TABLES = (".csv", ".tsv", ".parquet")


def read_table(path: Path, error: type[InputError] = FacesError) -> pd.DataFrame:
    """All flat columns of a CSV or Parquet file as text, "" where a cell is empty.

    Raises `error` where the file is missing, no table, not UTF-8, empty or beyond the limits.
    """
    try:
        frame = _parquet(path, error) if path.suffix.lower() == ".parquet" else _csv(path, error)
    except FileNotFoundError as lost:
        raise error(f"there is no file '{path.name}' in {path.parent}: check the path") from lost
    except OSError as broken:
        reason = broken.strerror or str(broken)[:120]
        raise error(f"'{path.name}' cannot be read ({reason}): check the file") from broken
    if len(frame) == 0:
        raise error(f"'{path.name}' has a header and no rows: one row a face is needed")
    return frame


def _csv(path: Path, error: type[InputError]) -> pd.DataFrame:
    text = read_text(path, error)
    if not text.strip():
        raise error(f"'{path.name}' is empty: a header and one row a face are needed")
    try:
        mark, columns = _delimiter(text)
        _few_columns(columns, path, error)
        frame = pd.read_csv(
            io.StringIO(text), sep=mark, dtype=str, keep_default_na=False, header=None,
            skip_blank_lines=True,
        )  # fmt: skip
    except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError) as broken:
        raise error(
            f"'{path.name}' is not a regular table ({str(broken).strip()[:120]}): give every row "
            "as many cells as the header"
        ) from broken
    header = [str(name).strip() for name in frame.iloc[0].fillna("")]
    no_name_twice(header, path, error)
    frame = frame.iloc[1:].fillna("").reset_index(drop=True)
    frame.columns = pd.Index(header)
    return frame


def read_text(path: Path, error: type[InputError] = FacesError) -> str:
    """The text of a UTF-8 file of at most `MAX_BYTES`; raises `error` where it is none."""
    size = path.stat().st_size
    if not path.is_file():
        raise error(f"'{path.name}' is not a regular file: give a CSV or Parquet file")
    if size > MAX_BYTES:
        raise error(
            f"'{path.name}' has {size / 2**20:.0f} MiB, the limit for text is "
            f"{MAX_BYTES // 2**20} MiB: save it as Parquet"
        )
    data = path.read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as broken:
        line = data[: broken.start].count(b"\n") + 1
        raise error(
            f"'{path.name}' is not UTF-8: byte {broken.start} (line {line}) is "
            f"0x{data[broken.start]:02x}; save the table as UTF-8 and try again"
        ) from broken


def _delimiter(text: str) -> tuple[str, int]:
    """Comma, semicolon or tab, whichever splits the header into the most cells, and how many."""
    header = re.split("[\r\n]", text.lstrip("\r\n"), maxsplit=1)[0]
    cells = {mark: _cells_of(header, mark) for mark in ",;\t"}
    mark = max(cells, key=cells.__getitem__)
    return mark, cells[mark]


def _cells_of(header: str, mark: str) -> int:
    try:
        return len(next(csv.reader([header], delimiter=mark), []))
    except csv.Error:  # a cell of more than 131,072 letters: as one with the wrong mark has
        return 0


def _few_columns(columns: int, path: Path, error: type[InputError]) -> None:
    if columns > MAX_COLUMNS:
        raise error(
            f"'{path.name}' has {columns:,} columns, the limit is {MAX_COLUMNS:,}: leave some out, "
            "or save vectors as one array (.npz) or one list column (.parquet)"
        )


def no_name_twice(names: list[str], path: Path, error: type[InputError]) -> None:
    """Raise `error` where two columns of the table at `path` have one name."""
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise error(f"'{path.name}' has two columns named '{min(twice)[:80]}': rename one of them")


def _parquet(path: Path, error: type[InputError]) -> pd.DataFrame:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        schema = pq.read_schema(path)
        _few_columns(len(schema), path, error)
        no_name_twice([str(name) for name in schema.names], path, error)
        flat = [field for field in schema if not pa.types.is_nested(field.type)]
        texts = [field.name for field in flat if _is_text(field.type)]
        with pq.ParquetFile(path, read_dictionary=texts) as file:
            claim_fits(path, file.metadata, MAX_ROWS, error)
            table = file.read(columns=[field.name for field in flat])
            # What pandas noted in the file (its index, its types) is its writer's word only.
            frame = table.replace_schema_metadata(None).to_pandas()
    except (pa.ArrowException, OverflowError, ValueError, TypeError, KeyError) as broken:
        raise error(
            f"'{path.name}' cannot be read as Parquet ({str(broken)[:120]}): write it again"
        ) from broken
    cells = {str(name): _cells(frame[name], path.name, error) for name in frame.columns}
    return pd.DataFrame(cells, index=frame.index, dtype=str).reset_index(drop=True)


def _is_text(kind: object) -> bool:
    import pyarrow.types as types

    return types.is_string(kind) or types.is_large_string(kind) or types.is_binary(kind)


def _cells(column: pd.Series, name: str, error: type[InputError]) -> np.ndarray:
    """One column as text; a text that is repeated is turned into text once."""
    if not isinstance(column.dtype, pd.CategoricalDtype):
        return np.array([_cell(value) for value in column.astype(object)], dtype=object)
    words = [_cell(value) for value in column.cat.categories]
    longest = max(map(len, words), default=0)
    if longest > MAX_CELL:
        raise error(
            f"'{name}' has a cell of {longest:,} characters in '{column.name}', the limit is "
            f"{MAX_CELL:,}: leave that column out"
        )
    return np.array([*words, ""], dtype=object)[column.cat.codes.to_numpy()]


def claim_fits(path: Path, metadata: object, most: int, error: type[InputError]) -> None:
    """Raise `error` where a Parquet footer claims more rows or bytes than can be true or useful.

    A claim is checked before anything is allocated for it: `most` rows, and per file 1,000 times
    its size on disk, which is more than the codecs in use reach on real tables.
    """
    rows = int(getattr(metadata, "num_rows", 0))
    groups = range(int(getattr(metadata, "num_row_groups", 0)))
    claimed = sum(metadata.row_group(g).total_byte_size for g in groups)  # type: ignore[attr-defined]
    size = os.path.getsize(path)  # noqa: PTH202
    if rows > most:
        raise error(f"'{path.name}' claims {rows:,} rows, the limit is {most:,}: split the table")
    if claimed > 1000 * size + 2**20:
        raise error(
            f"'{path.name}' claims {claimed / 2**30:.1f} GiB and has {size:,} bytes on disk, at "
            "most 1,000 to one is read: write it again without such compression"
        )


def _cell(value: object) -> str:
    """A cell as text: whole numbers without a point, nothing for what is missing."""
    if value is None or value is pd.NA or value != value:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)

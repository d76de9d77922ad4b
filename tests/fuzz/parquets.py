"""Parquet files of every type of column, sound and mutated, as tables and as vectors."""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

from core.encode.embeddings import Embeddings
from core.encode.given import read_embeddings
from core.faces.tables import read_table
from tests.fuzz.edits import Edit, edited, edits, often
from tests.fuzz.reader import Reader
from tests.fuzz.tables import NAMES, keeps_table, keeps_vectors

Draw = Callable[[np.random.Generator], Any]
TYPES: dict[str, tuple[pa.DataType, Draw]] = {
    "text": (pa.string(), lambda r: str(r.choice(["a", "b", "007", "", "x" * 30, "\0", "é"]))),
    "large text": (pa.large_string(), lambda r: "ab"[r.integers(2)]),
    "text view": (pa.string_view(), lambda r: "ab"[r.integers(2)]),
    "bytes": (pa.binary(), lambda r: r.bytes(3)),
    "fixed bytes": (pa.binary(4), lambda r: r.bytes(4)),
    "words": (pa.dictionary(pa.int8(), pa.string()), lambda r: "ab"[r.integers(2)]),
    "long": (pa.string(), lambda r: "y" * 20_000),
    "bool": (pa.bool_(), lambda r: bool(r.integers(2))),
    "int8": (pa.int8(), lambda r: int(r.integers(-128, 128))),
    "uint64": (pa.uint64(), lambda r: int(r.integers(2**63, dtype=np.uint64)) * 2),
    "int64": (pa.int64(), lambda r: int(r.integers(-(2**62), 2**62))),
    "half": (pa.float16(), lambda r: np.float16(r.normal())),
    "float": (pa.float32(), lambda r: float(r.normal())),
    "double": (pa.float64(), lambda r: float(r.choice([0.0, 1.5, np.nan, np.inf, 1e300, 3.0]))),
    "decimal": (pa.decimal128(38, 9), lambda r: decimal.Decimal(int(r.integers(-9, 9)))),
    "decimal256": (pa.decimal256(76, 9), lambda r: decimal.Decimal(int(r.integers(-9, 9)))),
    "date": (pa.date32(), lambda r: datetime.date(1, 1, 1)),
    "time": (pa.time64("us"), lambda r: datetime.time(23, 59)),
    "moment": (pa.timestamp("ns"), lambda r: int(r.integers(2**62))),
    "early": (pa.timestamp("s"), lambda r: -(10**11)),
    "zoned": (pa.timestamp("us", "Nowhere/Land"), lambda r: int(r.integers(2**40))),
    "span": (pa.duration("ns"), lambda r: int(r.integers(2**40))),
    "none": (pa.null(), lambda r: None),
    "list": (pa.list_(pa.float32()), lambda r: r.normal(size=3).tolist()),
    "ragged": (pa.list_(pa.float32()), lambda r: r.normal(size=r.integers(4)).tolist()),
    "hollow": (pa.list_(pa.float64()), lambda r: [1.0, None, float(r.normal())]),
    "empty lists": (pa.list_(pa.float32()), lambda r: []),
    "fixed list": (pa.list_(pa.float32(), 3), lambda r: r.normal(size=3).tolist()),
    "large list": (pa.large_list(pa.float64()), lambda r: r.normal(size=3).tolist()),
    "whole list": (pa.list_(pa.int16()), lambda r: r.integers(-9, 9, 3).tolist()),
    "lists of text": (pa.list_(pa.string()), lambda r: ["a"]),
    "lists of lists": (pa.list_(pa.list_(pa.float32())), lambda r: [[1.0]]),
    "struct": (pa.struct({"a": pa.int8(), "b": pa.string()}), lambda r: {"a": 1, "b": "x"}),
    "map": (pa.map_(pa.string(), pa.float32()), lambda r: [("a", 1.0)]),
}
"""A type of column, and a value of it."""
LISTS = ("list", "list", "list", "fixed list", "large list", "whole list", "ragged", "hollow",
         "empty lists")  # fmt: skip
NOTES = (
    {}, {}, {b"blindfold.origin": b'{"label": "by hand"}'}, {b"blindfold.origin": b"[1]"},
    {b"blindfold.encoder": b"\xff"}, {b"blindfold.synthetic": b"true"}, {b"pandas": b"{"},
    {b"pandas": b'{"index_columns": ["nope"], "columns": [], "column_indexes": []}'},
    {b"pandas": b'{"index_columns": [], "columns": [{"name": 1}], "column_indexes": [{}]}'},
    {b"pandas": b"\xff\xfe"}, {b"pandas": b'{"index_columns": [{"kind": "range"}]}'},
    {b"ARROW:schema": b"AAAA"}, {b"\xff": b"\xff"},
)  # fmt: skip


@dataclass(frozen=True)
class Columns:
    """A Parquet file: (name, type) of each column, values by `seed`, and changes to its bytes.

    `hole` is the row without values, of `rows`; `group` rows make a row group.
    """

    columns: tuple[tuple[str, str], ...]
    rows: int
    seed: int
    hole: int | None = None
    group: int = 4
    packing: str = "snappy"
    notes: int = 0
    edits: tuple[Edit, ...] = ()


def _cases(columns: st.SearchStrategy[tuple[tuple[str, str], ...]]) -> st.SearchStrategy[Columns]:
    return st.builds(
        Columns, columns, rows=st.integers(1, 9) | st.integers(0, 20), seed=st.integers(0, 99),
        hole=often(None, st.integers(0, 9)), group=st.sampled_from((1, 4, 100)),
        packing=st.sampled_from(("none", "snappy", "gzip", "zstd")),
        notes=often(0, st.integers(0, len(NOTES) - 1)),
        edits=often((), edits(reach=400, most=2)),
    )  # fmt: skip


def _some(names: tuple[str, ...], kinds: tuple[str, ...], most: int) -> st.SearchStrategy[Any]:
    one = st.tuples(st.sampled_from(names), st.sampled_from(kinds))
    return st.lists(one, max_size=most).map(tuple)


_ANY = _some(NAMES, tuple(TYPES), 5)
_VECTOR = st.tuples(st.sampled_from(("embedding", "embedding", "x", "features")),
                    st.sampled_from(LISTS))  # fmt: skip
_LABELS = _some(("id", "subject_id", "label", "age"), ("text", "int8", "words", "double"), 3)
_WITH = st.builds(lambda vector, labels: (vector, *labels), _VECTOR, _LABELS | _ANY)
_FLAT = st.builds(
    lambda many, kind, labels: (*((f"e{n}", kind) for n in range(many)), *labels),
    st.integers(1, 4), st.sampled_from(("float", "double", "half", "int8", "text", "decimal")),
    _LABELS,
)  # fmt: skip


def parquet_of(case: Columns) -> bytes:
    """The bytes of the file."""
    random = np.random.default_rng(case.seed)
    arrays = [_array(kind, case, random) for _, kind in case.columns]
    fields = [
        pa.field(name, array.type) for (name, _), array in zip(case.columns, arrays, strict=True)
    ]
    schema = pa.schema(fields, metadata=NOTES[case.notes])
    sink = pa.BufferOutputStream()
    whole = pa.Table.from_arrays(arrays, schema=schema)
    pq.write_table(whole, sink, row_group_size=case.group, compression=case.packing)
    return edited(sink.getvalue().to_pybytes(), case.edits)


def _array(kind: str, case: Columns, random: np.random.Generator) -> pa.Array:
    of, draw = TYPES[kind]
    values = [None if row == case.hole else draw(random) for row in range(case.rows)]
    if pa.types.is_dictionary(of):
        return pa.array(values, pa.string()).dictionary_encode()
    return pa.array(values, of)


def _build(case: Columns, folder: Path) -> Path:
    path = folder / "table.parquet"
    path.write_bytes(parquet_of(case))
    return path


def _sound(case: Columns) -> bool:
    """Vectors of one length, without holes, of rows with ids of their own or none."""
    told = (case.hole, case.notes, case.edits)
    return told == (None, 0, ()) and case.columns == (("embedding", "list"),) and case.rows > 0


TABLE = Reader("parquet", "Parquet tables", _cases(_ANY | _LABELS.filter(bool)), _build, read_table,
               keeps_table)  # fmt: skip


def _keeps_vectors(found: Embeddings, path: Path) -> None:
    keeps_vectors(found, path)
    assert all(isinstance(said, str) for said in found.origin.values())


VECTORS = Reader("parquet vectors", "vectors in Parquet", _cases(_WITH | _FLAT), _build,
                 read_embeddings, _keeps_vectors, _sound)  # fmt: skip

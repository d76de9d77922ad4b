"""NPY and NPZ files whose headers say anything, for `core.encode.given_arrays`."""

from __future__ import annotations

import os
import pickle
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from core.encode.given import read_embeddings
from tests.fuzz.edits import Edit, edited, edits, often
from tests.fuzz.reader import Reader
from tests.fuzz.tables import keeps_vectors
from tests.fuzz.zip_bytes import DEFLATED, ENCRYPTED, STORED, UTF8, Member, zip_of

DESCRIPTIONS = (
    "'<f4'", "'<U2'", "'<f8'", "'>f8'", "'<f2'", "'|u1'", "'<i8'", "'|b1'", "'<c8'", "'<U3'",
    "'|S4'", "'<M8[ns]'", "'<m8[D]'", "'|O'", "'O'", "'|V8'", "'<f3'", "'<f16'", "''", "None", "7",
    "[('a', '<f4')]", "[('a', '|O')]", "[('a', '<f4', (2,))]", "[('a', [('b', '|O')])]",
    "('<f4', (2,))", "[]", "[('', '')]", "[('é', '<f4')]", "'f4,f4'", "'<U999999999'", "{'a': 1}",
)  # fmt: skip
"""What stands for the type of an array, objects (pickles) among it."""
SIDES = (0, 1, 3, 4, 4, 6, -1, 2**31, 2**62, 2**64)
LITERALS = (
    "", "{", "}", "[" * 400, "(" * 9000, "{'descr': '<f4'}", "'" * 50, "1" * 9000, "{'a': 1}" * 9,
    "__import__('os').system('true')", "{'descr': '<f4', 'fortran_order': False, 'shape': (4,)",
    "\x00" * 64, "{'descr': '<f4', 'fortran_order': False, 'shape': (4L,), }", "\\N{", "1 if",
    "{'descr': '<f4', 'fortran_order': 1, 'shape': (4,), }", "{**{}}", "b'\\x'", "-" * 3000 + "1",
)  # fmt: skip
"""Headers that are no header."""


class _Runs:
    """Unpickled, this makes a folder; the watch would see it."""

    def __reduce__(self) -> Any:
        return os.mkdir, ("planted",)


PICKLE = pickle.dumps(np.array([_Runs()], dtype=object).tolist())


@dataclass(frozen=True)
class Array:
    """An array's file: what its header says and how many bytes follow.

    `shape` is that of the header; without `lie` the data fit it. `literal` stands in place of the
    whole header.
    """

    description: str = "'<f4'"
    shape: tuple[int, ...] = (6, 4)
    order: str = "False"
    version: tuple[int, int] = (1, 0)
    lie: int | None = None
    literal: str | None = None
    length: int | None = None
    edits: tuple[Edit, ...] = ()


def npy_of(case: Array) -> bytes:
    """The bytes of the file (NumPy, numpy.lib.format; NEP 1)."""
    facts = f"'descr': {case.description}, 'fortran_order': {case.order}, 'shape': {case.shape!r}"
    header = f"{{{facts}, }}"
    text = (header if case.literal is None else case.literal).encode("utf-8") + b"\n"
    length = len(text) if case.length is None else case.length
    size = struct.pack("<H" if case.version == (1, 0) else "<I", length % 2**16)
    head = b"\x93NUMPY" + bytes(case.version) + size + text
    return edited(head + _data(case), case.edits)


def _data(case: Array) -> bytes:
    if "O" in case.description:
        return PICKLE
    if case.lie is not None:
        return b"\x01" * case.lie
    if case.description == "'<U2'" and len(case.shape) == 1:
        rows = range(min(max(case.shape[0], 0), 9))
        return "".join(f"{row:02d}" for row in rows).encode("utf-32-le")
    sizes = {"'<f4'": 4, "'<f2'": 2, "'|u1'": 1, "'|b1'": 1, "'<f8'": 8}
    many = int(np.prod([min(max(side, 0), 8) for side in case.shape]))
    if case.description == "'<f4'":
        return np.random.default_rng(many).normal(size=many).astype("<f4").tobytes()
    return b"\x01" * (many * sizes.get(case.description, 8))


def arrays() -> st.SearchStrategy[Array]:
    """Any array's file."""
    shape = st.lists(st.sampled_from(SIDES), max_size=3).map(tuple)
    return st.builds(
        Array, often("'<f4'", st.sampled_from(DESCRIPTIONS)), often((6, 4), shape),
        order=often("False", st.sampled_from(("True", "None", "0", "'x'"))),
        version=often((1, 0), st.sampled_from(((2, 0), (3, 0), (0, 0), (1, 1), (255, 255)))),
        lie=often(None, st.integers(0, 200)), literal=often(None, st.sampled_from(LITERALS)),
        length=often(None, st.sampled_from((0, 1, 20, 65535))), edits=often((), edits(reach=90)),
    )  # fmt: skip


# -- an NPY with its table beside ------------------------------------------------------------------


@dataclass(frozen=True)
class Alone:
    """An NPY, and the rows of the table beside it (None: there is none)."""

    array: Array
    rows: int | None


def _build_npy(case: Alone, folder: Path) -> Path:
    (folder / "x.npy").write_bytes(npy_of(case.array))
    if case.rows is not None:
        lines = ["id,label", *(f"f{row},{'ab'[row % 2]}" for row in range(case.rows))]
        (folder / "x.csv").write_text("\n".join(lines))
    return folder / "x.npy"


def _sound_npy(case: Alone) -> bool:
    return case == Alone(Array(), 6)


NPY = Reader(
    "npy", "NPY arrays",
    st.builds(Alone, arrays(), often(6, st.sampled_from((None, 0, 4)))),
    _build_npy, read_embeddings, keeps_vectors, _sound_npy,
)  # fmt: skip


# -- an NPZ ----------------------------------------------------------------------------------------

FIELDS = ("x", "x", "x", "embeddings", "ids", "id", "subjects", "labels", "age", "y",
          "allow_pickle", "", "../x", "a/b", "é", "\n", "x.npy", "file_name")  # fmt: skip


@dataclass(frozen=True)
class Several:
    """An NPZ: (name, array, how it is packed) of each member, and changes to its bytes."""

    members: tuple[tuple[str, Array, Member], ...]
    edits: tuple[Edit, ...] = ()
    rows: int | None = None


def _ids(rows: int) -> Array:
    return Array("'<U2'", (rows,))


def _npz_cases() -> st.SearchStrategy[Several]:
    how = st.just(Member(b"", b"")) | st.just(Member(b"", b"")) | st.builds(
        Member, st.just(b""), st.just(b""), method=st.sampled_from((STORED, DEFLATED, 12, 14, 99)),
        flags=st.sampled_from((UTF8, 0, UTF8 | ENCRYPTED)),
        size=st.none() | st.sampled_from((0, 90, 2**31, 2**32 - 1)),
        packed=st.none() | st.sampled_from((0, 2**31)), crc=st.none() | st.just(7),
        version=st.sampled_from((20, 255)),
    )  # fmt: skip
    first = st.tuples(st.just("x"), st.just(Array()) | arrays(), how)
    line = st.just(Array(shape=(6,))) | st.sampled_from((1, 4, 6)).map(_ids) | arrays()
    others = st.lists(st.tuples(st.sampled_from(FIELDS), line, how), max_size=3)
    members = st.builds(lambda one, more: (one, *more), first, others) | others.map(tuple)
    changes = often((), edits(reach=120))
    return st.builds(Several, members, changes, st.none() | st.none() | st.sampled_from((4, 6)))


def _build_npz(case: Several, folder: Path) -> Path:
    packed = []
    for name, array, how in case.members:
        facts = {**vars(how), "name": f"{name}.npy".encode(), "data": npy_of(array)}
        packed.append(Member(**facts))
    (folder / "x.npz").write_bytes(edited(zip_of(packed), case.edits))
    if case.rows is not None:
        lines = ["id,mood", *(f"f{row},{'ab'[row % 2]}" for row in range(case.rows))]
        (folder / "x.csv").write_text("\n".join(lines))
    return folder / "x.npz"


def _sound_npz(case: Several) -> bool:
    return case == Several((("x", Array(), Member(b"", b"")),))


NPZ = Reader(
    "npz", "NPZ archives", _npz_cases(), _build_npz, read_embeddings, keeps_vectors, _sound_npz
)

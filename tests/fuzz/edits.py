"""Changes to the bytes of a file that was valid: the last step of most cases."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

KINDS = ("set", "insert", "drop", "cut")
HOSTILE = (
    b"\x00", b"\x01", b"\x7f", b"\x80", b"\xff", b"\xff\xff", b"\x00\x00\x00\x00",
    b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\x00\x00\x00", b"\xff\xff\xff\x7f",
    b"\x00\x00\x00\x80", b"\xff" * 8, b"\x00" * 8,
)  # fmt: skip
"""Zeros, ones and the ends of number ranges, in either order of bytes."""


@dataclass(frozen=True)
class Edit:
    """One change: `data` is set or inserted at the byte `at`, that many bytes are dropped there, or
    the file is cut off there. A negative `at` counts from the end; it wraps around in any case."""

    kind: str
    at: int
    data: bytes


def edited(data: bytes, edits: Iterable[Edit]) -> bytes:
    """`data` after all `edits`, in their order."""
    for edit in edits:
        if not data:
            return data
        at, many = edit.at % len(data), len(edit.data)
        match edit.kind:
            case "set":
                data = data[:at] + edit.data + data[at + many :]
            case "insert":
                data = data[:at] + edit.data + data[at:]
            case "drop":
                data = data[:at] + data[at + many :]
            case "cut":
                data = data[:at]
    return data


def edits(reach: int = 64, most: int = 3) -> SearchStrategy[tuple[Edit, ...]]:
    """Up to `most` edits, often none; mostly within `reach` bytes of either end, where headers and
    footers are."""
    place = st.integers(-reach, reach) | st.integers(0, 2**16)
    data = st.sampled_from(HOSTILE) | st.binary(min_size=1, max_size=6)
    one = st.builds(Edit, st.sampled_from(KINDS), place, data)
    return st.just(()) | st.lists(one, min_size=1, max_size=most).map(tuple)


def often(usual: Any, other: SearchStrategy[Any]) -> SearchStrategy[Any]:
    """`usual` about five times out of six, so that a case is odd in a few places only."""
    return st.one_of(*[st.just(usual)] * 5, other)

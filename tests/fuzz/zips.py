"""Zips as strangers pack them, by accident or not, for `core.faces.archive`."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from hypothesis import strategies as st

from core.faces import archive
from core.faces.archive import Extracted, extract
from tests.fuzz.edits import Edit, edited, edits
from tests.fuzz.reader import INTO, SECRET, Reader, one_problem
from tests.fuzz.zip_bytes import (
    BZIP2,
    DEFLATED,
    ENCRYPTED,
    LZMA,
    STORED,
    UTF8,
    Member,
    zip64,
    zip_of,
)

LIMITS = {"MAX_MEMBERS": 12, "MAX_TOTAL": 2**20, "MAX_MEMBER": 2**18, "RATIO_FROM": 2**14}
"""The limits, lowered so that cases of a few kilobytes can reach them."""

PARTS = (
    "a", "b.png", "B.PNG", "c.csv", "..", ".", "", " ", "~", "C:", "c:x", "con", "nul.png", "...",
    ".hidden", "__MACOSX", "Thumbs.db", "é", "e\u0301", "\u202egnp.exe", "．．", "%2e%2e", "a\nb",
    "a\x1b[31m", "a\0b", "x" * 250, "y" * 300, "inner.zip", "a.tar.gz", "metadata.csv",
    "|ls", "-rf",
)  # fmt: skip
MODES = (
    0, stat.S_IFREG | 0o644, stat.S_IFREG | 0o4777, stat.S_IFREG, stat.S_IFLNK | 0o777,
    stat.S_IFDIR | 0o755, stat.S_IFIFO | 0o644, stat.S_IFCHR | 0o666, stat.S_IFSOCK | 0o600, 0o777,
)  # fmt: skip
CONTENTS = (
    b"", b"x", b"picture" * 9, b"../secret/kept", b"/etc/passwd", b"\0" * 70_000, b"\0" * 300_000,
    b"PK\3\4", b"PK\5\6" + b"\0" * 18,
)  # fmt: skip


@dataclass(frozen=True)
class Packed:
    """A zip: its members, what stands around them, and changes to its bytes."""

    members: tuple[Member, ...]
    before: bytes = b""
    after: bytes = b""
    count: int | None = None
    edits: tuple[Edit, ...] = ()


def _names() -> st.SearchStrategy[bytes]:
    path = st.lists(st.sampled_from(PARTS), min_size=1, max_size=5)
    joined = st.tuples(st.sampled_from(("", "", "", "/", "//", "\\", "./")), path,
                       st.sampled_from(("/", "/", "/", "\\"))).map(
        lambda made: (made[0] + made[2].join(made[1])).encode()
    )  # fmt: skip
    long = st.integers(1, 40).map(lambda many: b"/".join([b"deep" * 50] * many))
    up = st.integers(1, 9).map(lambda many: b"../" * many + b"secret/planted.png")
    plain = st.sampled_from([f"set/{n}.png".encode() for n in range(9)])
    return plain | plain | joined | up | long | st.binary(min_size=1, max_size=8)


def _members() -> st.SearchStrategy[Member]:
    truth: st.SearchStrategy[int | None] = st.none() | st.none()
    claim = truth | st.sampled_from((0, 1, 2**16, 2**31, 2**32 - 1))
    extra = st.just(b"") | st.just(b"") | st.builds(
        zip64, st.sampled_from((0, 5, 2**40, 2**64 - 1)), st.sampled_from((0, 5, 2**63)),
        st.none() | st.sampled_from((0, 2**62)),
    ) | st.binary(max_size=9)  # fmt: skip
    hostile = st.builds(
        Member, _names(), st.sampled_from(CONTENTS),
        method=st.sampled_from((STORED, DEFLATED, DEFLATED, BZIP2, LZMA, 1, 9, 98, 99)),
        flags=st.sampled_from((UTF8, 0, UTF8 | ENCRYPTED, UTF8 | 0x8, UTF8 | 0x20, UTF8 | 0x40,
                               0x2000, 0xFFFF)),
        mode=st.sampled_from(MODES),
        version=st.sampled_from((20, 20, 45, 63, 64, 255)),
        extra=extra, size=claim, packed=claim, crc=truth | st.integers(0, 2**32 - 1),
        inner_name=st.none() | st.none() | _names(),
        offset=st.none() | st.none() | st.none() | st.sampled_from((0, 40, 2**20)),
    )  # fmt: skip
    named = st.builds(Member, _names(), st.sampled_from(CONTENTS), mode=st.sampled_from(MODES))
    plain = st.builds(Member, st.sampled_from([b"a.png", b"set/b.png", b"c/d.csv"]),
                      st.sampled_from(CONTENTS[:3]))  # fmt: skip
    return plain | named | hostile


CASES = st.builds(
    Packed,
    st.lists(_members(), max_size=6).map(tuple)
    | st.integers(10, 16).map(lambda n: tuple(Member(b"%d.png" % i, b"x") for i in range(n))),
    before=st.sampled_from((b"", b"", b"", b"#!/bin/sh\n", b"\0" * 9)),
    after=st.sampled_from((b"", b"", b"", b"\n", b"PK\5\6" + b"\0" * 18)),
    count=st.none() | st.none() | st.sampled_from((0, 1, 0xFFFF)),
    edits=edits(reach=120),
)


def _build(case: Packed, folder: Path) -> Path:
    (folder / SECRET / "kept").write_bytes(b"nobody's business")
    path = folder / "set.zip"
    whole = zip_of(case.members, before=case.before, after=case.after, count=case.count)
    path.write_bytes(edited(whole, case.edits))
    return path


@contextmanager
def lowered() -> Iterator[None]:
    """The limits of archives as cases can reach them."""
    with mock.patch.multiple(archive, **LIMITS):
        yield


def _read(path: Path) -> tuple[Extracted, Extracted]:
    with lowered():
        return extract(path, path.parent / INTO), extract(path, path.parent / INTO)


def _keeps(value: tuple[Extracted, Extracted], path: Path) -> None:
    first, again = value
    into = path.parent / INTO
    assert first == again, "the second extraction says something else"
    assert first.folder.parent == into
    assert [one.name for one in into.iterdir()] == [first.folder.name], "something stays beside it"
    assert stat.S_IMODE(first.folder.stat().st_mode) == 0o700
    total = 0
    for place, folders, files in os.walk(first.folder):
        for name in (*folders, *files):
            told = (Path(place) / name).lstat()
            assert stat.S_ISREG(told.st_mode) or stat.S_ISDIR(told.st_mode), f"a link or so: {name}"
            assert not told.st_mode & 0o7077, f"{name} has the rights {told.st_mode:o}"
            total += told.st_size if stat.S_ISREG(told.st_mode) else 0
            assert name.isprintable()
    assert total <= LIMITS["MAX_TOTAL"]
    for problem in first.problems:
        one_problem(problem)


def _sound(case: Packed) -> bool:
    """Different plain names, nothing hostile about them: what a person packs."""
    names = [member.name for member in case.members]
    plain = all(
        member == Member(member.name, member.data) and member.name in (b"a.png", b"set/b.png")
        for member in case.members
    )
    around = case == Packed(case.members, before=case.before)
    return bool(names) and plain and around and len({*names}) == len(names)


READER = Reader("zip", "zip archives", CASES, _build, _read, _keeps, _sound)

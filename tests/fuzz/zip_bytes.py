"""Zips written byte by byte, so that every field of every header may lie (APPNOTE.TXT 4.3)."""

from __future__ import annotations

import bz2
import struct
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

STORED, DEFLATED, BZIP2, LZMA = 0, 8, 12, 14
UTF8, ENCRYPTED = 0x800, 0x1


@dataclass(frozen=True)
class Member:
    """One file of a zip. What is None is told truly; `offset` is that of its local header."""

    name: bytes
    data: bytes
    method: int = DEFLATED
    flags: int = UTF8
    mode: int = 0
    version: int = 20
    extra: bytes = b""
    size: int | None = None
    packed: int | None = None
    crc: int | None = None
    inner_name: bytes | None = None
    offset: int | None = None


def zip_of(
    members: Sequence[Member], *, before: bytes = b"", after: bytes = b"", count: int | None = None
) -> bytes:
    """A zip of `members`, with bytes before and behind, and a directory that claims `count`."""
    body, directory = before, b""
    for member in members:
        place = len(body) if member.offset is None else member.offset
        packed = _packed(member)
        body += _local(member, len(packed)) + packed
        directory += _entry(member, len(packed), place)
    many = (len(members) if count is None else count) & 0xFFFF
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, many, many, len(directory), len(body), 0)
    return body + directory + end + after


def zip64(size: int, packed: int, offset: int | None = None) -> bytes:
    """The extra field that holds sizes beyond 32 bits (APPNOTE 4.5.3)."""
    numbers = [size, packed, *([] if offset is None else [offset])]
    return struct.pack(f"<HH{len(numbers)}Q", 1, 8 * len(numbers), *(n % 2**64 for n in numbers))


def _packed(member: Member) -> bytes:
    match member.method:
        case 8:
            deflate = zlib.compressobj(6, zlib.DEFLATED, -15)
            return deflate.compress(member.data) + deflate.flush()
        case 12:
            return bz2.compress(member.data)
        case 14:
            squeeze = zipfile.LZMACompressor()  # type: ignore[attr-defined]
            return bytes(squeeze.compress(member.data) + squeeze.flush())
    return member.data


def _numbers(member: Member, packed: int) -> tuple[int, int, int]:
    crc = zlib.crc32(member.data) if member.crc is None else member.crc
    packed = packed if member.packed is None else member.packed
    size = len(member.data) if member.size is None else member.size
    return crc % 2**32, packed % 2**32, size % 2**32


def _local(member: Member, packed: int) -> bytes:
    name = member.name if member.inner_name is None else member.inner_name
    head = struct.pack(
        "<4s5H3L2H", b"PK\3\4", member.version, member.flags, member.method, 0, 0x21,
        *_numbers(member, packed), len(name), 0,
    )  # fmt: skip
    return head + name


def _entry(member: Member, packed: int, place: int) -> bytes:
    head = struct.pack(
        "<4s6H3L5H2L", b"PK\1\2", (3 << 8) | 20, member.version, member.flags, member.method, 0,
        0x21, *_numbers(member, packed), len(member.name), len(member.extra), 0, 0, 0,
        (member.mode << 16) & 0xFFFFFFFF, place % 2**32,
    )  # fmt: skip
    return head + member.name + member.extra

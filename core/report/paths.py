"""Paths in sentences: each cut to its last part, so that no folder of a machine is told.

Whoever is shown may give a folder its name, so that doubt speaks for cutting. A path may have
blanks in its folders, as `/home/anna maria/faces/x.png`, and in its last part where it stands in
quotes, as messages have it. Left alone are addresses, fractions, "and/or".
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import PurePosixPath, PureWindowsPath

_QUOTES = "'\"“”‘’"


def _inner(separators: str) -> str:
    """A part that another follows: blanks may be in it, not at its ends."""
    edge, inside = rf"[^\s{separators}{_QUOTES}<>:;]", rf"[^\n{separators}{_QUOTES}<>:;]"
    return rf"{edge}(?:{inside}*{edge})?(?=[{separators}])"


_LAST = rf"[^\s/\\{_QUOTES}(),;:<>]+"
_WORD = r"[\w.@%+~-]+"
_ADDRESS = r"(?:[\w-]+\.)+(?:com|org|net|edu|gov|info|io|[a-z]{2})/"
"""The beginning of an address that comes without its protocol."""

_QUOTED = re.compile(rf"(?<!\w)([{_QUOTES}])([^{_QUOTES}\n]+)([{_QUOTES}])(?!\w)")
_SHARED = re.compile(rf"\\\\(?:{_inner(chr(92) * 2)}\\)+{_LAST}\\?")
_WINDOWS = re.compile(rf"(?<!\w)[A-Za-z]:[\\/](?:{_inner(chr(92) * 2 + '/')}[\\/])*{_LAST}[\\/]?")
_HOME = re.compile(rf"(?<![\w/])~/(?:{_inner('/')}/)*{_LAST}/?")
_POSIX = re.compile(rf"(?<![\w/<.:~])(?:file://)?/(?:{_inner('/')}/)+(?:{_LAST}/?)?")
_RELATIVE = re.compile(
    rf"(?<![\w/\\.:~@-])(?!{_ADDRESS})(?:"
    rf"\.{{1,2}}[\\/](?:{_WORD}[\\/])*{_WORD}[\\/]?"
    rf"|(?:{_WORD}[\\/])+{_WORD}\.[A-Za-z]\w{{0,5}}(?!\w)"
    rf"|(?=\S*[A-Za-z])(?:{_WORD}[\\/]){{2,}}(?:{_WORD})?)"
)
"""A path that begins nowhere: it says so by its dots, has an ending, or two folders at least."""


def without_paths(text: str, *, known: Collection[str] = (), spared: Collection[str] = ()) -> str:
    """`text`, each path of a machine in it cut to its last part.

    `known` are paths, however they are written; `spared` are names that only look like paths.
    """
    for path in sorted(known, key=len, reverse=True):
        text = text.replace(path, _name(path))

    def cut(found: re.Match[str]) -> str:
        return found.group() if found.group() in spared else _name(found.group())

    def cut_quoted(found: re.Match[str]) -> str:
        begin, inside, end = found.groups()
        kept = inside in spared or not _is_path(inside)
        return found.group() if kept else f"{begin}{_name(inside)}{end}"

    text = _QUOTED.sub(cut_quoted, text)
    for pattern in (_SHARED, _WINDOWS, _HOME, _POSIX, _RELATIVE):
        text = pattern.sub(cut, text)
    return text


def _is_path(quoted: str) -> bool:
    """Whether what stands in quotes is a path: "n/a" and an address are none."""
    parts = re.split(r"[\\/]", quoted)
    apart = any(part != part.strip() for part in parts)  # "5 / 10"
    short = len(quoted) <= len("n/a") or not re.search("[A-Za-z]", quoted)
    return len(parts) > 1 and not (apart or short or "://" in quoted or re.match(_ADDRESS, quoted))


def _name(path: str) -> str:
    """The last part of a path of any system."""
    kind = PureWindowsPath if "\\" in path or re.match("[A-Za-z]:/", path) else PurePosixPath
    return kind(path).name

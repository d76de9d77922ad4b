"""The judge itself: each way in which a reader can go wrong is seen."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from core.errors import FacesError
from tests.fuzz import reader as judging
from tests.fuzz.campaign import campaign
from tests.fuzz.edits import Edit, edited
from tests.fuzz.reader import INTO, SECRET, Reader, judge


def made(read: Callable[[Path], Any], **how: Any) -> Reader:
    """A reader of files that hold one number."""

    def build(case: int, folder: Path) -> Path:
        (folder / SECRET / "kept").write_text("kept")
        (folder / "number").write_text(str(case))
        return folder / "number"

    return Reader("made up", "made up", st.integers(0, 999), build, read, lambda value, path: None,
                  **how)  # fmt: skip


def _refuse(path: Path) -> None:
    raise FacesError("it is no face: give another")


class _Runs:
    def __reduce__(self) -> Any:
        return os.getcwd, ()


PICKLE = pickle.dumps(_Runs())
WRONG: dict[str, Callable[[Path], Any]] = {
    "another exception": lambda path: 1 / 0,
    "writes beside": lambda path: (path.parent / "more").write_text("x"),
    "makes a folder": lambda path: (path.parent / "more").mkdir(),
    "reads a secret": lambda path: (path.parent / SECRET / "kept").read_text(),
    "follows a path out": lambda path: (path.parent / "x" / ".." / SECRET / "kept").read_text(),
    "unpickles": lambda path: pickle.loads(PICKLE),
    "starts a program": lambda path: subprocess.run(["true"], check=False),
    "swallows it": lambda path: _swallowed(path),
}


def _swallowed(path: Path) -> None:
    try:
        (path.parent / "more").write_text("x")
    except Exception:
        return


@pytest.mark.parametrize("wrong", WRONG)
def test_whoever_does_what_no_reader_may_is_seen(wrong: str, tmp_path: Path) -> None:
    with pytest.raises((AssertionError, ZeroDivisionError)):
        judge(made(WRONG[wrong]), 1, tmp_path / "case")
    assert not (tmp_path / "case" / "more").exists()


def test_what_may_be_written_may_be_written_and_a_refusal_is_no_failure(tmp_path: Path) -> None:
    allowed = made(lambda path: (path.parent / INTO / "new").write_text("x"))
    assert judge(allowed, 1, tmp_path / "case").accepted
    assert not judge(made(_refuse), 1, tmp_path / "case").accepted


@pytest.mark.parametrize("said", ["", "two\nlines", "\x1b[31mred", "x" * 2000])
def test_an_error_is_one_sentence(said: str, tmp_path: Path, monkeypatch: Any) -> None:
    class Rough(FacesError):
        def __str__(self) -> str:
            return said

    def read(path: Path) -> None:
        raise Rough

    with pytest.raises(AssertionError):
        judge(made(read), 1, tmp_path / "case")


def test_what_is_sound_may_not_be_refused(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="nothing wrong with it"):
        judge(made(_refuse, sound=lambda case: True), 1, tmp_path / "case")


def test_time_and_memory_have_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "SECONDS", 0.05)
    with pytest.raises(AssertionError, match="processor time"):
        judge(made(lambda path: sum(range(10**7))), 1, tmp_path / "case")
    monkeypatch.setattr(judging, "SECONDS", 60)
    monkeypatch.setattr(judging, "BYTES", 2**24)
    if sys.platform == "linux":
        with pytest.raises(AssertionError, match="MiB"):
            judge(made(lambda path: np.ones(2**23)), 1, tmp_path / "case")


def test_a_campaign_counts_and_shrinks(tmp_path: Path) -> None:
    """Numbers over 100 fail: the smallest that does is told, and none after it is counted."""

    def read(path: Path) -> int:
        number = int(path.read_text())
        if number % 2:
            raise FacesError("it is odd: give an even one")
        assert number <= 100
        return number

    good = campaign(made(lambda path: None), 30, 1, tmp_path / "case")
    assert (good.cases, good.accepted, good.refused, good.failures) == (30, 30, 0, [])
    found = campaign(made(read), 200, 1, tmp_path / "case")
    [failure] = found.failures
    assert "case=102" in failure
    assert found.cases < 200
    assert found.plus(good).cases == found.cases + 30


@pytest.mark.parametrize(
    ("edit", "after"),
    [
        (Edit("set", 1, b"XY"), b"aXYd"),
        (Edit("insert", -1, b"X"), b"abcXd"),
        (Edit("drop", 0, b".."), b"cd"),
        (Edit("cut", 2, b""), b"ab"),
        (Edit("set", 9, b"Z"), b"aZcd"),
    ],
)
def test_edits(edit: Edit, after: bytes) -> None:
    assert edited(b"abcd", [edit]) == after
    assert edited(b"", [edit]) == b""

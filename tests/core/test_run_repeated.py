"""A run whose like was finished takes that one's result, and no run takes another's by mistake."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from core import run as runs
from core import run_ending, run_repeated, worker
from core.config import config_from
from core.run import Run

Make = Callable[..., Run]


class Counted:
    """Stands in for the audit and its report, and counts how often it was asked."""

    asked = 0
    report = True

    def audit(self, config: Any, **how: Any) -> str:
        self.asked += 1
        return f"result {self.asked}"

    def write(self, audit: str, folder: Path) -> None:
        (folder / "tables").mkdir()
        (folder / "tables" / "leakage.csv").write_text(audit)
        (folder / "audit.json").write_text('{"warnings": []}')

    def write_beside(self, result: Path, store: Any) -> None:
        if self.report:
            (result / "report.html").write_text("whole")


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    stand_in = Counted()
    for place in (worker, run_ending):
        monkeypatch.setattr(place, "import_module", lambda name: stand_in)
    return stand_in


@pytest.fixture
def faces(workdir: Path) -> Path:
    folder = workdir / "faces"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "one.png").write_bytes(b"picture")
    return folder


@pytest.fixture
def done(workdir: Path, faces: Path, counted: Counted) -> Make:
    """Makes a run and does it."""

    def done(owner: str | None = None, **settings: Any) -> Run:
        whole = {"name": "x", "faces": {"path": "faces"}, **settings}
        run = runs.create(config_from(whole), base=workdir, owner=owner)
        assert worker.work(run.path) == 0
        assert runs.status(run).state == "done"
        return run

    return done


def held(run: Run) -> dict[str, bytes]:
    files = (path for path in run.result.rglob("*") if path.is_file())
    return {path.relative_to(run.result).as_posix(): path.read_bytes() for path in files}


def test_the_same_audit_takes_the_result_that_is_there(done: Make, counted: Counted) -> None:
    first, second = done(), done()
    assert counted.asked == 1
    assert held(first) == held(second)
    assert second.result.stat().st_mode & 0o077 == 0
    # It can be repeated from in turn only by what was made, and is deleted with it.
    runs.delete(first)
    done()
    assert counted.asked == 2


def test_another_audit_is_made(done: Make, counted: Counted) -> None:
    done()
    done(seed=1)
    done(owner="somebody else")
    done(owner="somebody else", seed=2)
    done(seed=2)  # what belongs to somebody is no part of this copy's own
    assert counted.asked == 5


def _rewritten(faces: Path) -> None:
    """As long as before and, for whoever asks for the time of writing, as old."""
    path = faces / "a" / "one.png"
    before = path.stat()
    time.sleep(0.02)
    path.write_bytes(b"another")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


CHANGES: dict[str, Callable[[Path], Any]] = {
    "rewritten": _rewritten,
    "added": lambda faces: (faces / "two.png").write_bytes(b"picture"),
    "renamed": lambda faces: (faces / "a").rename(faces / "b"),
    "removed": lambda faces: (faces / "a" / "one.png").unlink(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_changed_faces_are_audited_again(
    change: str, done: Make, counted: Counted, faces: Path
) -> None:
    done()
    CHANGES[change](faces)
    done()
    assert counted.asked == 2


def test_a_changed_table_beside_the_vectors_is_seen(
    done: Make, counted: Counted, workdir: Path
) -> None:
    (workdir / "v[1].npy").write_bytes(b"vectors")
    (workdir / "v[1].csv").write_text("id")
    given = {"faces": None, "embeddings": {"path": "v[1].npy"}}
    done(**given)
    done(**given)
    assert counted.asked == 1
    (workdir / "v[1].csv").write_text("no")
    done(**given)
    assert counted.asked == 2


def test_other_code_and_other_libraries_make_it_again(
    done: Make, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    done()
    monkeypatch.setattr(run_repeated, "_program", lambda: "another")
    done()
    assert counted.asked == 2
    monkeypatch.undo()
    found = []
    for version in ("1", "2"):
        named = [SimpleNamespace(name="numpy", version=version)]
        monkeypatch.setattr(run_repeated, "distributions", lambda named=named: named)
        found.append(run_repeated._program.__wrapped__())
    assert found[0] != found[1]


def _damaged(run: Run) -> None:
    (run.result / "tables" / "leakage.csv").write_text("tampered")


SPOILT: dict[str, Callable[[Run], Any]] = {
    "damaged": _damaged,
    "incomplete": lambda run: (run.result / "audit.json").unlink(),
    "note": lambda run: (run.path / run_repeated.NOTE).write_text("{"),
}


@pytest.mark.parametrize("how", SPOILT)
def test_a_result_that_is_not_as_it_was_written_is_made_again(
    how: str, done: Make, counted: Counted
) -> None:
    SPOILT[how](done())
    assert held(done())["tables/leakage.csv"] == b"result 2"


def test_a_result_without_its_report_is_made_again(done: Make, counted: Counted) -> None:
    counted.report = False
    done()
    counted.report = True
    assert "report.html" in held(done())


def test_files_that_changed_meanwhile_are_not_repeated(
    done: Make, counted: Counted, faces: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counted, "write_beside", lambda *_: _rewritten(faces))
    run = done()
    assert not (run.path / run_repeated.NOTE).exists()


def test_pictures_that_a_list_names_are_not_told_by_its_file(workdir: Path, faces: Path) -> None:
    (workdir / "list.csv").write_text("file_name\nfaces/a/one.png\n")
    for asked in (
        {"faces": {"path": "list.csv"}},
        {"roles": {"gender": {"faces": {"path": "list.csv"}}}},
    ):
        settings = {"name": "x", "faces": {"path": "faces"}, **asked}
        run = runs.create(config_from(settings), base=workdir)
        assert run_repeated.made_from(run) is None

"""The report beside the tables, and the command that makes another."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core import run_ending
from core.__main__ import main
from core.report import write
from core.report.program import CORE, generator, is_ours, program
from core.store import Store


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """An empty store of its own."""
    monkeypatch.setenv("BLINDFOLD_CACHE", str(tmp_path / "home"))
    return Store()


def test_the_command_writes_both_forms(folder, tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    out = folder(only=("ablation",))
    html, pdf = tmp_path / "a.html", tmp_path / "b.pdf"
    assert main(["report", str(out), "--html", str(html), "--pdf", str(pdf)]) == 0
    assert html.read_text().startswith("<!doctype html>")
    assert pdf.read_bytes().startswith(b"%PDF-")
    assert str(html) in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "neither --html nor --pdf"),
        (["--html", "{tmp}/no/such/a.html"], "folder that is not there"),
        (["--html", "{tmp}"], "is a folder"),
        (["--html", "{tmp}/a", "--pdf", "{tmp}/a"], "both name"),
    ],
)
def test_what_cannot_be_written_is_refused(folder, tmp_path, capsys, arguments, said) -> None:  # type: ignore[no-untyped-def]
    told = [one.format(tmp=tmp_path) for one in arguments]
    assert main(["report", str(folder(only=("collapse",))), *told]) == 2
    assert said in capsys.readouterr().err


def test_a_folder_without_an_audit_is_refused(tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    assert main(["report", str(tmp_path), "--html", str(tmp_path / "a.html")]) == 2
    assert "there is no audit.json" in capsys.readouterr().err
    assert not (tmp_path / "a.html").exists()


def test_a_damaged_table_is_refused(folder, tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    out = folder(only=("leakage",))
    (out / "tables" / "leakage.csv").write_text('a,b\n"1')
    assert main(["report", str(out), "--html", str(tmp_path / "a.html")]) == 2
    assert "leakage.csv cannot be read" in capsys.readouterr().err


def test_an_unchanged_audit_is_not_drawn_again(folder, store: Store, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    out = folder(only=("collapse",))
    write.write_beside(out, store)
    first = (out / write.FILE).read_text()
    told = json.loads((out / "audit.json").read_text())
    (out / "audit.json").write_text(json.dumps({**told, "created": "2027-01-02T03:04:00+00:00"}))
    monkeypatch.setattr(write, "_body", lambda folder: pytest.fail("drawn again"))
    write.write_beside(out, store)
    second = (out / write.FILE).read_text()
    assert "22 November 2026, 03:00" in first
    assert second == first.replace("22 November 2026, 03:00", "2 January 2027, 03:04")


def test_a_changed_table_is_drawn_again(folder, store: Store) -> None:  # type: ignore[no-untyped-def]
    out = folder(only=("collapse",))
    before = write._key(out)
    path = out / "tables" / "collapse.csv"
    path.write_text(path.read_text().replace("30.0", "31.0", 1))
    assert write._key(out) != before


def test_what_is_kept_is_what_is_made_anew(folder, store: Store, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    out = folder(only=("collapse",))
    write.write_beside(out, store)
    write.write_report(out, html=tmp_path / "again.html")
    assert (out / write.FILE).read_bytes() == (tmp_path / "again.html").read_bytes()


def test_an_audit_is_whole_without_its_report(folder, store: Store, monkeypatch, capsys) -> None:  # type: ignore[no-untyped-def]
    out = folder(only=("collapse",))

    def fails(folder: Path, store: Store) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(write, "write_beside", fails)
    run_ending.report(out)
    told = json.loads((out / "audit.json").read_text())
    assert told["warnings"][-1].startswith("no report was written")
    assert not (out / write.FILE).exists()
    assert "a fault of ours" in capsys.readouterr().err


def test_the_worker_writes_the_report(folder, store: Store) -> None:  # type: ignore[no-untyped-def]
    out = folder(only=("collapse",))
    run_ending.report(out)
    assert (out / write.FILE).read_text().startswith("<!doctype html>")
    assert json.loads((out / "audit.json").read_text())["warnings"] == ["a warning of the audit"]


@pytest.mark.parametrize(
    "source",
    ["sentence.py", "papers.py", "table.py", "audit_schema.json", "plots/roc.py",
     "report/sections/leakage.py", "report/templates/report.css",
     "report/templates/report.html.jinja"],
)  # fmt: skip
def test_a_changed_source_is_no_old_report(tmp_path: Path, source: str) -> None:
    """Sentences, papers' figures and the tables' declarations are no part of `core/report`."""
    assert (CORE / source).is_file()
    place = tmp_path / source
    place.parent.mkdir(parents=True, exist_ok=True)
    digest = program.__wrapped__
    place.write_text("before")
    before = digest(tmp_path)
    assert digest(tmp_path) == before
    place.write_text("after")
    assert digest(tmp_path) != before
    place.rename(place.with_stem("other"))
    assert digest(tmp_path) != before


def test_our_own_sources_are_what_the_key_is_made_of() -> None:
    assert program() == program.__wrapped__(CORE)


def test_a_report_says_which_program_wrote_it(folder, store: Store) -> None:  # type: ignore[no-untyped-def]
    out = folder(only=("collapse",))
    write.write_beside(out, store)
    page = (out / write.FILE).read_bytes()
    assert is_ours(page)
    assert page.count(generator().encode()) == 1
    assert not is_ours(page.replace(program().encode(), b"0" * 64)), "an older program"
    assert not is_ours(page.replace(b'name="generator"', b"")), "one that did not say"

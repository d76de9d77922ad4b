"""The Report page: what goes in, the files it hands out, and deleting. All figures are MADE UP."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest
from fixtures import Maker, Opened, audit, html
from streamlit.testing.v1 import AppTest

from app import jobs, reports
from core import run as runs
from core.report.program import generator, program
from core.report.write import FILE

PAGE = "app/pages/report.py"


def button(app: AppTest, key: str) -> object:
    return next(one for one in app.button if one.key == key)


def test_it_says_what_goes_in_and_what_does_not(make: Maker, open_it: Opened) -> None:
    run = make()
    app = open_it(run=run.id)
    told = html(app)
    assert not app.exception
    assert "Leakage" in told
    assert "not part of this run" in told
    assert "no figure could be given: the report says why" in told
    assert {one.label for one in app.get("download_button")} >= {"HTML", "PDF", "All tables (zip)"}


def test_a_run_at_work_has_no_report_yet(make: Maker, open_it: Opened) -> None:
    app = open_it(run=make(state="running").id)
    assert not app.exception
    assert "when the audit is done" in html(app)
    assert not [one for one in app.get("download_button") if one.label == "HTML"]


def test_without_a_run_it_says_so(open_it: Opened) -> None:
    app = open_it()
    assert not app.exception


def test_the_report_that_the_audit_wrote_is_handed_out_if_this_program_wrote_it(
    make: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make()
    view = jobs.view(run.id, None)
    assert view is not None
    asked = []

    def written(folder: Path, *, smallest: int, **paths: Path) -> None:
        asked.append((folder, smallest, *paths))
        next(iter(paths.values())).write_text("anew")

    monkeypatch.setattr(reports, "write_report", written)
    assert reports.html(view, 10) == b"anew", "there is none"
    ours = f'<!doctype html><meta name="generator" content="{generator()}">'
    (run.result / FILE).write_text(ours)
    assert reports.html(view, 10) == ours.encode()
    assert reports.html(view, 0) == reports.pdf(view, 10) == b"anew"
    for older in (ours.replace(program(), "0" * 64), "<!doctype html>"):
        (run.result / FILE).write_text(older)
        assert reports.html(view, 10) == b"anew", "another program may have withheld less"
    kinds = [(10, "html"), (0, "html"), (10, "pdf"), (10, "html"), (10, "html")]
    assert asked == [(run.result, *one) for one in kinds]


def test_the_zip_has_the_audit_and_every_table(make: Maker) -> None:
    run = make()
    view = jobs.view(run.id, None)
    assert view is not None
    made = reports.tables(view)
    assert made == reports.tables(view)
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        names = set(archive.namelist())
        assert json.loads(archive.read("audit.json"))["name"] == run.name
    tables = {f"tables/{path.name}" for path in (run.result / "tables").iterdir()}
    assert names == {"audit.json"} | tables


def test_this_audit_is_deleted_with_proof(make: Maker, open_it: Opened) -> None:
    kept, run = make(name="kept"), make(name="gone")
    app = open_it(run=run.id)
    button(app, f"ask-{run.id}").click().run()  # type: ignore[attr-defined]
    assert run.path.exists()
    button(app, f"delete-{run.id}").click().run()  # type: ignore[attr-defined]
    assert not app.exception
    assert not run.path.exists()
    assert kept.path.exists()
    assert "0 are left" in html(app)


def test_everything_is_deleted_when_it_is_meant(
    make: Maker, open_it: Opened, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = make(name="one"), make(name="two")
    (home / "store" / "ab").mkdir(parents=True)
    (home / "store" / "ab" / f"{'ab' * 32}.safetensors").write_bytes(b"kept")
    (home / "runs" / "queue.lock").touch()
    app = open_it(run=first.id)
    assert not [one for one in app.button if one.key == "delete-everything"]
    button(app, "ask-all").click().run()  # type: ignore[attr-defined]
    assert button(app, "delete-everything").disabled  # type: ignore[attr-defined]
    app.checkbox(key="sure").check().run()
    button(app, "delete-everything").click().run()  # type: ignore[attr-defined]
    assert not app.exception
    assert not first.path.exists()
    assert not second.path.exists()
    assert not list((home / "store").rglob("*.safetensors"))
    assert "0 are left" in html(app)


def test_an_owner_deletes_their_own_and_nothing_else(home: Path) -> None:
    from core.config import config_from

    asked = config_from({"faces": {"preset": "synthetic"}})
    mine = runs.create(asked, base=home, owner="me")
    yours = runs.create(asked, base=home, owner="you")
    upload = home / "uploads" / ("0" * 32)
    (upload / "files").mkdir(parents=True)
    told = {"owner": "me", "created": 0, "path": "", "vectors": False, "problems": []}
    (upload / "upload.json").write_text(json.dumps(told))
    before, left = reports.delete_everything("me")
    assert before > 0
    assert left == 0
    assert not mine.path.exists()
    assert not upload.exists()
    assert yours.path.exists()


def test_an_audit_that_its_schema_refuses_gets_a_sentence_and_no_broken_download(
    make: Maker, open_it: Opened
) -> None:
    whole = audit()
    del whole["parts"]
    app = open_it(run=make(audit=whole).id)
    assert not app.exception
    assert "No report can be made of this audit: audit.json is not as its schema says" in html(app)
    labels = {one.label for one in app.get("download_button")}
    assert "All tables (zip)" in labels
    assert not labels & {"HTML", "PDF"}


def test_a_part_on_too_few_people_is_called_withheld_before_it_is_asked_for(
    make: Maker, open_it: Opened
) -> None:
    told = audit(facts={"projection": {"people": 8}})
    told["tables"] = [*told["tables"], "projection"]
    run = make(audit=told)
    app = open_it(run=run.id)
    assert not app.exception
    assert "measured, of fewer than 10 people" in html(app)
    app.number_input(key="smallest").set_value(8).run()
    assert "measured, of fewer than" not in html(app)

"""A person's own audit in a real browser, from the upload to its table and its deletion."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from accessibility import findings, unknown
from browsing import Server
from held import held

from core.__main__ import main
from core.run_status import RunStatus

pytestmark = pytest.mark.e2e

PEOPLE, EACH = 12, 4
LABEL = "<b>mood</b>"
HOSTILE = ("<script>alert(1)</script>", "<img src=x onerror=alert(2)>")


def _vectors() -> bytes:
    """Twelve people whose first number tells a label that is, as its classes, hostile by name."""
    rng = np.random.default_rng(0)
    happy = np.tile([True, False], PEOPLE * EACH // 2)
    x = rng.normal(size=(PEOPLE, 8)).repeat(EACH, axis=0)
    x = x + 0.3 * rng.normal(size=x.shape)
    x[:, 0] = np.where(happy, 2.0, -2.0) + 0.5 * x[:, 1]
    table = pa.table(
        {
            "subject_id": np.repeat([f"p{i:02d}" for i in range(PEOPLE)], EACH).tolist(),
            LABEL: np.where(happy, *HOSTILE).tolist(),
            "embedding": list(x.astype(np.float32)),
        }
    )
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


@pytest.fixture
def page(server: Server, browser: Any) -> Iterator[Any]:
    """An empty page, and a test that fails where anything ran that was only a name."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    page = context.new_page()
    page.set_default_timeout(60_000)
    dialogs: list[str] = []

    def heard(dialog: Any) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", heard)
    yield page
    context.close()
    assert not dialogs


def _reloaded(page: Any, status: RunStatus) -> None:
    """A run at work shows how it stands, and no less of it once the page was loaded anew."""
    bar = page.get_by_role("progressbar", name="progress")
    for again in (False, True):
        if again:
            page.reload()
        page.get_by_text("goes on when this tab is closed").wait_for()
        page.get_by_text(status.phase).first.wait_for()
        assert float(bar.get_attribute("aria-valuenow")) >= round(100 * status.fraction)
        page.get_by_role("button", name="Cancel").wait_for()
    # What is just drawn again is pale for a moment: contrast is asked of pages at rest.
    assert not [one for one in unknown(findings(page)) if not one.startswith("color-contrast")]


def test_vectors_are_uploaded_audited_read_and_deleted(server: Server, page: Any) -> None:
    page.goto(f"{server.url}/faces")
    page.get_by_text("Nothing leaves this machine").first.wait_for()
    sent = {"name": "own.parquet", "mimeType": "application/octet-stream", "buffer": _vectors()}
    page.locator("input[type=file]").first.set_input_files(sent)
    page.get_by_role("button", name="Read these files").click()
    page.get_by_text("8 numbers each").first.wait_for()
    page.get_by_text(HOSTILE[0]).first.wait_for()
    known = {path.name for path in (server.home / "runs").iterdir()}
    page.get_by_role("button", name="Run", exact=True).click()
    with held(server.home / "runs", known) as (run, status):
        page.wait_for_url(f"**/leakage?*run={run.name}*")
        _reloaded(page, status)
    page.get_by_text("What passed.").wait_for(timeout=240_000)
    assert page.get_by_text(f"x gives {LABEL} away").first.is_visible()
    assert page.get_by_text("The same figures").is_visible()
    told = json.loads((run / "result" / "audit.json").read_text())
    assert told["headline"]["status"] in ("ok", "few people")
    page.get_by_role("button", name="Delete this audit").click()
    page.get_by_role("button", name="Delete for good").click()
    page.get_by_text("0 are left").wait_for()
    assert not run.exists()
    assert not list((server.home / "uploads").iterdir())


def _photographs(shared: Path, at: Path) -> None:
    """Sixty people of the London set as a zip with their expression and nothing else."""
    table = pd.read_csv(shared / "faces" / "london" / "metadata.csv", dtype=str)
    own = table[table["subject_id"].isin(sorted(set(table["subject_id"]))[:40])]
    with zipfile.ZipFile(at, "w") as archive:
        told = own[["file_name", "subject_id", "expression"]].to_csv(index=False)
        archive.writestr("metadata.csv", told)
        for name in own["file_name"]:
            archive.write(shared / "faces" / "london" / name, name)


@pytest.mark.shared
@pytest.mark.slow
def test_the_same_zip_gives_the_same_figures_in_the_browser_and_on_the_command_line(
    server: Server, page: Any, shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed, model = tmp_path / "set.zip", shared / "encoders" / "mobilefacenet.onnx"
    _photographs(shared, packed)
    page.goto(f"{server.url}/faces")
    page.get_by_text("Nothing leaves this machine").first.wait_for()
    page.locator("input[type=file]").first.set_input_files(str(packed))
    page.get_by_role("button", name="Read these files").click()
    page.get_by_text("80 can be opened").wait_for()
    page.get_by_text("This encoder needs its weights").wait_for()
    page.locator("input[type=file]").last.set_input_files(str(model))
    page.get_by_text("Roughly").wait_for()
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_url("**/leakage?*run=*")
    page.get_by_text("What passed.").wait_for(timeout=400_000)
    (run,) = [path for path in (server.home / "runs").iterdir() if path.name in page.url]
    settings = tmp_path / "audit.yaml"
    settings.write_text(
        f"faces: {{path: {packed}}}\nencoder: {{kind: onnx, weights: {model}}}\n", encoding="utf-8"
    )
    monkeypatch.setenv("BLINDFOLD_CACHE", str(tmp_path / "cache"))
    assert main(["run", str(settings), "--out", str(tmp_path / "out")]) == 0
    for name in ("leakage", "verification", "confusion"):
        there = pd.read_csv(run / "result" / "tables" / f"{name}.csv")
        here = pd.read_csv(tmp_path / "out" / "tables" / f"{name}.csv")
        pd.testing.assert_frame_equal(there, here, check_exact=True)
    assert len(pd.read_csv(run / "result" / "tables" / "leakage.csv")) > 20
    page.get_by_role("button", name="Delete this audit").click()
    page.get_by_role("button", name="Delete for good").click()
    page.get_by_text("0 are left").wait_for()

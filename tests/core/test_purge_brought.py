"""What people brought (archives that were unpacked, encoders) goes with a purge, and not sooner."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from core import run as runs
from core.config import config_from
from core.purge import purge
from core.run_status import RunStatus, write_status
from core.store import home

MODEL, HALF_MODEL = f"{'a' * 64}.onnx", f".{'b' * 16}.onnx"
UNPACKED, HALF_UNPACKED = "c" * 64, f".{'d' * 16}.{'e' * 8}.tmp"


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLINDFOLD_CACHE", str(tmp_path / "cache"))


def _brought(days: float) -> list[Path]:
    encoders, extracted = home() / "encoders", home() / "extracted"
    files = [encoders / MODEL, encoders / HALF_MODEL]
    files += [extracted / UNPACKED / "a" / "1.png", extracted / HALF_UNPACKED / "1.png"]
    then = time.time() - days * 86_400
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"face")
    for path in [*encoders.rglob("*"), *extracted.rglob("*")]:
        os.utime(path, (then, then))
    return files


def _run(state: str, **encoder: str) -> runs.Run:
    made = runs.create(config_from({"encoder": encoder} if encoder else {}), base=Path.cwd())
    write_status(made.path, RunStatus(state=state))  # type: ignore[arg-type]
    return made


def test_old_ones_go_and_young_ones_stay() -> None:
    files = _brought(days=8)
    assert purge(7 * 86_400.0).uploads == 4
    assert not any(file.exists() for file in files)
    files = _brought(days=6)
    assert purge(7 * 86_400.0).uploads == 0
    assert all(file.exists() for file in files)


def test_all_takes_them_and_nothing_of_others() -> None:
    _brought(days=0)
    mine = home() / "encoders" / "mine.onnx"
    mine.write_bytes(b"put here by a person")
    assert purge(None).uploads == 4
    assert [path for path in home().rglob("*") if path.is_file()] == [mine]


def test_an_encoder_stays_while_a_run_that_stays_needs_it() -> None:
    model, half, *unpacked = _brought(days=8)
    _run("done", kind="onnx", weights=str(model))
    purge(7 * 86_400.0)
    assert model.exists()
    assert not any(file.exists() for file in (half, *unpacked))


def test_nothing_unpacked_goes_while_a_run_is_at_work() -> None:
    _, _, *unpacked = _brought(days=8)
    _run("running")  # no worker is known yet, so it counts as about to start
    purge(7 * 86_400.0)
    assert all(file.exists() for file in unpacked)

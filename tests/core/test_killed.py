"""A worker that is killed ten times goes on each time, and ends with the tables of an undisturbed
run, bit by bit."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core import run as runs
from core.config import config_from

KILLS = 10
LOOK_SECONDS = 0.02
"""How often the store is looked at; to look takes time from the run that is waited for."""


def vectors(folder: Path) -> None:
    """Made-up vectors of 20 people with an expression that leaks."""
    random = np.random.default_rng(0)
    expression = np.tile(np.arange(2), 40)
    x = np.repeat(random.normal(size=(20, 8)), 4, axis=0) + random.normal(size=(80, 8))
    x[:, 0] += 2 * expression
    table = pd.DataFrame(
        {
            "id": [f"f{i}" for i in range(80)],
            "subject_id": np.repeat([f"p{i}" for i in range(20)], 4),
            "expression": np.array(["neutral", "happy"])[expression],
            "embedding": list(x.astype(np.float32)),
        }
    )
    table.to_parquet(folder / "emb.parquet")


def begun(folder: Path, cache: str, monkeypatch: pytest.MonkeyPatch) -> runs.Run:
    """A new run of every study, each as small as it comes; eleven starts take their time."""
    monkeypatch.setenv("BLINDFOLD_CACHE", str(folder / cache))
    config = config_from(
        {
            "embeddings": {"path": "emb.parquet"},
            "device": "cpu",  # a start that need not look for another is half as long
            "splits": {"folds": 2, "seeds": 1},
            "projection": {"methods": ["tsne"]},
            "ablation": {"points": 2, "repeats": 1, "orders": ["random"]},
            "fairness": {"strengths": [0.5], "repeats": 2},
        }
    )
    return runs.create(config, base=folder)


def until(run: runs.Run, there: int, patience: float = 120) -> None:
    """Wait until the store holds `there` entries, or the run is over."""
    store, end = run.path.parent.parent / "store", time.monotonic() + patience
    while time.monotonic() < end and runs.status(run).active:
        if len(list(store.rglob("*.safetensors"))) >= there:
            return
        time.sleep(LOOK_SECONDS)


def finished(run: runs.Run, patience: float = 240) -> dict[str, bytes]:
    end = time.monotonic() + patience
    while runs.status(run).active and time.monotonic() < end:
        time.sleep(0.2)
    assert runs.status(run).state == "done", runs.status(run)
    return {path.name: path.read_bytes() for path in sorted((run.result / "tables").iterdir())}


@pytest.mark.slow
def test_killed_at_ten_moments_it_ends_with_the_same_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors(tmp_path)
    calm = begun(tmp_path, "calm", monkeypatch)
    runs.start(calm)
    expected = finished(calm)
    whole = len(list((tmp_path / "calm" / "store").rglob("*.safetensors")))
    assert whole > KILLS
    shaken = begun(tmp_path, "shaken", monkeypatch)
    runs.start(shaken)
    killed = 0
    for moment in np.linspace(1, whole - 2, KILLS).astype(int):
        until(shaken, int(moment))
        status = runs.status(shaken)
        if not status.active or status.pid is None:
            break
        os.kill(status.pid, signal.SIGKILL)
        killed += 1
        while runs.status(shaken).active:
            time.sleep(0.02)
        assert runs.status(shaken).state == "stopped"
        assert not shaken.result.exists()
        runs.resume(shaken)
    assert killed == KILLS
    found = finished(shaken)
    assert found.keys() == expected.keys()
    different = [name for name in expected if found[name] != expected[name]]
    assert not different
    assert not list((tmp_path / "shaken").rglob("*.tmp"))

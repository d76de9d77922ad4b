"""The tutorial: its commands run as they stand there, and say what it says they say."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from tests.docs.blocks import blocks

ROOT = Path(__file__).resolve().parent.parent.parent
TUTORIAL = ROOT / "docs" / "tutorial.md"


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder of somebody who did all of it, and what they saw."""
    folder = tmp_path_factory.mktemp("tutorial")
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "BLINDFOLD_CACHE": str(folder / "cache"),
    }
    script = "\n".join(one.text for one in blocks(TUTORIAL, "bash"))
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


def test_what_it_promises_is_there(followed: tuple[Path, str]) -> None:
    folder, _ = followed
    for name in ("OUT/audit.json", "OUT/report.html", "OUT/tables/verification.csv", "phi.parquet"):
        assert (folder / "first" / name).is_file()
    card = folder / "first" / "OUT" / "suppressors" / "leace"
    assert {one.name for one in card.iterdir()} >= {"model.onnx", "README.md", "config.yaml"}
    assert len(pd.read_parquet(folder / "first" / "phi.parquet")) == 240


def test_the_figures_mean_what_it_says(followed: tuple[Path, str]) -> None:
    """Elsewhere digits may differ, but not what they mean."""
    folder, _ = followed
    table = pd.read_csv(folder / "first" / "OUT" / "tables" / "leakage.csv")
    table = table.query("attacker == 'strongest' and metric == 'balanced_accuracy'")
    own = table.set_index("representation")
    assert own.loc["x", "status"] == "ok"
    assert own.loc["x", "low"] > own.loc["x", "null"]
    assert own.loc["leace", "status"] == "nothing found"
    assert 0.5 < own.loc["leace", "detectable"] <= 1
    assert set(own.index) == {"x", "leace", "random", "norm"}


def test_what_it_shows_is_what_comes_out(followed: tuple[Path, str]) -> None:
    _, said = followed
    shown = next(one.text for one in blocks(TUTORIAL, "text") if "representation" in one.text)
    header = next(line for line in shown.splitlines() if "representation" in line)
    assert header.split() in [line.split() for line in said.splitlines()]
    for line in shown.splitlines():
        if line.split()[:1] in (["x"], ["leace"], ["random"], ["norm"]):
            name, value = line.split()[:2]
            same = next(own for own in said.splitlines() if own.split()[:1] == [name])
            assert float(same.split()[1]) == pytest.approx(float(value), abs=0.05)

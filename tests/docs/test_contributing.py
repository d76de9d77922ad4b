"""The worked examples of CONTRIBUTING.md: as they stand there, they are all that it takes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.attack.attack import attack
from tests.core.attack.test_attackers import problem
from tests.core.suppress import people
from tests.docs.blocks import Block, blocks

ROOT = Path(__file__).resolve().parent.parent.parent
GUIDE = ROOT / "CONTRIBUTING.md"
AUDIT = (
    "{embeddings: {path: vectors.parquet}, sensitive: mood, studies: [leakage], "
    "splits: {folds: 2}, suppressors: [{kind: mean_projection, dial: 0.9}]}"
)


def example(folder: str) -> Block:
    """The block that is a file of that folder."""
    (found,) = (one for one in blocks(GUIDE, "python") if Path(one.title).parent == Path(folder))
    return found


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the program with one file more, and nothing else changed."""
    folder = tmp_path_factory.mktemp("copy")
    leave = shutil.ignore_patterns("__pycache__", "weights")
    shutil.copytree(ROOT / "core", folder / "core", ignore=leave)
    for name in ("tests/conftest.py", "tests/core/suppress", "pyproject.toml"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, folder / name)
    block = example("core/suppress")
    assert not (folder / block.title).exists()
    (folder / block.title).write_text(block.text, encoding="utf-8")
    return folder


def ran(copy: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """A Python command in the copy, with the copy's own `core`."""
    environment = {
        **os.environ, "PYTHONPATH": str(copy), "BLINDFOLD_CACHE": str(copy / "cache"),
    }  # fmt: skip
    return subprocess.run(
        [sys.executable, *command], cwd=copy, env=environment, capture_output=True, text=True
    )


def test_one_file_is_a_suppressor_that_passes_what_every_method_must(copy: Path) -> None:
    done = ran(
        copy, "-m", "pytest", "tests/core/suppress/test_conformance.py", "-k", "mean_projection",
        "-n", "0", "-p", "no:cacheprovider",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
    assert int(done.stdout.split(" passed")[0].split()[-1]) > 20


def test_an_audit_with_it_runs_from_the_command_line(copy: Path) -> None:
    made = people.made(36, pictures=3)
    label = made.labels[0]
    pd.DataFrame({
        "id": [f"f{i}" for i in range(len(made.x))],
        "subject_id": made.people,
        "mood": np.array(label.classes)[label.y],
        "embedding": list(made.x),
    }).to_parquet(copy / "vectors.parquet")  # fmt: skip
    (copy / "audit.yaml").write_text(AUDIT)
    done = ran(copy, "-m", "core", "run", "audit.yaml", "--out", "OUT")
    assert done.returncode == 0, done.stderr[-3000:]
    found = pd.read_csv(copy / "OUT" / "tables" / "leakage.csv")
    assert "mean_projection" in set(found["representation"])
    assert (copy / "OUT" / "suppressors" / "mean_projection" / "model.onnx").is_file()


def test_the_attacker_finds_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "nearest_mean.py"
    path.write_text(example("core/attack").text, encoding="utf-8")
    spec = spec_from_file_location("nearest_mean", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    asked, truth = problem(apart=5.0)
    (found,) = attack([asked], module.NearestMean(), device="cpu")
    assert (found.predicted == truth).mean() > 0.85

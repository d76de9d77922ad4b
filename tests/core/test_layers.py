"""Rule 1 of the architecture, read from the imports: who may know whom."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
CORE = sorted((ROOT / "core").rglob("*.py"))

TORCH_ROOMS = {"encode", "suppress", "attack", "decide", "action_units", "anonymity", "runtime"}
TORCH_FILES = {"faces/mtcnn.py"}
TORCH = {"torch", "torchvision", "facenet_pytorch"}

LIGHT = ["config", "table", "purge", "worker", "faces.faceset"]
HEAVY = {*TORCH, "sklearn", "scipy", "umap", "plotly", "onnxruntime", "cv2", "streamlit", "app"}


def imported(path: Path) -> set[str]:
    """The full names of all modules that `path` imports, at its top or inside functions."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add("." * node.level + (node.module or ""))
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "import_module":
            names |= {one.value for one in node.args if isinstance(one, ast.Constant)}
    return names


def packages(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imported(path)}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT / "core").as_posix()


def test_there_is_something_to_look_at() -> None:
    assert len(CORE) > 30


def test_core_knows_neither_streamlit_nor_the_pages() -> None:
    assert not [name_of(path) for path in CORE if packages(path) & {"streamlit", "app"}]


def test_torch_stays_in_its_rooms() -> None:
    outside = [
        path
        for path in CORE
        if name_of(path).split("/")[0] not in TORCH_ROOMS and name_of(path) not in TORCH_FILES
    ]
    assert not [name_of(path) for path in outside if packages(path) & TORCH]


def test_imports_name_their_module_in_full() -> None:
    relative = {name_of(path) for path in CORE for name in imported(path) if name[:1] == "."}
    assert not relative


def test_the_tests_would_see_a_breach(tmp_path: Path) -> None:
    """The reader of imports finds each way to write one."""
    breach = tmp_path / "breach.py"
    breach.write_text(
        "import streamlit as st\n"
        "def f():\n    from torch.nn import Linear\n    import app.jobs\n"
        "    import_module('facenet_pytorch')\n    from . import sibling\n"
    )
    assert packages(breach) >= {"streamlit", "torch", "app", "facenet_pytorch"}
    assert "." in imported(breach)


BEFORE_THE_STUDY = {"faces", "encode", "suppress", "attack", "measure", "decide", "project"}
"""The rooms that data passes first; only what stands behind a room may know it."""


def test_no_room_knows_what_stands_behind_it() -> None:
    wrong = []
    for path in CORE:
        room = name_of(path).split("/")[0]
        known = {name.split(".")[1] for name in imported(path) if name.startswith("core.")}
        behind = {"study", "plots", "report"} if room in BEFORE_THE_STUDY else set()
        behind |= {"encode", "suppress", "attack", "measure"} if room == "faces" else set()
        behind |= {"suppress", "attack"} if room == "encode" else set()
        wrong += [(name_of(path), name) for name in known & behind]
    assert not wrong


@pytest.mark.parametrize("module", LIGHT)
def test_what_every_page_needs_imports_nothing_heavy(module: str) -> None:
    code = f"import core.{module}, sys; print(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert not set(done.stdout.split()) & HEAVY

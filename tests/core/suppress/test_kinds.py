"""Kinds of suppressor are found by their files, and what is read there is what is imported."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from core.config import AVAILABLE, config_from
from core.errors import ConfigError
from core.suppress import kinds
from core.suppress.registry import METHODS

FOLDER = Path(kinds.__file__).parent


def test_reading_finds_what_importing_finds() -> None:
    """Every class that names its kind and can be fitted, however its file is written."""
    imported = {
        one.kind: path.stem
        for path in FOLDER.glob("*.py")
        for one in vars(importlib.import_module(f"core.suppress.{path.stem}")).values()
        if isinstance(one, type) and isinstance(getattr(one, "kind", None), str)
        and hasattr(one, "fit") and one.__module__ == f"core.suppress.{path.stem}"
    }  # fmt: skip
    assert dict(kinds.KINDS) == imported
    assert {kind: one.kind for kind, one in METHODS.items()} == {kind: kind for kind in imported}


def test_every_kind_is_a_setting_and_no_other_is() -> None:
    assert set(AVAILABLE["suppressors"]) == {*METHODS, "given", "saved"}
    for kind in METHODS:
        assert config_from({"suppressors": [{"kind": kind}]}).suppressors[0].kind == kind
    with pytest.raises(ConfigError, match=r"suppressors\[0\].kind is 'leaze'.*did you mean leace"):
        config_from({"suppressors": [{"kind": "leaze"}]})


def test_names_are_known_without_importing_a_method() -> None:
    code = "import core.suppress.kinds, sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=FOLDER.parent.parent, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert not {"numpy", "torch", "core.suppress.leace"} & set(done.stdout.split())


def test_two_files_of_one_kind_are_a_fault(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / f"{name}.py").write_text('class A:\n    kind: ClassVar[str] = "mine"\n')
    with pytest.raises(ValueError, match=r"'mine' is in one.py and in other.py"):
        kinds.kinds_in(tmp_path)
    (tmp_path / "other.py").write_text('class A:\n    kind: ClassVar[str] = "theirs"\n')
    assert kinds.kinds_in(tmp_path) == {"mine": "one", "theirs": "other"}

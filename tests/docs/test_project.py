"""Files that say the same thing twice: versions, tools and the lock agree."""

from __future__ import annotations

import re
import tomllib
from importlib import import_module
from pathlib import Path

import yaml

import core

ROOT = Path(__file__).resolve().parent.parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def pins(name: str) -> dict[str, set[str]]:
    """The versions of each package that a lock names; several where they depend on the Python."""
    found: dict[str, set[str]] = {}
    for package, version in re.findall(r"^([\w.-]+)==([^\s;]+)", text(name), re.MULTILINE):
        found.setdefault(package.lower().replace("_", "-"), set()).add(version)
    return found


def test_one_version_everywhere() -> None:
    assert PROJECT["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "core.__version__"}
    assert yaml.safe_load(text("CITATION.cff"))["version"] == core.__version__
    first = re.search(r"^## \[?(\d+\.\d+\.\d+)", text("CHANGELOG.md"), re.MULTILINE)
    assert first is not None
    assert first[1] == core.__version__


def test_the_command_is_there() -> None:
    module, name = PROJECT["project"]["scripts"]["blindfold"].split(":")
    assert callable(getattr(import_module(module), name))


def test_what_is_asked_for_is_locked() -> None:
    for name in ("requirements", "requirements-dev"):
        locked = pins(f"{name}.txt")
        for line in text(f"{name}.in").splitlines():
            asked = re.match(r"[\w.-]+", line)
            if asked:
                assert asked[0].lower().replace("_", "-") in locked, line


def test_both_locks_name_the_same_versions() -> None:
    one, other = pins("requirements.txt"), pins("requirements-dev.txt")
    assert not [name for name in set(one) & set(other) if not other[name] <= one[name]]


def test_pre_commit_uses_the_locked_tools() -> None:
    locked = pins("requirements-dev.txt")
    hooks = [hook for repo in yaml.safe_load(text(".pre-commit-config.yaml"))["repos"]
             for hook in repo["hooks"]]  # fmt: skip
    assert {hook["id"] for hook in hooks} == {"ruff-check", "ruff-format", "mypy"}
    for hook in hooks:
        if hook["language"] == "system":
            assert hook["entry"].split()[0] in locked
        else:
            (pin,) = hook["additional_dependencies"]
            package, version = pin.split("==")
            assert locked[package] == {version}


def test_ci_asks_what_pre_commit_asks() -> None:
    for command in ("ruff check", "ruff format --check", "mypy"):
        assert command in text(".ci/run")


def test_the_image_is_closed_by_itself_and_has_what_the_program_needs() -> None:
    image, left_out = text("Dockerfile"), text(".dockerignore")
    assert "USER 10001" in image.split('CMD ["python", "-m"')[0]
    assert "--no-deps -r requirements.txt" in image
    assert "BLINDFOLD_CACHE=/cache" in image
    assert 'VOLUME ["/cache"]' in image
    assert "/_stcore/health" in image
    assert "chromium" not in image.lower()
    kept = re.findall(r"^!(.+)$", left_out, re.MULTILINE)
    assert left_out.splitlines()[1] == "*", "what is not named stays out, the cache above all"
    assert all((ROOT / name).exists() for name in kept)
    assert ".streamlit/secrets.toml" in left_out.split("!.streamlit\n")[1]
    assert {"core", "app", ".streamlit", "streamlit_app.py", "requirements.txt"} <= set(kept)


def test_the_address_of_all_is_the_containers_alone() -> None:
    """Outside a container the pages listen on this computer only."""
    assert 'address = "localhost"' in text(".streamlit/config.toml")
    for path in (ROOT / "core").rglob("*.py"):
        assert "0.0.0.0" not in path.read_text(encoding="utf-8"), path

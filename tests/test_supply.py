"""No code of ours loads what can run: no pickle, no eval, no shell; each exception has a reason."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PLACES = ("app", "benchmarks", "core", "docs", "examples", "tests")

TRAVELS = "shows that what is sent between our own processes arrives as it was"
ALLOWED = {
    ("core/audit_yaml.py", "yaml.load"): "with a SafeLoader that allows less than PyYAML's own",
    ("core/engine_task.py", "pickle"): "between a cluster's own workers, never from a file that "
    "somebody brings (docs/cluster.md)",
    ("tests/core/attack/test_attackers.py", "pickle"): TRAVELS,
    ("tests/core/encode/test_onnx.py", "pickle"): TRAVELS,
    ("tests/core/encode/test_parts.py", "pickle"): TRAVELS,
    ("tests/core/faces/test_read_picture.py", "pickle"): TRAVELS,
    ("tests/core/runtime/test_traced.py", "pickle"): TRAVELS,
    ("tests/core/test_errors.py", "pickle"): TRAVELS,
    ("tests/core/encode/test_encoders.py", "pickle"): "makes one that must be refused",
    ("tests/core/test_store.py", "pickle"): "makes one that must be refused",
    ("tests/core/test_bad_input_cli.py", "allow_pickle"): "makes one that must be refused",
    ("tests/core/test_bad_input_readers.py", "allow_pickle"): "makes one that must be refused",
    ("tests/fuzz/arrays.py", "pickle"): "makes ones that must be refused",
    ("tests/fuzz/test_judge.py", "pickle"): "makes one that must be seen",
    ("tests/core/plots/test_headline.py", "eval"): "reckons with a formula of our own style sheet",
}
"""(file, what it does): why it may. Whatever is not needed any more must go from here."""

UNPICKLERS = (
    "pickle",
    "cPickle",
    "_pickle",
    "dill",
    "cloudpickle",
    "shelve",
    "marshal",
    "jsonpickle",
)
CALLS = {
    "eval": "eval", "exec": "exec", "__import__": "__import__", "os.system": "os.system",
    "os.popen": "os.system", "tempfile.mktemp": "tempfile.mktemp",
    "yaml.load": "yaml.load", "yaml.load_all": "yaml.load", "yaml.full_load": "yaml.load",
    "yaml.unsafe_load": "yaml.load", "joblib.load": "pickle", "joblib.dump": "pickle",
    "joblib.Memory": "pickle", "pd.read_pickle": "pickle", "pandas.read_pickle": "pickle",
}  # fmt: skip
METHODS = {"to_pickle": "pickle", "extractall": "extractall"}


def findings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, what it does) of each dangerous thing in a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, "pickle") for one in node.names if _unpickles(one.name))
        elif isinstance(node, ast.ImportFrom) and _unpickles(node.module or ""):
            yield node.lineno, "pickle"
        elif isinstance(node, ast.Call):
            yield from ((node.lineno, what) for what in _call(node))


def _unpickles(module: str) -> bool:
    return module.split(".")[0] in UNPICKLERS


def _call(node: ast.Call) -> Iterator[str]:
    name = ast.unparse(node.func)
    given = {one.arg: one.value for one in node.keywords}
    if name in CALLS:
        yield CALLS[name]
    if isinstance(node.func, ast.Attribute) and node.func.attr in METHODS:
        yield METHODS[node.func.attr]
    if name == "torch.load" and not _says(given.get("weights_only"), True):
        yield "torch.load without weights_only=True"
    if "allow_pickle" in given and not _says(given["allow_pickle"], False):
        yield "allow_pickle"
    if "shell" in given and not _says(given["shell"], False):
        yield "shell=True"
    if any(one.arg is None for one in node.keywords) and name.endswith(
        (".Popen", "subprocess.run")
    ):
        yield "subprocess with arguments that cannot be seen here"


def _says(node: ast.expr | None, value: bool) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def modules() -> list[Path]:
    """Every Python file of the project."""
    inside = [path for place in PLACES for path in (ROOT / place).rglob("*.py")]
    return sorted([*ROOT.glob("*.py"), *inside])


def test_nothing_is_loaded_that_can_run() -> None:
    found: dict[tuple[str, str], int] = {}
    for path in modules():
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        for line, what in findings(tree):
            found.setdefault((path.relative_to(ROOT).as_posix(), what), line)
    new = [f"{file}:{line}: {what}" for (file, what), line in found.items()
           if (file, what) not in ALLOWED]  # fmt: skip
    assert not new, "\n".join(new)
    gone = [f"{file}: {what}" for file, what in ALLOWED if (file, what) not in found]
    assert not gone, f"allowed and no longer there: {gone}"


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("import pickle", "pickle"),
        ("import os, dill as d", "pickle"),
        ("from cloudpickle import loads", "pickle"),
        ("joblib.load(path)", "pickle"),
        ("frame.to_pickle(path)", "pickle"),
        ("torch.load(path)", "torch.load without weights_only=True"),
        ("torch.load(path, weights_only=False)", "torch.load without weights_only=True"),
        ("np.load(path, allow_pickle=True)", "allow_pickle"),
        ("np.load(path, allow_pickle=chosen)", "allow_pickle"),
        ("yaml.load(text, Loader=yaml.Loader)", "yaml.load"),
        ("eval('1')", "eval"),
        ("exec(code)", "exec"),
        ("os.system('ls')", "os.system"),
        ("subprocess.run('ls', shell=True)", "shell=True"),
        ("subprocess.run(['ls'], **how)", "subprocess with arguments that cannot be seen here"),
        ("archive.extractall(folder)", "extractall"),
    ],
)
def test_each_of_them_is_seen(code: str, what: str) -> None:
    assert [one for _, one in findings(ast.parse(code))] == [what]


@pytest.mark.parametrize(
    "code",
    [
        "torch.load(path, weights_only=True)",
        "np.load(path)",
        "np.load(path, allow_pickle=False)",
        "yaml.safe_load(text)",
        "network.eval()",
        "subprocess.run(['ls'], check=True)",
        "from joblib import cpu_count",
        "re.compile('a')",
    ],
)
def test_what_is_harmless_is_not(code: str) -> None:
    assert list(findings(ast.parse(code))) == []

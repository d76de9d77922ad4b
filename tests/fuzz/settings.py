"""`audit.yaml` as people write it and as nobody should, for `core.audit_yaml`, `core.config`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from hypothesis import strategies as st

from core import audit_yaml
from core.config import Config, config_from, dump_config, load_config
from tests.fuzz.edits import Edit, edited, edits, often
from tests.fuzz.reader import Reader

GOOD = (
    "name: an audit", "look: quick", "look: full", "seed: 7", "sensitive: expression",
    "sensitive: [expression, gender]", "attributes: auto", "attributes: [gender, age]",
    "suppressors: [{kind: leace}]", "suppressors:\n  - kind: blindfold\n    dial: 0.5",
    "studies: [leakage]", "attackers: ladder", "device: cpu", "engine: processes",
    "encoder: {kind: auto}", "faces: {preset: synthetic}", "faces: {path: faces}",
    "faces:\n  path: 'my faces'\n  where: {age: [30, '30', yes]}", "embeddings: {path: x.npz}",
    "splits: {folds: 5, seeds: 2}", "projection: {methods: [umap], perplexity: 12.5}",
    "roles: {verification: {faces: {path: lfw}, pairs: pairs.txt}}", "neutral: neutral",
    "neutral: {expression: calm}", "fairness: {strengths: [0.5, 0.9]}", "preset: careless",
    "anonymity: {preset: paper}", "action_units: {skew: 0.3}",
)  # fmt: skip
KEYS = ("name", "look", "seed", "sensitive", "attributes", "suppressors", "studies", "faces",
        "roles", "encoder", "splits", "fairness", "neutral", "2", "null", "~", "? a", "<<",
        "'seed'",
        "faces.path", "!!str name", "&a name", "é", "__class__", '"\\ud800"', '"\\0"')  # fmt: skip
VALUES = (
    "", "~", "null", "true", "yes", "no", "0", "-1", "1.5", "1e3", "1e999", ".inf", ".nan", "0x10",
    "0o7", "1_000", "9" * 400, "9" * 4400, "2026-11-22", "2026-11-22T03:00:00Z", "12:30:45",
    "[]", "{}", "[[]]", "[1, two, ~]", "{a: {b: {c: d}}}", "'text'", '"a\\nb"', '"\\ud800"',
    '"\\x00"', '"\\e[31m"', "\u202e", "&a x", "*a", "&a [*a]", "!!int '3'", "!!int ''", "!!int x",
    "!!float x", "!!bool maybe", "!!null x", "!!binary aGk=", "!!timestamp x", "!!set {a}",
    "!!map [a]", "!!seq {a: b}", "!!str [a]", "!!python/object/apply:os.system [ls]",
    "!!python/name:os.system", "!custom x", "! x", "!<tag:yaml.org,2002:int> x", "|\n  a\n  b",
    ">\n  a", "- a\n  - b", "@x", "`x", "%x", "'", '"', "[", "{", "}", ": :", "a: b: c", "\t",
    "# nothing", "x #y", "[" * 30 + "]" * 30, "[" * 5000, "{a: " * 25, "- " * 30, "x" * 5000,
    "[" + "1, " * 300 + "]", "{kind: leace, kind: lntl}", "{<<: {a: 1}}", "quick\nlook: full",
    "{kind: given, path: /etc/passwd}", "tcp://host:1", "synthetic", "=", "..", "---", "...",
)  # fmt: skip
WHOLE = (
    "", "\n", "---\n---\n", "a: 1\n---\nb: 2\n", "[]", "text", "--- !!map [a]\n",
    "%YAML 9.9\n---\n{}",
    "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n", "%TAG ! tag:x:\n---\n!a {}\n",
    "? [a]\n: b\n", "? {a: b}\n: c\n", "{seed: 1, seed: 2}", "\ufeffseed: 1", "seed:\t1",
    "seed: 1\0",
    "!!python/object/new:os.system [true]", "? |\n  name\n: x\n", "!!str", "!!omap [a: 1]",
)  # fmt: skip


@dataclass(frozen=True)
class Settings:
    """Lines of a file of settings, its coding, and changes to its bytes."""

    lines: tuple[str, ...]
    coding: str = "utf-8"
    edits: tuple[Edit, ...] = ()


def _cases() -> st.SearchStrategy[Settings]:
    odd = st.builds(lambda key, value: f"{key}: {value}", st.sampled_from(KEYS),
                    st.sampled_from(VALUES))  # fmt: skip
    good = st.lists(st.sampled_from(GOOD), min_size=1, max_size=4, unique_by=lambda g: g[:4])
    mixed = st.lists(st.sampled_from(GOOD) | odd, min_size=1, max_size=5)
    whole = st.sampled_from(WHOLE).map(lambda text: [text])
    free = st.text(alphabet="ab:-[]{}&*!|>'\"%@`#,? \n\t01.~é", max_size=40).map(lambda t: [t])
    return st.builds(
        Settings, (good | mixed | good | mixed | whole | free).map(tuple),
        coding=often("utf-8", st.sampled_from(("utf-8-sig", "utf-16", "latin-1", "utf-32"))),
        edits=often((), edits(reach=40)),
    )  # fmt: skip


def _build(case: Settings, folder: Path) -> Path:
    path = folder / "audit.yaml"
    text = "\n".join(case.lines) + "\n"
    path.write_bytes(edited(text.encode(case.coding, "replace"), case.edits))
    return path


def _keeps(config: Config, path: Path) -> None:
    """What was read can be written and read again, goes into JSON, and remembers what was asked."""
    again = config_from(audit_yaml.parse(dump_config(config)))
    assert again == config
    assert again.model_fields_set == config.model_fields_set
    json.dumps(config.as_run(), allow_nan=False).encode()
    json.dumps(config.settings(), allow_nan=False)


def _sound(case: Settings) -> bool:
    return case == Settings(case.lines) and len(case.lines) == 1 and case.lines[0] in GOOD


READER = Reader("yaml", "settings in YAML", _cases(), _build, load_config, _keeps, _sound)

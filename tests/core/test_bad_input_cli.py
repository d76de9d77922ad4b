"""Bad input at the command line: exit status 2, one sentence with a way out, nothing lost.

Every case goes the whole way that a person's would: arguments, settings, reader, encoder, audit.
Only the process boundary is left out, so that a case costs no start of Python.
"""

from __future__ import annotations

import errno
import io
import json
import re
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core import run as runs
from core import worker
from core.__main__ import main
from core.command import run as command_run
from core.errors import StoreError

WAY_OUT = re.compile(
    r"[:;,] (or )?(add|bring|check|choose|close|cut|drop|export|free|give|keep|leave|list|make|map|"
    r"mend|move|name|open|point|put|remove|rename|re-save|save|say|set|shorten|try|unpack|use|write|pack)\b"
    r"|explains\)|must be|\bneed|can be read|there are:"
)

Prepare = Callable[[], list[str]]


@pytest.fixture(autouse=True)
def _in_this_process(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command_run, "start", lambda run: worker.work(run.path))


def run(settings: str | bytes) -> Prepare:
    """`run` of these settings, beside the small face set and vectors that `good` makes."""

    def prepare() -> list[str]:
        data = settings if isinstance(settings, bytes) else settings.encode()
        Path("audit.yaml").write_bytes(data)
        return ["run", "audit.yaml", "--out", "out"]

    return prepare


def call(*arguments: str) -> Prepare:
    return lambda: list(arguments)


def file(name: str, data: bytes, *arguments: str) -> Prepare:
    """A file of these bytes, and a command that is given it."""

    def prepare() -> list[str]:
        Path(name).write_bytes(data)
        return list(arguments) or ["inspect", name]

    return prepare


def vectors(change: Callable[[pd.DataFrame], pd.DataFrame], extra: str = "") -> Prepare:
    """`run` on 40 people × 2 vectors, after `change`."""

    def prepare() -> list[str]:
        rng = np.random.default_rng(0)
        rows = pd.DataFrame(
            {
                "id": [f"v{number}" for number in range(80)],
                "subject_id": [f"p{number // 2}" for number in range(80)],
                "expression": ["happy", "sad"] * 40,
                "embedding": list(rng.normal(size=(80, 6)).astype(np.float32)),
            }
        )
        change(rows).to_parquet("emb.parquet")
        return run(f"embeddings: {{path: emb.parquet}}\n{extra}")()

    return prepare


def changed(column: str, values: object) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return lambda rows: rows.assign(**{column: values})


def zipped(names: dict[str, bytes]) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name, data in names.items():
            archive.writestr(name, data)
    return whole.getvalue()


def picture(number: int = 0) -> bytes:
    whole = io.BytesIO()
    Image.fromarray(np.full((40, 40, 3), number, np.uint8)).save(whole, "png")
    return whole.getvalue()


def photographs() -> str:
    """A folder of four pictures in two classes; not drawn by the project."""
    for number, name in enumerate(["happy/1.png", "happy/2.png", "sad/1.png", "sad/2.png"]):
        path = Path("photos") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture(number))
    return "photos"


def embed(*options: str) -> Prepare:
    return lambda: ["embed", photographs(), "--out", "e.parquet", "--aligned", *options]


def kept(where: str) -> Prepare:
    return lambda: run(f"faces: {{path: {photographs()}, where: {where}}}")()


def npy_that_claims(rows: int) -> bytes:
    """128 bytes that say they are 32 GiB."""
    text = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, 512), }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode()


def npz(name: str, data: bytes) -> Prepare:
    def prepare() -> list[str]:
        Path("emb.npz").write_bytes(zipped({name: data}))
        ids = pd.DataFrame({"id": ["a", "b"], "subject_id": ["p", "q"], "expression": ["x", "y"]})
        ids.to_csv("emb.csv", index=False)
        return run("embeddings: {path: emb.npz}")()

    return prepare


PICKLED = io.BytesIO()
np.save(PICKLED, np.array([{"x": 1}], dtype=object), allow_pickle=True)

NAN = [np.full(6, np.nan, np.float32)] * 80

BAD: dict[str, Prepare] = {
    "one class of the label that was named": vectors(
        changed("expression", "happy"), "sensitive: expression"
    ),
    # settings
    "unknown key": run("sensative: gender"),
    "unknown key inside a block": run("faces: {presset: lfw}"),
    "unknown key of another block": run("folds: 5"),
    "wrong type": run("splits: {folds: many}"),
    "out of range": run("splits: {folds: 1}"),
    "text where a number is": run("seed: '0'"),
    "unknown choice": run("look: fast"),
    "block that is no mapping": run("faces: my_faces"),
    "settings that are a list": run("- faces"),
    "settings that are empty": run(""),
    "settings that are no YAML": run("faces: {path: x"),
    "settings with a tab": run("faces:\n\tpath: x"),
    "settings in another encoding": run("name: café".encode("latin-1")),
    "settings that are an image": run(picture()),
    "anchors that unfold to gigabytes": run("a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]"),
    "brackets without end": run("[" * 100_000),
    "key given twice": run("seed: 1\nseed: 2"),
    "tag that runs code": run("name: !!python/object/apply:os.system [true]"),
    "faces and vectors at once": run("faces: {path: a}\nembeddings: {path: b}"),
    "neither path nor synthetic": run("faces: {preset: lfw}"),
    "saved suppressor that is not there": run("suppressors: [{kind: saved, path: nowhere}]"),
    "vectors of ours that are not there": run("suppressors: [{kind: given, path: nowhere.npz}]"),
    "units of a label that is not there": run(
        "faces: {preset: synthetic}\nstudies: [action_units]\naction_units: {group: height}"
    ),
    "emotions where none is named": run(
        "faces: {preset: synthetic}\nstudies: [anonymity]\nsensitive: null"
    ),
    "studies of pictures, and vectors": vectors(lambda rows: rows, "studies: [anonymity]"),
    "engine without a port": run("engine: tcp://localhost"),
    # arguments
    "settings that are not there": call("run", "nothing.yaml", "--out", "out"),
    "settings that are a folder": call("run", ".", "--out", "out"),
    "no --out": call("run", "audit.yaml"),
    "unknown option": call("inspect", "--frobnicate"),
    "unknown command": call("suppress"),
    "--fail-if of a later version": call("run", "a.yaml", "--out", "out", "--fail-if", "x > 1"),
    "port that is none": call("serve", "--port", "99999"),
    "age that is none": call("purge", "--older-than", "soon"),
    "no path": call("inspect"),
    # faces
    "faces that are not there": call("inspect", "nothing"),
    "faces that are not there, in an audit": run("faces: {path: nothing}"),
    "unknown preset of faces": call("inspect", ".", "--preset", "celebb"),
    "empty folder": lambda: [Path("empty").mkdir(), "inspect", "empty"][1:],  # type: ignore[func-returns-value, list-item]
    "file that is no archive": file("faces.zip", b"PK\x03\x04 no zip"),
    "archive cut off": file("cut.zip", zipped({"a/1.png": picture()})[:-40]),
    "archive without a picture": file("none.zip", zipped({"readme.txt": b"hello"})),
    "archive that only leads outside": file("out.zip", zipped({"../../evil.png": picture()})),
    "picture instead of a set": file("one.png", picture()),
    "manifest without file_name": file("m.csv", b"subject_id,smile\n1,yes\n"),
    "manifest that is empty": file("m.csv", b""),
    "manifest in no encoding": file("m.csv", b"file_name,who\n\xff\xfe\x00a.png,\xe9\n"),
    "manifest of files that are not there": file("m.csv", b"file_name,subject_id\na.png,1\n"),
    "parquet that is none": file("m.parquet", b"PAR1 no more PAR1"),
    "where names no column": kept("{x: [y]}"),
    "where leaves nobody": lambda: run(
        f"faces: {{path: {photographs()}, where: {{expression: z}}}}"
    )(),
    # encoders
    "unknown encoder": embed("--encoder", "arcface"),
    "encoder for photographs not chosen": embed(),
    "drawn-faces encoder on photographs": embed("--encoder", "synthetic"),
    "encoder without weights": embed("--encoder", "onnx"),
    "weights that are not there": embed("--encoder", "onnx", "--weights", "no.onnx"),
    "weights that are no model": lambda: [
        *file("x.onnx", b"no model", *embed("--encoder", "onnx", "--weights", "x.onnx")())()
    ],
    "weights that nobody offers": embed("--encoder", "resnet50-vggface2", "--weights", "download"),
    "device that is none": embed("--encoder", "pixels", "--device", "abacus"),
    "preprocessing that is fixed": embed("--encoder", "pixels", "--size", "64"),
    # vectors
    "vectors that are not there": run("embeddings: {path: no.parquet}"),
    "vectors with NaN": vectors(changed("embedding", NAN)),
    "vectors of several lengths": vectors(changed("embedding", [[1.0]] * 79 + [[1.0, 2.0]])),
    "vectors that are text": vectors(changed("embedding", ["x"] * 80)),
    "column of vectors missing": vectors(lambda rows: rows.drop(columns="embedding")),
    "no vector at all": vectors(lambda rows: rows.iloc[:0]),
    "pickle in the archive of vectors": npz("embedding.npy", PICKLED.getvalue()),
    "header that claims 32 GiB": npz("embedding.npy", npy_that_claims(2**24)),
    "label asked for and not there": vectors(lambda rows: rows, "sensitive: smile"),
    "attribute asked for and not there": vectors(lambda rows: rows, "attributes: [beard]"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_gets_one_sentence_and_exit_status_2(
    case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(BAD[case]())
    said = capsys.readouterr()
    last = said.err.strip().splitlines()[-1]
    assert status == 2, said.err
    assert "Traceback" not in said.err
    assert said.out == "", "nothing pretends to be a result"
    assert last.startswith("blindfold: ")
    assert len(last) < 700
    assert WAY_OUT.search(last), f"no way out: {last}"
    assert not Path("out").exists()
    assert not Path("e.parquet").exists()


UNMEASURABLE: dict[str, Prepare] = {
    "identifiers given twice": vectors(changed("id", ["same"] * 80)),
    "one person": vectors(changed("subject_id", "p"), "sensitive: expression"),
    "one class, which nobody named": vectors(changed("expression", "happy")),
}


@pytest.mark.parametrize("case", UNMEASURABLE)
def test_data_that_show_nothing_give_no_figure(case: str) -> None:
    """The data are whole and too few: the audit says so, and claims nothing about any label."""
    assert main(UNMEASURABLE[case]()) == 0
    headline = json.loads(Path("out/audit.json").read_text())["headline"]
    assert headline["status"] == "not enough data"
    assert headline["value"] is None
    leakage = Path("out/tables/leakage.csv")
    if leakage.exists():
        assert pd.read_csv(leakage)["value"].isna().all()


def test_there_are_cases_enough() -> None:
    assert len(BAD) >= 60


# -- the machine -----------------------------------------------------------------------------------


def test_a_full_disk_where_runs_are_kept(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes) -> None:
        raise StoreError(f"the disk that holds {path} is full: free some space")

    monkeypatch.setattr(runs, "write_atomic", full)
    assert main(run("seed: 1")()) == 2
    assert "free some space" in capsys.readouterr().err
    assert not list(runs.runs_folder().iterdir())


def test_a_full_disk_for_the_vectors_leaves_the_old_file(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("old.parquet").write_bytes(b"earlier vectors")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("core.store.os.fsync", full)
    assert main(["embed", photographs(), "--out", "old.parquet", "--encoder", "pixels"]) == 2
    assert "full" in capsys.readouterr().err
    assert Path("old.parquet").read_bytes() == b"earlier vectors"
    assert not list(Path.cwd().glob(".old*"))


@pytest.mark.parametrize("command", [run("seed: 1"), embed("--encoder", "pixels")])
def test_a_cache_that_is_no_folder(
    command: Prepare, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("file").write_text("in the way")
    monkeypatch.setenv("BLINDFOLD_CACHE", str(Path("file").resolve()))
    assert main(command()) == 2
    said = capsys.readouterr().err
    assert "BLINDFOLD_CACHE" in said
    assert "Traceback" not in said


def test_a_number_of_jobs_that_is_none(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BLINDFOLD_JOBS", "many")
    assert main(run("seed: 1")()) == 2
    assert "BLINDFOLD_JOBS is 'many'" in capsys.readouterr().err


def test_a_fault_of_ours_is_no_traceback_either(
    workdir: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.purge.purge", lambda _: 1 / 0)
    assert main(["purge"]) == 1
    said = capsys.readouterr().err
    assert "Traceback" not in said
    log = workdir / "cache" / "faults.log"
    assert str(log) in said
    assert "ZeroDivisionError" in log.read_text()

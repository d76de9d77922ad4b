"""The command line: what people script against: exit status, files, one sentence."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from core import __main__ as command_line
from core import purge
from core import run as runs
from core.__main__ import main
from core.command import run as command_run
from core.command.faces import write_embeddings
from core.config import config_from
from core.encode.embeddings import Embeddings
from core.errors import ConfigError, StoreError
from core.run_status import RunStatus, read_status, write_status
from core.store import Store, key

ROOT = Path(__file__).resolve().parent.parent.parent
STAND_IN = Path(__file__).parent / "stand_in.py"


@pytest.fixture(autouse=True)
def _stand_in(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(runs, "WORKER", (str(STAND_IN),))
    yield
    for run in runs.listing():
        runs.kill(run, patience=0.1)


def audit(name: str = "quick") -> str:
    Path("audit.yaml").write_text(f"name: {name}\nfaces: {{preset: synthetic}}\n")
    return "audit.yaml"


def test_help_of_every_command_explains_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    said = capsys.readouterr().out
    for command in ("run", "inspect", "embed", "suppress", "look", "report", "serve", "purge"):
        assert command in said
        assert main([command, "--help"]) == 0
    assert "Exit status" in said


def test_the_example_in_the_help_is_a_valid_audit() -> None:
    from core import audit_yaml

    block = command_line.RUN_HELP.split("\b\n")[1].split("\n\n")[0]
    lines = [line[4:] for line in block.splitlines()]
    config_from(audit_yaml.parse("\n".join(lines)))


def test_run_brings_the_result_and_running_again_replaces_it(
    workdir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", audit(), "--out", "out/here"]) == 0
    said = capsys.readouterr()
    assert "audit.json and 1 tables" in said.out
    assert "done" in said.err, "progress is told on stderr"
    first = (workdir / "out/here/audit.json").read_bytes()
    (workdir / "out/here/tables/old.csv").write_text("from an older version")
    assert main(["run", audit(), "--out", "out/here"]) == 0
    assert (workdir / "out/here/audit.json").read_bytes() == first
    assert not (workdir / "out/here/tables/old.csv").exists()
    assert [path.name for path in (workdir / "out").iterdir()] == ["here"]
    assert len(runs.listing()) == 2, "runs of the command line are listed for the pages"
    made = (workdir / "cache" / "made.txt").read_text().split()
    assert len(made) == 12, "the second run took everything from the store"


@pytest.mark.parametrize(
    ("name", "status"), [("bad faces", 2), ("our fault", 1), ("no memory", 2), ("full disk", 2)]
)
def test_a_failed_run_ends_with_its_status_and_one_sentence(
    name: str, status: int, workdir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", audit(name), "--out", "out"]) == status
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert said.splitlines()[-1].startswith("blindfold: ")
    assert ("log.txt" in said) == (status == 1)
    assert not (workdir / "out").exists()


def test_a_killed_worker_is_a_fault_and_the_same_command_goes_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def kill_it() -> None:
        while not (found := runs.listing()) or runs.status(found[0]).phase != "encoding":
            time.sleep(0.02)
        runs.kill(found[0], patience=0.0)
        # However it ended, this is what a kill by the kernel leaves behind.
        gone = RunStatus("running", pid=2**22 - 1, born=1.0)
        write_status(found[0].path, gone)

    killer = threading.Thread(target=kill_it)
    killer.start()
    assert main(["run", audit("slow"), "--out", "out"]) == 1
    killer.join()
    assert "goes on" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_cancels_the_worker_and_exits_130(
    number: signal.Signals, workdir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def press() -> None:
        while not (found := runs.listing()) or runs.status(found[0]).phase != "encoding":
            time.sleep(0.02)
        os.kill(os.getpid(), number)

    before = signal.getsignal(signal.SIGINT)  # ignored where the tests run in the background
    threading.Thread(target=press, daemon=True).start()
    assert main(["run", audit("slow"), "--out", "out"]) == 130
    [run] = runs.listing()
    assert runs.status(run).state == "cancelled"
    assert not (workdir / "out").exists()
    assert "cancelled" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGINT) is before


def test_out_is_checked_before_any_work_and_nothing_in_it_is_lost(
    workdir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (workdir / "mine").mkdir()
    (workdir / "mine" / "thesis.tex").write_text("years of work")
    (workdir / "mixed").mkdir()
    (workdir / "mixed" / "audit.json").write_text("{}")
    (workdir / "mixed" / "thesis.tex").write_text("years of work")
    (workdir / "file").write_text("x")
    (workdir / "link").symlink_to(workdir / "mine")
    for out in ("mine", "mixed", "file", "link", "file/below"):
        assert main(["run", audit(), "--out", out]) == 2
        assert "--out" in capsys.readouterr().err
    assert (workdir / "mine" / "thesis.tex").read_text() == "years of work"
    assert (workdir / "mixed" / "thesis.tex").exists()
    assert not runs.listing()


def test_a_result_that_cannot_be_copied_leaves_the_old_one(
    workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result, out = workdir / "result", workdir / "out"
    for folder, text in ((result, "new"), (out, "old")):
        folder.mkdir()
        (folder / "audit.json").write_text(text)

    def full(source: Path, target: Path) -> None:
        target.mkdir()
        (target / "audit.json").write_text("ha")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(command_run.shutil, "copytree", full)
    with pytest.raises(StoreError, match="whole in"):
        command_run.bring(result, out)
    assert (out / "audit.json").read_text() == "old"
    assert {path.name for path in workdir.iterdir()} >= {"out", "result"}
    assert not [path for path in workdir.iterdir() if path.name.startswith(".out")]


def test_serve_starts_streamlit_on_this_computer_only(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(command_line.os, "execv", lambda _, command: started.append(command))
    monkeypatch.setattr(command_line.os, "chdir", lambda _: None)
    assert main(["serve", "--port", "8600"]) == 0
    [command] = started
    assert command[1:4] == ["-m", "streamlit", "run"]
    assert command[4] == str(ROOT / "streamlit_app.py")
    assert command[5:] == ["--server.port", "8600", "--server.address", "localhost"]


def faces_in(folder: Path) -> Path:
    from PIL import Image

    rng = np.random.default_rng(0)
    for name in ("happy", "sad"):
        (folder / name).mkdir(parents=True)
        for number in range(3):
            picture = rng.integers(0, 255, (64, 64, 3), dtype=np.uint8)
            Image.fromarray(picture).save(folder / name / f"{number}.png")
    (folder / "sad" / "broken.png").write_bytes(b"no picture")
    return folder


def test_inspect_counts_and_names_each_problem(
    workdir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    faces = faces_in(workdir / "faces")
    assert main(["inspect", str(faces), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["readable"] == 6
    assert any(problem["file"].endswith("broken.png") for problem in found["problems"])
    assert main(["inspect", str(faces)]) == 0
    said = capsys.readouterr().out
    assert "broken.png" in said
    assert re.search(r"happy: 3", said)


def test_embed_writes_vectors_with_ids_and_labels(
    workdir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    faces = faces_in(workdir / "faces")
    wanted = ["embed", str(faces), "--out", "emb.parquet", "--encoder", "pixels", "--aligned"]
    assert main(wanted) == 0
    assert "6 vectors of 256 numbers" in capsys.readouterr().out
    found = pq.read_table("emb.parquet")
    assert found.column_names[:2] == ["id", "subject_id"]
    assert found.column_names[-1] == "embedding"
    assert str(found.schema.field("embedding").type).startswith("fixed_size_list<")
    assert b"blindfold.encoder_digest" in found.schema.metadata
    assert not list(workdir.glob(".*.tmp"))


def test_embeddings_come_back_bit_for_bit(workdir: Path) -> None:
    rng = np.random.default_rng(1)
    table = pd.DataFrame({"id": ["a", "b"], "subject_id": ["01", "02"], "smile": ["yes", "no"]})
    x = rng.normal(size=(2, 5)).astype(np.float32)
    write_embeddings(Embeddings(x, table, ("smile",), "an encoder", "d" * 64), Path("e.parquet"))
    found = pq.read_table("e.parquet")
    assert np.array_equal(np.stack(found["embedding"].to_pylist()).astype(np.float32), x)
    assert found["subject_id"].to_pylist() == ["01", "02"]
    assert found.schema.metadata[b"blindfold.encoder_digest"] == b"d" * 64


# -- purge ---------------------------------------------------------------------------------------


def aged(path: Path, days: float) -> None:
    then = time.time() - days * 86_400
    for one in [path, *path.rglob("*")] if path.is_dir() else [path]:
        os.utime(one, (then, then))


def kept(days: float) -> tuple[runs.Run, Path, Path]:
    """A finished run, an upload and an entry of the store, all of an age."""
    run = runs.create(config_from({}), base=Path.cwd())
    written = json.loads((run.path / "status.json").read_text())
    written |= {"state": "done", "updated": time.time() - days * 86_400}
    (run.path / "status.json").write_text(json.dumps(written))
    upload = purge.home() / "uploads" / f"of {days} days"
    upload.mkdir(parents=True)
    (upload / "a.png").write_bytes(b"abc")
    aged(upload, days)
    name = key("purge", 1, {"days": days}, [])
    Store().save(name, {"x": np.zeros(3, np.float32)})
    aged(Store().path(name), days)
    return run, upload, Store().path(name)


def test_purge_takes_what_is_older_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    old, young = kept(8), kept(1)
    assert main(["purge", "--older-than", "7d"]) == 0
    assert "removed 1 runs, 1 uploads and 1 results" in capsys.readouterr().out
    assert not any(path.exists() for path in (old[0].path, old[1], old[2]))
    assert all(path.exists() for path in (young[0].path, young[1], young[2]))


def test_purge_all_takes_everything_of_ours_and_nothing_of_others(
    workdir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = workdir / "cache" / "my thesis.tex"
    also_mine = workdir / "cache" / "store" / "notes.txt"
    links = [workdir / "outside", workdir / "cache" / "uploads" / "link"]
    kept(0)
    mine.write_text("years of work")
    also_mine.write_text("put here by mistake")
    links[0].mkdir()
    (links[0] / "file").write_text("not an upload")
    links[1].symlink_to(links[0])
    (runs.runs_folder() / ".new-0123456789abcdef0123456789abcdef").mkdir()
    assert main(["purge", "--all"]) == 0
    assert "removed 2 runs, 2 uploads and 1 results" in capsys.readouterr().out
    left = {path for path in (workdir / "cache").rglob("*") if path.is_file()}
    assert left == {mine, also_mine}
    assert (links[0] / "file").exists()


def test_purge_leaves_a_run_at_work_alone_and_all_ends_it() -> None:
    run, _, _ = kept(8)
    slow = runs.create(config_from({"name": "slow"}), base=Path.cwd())
    runs.start(slow)
    while runs.status(slow).phase != "encoding":
        time.sleep(0.02)
    status = read_status(slow.path)
    assert purge.purge(0.0).at_work == 1
    assert slow.path.exists()
    assert not run.path.exists()
    purge.purge(None)
    assert not slow.path.exists()
    assert not [one for one in runs.psutil.pids() if one == status.pid and _works(one)]


def _works(pid: int) -> bool:
    return bool(runs.psutil.Process(pid).status() != runs.psutil.STATUS_ZOMBIE)


def test_purge_says_what_it_could_not_remove(monkeypatch: pytest.MonkeyPatch) -> None:
    kept(8)
    monkeypatch.setattr(purge, "remove", lambda _: None)
    with pytest.raises(StoreError, match="could not be removed"):
        purge.purge(0.0)


@pytest.mark.parametrize(("text", "seconds"), [("30m", 1800), ("12h", 43_200), ("2w", 1_209_600)])
def test_ages(text: str, seconds: float) -> None:
    assert purge.age_seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "7", "d", "-1d", "1.5d", "7 days", "9999999d"])
def test_what_is_no_age(text: str) -> None:
    with pytest.raises(ConfigError, match="12h or 7d"):
        purge.age_seconds(text)


def test_in_a_process_of_its_own(workdir: Path) -> None:
    """As people call it: exit status and streams of a real process, without a terminal."""
    command = [sys.executable, "-m", "core", "purge", "--older-than", "soon"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1

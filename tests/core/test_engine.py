"""Engines: the same answers in the same order, and no process that outlives its owner."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from core.engine import Engine, Processes, make_engine
from core.errors import ConfigError, NotEnoughData

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(params=["local", "processes"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    with make_engine(request.param, 2) as made:
        yield made


@pytest.fixture
def processes() -> Iterator[Processes]:
    with Processes(2) as made:
        yield made


def alive() -> list[psutil.Process]:
    own = {child.pid for child in multiprocessing.active_children()}
    return [child for child in psutil.Process().children(recursive=True) if child.pid in own]


def test_answers_come_in_order(engine: Engine) -> None:
    assert list(engine.map(abs, range(-50, 0))) == list(range(50, 0, -1))
    assert list(engine.map(str, [])) == []
    assert list(engine.map(str, [1])) == ["1"], "an engine serves more than once"


def test_what_an_item_raises_is_raised_here(engine: Engine) -> None:
    answers = engine.map(int, ["1", "no number", "3"])
    assert next(answers) == 1
    with pytest.raises(ValueError, match="no number"):
        list(answers)
    assert list(engine.map(int, ["4"])) == [4], "one bad item breaks no engine"


def test_items_are_taken_as_they_are_needed(processes: Processes) -> None:
    """An endless source is no reason to fill the memory."""
    taken = []

    def source() -> Iterator[int]:
        while True:
            taken.append(1)
            yield -1

    answers = processes.map(abs, source())
    assert [next(answers) for _ in range(3)] == [1, 1, 1]
    assert len(taken) <= 4 + 3


def test_leaving_early_ends_the_processes(processes: Processes) -> None:
    answers = processes.map(time.sleep, [0.0] + [600.0] * 8)
    next(answers)
    assert alive()
    answers.close()  # type: ignore[attr-defined]
    assert not alive()


def test_closing_ends_the_processes_and_no_others(processes: Processes) -> None:
    other = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(60,))
    other.start()
    list(processes.map(abs, [1]))
    processes.close()
    assert [child.pid for child in alive()] == [other.pid]
    other.kill()
    other.join()


def test_each_process_uses_one_thread(processes: Processes) -> None:
    assert list(processes.map(os.getenv, ["OMP_NUM_THREADS"] * 3)) == ["1"] * 3


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's part in this is Linux's")
def test_killing_the_owner_ends_its_processes(tmp_path: Path) -> None:
    script = tmp_path / "owner.py"
    script.write_text(
        "import sys, time\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        "from core.engine import Processes\n"
        "if __name__ == '__main__':\n"
        "    answers = Processes(2).map(time.sleep, [0.0] + [600.0] * 4)\n"
        "    next(answers)\n"
        "    print('at work', flush=True)\n"
        "    time.sleep(600)\n"
    )
    owner = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE)
    assert owner.stdout is not None
    assert owner.stdout.readline() == b"at work\n"
    family = psutil.Process(owner.pid).children(recursive=True)
    assert family
    owner.send_signal(signal.SIGKILL)
    owner.communicate()
    _, left = psutil.wait_procs(family, timeout=20)
    assert not left


@pytest.mark.parametrize("name", ["udp://host:1", "dask", ""])
def test_other_engines_are_refused_by_name(name: str) -> None:
    with pytest.raises(ConfigError, match="choose from local, processes"):
        make_engine(name)


def test_too_many_workers_are_refused() -> None:
    with pytest.raises(ConfigError, match="1 to 256"):
        make_engine("processes", 1000)


def test_errors_of_ours_cross_the_process_border(processes: Processes) -> None:
    with pytest.raises(NotEnoughData, match="too few"):
        list(processes.map(_raise, ["too few people: bring more"]))


def _raise(sentence: str) -> None:
    raise NotEnoughData(sentence)

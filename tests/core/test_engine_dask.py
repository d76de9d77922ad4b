"""A cluster of two workers on this computer: the same answers, whatever happens to a worker."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from distributed import LocalCluster

from core import engine_dask, engine_task
from core.config import config_from
from core.engine import Processes, make_engine
from core.engine_dask import Cluster
from core.errors import Cancelled, EngineError, NotEnoughData
from core.progress import Progress
from core.store import Store

LARGE = engine_task.PIECE_BYTES

SOLVER = 0.01
"""Ten times the tolerance at which the SVM's solver stops: how far scores may lie apart."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None,
        resources={"GPU": 1}, host="127.0.0.1",
    ) as local:  # fmt: skip
        yield local.scheduler_address


@pytest.fixture
def cluster(address: str) -> Iterator[Cluster]:
    with make_engine(address) as made:
        assert isinstance(made, Cluster)
        yield made


def test_answers_come_in_order(cluster: Cluster) -> None:
    assert cluster.workers == 2
    assert cluster.remote
    assert list(cluster.map(abs, range(-20, 0))) == list(range(20, 0, -1))
    assert list(cluster.map(str, [])) == []
    assert list(cluster.map(str, [1])) == ["1"], "an engine serves more than once"


def test_items_are_taken_as_they_are_needed(cluster: Cluster) -> None:
    taken = []

    def source() -> Iterator[int]:
        while True:
            taken.append(1)
            yield -1

    answers = cluster.map(abs, source())
    assert [next(answers) for _ in range(3)] == [1, 1, 1]
    assert len(taken) <= 2 * cluster.workers + 3
    answers.close()  # type: ignore[attr-defined]


def _fails(text: str) -> int:
    if not text.isdigit():
        raise NotEnoughData(text)
    return int(text)


def test_what_an_item_raises_is_raised_here(cluster: Cluster) -> None:
    answers = cluster.map(_fails, ["1", "too few", "3"])
    assert next(answers) == 1
    with pytest.raises(NotEnoughData, match="too few"):
        list(answers)
    assert list(cluster.map(_fails, ["4"])) == [4]


def _total(factor: float, arrays: tuple[np.ndarray, int]) -> tuple[float, bool]:
    x, power = arrays
    said = factor * float((x**power).sum())
    x += 1  # a task that writes into its own array must not reach another's
    return said, x.flags.writeable


def test_arrays_that_items_share_are_sent_once(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    submit = cluster._client.submit

    def spy(function: Any, *args: Any, **settings: Any) -> Any:
        if function is engine_task.piece:
            sent.append(settings["key"])
        return submit(function, *args, **settings)

    monkeypatch.setattr(cluster._client, "submit", spy)
    shared, other = np.random.default_rng(0).random((2, LARGE // 8))
    items = [(shared, 1), (shared.copy(), 2), (other, 1), (shared, 3)]
    expected = [2.0 * float((x**power).sum()) for x, power in items]
    assert list(cluster.map(partial(_total, 2.0), items)) == [(one, True) for one in expected]
    assert len(sent) == 2, "by content: a copy is no other piece"
    assert len(set(sent)) == 2
    monkeypatch.setattr(engine_dask, "HELD_BYTES", 1)
    new = (np.ones(LARGE), 1)
    found = list(cluster.map(partial(_total, 2.0), [new, *items]))
    assert [said for said, _ in found] == [2.0 * LARGE, *expected]
    assert len(sent) > 3, "what was given up is sent again"
    assert len(cluster._pieces) == 1


class Heavy:
    """A function with weights, which tells where and how often it was opened."""

    def __init__(self, weights: np.ndarray) -> None:
        self.weights, self.token = weights, ""

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__ |= state
        self.token = f"{os.getpid()} {time.monotonic_ns()}"

    def __call__(self, item: int) -> tuple[float, str]:
        return float(self.weights[item]), self.token


def test_a_large_function_is_opened_once_on_each_worker(cluster: Cluster) -> None:
    weights = np.random.default_rng(1).random(LARGE)
    found = list(cluster.map(Heavy(weights), range(12)))
    found += list(cluster.map(Heavy(weights), range(12)))
    assert [value for value, _ in found] == [*weights[:12], *weights[:12]]
    assert len({token for _, token in found}) <= 2
    again = list(cluster.map(Heavy(weights + 1), range(4)))
    assert [value for value, _ in again] == list(weights[:4] + 1), "other weights, other function"


def _environment(name: str) -> tuple[str | None, int]:
    from threadpoolctl import threadpool_info

    np.ones((2, 2)) @ np.ones((2, 2))
    threads = [pool["num_threads"] for pool in threadpool_info()]
    return os.getenv(name), max(threads, default=1)


def test_each_task_uses_one_native_thread(cluster: Cluster) -> None:
    assert set(cluster.map(_environment, ["OMP_NUM_THREADS"] * 4)) == {("1", 1)}


def _marks(folder: str, item: int) -> int:
    with open(f"{folder}/{item}", "w"):
        end = time.monotonic() + 20
        while item and not os.path.exists(f"{folder}/go") and time.monotonic() < end:  # noqa: PTH110
            time.sleep(0.02)
    return item


def test_a_cancelled_run_leaves_nothing_to_do(cluster: Cluster, tmp_path: Path) -> None:
    def asked() -> None:
        for _ in cluster.map(partial(_marks, str(tmp_path)), range(100)):
            raise Cancelled("asked for")

    with pytest.raises(Cancelled):
        asked()
    time.sleep(0.5)  # the word reaches the workers
    (tmp_path / "go").touch()
    assert list(cluster.map(abs, [-1] * 4)) == [1] * 4
    done = {path.name for path in tmp_path.iterdir()} - {"go"}
    assert len(done - {"0"}) <= 2, "two were at work, and of the rest none was begun"


class Fit:
    device = "cuda"


def test_tasks_of_a_graphics_card_ask_for_one() -> None:
    assert engine_task.on_gpu(abs, Fit())
    assert engine_task.on_gpu(partial(_total, "cuda"), 1)
    assert engine_task.on_gpu(partial(_total, factor="cuda:1"), 1)
    assert not engine_task.on_gpu(partial(_total, "cpu"), 1)
    assert not engine_task.on_gpu(_total, 1)


def test_where_workers_declare_a_gpu_such_a_task_runs_there(cluster: Cluster) -> None:
    assert cluster._count()[1] >= 1
    assert list(cluster.map(partial(_device, "cuda"), [1, 2, 3])) == ["cuda"] * 3


def _device(device: str, item: int) -> str:
    return device


def test_no_scheduler_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_dask, "CONNECT_SECONDS", 0.5)
    with pytest.raises(EngineError, match=r"no Dask scheduler answers at tcp://127.0.0.1:9 .* 0.5"):
        make_engine("tcp://127.0.0.1:9")


def test_no_workers_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_dask, "WORKERS_SECONDS", 0.5)
    with (
        LocalCluster(n_workers=0, dashboard_address=":0", host="127.0.0.1") as empty,
        pytest.raises(EngineError, match=r"has 0 workers, and 0\.5 seconds"),
    ):
        make_engine(empty.scheduler_address)


def test_a_scheduler_that_goes_away_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_dask, "CONNECT_SECONDS", 0.5)
    local = LocalCluster(
        n_workers=1, processes=False, dashboard_address=":0", host="127.0.0.1", protocol="tcp"
    )
    with make_engine(local.scheduler_address) as engine:
        answers = engine.map(time.sleep, [0.0] + [0.5] * 9)
        next(answers)
        local.close()
        with pytest.raises(EngineError, match="went away"):
            list(answers)


def test_other_code_or_packages_are_told_with_both_values() -> None:
    ours = engine_task.about()
    assert engine_task.difference(ours, ours) == ""
    said = engine_task.difference(ours, {**ours, "numpy": "1.0", "code": "abc"})
    assert f"numpy 1.0 where this run has {ours['numpy']}" in said
    assert f"code abc where this run has {ours['code']}" in said
    assert "PYTHONPATH" in said
    with pytest.raises(EngineError, match="numpy"):
        engine_task.work({**ours, "numpy": "9"}, "", [], [])


def test_the_code_is_its_sources(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("a = 1\n")
    first = engine_task.code(tmp_path)
    (tmp_path / "data.bin").write_bytes(b"no source")
    assert engine_task.code(tmp_path) == first
    (tmp_path / "one.py").write_text("a = 2\n")
    assert engine_task.code(tmp_path) != first


def _vectors(folder: Path) -> None:
    """Made-up vectors of 40 people with an expression that leaks."""
    import pandas as pd

    random = np.random.default_rng(0)
    smiles = np.tile(np.arange(2), 80)
    x = np.repeat(random.normal(size=(40, 12)), 4, axis=0) + 0.5 * random.normal(size=(160, 12))
    x[:, 0] += 1.5 * smiles
    table = pd.DataFrame(
        {
            "id": [f"f{i}" for i in range(160)],
            "subject_id": np.repeat([f"{i:03d}" for i in range(40)], 4),
            "expression": np.array(["neutral", "happy"])[smiles],
            "embedding": list(x.astype(np.float32)),
        }
    )
    table.to_parquet(folder / "emb.parquet")


def _audited(folder: Path, engine: str, url: str | None = None) -> dict[str, Any]:
    # Workers import this module too, for its functions: what an audit needs is not theirs.
    from core.study.audit import audit

    asked = {
        "embeddings": {"path": "emb.parquet"},
        "splits": {"folds": 3, "seeds": 1},
        "studies": ["leakage"],
        "suppressors": [{"kind": "leace"}],
        "device": "cpu",
        "engine": engine,
    }
    found = audit(
        config_from(asked), base=folder, store=Store(folder / engine.replace("/", ""), url),
        progress=Progress(), publish=lambda name, table: None,
    )  # fmt: skip
    return dict(found.tables)


def _works(self: Processes, function: Any, items: Iterable[Any]) -> Iterator[Any]:
    for item in items:
        raise AssertionError(f"{function} of {item} was made already")
    return iter(())


def test_an_audit_has_the_tables_of_a_local_one(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bit for bit on the same machine, but for the SVM, whose solver stops elsewhere with another
    number of threads; and nothing is worked on twice, whoever begins."""
    from pandas.testing import assert_frame_equal

    from core.attack.registry import SUITES

    _vectors(tmp_path)
    monkeypatch.setitem(SUITES, "papers", ("majority", "logistic", "svm", "rf"))
    far = _audited(tmp_path, address, "memory://audit")
    near = _audited(tmp_path, "local")
    assert far.keys() == near.keys()
    assert len(near["leakage"])
    for name, table in near.items():
        assert_frame_equal(far[name], table, rtol=0, atol=SOLVER)
        if "attacker" in table:
            exact = ~table["attacker"].isin(["svm", "strongest"])
            assert exact.any()
            assert_frame_equal(far[name][exact], table[exact], check_exact=True)
    # What the cluster made serves a machine that shares its store and has no cluster.
    monkeypatch.setattr(Processes, "map", _works)
    again = _audited(tmp_path, "processes", "memory://audit")
    assert_frame_equal(again["leakage"], far["leakage"], check_exact=True)


def _first_dies(folder: str, item: int) -> int:
    with open(f"{folder}/{item} {time.monotonic_ns()}", "w"):
        if item == 3 and not os.path.exists(f"{folder}/died"):  # noqa: PTH110
            with open(f"{folder}/died", "w"):
                os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.05)
    return item


def test_a_worker_that_is_killed_costs_its_tasks_only(cluster: Cluster, tmp_path: Path) -> None:
    """Its pieces are made again too; of what was done, at most what it had not handed on."""
    shared = np.random.default_rng(2).random(LARGE)
    before = list(cluster.map(partial(_total, 1.0), [(shared, 1)] * 4))
    window = 2 * cluster.workers
    assert list(cluster.map(partial(_first_dies, str(tmp_path)), range(24))) == list(range(24))
    assert (tmp_path / "died").exists()
    assert 24 < len(list(tmp_path.iterdir())) - 1 <= 24 + window
    assert list(cluster.map(partial(_total, 1.0), [(shared, 1)] * 4)) == before

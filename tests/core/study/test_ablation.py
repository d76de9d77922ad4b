"""The ablation on vectors whose truth is known: few numbers that carry all, none, and faults."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.attack import ablated, null
from core.attack.ablated import random_order
from core.config_parts import Ablation
from core.encode.embeddings import Embeddings
from core.engine import Local
from core.errors import Cancelled
from core.measure.targets import Target, target
from core.progress import Progress
from core.split import Split, reference_split, rotation
from core.store import Store
from core.study import ablating
from core.study.ablating import shares
from core.study.ablation import ablation
from core.study.attacking import Attacks
from core.study.representation import Representation
from core.table import COLUMNS

CARRIERS = (3, 17, 31, 42, 60)
QUICK = Ablation(points=4, repeats=2)


def faces(people: int = 50, each: int = 4, d: int = 64, *, leak: float = 1.2) -> Embeddings:
    """Gaussian vectors of which `CARRIERS` alone carry "smiling", and none carries "glasses"."""
    random = np.random.default_rng(0)
    smiling = np.tile(np.arange(2), people * each // 2)
    x = random.normal(size=(people * each, d)).astype(np.float32)
    x[:, [one for one in CARRIERS if one < d]] += leak * smiling[:, None]
    table = pd.DataFrame(
        {
            "id": [f"f{i}" for i in range(people * each)],
            "subject_id": np.repeat([f"p{i:03d}" for i in range(people)], each),
            "smiling": np.array(["no", "yes"])[smiling],
            "glasses": np.array(["no", "yes"])[random.integers(0, 2, people * each)],
        }
    )
    return Embeddings(x, table, ("smiling", "glasses"), "toy", "0" * 64)


def targets(x: Embeddings, *names: str) -> list[Target]:
    return [target(x.table, name) for name in names or ("smiling",)]


def run(
    x: Embeddings,
    folder: Path,
    settings: Ablation = QUICK,
    *,
    asked: Sequence[Target] | None = None,
    splits: Sequence[Split] | None = None,
    workers: int = 1,
    representations: dict[str, Representation] | None = None,
    published: list[pd.DataFrame] | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    return ablation(
        representations or {"x": Representation(x)},
        splits or [reference_split(x.subjects.astype(str))],
        asked or targets(x), settings,
        permutations=20, seed=0, device="cpu", store=Store(folder),
        progress=progress or Progress(), engine=Local(workers),
        publish=lambda name, table: None if published is None else published.append(table),
    ).tables["ablation"]  # fmt: skip


def curve(table: pd.DataFrame, order: str, metric: str = "balanced_accuracy") -> pd.DataFrame:
    return table[(table["order"] == order) & (table["metric"] == metric)].sort_values("removed")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Both labels of the planted set, by all orders."""
    x = faces(each=8)
    asked = targets(x, "smiling", "glasses")
    return run(x, tmp_path_factory.mktemp("store"), asked=asked, workers=2)


def test_the_axis_reaches_99_per_cent_and_names_each_count_once() -> None:
    told = shares(12, 256)
    assert len(told) == 12
    assert told[0] == 0
    assert told[-1] == 0.99
    assert 0.9 in told
    left = [ablated.kept_count(10, one) for one in shares(12, 10)]
    assert len(left) == len(set(left))


def test_the_table_has_the_columns_of_the_contract_and_a_row_a_figure(whole: pd.DataFrame) -> None:
    assert tuple(whole.columns[: len(COLUMNS["ablation"])]) == COLUMNS["ablation"]
    keys = ["representation", "attribute", "order", "removed", "metric"]
    assert not whole.duplicated(keys).any()
    assert len(whole) == 2 * 3 * 4 * 2  # labels, orders, points, figures
    assert set(whole["attacker"]) == {"nn"}
    assert (whole["kept"] == [ablated.kept_count(64, r) for r in whole["removed"]]).all()
    assert (whole["identities"] == 20).all()
    assert (whole["attacker_identities"] == 15).all()


def test_all_orders_begin_with_the_same_figure(whole: pd.DataFrame) -> None:
    begun = whole[whole["removed"] == 0]
    for _, own in begun.groupby(["attribute", "metric"]):
        assert own["value"].notna().all()
        assert len(set(own["value"])) == 1


def test_what_carries_the_label_falls_first_and_stays_longest(whole: pd.DataFrame) -> None:
    """Five of 64 numbers carry all: without them nothing is left; with them alone nearly all is."""
    own = whole[whole["attribute"] == "smiling"]
    most, least = curve(own, "most"), curve(own, "least")
    assert (most["value"].to_numpy() <= least["value"].to_numpy() + 0.05).all()
    two_thirds = most[most["removed"] == 0.66].iloc[0], least[least["removed"] == 0.66].iloc[0]
    assert two_thirds[0]["status"] == "nothing found"
    assert two_thirds[1]["status"] == "few people"
    assert two_thirds[1]["low"] > two_thirds[1]["null"]


def test_nothing_to_find_stays_nothing_found(whole: pd.DataFrame) -> None:
    own = whole[(whole["attribute"] == "glasses") & (whole["metric"] == "balanced_accuracy")]
    assert (own["status"] == "nothing found").mean() > 0.8
    assert set(own["status"]) <= {"nothing found", "few people", "anti-learning"}


def test_the_spread_of_repeats_stands_beside_the_interval(whole: pd.DataFrame) -> None:
    random, ranked = curve(whole, "random"), curve(whole, "most")
    assert (random["repeat_low"] <= random["value"] + 1e-9).all()
    assert (random["repeat_high"] >= random["value"] - 1e-9).all()
    assert ranked["repeat_low"].isna().all()


def test_the_start_is_the_plain_attack_of_the_leakage_study(
    whole: pd.DataFrame, tmp_path: Path
) -> None:
    from core.measure.leakage import Cell, plain

    x, (asked,) = faces(each=8), targets(faces(each=8))
    split = reference_split(x.subjects.astype(str))
    attacks = Attacks(Representation(x), [split], 0, "cpu", Store(tmp_path), Progress(), Local(1))
    said = attacks.said(Cell("x", asked, 15), "nn", control=False)
    own = whole[(whole["attribute"] == "smiling") & (whole["removed"] == 0)]
    for row in own.to_dict("records"):
        assert row["value"] == pytest.approx(plain(said, row["metric"], 2))


def test_all_labels_lose_the_same_numbers_at_random(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, ablating.Curve, tuple[int, ...]]] = []
    plain = ablating.Ablating._asks

    def noted(self: Any, target: Target, removal: Any, removed: float) -> Any:
        asks = plain(self, target, removal, removed)
        seen.extend((target.attribute, k[1], tuple(a.kept)) for k, a in asks.items()
                    if k[0] == "fit")  # fmt: skip
        return asks

    monkeypatch.setattr(ablating.Ablating, "_asks", noted)
    x = faces(people=30, d=12)
    phi = Representation.of_one(x, x.x[:, ::-1], 1)
    run(x, tmp_path, Ablation(points=3, repeats=2, orders=("random",)),
        asked=targets(x, "smiling", "glasses"),
        representations={"x": Representation(x), "phi": phi})  # fmt: skip
    by_label = {label: [(c, k) for own, c, k in seen if own == label] for label, _, _ in seen}
    assert by_label["smiling"] == by_label["glasses"]
    one = [k for label, c, k in seen if label == "smiling"]
    assert one[: len(one) // 2] == one[len(one) // 2 :], "x and a φ of its width lose the same"


def test_what_was_removed_cannot_matter(tmp_path: Path) -> None:
    """Garbage in a number changes no figure of any point that it is removed from."""
    x, once = faces(people=30, d=10), Ablation(points=4, repeats=1, orders=("random",))
    gone = random_order(10, 0, seed=0)[0]
    wild = x.x.copy()
    wild[:, gone] = np.random.default_rng(1).normal(scale=1e6, size=len(wild))
    clean = run(x, tmp_path, once)
    dirty = run(x.replaced(wild), tmp_path, once)
    later = clean["removed"] > 0
    assert later.sum() == 6
    pd.testing.assert_frame_equal(clean[later], dirty[later])
    assert not clean[~later].equals(dirty[~later])


def test_no_probe_meets_a_person_that_it_is_asked_about(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Vectors of strangers must not move what is learnt, nor which numbers count."""
    x = faces(people=30, d=10)
    split = reference_split(x.subjects.astype(str))
    assert not set(x.subjects[split.attacker]) & set(x.subjects[split.test])
    (asked,) = targets(x)
    own = ablating.Ablating(
        Representation(x), [split], ("most",), 1, 20, 0, "cpu", Store(tmp_path), Progress(),
        Local(1),
    )  # fmt: skip
    wild = x.x.copy()
    wild[split.test] = 1e3
    other = replace(own, x=Representation(x.replaced(wild)))
    for key in (("most", 0),):
        assert (own.removals([asked])["smiling"][key][0]
                == other.removals([asked])["smiling"][key][0]).all()  # fmt: skip


def test_threads_and_a_second_run_change_no_bit(tmp_path: Path) -> None:
    x = faces(people=30, d=10)
    one = run(x, tmp_path / "one", workers=1)
    pd.testing.assert_frame_equal(one, run(x, tmp_path / "two", workers=3))


def test_a_second_run_computes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    x = faces(people=30, d=10)
    first = run(x, tmp_path)

    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("computed twice")

    monkeypatch.setattr(ablating, "refit", refuse)
    monkeypatch.setattr(ablating, "importance", refuse)
    monkeypatch.setattr(null, "null_scores", refuse)
    pd.testing.assert_frame_equal(first, run(x, tmp_path))


def test_a_cancelled_run_goes_on_where_it_was(tmp_path: Path) -> None:
    x, calls = faces(people=30, d=10), iter(range(100))
    stop = Progress(cancelled=lambda: next(calls) > 12)
    with pytest.raises(Cancelled):
        run(x, tmp_path / "a", progress=stop)
    kept = len(list((tmp_path / "a").rglob("*.safetensors")))
    assert kept > 0
    pd.testing.assert_frame_equal(run(x, tmp_path / "a"), run(x, tmp_path / "b"))


def test_curves_grow_point_by_point(tmp_path: Path) -> None:
    published: list[pd.DataFrame] = []
    x = faces(people=30, d=10)
    last = run(x, tmp_path, Ablation(points=3, repeats=1), published=published)
    assert [len(one) for one in published] == [6, 12, 18]
    pd.testing.assert_frame_equal(published[-1], last)


def test_the_rotation_pools_its_parts(tmp_path: Path) -> None:
    """The full look: each test part has a φ of its own, and everybody is tested once."""
    x = faces(people=30, d=12)
    splits = rotation(x.subjects.astype(str), np.zeros(len(x), int), folds=3, suppressor=True)
    phi = Representation(x, tuple(x.x * (i + 1) for i in range(3)), ("a", "b", "c"))
    once = Ablation(points=2, repeats=2, orders=("random", "most"))
    found = run(x, tmp_path, once, splits=splits, representations={"phi": phi})
    assert (found["identities"] == 30).all()
    assert (found["n"] == len(x)).all()
    assert found["value"].notna().all()


@pytest.mark.parametrize(("people", "what"), [(18, "strangers"), (8, "everybody")])
def test_too_few_people_is_an_answer(tmp_path: Path, people: int, what: str) -> None:
    x = faces(people=people, d=10)
    found = run(x, tmp_path, asked=targets(x, "smiling"))
    assert set(found["status"]) == {"not enough data"}, what
    assert found[["value", "low", "high", "null"]].isna().all().all()


def test_one_class_is_an_answer(tmp_path: Path) -> None:
    x = faces(people=30, d=10)
    x.table["smiling"] = "yes"
    found = run(x, tmp_path)
    assert set(found["status"]) == {"not enough data"}


def test_a_probe_that_misses_the_code_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A probe that always names one class finds no code: it has failed, and has no figure."""
    plain = ablated.refit

    def blind(problems: Any, device: str) -> Any:
        return [replace(one, predicted=np.zeros_like(one.predicted))
                for one in plain(problems, device)]  # fmt: skip

    monkeypatch.setattr(ablating, "refit", blind)
    found = run(faces(people=30, d=10), tmp_path, Ablation(points=2, repeats=1))
    assert set(found["status"]) == {"probe failed"}
    assert found[["value", "low", "high", "repeat_low"]].isna().all().all()


def test_the_null_holds_where_there_is_nothing(tmp_path: Path) -> None:
    """Noise of many seeds: at few numbers as at many, hardly an interval clears its null."""
    cleared = []
    for seed in range(6):
        x = faces(people=40, d=24)
        noise = np.random.default_rng(seed).normal(size=x.x.shape).astype(np.float32)
        found = run(x.replaced(noise), tmp_path, Ablation(points=3, repeats=1), workers=2)
        rows = found[found["metric"] == "balanced_accuracy"]
        cleared.append((rows["low"] > rows["null"]).to_numpy())
    assert np.mean(cleared) <= 0.05

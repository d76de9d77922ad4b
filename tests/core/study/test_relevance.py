"""The study on relevance: a network that looks in the region is told from one that does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from core.action_units import lrp
from core.action_units.detector import dense
from core.action_units.relevance import CELLS, Faces, Input
from core.action_units.trunk import trunk_for
from core.encode.bundled import load_bundled
from core.errors import Cancelled
from core.faces.faceset import FaceSet
from core.faces.synthetic.source import synthetic_faces
from core.progress import Progress, Status
from core.store import Store
from core.study.relevance import (
    FALSE,
    HIGHEST,
    LOWEST,
    MEDIAN,
    relevance,
    shortcut,
)
from core.study.relevance_faces import relevance_after, seconds
from core.table import COLUMNS, STATUSES, StudyResult

SIZE, GRID = 112, 14
READY = Input((127.5,) * 3, (127.5,) * 3)
PLACES = {4: (2, 6), 12: (10, 8)}
"""Where each unit shows, in squares of 8 pixels."""


def made_up(people: int = 24, seed: int = 0) -> Faces:
    """Noise with a bright square where a unit shows; one of two faces of a person shows each."""
    random = np.random.default_rng(seed)
    n = 2 * people
    crops = random.integers(0, 256, (n, SIZE, SIZE, 3), dtype=np.uint8)
    present = np.stack([np.arange(n) % 2, (np.arange(n) // 2 + np.arange(n)) % 2], 1).astype(float)
    regions = np.zeros((n, 2, SIZE, SIZE), bool)
    for unit, (y, x) in enumerate(PLACES.values()):
        at = np.s_[8 * y - 4 : 8 * y + 12, 8 * x - 4 : 8 * x + 12]
        regions[:, unit][(slice(None), *at)] = True
        for row in np.flatnonzero(present[:, unit]):
            crops[row][at] = random.integers(180, 256, crops[row][at].shape, dtype=np.uint8)
    who = np.repeat([f"p{one:02d}" for one in range(people)], 2)
    group = np.repeat(np.where(np.arange(people) % 2, "b", "a"), 2)
    return Faces(
        crops,
        present,
        regions,
        tuple(PLACES),
        group,
        who,
        np.array([f"f{one}" for one in range(n)]),
    )


def looking_at(places: dict[int, tuple[int, int]], seed: int = 0) -> nn.Module:
    """A network of squares of 8 pixels whose logits read a square each, and a little noise."""
    torch.manual_seed(seed)
    conv, head = nn.Conv2d(3, 4, 8, stride=8), nn.Linear(4 * GRID**2, len(places))
    conv.weight.data.abs_().mul_(0.2)
    assert conv.bias is not None
    conv.bias.data.fill_(2.0)  # dark squares are seen too
    head.weight.data.mul_(0.02)
    for unit, (y, x) in enumerate(places.values()):
        head.weight.data[unit].view(4, GRID, GRID)[:, y, x] = 2.0
    head.bias.data.fill_(-0.5)
    return nn.Sequential(conv, nn.ReLU(), nn.Flatten(), head).eval()


@pytest.fixture(scope="module")
def faces() -> Faces:
    return made_up()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("store"))


def study(faces: Faces, store: Store, **networks: nn.Module) -> StudyResult:
    return relevance(networks, faces, READY, seed=0, store=store, progress=Progress())


@pytest.fixture(scope="module")
def found(faces: Faces, store: Store) -> StudyResult:
    elsewhere = {4: (5, 1), 12: (4, 2)}
    return study(faces, store, right=looking_at(PLACES), wrong=looking_at(elsewhere))


def test_where_a_network_looks_is_found_and_a_randomised_one_looks_nowhere(
    found: StudyResult,
) -> None:
    rows = found.tables["relevance"].set_index(["train_group", "model", "group", "au"])
    for unit in PLACES:
        right = rows.loc["right", "trained", "all", unit]
        wrong = rows.loc["wrong", "trained", "all", unit]
        fresh = rows.loc["right", "randomised", "all", unit]
        assert right["ratio"] > 5 > 1.5 > wrong["ratio"]
        assert right["low"] > 2
        assert right["pointing"] > 0.9 > 0.1 > wrong["pointing"]
        assert 0.3 < fresh["ratio"] < 3
        assert abs(fresh["rank_correlation"]) < 0.4
        assert right["share_in_region"] / right["share_of_area"] == pytest.approx(right["ratio"])


def test_the_tables_are_those_that_are_promised(found: StudyResult, faces: Faces) -> None:
    for name, rows in found.tables.items():
        assert tuple(rows.columns) == COLUMNS[name]
    rows = found.tables["relevance"]
    assert set(rows["status"]) <= set(STATUSES)
    assert set(rows["group"]) == {"all", "a", "b"}
    assert len(rows) == 2 * 2 * 2 * 3  # training groups, models, units, groups
    assert set(rows["n"]) == {24, 12}
    maps = found.tables["relevance_maps"]
    for _, one in maps[maps["kind"] == "mean"].iterrows():
        assert len(one["heat"]) == len(one["region"]) == CELLS**2
        assert sum(one["heat"]) == pytest.approx(1, abs=0.15)
    assert set(maps["group"]) == {"all", "a", "b", "a − b"}
    checks = found.facts["relevance"]["conservation"]
    assert set(checks) == {"right", "wrong"}
    assert max(checks.values()) < 0.01


def test_faces_are_chosen_by_the_rule(found: StudyResult, faces: Faces) -> None:
    rows = found.tables["relevance_faces"]
    rows = rows[(rows["train_group"] == "right") & (rows["au"] == 12) & (rows["group"] == "a")]
    rows = rows.set_index("rule")
    with torch.no_grad():
        said = looking_at(PLACES)(READY(faces.crops)).numpy()[:, 1]
    own = faces.group == "a"
    shows, not_ = (said[own & (faces.present[:, 1] == one)] for one in (1, 0))
    assert rows.loc[HIGHEST, "logit"] == pytest.approx(shows.max(), rel=1e-4)
    assert rows.loc[LOWEST, "logit"] == pytest.approx(shows.min(), rel=1e-4)
    assert rows.loc[MEDIAN, "logit"] == pytest.approx(np.sort(shows)[::-1][6], rel=1e-4)
    assert rows.loc[FALSE, "logit"] == pytest.approx(not_.max(), rel=1e-4)
    assert rows["truth"].to_dict() == {HIGHEST: True, MEDIAN: True, LOWEST: True, FALSE: False}
    assert (rows["said"] == (rows["logit"] > 0)).all()
    assert rows["id"].isin(faces.ids).all()


def same(one: StudyResult, other: StudyResult) -> bool:
    return all(
        one.tables[name].to_json() == other.tables[name].to_json() for name in one.tables
    ) and (one.facts == other.facts)


def test_a_second_run_is_warm_and_the_same(
    found: StudyResult, faces: Faces, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    networks = {"right": looking_at(PLACES), "wrong": looking_at({4: (5, 1), 12: (4, 2)})}
    assert same(study(faces, Store(tmp_path), **networks), found)

    def refuse(*_: object) -> None:
        raise AssertionError("a map was made anew")

    monkeypatch.setattr(lrp.Explainer, "maps", refuse)
    assert same(study(faces, store, **networks), found)


def test_what_is_unknown_is_neither_shown_nor_not(faces: Faces, store: Store) -> None:
    present = faces.present.copy()
    present[::2, 0] = np.nan
    rows = study(replace(faces, present=present), store, g=looking_at(PLACES)).tables
    own = rows["relevance"]
    assert set(own.loc[(own["au"] == 4) & (own["group"] == "all"), "n"]) == {24}
    few = rows["relevance_faces"]
    assert FALSE not in set(few.loc[few["au"] == 4, "rule"])


def test_few_people_give_no_figure_and_a_warning(store: Store) -> None:
    faces = made_up(people=9)
    result = study(faces, store, g=looking_at(PLACES))
    rows = result.tables["relevance"]
    assert set(rows["status"]) == {"not enough data"}
    assert rows["ratio"].isna().all()
    assert rows["share_of_area"].isna().all()
    assert result.tables["relevance_maps"].empty
    assert "AU 4, AU 12" in result.warnings[0]
    nobody = replace(faces, present=np.zeros_like(faces.present))
    rows = study(nobody, store, g=looking_at(PLACES)).tables["relevance"]
    assert set(rows["n"]) == {0}


def test_a_run_can_be_cancelled_and_counts_all_its_steps(faces: Faces, tmp_path: Path) -> None:
    seen: list[Status] = []
    progress = Progress(seen.append)
    relevance({"g": looking_at(PLACES)}, faces, READY, seed=0, store=Store(tmp_path / "a"),
              progress=progress)  # fmt: skip
    assert seen[-1].done == seen[-1].total > 0
    stopping = Progress(cancelled=lambda: True)
    with pytest.raises(Cancelled):
        relevance({"g": looking_at(PLACES)}, faces, READY, seed=0, store=Store(tmp_path / "b"),
                  progress=stopping)  # fmt: skip


def trained(faces: Faces) -> nn.Module:
    """A small network fitted for some steps."""
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, 8, 8, stride=8), nn.ReLU(), nn.Flatten(), nn.Linear(8 * GRID**2, 2)
    )
    x, y = READY(faces.crops), torch.from_numpy(faces.present).float()
    optimiser = torch.optim.Adam(network.parameters(), 3e-3)
    for _ in range(60):
        optimiser.zero_grad()
        nn.functional.binary_cross_entropy_with_logits(network(x), y).backward()
        optimiser.step()
    return network.eval()


def test_a_planted_shortcut_is_found_and_is_not_where_none_was_planted() -> None:
    train, test = made_up(seed=5), made_up(seed=6)
    # Without the mark nothing gives the unit away: the bright squares are painted over.
    random = np.random.default_rng(7)
    blank = [replace(one, crops=random.integers(0, 256, one.crops.shape, dtype=np.uint8))
             for one in (train, test)]  # fmt: skip

    def told(fit: Callable[[Faces], nn.Module]) -> dict[str, float]:
        return shortcut(fit, *blank, 4, READY, seed=0)

    planted = told(trained)
    assert planted["ratio"] > 10
    assert planted["low"] > 5
    clean = told(lambda _: trained(blank[0]))
    assert clean["ratio"] < planted["ratio"] / 3


def work_on(drawn: FaceSet, test: np.ndarray, train: np.ndarray, **rest: Any) -> Any:
    """What `relevance_after` asks of the action-unit study, with a detector drawn at random."""
    trunk = trunk_for("auto", load_bundled())
    present = (drawn.table[["au26"]].to_numpy() >= 0.5).astype(np.float32)
    present[test] = 1
    groups = drawn.table["gender"].to_numpy(str)
    random = np.random.default_rng(0)
    weight = random.normal(size=(trunk.width, 1)).astype(np.float32) / 80
    detector = dense((26,), {"weight0": weight, "bias0": np.zeros(1, np.float32)})
    repeat = SimpleNamespace(
        test={one: test[groups[test] == one] for one in sorted(set(groups[test]))},
        train={"mixed": train}, seed=0,
    )  # fmt: skip
    draws = SimpleNamespace(repeats=[repeat], equal=("mixed",))
    labels = SimpleNamespace(units=(26,), present=present)
    return SimpleNamespace(
        plan=SimpleNamespace(draws=draws, labels=labels), trunk=trunk,
        activations=SimpleNamespace(rows=np.arange(len(drawn))), detector=lambda *_: detector,
        seed=0, device="cpu", **rest,
    )  # fmt: skip


def test_detectors_of_a_face_set_are_looked_into_and_the_control_is_among_the_facts(
    tmp_path: Path,
) -> None:
    drawn = synthetic_faces(people=19)
    surprised = np.flatnonzero(drawn.table["expression"] == "surprised")
    train = np.concatenate([surprised[11:], surprised[11:] - 1])
    seen: list[Status] = []
    work = work_on(drawn, surprised[:11], train, store=Store(tmp_path),
                   progress=Progress(seen.append))  # fmt: skip
    assert min(seconds(work.plan).values()) > 0
    result = relevance_after(work, drawn)
    told = len(seen)
    assert same(relevance_after(work, drawn), result)
    assert len(seen) == told, "the second run looked at faces again"
    rows = result.tables["relevance"]
    assert set(rows.loc[rows["group"] == "all", "n"]) == {11}
    assert set(rows["regions"]) == {"drawn"}
    facts = result.facts["relevance"]
    assert facts["conservation"]["mixed"] < 0.01
    assert facts["shortcut"]["ratio"] > 2
    assert len(result.tables["relevance_faces"]["heat"].iloc[0]) == CELLS**2
    assert result.tables["relevance_maps"]["exceeds"].isna().all()

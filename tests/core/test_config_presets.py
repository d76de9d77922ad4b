"""The papers' recipe: what a preset fills in, what it leaves alone, and what it must say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.attack.registry import SUITES
from core.config import config_from
from core.config_presets import RECIPES, filled
from core.engine import Local
from core.progress import Progress
from core.split import rotation
from core.store import Store
from core.study.suppressing import Suppressing
from core.study.suppression import Suppression
from core.suppress.registry import make_method
from tests.core.study.test_roles import made, reading, written


def filled_from(**settings: Any) -> Any:
    return filled(config_from(settings))


def test_the_thesis_recipe() -> None:
    config, notes = filled_from(preset="paper-thesis")
    sn, lntl = config.suppressors
    assert (sn.kind, sn.preset, sn.layers, sn.detector) == ("sensitivenets", "paper", 1, "dense")
    assert (lntl.kind, lntl.preset, lntl.primary) == ("lntl", "paper", "gender")
    assert config.attackers == "paper-thesis"
    assert config.sensitive == ("expression",)
    assert notes
    shown = config.as_run()
    assert shown["suppressors"][0]["layers"] == 1
    assert json.dumps(shown)


def test_the_tpami_recipe() -> None:
    config, _ = filled_from(preset="paper-tpami")
    (sn,) = config.suppressors
    assert (sn.preset, sn.layers, sn.detector) == ("paper", 3, "softmax")
    assert config.sensitive == ("gender", "ethnicity")
    assert config.neutral == {"gender": "male", "ethnicity": "east asian"}


def test_what_somebody_wrote_stays_and_what_was_filled_in_was_not_asked_for() -> None:
    config, notes = filled_from(preset="paper-tpami", sensitive="gender", attackers="papers")
    assert config.sensitive == ("gender",)
    assert config.attackers == "papers"
    assert config.suppressors
    assert config.asked("sensitive")
    assert not config.asked("suppressors")
    assert not config.asked("neutral")
    assert "sensitive, attackers" in notes[-1]
    assert filled_from(preset="default")[1] == []


@pytest.mark.parametrize("preset", RECIPES)
def test_every_recipe_is_one_that_runs(preset: str) -> None:
    config, _ = filled_from(preset=preset)
    assert config.attackers in SUITES
    for one in config.suppressors:
        make_method(one.model_dump(exclude_unset=True))


def fitted(folder: Path, labels: tuple[str, ...]) -> tuple[Suppression, Suppressing]:
    """What a preset's suppressors would be fitted on, one split of it."""
    config, _ = filled_from(
        **written(folder, made("cfee", labels=labels)), preset="paper-thesis",
        sensitive="expression",
    )  # fmt: skip
    data = reading(config, folder).data()
    splits = rotation(data.x.subjects.astype(str), np.zeros(len(data.x)), suppressor=True)[:1]
    work = Suppressing(
        config, folder, data, splits, None, Store(folder / "store"), Progress(), Local(1), []
    )
    methods = work._methods()
    return work._work(methods), work


def test_the_kept_label_is_learnt_by_the_method_that_keeps_it_and_by_no_other(
    tmp_path: Path,
) -> None:
    fit, work = fitted(tmp_path, ("expression", "gender"))
    sn, lntl = work._methods().values()
    names = {one.kind: [label.name for label in fit._labels(one)] for one in (sn, lntl)}
    assert names == {"sensitivenets": ["expression"], "lntl": ["expression", "gender"]}
    assert work.warnings == []


def test_without_gender_identity_takes_its_place_and_it_is_said(tmp_path: Path) -> None:
    fit, work = fitted(tmp_path, ("expression",))
    _, lntl = work._methods().values()
    assert getattr(lntl, "primary") == "identity"  # noqa: B009 - a method need not have one
    assert [label.name for label in fit._labels(lntl)] == ["expression"]
    assert any("identity takes its place" in text for text in work.warnings)

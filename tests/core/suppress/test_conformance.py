"""What every method must do by being registered."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import Cancelled, ConfigError, NotEnoughData, SuppressorError
from core.progress import Progress
from core.suppress.collapse import effective_rank
from core.suppress.onnx_export import to_onnx
from core.suppress.registry import METHODS, make_method
from core.suppress.saved import load, save
from core.suppress.suppressor import Label, Material, Suppressor
from tests.core.suppress import people

CASES: dict[str, dict[str, Any]] = {
    **{kind: {"kind": kind} for kind in METHODS},
    "lntl tail": {"kind": "lntl", "mode": "tail"},
}
"""Every registered method with its defaults, and those of its modes that take something else."""
KINDS = sorted(CASES)


def made(case: str, *args: Any, **more: Any) -> Material:
    """Made people as the method takes them: vectors, or activations with a last stage."""
    material = people.made(*args, **more)
    return people.staged(material) if CASES[case].get("mode") == "tail" else material


def fitted(case: str, material: Material, seed: int = 0, **settings: Any) -> Suppressor:
    method = make_method({**CASES[case], **settings})
    return method.fit(material, seed=seed, device="cpu", progress=Progress())


@pytest.fixture(scope="module", params=KINDS)
def case(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def found(case: str) -> Suppressor:
    return fitted(case, made(case))


def test_the_same_seed_gives_the_same_bits(case: str, found: Suppressor) -> None:
    again = fitted(case, made(case))
    x = made(case, seed=1).x
    assert np.array_equal(found.transform(x), again.transform(x))
    assert list(found.training) == list(again.training)
    assert found.facts == again.facts


def test_it_does_not_disturb_what_is_random_elsewhere(case: str, found: Suppressor) -> None:
    import torch

    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    fitted(case, made(case))
    assert torch.equal(before[0], torch.get_rng_state())
    assert np.array_equal(before[1], np.random.get_state()[1])  # noqa: NPY002


def test_a_row_is_the_same_alone_and_among_others(case: str, found: Suppressor) -> None:
    x = made(case, 60, seed=2).x
    whole = found.transform(x)
    assert whole.dtype == np.float32
    # Up to float32 rounding: a processor's matrix product may round by the place of a row.
    near = {"rtol": 1e-5, "atol": 1e-5 * np.abs(whole).max()}
    assert np.allclose(whole[5:6], found.transform(x[5:6]), **near)
    assert np.allclose(whole[::-1][:300], found.transform(x[::-1][:300]), **near)
    assert np.array_equal(whole, found.transform(x))
    assert found.transform(x[:0]).shape == (0, whole.shape[1])


def test_it_is_frozen(case: str, found: Suppressor) -> None:
    material = made(case)
    before = found.transform(material.x)
    with pytest.raises(FrozenInstanceError):
        found.chain = None  # type: ignore[misc, assignment]
    material.x[:] = 0
    assert np.array_equal(before, found.transform(made(case).x))


def test_the_material_is_left_as_it_was(case: str, found: Suppressor) -> None:
    material = made(case, labels=2)
    fitted(case, material)
    untouched = made(case, labels=2)
    assert np.array_equal(material.x, untouched.x)
    for own, other in zip(material.labels, untouched.labels, strict=True):
        assert np.array_equal(own.y, other.y)


def test_saved_and_loaded_it_is_the_same(case: str, found: Suppressor, tmp_path: Path) -> None:
    save(found, tmp_path / "one")
    again = load(tmp_path / "one")
    x = made(case, seed=3).x
    assert np.array_equal(found.transform(x), again.transform(x))
    assert (again.kind, dict(again.settings)) == (found.kind, dict(found.settings))
    assert (again.reads, again.dimensions) == (found.reads, found.dimensions)


def test_onnx_gives_the_same(case: str, found: Suppressor) -> None:
    import onnxruntime

    x = made(case, seed=4).x
    session = onnxruntime.InferenceSession(to_onnx(found), providers=["CPUExecutionProvider"])
    (phi,) = session.run(["phi"], {"x": x})
    assert np.abs(phi - found.transform(x)).max() <= 1e-5 * max(1, np.abs(phi).max())


def test_what_it_cannot_take_is_told_in_one_sentence(case: str, found: Suppressor) -> None:
    x = made(case, 8).x
    width = x.shape[1]
    for wrong in (x[:, :-1], np.hstack([x, x[:, :1]]), x[0], x[None]):
        with pytest.raises(SuppressorError, match=rf"\(n, {width}\): give ") as caught:
            found.transform(wrong)
        assert "\n" not in str(caught.value)
    for bad in (np.nan, np.inf, -np.inf):
        spoilt = x.copy()
        spoilt[2, 1] = spoilt[5, 0] = bad
        with pytest.raises(SuppressorError, match=rf"2 of {len(x)} {found.reads} hold NaN"):
            found.transform(spoilt)


def test_its_curves_are_finite_figures(case: str, found: Suppressor) -> None:
    assert found.training
    assert all(np.isfinite(step.value) for step in found.training)
    names = [(step.name, step.step) for step in found.training]
    assert len(set(names)) == len(names)


def test_its_settings_make_it_again(case: str, found: Suppressor) -> None:
    assert set(found.settings) == {field.name for field in fields(METHODS[found.kind])}
    make_method({"kind": found.kind, **found.settings})


def test_it_leaves_less_of_the_label(case: str, found: Suppressor) -> None:
    """Class means of strangers, in units of what is left: fewer apart than before."""

    def apart(x: np.ndarray, y: np.ndarray) -> float:
        means = np.stack([x[y == c].mean(axis=0) for c in range(3)])
        return float(np.square(means - means.mean(axis=0)).sum() / x.var(axis=0).sum())

    everybody = made(case, 80)
    own, others = np.arange(240), np.arange(240, 480)
    label = replace(everybody.labels[0], y=everybody.labels[0].y[own])
    suppressor = fitted(
        case, replace(everybody, x=everybody.x[own], people=everybody.people[own], labels=(label,))
    )
    x, y = everybody.x[others], everybody.labels[0].y[others]
    before = x if everybody.tail is None else everybody.tail.transform(x)
    u = before / np.linalg.norm(before, axis=1, keepdims=True)
    phi = suppressor.transform(x)
    assert apart(phi, y) < 0.7 * apart(u, y)
    assert effective_rank(phi) > 2


@pytest.mark.parametrize("kind", KINDS)
def test_several_labels_and_unlabelled_rows(kind: str) -> None:
    material = made(kind, labels=2)
    holes = [label.y.copy() for label in material.labels]
    holes[0][::5], holes[1][3::7] = -1, -1
    labels = tuple(replace(one, y=y) for one, y in zip(material.labels, holes, strict=True))
    suppressor = fitted(kind, replace(material, labels=labels))
    assert np.isfinite(suppressor.transform(material.x)).all()


@pytest.mark.parametrize("kind", KINDS)
def test_one_class_is_not_enough(kind: str) -> None:
    material = made(kind)
    one = Label("mood", np.zeros(len(material.x), np.int64), ("calm", "glad"))
    with pytest.raises(NotEnoughData, match="mood"):
        fitted(kind, replace(material, labels=(one,)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("people", [1, 2, 5])
def test_too_few_people(kind: str, people: int) -> None:
    with pytest.raises(NotEnoughData, match="people"):
        fitted(kind, made(kind, people))


@pytest.mark.parametrize("kind", KINDS)
def test_no_rows_and_no_labels(kind: str) -> None:
    material = made(kind)
    empty = replace(material, x=material.x[:0], people=material.people[:0], labels=())
    for bare in (empty, replace(material, labels=())):
        with pytest.raises(NotEnoughData):
            fitted(kind, bare)


@pytest.mark.parametrize("kind", KINDS)
def test_the_fewest_people(kind: str) -> None:
    phi = fitted(kind, made(kind, 6)).transform(made(kind, 6).x)
    assert np.isfinite(phi).all()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("d", [1, 2, 64, 4096])
def test_any_number_of_dimensions(kind: str, d: int) -> None:
    """Where nothing can be left, as in one dimension, it says so and hands out nothing."""
    material = made(kind, 8, d, pictures=3)
    refusals = (SuppressorError, NotEnoughData) if d <= 2 else ()
    try:
        phi = fitted(kind, material).transform(material.x)
    except refusals as error:
        phi = np.zeros((len(material.x), 1))
        told = str(error)
    else:
        told = "it could be fitted, and the figures are checked below"
    assert len(told) > 40
    assert phi.shape[0] == len(material.x)
    assert np.isfinite(phi).all()


@pytest.mark.parametrize("kind", KINDS)
def test_half_precision(kind: str) -> None:
    material = made(kind)
    half = material.x.astype(np.float16)
    own = fitted(kind, replace(material, x=half))
    other = fitted(kind, replace(material, x=half.astype(np.float32)))
    assert np.array_equal(own.transform(half), other.transform(half))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_what_is_no_number(kind: str, wrong: float) -> None:
    material = made(kind)
    material.x[3, 2] = wrong
    with pytest.raises((SuppressorError, NotEnoughData), match="NaN"):
        fitted(kind, material)


@pytest.mark.parametrize("kind", KINDS)
def test_vectors_that_are_all_the_same(kind: str) -> None:
    material = made(kind)
    same = replace(material, x=np.ones_like(material.x))
    with pytest.raises((SuppressorError, NotEnoughData)):
        fitted(kind, same)


@pytest.mark.parametrize("kind", [one for one in KINDS if one != "leace"])
def test_it_can_be_cancelled(kind: str) -> None:
    method = make_method(CASES[kind])
    with pytest.raises(Cancelled):
        method.fit(made(kind), seed=0, device="cpu", progress=Progress(cancelled=lambda: True))


def test_an_unknown_kind_or_setting_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean sensitivenets"):
        make_method({"kind": "sensitivnets"})
    with pytest.raises(ConfigError, match="is layers"):
        make_method({"kind": "sensitivenets", "layer": 2})
    with pytest.raises(ConfigError, match="none at all"):
        make_method({"kind": "leace", "dial": 0.2})
    for setting in ({"layers": 0}, {"layers": True}, {"dial": 1.5}, {"detector": "svm"}):
        with pytest.raises(ConfigError, match=next(iter(setting))):
            make_method({"kind": "sensitivenets", **setting})


def test_a_name_and_empty_settings_are_no_matter() -> None:
    asked = {"kind": "lntl", "name": "mine", "primary": None, "dial": 0.25}
    assert make_method(asked) == METHODS["lntl"](dial=0.25)

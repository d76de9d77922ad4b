"""SensitiveNets: Δ, the choice of triplets and the refit schedule, against slow twins."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch

from core.errors import NotEnoughData
from core.progress import Progress
from core.suppress import sensitivenets, sensitivenets_layer
from core.suppress.chain import Affine, Unit
from core.suppress.detector import ClosedForm
from core.suppress.sensitivenets import SensitiveNets
from core.suppress.sensitivenets_layer import Task, delta, primary_triplet, settle, train
from core.suppress.suppressor import Material, Suppressor
from core.suppress.triplets import choose, gaps
from tests.core.suppress.people import made


def fitted(material: Material, **settings: object) -> Suppressor:
    method = SensitiveNets(**settings)  # type: ignore[arg-type]
    return method.fit(material, seed=0, device="cpu", progress=Progress())


def units(n: int = 12, d: int = 5, seed: int = 0) -> np.ndarray:
    x = np.random.default_rng(seed).normal(size=(n, d))
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def test_delta_is_equation_six() -> None:
    chances = torch.softmax(torch.randn(20, 4, generator=torch.Generator().manual_seed(0)), dim=1)
    slow = [math.log(1 + abs(0.9 - float(p[2]))) for p in chances]
    assert delta(chances, 2).tolist() == pytest.approx(slow, abs=1e-6)
    uniform = [math.log(1 + sum(abs(0.25 - float(c)) for c in p) / 2) for p in chances]
    assert delta(chances, None).tolist() == pytest.approx(uniform, abs=1e-6)
    assert float(delta(torch.full((1, 4), 0.25), None)) == 0


def test_delta_turns_round_above_its_target() -> None:
    for chance, sign in ((0.5, -1), (0.95, 1)):
        p = torch.tensor([[chance, 1 - chance]], requires_grad=True)
        delta(p, 0).sum().backward()
        assert math.copysign(1, float(p.grad[0, 0])) == sign


def test_settling_meets_the_target_on_average_and_moves_nothing_else() -> None:
    logits = torch.randn(50, 3, generator=torch.Generator().manual_seed(0)) * 2
    settled = settle(logits, 1)
    assert float(settled.softmax(dim=1)[:, 1].mean()) == pytest.approx(0.9, abs=1e-3)
    shift = settled - logits
    assert torch.equal(shift[:, [0, 2]], torch.zeros(50, 2))
    assert torch.allclose(shift[:, 1], shift[:1, 1].expand(50), atol=1e-5)
    assert torch.equal(settle(logits + 7 * torch.tensor([0, 1, 0]), 1).round(decimals=2),
                       settled.round(decimals=2))  # fmt: skip
    assert settle(logits, None) is logits


@pytest.mark.parametrize("hinge", [True, False])
def test_the_triplet_loss_and_its_gradient(hinge: bool) -> None:
    """Equation 5, triplet by triplet, with automatic differentiation."""
    raw = torch.from_numpy(units(9, 4) * 2)
    triplets = torch.tensor([[0, 1, 2], [3, 4, 5], [0, 1, 5], [6, 7, 0], [8, 2, 1]])
    losses, gradients = [], []
    for own in range(2):
        x = raw.clone().requires_grad_()
        phi = torch.nn.functional.normalize(x, dim=1)
        if own:
            loss = primary_triplet(phi, triplets, hinge=hinge)
        else:
            each = [
                (phi[a] - phi[p]).square().sum() - (phi[a] - phi[n]).square().sum() + 0.2
                for a, p, n in triplets.tolist()
            ]
            loss = sum(one.clamp(min=0) if hinge else one for one in each) / len(each)
        loss.backward()
        losses.append(loss.item())
        gradients.append(x.grad)
    assert losses[0] == pytest.approx(losses[1])
    assert torch.allclose(gradients[0], gradients[1], atol=1e-9)


def test_the_triplets_are_those_of_equation_three() -> None:
    """Every triplet that meets the rule is found when enough are asked for, and no other."""
    u, people = units(10, 3), np.array(list("aabbbccdde"))
    slow = {
        (a, p, n)
        for a in range(10)
        for p in range(10)
        for n in range(10)
        if a != p
        and people[a] == people[p]
        and people[a] != people[n]
        and np.square(u[a] - u[n]).sum() - np.square(u[a] - u[p]).sum() < 0.2
    }
    found = choose(u, people, 400, seed=0)
    difficult = gaps(u, found.rows) < 0.2
    assert {tuple(row) for row in found.rows[difficult].tolist()} == slow
    assert found.difficult == pytest.approx(difficult.mean())
    few = choose(u, people, 20, seed=0)
    assert few.difficult == 1
    assert len({tuple(row) for row in few.rows.tolist()} & slow) == 20


def test_the_least_easy_triplets_stand_in_where_none_is_difficult() -> None:
    u = np.repeat(np.eye(4), 3, axis=0)
    people = np.repeat(np.arange(4), 3)
    found = choose(u, people, 30, seed=0)
    assert found.difficult == 0
    assert len(found.rows) == 30
    assert (people[found.rows[:, 0]] == people[found.rows[:, 1]]).all()
    assert (people[found.rows[:, 0]] != people[found.rows[:, 2]]).all()


def test_one_picture_each_makes_no_triplet_but_serves_bce() -> None:
    material = made(40, pictures=3)
    alone = Material(
        material.x, np.array([f"q{i}" for i in range(len(material.x))]), material.labels
    )
    with pytest.raises(NotEnoughData, match="two pictures"):
        fitted(alone)
    both = made(40, pictures=3, labels=2)
    phi = fitted(Material(both.x, alone.people, both.labels), primary_loss="bce", primary="side")
    assert "detector side" not in {step.name for step in phi.training}


def test_detectors_are_refitted_each_epoch_and_new_with_each_layer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each sees φ as it is then, without a gradient; labels take turns from batch to batch."""
    seen: list[tuple[int, np.ndarray]] = []
    asked: list[int] = []

    class Watched(ClosedForm):
        def refit(self, phi: torch.Tensor, y: torch.Tensor) -> None:
            assert not phi.requires_grad
            seen.append((id(self), phi.numpy().copy()))
            super().refit(phi, y)

        def logits(self, phi: torch.Tensor) -> torch.Tensor:
            if phi.requires_grad:
                asked.append(id(self))
            return super().logits(phi)

    monkeypatch.setattr(sensitivenets_layer, "ClosedForm", Watched)
    material = made(12, labels=2)
    u = torch.from_numpy(Unit()(material.x))
    rows = torch.from_numpy(choose(u.numpy(), material.people, 64, 0).rows)
    task = Task(rows, material.labels, None, "softmax", 1.0)
    recipe = replace(sensitivenets.PRESETS["default"], batch=16)
    generator = torch.Generator().manual_seed(0)
    first = list(islice(train(u, task, recipe, generator, Progress()), 3))
    assert [one for one, _ in seen[:2]] * 3 == [one for one, _ in seen]
    assert seen[0][0] != seen[1][0]
    assert asked[:4] == [seen[0][0], seen[1][0]] * 2
    after_one = _layer(u.numpy(), first[0].map)
    assert np.allclose(seen[2][1], after_one, atol=1e-6)
    kept = {one for one, _ in seen}
    inputs = torch.from_numpy(_layer(u.numpy(), first[-1].map))
    old = list(seen)  # keeps the first layer's detectors apart by what they saw
    list(islice(train(inputs, task, recipe, generator, Progress()), 1))
    assert np.allclose(seen[len(old)][1], inputs.numpy(), atol=1e-6)
    assert len(kept) == 2


def _layer(x: np.ndarray, own: Affine) -> np.ndarray:
    return np.asarray(Unit()(own(x)))


def test_a_closed_form_detector_reads_what_a_fisher_discriminant_reads() -> None:
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    material = made(60)
    y = material.labels[0].y
    own = ClosedForm(3)
    own.refit(torch.from_numpy(material.x), torch.from_numpy(y))
    other = LinearDiscriminantAnalysis().fit(material.x, y)
    told = own.logits(torch.from_numpy(material.x)).argmax(dim=1).numpy()
    assert (told == other.predict(material.x)).mean() > 0.95


@pytest.mark.parametrize("detector", ["softmax", "dense"])
def test_the_paper_preset(monkeypatch: pytest.MonkeyPatch, detector: str) -> None:
    """1,024 units, as many layers as asked, no search; here with fewer epochs."""
    short = replace(sensitivenets.PRESETS["paper"], triplets=256, epochs=1, detector_epochs=(2, 1))
    monkeypatch.setitem(sensitivenets.PRESETS, "paper", short)
    found = fitted(made(8), preset="paper", detector=detector, layers=2)
    weights = [layer.weight.shape for layer in found.chain.layers if isinstance(layer, Affine)]
    assert weights == [(16, 1024), (1024, 1024)]
    assert not [step for step in found.training if "held" in step.name]


def test_layers_asked_for_are_made() -> None:
    assert fitted(made(), layers=2).facts["layers"] == 2


def test_the_dense_detector_of_the_thesis() -> None:
    assert np.isfinite(fitted(made(8), detector="dense", layers=1).transform(made(8).x)).all()


def test_a_dial_of_nothing_removes_nothing_and_more_removes_more() -> None:
    material = made(40)

    def moved(dial: float) -> float:
        phi = fitted(material, dial=dial, layers=1).transform(material.x)
        y = material.labels[0].y
        means = np.stack([phi[y == c].mean(axis=0) for c in range(3)])
        return float(np.square(means - means.mean(axis=0)).sum() / phi.var(axis=0).sum())

    assert moved(0.5) < 0.8 * moved(0.0)

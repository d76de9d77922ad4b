"""Algorithm 1 moves what it says and nothing else; losses against slopes derived by hand."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import pytest
import torch

from core.anonymity import fold, networks, training
from core.anonymity.hybrid import Hybrid, Loss, hiding
from core.anonymity.training import Part
from core.errors import Cancelled


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer steps and narrower layers than a study has: what moves is seen at once."""
    for name, size in {"WIDTHS": (4, 8, 8), "HIDDEN": (32, 32), "FEATURES": 128}.items():
        monkeypatch.setattr(networks, name, size)
    for name, steps in {"SECTION": 12, "SECTIONS": 6, "ROUND": 3, "CATCH_UP": 5}.items():
        monkeypatch.setattr(training, name, steps)


def nothing() -> None:
    """Tell nobody."""


def part(n: int = 96, emotions: int = 3, people: int = 4, seed: int = 0) -> Part:
    """Pictures whose upper half shows who, and whose lower half which emotion, with noise."""
    random = np.random.default_rng(seed)
    emotion, identity = random.integers(emotions, size=n), random.integers(people, size=n)
    x = random.normal(0, 0.3, (n, 1, networks.SIDE, networks.SIDE))
    half = networks.SIDE // 2
    for row in range(n):
        x[row, 0, :half, 7 * identity[row] : 7 * identity[row] + 6] += 1.5
        x[row, 0, half:, 9 * emotion[row] : 9 * emotion[row] + 8] += 1.5
    return Part(torch.tensor(x, dtype=torch.float32), torch.tensor(emotion), torch.tensor(identity))


def hybrid(loss: Loss = "bounded", **more: object) -> Hybrid:
    asked = {"alpha": 0.5, "beta": 1.0, "seed": 3, "tell": nothing, **more}
    return Hybrid(part(), part(24, seed=1), 3, 4, loss=loss, **asked)  # type: ignore[arg-type]


def copies(weights: Sequence[torch.Tensor]) -> list[bytes]:
    return [one.detach().numpy().tobytes() for one in weights]


@pytest.mark.parametrize("loss", ["bounded", "paper"])
def test_hiding_moves_the_convolutions_and_emotion_and_not_one_bit_of_identity(
    loss: Loss,
) -> None:
    own = hybrid(loss)
    own.start(1)
    before = copies(own.identity), copies(own.conv), copies(own.emotion)
    own.hide()
    assert copies(own.identity) == before[0], "W_i is frozen in line 3"
    for name, now, then in (("W_c", own.conv, before[1]), ("W_e", own.emotion, before[2])):
        assert all(a != b for a, b in zip(copies(now), then, strict=True)), name


def test_catching_up_moves_identity_and_not_one_bit_else() -> None:
    own = hybrid()
    own.start(1)
    before = copies(own.identity), copies([*own.conv, *own.emotion])
    own.catch_up()
    assert copies([*own.conv, *own.emotion]) == before[1], "W_c and W_e are frozen in line 5"
    assert all(a != b for a, b in zip(copies(own.identity), before[0], strict=True))


def test_the_start_moves_all_three() -> None:
    own = hybrid()
    before = copies([*own.conv, *own.emotion, *own.identity])
    own.start(1)
    now = copies([*own.conv, *own.emotion, *own.identity])
    assert all(a != b for a, b in zip(now, before, strict=True))


def test_fresh_layers_leave_the_features_alone() -> None:
    x = torch.randn(64, networks.FEATURES)
    before = x.clone()
    training.fresh(x, torch.arange(64) % 3, 3, seeds=[1], steps=4)
    assert torch.equal(x, before)


def test_the_slopes_of_both_losses_are_those_derived_by_hand() -> None:
    """d/dz of −L_i is (truth − p)/b; that of −mean log p is (p − 1/k)/b."""
    z = torch.tensor([[[1.0, -0.5, 0.2], [0.0, 2.0, -1.0]]], requires_grad=True)
    truth = torch.tensor([0, 2])
    p = z.detach()[0].softmax(dim=1)
    shown = torch.nn.functional.one_hot(truth, 3).float()
    by_hand = {"paper": (shown - p) / 2, "bounded": (p - 1 / 3) / 2}
    for kind in by_hand:
        (found,) = torch.autograd.grad(hiding(z, truth, kind), z)  # type: ignore[arg-type]
        assert torch.allclose(found[0], by_hand[kind], atol=1e-6), kind


def test_the_slope_of_the_whole_loss_on_a_tiny_net() -> None:
    """L_e + β · hiding of two linear heads on one feature w · x, by the chain rule."""
    x, w, beta = torch.tensor([1.0, -2.0]), torch.tensor(0.7, requires_grad=True), 0.8
    e, i = torch.tensor([0.5, -0.3]), torch.tensor([0.2, 0.9, -0.4])
    feature = w * x
    z_e, z_i = (feature[None, :, None] * head for head in (e, i))
    truth_e, truth_i = torch.tensor([0, 1]), torch.tensor([2, 0])
    for kind in ("paper", "bounded"):
        lost = training.cross_entropy(z_e, truth_e)
        lost = lost + beta * hiding(z_i, truth_i, kind)  # type: ignore[arg-type]
        (found,) = torch.autograd.grad(lost, w, retain_graph=True)
        by_hand = 0.0
        for row in range(2):
            p_e = np.exp(0.7 * x[row].item() * e.numpy())
            p_i = np.exp(0.7 * x[row].item() * i.numpy())
            p_e, p_i = p_e / p_e.sum(), p_i / p_i.sum()
            at_e = p_e - np.eye(2)[truth_e[row]]
            at_i = p_i - 1 / 3 if kind == "bounded" else np.eye(3)[truth_i[row]] - p_i
            slope = at_e @ e.numpy() + beta * at_i @ i.numpy()
            by_hand += x[row].item() * slope / 2
        assert float(found) == pytest.approx(by_hand, abs=1e-6), kind


def test_the_bounded_loss_has_the_floor_that_it_says() -> None:
    truth = torch.zeros(5, dtype=torch.long)
    assert float(hiding(torch.zeros(1, 5, 4), truth, "bounded")) == pytest.approx(np.log(4))
    for seed in range(20):
        z = 5 * torch.randn(1, 5, 4, generator=torch.Generator().manual_seed(seed))
        assert float(hiding(z, truth, "bounded")) >= np.log(4) - 1e-6


def test_a_loss_that_is_no_number_is_told_and_the_round_before_is_kept() -> None:
    own = hybrid("paper", beta=1.0)
    own.start(1)
    own.run(1)
    before = copies([*own.conv, *own.emotion, *own.identity])
    own.part.x[0, 0, 0, 0] = float("nan")
    own.run(3)
    assert own.diverged == 1
    assert copies([*own.conv, *own.emotion, *own.identity]) == before


def test_several_dense_networks_side_by_side_are_each_as_if_alone() -> None:
    x = torch.randn(200, networks.FEATURES, generator=torch.Generator().manual_seed(0))
    truth = torch.arange(200) % 5
    together = training.fresh(x, truth, 5, seeds=[11, 21, 31], steps=9)
    for place, seed in enumerate((11, 21, 31)):
        alone = _in_the_order_of(11, x, truth, seed)
        for both, own in zip(together, alone, strict=True):
            assert torch.allclose(both[place : place + 1], own, atol=1e-5)


def _in_the_order_of(
    first: int, x: torch.Tensor, truth: torch.Tensor, seed: int
) -> networks.Weights:
    """The slow twin: one network, one gradient, the batches of the seed that leads."""
    head = networks.dense([seed], 5)
    order, optimiser = torch.Generator().manual_seed(first + 2), training.adam(head)
    batches = [b for _ in range(3) for b in torch.randperm(200, generator=order).split(64)]
    for batch in batches[:9]:
        z = x[batch]
        for place in (0, 2, 4):
            z = z @ head[place][0] + head[place + 1][0]
            z = z if place == 4 else torch.relu(z)
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(z, truth[batch]).backward()
        optimiser.step()
    return head


def test_face_and_emotion_learn_what_is_there() -> None:
    learnt, held = part(400), part(60, seed=1)
    for task, classes in (("identity", 4), ("emotion", 3)):
        conv, head, curves = training.plain(learnt, task, classes, held, seed=0, tell=nothing)
        assert training.accuracy(conv, head, held, task) > 0.9
        steps = [step for step, name, _ in curves.points if name == f"held_{task}"]
        assert steps == [training.SECTION * one for one in range(1, training.SECTIONS + 1)]


def test_a_fold_can_be_stopped_between_rounds() -> None:
    told = []

    def stop() -> None:
        told.append(1)
        if len(told) == training.START + 2:
            raise Cancelled("enough")

    own = hybrid(tell=stop)
    own.start()
    with pytest.raises(Cancelled):
        own.run(50)
    assert max(step for step, *_ in own.curves.points) == 2


def test_a_fold_says_what_stands_on_it_and_is_the_same_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(training, "SECTIONS", 1)
    monkeypatch.setattr(training, "fresh", partial(training.fresh, steps=4))
    random = np.random.default_rng(0)

    def shown(n: int) -> fold.Shown:
        pictures = random.integers(0, 256, (n, networks.SIDE, networks.SIDE), dtype=np.uint8)
        return fold.Shown(pictures, random.integers(3, size=n), random.integers(4, size=n))

    learnt, held, twins = shown(80), shown(6), shown(12)
    for base, names in fold.STANDS.items():
        lesson = fold.Lesson(
            base, learnt, held, twins, 3, 4, 2, 0.5, 1.0, "bounded", 5, "cpu", nothing
        )  # type: ignore[arg-type]
        arrays, meta = fold.learn(lesson)
        again, _ = fold.learn(lesson)
        assert {name for name in arrays if "/" in name} == {
            f"{name}/{task}/{split}" for name, task in names for split in ("originals", "augmented")
        }
        assert all(np.array_equal(arrays[name], again[name]) for name in arrays)
        assert meta["curves"]
        conv = [arrays[f"conv{place}"] for place in range(6)]
        assert fold.seen(conv, held.pictures, "cpu").shape == (6, networks.FEATURES)

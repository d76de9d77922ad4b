"""Learning Not To Learn: its two steps against gradients derived by hand, in NumPy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.errors import ConfigError, NotEnoughData, SuppressorError
from core.progress import Progress
from core.suppress.chain import Affine, Chain, Convolution, Relu, Unit
from core.suppress.lntl import RATES, RECIPES, STEADY, LearningNotToLearn
from core.suppress.lntl_start import adapter, stage
from core.suppress.lntl_steps import Batch, Players, learn, unlearn
from core.suppress.lntl_training import Training, head
from core.suppress.suppressor import Material, Suppressor, reads
from core.suppress.trainable import trainable
from tests.core.suppress.people import made, staged

RATE, MOMENTUM, DECAY = 0.1, 0.9, 5e-4
B, D, F, K, S = 7, 5, 4, 3, 2


def players(seed: int = 0) -> Players:
    torch.manual_seed(seed)
    f, g, h = (torch.nn.Linear(*shape).double() for shape in ((D, F), (F, K), (F, S)))
    optimisers = [
        torch.optim.SGD(own.parameters(), lr=RATE, momentum=MOMENTUM, weight_decay=DECAY)
        for own in (f, g, h)
    ]
    return Players(f, g, [h], *optimisers)


def batch(seed: int = 1) -> Batch:
    random = np.random.default_rng(seed)
    x = torch.from_numpy(random.normal(size=(B, D)))
    y = torch.from_numpy(random.integers(K, size=B))
    s = torch.from_numpy(random.integers(S, size=B))
    return Batch(x, y, [s])


def weights(own: torch.nn.Module) -> tuple[np.ndarray, np.ndarray]:
    """(inputs, outputs) and (outputs,) as they are now."""
    return own.weight.detach().numpy().T.copy(), own.bias.detach().numpy().copy()


def softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def moved(own: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """The first step of SGD with momentum and decay from `own`."""
    return own - RATE * (gradient + DECAY * own)


def same(own: torch.nn.Module, weight: np.ndarray, bias: np.ndarray) -> bool:
    now = weights(own)
    return np.allclose(now[0], weight, atol=1e-12) and np.allclose(now[1], bias, atol=1e-12)


def test_step_one_moves_f_and_g_by_the_gradient_derived_by_hand() -> None:
    """At the logits: (p − truth)/b for g; for Σ p log p, p (log p − Σ p log p)/b for h."""
    own, given, strength = players(), batch(), 0.3
    x, y = given.x.numpy(), given.y.numpy()
    (wf, bf), (wg, bg), (wh, bh) = (weights(one) for one in (own.f, own.g, own.h[0]))
    phi = x @ wf + bf
    p, q = softmax(phi @ wg + bg), softmax(phi @ wh + bh)
    at_g = (p - np.eye(K)[y]) / B
    inner = (q * np.log(q)).sum(axis=1, keepdims=True)
    at_h = strength * q * (np.log(q) - inner) / B
    at_phi = at_g @ wg.T + at_h @ wh.T
    primary, entropy = learn(own, given, strength)
    assert primary == pytest.approx(-np.log(p[np.arange(B), y]).mean())
    assert entropy == pytest.approx(inner.mean())
    assert same(own.f, moved(wf, x.T @ at_phi), moved(bf, at_phi.sum(axis=0)))
    assert same(own.g, moved(wg, phi.T @ at_g), moved(bg, at_g.sum(axis=0)))
    assert same(own.h[0], wh, bh)


def test_step_two_moves_h_down_and_f_up() -> None:
    own, given, strength = players(), batch(), 0.1
    x, s = given.x.numpy(), given.s[0].numpy()
    (wf, bf), (wg, bg), (wh, bh) = (weights(one) for one in (own.f, own.g, own.h[0]))
    phi = x @ wf + bf
    q = softmax(phi @ wh + bh)
    at_h = (q - np.eye(S)[s]) / B
    at_phi = -strength * at_h @ wh.T  # turned round
    loss = unlearn(own, given, strength)
    assert loss == pytest.approx(-np.log(q[np.arange(B), s]).mean())
    assert same(own.h[0], moved(wh, phi.T @ at_h), moved(bh, at_h.sum(axis=0)))
    assert same(own.f, moved(wf, x.T @ at_phi), moved(bf, at_phi.sum(axis=0)))
    assert same(own.g, wg, bg)


def test_step_two_looks_afresh_and_gives_g_no_momentum() -> None:
    """After step 1, f has moved and h still carries its gradient: neither may leak into step 2."""
    own, given = players(), batch()
    learn(own, given, 0.5)
    (wf, bf), (wh, bh) = weights(own.f), weights(own.h[0])
    kept = weights(own.g)
    phi = given.x.numpy() @ wf + bf
    at_h = (softmax(phi @ wh + bh) - np.eye(S)[given.s[0].numpy()]) / B
    unlearn(own, given, 0.1)
    assert same(own.h[0], moved(wh, phi.T @ at_h), moved(bh, at_h.sum(axis=0)))
    assert same(own.g, *kept)


def test_rows_without_a_class_teach_nothing() -> None:
    own, given = players(), batch()
    unknown = given.s[0].clone()
    unknown[2:] = -1
    before = weights(players().h[0])
    unlearn(own, Batch(given.x, given.y, [unknown]), 0.1)
    other = players()
    unlearn(other, Batch(given.x[:2], given.y[:2], [unknown[:2]]), 0.1)
    assert same(own.h[0], *weights(other.h[0]))
    assert not same(own.h[0], *before)
    nobody = players()
    assert unlearn(nobody, Batch(given.x, given.y, [torch.full((B,), -1)]), 0.1) == 0


def tail_players(stage: Chain, seed: int = 0) -> Players:
    """f is a stage of an encoder; g and h read its vectors of three numbers."""
    torch.manual_seed(seed)
    f = trainable(stage).double()
    g, h = torch.nn.Linear(3, K).double(), torch.nn.Linear(3, S).double()
    optimisers = [
        torch.optim.SGD(own.parameters(), lr=RATE, momentum=MOMENTUM, weight_decay=DECAY)
        for own in (f, g, h)
    ]
    return Players(f, g, [h], *optimisers)


def toy_stage() -> Chain:
    """A small copy of the bundled network's stage: widen, ReLU, a weight a place, dense, unit."""
    random = np.random.default_rng(2)

    def normal(*shape: int) -> np.ndarray:
        return random.normal(size=shape).astype(np.float32)

    widen = Convolution(normal(4, 2, 1, 1), normal(4), (2, 3))
    places = Convolution(normal(4, 1, 2, 3), normal(4), (2, 3), depthwise=True)
    return Chain((widen, Relu(), places, Affine(normal(4, 3), normal(3)), Unit()))


def slow_stage(x: np.ndarray, own: list[torch.Tensor]) -> torch.Tensor:
    """What `toy_stage` is, with nothing of torch's networks: sums over places and channels."""
    w, b, v, c, m, e = own
    maps = torch.from_numpy(x).reshape(len(x), 2, 6)
    wide = (torch.einsum("oi,nip->nop", w[:, :, 0, 0], maps) + b[:, None]).clamp(min=0)
    weighed = (wide * v.reshape(4, 6)).sum(dim=2) + c
    found = weighed @ m + e
    return found / found.square().sum(dim=1, keepdim=True).sqrt()


def stepped(own: list[torch.Tensor], loss: torch.Tensor) -> list[np.ndarray]:
    """The weights after the first step of SGD with momentum and decay down `loss`."""
    slopes = torch.autograd.grad(loss, own)
    return [moved(w.detach().numpy(), slope.numpy()) for w, slope in zip(own, slopes, strict=True)]


def free(parts: torch.nn.Module) -> list[torch.Tensor]:
    return [one.detach().clone().requires_grad_() for one in parts.parameters()]


def close(parts: torch.nn.Module, expected: list[np.ndarray]) -> bool:
    pairs = zip(parts.parameters(), expected, strict=True)
    return all(np.allclose(one.detach().numpy(), own, atol=1e-12) for one, own in pairs)


def tail_batch() -> Batch:
    random = np.random.default_rng(5)
    x = torch.from_numpy(random.normal(size=(B, 12)))
    return Batch(x, torch.arange(B) % K, [torch.arange(B) % S])


def test_step_one_on_the_last_stage_against_a_slow_twin() -> None:
    own, given, strength = tail_players(toy_stage()), tail_batch(), 0.3
    f, (wg, bg), (wh, bh) = free(own.f), free(own.g), free(own.h[0])
    phi = slow_stage(given.x.numpy(), f)
    p = (phi @ wg.T + bg).softmax(dim=1)
    q = (phi @ wh.T + bh).softmax(dim=1)
    truth = p[torch.arange(B), given.y]
    loss = -truth.log().mean() + strength * (q * q.log()).sum(dim=1).mean()
    expected = stepped([*f, wg, bg], loss)
    learn(own, given, strength)
    assert close(own.f, expected[:6])
    assert close(own.g, expected[6:])
    assert close(own.h[0], [wh.detach().numpy(), bh.detach().numpy()])


def test_step_two_on_the_last_stage_turns_the_gradient_and_leaves_g_without() -> None:
    own, given, strength = tail_players(toy_stage()), tail_batch(), 0.1
    f, g, (wh, bh) = free(own.f), free(own.g), free(own.h[0])
    phi = slow_stage(given.x.numpy(), f)
    q = (phi @ wh.T + bh).softmax(dim=1)
    loss = -q[torch.arange(B), given.s[0]].log().mean()
    up = [w.detach().numpy() for w in f]
    slopes = torch.autograd.grad(loss, [*f, wh, bh])
    unlearn(own, given, strength)
    turned = [moved(w, -strength * slope.numpy()) for w, slope in zip(up, slopes, strict=False)]
    assert close(own.f, turned)
    down = zip((wh, bh), slopes[6:], strict=True)
    assert close(own.h[0], [moved(w.detach().numpy(), slope.numpy()) for w, slope in down])
    assert close(own.g, [w.detach().numpy() for w in g])
    assert all(one.grad is None for one in own.g.parameters())


def test_a_level_head_sees_neither_a_move_nor_a_scale() -> None:
    """What all faces share tells h nothing, so that f gains nothing by it."""
    torch.manual_seed(0)
    own, phi = head(4, 3, level=True), torch.randn(9, 4)
    torch.nn.init.normal_(own.layer.weight)
    assert torch.allclose(own(phi), own(7 * phi + torch.tensor([3.0, -1.0, 0.0, 2.0])), atol=1e-4)
    assert torch.isfinite(own(phi[:1])).all()
    plain = head(4, 3)
    torch.nn.init.normal_(plain.layer.weight)
    assert not torch.allclose(plain(phi), plain(phi + 1), atol=1e-2)


def test_the_adapter_begins_as_the_identity() -> None:
    x = np.random.default_rng(0).normal(size=(9, 6)).astype(np.float32)
    start = adapter(6, 8, torch.Generator().manual_seed(0))
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    assert np.allclose(start.transform(x), unit, atol=1e-6)
    assert np.allclose(trainable(start)(torch.from_numpy(x)).detach(), unit, atol=1e-6)


def test_the_stage_begins_as_the_encoder_at_length_one() -> None:
    material = staged(made(8))
    assert material.tail is not None
    x = made(8).x
    assert np.allclose(material.tail.transform(material.x), x, atol=1e-5)
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    assert np.allclose(stage(material.tail).transform(material.x), unit, atol=1e-5)
    assert stage(stage(material.tail)) == stage(material.tail)


def training(method: LearningNotToLearn) -> Training:
    material = made(8)
    generator = torch.Generator().manual_seed(0)
    start = adapter(material.x.shape[1], method.recipe.hidden, generator)
    return Training(
        method.recipe, start, material, None,
        weight=1.0, rate=1.0, generator=generator, device="cpu",
    )  # fmt: skip


def test_the_schedule() -> None:
    """Strengths grow from 0 in the default and are constant in the papers' preset."""
    own = training(LearningNotToLearn())
    shares = [own.share(epoch) for epoch in range(30)]
    assert shares[0] == 0
    assert shares == sorted(shares)
    assert 0.99 < shares[-1] <= 1
    paper = training(LearningNotToLearn(preset="paper"))
    assert {paper.share(epoch) for epoch in range(100)} == {1.0}
    rates = []
    for epoch in (0, 39, 40, 79, 80):
        paper.set_rate(epoch)
        rates.append(paper.players.g_optimiser.param_groups[0]["lr"])
    assert rates == pytest.approx([0.01, 0.01, 0.001, 0.001, 0.0001])


def test_the_papers_recipe_is_the_same_for_both_modes() -> None:
    """METHODS: lr 0.01, × 0.1 every 40 of 100 epochs, 0.01 and −0.1, for all three networks."""
    both = [replace(RECIPES[mode, "paper"], hidden=0) for mode in ("adapter", "tail")]
    assert both[0] == both[1]
    own = both[0]
    assert (own.rate, own.epochs, own.drop_every, own.drop) == (0.01, 100, 40, 0.1)
    assert (own.entropy, own.reversal, own.slower, own.ramp) == (0.01, 0.1, 1.0, False)


@pytest.mark.parametrize("mode", ["adapter", "tail"])
def test_the_paper_preset_runs_all_its_epochs(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    short = replace(RECIPES[mode, "paper"], epochs=4)
    monkeypatch.setitem(RECIPES, (mode, "paper"), short)
    method = LearningNotToLearn(preset="paper", mode=mode)
    material = staged(made(8)) if mode == "tail" else made(8)
    found = method.fit(material, seed=0, device="cpu", progress=Progress())
    assert found.facts["epochs"] == 4
    assert not [step for step in found.training if "held" in step.name]


@pytest.mark.parametrize("mode", ["adapter", "tail"])
def test_a_label_as_the_primary_task(mode: str) -> None:
    def people(labels: int) -> Material:
        return staged(made(labels=labels)) if mode == "tail" else made(labels=labels)

    def fitted(primary: str, labels: int) -> Suppressor:
        method = LearningNotToLearn(primary=primary, mode=mode)
        return method.fit(people(labels), seed=0, device="cpu", progress=Progress())

    found = fitted("side", 2)
    assert not [step for step in found.training if step.name == "detector side"]
    with pytest.raises(ConfigError, match="mood"):
        fitted("sid", 2)
    with pytest.raises(NotEnoughData, match="only label"):
        fitted("mood", 1)


def test_vectors_are_no_material_for_the_last_stage() -> None:
    method = LearningNotToLearn(mode="tail")
    assert (reads(method), reads(LearningNotToLearn())) == ("activations", "vectors")
    with pytest.raises(ConfigError, match=r"last stage.*mode: adapter"):
        method.fit(made(), seed=0, device="cpu", progress=Progress())


def test_what_collapses_on_everybody_is_tried_at_a_lower_rate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What held on some of the people need not hold on all of them."""
    looks: list[int] = []

    def check(x: np.ndarray, phi: np.ndarray) -> None:
        looks.append(len(phi))
        if len(looks) == 1:
            raise SuppressorError("collapsed")

    monkeypatch.setattr("core.suppress.lntl.check_collapse", check)
    short = replace(RECIPES["adapter", "default"], epochs=3)
    monkeypatch.setitem(RECIPES, ("adapter", "default"), short)
    found = LearningNotToLearn().fit(made(), seed=0, device="cpu", progress=Progress())
    assert looks == [len(made().x)] * 2
    assert found.facts["rate"] in RATES[1:]

    looks.clear()
    monkeypatch.setattr("core.suppress.lntl.RATES", (1.0,))
    monkeypatch.setattr("core.suppress.lntl.STEADY", replace(STEADY, epochs=3))
    found = LearningNotToLearn().fit(made(), seed=0, device="cpu", progress=Progress())
    assert len(looks) == 2
    assert "steady" in found.facts["recipe"]

    paper = LearningNotToLearn(preset="paper")
    looks.clear()
    brief = replace(RECIPES["adapter", "paper"], epochs=1)
    monkeypatch.setitem(RECIPES, ("adapter", "paper"), brief)
    with pytest.raises(SuppressorError, match="collapsed"):
        paper.fit(made(), seed=0, device="cpu", progress=Progress())


def test_what_collapses_under_every_recipe_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def check(x: np.ndarray, phi: np.ndarray) -> None:
        raise SuppressorError("collapsed")

    monkeypatch.setattr("core.suppress.lntl.check_collapse", check)
    monkeypatch.setattr("core.suppress.lntl.RATES", (1.0,))
    monkeypatch.setattr("core.suppress.lntl.STEADY", replace(STEADY, epochs=3))
    short = replace(RECIPES["adapter", "default"], epochs=3)
    monkeypatch.setitem(RECIPES, ("adapter", "default"), short)
    with pytest.raises(SuppressorError, match="collapsed"):
        LearningNotToLearn().fit(made(), seed=0, device="cpu", progress=Progress())


def test_a_collapsed_stage_is_refused() -> None:
    """A stage whose every weight is pulled to nothing leaves one φ for everybody."""
    material = staged(made())
    flat = replace(material, x=np.repeat(material.x[:1], len(material.x), axis=0))
    with pytest.raises(SuppressorError, match="collapsed"):
        LearningNotToLearn(mode="tail").fit(flat, seed=0, device="cpu", progress=Progress())

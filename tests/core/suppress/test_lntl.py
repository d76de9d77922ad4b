"""Learning Not To Learn: its two steps against gradients derived by hand, in NumPy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.errors import ConfigError, NotEnoughData
from core.progress import Progress
from core.suppress import lntl
from core.suppress.lntl import LearningNotToLearn, adapter
from core.suppress.lntl_steps import Batch, Players, learn, unlearn
from tests.core.suppress.people import made

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


def test_the_adapter_begins_as_the_identity_and_is_the_chain() -> None:
    x = torch.nn.functional.normalize(torch.randn(9, 6), dim=1)
    f = adapter(6, 8, torch.Generator().manual_seed(0))
    assert torch.allclose(f(x), x, atol=1e-6)


def test_the_schedule() -> None:
    """Strengths grow from 0 in the default and are constant in the papers' preset."""
    material = made(8)
    own = lntl._Training(LearningNotToLearn(), material, None, 0, "cpu", 1.0)
    shares = [own._share(epoch) for epoch in range(30)]
    assert shares[0] == 0
    assert shares == sorted(shares)
    assert 0.99 < shares[-1] <= 1
    paper = lntl._Training(LearningNotToLearn(preset="paper"), material, None, 0, "cpu", 1.0)
    assert {paper._share(epoch) for epoch in range(100)} == {1.0}
    rates = []
    for epoch in (0, 39, 40, 79, 80):
        paper._set_rate(epoch)
        rates.append(paper.players.g_optimiser.param_groups[0]["lr"])
    assert rates == pytest.approx([0.01, 0.01, 0.001, 0.001, 0.0001])


def test_the_paper_preset_runs_all_its_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(lntl.PRESETS, "paper", replace(lntl.PRESETS["paper"], epochs=4))
    method = LearningNotToLearn(preset="paper")
    found = method.fit(made(8), seed=0, device="cpu", progress=Progress())
    assert found.facts["epochs"] == 4
    assert not [step for step in found.training if "held" in step.name]


def test_a_label_as_the_primary_task() -> None:
    material = made(labels=2)
    method = LearningNotToLearn(primary="side")
    found = method.fit(material, seed=0, device="cpu", progress=Progress())
    assert not [step for step in found.training if step.name == "detector side"]
    with pytest.raises(ConfigError, match="mood"):
        LearningNotToLearn(primary="sid").fit(material, seed=0, device="cpu", progress=Progress())
    with pytest.raises(NotEnoughData, match="only label"):
        LearningNotToLearn(primary="mood").fit(made(), seed=0, device="cpu", progress=Progress())

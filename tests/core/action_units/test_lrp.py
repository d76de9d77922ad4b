"""Relevance is conserved, equals a slow twin, and passes short cuts without counting them twice."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from core.action_units import lrp
from core.encode.bundled_network import BundledNetwork
from core.errors import EncoderError


def settle(network: nn.Module, seed: int = 0) -> nn.Module:
    """Batch normalisations with statistics that are not those of a new network."""
    random = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            for tensor, low, high in (
                (module.running_mean, -0.3, 0.3), (module.running_var, 0.3, 2.0),
                (module.weight.data, 0.5, 1.5), (module.bias.data, -0.3, 0.3),
            ):  # fmt: skip
                assert tensor is not None
                tensor.uniform_(low, high, generator=random)
    return network.eval()


@pytest.fixture(scope="module")
def bundled() -> nn.Module:
    """The bundled recogniser's architecture with random weights and a head of three logits."""
    torch.manual_seed(1)
    return settle(nn.Sequential(BundledNetwork(), nn.ReLU(), nn.Linear(256, 3)))


def faces(n: int = 3, size: int = 112, seed: int = 0) -> torch.Tensor:
    return torch.rand(n, 3, size, size, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def by_hand(conv: nn.Conv2d, dense: nn.Linear, image: np.ndarray, unit: int) -> np.ndarray:
    """LRP-ε of conv, ReLU, dense for one image (c, h, w), every product written out."""
    weight, head = (one.weight.detach().double().numpy() for one in (conv, dense))
    out, channels, k, _ = weight.shape
    _, height, width = image.shape
    high, wide = height - k + 1, width - k + 1
    z = np.zeros((out, high, wide))
    for o, y, x in np.ndindex(out, high, wide):
        z[o, y, x] = (weight[o] * image[:, y : y + k, x : x + k]).sum()
    a = np.maximum(z, 0).ravel()
    logit = a @ head[unit]
    upper = (a * head[unit] / logit * logit).reshape(z.shape)
    found = np.zeros(image.shape)
    for o, y, x in np.ndindex(out, high, wide):
        if z[o, y, x] > 0:
            for c, dy, dx in np.ndindex(channels, k, k):
                part = image[c, y + dy, x + dx] * weight[o, c, dy, dx]
                found[c, y + dy, x + dx] += part / z[o, y, x] * upper[o, y, x]
    return found


def test_epsilon_equals_the_sum_written_out() -> None:
    torch.manual_seed(2)
    conv, dense = nn.Conv2d(2, 3, 3), nn.Linear(3 * 16, 2)
    network = nn.Sequential(conv, nn.ReLU(), nn.Flatten(), dense)
    images = torch.randn(2, 2, 6, 6)
    heat, said = lrp.without_biases(network, images, np.array([0, 1]))
    for place, unit in enumerate((0, 1)):
        twin = by_hand(conv, dense, images[place].double().numpy(), unit)
        np.testing.assert_allclose(heat[place], twin, rtol=1e-6, atol=1e-9)
        assert twin.sum() == pytest.approx(said[place])


def test_relevance_is_conserved_through_batch_normalisation_and_short_cuts(
    bundled: nn.Module,
) -> None:
    sums, said = lrp.conservation(bundled, faces(), np.array([0, 1, 2]))
    np.testing.assert_allclose(sums, said, rtol=0.01)
    assert np.abs(said).min() > 1e-6


def test_without_biases_relevance_is_gradient_times_input(bundled: nn.Module) -> None:
    """Ancona et al. 2018, proposition 1: an oracle that autograd gives, short cuts included."""
    bare = lrp.canonical(bundled).double()
    for name, parameter in bare.named_parameters():
        if name.endswith("bias"):
            parameter.data.zero_()
    images = faces(2).double().requires_grad_()
    (gradient,) = torch.autograd.grad(bare(images)[:, 1].sum(), images)
    heat, _ = lrp.without_biases(bundled, faces(2), np.array([1, 1]))
    np.testing.assert_allclose(
        heat, (gradient * images).detach().numpy(), rtol=1e-3, atol=1e-5 * np.abs(heat).max()
    )


def test_the_canonical_form_computes_what_the_network_computes(bundled: nn.Module) -> None:
    with torch.no_grad():
        before = bundled(faces())
        after = lrp.canonical(bundled)(faces())
    torch.testing.assert_close(before, after, rtol=1e-3, atol=1e-4)


def test_factors_and_concatenations_conserve_relevance() -> None:
    """As in the blocks of facenet-pytorch's recognisers."""

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.left, self.right = nn.Conv2d(3, 2, 1), nn.Conv2d(3, 2, 3, padding=1)
            self.join, self.head = nn.Conv2d(4, 3, 1), nn.Linear(3 * 64, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            both = torch.cat((self.left(x), torch.relu(self.right(x))), 1)
            return self.head(torch.relu(self.join(both) * 0.17 + x).flatten(1))

    torch.manual_seed(3)
    sums, said = lrp.conservation(Block(), faces(4, 8), np.array([0, 1, 0, 1]))
    np.testing.assert_allclose(sums, said, rtol=0.01)


def test_a_network_that_no_rule_is_known_for_is_refused() -> None:
    class Strange(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.sin(x).flatten(1)

    class Deciding(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x if x.sum() > 0 else -x

    with pytest.raises(EncoderError, match="no rule for 'sin'"):
        lrp.canonical(Strange())
    with pytest.raises(EncoderError, match="cannot follow"):
        lrp.canonical(Deciding())
    with pytest.raises(EncoderError, match="batch normalisation"):
        lrp.canonical(nn.Sequential(nn.ReLU(), nn.BatchNorm2d(3)))


def explained(network: nn.Module) -> lrp.Explainer:
    def ready(crops: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(crops.transpose(0, 3, 1, 2).copy()).float() / 127.5 - 1

    return lrp.Explainer(lrp.canonical(network), ready, (-1.0,) * 3, (1.0,) * 3)


def test_a_map_does_not_depend_on_its_neighbours_and_leaves_the_network_alone(
    bundled: nn.Module,
) -> None:
    crops = np.random.default_rng(0).integers(0, 256, (3, 112, 112, 3), dtype=np.uint8)
    before = {name: one.clone() for name, one in bundled.state_dict().items()}
    one = explained(bundled)
    heat, logits = one.maps(crops, np.array([0, 1, 2]))
    alone, logit = one.maps(crops[1:2], np.array([1]))
    np.testing.assert_array_equal(heat[1], alone[0])
    assert logits[1] == logit[0]
    assert heat.shape == (3, 112, 112)
    for name, tensor in bundled.state_dict().items():
        assert torch.equal(tensor, before[name]), name


def test_positive_heat_speaks_for_the_unit_whatever_the_sign_of_its_logit() -> None:
    """One pixel raises the logit and another lowers it, under a bias that keeps it negative."""
    conv, dense = nn.Conv2d(3, 1, 1, bias=False), nn.Linear(16, 1)
    nn.init.constant_(conv.weight, 1 / 3)
    nn.init.zeros_(dense.weight)
    dense.weight.data[0, 0], dense.weight.data[0, 15], dense.bias.data[0] = 2.0, -1.0, -9.0
    crops = np.full((1, 4, 4, 3), 200, np.uint8)
    heat, logits = explained(nn.Sequential(conv, nn.ReLU(), nn.Flatten(), dense)).maps(
        crops, np.array([0])
    )
    assert logits[0] < 0
    assert heat[0, 0, 0] > 0 > heat[0, 3, 3]


def test_a_randomised_network_has_learnt_nothing_and_keeps_its_signals(bundled: nn.Module) -> None:
    images = faces(40)
    fresh = lrp.randomised(bundled, images, seed=0)
    own, drawn = dict(bundled.named_parameters()), dict(fresh.named_parameters())
    for name, parameter in own.items():
        if parameter.ndim > 1:
            both = torch.stack([parameter.flatten(), drawn[name].flatten()])
            assert abs(torch.corrcoef(both)[0, 1]) < 0.2, name
    norm = next(one for one in fresh.modules() if isinstance(one, nn.BatchNorm2d))
    first = next(one for one in fresh.modules() if isinstance(one, nn.Conv2d))
    assert norm.running_var is not None
    with torch.no_grad():
        seen = first(images).var((0, 2, 3))
        torch.testing.assert_close(norm.running_var, seen, rtol=0.2, atol=0.01)
        assert 0.05 < fresh(images).std() < 50
        assert torch.equal(fresh(images), lrp.randomised(bundled, images, seed=0)(images))
        assert not torch.equal(fresh(images), lrp.randomised(bundled, images, seed=1)(images))

"""Layer-wise relevance propagation: how much each pixel adds to one logit of a network.

Bach et al. 2015 (the ε rule, eq. 58), in the composite of Montavon et al. 2019 (section 10.2), as
zennit computes it (Anders et al. 2021, LGPL). A network is first brought into a form that the
rules understand: batch normalisation folded into the convolution before it, and every sum of two
maps and every factor a module of its own, so that a short cut is given its share of the relevance
and not all of it twice. This file needs torch: import it where it is used, not before.
"""

from __future__ import annotations

import copy
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import fx, nn
from zennit.canonizers import NamedMergeBatchNorm
from zennit.composites import EpsilonGammaBox, LayerMapComposite
from zennit.core import Stabilizer
from zennit.layer import Sum
from zennit.rules import Epsilon, Norm, Pass
from zennit.types import Activation, AvgPool, BatchNorm, Linear

from core.encode.encoder import in_fixed_batches
from core.errors import EncoderError

VERSION = 1
"""Raised whenever the same network and face would give another map."""
BATCH = 16
"""Faces at a time: fixed, and filled up, so that a map does not depend on its neighbours."""
GAMMA, EPSILON, STABILISER = 0.25, 0.25, 1e-6
"""γ and ε of Montavon et al. 2019, section 10.2. ε and the stabiliser are shares of the root mean
square of what a layer gives, so that they mean the same in every layer."""
COMPOSITE = (
    f"z-box at the pixels, gamma (γ = {GAMMA:g}) in the convolutions, epsilon (ε = {EPSILON:g} of "
    "the root mean square) in the dense layers; a sum gives each of its parts its share"
)
"""The rules of `maps`, in words."""
CONSERVING = "epsilon with ε = 1e-12 in every layer, without bias terms, in float64"
"""The rules of `conservation`, in words."""
_TINY = 1e-12
_LAYING_OUT = ("flatten", "view", "reshape", "contiguous", "size", "permute", "unflatten")

Network = nn.Module
Ready = Callable[[np.ndarray], torch.Tensor]
"""Crops uint8 (b, s, s, 3) to what a network takes, float32 (b, 3, s, s)."""


class Scaled(nn.Module):
    """x times a constant: a module, so that relevance passes through it whole."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.factor


@dataclass(frozen=True, eq=False)
class Explainer:
    """A network in the form that rules understand, with what it takes.

    `low` and `high` are what black and white become before they reach the network, a channel each.
    """

    network: fx.GraphModule
    ready: Ready
    low: tuple[float, ...]
    high: tuple[float, ...]

    def maps(self, crops: np.ndarray, units: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Relevance of one logit a face, float32 (n, s, s), and that logit, float32 (n,).

        `units` int (n,) says which of the network's logits. Heat is summed over the colours. It
        starts as the logit itself, so that positive heat speaks for the action unit whatever the
        logit's sign.
        """
        device = next(self.network.parameters()).device
        heat = np.empty((len(crops), *crops.shape[1:3]), np.float32)
        logits = np.empty(len(crops), np.float32)
        exact = torch.backends.cudnn.flags(benchmark=False, deterministic=True, allow_tf32=False)
        with self._rules(device).context(self.network), exact:
            for start in range(0, len(crops), BATCH):
                count = min(BATCH, len(crops) - start)
                filled = np.resize(np.arange(start, start + count), BATCH)
                images = self.ready(crops[filled]).to(device)
                said, found = _propagate(self.network, images, units[filled])
                heat[start : start + count] = found[:count].sum(dim=1).float().cpu().numpy()
                logits[start : start + count] = said[:count].float().cpu().numpy()
        return heat, logits

    def _rules(self, device: torch.device) -> Any:
        low, high = (
            torch.tensor(one, device=device).view(1, -1, 1, 1) for one in (self.low, self.high)
        )
        steady = Stabilizer(STABILISER, norm_scale=True)
        return EpsilonGammaBox(
            low=low, high=high, gamma=GAMMA, epsilon=Stabilizer(EPSILON, norm_scale=True),
            stabilizer=steady, layer_map=[(Scaled, Norm(steady))],
        )  # fmt: skip


def logits(network: nn.Module, ready: Ready, crops: np.ndarray) -> np.ndarray:
    """What `network` says of `crops` uint8 (n, s, s, 3), float32 (n, k)."""
    device = next(network.parameters()).device

    def run(some: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            found: np.ndarray = network(ready(some).to(device)).float().cpu().numpy()
        return found

    return in_fixed_batches(crops, run)


def conservation(
    network: nn.Module, images: torch.Tensor, units: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Sums of relevance over the pixels and the logits that they should equal, float64 (n,) each.

    Under the ε rule with ε → 0 and without bias terms nothing is absorbed on the way (Bach et al.
    2015, eq. 2 and section 2.4). The biases of a copy of `network` are set to 0 first, and both
    figures are of that copy. `images` (n, 3, s, s) as the network takes them.
    """
    heat, said = without_biases(network, images, units)
    return heat.sum(axis=(1, 2, 3)), said


def without_biases(
    network: nn.Module, images: torch.Tensor, units: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Relevance float64 (n, 3, s, s) and logits (n,) under `CONSERVING`."""
    bare = canonical(network).cpu().double()
    for name, parameter in bare.named_parameters():
        if name.endswith("bias"):
            parameter.data.zero_()
    tiny = Stabilizer(_TINY)
    rules = LayerMapComposite(
        [(Activation, Pass()), ((Sum, Scaled), Norm(tiny)), (AvgPool, Norm(tiny)),
         (Linear, Epsilon(tiny))]
    )  # fmt: skip
    with rules.context(bare):
        said, found = _propagate(bare, images.cpu().double(), units)
    return found.cpu().numpy(), said.cpu().numpy()


def _propagate(
    network: nn.Module, images: torch.Tensor, units: np.ndarray
) -> tuple[torch.Tensor, torch.Tensor]:
    """The logits (b,) of `units` and their relevance (b, 3, s, s)."""
    ready = images.detach().clone().requires_grad_()
    every = network(ready)
    place = torch.arange(len(ready)), torch.as_tensor(np.asarray(units))
    wanted = torch.zeros_like(every)
    wanted[place] = every.detach()[place]
    (found,) = torch.autograd.grad(every, ready, wanted)
    return every.detach()[place], found


def canonical(network: nn.Module) -> fx.GraphModule:
    """A copy of `network` without batch normalisation, whose sums and factors are modules.

    The copy computes what the network computes. Raises `EncoderError` where the network cannot be
    followed or does what no rule is known for.
    """
    own = copy.deepcopy(network).eval()
    for module in own.modules():
        if isinstance(module, nn.ReLU):
            module.inplace = False  # what a rule has seen must still be there on the way back
    try:
        traced = fx.GraphModule(own, _Tracer().trace(own))
    except (fx.proxy.TraceError, TypeError, NotImplementedError) as error:
        raise EncoderError(
            f"relevance cannot follow the network {type(network).__name__} ({error}): give one of "
            "plain layers"
        ) from error
    _fold(traced)
    for node in list(traced.graph.nodes):
        _plain(traced, node)
    traced.recompile()
    return traced.requires_grad_(False)


class _Tracer(fx.Tracer):
    """Follows a network down to layers that there are rules for."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return isinstance(m, Sum) or super().is_leaf_module(m, module_qualified_name)


def _fold(traced: fx.GraphModule) -> None:
    """Fold each batch normalisation into the layer whose output it alone takes."""
    modules = dict(traced.named_modules())
    pairs = []
    for node in traced.graph.nodes:
        if node.op != "call_module" or not isinstance(modules[node.target], BatchNorm):
            continue
        before = node.args[0]
        linear = before.op == "call_module" and isinstance(modules[before.target], Linear)
        if not linear or len(before.users) != 1:
            raise EncoderError(
                f"relevance has no rule for the batch normalisation {node.target}, which follows "
                "no convolution or dense layer of its own: give a network in which it does"
            )
        pairs.append(([before.target], node.target))
    NamedMergeBatchNorm(pairs).apply(traced)  # for good: the copy is ours


def _plain(traced: fx.GraphModule, node: fx.Node) -> None:
    """Put a module in place of a function that a rule is wanted for; refuse what is unknown."""
    call = node.target
    harmless = node.op == "call_method" and call in _LAYING_OUT
    known = node.op == "call_function" and call in (torch.flatten, torch.cat, torch.stack)
    if harmless or known or node.op not in ("call_function", "call_method"):
        return
    maps = [one for one in node.args if isinstance(one, fx.Node)]
    module: nn.Module
    with traced.graph.inserting_before(node):
        if call in (operator.add, operator.iadd, torch.add) and len(maps) == 2:
            module, value = Sum(), traced.graph.call_function(torch.stack, (maps, -1))
        elif call in (operator.mul, operator.imul, torch.mul) and len(maps) == 1:
            factor: Any = next(one for one in node.args if not isinstance(one, fx.Node))
            module, value = Scaled(factor), maps[0]
        elif call in (torch.relu, nn.functional.relu):
            module, value = nn.ReLU(), maps[0]
        else:
            raise EncoderError(
                f"relevance has no rule for '{getattr(call, '__name__', call)}' in this network: "
                "give one of convolutions, dense layers, ReLU, pooling and sums"
            )
        name = f"plain_{node.name}"
        traced.add_submodule(name, module)
        node.replace_all_uses_with(traced.graph.call_module(name, (value,)))
    traced.graph.erase_node(node)


def randomised(network: nn.Module, images: torch.Tensor, *, seed: int) -> nn.Module:
    """A copy of `network` that has learnt nothing: every layer is drawn anew, trunk included.

    The independent test of Adebayo et al. 2018, section 3, applied to all layers at once. Weights
    are normal with variance 2 / inputs (He et al. 2015, eq. 10) and biases 0; batch normalisation
    takes its statistics from `images` (n, 3, s, s), so that signals keep their size.
    """
    random = torch.Generator().manual_seed(seed)
    fresh = copy.deepcopy(network).eval()
    for module in fresh.modules():
        if isinstance(module, Linear):
            weight = module.weight
            drawn = torch.randn(weight.shape, generator=random) * (2 / weight[0].numel()) ** 0.5
            weight.data = drawn.to(weight)
            if module.bias is not None:
                module.bias.data.zero_()
        elif isinstance(module, BatchNorm):
            module.reset_parameters()  # statistics too
            module.momentum = None  # the plain mean over all batches
            module.train()
    with torch.no_grad():
        for part in images.split(BATCH):
            if len(part) > 1:
                fresh(part.to(next(fresh.parameters()).device))
    return fresh.eval()

"""ResNet-50 trained on VGGFace2 (Cao et al. 2018): the 2048 figures of its last pooling.

The encoder of the papers. Its weights come from a local file only: a state dict of one of the two
common ports of the published Caffe model. Both are ResNet-50 as in Caffe: the first convolution
of a block takes the stride, and the first pooling has no padding. They differ in the names of
their tensors and in the order of colours. The detector's box is made longer by 0.3 and its central
square is taken, as in the authors' evaluation.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from core.encode.cut import Cut, folded
from core.encode.encoder import Options, digest_of, file_digest
from core.encode.layers import Chain, Pool, Relu, Residual
from core.encode.network import NetworkEncoder, choose_device, fill, read_state
from core.faces.align import Alignment
from core.runtime.traced import RUNTIME

if TYPE_CHECKING:
    from core.encode.network import State

LICENCE = (
    "Your own file, with the terms that came with it; trained on VGGFace2, web photographs of "
    "public figures who were not asked, gathered for research."
)
NEEDED = (
    "weights: the path of a ResNet-50 VGGFace2 state dict (.pt, .pth or .safetensors; the authors' "
    "PyTorch names or torchvision's)"
)

SIZE = 224
ALIGNMENT = Alignment("margin", SIZE, margin=0.3, square=True)
LAST_PLACES = (7, 7)
"""Places of the last maps for crops of `SIZE`."""
MEAN_RGB = (131.0912, 103.8827, 91.4953)
"""Mean colour of VGGFace2, red first (the authors' prototxt gives it blue first)."""

OXFORD_STEM = {"conv1_7x7_s2": "conv1", "conv1_7x7_s2_bn": "bn1"}
OXFORD_PART = {
    "1x1_reduce": "conv1",
    "1x1_reduce_bn": "bn1",
    "3x3": "conv2",
    "3x3_bn": "bn2",
    "1x1_increase": "conv3",
    "1x1_increase_bn": "bn3",
    "1x1_proj": "downsample.0",
    "1x1_proj_bn": "downsample.1",
}
OXFORD_BLOCK = re.compile(r"conv([2-5])_(\d+)_(\w+)\Z")


def build(options: Options) -> NetworkEncoder:
    """The encoder with the weights of `options.weights`; `EncoderError` where they do not fit."""
    options.refuse_preprocessing()
    device = choose_device(options.device)
    path = options.file(NEEDED)
    state = read_state(path)
    oxford = any(name.startswith("conv1_7x7_s2.") for name in state)
    network = caffe_resnet50()
    fill(network, _renamed(state) if oxford else _without(state, "fc."), path)
    # The authors' own port was converted to take red first; the other kept Caffe's blue first.
    color = "RGB" if oxford else "BGR"
    mean = MEAN_RGB if oxford else MEAN_RGB[::-1]
    scale = {"mean": mean, "color": color, "size": SIZE, "margin": ALIGNMENT.margin}
    return NetworkEncoder(
        name="ResNet-50, VGGFace2",
        dimensions=2048,
        alignment=ALIGNMENT,
        digest=digest_of({"encoder": "resnet50", **scale}, file_digest(path)),
        licence=LICENCE,
        network=network.to(device),
        mean=mean,
        std=(1.0, 1.0, 1.0),
        color=color,
        device=device,
        cut=partial(cut, network),
        runtime=RUNTIME if device == "cpu" else "",
    )


def cut(network: Any) -> Cut:
    """Before the last residual block: 2048 maps of 7 × 7, 401 KB a face.

    The network ends at its pooling, so that there is no smaller last stage: inside the block its
    short cut would have to be kept as well.
    """
    from torch import nn

    *before, last = network.layer4
    convolutions = (
        folded(last.conv1, last.bn1, LAST_PLACES),
        Relu(),
        folded(last.conv2, last.bn2, LAST_PLACES),
        Relu(),
        folded(last.conv3, last.bn3, LAST_PLACES),
    )
    stem = (network.conv1, network.bn1, network.relu, network.maxpool)
    trunk = nn.Sequential(*stem, network.layer1, network.layer2, network.layer3, *before)
    tail = Chain((Residual(Chain(convolutions)), Relu(), Pool(last.conv3.out_channels)))
    width = last.conv1.in_channels * LAST_PLACES[0] * LAST_PLACES[1]
    return Cut(trunk, tail, width, "the last block of layer4")


def caffe_resnet50() -> Any:
    """ResNet-50 (He et al. 2016) in Caffe's form, ending at the last pooling: (b, 2048)."""
    from torch import nn
    from torchvision.models import resnet50

    network = resnet50(weights=None)
    network.fc = nn.Identity()
    network.maxpool = nn.MaxPool2d(3, stride=2, ceil_mode=True)
    for stage in (network.layer2, network.layer3, network.layer4):
        stage[0].conv1.stride, stage[0].conv2.stride = (2, 2), (1, 1)
    return network


def _without(state: State, prefix: str) -> State:
    return {name: value for name, value in state.items() if not name.startswith(prefix)}


def _renamed(state: State) -> State:
    """The authors' names ("conv2_1_1x1_reduce.weight") as torchvision's; others stay."""
    renamed = {}
    for name, value in _without(state, "classifier.").items():
        layer, _, tensor = name.rpartition(".")
        renamed[f"{_torchvision_name(layer)}.{tensor}"] = value
    return renamed


def _torchvision_name(layer: str) -> str:
    block = OXFORD_BLOCK.match(layer)
    if block and block.group(3) in OXFORD_PART:
        stage, number = int(block.group(1)) - 1, int(block.group(2)) - 1
        return f"layer{stage}.{number}.{OXFORD_PART[block.group(3)]}"
    return OXFORD_STEM.get(layer, layer)

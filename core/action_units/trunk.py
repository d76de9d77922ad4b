"""The frozen convolutional trunk under the detectors, and the activations of a face set.

`auto` is the trunk of the audit's own encoder. Of the bundled encoder it ends earlier, at 32 maps
of 28 × 28: what tells one expression from another fades on the way to a vector that tells people
apart (measured on the demo set, 92 training people, one network, macro F1: .58 at 7 × 7, .64 at
14 × 14, .68 at 28 × 28). `vgg16`, or a file, is the paper's: VGG16 trained on ImageNet (Simonyan
and Zisserman 2014), whose fully connected part is trained on. Crops are 224 × 224, aligned by five
points.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.encode.bundled import NAME as BUNDLED
from core.encode.cut import trunk_of
from core.encode.download import download
from core.encode.encoder import Encoder, digest_of, file_digest
from core.encode.network import NetworkEncoder, choose_device, fill, read_state
from core.encode.run import encode
from core.errors import ConfigError, EncoderError, NotEnoughData
from core.faces.align import Alignment
from core.faces.faceset import FaceSet
from core.progress import Progress
from core.store import Store, home

if TYPE_CHECKING:
    import torch

AUTO, VGG16 = "auto", "vgg16"
URL = "https://download.pytorch.org/models/vgg16-397923af.pth"
SHA256 = "397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0"
LICENCE = (
    "torchvision's weights (BSD-3-Clause), trained on ImageNet, whose images may be used for "
    "research and are not faces in particular."
)
ALIGNMENT = Alignment("five-points", 224)
MEAN, STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
"""ImageNet's, red first, for pixels from 0 to 255."""
EARLIER, EARLIER_WIDTH = 5, 32 * 28 * 28
"""Layers of the bundled encoder's trunk that are kept, and numbers that they give."""
LIMIT_BYTES = 8 << 30
"""Activations that are held in memory at once, mirrored ones included."""


@dataclass(frozen=True, eq=False)
class Trunk:
    """A frozen trunk; `start` are fully connected layers to go on from (VGG16), or None."""

    network: NetworkEncoder
    start: Mapping[str, np.ndarray] | None = None

    @property
    def width(self) -> int:
        """Numbers of a face."""
        return self.network.dimensions


@dataclass(frozen=True, eq=False)
class Activations:
    """Activations float32 (m, w) of the faces `rows` of a set, as they are and mirrored."""

    x: np.ndarray
    mirrored: np.ndarray
    rows: np.ndarray
    digest: str


def trunk_for(
    asked: str, encoder: Encoder | None, *, device: str = "cpu", progress: Progress | None = None
) -> Trunk:
    """The trunk that `asked` names: auto, vgg16, or the path of a file of VGG16's weights.

    Raises `ConfigError` where auto has no encoder to be the trunk of, `EncoderError` where the
    encoder cannot be cut or the weights do not fit.
    """
    if asked != AUTO:
        return _vgg16(asked, device, progress)
    if encoder is None:
        raise ConfigError(
            "action_units.trunk is auto, which is the trunk of the audit's encoder, and this audit "
            "reads vectors: choose vgg16, or give faces and an encoder"
        )
    whole = trunk_of(encoder)
    if encoder.name != BUNDLED:
        return Trunk(whole)
    kept = {"trunk": "action units", "layers": EARLIER}
    return Trunk(
        replace(
            whole,
            name=f"{encoder.name}, its first layers to 28 × 28",
            dimensions=EARLIER_WIDTH,
            digest=digest_of(kept, whole.digest),
            network=whole.network[:EARLIER],
        )
    )


def activations_of(
    faces: FaceSet, trunk: Trunk, rows: np.ndarray, *, store: Store, progress: Progress
) -> Activations:
    """The activations of the faces `rows`, kept in the store as vectors are.

    Faces that cannot be encoded are left out. Raises `NotEnoughData` where they would not fit.
    """
    need = 8 * len(rows) * trunk.width
    if need > LIMIT_BYTES:
        raise NotEnoughData(
            f"the activations of {len(rows):,} faces take {need / 2**30:.0f} GiB (at most "
            f"{LIMIT_BYTES >> 30} are held): choose fewer faces with faces.where, or a lower "
            "action_units.skew"
        )
    chosen = [int(row) for row in rows]
    own = trunk.network
    turned = replace(
        own,
        name=f"{own.name}, mirrored",
        digest=digest_of({"mirrored": True}, own.digest),
        network=_mirrored(own.network),
    )
    plain, other = (
        encode(faces, one, store=store, progress=progress, rows=chosen, phase=phase)
        for one, phase in ((own, "Encoding (trunk)"), (turned, "Encoding (trunk, mirrored)"))
    )
    place = {name: row for row, name in enumerate(faces.table["id"])}
    found = np.array([place[name] for name in plain.table["id"]], dtype=np.int64)
    return Activations(plain.x, other.x, found, _content(plain.x, other.x))


def _content(*arrays: np.ndarray) -> str:
    """SHA-256 of what detectors learn from; labels have a digest of their own."""
    whole = hashlib.sha256()
    for array in arrays:
        whole.update(np.ascontiguousarray(array).tobytes())
    return whole.hexdigest()


def _mirrored(network: Any) -> Any:
    from torch import nn

    class Mirror(nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return images.flip(3)

    return nn.Sequential(Mirror(), network)


def _vgg16(asked: str, device: str, progress: Progress | None) -> Trunk:
    """VGG16 cut before its fully connected part."""
    from torchvision.models import vgg16

    device = choose_device(device)
    if asked == VGG16:
        path = download(URL, home() / "weights" / Path(URL).name, sha256=SHA256, progress=progress)
    else:
        path = Path(asked).expanduser()
        if not path.is_file():
            raise EncoderError(
                f"action_units.trunk is '{asked}', and there is no such file: choose auto, vgg16, "
                "or the path of VGG16's weights (.pth or .safetensors)"
            )
    network = vgg16(weights=None, init_weights=False)
    fill(network, read_state(path), path)
    start = {}
    for place, layer in enumerate((network.classifier[0], network.classifier[3])):
        start[f"weight{place}"] = layer.weight.detach().numpy().T.copy()
        start[f"bias{place}"] = layer.bias.detach().numpy().copy()
    scale = {"mean": MEAN, "std": STD, "size": ALIGNMENT.size, "align": ALIGNMENT.kind}
    return Trunk(
        NetworkEncoder(
            name="VGG16, ImageNet, before its fully connected part",
            dimensions=int(network.classifier[0].in_features),
            alignment=ALIGNMENT,
            digest=digest_of({"encoder": VGG16, **scale}, file_digest(path)),
            licence=LICENCE,
            network=network.features.to(device),
            mean=MEAN,
            std=STD,
            device=device,
        ),
        start,
    )

"""FaceNet's Inception-ResNet v1 as ported by facenet-pytorch, trained on VGGFace2 or CASIA.

Schroff et al. (2015), trained by D. Sandberg. Crops are MTCNN boxes with 14 of 160 pixels of
margin, as in the port's own evaluation on LFW; pixels are scaled by (p − 127.5) / 128.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from core.encode.cut import Cut, folded, folded_affine
from core.encode.download import download
from core.encode.encoder import Options, digest_of, file_digest
from core.encode.layers import Beside, Chain, Layer, Pool, Relu, Residual, Unit
from core.encode.network import NetworkEncoder, choose_device, fill, read_state
from core.faces.align import Alignment
from core.runtime.traced import RUNTIME
from core.store import home

SIZE = 160
MARGIN = 14
ALIGNMENT = Alignment("margin", SIZE, margin=MARGIN / (SIZE - MARGIN))


@dataclass(frozen=True)
class _Release:
    """One published file; `sha256` is None where no digest of it could be found in print.

    The names carry the date of the training and no digest. That of VGGFace2 stands in several
    public projects that pin it; for CASIA the digest of the first download is kept and later ones
    are held against it.
    """

    title: str
    url: str
    sha256: str | None


_FROM = "https://github.com/timesler/facenet-pytorch/releases/download/v2.2.9/"
RELEASES = {
    "facenet-vggface2": _Release(
        "FaceNet, VGGFace2",
        _FROM + "20180402-114759-vggface2.pt",
        "281cebca8662831adb987a874bdcb36e73f5b1c6dc5ee5878f305e985625d99b",
    ),
    "facenet-casia": _Release(
        "FaceNet, CASIA-WebFace", _FROM + "20180408-102900-casia-webface.pt", None
    ),
}

LICENCE = {
    "facenet-vggface2": (
        "MIT (facenet-pytorch); trained on VGGFace2, web photographs of public figures who were "
        "not asked, gathered for research."
    ),
    "facenet-casia": (
        "MIT (facenet-pytorch); trained on CASIA-WebFace, web photographs of actors who were not "
        "asked, gathered for research."
    ),
}


def build(options: Options) -> NetworkEncoder:
    """The encoder of `options.kind` with the weights of a local file, or of the official release.

    Nothing is fetched unless `weights` is "download". Raises `EncoderError` where the file is
    missing, does not fit or has another digest than the one published.
    """
    options.refuse_preprocessing()
    device = choose_device(options.device)
    release = RELEASES[options.kind]
    if str(options.weights) == "download":
        target = home() / "weights" / release.url.rsplit("/", 1)[1]
        path = download(release.url, target, sha256=release.sha256, progress=options.progress)
    else:
        path = options.file(f"weights: download (107 to 111 MB from {release.url}), or its path")
    import torch
    from facenet_pytorch import InceptionResnetV1

    # No random weights are drawn first, which took longer than reading those of the file.
    with torch.device("meta"):
        network = InceptionResnetV1()
    network.to_empty(device="cpu")
    # The classifier of the training identities is in the file and not in the encoder.
    state = {k: v for k, v in read_state(path).items() if not k.startswith("logits.")}
    fill(network, state, path)
    scale = {"mean": 127.5, "std": 128.0, "size": SIZE, "margin": MARGIN}
    return NetworkEncoder(
        name=release.title,
        dimensions=512,
        alignment=ALIGNMENT,
        digest=digest_of({"encoder": "facenet", **scale}, file_digest(path)),
        licence=LICENCE[options.kind],
        network=network.to(device),
        mean=(127.5, 127.5, 127.5),
        std=(128.0, 128.0, 128.0),
        device=device,
        cut=partial(cut, network),
        runtime=RUNTIME if device == "cpu" else "",
    )


TRUNK = (
    "conv2d_1a", "conv2d_2a", "conv2d_2b", "maxpool_3a", "conv2d_3b", "conv2d_4a", "conv2d_4b",
    "repeat_1", "mixed_6a", "repeat_2", "mixed_7a", "repeat_3",
)  # fmt: skip
"""The network's parts up to the last inception block, in the order in which it walks them."""
LAST_PLACES = (3, 3)
"""Places of the last maps for crops of `SIZE`."""


def cut(network: Any) -> Cut:
    """Before the last inception block: 1792 maps of 3 × 3, 64 KB a face.

    After the pooling there would be 7 KB to keep and a linear map to train: with its block the
    last stage can still change what is seen where.
    """
    from torch import nn

    block = network.block8

    def basic(part: Any) -> tuple[Layer, Layer]:
        return folded(part.conv, part.bn, LAST_PLACES), Relu()

    branches = (
        Chain(basic(block.branch0)),
        Chain(tuple(layer for part in block.branch1 for layer in basic(part))),
    )
    joined = folded(block.conv2d, None, LAST_PLACES, block.scale)
    tail = Chain(
        (
            Residual(Chain((Beside(branches), joined))),
            Pool(network.last_linear.in_features),
            folded_affine(network.last_linear, network.last_bn),
            Unit(),
        )
    )
    trunk = nn.Sequential(*(getattr(network, name) for name in TRUNK))
    width = network.last_linear.in_features * LAST_PLACES[0] * LAST_PLACES[1]
    return Cut(trunk, tail, width, "block8, last_linear and last_bn")

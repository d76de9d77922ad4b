"""The encoders and their registry: what may be chosen for what, and the right networks."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional

from core.encode.network import NetworkEncoder
from core.encode.registry import ENCODERS, KINDS, licence, make_encoder
from core.encode.resnet50 import caffe_resnet50
from core.errors import EncoderError
from core.faces.align import Alignment

FIXED = [kind for kind in ENCODERS if kind != "onnx"]


def _crops(n: int, size: int) -> np.ndarray:
    return np.random.default_rng(n).integers(0, 256, (n, size, size, 3), dtype=np.uint8)


# The registry.


@pytest.mark.parametrize("kind", ["auto", "synthetic"])
def test_photographs_never_get_the_drawn_faces_encoder(kind: str) -> None:
    with pytest.raises(EncoderError) as raised:
        make_encoder(kind, synthetic=False)
    for other in ("onnx", "facenet-vggface2", "facenet-casia", "resnet50-vggface2", "download"):
        assert other in str(raised.value)


@pytest.mark.parametrize("kind", ["auto", "synthetic"])
def test_the_synthetic_set_gets_the_bundled_encoder(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = "core.encode.synthetic.load_bundled"
    monkeypatch.setattr(door, lambda device: f"bundled on {device}")
    assert make_encoder(kind, device="cpu", synthetic=True) == "bundled on cpu"


def test_an_unknown_kind_is_told_the_known_ones() -> None:
    with pytest.raises(EncoderError, match="resnet50-vggface2"):
        make_encoder("resnet", synthetic=False)


@pytest.mark.parametrize("kind", FIXED)
@pytest.mark.parametrize("option", ["size", "mean", "std", "color", "align"])
def test_preprocessing_can_be_chosen_for_onnx_only(kind: str, option: str) -> None:
    with pytest.raises(EncoderError, match=f"{option}.*onnx"):
        make_encoder(kind, synthetic=True, **{option: 1})  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ENCODERS)
def test_every_kind_has_its_licence_in_one_sentence(kind: str) -> None:
    assert kind in KINDS
    assert licence(kind).endswith(".")


@pytest.mark.parametrize("kind", ["facenet-vggface2", "facenet-casia", "resnet50-vggface2"])
def test_weights_that_are_missing_are_asked_for_and_never_fetched(
    kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("nothing may be downloaded unasked")

    monkeypatch.setattr("urllib.request.urlopen", refuse)
    for weights in (None, "", tmp_path / "missing.pt"):
        with pytest.raises(EncoderError, match="path"):
            make_encoder(kind, weights=weights, device="cpu", synthetic=False)


def test_download_takes_the_official_release_with_its_digest(
    workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, Path, str | None]] = []

    def stop(url: str, target: Path, *, sha256: str | None, progress: object) -> Path:
        asked.append((url, target, sha256))
        raise EncoderError("far enough")

    monkeypatch.setattr("core.encode.facenet.download", stop)
    for kind in ("facenet-vggface2", "facenet-casia"):
        with pytest.raises(EncoderError, match="far enough"):
            make_encoder(kind, weights="download", device="cpu", synthetic=False)
    assert all("timesler/facenet-pytorch/releases" in url for url, _, _ in asked)
    assert all(target.parent == workdir / "cache" / "weights" for _, target, _ in asked)
    assert [len(digest or "") for _, _, digest in asked] == [64, 0]


def test_a_device_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="auto, cpu or cuda"):
        make_encoder("facenet-casia", weights="w", device="tpu", synthetic=False)
    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    with pytest.raises(EncoderError, match="0 GPUs"):
        make_encoder("facenet-casia", weights="w", device="cuda", synthetic=False)


# pixels.


def test_pixels_are_the_mean_luma_of_blocks() -> None:
    crops = _crops(2, 112)
    slow = np.zeros((2, 16, 16))
    for b, row, column in np.ndindex(2, 16, 16):
        block = crops[b, 7 * row : 7 * row + 7, 7 * column : 7 * column + 7].astype(float)
        slow[b, row, column] = (block @ [0.299, 0.587, 0.114]).mean() / 255
    encoder = make_encoder("pixels", synthetic=False)
    vectors = encoder.vectors(crops)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, slow.reshape(2, 256), atol=1e-6)
    assert vectors.min() >= 0
    assert encoder.vectors(np.full((1, 112, 112, 3), 255, np.uint8)).max() <= 1 + 1e-6


# Networks.


class _Tiny(nn.Module):
    """Convolutions and a dense layer, large enough to be computed differently by batch."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Conv2d(3, 24, 3, stride=2)
        self.second = nn.Conv2d(24, 48, 3, stride=2)
        self.last = nn.Linear(48 * 7 * 7, 130)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(torch.relu(self.second(torch.relu(self.first(x)))).flatten(1))


def test_a_networks_vectors_do_not_depend_on_the_batch() -> None:
    network, scale = _Tiny().eval(), (128.0, 128.0, 128.0)
    encoder = NetworkEncoder("tiny", 130, Alignment("whole", 32), "", "", network, scale, scale)
    crops = _crops(64, 32)
    whole = encoder.vectors(crops)
    assert encoder.vectors(crops[:0]).shape == (0, 130)
    for step in (1, 7):
        parts = [encoder.vectors(crops[i : i + step]) for i in range(0, 64, step)]
        np.testing.assert_array_equal(np.concatenate(parts), whole)
    with torch.inference_mode():
        images = torch.from_numpy(crops).permute(0, 3, 1, 2).float().sub(128).div(128)
        np.testing.assert_allclose(whole, network(images).numpy(), atol=1e-5)


@pytest.fixture(scope="module")
def facenet_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from facenet_pytorch import InceptionResnetV1

    torch.manual_seed(0)
    network = InceptionResnetV1(classify=True, num_classes=4)
    path = tmp_path_factory.mktemp("facenet") / "facenet.pt"
    torch.save(network.state_dict(), path)
    return path


def test_facenet_is_that_of_facenet_pytorch(facenet_file: Path) -> None:
    from facenet_pytorch import InceptionResnetV1, fixed_image_standardization

    encoder = make_encoder("facenet-vggface2", weights=facenet_file, device="cpu", synthetic=False)
    network = InceptionResnetV1(classify=True, num_classes=4).eval()
    network.load_state_dict(torch.load(facenet_file, weights_only=True))
    network.classify = False
    crops = _crops(3, 160)
    with torch.inference_mode():
        images = torch.from_numpy(crops).permute(0, 3, 1, 2).float()
        expected = network(fixed_image_standardization(images)).numpy()
    vectors = encoder.vectors(crops)
    np.testing.assert_allclose(vectors, expected, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert (encoder.dimensions, encoder.size, encoder.alignment.kind) == (512, 160, "margin")


def test_facenets_digest_follows_its_weights(facenet_file: Path, tmp_path: Path) -> None:
    state = torch.load(facenet_file, weights_only=True)
    state["last_bn.bias"] = state["last_bn.bias"] + 1
    torch.save(state, tmp_path / "other.pt")
    first, other = (
        make_encoder("facenet-casia", weights=path, device="cpu", synthetic=False)
        for path in (facenet_file, tmp_path / "other.pt")
    )
    assert first.digest != other.digest


class _Runs:
    """Unpickled carelessly, this runs a command."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.mark),)


def test_weights_that_do_not_fit_are_refused_and_run_no_code(tmp_path: Path) -> None:
    mark = tmp_path / "it ran"
    with open(tmp_path / "code.pt", "wb") as file:
        pickle.dump({"weights": _Runs(mark)}, file)
    torch.save({"weights": _Runs(mark)}, tmp_path / "zipped.pt")
    with open(tmp_path / "arrays.pkl", "wb") as file:
        pickle.dump({"conv1.weight": np.zeros(3)}, file, protocol=2)
    (tmp_path / "text.pt").write_text("hello")
    (tmp_path / "broken.safetensors").write_bytes(b"\xff" * 64)
    torch.save([1, 2], tmp_path / "list.pt")
    torch.save({}, tmp_path / "empty.pt")
    torch.save({"epoch": 3, "weight": torch.zeros(2)}, tmp_path / "mixed.pt")
    for path in sorted(tmp_path.iterdir()):
        with pytest.raises(EncoderError, match="without running code"):
            make_encoder("resnet50-vggface2", weights=path, device="cpu", synthetic=False)
    assert not mark.exists()
    torch.save({"conv1.weight": torch.zeros(2)}, tmp_path / "other.pt")
    with pytest.raises(EncoderError, match=r"tensors are missing.*this very network"):
        make_encoder(
            "resnet50-vggface2", weights=tmp_path / "other.pt", device="cpu", synthetic=False
        )


# ResNet-50, against a forward pass written out with the names of the authors' port.

OXFORD = {
    "conv1.": "conv1_7x7_s2.", "bn1.": "conv1_7x7_s2_bn.",
    ".conv1.": "_1x1_reduce.", ".bn1.": "_1x1_reduce_bn.", ".conv2.": "_3x3.", ".bn2.": "_3x3_bn.",
    ".conv3.": "_1x1_increase.", ".bn3.": "_1x1_increase_bn.",
    ".downsample.0.": "_1x1_proj.", ".downsample.1.": "_1x1_proj_bn.",
}  # fmt: skip


@pytest.fixture(scope="module")
def caffe_state() -> dict[str, torch.Tensor]:
    torch.manual_seed(1)
    state = {name: value.clone() for name, value in caffe_resnet50().state_dict().items()}
    for name in state:
        if name.endswith("running_mean"):
            state[name] = torch.randn_like(state[name]) * 0.1
    return {name: value for name, value in state.items() if "num_batches" not in name}


def _oxford_names(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    renamed = {}
    for name, value in state.items():
        stage = name.split(".")[0]
        if stage.startswith("layer"):
            block = int(name.split(".")[1])
            rest = name[len(f"{stage}.{block}") :]
            part = next(key for key in OXFORD if key.startswith(".") and rest.startswith(key))
            head = f"conv{int(stage[-1]) + 1}_{block + 1}"
            renamed[head + OXFORD[part] + rest[len(part) :]] = value
        else:
            part = name.split(".")[0] + "."
            renamed[OXFORD[part] + name[len(part) :]] = value
    return renamed


def _caffe_forward(weights: dict[str, torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """The slow twin: the authors' network, layer by layer."""

    def conv(x: torch.Tensor, name: str, stride: int = 1, padding: int = 0) -> torch.Tensor:
        x = functional.conv2d(x, weights[f"{name}.weight"], stride=stride, padding=padding)
        bn = [weights[f"{name}_bn.{p}"] for p in ("running_mean", "running_var", "weight", "bias")]
        return functional.batch_norm(x, *bn, eps=1e-5)

    x = functional.max_pool2d(torch.relu(conv(x, "conv1_7x7_s2", 2, 3)), 3, 2, ceil_mode=True)
    for stage, blocks in ((2, 3), (3, 4), (4, 6), (5, 3)):
        for block in range(1, blocks + 1):
            name, stride = f"conv{stage}_{block}", 2 if stage > 2 and block == 1 else 1
            short = conv(x, f"{name}_1x1_proj", stride) if block == 1 else x
            y = torch.relu(conv(x, f"{name}_1x1_reduce", stride))
            y = conv(torch.relu(conv(y, f"{name}_3x3", 1, 1)), f"{name}_1x1_increase")
            x = torch.relu(y + short)
    return functional.avg_pool2d(x, 7).flatten(1)


@pytest.fixture(scope="module")
def expected(caffe_state: dict[str, torch.Tensor]) -> np.ndarray:
    red_first = _crops(2, 224).astype(np.float32) - np.float32([131.0912, 103.8827, 91.4953])
    with torch.inference_mode():
        images = torch.from_numpy(red_first).permute(0, 3, 1, 2)
        return _caffe_forward(_oxford_names(caffe_state), images).numpy()


def _resnet50(path: Path) -> np.ndarray:
    encoder = make_encoder("resnet50-vggface2", weights=path, device="cpu", synthetic=False)
    assert (encoder.dimensions, encoder.size, encoder.alignment.square) == (2048, 224, True)
    return encoder.vectors(_crops(2, 224))


def _close(found: np.ndarray, expected: np.ndarray) -> bool:
    return bool(np.abs(found - expected).max() < 1e-5 * np.abs(expected).max())


def test_resnet50_of_the_authors_port_is_their_network(
    caffe_state: dict[str, torch.Tensor], expected: np.ndarray, tmp_path: Path
) -> None:
    named = _oxford_names(caffe_state) | {"classifier.weight": torch.zeros(7, 2048, 1, 1)}
    torch.save({"state_dict": named}, tmp_path / "oxford.pth")
    assert _close(_resnet50(tmp_path / "oxford.pth"), expected)


def test_resnet50_with_torchvisions_names_takes_blue_first(
    caffe_state: dict[str, torch.Tensor], expected: np.ndarray, tmp_path: Path
) -> None:
    # The same network, its first layer turned round, must give the same vectors.
    turned = caffe_state | {"conv1.weight": caffe_state["conv1.weight"].flip(1).contiguous()}
    turned |= {"fc.weight": torch.zeros(7, 2048), "fc.bias": torch.zeros(7)}
    save_file(turned, tmp_path / "torchvision.safetensors")
    assert _close(_resnet50(tmp_path / "torchvision.safetensors"), expected)


def test_resnet50_refuses_the_128_figure_variant(
    caffe_state: dict[str, torch.Tensor], tmp_path: Path
) -> None:
    named = _oxford_names(caffe_state) | {"feat_extract.weight": torch.zeros(128, 2048, 1, 1)}
    torch.save(named, tmp_path / "small.pth")
    with pytest.raises(EncoderError, match=r"1 are unknown.*feat_extract"):
        make_encoder(
            "resnet50-vggface2", weights=tmp_path / "small.pth", device="cpu", synthetic=False
        )

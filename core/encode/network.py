"""What the encoders that are torch networks share: device, weights from a file, vectors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.encode.encoder import check_crops, in_fixed_batches
from core.errors import EncoderError
from core.faces.align import Alignment

if TYPE_CHECKING:
    import torch

    from core.encode.cut import Cut
    from core.runtime.runner import Runner

    State = dict[str, torch.Tensor]


AT_ONCE = 4
"""Crops that a session sees at once: at 1, 4 and 16 a crop took InceptionResnetV1 41, 34, 36 ms."""


@dataclass(frozen=True)
class NetworkEncoder:
    """A torch network with its preprocessing: (pixel − mean) / std in the order `color`.

    `mean` and `std` are for pixels from 0 to 255, one figure a channel in that order. The network
    gives (b, d), or (b, c, h, w), which is laid flat. `cut` says where it can be cut into a trunk
    and a last stage (`core.encode.cut`). With a `runtime` (`core.runtime.traced.RUNTIME`)
    onnxruntime gives the vectors, and torch gradients and activations only.
    """

    name: str
    dimensions: int
    alignment: Alignment
    digest: str
    licence: str
    network: Any
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    color: str = "RGB"
    device: str = "cpu"
    cut: Callable[[], Cut] | None = None
    runtime: str = ""

    @property
    def size(self) -> int:
        """Side of the crop in pixels."""
        return self.alignment.size

    def vectors(self, crops: np.ndarray) -> np.ndarray:
        """Vectors float32 (b, d), as they come, of `crops` uint8 (b, size, size, 3)."""
        check_crops(crops, self.size)
        if not self.runtime:
            return in_fixed_batches(crops, self._run)
        fast = self._fast  # opened before several threads ask for it

        def run(part: np.ndarray) -> np.ndarray:
            return fast(self._scaled(part)).reshape(len(part), -1)

        return in_fixed_batches(crops, run, AT_ONCE, beside=True)

    def __getstate__(self) -> dict[str, Any]:
        """A session does not travel: it is opened again where the network arrives."""
        return {name: value for name, value in self.__dict__.items() if name != "_fast"}

    @cached_property
    def _fast(self) -> Runner:
        from core.runtime.runner import runner

        return runner(self.network, (AT_ONCE, 3, self.size, self.size), "cpu")

    def _run(self, crops: np.ndarray) -> np.ndarray:
        import torch

        images = torch.from_numpy(self._scaled(crops))
        exact = torch.backends.cudnn.flags(benchmark=False, deterministic=True, allow_tf32=False)
        with torch.inference_mode(), exact:
            answer = self.network(images.to(self.device))
        vectors: np.ndarray = answer.flatten(1).float().cpu().numpy()
        return vectors

    def _scaled(self, crops: np.ndarray) -> np.ndarray:
        """The crops as the network takes them, float32 (b, 3, size, size)."""
        ordered = crops if self.color == "RGB" else crops[..., ::-1]
        scaled = (ordered - np.array(self.mean, np.float32)) / np.array(self.std, np.float32)
        return np.ascontiguousarray(scaled.transpose(0, 3, 1, 2))


def choose_device(device: str) -> str:
    """ "cpu" or "cuda" for `auto`, `cpu` or `cuda`; raises `EncoderError` where it is not there."""
    if device not in ("auto", "cpu", "cuda"):
        raise EncoderError(f"device: {device!r} is unknown: choose auto, cpu or cuda")
    if device == "cpu":
        return device
    import torch

    found = torch.cuda.is_available()
    if device == "cuda" and not found:
        raise EncoderError(
            "device: cuda, and torch finds 0 GPUs here: choose device auto or cpu, or install a "
            "torch and a driver that see the GPU"
        )
    return "cuda" if found else "cpu"


def read_state(path: Path) -> State:
    """The state dict in a .safetensors file, or in one of torch.save, read without running code.

    A dict under "state_dict" is taken out, the prefix "module." dropped. Raises `EncoderError`
    where the file is damaged, is a pickle of something else, or holds no tensors.
    """
    import torch
    from safetensors.torch import load_file

    try:
        if path.suffix.lower() == ".safetensors":
            held: Any = load_file(path)
        else:
            held = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # unpickling raises whatever the file makes it raise
        raise _unreadable(path, error) from error
    if isinstance(held, Mapping) and isinstance(held.get("state_dict"), Mapping):
        held = held["state_dict"]
    if not isinstance(held, Mapping) or not held:
        raise _unreadable(path, f"it holds {type(held).__name__}")
    if not all(isinstance(value, torch.Tensor) for value in held.values()):
        raise _unreadable(path, "it holds more than tensors")
    return {str(name).removeprefix("module."): value for name, value in held.items()}


def _unreadable(path: Path, why: object) -> EncoderError:
    line = (str(why).strip().splitlines() or ["no reason given"])[0][:120]
    return EncoderError(
        f"{path.name} is not a state dict that can be read without running code from it ({line}): "
        "convert it, where you trust its source, with torch.save(state_dict, …) or "
        "safetensors.torch.save_file(state_dict, …), every value a tensor"
    )


def fill(network: torch.nn.Module, state: State, path: Path) -> None:
    """Load `state` into `network`, name for name; raises `EncoderError` where they do not agree.

    Only the counters of batch normalisation may be missing: old files have none, and they play no
    part once a network is trained.
    """
    wanted = network.state_dict()
    missing = [n for n in wanted if n not in state and not n.endswith("num_batches_tracked")]
    unknown = [n for n in state if n not in wanted]
    other = [n for n in state if n in wanted and state[n].shape != wanted[n].shape]
    if missing or unknown or other:
        first = (missing + unknown + other)[0]
        raise EncoderError(
            f"{path.name} does not fit: {len(missing)} tensors are missing, {len(unknown)} are "
            f"unknown and {len(other)} have another shape (the first is {first}): give the weights "
            "of this very network"
        )
    network.load_state_dict(state, strict=False)
    network.eval()

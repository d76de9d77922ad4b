"""Train the bundled recogniser on synthetic people, from drawing to weights, with one command.

    python -m benchmarks.train_bundled --out core/encode/weights

It is trained as face recognisers are: additive angular margin (ArcFace; Deng et al. 2019, eq. 3)
over identities, which are the only labels it sees. Expression, pose, light, blur and noise vary
among a person's pictures and nothing tells the network to keep or to drop them. Its people come
from the population "training", which no audit uses and which shares nobody with any other.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import platform
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
import torch
from safetensors.torch import save_file
from sklearn.metrics import roc_curve
from torch import nn
from torch.nn import functional

from core.encode.bundled_network import DIMENSIONS, SIZE, BundledNetwork, prepare
from core.faces.align import warp_five_points
from core.faces.synthetic import ALL_EXPRESSIONS, VERSION, draw, identity

POPULATION = "training"
MARGIN_FULL_AT = 0.3  # share of the training after which the margin has its full size
WARM_UP = 0.05


@dataclass(frozen=True)
class Plan:
    """Every setting of a training; `minutes` is a limit, which shortens the schedule if it binds.

    People 0 to `identities` - 1 are trained on, the next `held_out` judge the result. `jitter` is
    the standard deviation of the error put on each landmark, in pixels of the 160-pixel drawing.
    """

    identities: int = 1000
    held_out: int = 150
    shots: int = 14
    epochs: int = 10
    minutes: float = 25.0
    batch: int = 48
    rate: float = 2e-3
    decay: float = 0.05
    scale: float = 30.0
    margin: float = 0.3
    jitter: float = 1.2
    shift: int = 3
    seed: int = 0


def draw_person(index: int, *, shots: int, jitter: float, seed: int) -> np.ndarray:
    """Aligned crops uint8 (shots, 112, 112, 3) of one person, the expressions in turn."""
    cv2.setNumThreads(1)
    person = identity(seed, POPULATION, index)
    rng = np.random.default_rng([seed, index])
    crops = np.empty((shots, SIZE, SIZE, 3), np.uint8)
    for shot in range(shots):
        drawing = draw(person, ALL_EXPRESSIONS[shot % len(ALL_EXPRESSIONS)], shot)
        points = drawing.landmarks + rng.normal(0, jitter, (5, 2)).astype(np.float32)
        crops[shot] = warp_five_points(drawing.image, points, SIZE)
    return crops


def draw_people(
    people: range, *, shots: int, jitter: float, seed: int, processes: int = 1
) -> np.ndarray:
    """Aligned crops uint8 (len(people) * shots, 112, 112, 3), person after person."""
    one = partial(draw_person, shots=shots, jitter=jitter, seed=seed)
    crops = np.empty((len(people) * shots, SIZE, SIZE, 3), np.uint8)
    # A fork would inherit torch's threads without their owner, and could wait for ever.
    fresh = get_context("spawn")
    with ProcessPoolExecutor(processes, fresh) if processes > 1 else nullcontext() as pool:
        found = pool.map(one, people, chunksize=4) if pool else map(one, people)
        for place, drawn in enumerate(found):
            crops[place * shots : (place + 1) * shots] = drawn
    return crops


def training_pictures(plan: Plan, keep: Path | None = None, processes: int = 1) -> np.ndarray:
    """Crops of the people trained on, then of those held out, `shots` each.

    Drawing takes minutes: `keep` names an .npy file to draw into once and to read afterwards.
    """
    count = plan.identities + plan.held_out
    shape = (count * plan.shots, SIZE, SIZE, 3)
    if keep is not None and keep.exists():
        kept = np.load(keep, mmap_mode="r")
        if kept.shape != shape:
            raise SystemExit(f"{keep} holds crops of shape {kept.shape}, not {shape}: delete it")
        return kept
    drawing = partial(draw_people, shots=plan.shots, seed=plan.seed, processes=processes)
    crops = np.concatenate(
        [
            drawing(range(plan.identities), jitter=plan.jitter),
            drawing(range(plan.identities, count), jitter=0.0),
        ]
    )
    if keep is not None:
        np.save(keep, crops)
    return crops


class ArcFace(nn.Module):
    """Cross-entropy over people, an angular margin on the true one (Deng et al. 2019, eq. 3)."""

    def __init__(self, identities: int, scale: float) -> None:
        super().__init__()
        self.scale = scale
        self.centres = nn.Parameter(torch.empty(identities, DIMENSIONS))
        nn.init.normal_(self.centres, std=0.01)

    def forward(self, vectors: torch.Tensor, people: torch.Tensor, margin: float) -> torch.Tensor:
        cosine = functional.normalize(vectors) @ functional.normalize(self.centres).T
        angle = torch.acos(cosine.gather(1, people[:, None]).clamp(-1 + 1e-6, 1 - 1e-6))
        # Beyond pi the cosine would rise again and reward the wrong side.
        target = torch.cos((angle + margin).clamp(max=math.pi))
        return functional.cross_entropy(
            self.scale * cosine.scatter(1, people[:, None], target), people
        )


def augment(crops: np.ndarray, rng: np.random.Generator, shift: int) -> torch.Tensor:
    """Network input of the crops, each flipped or not, moved by up to `shift` pixels and relit."""
    moved = np.empty_like(crops)
    padding = ((shift, shift), (shift, shift), (0, 0))
    for place, crop in enumerate(crops):
        top, left = rng.integers(0, 2 * shift + 1, 2)
        wide = np.pad(crop, padding, mode="edge")[top : top + SIZE, left : left + SIZE]
        moved[place] = wide[:, ::-1] if rng.random() < 0.5 else wide
    contrast = torch.from_numpy(rng.uniform(0.8, 1.2, (len(crops), 1, 1, 1)).astype(np.float32))
    brightness = torch.from_numpy(rng.uniform(-0.2, 0.2, contrast.shape).astype(np.float32))
    return prepare(moved).mul_(contrast).add_(brightness).clamp_(-1, 1)


def batches(
    count: int, epochs: int, size: int, rng: np.random.Generator
) -> Iterator[tuple[float, np.ndarray]]:
    """(epoch as a fraction, rows) of each step; the last, smaller batch of an epoch is left out."""
    steps = count // size
    for epoch in range(epochs):
        order = rng.permutation(count)
        for step in range(steps):
            yield epoch + step / steps, order[step * size : (step + 1) * size]


def learning_rate(done: float, highest: float) -> float:
    """A linear warm-up, then half a cosine down to nothing; `done` from 0 to 1."""
    rest = max(0.0, (done - WARM_UP) / (1 - WARM_UP))
    return highest * min(done / WARM_UP + 0.01, 0.5 + 0.5 * math.cos(math.pi * min(rest, 1.0)))


def train(
    crops: np.ndarray, people: np.ndarray, plan: Plan, device: str = "cpu"
) -> tuple[BundledNetwork, list[dict[str, float]]]:
    """Fit the network; returns it in evaluation mode on the CPU with one log row an epoch."""
    torch.manual_seed(plan.seed)
    rng = np.random.default_rng(plan.seed)
    network = BundledNetwork().to(device).to(memory_format=torch.channels_last).train()
    loss = ArcFace(int(people.max()) + 1, plan.scale).to(device)
    parameters = [*network.parameters(), *loss.parameters()]
    optimiser = torch.optim.AdamW(parameters, plan.rate, weight_decay=plan.decay, fused=True)
    log: list[dict[str, float]] = []
    losses: list[float] = []
    began = time.monotonic()
    for epoch, rows in batches(len(crops), plan.epochs, plan.batch, rng):
        spent = time.monotonic() - began
        done = max(epoch / plan.epochs, spent / (60 * plan.minutes))
        if done >= 1:
            break
        if losses and epoch == int(epoch):
            log.append(_entry(epoch, losses, spent))
            losses = []
        optimiser.param_groups[0]["lr"] = learning_rate(done, plan.rate)
        images = augment(crops[rows], rng, plan.shift).to(device)
        margin = plan.margin * min(1.0, done / MARGIN_FULL_AT)
        value = loss(network(images), torch.from_numpy(people[rows]).to(device), margin)
        optimiser.zero_grad()
        value.backward()
        optimiser.step()
        losses.append(float(value.detach()))
    log.append(_entry(epoch, losses, time.monotonic() - began))
    return network.to("cpu").eval(), log


def _entry(epoch: float, losses: list[float], spent: float) -> dict[str, float]:
    entry = {"epoch": round(epoch, 2), "loss": round(float(np.mean(losses)), 4)}
    entry["seconds"] = round(spent, 1)
    print(json.dumps(entry), flush=True)
    return entry


def embed(network: BundledNetwork, crops: np.ndarray, size: int = 64) -> np.ndarray:
    """Vectors float32 (n, 256) of crops uint8 (n, 112, 112, 3)."""
    with torch.inference_mode():
        parts = [network(prepare(crops[at : at + size])) for at in range(0, len(crops), size)]
    return torch.cat(parts).numpy()


def verification(vectors: np.ndarray, people: np.ndarray) -> dict[str, float]:
    """Cosine figures over all pairs of pictures, and rank-1 with one picture a person enrolled."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    scores = unit @ unit.T
    above = np.triu_indices(len(unit), 1)
    same = people[above[0]] == people[above[1]]
    false, true, _ = roc_curve(same, scores[above])
    first = np.unique(people, return_index=True)[1]
    probes = np.setdiff1d(np.arange(len(people)), first)
    found = people[first][scores[np.ix_(probes, first)].argmax(1)] == people[probes]
    return {
        "people": len(first),
        "pictures": len(people),
        "genuine_pairs": int(same.sum()),
        "impostor_pairs": int((~same).sum()),
        "auc": float(np.trapezoid(true, false)),
        "eer": float(false[np.argmin(np.abs(false - (1 - true)))]),
        "tar_at_far_1e-2": float(np.interp(1e-2, false, true)),
        "tar_at_far_1e-3": float(np.interp(1e-3, false, true)),
        "rank_1": float(found.mean()),
    }


def save(network: BundledNetwork, report: dict[str, object], folder: Path) -> None:
    """Write `bundled.safetensors` and `training.json` to `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = folder / "bundled.safetensors"
    tensors = {name: value.contiguous() for name, value in network.state_dict().items()}
    save_file(tensors, weights, metadata={"generator": str(VERSION), "population": POPULATION})
    report["weights_sha256"] = hashlib.sha256(weights.read_bytes()).hexdigest()
    (folder / "training.json").write_text(json.dumps(report, indent=1) + "\n")


def main() -> None:
    """Draw, train, judge on people held out, and save."""
    parser = argparse.ArgumentParser(description="Train the bundled recogniser.")
    for name, value in asdict(Plan()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    parser.add_argument("--out", type=Path, required=True, help="folder for weights and figures")
    parser.add_argument("--crops", type=Path, help=".npy file that keeps the drawings")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--processes", type=int, default=1, help="for drawing")
    asked = parser.parse_args()
    plan = Plan(**{name: getattr(asked, name) for name in asdict(Plan())})
    torch.set_num_threads(asked.threads)
    crops = training_pictures(plan, asked.crops, asked.processes)
    people = np.repeat(np.arange(plan.identities + plan.held_out), plan.shots)
    seen = people < plan.identities
    began, worked = time.monotonic(), time.process_time()
    network, log = train(crops[seen], people[seen], plan, asked.device)
    report = {
        "plan": asdict(plan),
        "generator_version": VERSION,
        "pictures": int(seen.sum()),
        "parameters": sum(value.numel() for value in network.parameters()),
        "torch": torch.__version__,
        "device": f"{asked.device}, {asked.threads} thread(s), {platform.machine()}",
        "training_seconds": round(time.monotonic() - began),
        "training_cpu_seconds": round(time.process_time() - worked),
        "log": log,
        "held_out": verification(embed(network, crops[~seen]), people[~seen]),
    }
    save(network, report, asked.out)
    print(json.dumps(report["held_out"], indent=1))


if __name__ == "__main__":
    main()

"""How near finding and encoding a face come to what the machine can do at all.

    python -m benchmarks.roofline --faces DIR [--pictures 24] [--crops 32]

Counts the multiplications and additions of MTCNN's three networks over photographs of DIR/london,
and of InceptionResnetV1 over made crops, and holds the processor seconds of ours and of
facenet-pytorch (both in one thread) against what a product of large matrices would take for as many
on one core. Prints Markdown.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import machine
from benchmarks.peers import encoder, folder, networks


@dataclass(frozen=True)
class Work:
    """`count` pictures or crops: what is counted, and the two ways to do it."""

    name: str
    count: int
    ours: Callable[[], Any]
    theirs: Callable[[], Any]


def finding(images: Sequence[np.ndarray]) -> Work:
    """Every face of each image, uint8 (h, w, 3)."""
    from facenet_pytorch import MTCNN

    from core.faces.align import SMALLEST_FACE, Detector

    ours, theirs = Detector(), MTCNN(keep_all=True, min_face_size=SMALLEST_FACE)
    return Work(
        "MTCNN, a photograph",
        len(images),
        lambda: ours.detect(images),
        lambda: [theirs.detect(image, landmarks=True) for image in images],
    )


def encoding(count: int) -> Work:
    """Vectors of made crops."""
    import torch

    path = networks.weights([])
    ours, theirs = networks.encoder(path, "cpu"), networks.network(path, "cpu")
    crops = encoder.crops(count, networks.SIZE)

    def bare() -> Any:
        with torch.inference_mode():
            return [theirs(networks.scaled(part)) for part in np.array_split(crops, count // 16)]

    return Work("InceptionResnetV1, a crop", count, lambda: ours.vectors(crops), bare)


def operations(run: Callable[[], Any]) -> int:
    """Multiplications and additions of all convolutions and products that torch does in `run`."""
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        run()
    return int(counter.get_total_flops())


def seconds(run: Callable[[], Any], tries: int = 3) -> float:
    """Processor seconds, of all threads; the best of a few tries after one that is not counted."""
    run()
    found = []
    for _ in range(tries):
        began = time.process_time()
        run()
        found.append(time.process_time() - began)
    return min(found)


def line(work: Work, peak: float) -> str:
    """One row: what it takes for each picture; `peak` is in operations a second on one core."""
    each = operations(work.theirs) / work.count
    bound = each / peak
    ours, theirs = (seconds(run) / work.count for run in (work.ours, work.theirs))
    return (
        f"| {work.name} | {each / 1e9:.2f} | {1e3 * bound:.1f} | {1e3 * ours:.1f} | "
        f"{bound / ours:.0%} | {1e3 * theirs:.1f} | {bound / theirs:.0%} |"
    )


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    import torch

    from core.faces.picture import decode

    asked = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    asked.add_argument("--faces", type=Path, required=True)
    asked.add_argument("--pictures", type=int, default=24)
    asked.add_argument("--crops", type=int, default=32)
    given = asked.parse_args(arguments)
    torch.set_num_threads(1)
    files = folder.pictures(given.faces / folder.SET)[: given.pictures]
    images = [decode(file.read_bytes(), file.name) for file in files]
    peaks = machine.peaks()
    print(f"{machine.hardware()}; {peaks}.\n")
    print("| | GFLOP | at the peak, ms | ours, ms | share | facenet-pytorch, ms | share |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for work in (finding(images), encoding(given.crops)):
        print(line(work, peaks.one), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])

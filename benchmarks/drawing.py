"""How fast the synthetic faces are drawn, on one core: `python -m benchmarks.drawing`."""

from __future__ import annotations

import os
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import cv2
import numpy as np

from core.faces.synthetic.source import synthetic_faces

EACH, ROUNDS = 100, 10


def main() -> None:
    """Print pictures a second: every round, and their median."""
    cv2.setNumThreads(1)
    faces = synthetic_faces()
    faces.source.read(0)
    rates = []
    for number in range(ROUNDS):
        began = time.perf_counter()
        for index in range(number * EACH, (number + 1) * EACH):
            faces.source.read(index)
        rates.append(EACH / (time.perf_counter() - began))
    print("pictures a second:", ", ".join(f"{rate:.0f}" for rate in rates))
    print(f"median {np.median(rates):.1f}, mean {EACH * ROUNDS / sum(EACH / r for r in rates):.1f}")


if __name__ == "__main__":
    main()

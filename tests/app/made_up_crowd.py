"""Maps of as many MADE-UP points as one likes; nothing was measured."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.faces.synthetic.source import synthetic_faces

NAMES = ("x", "sensitivenets", "lntl", "f3(x)")
MOODS = ("angry", "disgusted", "happy", "neutral", "sad", "surprised")


def projection(n: int, names: tuple[str, ...] = NAMES, moods: tuple[str, ...] = MOODS,
               seed: int = 0) -> pd.DataFrame:  # fmt: skip
    """Maps of n points in a ring, each map in another; the first ones have faces that are drawn."""
    rng = np.random.default_rng(seed)
    drawn = list(synthetic_faces().table["id"])
    ids = np.array([*drawn, *(f"made-up-{i:06d}" for i in range(n - len(drawn)))][:n])
    labels = {
        "subject_id": [f"person {i // 10}" for i in range(n)], "placed": False,
        "expression": rng.choice(moods, n), "gender": rng.choice(["female", "male", "unknown"], n),
        "skin_tone": "any", "age_group": "any",
    }  # fmt: skip
    frames = []
    for name in names:
        turn = rng.uniform(0, 2 * np.pi, n)
        at = 10 * np.stack([np.cos(turn), np.sin(turn)], 1) + rng.normal(0, 1, (n, 2))
        own = {"representation": name, "method": "tsne", "id": ids, "u": at[:, 0], "v": at[:, 1]}
        frames.append(pd.DataFrame({**own, **labels}))
    return pd.concat(frames, ignore_index=True)

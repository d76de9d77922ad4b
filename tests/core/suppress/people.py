"""Made people: vectors with an identity, an expression that everybody shows, and a gender."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.suppress.chain import Affine, Chain, Convolution
from core.suppress.suppressor import Label, Material


def made(
    people: int = 24, d: int = 16, *, pictures: int = 6, seed: int = 0, labels: int = 1
) -> Material:
    """`people` people with `pictures` pictures each: "mood" (3 classes), then "side" (2)."""
    random = np.random.default_rng(seed)
    who = np.repeat(np.arange(people), pictures)
    mood = np.tile(np.arange(pictures) % 3, people)
    side = who % 2
    x = random.normal(size=(people, d))[who] + 0.3 * random.normal(size=(len(who), d))
    x += 0.5 * random.normal(size=(3, d))[mood] + 0.5 * random.normal(size=(2, d))[side] + 0.5
    every = (
        Label("mood", mood.astype(np.int64), ("calm", "glad", "low"), 0),
        Label("side", side.astype(np.int64), ("left", "right")),
    )
    return Material(x.astype(np.float32), np.array([f"p{one}" for one in who]), every[:labels])


MOST = 64
"""Dimensions up to which a made stage has a dense layer."""


def staged(material: Material) -> Material:
    """The same people as activations of a made trunk, with the last stage that makes x of them.

    Each number of x is the mean of two places, and how far these are apart is of no use.
    """
    x = material.x
    d = x.shape[1]
    apart = np.cos(3 * x)
    places = np.stack([x + apart, x - apart], axis=2).reshape(len(x), 2 * d)
    mean = Convolution(
        np.full((d, 1, 2, 1), 0.5, np.float32), np.zeros(d, np.float32), (2, 1), depthwise=True
    )
    dense = Affine(np.eye(d, dtype=np.float32), np.zeros(d, np.float32))
    tail = Chain((mean, dense) if d <= MOST else (mean,))
    return replace(material, x=places.astype(np.float32), tail=tail)

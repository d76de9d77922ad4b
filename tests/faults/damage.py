"""Damage to a file of the store, as disks, interrupted copies and people do it."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path


def truncated(path: Path, others: list[Path], chance: random.Random) -> None:
    """Only the beginning is left."""
    data = path.read_bytes()
    path.write_bytes(data[: chance.randrange(1, len(data))])


def flipped(path: Path, others: list[Path], chance: random.Random) -> None:
    """Three bytes are others."""
    data = bytearray(path.read_bytes())
    for place in chance.sample(range(len(data)), 3):
        data[place] ^= chance.randrange(1, 256)
    path.write_bytes(data)


def empty(path: Path, others: list[Path], chance: random.Random) -> None:
    """The file is there and holds nothing."""
    path.write_bytes(b"")


def wrong(path: Path, others: list[Path], chance: random.Random) -> None:
    """A whole entry of another key lies under this one."""
    path.write_bytes(chance.choice([one for one in others if one != path]).read_bytes())


HOW: dict[str, Callable[[Path, list[Path], random.Random], None]] = {
    "truncated": truncated,
    "flipped": flipped,
    "empty": empty,
    "wrong": wrong,
}


def damage(store: Path, how: str, count: int, seed: int) -> list[str]:
    """Damage `count` entries below `store`, those that `seed` draws; returns their keys."""
    entries = sorted(store.rglob("*.safetensors"))
    chance = random.Random(seed)
    chosen = chance.sample(entries, min(count, len(entries)))
    for path in chosen:
        HOW[how](path, [one for one in entries if one not in chosen] + [path], chance)
    return [path.stem for path in chosen]

"""What the server and the browser of these tests hand to each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Server:
    """A running server: where it listens, its home, and the run it shows."""

    url: str
    home: Path
    run_id: str
    hostile_id: str


@dataclass
class Heard:
    """What the browser asked for and what its console said."""

    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

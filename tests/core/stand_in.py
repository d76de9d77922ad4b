"""A stand-in for the audit, and a worker that does it: `python stand_in.py RUN_DIR`.

It counts through the store as the real one does: each step is an entry that is made once. What it
does is chosen by the name of the audit.
"""

from __future__ import annotations

import errno
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from core.errors import FacesError  # noqa: E402
from core.store import key  # noqa: E402

STEPS = 12


class Table(list[float]):
    """The little of a pandas frame that a worker asks for; pandas takes a second to import."""

    def to_csv(self, index: bool = True) -> str:
        """One value a row."""
        return "".join(f"{value!r}\n" for value in ["value", *self])


def audit(config: Any, *, base: Path, store: Any, progress: Any, publish: Any) -> Table:
    """Do twelve steps, each kept in the store; killed or not, the table is the same."""
    if config.name == "bad faces":
        raise FacesError("'x.zip' holds no pictures, and an audit needs some: choose another file")
    if config.name == "our fault":
        raise RuntimeError("a secret detail")
    if config.name == "no memory":
        raise MemoryError
    if config.name == "full disk":
        raise OSError(errno.ENOSPC, "No space left on device")
    if config.name == "hangs":  # in Python, without ever looking at the progress
        progress.start("attacking", 1)
        time.sleep(60)
    pause = 0.5 if config.name == "slow" else 0.02
    rows = Table()
    progress.start("encoding", STEPS, "counting")
    for step in range(STEPS):
        made = store.get(key("stand-in", 1, {"step": step}, []), lambda step=step: _made(step))
        rows.append(float(made.arrays["value"][0]))
        publish("steps", rows)
        progress.advance()
        time.sleep(pause)
    progress.start("attacking", 2)
    progress.advance(2)
    return rows


def _made(step: int) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    with open(os.environ["BLINDFOLD_CACHE"] + "/made.txt", "a") as file:
        file.write(f"{step}\n")
    return {"value": np.array([step**0.5])}, {}


def write(found: Table, folder: Path) -> None:
    """Write as the audit does, slowly enough to be killed in between."""
    (folder / "tables").mkdir()
    (folder / "tables" / "steps.csv").write_text(found.to_csv(index=False))
    time.sleep(0.1)
    (folder / "audit.json").write_text(json.dumps({"schema_version": 1, "steps": len(found)}))


if __name__ == "__main__":
    from core.worker import work

    sys.exit(work(Path(sys.argv[1]), audit=sys.modules[__name__]))

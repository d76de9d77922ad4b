"""`python -m core look`: what the encoder looks at in one face."""

from __future__ import annotations

import io
import json
import re
import time
from pathlib import Path
from typing import Any

_RUN = re.compile(r"[0-9a-f]{32}")


def look(source: str, out: Path, **asked: Any) -> dict[str, Any]:
    """Write the maps of a face to the file `out` (.npz); returns what is told of them.

    `source` is the file of an audit, or the id of a run of this copy; `asked` as in
    `core.study.looking.Asked`. The file holds the arrays of `looking`, and `meta`, JSON. Raises
    `InputError` where the settings, the face or the label do not serve.
    """
    from core.command.faces import progress_on_stderr
    from core.command.run import shown
    from core.errors import InputError
    from core.store import Store
    from core.study.looking import Asked, looking

    config, base, there = _settings(source)
    unclear = config.faces.obfuscate if config.faces else None
    if unclear is not None and unclear.path is None:  # as in the audit, unless told otherwise
        asked = {"change": unclear.kind, "pixels": unclear.size} | _given(asked)
    wanted = Asked(**_given(asked))
    _check_out(out)
    began = time.monotonic()
    with shown() as show:
        found = looking(
            config, wanted, base=base, store=Store(), progress=progress_on_stderr(show)
        )  # fmt: skip
    if not there.exists():
        raise InputError("the run was deleted while its face was looked at: nothing is written")
    meta = {**found.meta, "seconds": round(time.monotonic() - began, 1)}
    _write(out, found.arrays, meta)
    return meta


def _given(asked: dict[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in asked.items() if one is not None}


def _settings(source: str) -> tuple[Any, Path, Path]:
    """Settings, the folder that their paths start from, and the file or run they come from."""
    from core import run as runs
    from core.config import load_config

    if _RUN.fullmatch(source) and not Path(source).exists():
        run = runs.find(source)
        return run.config(), run.base, run.path
    path = Path(source)
    return load_config(path), path.resolve().parent, path


def _check_out(out: Path) -> None:
    from core.errors import ConfigError

    if out.suffix != ".npz" or out.is_dir():
        raise ConfigError(f"--out {out} is no .npz file, which maps are kept in: give one")


def _write(out: Path, arrays: dict[str, Any], meta: dict[str, Any]) -> None:
    import numpy as np

    from core.store import write_atomic

    sink = io.BytesIO()
    np.savez_compressed(sink, meta=np.array(json.dumps(meta)), **arrays)
    write_atomic(out, sink.getvalue())

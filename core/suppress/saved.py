"""A fitted suppressor as a folder: `weights.safetensors` and `config.yaml`; nothing that runs.

The settings name the digest of the weights and are written last, so that a crash between the two
leaves a folder that is refused, never one that is half old and half new.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as arrays_of
from safetensors.numpy import save as bytes_of

from core import audit_yaml
from core.errors import ConfigError, SuppressorError
from core.store import write_atomic
from core.suppress.chain import Chain, dimensions, packed, unpacked
from core.suppress.suppressor import WHERE, Suppressor

WEIGHTS = "weights.safetensors"
CONFIG = "config.yaml"
FORMAT = 1
LIMIT_BYTES = 1 << 30


def save(suppressor: Suppressor, folder: Path) -> None:
    """Write `suppressor` into `folder`; raises `StoreError` where the disk refuses.

    Its training curves stay with the run that made it.
    """
    arrays, plan = packed(suppressor.chain)
    # safetensors writes memory as it lies: only arrays in row order come back as they were.
    weights = bytes_of({name: np.ascontiguousarray(own) for name, own in arrays.items()})
    config = {
        "format": FORMAT,
        "kind": suppressor.kind,
        "settings": plain(suppressor.settings),
        "facts": plain(suppressor.facts),
        "reads": suppressor.reads,
        "fitted_on": plain(suppressor.fitted_on),
        "dimensions": list(dimensions(suppressor.chain)),
        "plan": plan,
        "weights_sha256": hashlib.sha256(weights).hexdigest(),
    }
    write_atomic(folder / WEIGHTS, weights)
    write_atomic(folder / CONFIG, audit_yaml.write(config).encode())


def load(folder: Path) -> Suppressor:
    """The suppressor that `save` wrote into `folder`, without its curves.

    Raises `SuppressorError` where a file is missing, damaged, too large or made to mislead.
    """
    try:
        config = audit_yaml.read(folder / CONFIG)
        weights = _weights(folder / WEIGHTS)
        if config["format"] != FORMAT:
            raise ValueError(f"its format is {config['format']}, and {FORMAT} is known")
        if config["weights_sha256"] != hashlib.sha256(weights).hexdigest():
            raise ValueError(f"{WEIGHTS} is not the file that {CONFIG} was written with")
        chain = _chain(arrays_of(weights), config["plan"])
        if list(dimensions(chain)) != config["dimensions"]:
            raise ValueError(f"its dimensions are not {config['dimensions']}")
        kind, settings, facts = config["kind"], config["settings"], config["facts"]
        if not (isinstance(kind, str) and isinstance(settings, dict) and isinstance(facts, dict)):
            raise ValueError("kind, settings or facts are not what they should be")
        reads = config.get("reads", "vectors")  # what earlier versions wrote reads vectors
        if reads not in WHERE:
            raise ValueError(f"it reads '{reads}', and {' or '.join(WHERE)} are known")
        fitted_on = config.get("fitted_on", {})
        if not isinstance(fitted_on, dict):
            raise ValueError(f"it was fitted on {fitted_on!r}, which is no mapping")
        for name in ("data", "data_digests"):
            if not isinstance(fitted_on.get(name, []), list):
                raise ValueError(f"{name} of whom it was fitted on is no list")
    except KeyError as error:
        raise SuppressorError(_damaged(folder, f"{error} is missing in it")) from error
    except (ConfigError, OSError, SafetensorError, ValueError, TypeError) as error:
        raise SuppressorError(_damaged(folder, " ".join(str(error).split()))) from error
    return Suppressor(kind, chain, settings, (), facts, reads, fitted_on)


def _damaged(folder: Path, why: str) -> str:
    return (
        f"the suppressor in '{folder}' cannot be used ({why}): give a folder that an audit or a "
        "fit wrote, whole"
    )


def _weights(path: Path) -> bytes:
    with open(path, "rb") as file:
        data = file.read(LIMIT_BYTES + 1)
    if len(data) > LIMIT_BYTES:
        raise ValueError(f"{path.name} is larger than {LIMIT_BYTES:,} bytes, the limit")
    return data


def _chain(arrays: dict[str, np.ndarray], plan: Any) -> Chain:
    """The chain, if arrays and plan are exactly what one is made of."""
    if not isinstance(plan, list):
        raise ValueError("its plan is no list of layers")
    for name, own in arrays.items():
        if own.dtype != np.float32 or not np.isfinite(own).all():
            raise ValueError(f"the array '{name}' holds something else than finite float32")
        if 0 in own.shape:
            raise ValueError(f"the array '{name}' is empty")
    chain = unpacked(arrays, plan)
    if set(packed(chain)[0]) != set(arrays):
        raise ValueError("there are arrays that its plan does not name")
    return chain


def plain(value: Any) -> Any:
    """`value` with NumPy's numbers and tuples as Python's own numbers and lists, for YAML."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, str):
        return value
    if hasattr(value, "items"):
        return {str(name): plain(one) for name, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, Sequence) else value

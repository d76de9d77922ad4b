"""How onnxruntime is asked to run a model: in the thread that asks, and always alike.

Speed comes from several batches beside each other (`core.encode.encoder.in_fixed_batches`): threads
inside of a batch wait for one another after every layer.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.runtime.graph import Model


def open_session(model: Model | Path, providers: list[str]) -> Any:
    """The model, ready to run; several threads may run it at a time.

    Raises errors of onnxruntime's own where it cannot be loaded.
    """
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 4
    settings.intra_op_num_threads = 1
    settings.use_deterministic_compute = True
    if isinstance(model, Path):
        return onnxruntime.InferenceSession(model, settings, providers=providers)
    held = map(onnxruntime.OrtValue.ortvalue_from_numpy, model.constants.values())
    settings.add_external_initializers(list(model.constants), list(held))
    return onnxruntime.InferenceSession(model.graph, settings, providers=providers)

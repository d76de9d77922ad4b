"""The works that are measured side by side; a new one is a new file and one line here."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from benchmarks.sidebyside import Asked, Case, Missing

WORKS: Mapping[str, str] = {
    "folder": "a folder of photographs to vectors: facenet-pytorch, an onnxruntime loop, deepface",
    "encoder": "the encoder alone, crops in memory: torch, onnxruntime",
    "probes": "the probe suite of an audit: scikit-learn and PyTorch, one fit after another",
    "machines": "RBF support vector machines: scikit-learn",
    "maps": "t-SNE and UMAP: scikit-learn, openTSNE, umap-learn",
    "bootstrap": "2,000 resamples of people: a loop over scikit-learn's metrics",
    "verification": "all pairs of 13,000 vectors: SciPy's cdist and scikit-learn's roc_curve",
    "ablation": "refits with numbers removed: scikit-learn's MLPClassifier, PyTorch",
    "fairness": "the grid of equality of opportunity: PyTorch, one fit after another",
    "sensitivenets": "SensitiveNets' training: its loop as printed",
    "lntl": "Learning Not To Learn's training: its loop as printed",
}
"""Each is the file of that name here, which has `cases(asked)`."""


def cases_of(work: str, asked: Asked) -> list[Case | Missing]:
    """The cases of one work, and the peers that cannot be read."""
    found: list[Case | Missing] = import_module(f"benchmarks.peers.{work}").cases(asked)
    return found

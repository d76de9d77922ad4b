"""The maps by name. A new one is a new file and one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from core.config_parts import Projection
from core.project.method import Method
from core.project.tsne import TSNE
from core.project.umap import UMAP

METHODS: Mapping[str, Callable[[Projection], Method]] = {
    "tsne": lambda asked: TSNE(perplexity=asked.perplexity),
    "umap": lambda asked: UMAP(neighbors=asked.neighbors),
}


def methods(asked: Projection) -> list[Method]:
    """The maps that the settings ask for, in their order, none twice."""
    return [METHODS[name](asked) for name in dict.fromkeys(asked.methods)]

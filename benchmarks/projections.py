"""Maps against scikit-learn's, and how long an audit's take.

    python -m benchmarks.projections [--orders 3] [--workers 2]

Draws the bundled synthetic set: first t-SNE of all vectors of x, ours and scikit-learn's in turn,
on the same data in the same run, in several orders of the faces (maps depend on chance); then
t-SNE and UMAP of the reference split's test faces for x, SensitiveNets, LNTL and f3 of each, with
an empty store, and once more from it. UMAP's compiled code is thrown away first. Prints Markdown.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

_COMPILED = tempfile.TemporaryDirectory(prefix="compiled-")
os.environ["NUMBA_CACHE_DIR"] = _COMPILED.name

import numpy as np  # noqa: E402
from sklearn import manifold  # noqa: E402

from core.attack.views import unit  # noqa: E402
from core.config import Config  # noqa: E402
from core.config_parts import Projection  # noqa: E402
from core.encode.embeddings import Embeddings  # noqa: E402
from core.engine import make_engine  # noqa: E402
from core.measure.maps import trustworthiness  # noqa: E402
from core.measure.targets import target  # noqa: E402
from core.progress import Progress  # noqa: E402
from core.project.components import beginning, principal  # noqa: E402
from core.project.tsne import COMPONENTS, SPREAD, TSNE  # noqa: E402
from core.store import Store  # noqa: E402
from core.study.projection import projection  # noqa: E402
from core.study.protocol import splits_of  # noqa: E402
from core.study.reading import Reading  # noqa: E402
from core.study.reference import Reference, reference  # noqa: E402
from core.study.suppressing import Suppressing  # noqa: E402

NEIGHBOURS = (5, 15, 30)


def theirs(x: np.ndarray) -> np.ndarray:
    """scikit-learn's t-SNE of the same components, from the same beginning."""
    seen, _ = principal(x, x[:0], COMPONENTS)
    method = manifold.TSNE(perplexity=30, init=beginning(seen, SPREAD), random_state=0)
    return method.fit_transform(seen)


def ours(x: np.ndarray) -> np.ndarray:
    """The product's."""
    return TSNE(perplexity=30).draw(x, x[:0], seed=0)[0]


def timed(draw: Callable[[np.ndarray], np.ndarray], x: np.ndarray) -> tuple[float, float, list]:
    """Seconds by the clock, seconds of a processor, and trustworthiness."""
    began, spent = time.perf_counter(), time.process_time()
    places = draw(x)
    took = time.perf_counter() - began, time.process_time() - spent
    return (*took, [trustworthiness(x, places, k) for k in NEIGHBOURS])


def beside(x: np.ndarray, orders: int) -> None:
    """Both on each order of the faces."""
    print(f"t-SNE of {len(x)} vectors of {x.shape[1]} dimensions, unit length\n")
    heads = " | ".join(f"trustworthiness, k {k}" for k in NEIGHBOURS)
    print(f"| order | | seconds | of a processor | {heads} |\n|---|---|---|---|---|---|---|")
    ours(x[:100])  # libraries are loaded
    for order in range(orders):
        rows = np.random.default_rng(order).permutation(len(x)) if order else np.arange(len(x))
        for name, draw in (("scikit-learn", theirs), ("ours", ours)):
            wall, spent, worth = timed(draw, x[rows])
            told = " | ".join(f"{one:.6f}" for one in worth)
            print(f"| {order} | {name} | {wall:.2f} | {spent:.2f} | {told} |", flush=True)


def drawn(found: Reference, workers: int) -> None:
    """All maps with an empty store, and from it."""
    x = found.x
    with tempfile.TemporaryDirectory() as folder, make_engine("local", workers) as engine:
        print(f"\nmaps of {len(found.split.test)} test faces, {workers} workers")
        for name in ("cold", "warm"):
            began, spent = time.perf_counter(), time.process_time()
            result = projection(
                found, Projection(), target(x.table, "expression"), store=Store(Path(folder)),
                progress=Progress(), engine=engine, seed=0, device="cpu",
            )  # fmt: skip
            maps = result.tables["projection"].groupby(["representation", "method"]).ngroups
            wall, took = time.perf_counter() - began, time.process_time() - spent
            print(f"{name}: {maps} maps in {wall:.1f} s, {took:.1f} s of a processor", flush=True)


def audited(workers: int) -> tuple[Embeddings, Reference]:
    """The set's vectors, and SensitiveNets and LNTL of its reference split."""
    asked = [{"kind": "sensitivenets"}, {"kind": "lntl"}]
    config = Config.model_validate({"faces": {"preset": "synthetic"}, "suppressors": asked})
    progress, store = Progress(), Store()
    with make_engine("local", workers) as engine:
        data = Reading(config, Path(), store, progress, lambda *_: None, engine, []).data()
        targets = [target(data.x.table, "expression")]
        splits = splits_of(config, data.x, targets, [], suppressor=True)[:1]
        suppressing = Suppressing(
            config, Path(), data, splits, None, store, progress, engine, []
        )  # fmt: skip
        outcome = suppressing.begin()
        list(suppressing.each(outcome))
    return data.x, reference(data.x, outcome, None)


def main() -> None:
    """Print both tables."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--orders", type=int, default=3)
    asked.add_argument("--workers", type=int, default=2)
    given = asked.parse_args()
    x, found = audited(given.workers)
    print(f"load of this machine: {os.getloadavg()[0]:.1f}\n")
    drawn(found, given.workers)
    print()
    beside(unit(x.x).astype(np.float32), given.orders)


if __name__ == "__main__":
    main()

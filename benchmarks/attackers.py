"""Who takes the time of the probe suite, and how little its arithmetic alone would take.

    OMP_NUM_THREADS=1 python -m benchmarks.attackers [--label expression]

Asks each attacker of the five folds of `benchmarks.peers.probes`, from an empty store and one
after another, and tells seconds of the processor. A second pass, which is not timed, counts what
was asked of it: multiplications and additions of matrix products, held against the measured peak
of one core, and for forests the numbers that trees look at, at one a nanosecond (three cycles to
read a number and a class and to count them). Prints Markdown.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar
from unittest.mock import patch

import numpy as np

from benchmarks import machine
from benchmarks.peers.inputs import labelled, splits, synthetic
from benchmarks.peers.probes import SUITE
from benchmarks.roofline import operations
from core.attack import attack, forest, svm
from core.engine import Local
from core.measure.leakage import Cell
from core.progress import Progress
from core.store import Store
from core.study import asking
from core.study.attacking import Attacks
from core.study.representation import Representation

LOOKED = 1e9
"""Numbers a second that a tree could look at."""
SHARED = (
    (asking, "choose_view", "views"),
    (attack, "seen", "views"),
    (attack, "offsets", "thresholds"),
)
"""What is done for every attacker: where its function stands, and what it is called here."""

Item = TypeVar("Item")
Found = TypeVar("Found")


class Here(Local):
    """Works in the thread that asks, where everything can be counted."""

    def map(self, function: Callable[[Item], Found], items: Iterable[Item]) -> Iterator[Found]:
        """Apply `function` to each item in turn."""
        return map(function, items)


def asked(label: str, folds: int | None = None) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Each attacker's name, and what asks it of every fold; views that one chose serve the next."""
    x, wanted = synthetic(), labelled(label)
    with tempfile.TemporaryDirectory() as folder, Here(1) as engine:
        store = Store(Path(folder))
        attacks = Attacks(
            Representation(x), splits(label)[:folds], 0, "cpu", store, Progress(), engine
        )
        cell = Cell("x", wanted, len(set(x.subjects)))
        for name in SUITE:
            yield name, lambda name=name: attacks.said(cell, name, control=False)


@contextmanager
def apart() -> Iterator[Counter[str]]:
    """Seconds of the processor that go to `SHARED` while the block runs."""
    spent: Counter[str] = Counter()

    def timed(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def run(*given: Any) -> Any:
            began = time.process_time()
            found = function(*given)
            spent[name] += time.process_time() - began
            return found

        return run

    with ExitStack() as changed:
        for module, function, name in SHARED:
            own = timed(name, getattr(module, function))
            changed.enter_context(patch.object(module, function, own))
        yield spent


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """What machines and forests ask while the block runs: "products" are multiplications and
    additions, "looked" the numbers that trees look at."""
    count: Counter[str] = Counter()
    distances, estimator = svm.squares, forest.estimator

    def squares(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        count["products"] += 2 * a.size * len(b)
        return distances(a, b)

    def grown(module: str, name: str) -> Any:
        class Grown(estimator(module, name)):  # type: ignore[misc]
            def fit(self, x: np.ndarray, y: np.ndarray) -> Any:
                found = super().fit(x, y)
                for tree in self.estimators_:
                    inside = tree.tree_.children_left >= 0
                    rows = int(tree.tree_.n_node_samples[inside].sum())
                    count["looked"] += rows * int(np.sqrt(x.shape[1]))
                return found

        return Grown

    with ExitStack() as changed:
        changed.enter_context(patch.object(svm, "squares", squares))
        changed.enter_context(patch.object(forest, "estimator", grown))
        yield count


def spent(label: str) -> dict[str, float]:
    """Seconds of the processor by attacker, and what is shared."""
    found: Counter[str] = Counter()
    for name, ask in asked(label):
        with apart() as shared:
            began = time.process_time()
            ask()
            found[name] = time.process_time() - began - shared.total()
        found.update(shared)
    return dict(found)


def least(label: str, peak: float) -> dict[str, float]:
    """Seconds that the arithmetic of each attacker would take at the `peak` of one core."""
    found = {}
    for name, ask in asked(label):
        with counted() as count:
            network = operations(ask)
        found[name] = (network + count["products"]) / peak + count["looked"] / LOOKED
    return found


def lines(seconds: dict[str, float], alone: dict[str, float]) -> Iterator[str]:
    """A row each, most time first, and the sum."""
    whole = sum(seconds.values())
    for name, own in sorted(seconds.items(), key=lambda one: -one[1]):
        bound = f"{alone[name]:.2f}" if alone.get(name) else ""
        yield f"| {name} | {own:.2f} | {own / whole:.0%} | {bound} |"
    yield f"| **all** | {whole:.2f} | | {sum(alone.values()):.2f} |"


def main(arguments: Sequence[str]) -> None:
    """Ask everybody, twice, and print the table."""
    given = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    given.add_argument("--label", default="expression")
    label = given.parse_args(arguments).label
    for _, ask in asked(label, 1):  # libraries are loaded
        ask()
    seconds = spent(label)
    peaks = machine.peaks()
    print(f"{machine.hardware()}; {peaks}.\n")
    print("| | processor, s | share | arithmetic alone, s |\n|---|---:|---:|---:|")
    print("\n".join(lines(seconds, least(label, peaks.one))))


if __name__ == "__main__":
    main(sys.argv[1:])

"""The ablation beside scikit-learn's MLPClassifier, refitted one after another, side by side.

    python -m benchmarks.ablation EMB.parquet [--labels A,B] [--suppressor DIR ...] [--whole]

Both learn from the attackers' people of the reference split and are scored on its test people, at
some points of a random order of x. scikit-learn's network has the papers' settings (1,024 ReLU,
Adam 1e-3, batches of 128, 150 epochs) on standardised unit vectors, then only 30 epochs, which
somebody would have to know beforehand, then its own early stopping. Ours chooses view, epochs and
thresholds on inner folds by person each time, which is part of its time. Prints medians with
quartiles of seconds of the clock and of the processor, which other work on the machine disturbs
less, and balanced accuracies; with `--whole` also what the whole default ablation of x and the
given suppressors takes from an empty store, against scikit-learn's pace over as many refits
(extrapolated from the points above).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.attack.ablated import kept_count, random_order, refit
from core.attack.attack import Problem
from core.attack.least_squares import mean_recall, recalls
from core.attack.views import see
from core.config_parts import Ablation
from core.encode.embeddings import Embeddings
from core.measure.targets import Target, target
from core.split import Split
from core.study import knowing
from core.study.representation import Representation

SHARES = (0.0, 0.45, 0.72, 0.9, 0.99)
REPEATS = 1
CORES = 2
METHODS = ("ours", "150 epochs", "30 epochs", "early stopping")


@dataclass(frozen=True)
class Timed:
    """One refit by one method."""

    method: str
    label: str
    removed: float
    seconds: float
    processor: float
    accuracy: float


def problems(
    x: Embeddings, targets: Sequence[Target], split: Split
) -> Iterator[tuple[str, float, Problem, np.ndarray]]:
    """The refits that both are timed on, with the truth of the test rows."""
    width = x.x.shape[1]
    for asked in targets:
        truth = asked.y[knowing.part(split.test, asked)]
        for share in SHARES:
            for repeat in range(REPEATS):
                order = random_order(width, repeat, seed=0)
                kept = np.sort(order[width - kept_count(width, share) :])
                own = np.ascontiguousarray(x.x[:, kept])
                seen = knowing.Scene(own, own, None)
                problem = knowing.problem(seen, x.subjects, asked, split, "", None)
                yield asked.attribute, share, problem, truth


def learnt(problem: Problem, method: str) -> np.ndarray:
    """What scikit-learn's network predicts of the test rows."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    own, other = see("unit standard", problem.x, problem.x_test)
    early = method == "early stopping"
    epochs = 150 if early else int(method.split()[0])
    model = MLPClassifier(
        (1024,), batch_size=128, learning_rate_init=1e-3, max_iter=epochs, random_state=0,
        early_stopping=early, n_iter_no_change=10 if early else epochs,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return np.asarray(model.fit(own, problem.y).predict(other))


def side_by_side(
    x: Embeddings, targets: Sequence[Target], split: Split, threads: int
) -> list[Timed]:
    """Every refit by every method, one after another: ours on one thread, scikit-learn's linear
    algebra on `threads`."""
    from threadpoolctl import threadpool_limits

    found = []
    refit([next(problems(x, targets, split))[2]], "cpu")  # imports are nobody's time
    for label, share, problem, truth in problems(x, targets, split):
        for method in METHODS:
            with threadpool_limits(1 if method == "ours" else threads):
                began, worked = time.perf_counter(), time.process_time()
                if method == "ours":
                    predicted = refit([problem], "cpu")[0].predicted
                else:
                    predicted = learnt(problem, method)
                seconds, used = time.perf_counter() - began, time.process_time() - worked
            right = mean_recall(*recalls(truth[None], predicted[None], problem.classes))[0]
            found.append(Timed(method, label, share, seconds, used, float(right)))
    return found


def report(found: Sequence[Timed]) -> None:
    """Print a Markdown table: seconds and balanced accuracy by method and point."""
    table = pd.DataFrame([vars(one) for one in found])
    print("| method | removed | refits | seconds, median (quartiles) | processor seconds | "
          "balanced accuracy, mean |")  # fmt: skip
    print("|---|---|---|---|---|---|")
    for method in dict.fromkeys(table["method"]):
        each = table[table["method"] == method]
        for share in SHARES:
            print(_line(method, f"{100 * share:.0f} %", each[each["removed"] == share]))
        print(_line(method, "all", each))


def _line(method: str, what: str, own: pd.DataFrame) -> str:
    spans = []
    for column in ("seconds", "processor"):
        low, middle, high = own[column].quantile([0.25, 0.5, 0.75])
        spans.append(f"{middle:.2f} ({low:.2f} to {high:.2f})")
    told = [method, what, str(len(own)), *spans, f"{own['accuracy'].mean():.3f}"]
    return f"| {' | '.join(told)} |"


def whole(
    representations: dict[str, Representation], targets: Sequence[Target], split: Split
) -> tuple[float, float, int]:
    """Seconds of the default ablation from an empty store on all cores, by the clock and of the
    processor, and its refits."""
    from core.engine import make_engine
    from core.progress import Progress
    from core.store import Store
    from core.study.ablation import ablation

    settings, seen = Ablation(), 0

    def publish(name: str, rows: pd.DataFrame) -> None:
        nonlocal seen
        if len(rows) // 120 > seen:
            seen = len(rows) // 120
            print(f"  {time.perf_counter() - began:.0f} s, {len(rows)} rows", file=sys.stderr)

    with tempfile.TemporaryDirectory() as folder, make_engine("local", CORES) as engine:
        began, worked = time.perf_counter(), time.process_time()
        ablation(
            representations, [split], targets, settings, permutations=20, seed=0, device="cpu",
            store=Store(Path(folder)), progress=Progress(), engine=engine, publish=publish,
        )  # fmt: skip
        seconds, used = time.perf_counter() - began, time.process_time() - worked
    ranked = len(settings.orders) - 1
    curves = settings.repeats + ranked
    return seconds, used, len(representations) * len(targets) * (1 + (settings.points - 1) * curves)


def paced(found: Sequence[Timed], method: str, refits: int) -> float:
    """Processor seconds that so many refits take `method`, by its mean at each even point."""
    table = pd.DataFrame([vars(one) for one in found])
    own = table[table["method"] == method].groupby("removed")["processor"].mean()
    shares = np.linspace(0, 0.99, 12)
    return float(np.interp(shares, own.index, own.to_numpy()).mean() * refits)


def main(arguments: Sequence[str]) -> None:
    """Time what is asked for and print it."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("vectors", type=Path)
    asked.add_argument("--labels", default="")
    asked.add_argument("--suppressor", type=Path, action="append", default=[])
    asked.add_argument("--threads", type=int, default=CORES, help="of scikit-learn's algebra")
    asked.add_argument("--whole", action="store_true")
    given = asked.parse_args(arguments)
    x, split, representations = read(given)
    labels = given.labels.split(",") if given.labels else list(x.labels)[:3]
    targets = [target(x.table, label) for label in labels]
    width = {name: one.vectors(0).shape[1] for name, one in representations.items()}
    print(f"{len(x)} vectors, numbers {width}; {len(split.attacker)} rows learnt from, "
          f"{len(split.test)} tested; labels {', '.join(labels)}; {CORES} cores")  # fmt: skip
    found = side_by_side(x, targets, split, given.threads)
    report(found)
    if not given.whole:
        return
    seconds, used, refits = whole(representations, targets, split)
    print(f"\nwhole default ablation: {seconds:.0f} s, {used:.0f} s of the processor, for {refits} "
          "refits with their nulls, controls and intervals")  # fmt: skip
    for method in METHODS[1:]:
        pace = paced(found, method, refits)
        print(f"scikit-learn, {method}: {pace:.0f} s of the processor for as many refits alone "
              f"(extrapolated), {pace / used:.1f} times as long")  # fmt: skip


def read(given: Any) -> tuple[Embeddings, Split, dict[str, Representation]]:
    """The vectors, their reference split, and x with each suppressor's φ."""
    from core.encode.given import read_embeddings
    from core.study.protocol import reference_of
    from core.suppress.saved import load

    x = read_embeddings(given.vectors)
    found = {"x": Representation(x)}
    for folder in given.suppressor:
        found[folder.name] = Representation.of_one(x, load(folder).transform(x.x), 1)
    return x, reference_of(x), found


if __name__ == "__main__":
    main(sys.argv[1:])

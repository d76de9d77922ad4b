"""How long the fairness study takes on a set of CelebA's shape, made here.

    python -m benchmarks.fairness [--one] [--people 10177] [--each 8] [--classifier nn]

As many people as CelebA has, with so many faces each and 512 dimensions, in which gender, smile and
a target of each face are planted and independent of one another. Runs x (plain, reweighted, with
group thresholds), SensitiveNets, LNTL and the flagship at one bias strength, five repeats, and
prints what was expected, the time left as it goes, and what it took. `--one` trains one classifier
of those and extrapolates; `--fits` fits each suppressor once and times that.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from core.config_parts import Fairness
from core.encode.embeddings import Embeddings
from core.engine import make_engine
from core.progress import Progress, Status
from core.store import Store
from core.study.fairness import Study, fairness, prepare
from core.study.fairness_fits import Fits
from core.study.fairness_phi import Fitting
from core.study.representation import Representation
from core.study.suppression import Suppression
from core.suppress.registry import make_method

KINDS = ("sensitivenets", "lntl", "blindfold")


def celeba_like(people: int, each: int, d: int = 512, seed: int = 0) -> Embeddings:
    """Faces of `people`, unit vectors: a direction for each label, and a person's own place."""
    random = np.random.default_rng(seed)
    n = people * each
    gender = np.repeat(random.integers(2, size=people), each)
    smile, target = random.integers(2, size=(2, n))
    x = np.repeat(random.standard_normal((people, d), dtype=np.float32), each, axis=0)
    x += 0.8 * random.standard_normal((n, d), dtype=np.float32)
    for code, size in ((gender, 6.0), (smile, 3.5), (target, 2.0)):
        way = random.standard_normal(d, dtype=np.float32)
        x += np.float32(size) * (code - 0.5).astype(np.float32)[:, None] * way / np.linalg.norm(way)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    yes = np.array(["no", "yes"], dtype=object)
    table = pd.DataFrame({
        "id": [f"{i:06d}.jpg" for i in range(n)],
        "subject_id": np.repeat([f"{i}" for i in range(people)], each),
        "gender": np.array(["female", "male"], dtype=object)[gender],
        "smiling": yes[smile],
        "attractive": yes[target],
    }).astype(object)  # fmt: skip
    return Embeddings(x, table, ("gender", "smiling", "attractive"), "made", "0" * 64)


def heard() -> Progress:
    """Progress that prints itself every half a minute."""
    told = time.monotonic()

    def listen(status: Status) -> None:
        nonlocal told
        if time.monotonic() - told > 30:
            told = time.monotonic()
            left = "?" if status.eta is None else f"{status.eta:.0f}"
            print(f"  {status.done}/{status.total}, {left} s left, {status.message}",
                  file=sys.stderr, flush=True)  # fmt: skip

    return Progress(listen)


def one_fit(study: Study, folder: Path) -> None:
    """Train one classifier of the study on x, and say what all would take."""
    with make_engine("local", 1) as engine:
        fits = Fits(study.classifier, study.question, study.draws, 0, "cpu", Store(folder),
                    Progress(), engine)  # fmt: skip
        task = fits.tasks("x", ["none"])[0]
        began, spent = time.perf_counter(), time.process_time()
        said = fits.scores({"x": Representation(study.x)}, [task])[task]
        wall, cpu = time.perf_counter() - began, time.process_time() - spent
    print(f"one fit: {wall:.1f} s by the clock, {cpu:.1f} s of one core, best epoch {said.epochs}")
    print(f"{study.fits} fits on two cores: about {study.fits * cpu / 2:.0f} s, if cores are free")


def each_suppressor(study: Study, work: Suppression) -> None:
    """Fit each suppressor once, on the study's suppressor people."""
    for name in study.fitting.methods:
        began, spent = time.perf_counter(), time.process_time()
        own = Fitting({name: study.fitting.methods[name]}, work)
        found = list(own.each(study.draws.splits, "protected", study.question.protected))
        wall, cpu = time.perf_counter() - began, time.process_time() - spent
        print(f"{name}: {wall:.1f} s by the clock, {cpu:.1f} s of one core {found[0].warning}")


def main() -> None:
    """Read the arguments, run, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--people", type=int, default=10_177)
    parser.add_argument("--each", type=int, default=8)
    parser.add_argument("--classifier", choices=("nn", "svm"), default="nn")
    parser.add_argument("--strengths", type=float, nargs="+", default=[0.7])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--one", action="store_true")
    parser.add_argument("--fits", action="store_true")
    asked = parser.parse_args()
    settings = Fairness(
        strengths=tuple(asked.strengths), classifier=asked.classifier, repeats=asked.repeats
    )
    x = celeba_like(asked.people, asked.each)
    with tempfile.TemporaryDirectory() as folder, make_engine("local") as engine:
        store, progress = Store(Path(folder)), heard()
        work = Suppression(x, (), (), 0, "cpu", store, progress, engine)
        fitting = Fitting({kind: make_method({"kind": kind}) for kind in KINDS}, work)
        began = time.perf_counter()
        study = prepare(x, settings, fitting, seed=0, named=True)
        assert isinstance(study, Study)
        dealt, due = time.perf_counter() - began, study.seconds(engine.workers)
        n_train, n_eval = study.draws.n_train, study.draws.n_eval
        print(f"{len(x)} faces; {n_train} to train on, {n_eval} to judge by")
        print(*(f"  {text}" for text in study.draws.told), sep="\n")
        print(f"dealt in {dealt:.1f} s; {study.fits} fits; about {due:.0f} s expected")
        if asked.one or asked.fits:
            if asked.one:
                one_fit(study, Path(folder))
            if asked.fits:
                each_suppressor(study, work)
            return
        began = time.perf_counter()
        found = fairness(
            x, settings, fitting, named=True, seed=0, device="cpu", store=store,
            progress=progress, engine=engine, prepared=study,
        )  # fmt: skip
        print(f"took {time.perf_counter() - began:.0f} s")
        print(*(f"  {text}" for text in found.warnings), sep="\n")
        rows = found.tables["fairness"]
        print(rows[rows["metric"].isin(["gap", "shift"])].to_string(index=False))


if __name__ == "__main__":
    main()

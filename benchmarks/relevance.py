"""Where action-unit detectors look on the bundled synthetic set, in figures.

    python -m benchmarks.relevance [--people 230] [--tables FOLDER]

Trains the detectors of the first repeat of the action-unit study (one group, the other, mixed) and
looks into them on its test people: share of positive relevance in the unit's region ÷ share of
area, trained and with every layer drawn anew; conservation; the planted shortcut; times. What the
store holds is used (BLINDFOLD_CACHE). Prints Markdown; `--tables` keeps the tables as Parquet.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd

from core.action_units.emfacs import called
from core.config_parts import ActionUnits
from core.encode.bundled import load_bundled
from core.engine import make_engine
from core.faces.synthetic.source import synthetic_faces
from core.progress import Progress
from core.store import Store
from core.study.action_units import Work, begin
from core.study.relevance_faces import relevance_after, seconds
from core.table import StudyResult


def main() -> None:
    """Run it and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=230)
    parser.add_argument("--tables", type=Path)
    asked = parser.parse_args()
    faces, store = synthetic_faces(people=asked.people), Store()
    with make_engine("local", 1) as engine:
        work = begin(faces, load_bundled(), ActionUnits(repeats=1), seed=0, device="cpu",
                     store=store, progress=Progress(), engine=engine)  # fmt: skip
        began = time.perf_counter()
        f1 = _f1(work)
        trained = time.perf_counter()
        result = relevance_after(work, faces)
        cold = time.perf_counter() - trained
        again = time.perf_counter()
        relevance_after(work, faces)
        warm = time.perf_counter() - again
    print(
        f"\n{asked.people} people; detectors {trained - began:.0f} s; relevance {cold:.0f} s "
        f"(expected {sum(seconds(work.plan).values()):.0f} s), from the store {warm:.1f} s\n"
    )
    _print(result, f1)
    if asked.tables:
        asked.tables.mkdir(parents=True, exist_ok=True)
        for name, rows in result.tables.items():
            rows.to_parquet(asked.tables / f"{name}.parquet", index=False)


def _f1(work: Work) -> dict[str, np.ndarray]:
    """F1 of each unit, by training set, on the test faces of the first repeat."""
    rows = np.concatenate([np.asarray(one) for one in work.plan.draws.repeats[0].test.values()])
    place = np.searchsorted(work.activations.rows, rows)
    truth = work.plan.labels.present[rows] == 1
    found = {}
    for name in work.plan.draws.equal:
        said = work.detector(name).scores(work.activations.x[place]) > 0
        found[name] = 2 * (said & truth).sum(0) / np.maximum(said.sum(0) + truth.sum(0), 1)
    return found


def _print(result: StudyResult, f1: dict[str, np.ndarray]) -> None:
    rows = result.tables["relevance"]
    rows = rows[rows["group"] == "all"].set_index(["train_group", "model", "au"]).sort_index()
    for name, own in f1.items():
        print(f"Trained on {name} (macro F1 {own.mean():.2f})\n")
        print(
            "| unit | F1 | n | people | in region | area | ratio | randomised | pointing | rank |"
        )
        print("|---|---|---|---|---|---|---|---|---|---|")
        units = dict.fromkeys(unit for _, _, unit in rows.index)
        for unit, score in zip(units, own, strict=True):
            one, fresh = rows.loc[name, "trained", unit], rows.loc[name, "randomised", unit]
            print(
                f"| {called(unit)} | {score:.2f} | {one['n']} | {one['identities']} | "
                f"{_of(one['share_in_region'])} | {_of(one['share_of_area'], 3)} | {_span(one)} | "
                f"{_span(fresh)} | {_of(one['pointing'])} | {_of(fresh['rank_correlation'])} |"
            )
        ratio = rows["ratio"].astype(float).loc[name].groupby("model")
        mean, known = ratio.mean(), ratio.count()["trained"]
        above = (rows.loc[(name, "trained"), "ratio"].astype(float) > 2).sum()
        print(
            f"\nAbove 2: {above} of {known}; mean ratio {mean['trained']:.2f}, randomised "
            f"{mean['randomised']:.2f}\n"
        )
    facts = result.facts["relevance"]
    for name in ("conservation", "shortcut", "composite", "conserving", "rank_correlation"):
        print(f"- {name}: {facts.get(name)}")
    maps = result.tables["relevance_maps"]
    differ = maps[(maps["kind"] == "difference") & (maps["p"].astype(float) < 0.05)]
    print(f"- maps of groups that differ (p < 0.05): {len(differ)} of "
          f"{(maps['kind'] == 'difference').sum()}")  # fmt: skip
    for text in result.warnings:
        print(f"- {text}")


def _of(value: float | None, digits: int = 2) -> str:
    return "" if value is None or pd.isna(value) else f"{value:.{digits}f}"


def _span(row: pd.Series) -> str:
    if pd.isna(row["ratio"]):
        return str(row["status"])
    return f"{row['ratio']:.2f} ({row['low']:.2f} to {row['high']:.2f})"


if __name__ == "__main__":
    main()

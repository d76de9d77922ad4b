"""Every method under the whole ladder, as a table for the docs.

    python -m benchmarks.table WORK [--faces DIR --encoder FILE.onnx] > docs/methods.md

WORK is a folder for vectors and results; what is there already is not computed again. Without
`--faces` and `--encoder` only synthetic people are audited: drawn anew with the seeds below, which
no default was ever tuned on. DIR holds the sets `london` and `lfw_pairs` as the tests find them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from core.audit_yaml import write
from core.command.faces import write_embeddings
from core.command.run import run_audit
from core.store import Store, write_atomic

FRESH = (1, 2)
"""Seeds of the synthetic people; seed 0 is the set that methods were developed on."""
METHODS: tuple[dict[str, Any], ...] = (
    {"kind": "sensitivenets"},
    {"kind": "lntl"},
    {"kind": "leace"},
    {"kind": "blindfold"},
    {"kind": "blindfold", "name": "blindfold-0.85", "dial": 0.85},
)
METRIC = "balanced_accuracy"


@dataclass(frozen=True)
class Study:
    """One audit and what its table is about."""

    name: str
    title: str
    settings: Mapping[str, Any]


def synthetic(work: Path, people: int) -> Iterator[Study]:
    """People drawn for this table alone, through the bundled encoder."""
    for seed in FRESH:
        path = work / f"synthetic-{people}-{seed}.parquet"
        if not path.exists():
            write_embeddings(_drawn(people, seed), path)
        yield Study(
            f"synthetic-{people}-{seed}",
            f"Synthetic faces, {people} people drawn with seed {seed}: expression",
            {
                "embeddings": {"path": str(path.resolve())},
                "sensitive": "expression",
                "attributes": ["gender"],
            },
        )


def _drawn(people: int, seed: int) -> Any:
    from core.encode.registry import make_encoder
    from core.encode.run import encode
    from core.faces.synthetic import synthetic_faces
    from core.progress import Progress

    faces = synthetic_faces(people=people, seed=seed)
    return encode(faces, make_encoder("auto", synthetic=True), store=Store(), progress=Progress())


def london(faces: Path, encoder: Path) -> Iterator[Study]:
    """Photographs through a real recogniser; recognition is judged on LFW's pairs."""
    recogniser = {"kind": "onnx", "weights": str(encoder.resolve())}
    harder = {"faces": {"path": str((faces / "lfw_pairs").resolve()), "preset": "lfw"}}
    for label, role in (("gender", {}), ("expression", {}), ("gender", _drawn_role())):
        told = ", suppressors fitted on synthetic people through the same encoder" if role else ""
        yield Study(
            f"london-{label}{'-drawn' if role else ''}",
            f"London, MobileFaceNet: {label}{told}",
            {
                "faces": {"path": str((faces / "london").resolve()), "preset": "london"},
                "encoder": recogniser,
                "sensitive": label,
                "attributes": [],
                "roles": {"verification": harder, **role},
            },
        )


def _drawn_role() -> dict[str, Any]:
    return {"sensitive": {"faces": {"preset": "synthetic"}}}


def result(study: Study, work: Path, attackers: str, look: str) -> Path:
    """The folder of the study's result; run where it is not there yet."""
    out = work / study.name
    if not (out / "audit.json").exists():
        settings = {
            "name": study.name,
            "look": look,
            "attackers": attackers,
            "suppressors": [dict(one) for one in METHODS],
            **study.settings,
        }
        file = work / f"{study.name}.yaml"
        write_atomic(file, write(settings).encode())
        print(f"{study.name}: running", file=sys.stderr)
        run_audit(file, out)
    return out


def page(study: Study, out: Path) -> str:
    """The study as Markdown: one row a representation, then the paired differences."""
    tables = {
        name: pd.read_csv(out / "tables" / f"{name}.csv")
        for name in ("leakage", "verification", "differences", "pairs")
        if (out / "tables" / f"{name}.csv").exists()
    }
    attribute = str(study.settings["sensitive"])
    lines = [f"## {study.title}", ""]
    lines += _strongest(tables, attribute)
    lines += ["", *_pairs(tables.get("pairs"), attribute)]
    lines += _differences(tables, attribute, study.settings.get("suppressors", METHODS))
    return "\n".join(lines)


def _strongest(tables: Mapping[str, pd.DataFrame], attribute: str) -> Iterator[str]:
    leakage = tables["leakage"]
    own = leakage[
        (leakage["attribute"] == attribute)
        & (leakage["attacker"] == "strongest")
        & (leakage["metric"] == METRIC)
    ]
    yield "| | strongest attack | by | null | drop (%) | finding | verification (%) |"
    yield "|---|---|---|---|---|---|---|"
    for row in own.to_dict("records"):
        name = row["representation"]
        told = [
            name,
            _span(row["value"], row["low"], row["high"], ".3f"),
            row["chosen"],
            _number(row["null"], ".3f"),
            _span(row["dif"], row["dif_low"], row["dif_high"], ".0f"),
            row["status"],
            _verified(tables.get("verification"), str(name)),
        ]
        yield f"| {' | '.join(str(one) for one in told)} |"


def _verified(table: pd.DataFrame | None, name: str) -> str:
    if table is None:
        return ""
    own = table[
        (table["representation"] == name)
        & (table["metric"] == "accuracy")
        & (table["distance"] == "euclidean")
    ]
    if own.empty:
        return ""
    row = own.iloc[0]
    return _span(*(100 * row[one] for one in ("value", "low", "high")), ".2f")


def _pairs(table: pd.DataFrame | None, attribute: str) -> Iterator[str]:
    """What two pictures of one person tell together."""
    own = [] if table is None else table[table["attribute"] == attribute].to_dict("records")
    if not own:
        return
    yield "Which of two pictures of a person shows it, class by class (guessing: 0.5):"
    yield ""
    for name in dict.fromkeys(row["representation"] for row in own):
        told = [
            f"{row['class']} {_span(row['value'], row['low'], row['high'], '.3f') or row['status']}"
            for row in own
            if row["representation"] == name
        ]
        yield f"- {name}: {'; '.join(told)}"
    yield ""


def _differences(
    tables: Mapping[str, pd.DataFrame], attribute: str, methods: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    table = tables.get("differences")
    if table is None:
        return
    leaks = (table["table"] == "leakage") & (table["attribute"] == attribute)
    kept = (table["table"] == "verification") & (table["metric"] == "accuracy")
    names = [one.get("name", one["kind"]) for one in methods]
    among = table["a"].isin(["x", *names]) & table["b"].isin(["x", *names])
    yield "Paired differences over the same resampled people, p after Holm:"
    yield ""
    yield "| | difference (points) | p |"
    yield "|---|---|---|"
    for what, rows in (("leakage", table[leaks & among]), ("verification", table[kept & among])):
        for row in rows.to_dict("records"):
            points = (100 * row[one] for one in ("difference", "low", "high"))
            figure = _span(*points, ".1f")
            cells = (f"{what}: {row['a']} − {row['b']}", figure, _number(row["p_holm"], ".3f"))
            yield f"| {' | '.join(cells)} |"


def _number(value: float, digits: str) -> str:
    return "" if pd.isna(value) else format(value, digits)


def _span(value: float, low: float, high: float, digits: str) -> str:
    if pd.isna(value):
        return ""
    if pd.isna(low):
        return format(value, digits)
    return f"{value:{digits}} ({low:{digits}} to {high:{digits}})"


def main(arguments: Sequence[str]) -> None:
    """Run what is missing and print the page."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("work", type=Path)
    asked.add_argument("--faces", type=Path)
    asked.add_argument("--encoder", type=Path)
    asked.add_argument("--people", type=int, default=230)
    asked.add_argument("--attackers", default="ladder", choices=("papers", "ladder"))
    asked.add_argument("--look", default="quick", choices=("quick", "full"))
    given = asked.parse_args(arguments)
    if (given.faces is None) != (given.encoder is None):
        asked.error("--faces and --encoder belong together: give both or none")
    given.work.mkdir(parents=True, exist_ok=True)
    studies = [*synthetic(given.work, given.people)]
    if given.faces is not None:
        studies += london(given.faces, given.encoder)
    print(
        f"# Methods side by side\n\nWritten by `python -m benchmarks.table`, look {given.look}.\n"
    )
    for study in studies:
        out = result(study, given.work, given.attackers, given.look)
        print(page(study, out), end="\n\n", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])

"""What a careless audit would have claimed, beside the honest one, on the same faces.

    python -m benchmarks.careless WORK [--faces DIR --encoder FILE.onnx]

Careless is what the papers' texts describe: faces are split, not people, 80 to 20, and suppressors
are fitted on the very rows that attackers learn from. Both audits have the same methods and
attackers. Prints Markdown; WORK keeps vectors and results, as for `benchmarks.table`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from benchmarks.table import METRIC, Study, london, result, synthetic


def both(study: Study) -> tuple[Study, Study]:
    """The study under the honest protocol and under the careless one."""
    plain = dict(study.settings)
    plain.pop("roles", None)
    honest = replace(study, name=f"{study.name}-honest", settings=plain)
    careless = {**plain, "preset": "careless"}
    return honest, replace(study, name=f"{study.name}-careless", settings=careless)


def beside(honest: Path, careless: Path, attribute: str) -> str:
    """Markdown: the strongest attack and the drop under either protocol."""
    lines = [
        "| | honest: strongest attack | drop (%) | careless: strongest attack | drop (%) |",
        "|---|---|---|---|---|",
    ]
    tables = [_strongest(out, attribute) for out in (honest, careless)]
    for name in tables[0].index:
        cells = [str(name)]
        for table in tables:
            cells += _cells(table.loc[name]) if name in table.index else ["", ""]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _strongest(out: Path, attribute: str) -> pd.DataFrame:
    table = pd.read_csv(out / "tables" / "leakage.csv")
    own = table[
        (table["attribute"] == attribute)
        & (table["attacker"] == "strongest")
        & (table["metric"] == METRIC)
    ]
    return own.set_index("representation")


def _cells(row: pd.Series) -> list[str]:
    if pd.isna(row["value"]):
        return [str(row["status"]), ""]
    figure = f"{row['value']:.3f} ({row['low']:.3f} to {row['high']:.3f})"
    drop = "" if pd.isna(row["dif"]) else f"{row['dif']:.0f}"
    return [figure if row["status"] == "ok" else f"{figure}, {row['status']}", drop]


def main(arguments: Sequence[str]) -> None:
    """Run what is missing and print the tables."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("work", type=Path)
    asked.add_argument("--faces", type=Path)
    asked.add_argument("--encoder", type=Path)
    given = asked.parse_args(arguments)
    given.work.mkdir(parents=True, exist_ok=True)
    studies = [next(synthetic(given.work, 230))]
    if given.faces is not None and given.encoder is not None:
        studies += list(london(given.faces, given.encoder))[:2]
    for study in studies:
        honest, careless = both(study)
        outs = [result(one, given.work, "papers", "quick") for one in (honest, careless)]
        attribute = str(study.settings["sensitive"])
        print(f"## {study.title}", beside(*outs, attribute), sep="\n\n", end="\n\n", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])

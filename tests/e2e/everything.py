"""A finished run with a table for every page. All figures are MADE UP; nothing was measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import made_up_ablation
import made_up_anonymity
import made_up_crowd
import made_up_fairness
import made_up_maps
import made_up_units
import pandas as pd
import pytest
import test_compare_page
import test_looking_page
import test_verification_page
from fixtures import audit

from core import run as runs
from core.config import config_from
from core.faces.synthetic.source import synthetic_faces
from core.run_status import RunStatus, write_status
from core.study.looking import offered

CROWD = 3_000
"""Faces on the maps: so many are drawn by our own element."""
NAME = "every study"
SUPPRESSOR = "sensitivenets"
"""The one that was exported."""


def everything(home: Path, base: Path) -> tuple[str, str]:
    """Write the run into `home`; returns its id, and that of the face that was looked at."""
    table = synthetic_faces().table
    face = str(table["id"].iloc[offered(table)[0]])
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("BLINDFOLD_CACHE", str(home))
        asked = {"name": NAME, "faces": {"preset": "synthetic"}, **test_compare_page.SETTINGS}
        run = runs.create(config_from(asked), base=base)
        _result(run.path)
        write_status(run.path, RunStatus(state="done"))
        test_looking_page.write(run, test_looking_page.choice(face))
    return run.id, face


def _result(folder: Path) -> None:
    """The result of the run in `folder`: what the tests of each page make up, side by side."""
    result, tables = folder / "result", folder / "result" / "tables"
    tables.mkdir(parents=True)
    made_up_units.write_study(result)
    made_up_fairness.write_study(result)
    made_up_anonymity.write_study(result)
    made_up_maps.write(folder, made_up_crowd.projection(CROWD))
    for name, rows in _tables().items():
        rows.to_csv(tables / f"{name}.csv", index=False)
    card = result / "suppressors" / SUPPRESSOR / "README.md"
    card.parent.mkdir(parents=True)
    card.write_text("# A made-up card\n\nNothing was measured.\n", encoding="utf-8")
    written = sorted(path.stem for path in tables.iterdir())
    whole = audit(name=NAME, facts=_facts(), tables=written, suppressors=[SUPPRESSOR])
    (result / "audit.json").write_text(json.dumps(whole), encoding="utf-8")


def _tables() -> dict[str, pd.DataFrame]:
    """Tables that several pages share, and those that no study writes by itself."""
    compared = test_compare_page.made_up()
    told = (compared["differences"], made_up_fairness.differences(),
            made_up_anonymity.differences())  # fmt: skip
    return {
        **compared,
        **test_verification_page.made_up(),
        "differences": pd.concat(told, ignore_index=True),
        "frontier": test_compare_page.frontier(),
        "ablation": made_up_ablation.made_up(),
    }


def _facts() -> dict[str, Any]:
    """What the studies say beside their tables."""
    return {
        **test_compare_page.summary()["facts"],
        **made_up_units.FACTS,
        "fairness": made_up_fairness.FACTS,
        "anonymity": made_up_anonymity.FACTS,
    }

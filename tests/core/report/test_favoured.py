"""A signed gap is never said or drawn without whom it favours. All figures are MADE UP."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from core.plots import fairness_favoured as favoured
from core.plots.fairness import WORST, Question
from core.report.contents import document
from core.report.document import Document, Figure
from core.report.result import read_result

Q = Question("smiling", "gender", "nn", ("feminine", "masculine"), ("feminine - masculine", WORST))
PAIR = "feminine - masculine"


def turned(folder) -> Document:  # type: ignore[no-untyped-def]
    """A report in which LEACE has the gap the other way round, and SensitiveNets none."""
    out: Path = folder(only=("fairness",))
    path = out / "tables" / "fairness.csv"
    own = pd.read_csv(path)
    gap = own["metric"] == "gap"
    own.loc[gap & (own["representation"] == "leace"), ["value", "low", "high"]] = -0.1, -0.2, -0.02
    own.loc[gap & (own["representation"] == "sensitivenets"), ["low", "high"]] = -0.1, 0.2
    own.to_csv(path, index=False)
    return document(read_result(out, smallest=10))


def test_whom_a_gap_favours_is_said(folder) -> None:  # type: ignore[no-untyped-def]
    told = turned(folder).sentences()
    text = "\n".join(told)
    assert text.count("Above zero feminine is favoured, below zero masculine.") >= 3
    assert "gap favours feminine" in told, "x"
    assert "gap favours masculine" in told, "LEACE"
    assert "no gap told" in told, "whom nobody can tell is not said"
    assert "x favours feminine, and LEACE favours masculine." in told
    assert "above zero feminine is given a wrong yes more often, below zero masculine" in text


def test_the_axis_of_gaps_names_both_ends(folder) -> None:  # type: ignore[no-untyped-def]
    figures = [one.plot for part in turned(folder).sections for one in part.blocks
               if isinstance(one, Figure)]  # fmt: skip
    titles = [str(one.layout.xaxis.title.text) for one in figures]
    assert "← masculine favoured · gap (points) · feminine favoured →" in titles
    assert "gap (points)" not in titles


def test_the_largest_gap_has_no_sign() -> None:
    assert favoured.signs(WORST, Q) == favoured.wrongly(WORST, Q) == ""
    assert favoured.axis(WORST, Q) == "gap (points)"


def test_names_below_a_figure_are_cut_and_are_no_markup() -> None:
    names = ("<b>" + "x" * 40, "masculine")
    title = favoured.axis(" - ".join(names), Question("smiling", "gender", "nn", names))
    assert "<b>" not in title
    assert "…" in title
    assert len(title) < 90

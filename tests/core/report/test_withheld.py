"""Of too few people nothing is left, in no table, and the report says what went and why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.report.cells import people
from core.report.contents import document
from core.report.document import Document, Figure, Table, said
from core.report.emptied import _COUNTS, _KEPT
from core.report.result import Result, read_result
from core.report.small_groups import withhold
from core.table import table

MORE = {
    "roc": [{"representation": name, "far": far, "tar": 0.9, "low": 0.88, "high": 0.92}
            for name in ("x", "leace") for far in (0.01, 0.1)],
    "frontier": [{"suppressor": "leace", "dial": dial, "leakage": 0.4, "leakage_low": 0.3,
                  "leakage_high": 0.5, "verification": 0.9, "verification_low": 0.88,
                  "verification_high": 0.92, "null": 0.4, "chosen": "nn", "status": "ok"}
                 for dial in (0.5, 1.0)],
    "projection_quality": [{"representation": "x", "method": "tsne", "trustworthiness": 0.9,
                            "knn_agreement": 0.6, "label": "expression", "n": 30, "chance": 0.3}],
}  # fmt: skip
"""Tables that do not say of how many people they are. The figures are MADE UP."""


def points() -> pd.DataFrame:
    """A map of 30 faces."""
    random = np.random.default_rng(0)
    return pd.DataFrame({
        "representation": "x", "method": "tsne", "id": [f"f{i}" for i in range(30)],
        "u": random.normal(size=30), "v": random.normal(size=30), "subject_id": "who",
        "placed": False, "expression": ["happy", "sad", "neutral"] * 10,
    })  # fmt: skip


@pytest.fixture
def every(folder) -> Path:  # type: ignore[no-untyped-def]
    """An audit of 100 people with the tables of `MORE`, a map and a figure of labels alone."""

    def change(audit: dict[str, Any]) -> None:
        audit["tables"] += [*MORE, "projection"]
        audit["facts"]["projection"] = {"people": 20}
        audit["facts"]["other_labels"] = {"expression": {"value": 0.4321, "low": 0.4, "high": 0.5}}

    out: Path = folder(change)
    for name, rows in MORE.items():
        table(name, rows).to_csv(out / "tables" / f"{name}.csv", index=False)
    points().to_parquet(out / "tables" / "projection.parquet")
    return out


def blocks(found: Document, name: str) -> list[Any]:
    """What a part of a report has."""
    return [one for part in found.sections if part.name == name for one in part.blocks]


def cells(found: Document, column: str) -> set[str]:
    """What stands in the columns of that name, in all tables."""
    return {
        said(row.cells[at])
        for part in found.sections for one in part.blocks if isinstance(one, Table)
        for at, head in enumerate(one.columns) if head.name == column
        for row in one.rows if row.kind != "group"
    }  # fmt: skip


def test_of_an_audit_of_too_few_no_table_keeps_a_figure(every: Path) -> None:
    found = read_result(every, smallest=101)
    assert set(found.tables) >= {*MORE, "projection", "differences", "confusion", "collapse"}
    for name, own in found.tables.items():
        figures = own.drop(columns=[one for one in own if one in (*_KEPT, *_COUNTS)])
        figures = figures.select_dtypes("number")
        assert figures.empty or not figures.notna().any(axis=None), name
    assert read_result(every, smallest=100).tables["differences"]["difference"].notna().all()


def test_the_report_of_too_few_says_what_went_and_why(every: Path) -> None:
    found = document(read_result(every, smallest=101))
    told = "\n".join(found.sentences())
    for what in ("4 paired differences", "2 settings of a dial", "3 rows of collapse",
                 "27 cells of confusion matrices", "4 points of curves", "30 points of maps",
                 "1 agreements of neighbours"):  # fmt: skip
        assert what in told
    assert "They are of fewer than 101 people" in told
    assert "What attackers read of expression is withheld: fewer than 101 people." in told
    assert "0.43" not in told, "what the other labels alone predict rests on the same people"
    for name in ("compare", "projection"):
        assert not [one for one in blocks(found, name) if isinstance(one, Figure)]
    whole = document(read_result(every, smallest=10))
    assert "Withheld here" not in "\n".join(whole.sentences())
    assert [one for one in blocks(whole, "projection") if isinstance(one, Figure)]


def test_a_map_goes_by_the_people_that_it_shows(every: Path) -> None:
    found = read_result(every, smallest=21)
    assert found.table("projection") is None
    assert found.table("projection_quality") is None
    assert found.table("roc") is not None


def test_a_map_that_is_withheld_is_missed_in_words(every: Path) -> None:
    told = "\n".join(document(read_result(every, smallest=21)).sentences())
    assert "No map is shown: a map shows every face by itself" in told
    assert "those on it are of fewer than 21 people" in told
    assert "withheld from this report altogether: projection, of fewer than 21 people" in told
    assert "Asked for and without a figure" not in told, "there are figures"
    whole = "\n".join(document(read_result(every, smallest=20)).sentences())
    assert "No map is shown" not in whole
    assert "withheld from this report altogether" not in whole


def test_a_difference_goes_with_either_of_its_figures(every: Path) -> None:
    path = every / "tables" / "leakage.csv"
    own = pd.read_csv(path)
    own.loc[own["representation"] == "leace", "identities"] = 6
    own.to_csv(path, index=False)
    found = read_result(every, smallest=10).tables
    left = found["differences"][found["differences"]["table"] == "leakage"]
    assert left["b"].tolist() == ["sensitivenets"]
    assert set(found["confusion"]["representation"]) == {"x", "sensitivenets"}


def test_a_number_of_people_that_is_withheld_is_never_0(every: Path) -> None:
    own = pd.read_csv(every / "tables" / "leakage.csv")
    own.loc[own["representation"] == "leace", "identities"] = 6
    own.to_csv(every / "tables" / "leakage.csv", index=False)
    own = pd.read_csv(every / "tables" / "groups.csv")
    own.loc[own["group"] == "other", "identities"] = 4
    own.to_csv(every / "tables" / "groups.csv", index=False)
    shown = cells(document(read_result(every, smallest=10)), "people")
    assert {"fewer than 10", "withheld"} <= shown
    assert "0" not in shown


def test_people_in_words() -> None:
    assert people(1200, "ok") == "1,200"
    assert people(None, "ok") == ""
    assert people(0, "withheld: fewer than 5 people") == "fewer than 5"
    assert people(0, "withheld: beside a small group") == "withheld"


def test_what_stands_beside_a_small_group_is_not_called_small(folder) -> None:  # type: ignore[no-untyped-def]
    found = read_result(folder(groups={"feminine": 40, "masculine": 38, "other": 4}), smallest=10)
    status = found.tables["groups"].groupby("group")["status"].unique()
    assert list(status["other"]) == ["withheld: fewer than 10 people"]
    assert list(status["masculine"]) == ["withheld: beside a small group"]


# -- classes of labels -----------------------------------------------------------------------------


def counted(
    data: dict[str, Any], smallest: int = 10, **tables: pd.DataFrame
) -> dict[str, dict[str, int | None]]:
    """The counts of faces that are left of `data`."""
    audit = {"data": {"identities": 60, **data}, "headline": {}}
    shown, _, _ = withhold(audit, tables, smallest)
    labels: dict[str, dict[str, int | None]] = shown["data"]["labels"]
    return labels


FACES = {"mood": {"happy": 500, "rare": 200, "sad": 300}}


def test_classes_go_by_people_and_not_by_faces() -> None:
    """200 faces of three people are faces of three people, whether or not there is groups.csv."""
    told = {"labels": FACES, "label_people": {"mood": {"happy": 50, "rare": 3, "sad": 40}}}
    assert counted(told) == {"mood": {"happy": 500, "rare": None, "sad": None}}


def test_older_audits_tell_the_classes_whose_people_groups_counts() -> None:
    groups = pd.DataFrame({
        "representation": "x", "label": "mood", "group": ["happy", "rare", "sad", "happy"],
        "metric": "fmr", "value": 0.1, "identities": [50, 12, 40, 0], "status": "ok",
    })  # fmt: skip
    assert counted({"labels": FACES}, groups=groups) == FACES
    assert counted({"labels": FACES}, 13, groups=groups) == {
        "mood": {"happy": 500, "rare": None, "sad": None}
    }
    assert counted({"labels": FACES}) == {"mood": dict.fromkeys(FACES["mood"])}


def test_where_nobody_is_named_each_face_stands_for_itself() -> None:
    faces = {"mood": {"happy": 500, "rare": 9, "sad": 300}}
    assert counted({"labels": faces, "identities": None}) == {
        "mood": {"happy": 500, "rare": None, "sad": None}
    }


def test_what_nobody_counted_is_said(folder) -> None:  # type: ignore[no-untyped-def]
    found = read_result(folder(lambda audit: audit["data"].pop("label_people")), smallest=10)
    assert found.withheld.uncounted == ("expression",)
    assert "Of expression nobody counted" in "\n".join(document(found).sentences())


def expressions(folder, *, sad: int, pair: int) -> Result:  # type: ignore[no-untyped-def]
    """An audit with `sad` sad people, and a pair of expressions that `pair` people show."""

    def change(audit: dict[str, Any]) -> None:
        audit["tables"].append("expression")
        audit["data"]["label_people"]["expression"]["sad"] = sad

    out = folder(change)
    rows = [
        {"representation": "x", "expression_a": a, "expression_b": b, "far": 0.01, "tar": 0.9,
         "low": 0.8, "high": 1.0, "pairs": 50, "identities": n, "status": "ok"}
        for a, b, n in (("happy", "sad", pair), ("happy", "happy", 90), ("sad", "sad", 80),
                        ("neutral", "sad", 70))
    ]  # fmt: skip
    table("expression", rows).to_csv(out / "tables" / "expression.csv", index=False)
    return read_result(out, smallest=10)


def test_a_pair_of_expressions_is_no_class_of_a_matrix(folder) -> None:  # type: ignore[no-untyped-def]
    found = expressions(folder, sad=100, pair=4)
    assert found.tables["expression"]["tar"].isna().any()
    assert len(found.tables["confusion"]) == 27


def test_a_class_of_few_people_hides_the_matrices_of_its_label(folder) -> None:  # type: ignore[no-untyped-def]
    assert expressions(folder, sad=4, pair=40).tables["confusion"].empty

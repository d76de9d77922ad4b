"""The Verification page in each of its states. All figures are MADE UP; nothing was measured."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fixtures import Maker, Opened, audit, html
from streamlit.testing.v1 import AppTest

from core.run import Run
from core.table import table

PAGE = "app/pages/verification.py"
SETTINGS = {"suppressors": [{"kind": "sensitivenets"}, {"kind": "lntl"}]}
ACCURACY = {"x": 0.973, "sensitivenets": 0.961, "lntl": 0.849, "pixels": 0.71}
MOODS = ("happy", "neutral", "unknown")


def _verification() -> Iterable[dict[str, Any]]:
    for name, accuracy in ACCURACY.items():
        figures = {"accuracy": accuracy, "auc": accuracy + 0.02, "eer": 1 - accuracy,
                   "tar@0.01": accuracy - 0.05, "tar@0.001": accuracy - 0.2, "tar@0.0001": None,
                   "rank1": accuracy}  # fmt: skip
        if name == "sensitivenets":
            figures |= {"cross": 0.98, "cross_accepted": 0.5, "cross_false": 0.004,
                        "cross_rank1": 0.9, "cross_linked": 0.99}  # fmt: skip
        if name == "lntl":
            figures |= dict.fromkeys(("cross", "cross_accepted", "cross_false", "cross_rank1"))
            figures |= {"cross_linked": 0.93}
        for metric, value in figures.items():
            near = {} if value is None else {"low": value - 0.008, "high": value + 0.007}
            word = "not comparable" if metric.startswith("cross") else "not enough data"
            for distance in ("euclidean", "cosine"):
                yield {"representation": name, "metric": metric, "distance": distance,
                       "value": value, **near, "pairs": 6000, "identities": 230,
                       "status": word if value is None else "ok"}  # fmt: skip


def _roc() -> Iterable[dict[str, Any]]:
    for name, accuracy in ACCURACY.items():
        for far in np.geomspace(0.001, 1, 31):
            tar = far ** (1 - accuracy)
            yield {"representation": name, "far": far, "tar": tar, "low": max(tar - 0.03, 0),
                   "high": min(tar + 0.02, 1)}  # fmt: skip


def _expression() -> Iterable[dict[str, Any]]:
    for name in ACCURACY:
        for a, b in combinations_with_replacement(MOODS, 2):
            value = None if "unknown" in (a, b) else 0.95 if a == b else 0.7
            near = {} if value is None else {"low": value - 0.02, "high": value + 0.02}
            yield {"representation": name, "expression_a": a, "expression_b": b, "far": 0.01,
                   "tar": value, **near, "pairs": 460, "identities": 230,
                   "status": "not enough data" if value is None else "ok"}  # fmt: skip


def _groups() -> Iterable[dict[str, Any]]:
    for name in ACCURACY:
        for place, group in enumerate(("female", "male", "unknown")):
            for metric, base in (("fmr", 0.01), ("fnmr", 0.05)):
                value = None if group == "unknown" else base * (1 + 3 * place)
                near = {} if value is None else {"low": value * 0.9, "high": value * 1.1}
                yield {"representation": name, "label": "gender", "group": group,
                       "metric": metric, "value": value, **near, "n": 4000, "identities": 115,
                       "status": "not enough data" if value is None else "ok",
                       "far": 0.01}  # fmt: skip
            yield {"representation": name, "label": "gender", "group": group, "metric": "leakage",
                   "value": 0.5, "n": 10, "identities": 115, "status": "ok",
                   "attribute": "expression", "chance": 1 / 6}  # fmt: skip


def made_up() -> dict[str, pd.DataFrame]:
    """The tables of a run with two suppressors, none of it measured."""
    lost = [
        {"table": "verification", "metric": "accuracy", "a": name, "b": "x",
         "difference": value - ACCURACY["x"], "low": value - ACCURACY["x"] - 0.01,
         "high": value - ACCURACY["x"] + 0.01, "p_holm": 0.001}
        for name, value in ACCURACY.items() if name != "x"
    ]  # fmt: skip
    return {
        "verification": table("verification", _verification()),
        "roc": table("roc", _roc()),
        "expression": table("expression", _expression()),
        "groups": table("groups", _groups()),
        "differences": table("differences", lost),
    }


def write(run: Run, tables: dict[str, pd.DataFrame]) -> None:
    """Put `tables` in the place of what the run had."""
    folder = run.path / "result" / "tables"
    for old in folder.glob("*.csv"):
        old.unlink()
    for name, rows in tables.items():
        rows.to_csv(folder / f"{name}.csv", index=False)


@pytest.fixture
def full(make: Maker) -> Run:
    """A finished run with two suppressors."""
    run = make("two methods", settings=SETTINGS)
    write(run, made_up())
    return run


def alts(app: AppTest) -> list[str]:
    """What a screen reader says of each figure."""
    return [element.proto.alt for element in app.get("plotly_chart")]


def test_without_any_run_it_says_so(open_it: Opened) -> None:
    app = open_it()
    assert not app.exception
    assert "There is no audit yet" in html(app)


def test_every_part_of_the_page_says_its_finding(full: Run, open_it: Opened) -> None:
    app = open_it(run=full.id)
    assert not app.exception
    shown = html(app)
    assert "x tells 97.3 % (96.5 to 98.0) of pairs rightly" in shown
    assert "most is lost by Learning Not To Learn: 12.4 points" in shown
    assert "people must be enrolled again" in shown
    assert "Its vectors have another width than x" in shown
    assert "can be linked: AUC 0.990" in shown
    assert "x: happy with neutral is accepted least, 70 %; happy with happy most, 95 %" in shown
    assert "x: false match rate highest for male, 4.0 %; lowest for female, 1.0 %" in shown
    assert "x: false non-match rate highest for male, 20.0 %" in shown
    assert "What passed." in shown
    said = alts(app)
    assert len(said) == 4
    assert all(said), "every figure has an alt text"


def test_the_papers_accuracy_stands_beside_ours(full: Run, open_it: Opened) -> None:
    shown = html(open_it(run=full.id))
    for printed in ("0.968", "0.963", "0.594", "pairs of LFW", "its accuracies give 79.9"):
        assert printed in shown


def test_figures_that_cannot_be_given_say_why(full: Run, open_it: Opened) -> None:
    shown = html(open_it(run=full.id))
    assert shown.count("not comparable") == 4
    assert "not enough data" in shown
    assert ">unknown<" in shown, "a group is never dropped"


def test_the_address_chooses_curve_representation_and_groups(full: Run, open_it: Opened) -> None:
    app = open_it(run=full.id, curve="DET", **{"expressions-of": "LNTL"})
    assert not app.exception
    assert "Learning Not To Learn: happy with neutral is accepted least" in html(app)
    spec = app.get("plotly_chart")[0].proto.spec
    assert "False rejection rate" in spec


def test_all_tables_can_be_downloaded(full: Run, open_it: Opened) -> None:
    labels = [one.proto.label for one in open_it(run=full.id).get("download_button")]
    assert labels == [
        "verification.csv", "roc.csv", "expression.csv", "groups.csv", "differences.csv"
    ]  # fmt: skip


def test_an_easy_set_is_called_so_before_any_figure(make: Maker, open_it: Opened) -> None:
    warning = "These pictures look taken in one session; verification is trivial on them."
    run = make(audit=audit(warnings=[warning]))
    write(run, made_up())
    shown = html(open_it(run=run.id))
    assert "Too easy." in shown
    assert shown.index("Too easy.") < shown.index("The figures")


@pytest.mark.parametrize("name", ["roc", "expression", "groups", "differences"])
def test_any_one_table_may_be_missing(full: Run, open_it: Opened, name: str) -> None:
    tables = made_up()
    del tables[name]
    write(full, tables)
    app = open_it(run=full.id)
    assert not app.exception
    if name in ("roc", "groups"):
        assert f"This run has no table “{name}”" in html(app)


def test_a_run_without_verification_says_how_to_have_it(make: Maker, open_it: Opened) -> None:
    run = make()
    write(run, {})
    app = open_it(run=run.id)
    assert not app.exception
    assert "Verification was not part of this run" in html(app)


def test_nothing_measured_is_no_figure_and_no_crash(full: Run, open_it: Opened) -> None:
    tables = made_up()
    for name in ("verification", "expression", "groups"):
        value = "tar" if name == "expression" else "value"
        tables[name][[value, "low", "high"]] = np.nan
        tables[name]["status"] = "not enough data"
    tables["roc"] = tables["roc"].iloc[:0]
    tables["differences"] = tables["differences"].iloc[:0]
    write(full, tables)
    app = open_it(run=full.id)
    assert not app.exception
    shown = html(app)
    assert "Not enough data to say how well faces are verified" in shown
    assert "Not enough data to say what expressions do" in shown
    assert "Not enough data to compare groups of gender" in shown
    assert "0.0 %" not in shown, "what was not measured is not 0"


def test_a_run_at_work_shows_its_bar(make: Maker, open_it: Opened) -> None:
    run = make(state="running", phase="Attacking", done=3, total=20)
    app = open_it(run=run.id)
    assert not app.exception
    assert "Attacking: 3 of 20" in html(app)
    assert "its figures are not here yet" in html(app)


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("failed", "2 classes are needed, there is 1"),
        ("cancelled", "This run was cancelled"),
        ("stopped", "The worker of this run is gone"),
    ],
)
def test_a_run_that_ended_early_says_how(
    make: Maker, open_it: Opened, state: str, sentence: str
) -> None:
    run = make(state=state, error="2 classes are needed, there is 1")
    assert sentence in html(open_it(run=run.id))


def test_a_careless_run_is_loud(make: Maker, open_it: Opened) -> None:
    run = make("loud", settings={"preset": "careless"})
    assert "they are not a finding" in html(open_it(run=run.id))


def test_labels_and_groups_with_hostile_names_are_text(full: Run, open_it: Opened) -> None:
    name = "<script>alert(1)</script>![x](http://example.org/x.png)"
    write(full, {key: rows.replace({"gender": name, "female": name, "happy": name})
                 for key, rows in made_up().items()})  # fmt: skip
    app = open_it(run=full.id)
    assert not app.exception
    assert "<script" not in html(app)
    specs = [element.proto.spec for element in app.get("plotly_chart")]
    assert not any("<script" in spec or "\\u003cscript" in spec for spec in specs)
    labels = [one.label for one in app.expander]
    assert not any("![" in label and "\\[" not in label for label in labels)

"""What changed between two audits: told from chance, and only where both answer one question."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.encode.embeddings import Embeddings
from core.engine import Local
from core.errors import ConfigError, InputError
from core.finished import Finished, finished, released
from core.measure.changes import apart
from core.measure.intervals import Interval, Predictions, difference, weights
from core.measure.targets import target
from core.progress import Progress
from core.split import rotation
from core.store import Store
from core.study.changes import COLUMNS, changes
from core.study.changes_paired import PERSON
from core.study.changes_said import counted, main, sentence
from core.study.leakage import Leakage, Plan
from core.study.representation import Representation
from core.table import COLUMNS as TABLES
from tests.core.made_up_result import CLASSES, audit, leakage, predictions, verification, write
from tests.core.study.test_leakage import people_with_faces


def made(folder: Path, settings: dict[str, Any] | None = None, **given: Any) -> Finished:
    """An audit of x and leace with `given` changes of the leakage rows."""
    changed = given.pop("audit", {})
    said = given.pop("said", None)
    rows = [leakage(**given), leakage(representation="leace", value=0.45, low=0.4, high=0.5)]
    tables = {"leakage": rows, "verification": [verification()]}
    return finished(write(folder, audit(settings, **changed), said=said, **tables))


def only(frame: pd.DataFrame, **where: str) -> dict[str, Any]:
    """The one row in which every column says what is given."""
    chosen = frame
    for column, word in where.items():
        chosen = chosen[chosen[column] == word]
    (row,) = chosen.to_dict("records")
    return {str(key): value for key, value in row.items()}


def of_x(a: Finished, b: Finished) -> dict[str, Any]:
    """The change of leakage of expression from x."""
    return only(changes(a, b, resamples=300).table, table="leakage", representation_a="x",
                representation_b="x")  # fmt: skip


def plain(said: pd.DataFrame) -> Predictions:
    """Slow twin of what is read from the file."""
    return Predictions(
        truth=np.array([CLASSES.index(one) for one in said["truth"]]),
        predicted=np.array([CLASSES.index(one) for one in said["predicted"]]),
        scores=None,
        people=said["person"].to_numpy(),
        rows=np.arange(len(said)),
        repeat=said["seed"].to_numpy(),
    )


def test_the_same_faces_are_compared_person_by_person(tmp_path: Path) -> None:
    before, after = predictions(0.6, seed=1, seeds=2), predictions(0.85, seed=2)
    shuffled = after.sample(frac=1, random_state=0).assign(person=lambda one: 100 - one["person"])
    a, b = made(tmp_path / "a", said=before), made(tmp_path / "b", said=shuffled)
    row = of_x(a, b)
    drawn = weights(40, resamples=300, seed=0)
    twin = difference(plain(after), plain(before), "balanced_accuracy", k=3, weights=drawn)
    assert (row["change"], row["low"], row["high"]) == pytest.approx(twin[:3])
    assert (row["how"], row["n"], row["finding"]) == ("paired", 120, "rose")
    assert row["a"] == 0.6, "the figures are those of the audits"
    independent = of_x(made(tmp_path / "c"), made(tmp_path / "d"))
    assert independent["how"] == "independent"
    assert "no predictions" in independent["note"]


def test_an_audit_has_not_changed_from_itself(tmp_path: Path) -> None:
    a = made(tmp_path / "a", said=predictions(0.6, seed=1))
    found = changes(a, a, resamples=300)
    assert not found.settings
    assert not found.refused
    assert set(found.table["change"].dropna()) == {0.0}
    assert set(found.table["finding"]) == {"no change told"}
    assert tuple(found.table.columns) == COLUMNS
    row = only(found.table, table="leakage", representation_a="x")
    assert (row["low"], row["high"]) == (0, 0), "paired: nothing is left of the width"


def test_faces_that_only_one_has_are_left_out_and_counted(tmp_path: Path) -> None:
    before, after = predictions(0.6, seed=1), predictions(0.75, seed=2)
    some = after[after["person"] < 30]
    a, b = made(tmp_path / "a", said=before), made(tmp_path / "b", said=some)
    row = of_x(a, b)
    assert (row["n"], row["identities_a"], row["identities_b"]) == (90, 30, 30)
    assert "on the 90 faces that both have" in row["note"]
    shared = before[before["person"] < 30]
    assert row["a"] == pytest.approx(float((shared["truth"] == shared["predicted"]).mean()))
    few = made(tmp_path / "c", said=after[after["person"] < 15])
    assert "tested other faces" in of_x(a, few)["note"]


def test_row_numbers_of_two_sets_are_not_taken_for_the_same_faces(tmp_path: Path) -> None:
    said = predictions(0.6, seed=1)
    said = said.assign(id=said["id"].factorize()[0].astype(str))
    other = audit()
    other["data"] = {**other["data"], "digest": "f" * 64}
    one = made(tmp_path / "a", said=said)
    assert of_x(one, made(tmp_path / "b", said=said))["how"] == "paired"
    row = of_x(one, made(tmp_path / "c", audit={"data": other["data"]}, said=said))
    assert row["how"] == "independent"
    assert "row numbers" in row["note"]


def test_who_disagrees_on_who_is_who_is_not_paired(tmp_path: Path) -> None:
    said = predictions(0.6, seed=1)
    mixed = said.assign(person=np.arange(len(said)) % 40)
    row = of_x(made(tmp_path / "a", said=said), made(tmp_path / "b", said=mixed))
    assert row["how"] == "independent"
    assert "who is who" in row["note"]


def test_older_predictions_have_nobody_and_the_intervals_alone_decide(tmp_path: Path) -> None:
    old = predictions(0.6, seed=1).drop(columns="person")
    a = made(tmp_path / "a", said=old)
    b = made(tmp_path / "b", value=0.7, low=0.66, high=0.74)
    row = of_x(a, b)
    twin = apart(Interval(0.6, 0.55, 0.65, 40, "ok"), Interval(0.7, 0.66, 0.74, 40, "ok"))
    assert (row["change"], row["low"], row["high"]) == pytest.approx(twin[:3])
    assert "older version" in row["note"]


def test_a_damaged_file_is_said(tmp_path: Path) -> None:
    a = made(tmp_path / "a", said=predictions(0.6, seed=1))
    (tmp_path / "a" / "tables" / "predictions.parquet").write_bytes(b"PAR1 no more PAR1")
    with pytest.raises(InputError, match="cannot be read"):
        changes(a, a)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"audit": {"preset": "careless"}}, "the second audit is careless"),
        ({"audit": {"data": {**audit()["data"], "synthetic": False}}}, "drawn faces"),
        ({"chance": 0.5}, "guessing gives 0.333 in the first and 0.5 in the second"),
        ({"attacker_identities": 40}, "attackers learnt from 16 people in the first and 40"),
        ({"settings": {"attackers": "ladder"}}, "the strongest was chosen among others"),
        ({"settings": {"attackers": "paper-thesis"}}, "the attackers are others"),
    ],
)
def test_figures_that_answer_other_questions_are_not_subtracted(
    tmp_path: Path, change: dict[str, Any], why: str
) -> None:
    given = {"settings": change} if "settings" not in change else change
    settings = given["settings"] if given is change else {}
    others = {} if given is change else change
    a, b = made(tmp_path / "a"), made(tmp_path / "b", settings, **others)
    row = of_x(a, b)
    assert (row["status"], row["finding"]) == ("not comparable", "not comparable")
    assert why in row["note"]
    assert pd.isna(row["change"])
    assert row["a"] == row["b"] == 0.6, "side by side all the same"


def test_nothing_is_said_to_have_changed_where_nothing_can_be_compared(tmp_path: Path) -> None:
    a = made(tmp_path / "a")
    b = made(tmp_path / "b", audit={"preset": "careless"})
    found = changes(a, b)
    assert sentence(found).startswith("Nothing can be compared: the second audit is careless")
    assert not counted(found)
    assert set(found.table["status"]) == {"not comparable"}


def test_where_the_strongest_is_another_attackers_of_one_name_stand_in(tmp_path: Path) -> None:
    rows = [leakage(attacker=name) for name in ("majority", "nn", "svm", "strongest")]
    a = finished(write(tmp_path / "a", audit(), leakage=rows))
    b = finished(write(tmp_path / "b", audit({"attackers": "ladder"}), leakage=rows[1:]))
    shown = main(changes(a, b).table)
    assert [(row["attacker"], row["finding"]) for row in shown] == [
        ("nn", "no change told"), ("svm", "no change told"), ("strongest", "not comparable"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("status", "value", "word", "finding"),
    [
        ("probe failed", None, "probe failed", "no figure"),
        ("not enough data", None, "not enough data", "no figure"),
        ("few people", 0.3, "few people", "fell"),
        ("anti-learning", 0.1, "anti-learning", "below chance"),
        ("nothing found", 0.3, "ok", "fell"),
    ],
)
def test_every_status_is_heeded(
    tmp_path: Path, status: str, value: float | None, word: str, finding: str
) -> None:
    ends = {"low": None, "high": None} if value is None else {"low": value - 0.03, "high": 0.35}
    a, b = made(tmp_path / "a"), made(tmp_path / "b", value=value, status=status, **ends)
    row = of_x(a, b)
    assert (row["status"], row["finding"]) == (word, finding)
    if status == "anti-learning":
        assert "never an improvement" in row["note"]
        alone = [made(tmp_path / name, {"suppressors": []}, **given) for name, given in
                 (("c", {}), ("d", {"value": value, "status": status, **ends}))]  # fmt: skip
        found = changes(*alone)
        assert "an alarm, and no improvement" in sentence(found)
        assert "from guessing: +26.7 points in the first, −23.3 in the second" in sentence(found)
        assert "1 below chance, which is an alarm and no fall" in counted(found)
        assert "fell" not in counted(found).replace("no fall", "")
        assert "26.7 points above guessing in the first, 23.3 points below" in row["note"]


def test_p_is_corrected_over_all_figures_of_one_kind_controls_apart(tmp_path: Path) -> None:
    names = ("x", "leace", "random")
    both = []
    for side, shift in (("a", 0.0), ("b", 0.09)):
        rows = [leakage(representation=name, attribute=label, value=0.5 + shift,
                        low=0.45 + shift, high=0.55 + shift)
                for name in names for label in ("expression", "gender")]  # fmt: skip
        both.append(finished(write(tmp_path / side, audit(), leakage=rows)))
    one, other = (Interval(v, v - 0.05, v + 0.05, 40, "ok") for v in (0.5, 0.59))
    alone = apart(one, other).p
    assert alone is not None
    found = changes(*both).table
    own = found[found["representation_a"] != "random"]
    assert own["p_holm"].tolist() == pytest.approx([4 * alone] * 4)
    assert found[found["representation_a"] == "random"]["p_holm"].tolist() == pytest.approx(
        [2 * alone] * 2
    )
    assert alone < 0.05 <= 4 * alone
    assert set(own["finding"]) == {"no change told"}, "the interval alone does not decide"


def test_the_released_ones_and_those_asked_for_are_matched(tmp_path: Path) -> None:
    a = made(tmp_path / "a")
    settings = {"suppressors": [{"kind": "blindfold"}]}
    rows = [leakage(), leakage(representation="blindfold", value=0.3, low=0.27, high=0.33)]
    b = finished(write(tmp_path / "b", audit(settings), leakage=rows))
    assert (released(a.config), released(b.config)) == ("leace", "blindfold")
    pairs = changes(a, b, match=[("x", "blindfold")]).table[
        ["representation_a", "representation_b"]
    ]
    assert pairs.to_numpy().tolist() == [["x", "x"], ["leace", "blindfold"], ["x", "blindfold"]]
    assert "leace → blindfold" in sentence(changes(a, b))
    with pytest.raises(ConfigError, match="'leace', and that audit has x, blindfold"):
        changes(a, b, match=[("x", "leace")])


def test_what_differs_is_listed_by_its_name(tmp_path: Path) -> None:
    a = made(tmp_path / "a")
    settings = {
        "seed": 1,
        "suppressors": [{"kind": "leace", "dial": 0.5}],
        "device": "cpu",
        "encoder": {"kind": "onnx", "weights": "/home/somebody/models/new.onnx"},
    }
    b = made(tmp_path / "b", settings)
    found = changes(a, b)
    assert [(one.name, one.a, one.b, one.kind) for one in found.settings] == [
        ("encoder.kind", "auto", "onnx", "compared"),
        ("encoder.weights", "", "new.onnx", "compared"),
        ("suppressors.leace.dial", "", "0.5", "compared"),
        ("seed", "0", "1", "protocol"),
        ("device", "auto", "cpu", "machine"),
    ]
    assert found.cautions == ["the seeds differ: people were dealt into other groups"]


def test_verification_of_given_pairs_is_another_question(tmp_path: Path) -> None:
    a = made(tmp_path / "a")
    b = made(tmp_path / "b", audit={"facts": {"verification": {"pairs": "given"}}})
    row = only(changes(a, b).table, table="verification")
    assert row["status"] == "not comparable"
    assert row["detail"] == "distance=euclidean"


def test_audits_with_nothing_in_common_say_so(tmp_path: Path) -> None:
    a = made(tmp_path / "a")
    b = finished(write(tmp_path / "b", audit()))
    found = changes(a, b)
    assert found.table.empty
    assert sentence(found) == "These two audits have no figure in common."


@pytest.mark.skipif(PERSON not in TABLES["predictions"], reason="not wired in")
def test_from_files_it_is_the_difference_that_the_study_itself_makes(tmp_path: Path) -> None:
    """x of two audits of the same faces, against x and y of one, by the study's own code."""
    x, y = (people_with_faces(people=30, leak=leak) for leak in (2.0, 0.8))
    splits = rotation(x.subjects, np.asarray(x.table.index) * 0)
    plan = Plan(splits, ("logistic",), ("logistic",), 20, 0, "cpu", 300)

    def walked(**others: Embeddings) -> dict[str, pd.DataFrame]:
        every = {one: Representation(own) for one, own in others.items()}
        return dict(
            Leakage(
                every, [target(x.table, "expression")], plan, store=Store(tmp_path / "store"),
                progress=Progress(), engine=Local(1), publish=lambda name, table: None,
            ).run().tables
        )  # fmt: skip

    results = []
    for name, one in (("a", x), ("b", y)):
        found = walked(x=one)
        folder = write(
            tmp_path / name, audit({"suppressors": []}), said=found["predictions"],
            leakage=found["leakage"].to_dict("records"),
        )  # fmt: skip
        results.append(finished(folder))
    (twin,) = walked(x=x, y=y)["differences"].to_dict("records")
    table = changes(results[0], results[1], resamples=300).table
    row = only(table, metric="balanced_accuracy")
    assert row["how"] == "paired"
    assert row["change"] == pytest.approx(-twin["difference"])
    assert (row["low"], row["high"]) == pytest.approx((-twin["high"], -twin["low"]))

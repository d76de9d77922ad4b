"""Decisions in words and figures: sentences follow intervals and statuses. All is MADE UP."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "app"))

from made_up_fairness import PAIR, SYNTHETIC, WAYS, differences, gap_of, made_up, scores

from core.measure.fairness import Decisions, figures
from core.plots.compare import Span
from core.plots.fairness import (
    WORST,
    Change,
    Decided,
    Question,
    Way,
    by_label,
    crossed,
    decided,
    group_name,
    questions,
    split,
    strengths,
)
from core.plots.fairness_figures import gap_figure, rates_figure
from core.plots.fairness_papers import beside, differs, marks
from core.plots.fairness_said import Truth, alt, answer, title, told_truth, truth
from core.plots.fairness_small import frame, over_thresholds, small
from core.plots.fairness_threshold import moved
from core.plots.tokens import DARK, LIGHT, Tokens

Q = Question("attractive", "gender", "nn", ("female", "male"), (PAIR,))
TWO = "a - b"


def one(
    name: str, gap: float | None, reach: float = 5, *, method: str = "none", p: float | None = None,
    change: float | None = None, wide: float = 2, **more: Any,
) -> Decided:  # fmt: skip
    """A way with this gap in points, plus or minus `reach`."""
    low, high = (None, None) if gap is None else (gap - reach, gap + reach)
    word = "not enough data" if gap is None else "ok"
    spans = {("gap", PAIR): Span(gap, low, high, more.get("status", word)),
             ("accuracy", "all"): Span(0.7, 0.65, 0.75, "ok")}  # fmt: skip
    if "shift" in more:
        spans["shift", PAIR] = Span(more["shift"], more["shift"] - 3, more["shift"] + 3, "ok")
    changes = {}
    if change is not None:
        changes[PAIR] = Change(Span(change, change - wide, change + wide), p)
    return Decided(Way(name, method), 0.7, spans, {}, changes)


def test_questions_strengths_ways_and_groups_are_those_of_the_table() -> None:
    table = made_up()
    (q,) = questions(table)
    assert (q, q.groups, q.pairs) == (Q, ("female", "male"), (PAIR,))
    assert strengths(table) == [0.5, 0.7, 0.9]
    found = decided(table, differences(), q, 0.7)
    assert [one.way.key for one in found] == [
        "x", "sensitivenets", "leace", "x+reweighting", "x+threshold"
    ]  # fmt: skip
    assert crossed(found, q) == [f"{a} & {b}" for a in Q.groups for b in ("20-39", "60+")]
    labels = {"age_group": ["20-39", "60+"], "expression": ["happy"]}
    assert by_label(crossed(found, q), q, list(labels), labels) == {"age_group": crossed(found, q)}
    gaps = gap_of(table)
    for each in found:
        assert each.gap(PAIR).value == pytest.approx(
            100 * gaps[each.way.name, each.way.method, 0.7]
        )
    assert found[0].changes == {}
    assert found[1].changes[PAIR].p == pytest.approx(0.4)
    assert found[2].changes[PAIR].told
    assert not found[1].changes[PAIR].told
    assert found[0].get("fpr gap", PAIR).value != found[0].get("fpr", "female").value


@pytest.mark.parametrize(
    ("gap", "reach", "more", "words"),
    [
        (20, 5, {}, ("gap",)),
        (-20, 5, {}, ("gap",)),
        (4, 5, {}, ("no gap told",)),
        (20, 5, {"status": "few people"}, ("gap", "few people")),
        (None, 0, {}, ("not enough data",)),
    ],
)
def test_what_a_gap_is_called_follows_from_interval_and_status(
    gap: float | None, reach: float, more: dict[str, Any], words: tuple[str, ...]
) -> None:
    assert one("x", gap, reach, **more).finding(PAIR) == words


def test_the_title_has_the_gap_of_x_and_what_is_left() -> None:
    x = one("x", 37.0)
    assert title([x], PAIR) == "Gap between groups: 37 points from x"
    assert title([x, one("sensitivenets", 27)], PAIR).endswith("37 points from x, 27 after SN")
    several = [x, one("sensitivenets", 27), one("leace", -6.6), one("lntl", None)]
    assert title(several, PAIR).endswith("from x, 7 to 27 after suppression")
    assert title([one("x", None)], PAIR) == "Gap between groups: not enough data"


def test_the_answer_tells_smaller_from_larger_and_both_from_what_cannot_be_told() -> None:
    x = one("x", 37.0, shift=36.0)
    phis = [
        one("leace", 7, change=-30, p=0.009),
        one("lntl", -50, change=-87, p=0.009),
        one("sensitivenets", 27, change=-10, wide=12, p=0.1),
        one("blindfold", 30, change=-7, p=0.2),
    ]
    gap, changed = answer([x, *phis], PAIR, Q, "yes")
    assert "labelled female more often than those labelled male" in gap
    assert "a gap of 37.0 points (32.0 to 42.0)" in gap
    assert "The skew moved it by 36.0 points (33.0 to 39.0)" in gap
    assert changed == (
        "LEACE (−30.0 points, Holm’s p 0.009) makes it smaller; Learning Not To Learn (−87.0 "
        "points, Holm’s p 0.009) makes it larger; of SensitiveNets and Blindfold no change can be "
        "told."
    )


def test_signs_are_told_and_nothing_told_is_said() -> None:
    assert "less often than those labelled male" in answer([one("x", -20)], PAIR, Q, "")[0]
    assert "no gap can be told, 2.0 points (−3.0 to 7.0)" in answer([one("x", 2)], PAIR, Q, "")[0]
    few = answer([one("x", 20, status="few people")], PAIR, Q, "")[0]
    assert "on few people" in few
    assert "Not enough data to decide at 70/30" in answer([one("x", None)], PAIR, Q, "")[0]


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (2, "no more than any suppression here, though intervals overlap"),
        (12, "its interval overlaps that of LEACE"),
        (30, "more than LEACE"),
    ],
)
def test_a_baseline_that_does_as_well_is_said_to(left: float, words: str) -> None:
    found = [one("x", 37), one("leace", 7), one("x", left, method="reweighting")]
    said = answer(found, PAIR, Q, "")[-1]
    assert said.startswith("LEACE leaves 7.0 points (2.0 to 12.0), accuracy 0.70. Without any")
    assert said.endswith(f"{words}.")
    tight = [one("x", 37), one("leace", 9, 2), one("x", 3, 1, method="reweighting")]
    assert answer(tight, PAIR, Q, "")[-1].endswith("no more than any suppression here.")


def test_the_known_truth_is_held_or_not() -> None:
    known = truth(SYNTHETIC, 0.7)
    assert known == Truth({"female": 0.9, "male": 0.6}, 30.0)
    assert truth(SYNTHETIC, 0.9) is None
    assert truth({}, 0.7) is None
    assert "which x’s interval holds" in told_truth([one("x", 28)], PAIR, known)
    assert "does not hold" in told_truth([one("x", 50)], PAIR, known)
    assert told_truth([one("x", None)], PAIR, known) == ""


def test_names_for_a_person() -> None:
    assert (split(0.7), split(0.725)) == ("70/30", "72.5/27.5")
    assert group_name("yes", "smiling") == "smiling"
    assert group_name("no", "smiling") == "not smiling"
    assert group_name("female", "gender") == "female"


def test_of_several_groups_each_pair_and_the_worst_gap_are_there() -> None:
    rows = []
    for metric, group in (
        *(("tpr", name) for name in "abc"), ("tpr", "a & old"),
        *(("gap", pair) for pair in ("a - b", "a - c", "b - c", WORST)),
    ):  # fmt: skip
        rows.append({"representation": "x", "classifier": "nn", "method": "none", "target": "t",
                     "protected": "p", "strength": 0.7, "metric": metric, "group": group,
                     "value": 0.2, "low": 0.1, "high": 0.3, "n": 9, "identities": 40,
                     "status": "ok"})  # fmt: skip
    table = pd.DataFrame(rows)
    (q,) = questions(table)
    assert q.groups == ("a", "b", "c")
    assert q.pairs == ("a - b", "a - c", "b - c", WORST)
    found = decided(table, None, q, 0.7)
    assert found[0].finding(WORST) == ("largest gap",), "a distance tells nothing of zero"
    assert "furthest apart" in answer(found, WORST, q, "")[0]
    assert len(rates_figure(found, q, LIGHT).data) == 1 + 2 * len(q.groups)


# -- thresholds -----------------------------------------------------------------------------------


def test_at_one_half_they_are_the_figures_of_the_table() -> None:
    found = moved(scores(), "nn", 0.7, [0.5])
    assert [(one.way.name, one.way.method) for one in found] == [
        ("x", "none"), ("sensitivenets", "none"), ("leace", "none"), ("x", "reweighting")
    ]  # fmt: skip
    table = made_up()
    own = {one.way: one for one in decided(table, None, Q, 0.7)}
    for each in found:
        beside = own[each.way]
        assert each.gap("female", "male")[0] == pytest.approx(beside.gap(PAIR).value)
        assert each.tpr("female")[0] == pytest.approx(beside.get("tpr", "female").value)
        assert each.fpr("male")[0] == pytest.approx(beside.get("fpr", "male").value)
        assert each.accuracy[0] == pytest.approx(beside.get("accuracy").value)


@pytest.mark.parametrize("threshold", [0.2, 0.5, 0.8])
def test_they_equal_what_the_study_measures_with_that_decision(threshold: float) -> None:
    """Against the study's own arithmetic, which is fairlearn's."""
    rows = scores()
    rows = rows[(rows["representation"] == "leace") & np.isclose(rows["strength"], 0.9)]
    group = (rows["group"] == "male").to_numpy().astype(int)
    person = rows["id"].astype("category").cat.codes.to_numpy().astype(np.int64)
    asked = Decisions(
        truth=(rows["target"] == 1).to_numpy(),
        decided=(rows["score"] >= np.float32(threshold)).to_numpy(), score=None, group=group,
        names=("female", "male"), person=person, people=160, row=person,
        repeat=rows["repeat"].to_numpy().astype(np.int64),
    )  # fmt: skip
    wanted = {(one.metric, one.group): one.value for one in figures(asked, np.ones((2, 160)))}
    (found,) = moved(rows, "nn", 0.9, [0.0, threshold, 1.01])
    assert found.tpr("male")[1] == pytest.approx(wanted["tpr", "male"], abs=1e-12)
    assert found.fpr("female")[1] == pytest.approx(wanted["fpr", "female"], abs=1e-12)
    assert found.gap("female", "male")[1] == pytest.approx(100 * wanted["gap", PAIR], abs=1e-10)
    assert found.worst(["female", "male"])[1] == pytest.approx(abs(100 * wanted["gap", PAIR]))
    assert found.accuracy[1] == pytest.approx(wanted["accuracy", "all"], abs=1e-12)
    assert (found.tpr("male")[0], found.tpr("male")[2]) == (1.0, 0.0)


def test_a_group_that_is_not_there_has_no_rate() -> None:
    found = moved(scores(), "nn", 0.7, [0.5])[0]
    assert np.isnan(found.tpr("nobody")).all()
    assert np.isnan(found.worst(["female", "nobody"])).all()
    assert moved(scores(), "svm", 0.7, [0.5]) == []
    assert moved(scores(), "nn", 0.6, [0.5]) == []


# -- figures and papers ---------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [LIGHT, DARK])
def test_figures_have_a_row_a_way_and_keep_those_without_a_figure(mode: Tokens) -> None:
    found = [one("x", 37), one("leace", 2), one("lntl", None)]
    papers, known = {Way("leace"): 8.0}, Truth({"female": 0.9, "male": 0.6}, 30.0)
    figure = gap_figure(found, PAIR, mode, known=known, papers=papers)
    assert [text.split("<b>")[1].split("<")[0] for text in figure.layout.yaxis.ticktext] == [
        "x", "LEACE", "LNTL"
    ]  # fmt: skip
    assert "not enough data" in [one.text for one in figure.layout.annotations]
    drawn = {trace.marker.symbol: list(trace.x) for trace in figure.data if trace.marker.symbol}
    assert drawn == {"line-ns-open": [30.0], "diamond-open": [8.0]}
    dots = [trace for trace in figure.data if trace.mode == "markers" and not trace.marker.symbol]
    assert [dot.marker.color for dot in dots] == [mode.text, mode.ground], "hollow: not told"


def test_small_figures_share_their_axes_and_ring_the_chosen_strength() -> None:
    table = made_up()
    own = [decided(table, None, Q, strength)[0] for strength in (0.9, 0.5, 0.7)]
    every = [one for strength in (0.5, 0.7, 0.9) for one in decided(table, None, Q, strength)]
    figure = small(own, PAIR, 0.9, frame(every, PAIR), LIGHT, {})
    line, ring = figure.data
    assert list(line.text) == ["50", "70", "90"]
    assert list(ring.x) == [line.x[2]]
    assert figure.layout.xaxis.range[0] < min(one.gap(PAIR).value or 0 for one in every)
    empty = small([one("x", None)], PAIR, 0.7, frame([one("x", None)], PAIR), LIGHT, {})
    assert empty.layout.annotations[0].text == "not enough data"


def test_names_in_figures_are_escaped() -> None:
    bad = one("<script>alert(1)</script>", 5)
    specs = [gap_figure([bad], PAIR, LIGHT).to_json(),
             small([bad], PAIR, 0.7, frame([bad], PAIR), LIGHT, {}).to_json()]  # fmt: skip
    assert not any("<script" in spec or "\\u003cscript" in spec for spec in specs)
    assert "SN: 5.0 points (0.0 to 10.0)" in alt([one("sensitivenets", 5)], PAIR)
    found = moved(scores(), "nn", 0.7, np.linspace(0, 1, 5))
    gaps = {place: each.gap("female", "male") for place, each in enumerate(found)}
    assert len(over_thresholds(found, gaps, 0.5, DARK, {}).data) == len(WAYS)


def test_the_papers_stand_beside_the_same_representation_at_the_same_skew() -> None:
    table = made_up()
    at, unbiased = (decided(table, None, Q, strength) for strength in (0.7, 0.5))
    found = beside(at, unbiased, Q, {})
    by_row = {(row.paper.source[:6], row.paper.representation, row.paper.target): row
              for row in found}  # fmt: skip
    thesis = by_row["thesis", "x, unbiased", "attractive"]
    assert thesis.ours is unbiased[0]
    assert not thesis.same, "the thesis protects the smile"
    row = by_row["Morale", "sensitivenets", "attractive"]
    assert row.same
    assert row.gap == pytest.approx(-6.1)
    assert row.ours is at[1]
    assert by_row["Morale", "fair", "attractive"].ours is None
    told = " ".join(differs(found, Q))
    assert "printed as 6.8; its rates give −6.1" in told
    assert "another question" not in told
    other = Question("happy", "skin_tone", "nn", Q.groups, Q.pairs)
    assert "another question" in " ".join(differs(beside(at, (), other, {}), other))


def test_the_papers_marks_are_of_the_same_question_and_strength_alone() -> None:
    ways = [Way("x"), Way("sensitivenets"), Way("mine"), Way("x", "reweighting")]
    found = marks(Q, 0.7, {"mine": "lntl"}, ways, PAIR)
    assert found == {Way("x"): pytest.approx(30.0), Way("sensitivenets"): pytest.approx(-6.1),
                     Way("mine"): pytest.approx(12.8)}  # fmt: skip
    assert marks(Q, 0.9, {}, ways, PAIR) == {}
    assert marks(Question("attractive", "age", "nn", Q.groups, Q.pairs), 0.7, {}, ways, PAIR) == {}
    smile = Question("attractive", "smiling", "nn", ("yes", "no"), ("yes - no",))
    assert marks(smile, 0.5, {}, ways, "yes - no") == {Way("x"): pytest.approx(2.08)}
    assert marks(smile, 0.7, {}, ways, "yes - no")[Way("x")] == pytest.approx(17.47)

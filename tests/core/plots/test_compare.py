"""What is compared: rows picked, sentences from statuses, figures. All figures are MADE UP."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from core.plots.compare import (
    Card,
    Gap,
    Span,
    Tables,
    cards,
    default,
    gaps,
    kinds,
    representations,
)
from core.plots.compare_dial import Setting, said, settings
from core.plots.compare_frontier import (
    frontier_alt,
    frontier_figure,
    frontier_title,
    noise_of,
    unplaced,
)
from core.plots.compare_gaps import gap_alt, gap_figure
from core.plots.compare_inside import (
    GROUPS,
    Confusion,
    confusion_alt,
    confusion_figure,
    confusions,
    curves,
    ramp,
    training_figure,
)
from core.plots.compare_labels import WIDE, meets
from core.plots.compare_papers import differs, papers
from core.plots.compare_words import best_told, fitted, gap_title, left_out, p_text, summary
from core.plots.tokens import DARK, LIGHT, Tokens, colour, mark
from core.table import table

KINDS = ("x", "sensitivenets", "lntl", "leace", "blindfold")
READ = {"x": 0.76, "sensitivenets": 0.6, "lntl": 0.35, "random": 0.18}
VERIFIED = {"x": 0.97, "sensitivenets": 0.96, "lntl": 0.85}


def _row(representation: str, **given: Any) -> dict[str, Any]:
    value = READ.get(representation, 0.5)
    leaks = value > 0.25
    row = {
        "representation": representation, "attribute": "expression", "attacker": "strongest",
        "metric": "balanced_accuracy", "value": value, "low": value - 0.03, "high": value + 0.03,
        "chance": 1 / 6, "null": 0.21, "chosen": "svm", "attacker_identities": 80, "n": 600,
        "identities": 100, "status": "ok" if leaks else "nothing found",
    }  # fmt: skip
    return {**row, **given}


def _tables(*changed: dict[str, Any], **more: pd.DataFrame) -> Tables:
    own = {row["representation"]: row for row in (*map(_row, READ), *changed)}
    verification = [
        {"representation": name, "metric": "accuracy", "distance": distance, "value": value - worse,
         "low": value - worse - 0.01, "high": value - worse + 0.01, "status": "ok"}
        for name, value in VERIFIED.items()
        for distance, worse in (("cosine", 0.02), ("euclidean", 0.0))
    ]  # fmt: skip
    given = {"verification": table("verification", verification), **more}
    return Tables(table("leakage", own.values()), **given)


def _cards(*changed: dict[str, Any], **more: pd.DataFrame) -> dict[str, Card]:
    names = ["x", "sensitivenets", "lntl"]
    return {c.name: c for c in cards(_tables(*changed, **more), "expression", names, {})}


def _difference(a: str, b: str, **given: Any) -> dict[str, Any]:
    row = {"table": "leakage", "metric": "balanced_accuracy", "attribute": "expression", "a": a,
           "b": b, "difference": 0.25, "low": 0.2, "high": 0.31, "p_holm": 0.002}  # fmt: skip
    return {**row, **given}


def _gaps(*rows: dict[str, Any], changed: tuple[dict[str, Any], ...] = ()) -> list[Gap]:
    tables = _tables(*changed, differences=table("differences", rows))
    return gaps(tables, "expression", ["sensitivenets", "lntl"])


# -- picking rows ------------------------------------------------------------------------------


def test_a_card_has_what_each_table_says_of_it() -> None:
    collapse = table("collapse", [
        {"representation": "x", "effective_rank": 87, "mean_cosine": 0.1, "status": "ok"},
        {"representation": "lntl", "effective_rank": 12, "mean_cosine": 0.4, "status": "ok"},
    ])  # fmt: skip
    gone = _row("lntl", dif=69.0, dif_low=60.0, dif_high=77.0)
    found = _cards(gone, _row("x") | {"attribute": "expression"}, collapse=collapse)
    one = found["lntl"]
    assert one.after is not None
    assert one.before is not None
    assert (one.after.value, one.before.value) == (0.35, 0.76)
    assert one.drop == Span(69.0, 60.0, 77.0, "ok")
    assert one.verification.value == 0.85, "Euclidean distance, as the papers have it"
    assert (one.rank, one.rank_before, one.cosine) == (12, 87, 0.4)
    assert found["sensitivenets"].rank is None


def test_other_labels_keep_their_own_strongest_row() -> None:
    rows = [_row("lntl"), _row("lntl", attribute="gender", value=0.9),
            _row("lntl", attribute="gender", value=0.95, attacker="rf")]  # fmt: skip
    (one,) = cards(Tables(table("leakage", rows)), "expression", ["lntl"], {})
    assert [(label, line.value) for label, line in one.others] == [("gender", 0.9)]
    assert one.verification == Span()


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["x", "sensitivenets", "lntl", "leace"], ["sensitivenets", "lntl"]),
        (["x", "leace", "blindfold", "pixels"], ["x", "leace"]),
        (["x", "pixels", "random"], ["x", "pixels"]),
        (["pixels", "x"], ["x", "pixels"]),
        (["x"], ["x"]),
    ],
)
def test_the_papers_methods_are_compared_first_and_controls_last(
    names: list[str], chosen: list[str]
) -> None:
    assert default(names) == chosen


def test_a_name_of_its_own_keeps_its_kind() -> None:
    told = kinds({"suppressors": [{"kind": "lntl", "name": "mine"}, {"kind": "leace"}]})
    assert told == {"mine": "lntl", "leace": "leace"}
    assert kinds({}) == {}
    (one,) = cards(_tables(_row("mine")), "expression", ["mine"], told)
    assert one.kind == "lntl"


def test_all_representations_of_a_label_can_be_chosen_controls_last() -> None:
    rows = [_row("random"), _row("x"), _row("lntl"), _row("leace", attribute="gender")]
    assert representations(table("leakage", rows), "expression") == ["x", "lntl", "random"]


def test_a_difference_is_the_same_whichever_way_round_it_was_written() -> None:
    straight = _gaps(_difference("sensitivenets", "lntl"))[0]
    turned = _gaps(
        _difference("lntl", "sensitivenets", difference=-0.25, low=-0.31, high=-0.2)
    )[0]  # fmt: skip
    for one in (straight, turned):
        figures = (one.points.value, one.points.low, one.points.high, one.p)
        assert figures == pytest.approx((25, 20, 31, 0.002))
    assert turned.points.low < turned.points.high  # type: ignore[operator]


def test_a_label_is_not_taken_for_verification_nor_one_metric_for_another() -> None:
    wrong = [_difference("sensitivenets", "lntl", metric="auc"),
             _difference("sensitivenets", "lntl", attribute="gender"),
             _difference("sensitivenets", "lntl", table="verification", metric="eer")]  # fmt: skip
    assert [gap.points.value for gap in _gaps(*wrong)] == [None, None]


def test_what_a_status_takes_back_has_no_difference() -> None:
    failed = _row("lntl", value=None, low=None, high=None, status="probe failed")
    found = _gaps(_difference("sensitivenets", "lntl"), changed=(failed,))
    assert found[0].points.value is None
    assert not found[0].told


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, True),
        ({"p_holm": 0.2}, False),
        ({"low": -0.01}, False),
        ({"low": -0.3, "high": -0.1, "difference": -0.2}, True),
        ({"p_holm": None}, True),
        ({"low": None, "high": None}, False),
    ],
)
def test_two_are_told_apart_by_the_interval_and_by_holms_p(
    given: dict[str, Any], told: bool
) -> None:
    assert _gaps(_difference("sensitivenets", "lntl", **given))[0].told is told


def test_more_than_two_are_compared_pair_by_pair_on_the_chosen_label() -> None:
    found = gaps(_tables(), "expression", ["x", "sensitivenets", "lntl"])
    assert [(gap.a, gap.b, gap.label) for gap in found] == [
        (a, b, label)
        for a, b in (("x", "sensitivenets"), ("x", "lntl"), ("sensitivenets", "lntl"))
        for label in ("expression", None)
    ]


def test_rows_of_a_matrix_sum_to_one_over_the_same_classes() -> None:
    counts = [("x", "sad", "sad", 8), ("x", "sad", "happy", 2), ("lntl", "happy", "fear", 5)]
    frame = table("confusion", [
        {"representation": name, "attribute": "expression", "attacker": attacker, "truth": truth,
         "predicted": predicted, "count": count + more}
        for name, truth, predicted, count in counts
        for attacker, more in (("strongest", 0), ("svm", 7))
    ])  # fmt: skip
    x, lntl = confusions(_tables(confusion=frame), "expression", ["x", "lntl", "leace"])
    assert x.classes == lntl.classes == ("fear", "happy", "sad")
    assert np.allclose(x.shares[2], [0, 0.2, 0.8])
    assert np.isnan(x.shares[:2]).all(), "nobody was tested: not 0"
    assert x.best == ("sad", 0.8)
    assert lntl.best == ("happy", 0.0)
    assert "fear" not in confusion_alt(x)


def test_the_papers_print_accuracies_of_x() -> None:
    rows = [_row("x", metric=metric, attacker="svm", value=value)
            for metric, value in (("accuracy", 0.7), ("balanced_accuracy", 0.6))]  # fmt: skip
    (one,) = papers(Tables(table("leakage", rows)), "expression", [], "expression")
    assert (one.name, one.ours.value, one.paper.value) == ("x", 0.7, 0.881)


def test_a_method_stands_beside_the_papers_own_that_was_fitted_against_the_same_label() -> None:
    rows = [
        _row(name, metric="accuracy", attacker=attacker, attribute=label)
        for name in ("x", "sensitivenets")
        for label in ("expression", "gender")
        for attacker in ("svm", "strongest")
    ]
    tables = replace(_tables(), leakage=table("leakage", rows))
    shown = cards(tables, "gender", ["sensitivenets"], {})
    mine = papers(tables, "gender", shown, "expression")
    sn = [one for one in mine if one.name == "sensitivenets"]
    assert [(one.what, one.paper.value) for one in sn] == [
        ("gender, strongest", 0.989), ("verification", 0.963),
    ]  # fmt: skip
    assert sn[1].ours.value == 0.96
    theirs = papers(tables, "gender", shown, "gender")
    assert 0.563 in [one.paper.value for one in theirs if one.what == "gender, svm"]
    told = differs(mine)
    assert any("φ suppresses emotion there" in one for one in told)
    assert any("gender: drop printed as 1; its accuracies give 0.6." in one for one in told)


def test_every_curve_that_a_method_draws_has_its_group() -> None:
    drawn = {
        "loss parts": ["primary loss", "delta", "negative entropy", "sensitive loss",
                       "covariance with the classes"],
        "in-loop detector": ["detector expression"],
        "fresh probe": ["fresh probe (held back)", "leakage"],
        "what is kept": ["utility (held back)", "separation"],
    }  # fmt: skip
    rows = [{"suppressor": "sn", "step": step, "name": name, "value": 0.5}
            for names in drawn.values() for name in names for step in (2, 1)]  # fmt: skip
    found = curves(table("training", rows), "sn")
    assert {group: list(own) for group, own in found.items()} == drawn
    assert list(found) == list(GROUPS)
    assert list(found["fresh probe"]["leakage"]["step"]) == [1, 2]
    assert curves(table("training", rows), "another") == {}
    assert curves(None, "sn") == {}


def test_what_the_fits_found_out_is_told() -> None:
    facts = {"sn": [{"layers": 2, "epochs": [12, 8], "the_share": 0.91234}] * 3, "lntl": "too few"}
    audit = {"facts": {"suppressors": facts}}
    assert fitted(audit, "sn") == "First of 3 fits: layers 2; epochs 12, 8; the share 0.91."
    assert left_out(audit) == ["too few"]
    assert fitted(audit, "lntl") == ""
    assert (fitted(None, "sn"), left_out(None), fitted({"facts": {}}, "sn")) == ("", [], "")


# -- sentences ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "Still gives expression away: 0.35 (0.32 to 0.38); in x 0.76 (0.73 to 0.79)."),
        ({"status": "few people"}, "Still gives expression away, on few people"),
        ({"status": "few people", "low": 0.1}, "Too few people to tell"),
        ({"status": "nothing found", "detectable": 0.27}, "0.27 would have been seen"),
        ({"status": "probe failed", "value": None}, "missed a code planted"),
        ({"status": "not enough data", "value": None}, "Not enough data"),
        ({"status": "anti-learning"}, "an alarm and not privacy"),
        ({"low": 0.2}, "no better than permuted labels"),
        ({"null": None}, "there is no null yet"),
    ],
)
def test_the_sentence_is_made_from_the_status(given: dict[str, Any], words: str) -> None:
    said = summary(_cards(_row("lntl", **given))["lntl"])
    assert words in said
    assert ("gives expression away" in said) == words.startswith("Still") or "tell" in said
    assert "is private" not in said


def test_before_and_after_need_an_x() -> None:
    assert summary(_cards()["x"]) == (
        "Gives expression away: 0.76 (0.73 to 0.79), where guessing gives 0.17."
    )
    failed = _row("x", value=None, low=None, high=None, status="probe failed")
    assert summary(_cards(failed)["lntl"]).endswith("; in x probe failed.")
    (alone,) = cards(Tables(table("leakage", [_row("lntl")])), "expression", ["lntl"], {})
    assert summary(alone).startswith("Gives expression away")
    (nothing,) = cards(Tables(table("leakage", [_row("x")])), "expression", ["lntl"], {})
    assert "has not arrived" in summary(nothing)


def _title(*rows: dict[str, Any], changed: tuple[dict[str, Any], ...] = ()) -> str:
    found = _cards(*changed)
    return gap_title(_gaps(*rows, changed=changed), [found["sensitivenets"], found["lntl"]])


VERIFY = {"table": "verification", "metric": "accuracy", "attribute": None}


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([_difference("sensitivenets", "lntl")],
         "Attackers read expression 25 points better from SN than from LNTL"),
        ([_difference("lntl", "sensitivenets", difference=0.01, low=0.004, high=0.02)],
         "1 point worse from SN"),
        ([_difference("sensitivenets", "lntl", low=-0.1)], "no difference on expression can"),
        ([_difference("lntl", "sensitivenets", difference=-0.11, low=-0.12, high=-0.1, **VERIFY)],
         "SN verifies 11 points better"),
        ([_difference("sensitivenets", "lntl", difference=0.0, low=-0.1, high=0.1, **VERIFY)],
         "verification does not tell them apart"),
        ([], "No paired difference of SN and LNTL on expression"),
    ],
)  # fmt: skip
def test_the_title_of_the_differences_says_only_what_can_be_told(
    rows: list[dict[str, Any]], words: str
) -> None:
    assert words in _title(*rows)


def test_less_than_chance_is_an_alarm_in_the_title_too() -> None:
    below = _row("lntl", value=0.05, low=0.02, high=0.08, status="anti-learning")
    for low in (0.2, -0.2):
        said = _title(_difference("sensitivenets", "lntl", low=low), changed=(below,))
        assert "but LNTL is below chance, an alarm" in said


@pytest.mark.parametrize(
    ("p", "said"), [(None, ""), (0.0004, "p < 0.001"), (0.0321, "p 0.032"), (0.4, "p 0.40"),
                    (0.001, "p 0.001"), (1.0, "p 1.00")]
)  # fmt: skip
def test_holms_p_is_printed_to_what_it_is_worth(p: float | None, said: str) -> None:
    assert p_text(p) == said


def test_the_frontier_names_the_least_and_never_what_is_below_chance() -> None:
    assert frontier_title(list(_cards().values()), "expression") == (
        "Lowest figure: LNTL, 0.35 (0.32 to 0.38), for 12.0 points of verification"
    )
    below = _row("lntl", value=0.05, low=0.02, high=0.08, status="anti-learning")
    assert "SN" in frontier_title(list(_cards(below).values()), "expression")
    assert frontier_title([_cards()["x"]], "expression") == "What taking expression out costs"


def test_what_the_frontier_cannot_place_is_named() -> None:
    failed = _row("lntl", value=None, low=None, high=None, status="probe failed")
    assert unplaced(list(_cards(failed).values())) == ["LNTL (probe failed)"]
    unverified = replace(_cards()["lntl"], verification=Span(), lost=Span())
    assert unplaced([unverified]) == ["LNTL (no verification)"]
    assert "Learning" not in frontier_alt([unverified])


def test_a_matrix_that_does_not_stand_is_not_described() -> None:
    failed = _row("lntl", value=None, low=None, high=None, status="probe failed")
    assert best_told(_cards(failed)["lntl"], None) == "probe failed: no matrix"
    assert best_told(_cards()["lntl"], None) == "no matrix"


# -- figures -----------------------------------------------------------------------------------


def _luminance(hue: str) -> float:
    parts = (int(hue[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


def _contrast(one: str, other: str) -> float:
    """WCAG 2 contrast of two hex colours."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("mode", [LIGHT, DARK], ids=["light", "dark"])
def test_labels_and_cells_can_be_read_in_both_modes(mode: Tokens) -> None:
    for kind in (*KINDS, "given", "pixels"):
        assert _contrast(colour(kind, mode), mode.ground) >= 4.5, kind
    for _, hue in ramp(mode):
        assert _contrast(mode.text, hue) >= 4.5
    assert len({colour(kind, mode) for kind in KINDS}) == len(KINDS)
    assert mode.leak not in {colour(kind, mode) for kind in KINDS}
    assert len({mark(kind) for kind in KINDS[1:]}) == len(KINDS) - 1


def _words(figure: go.Figure) -> list[str]:
    return [note.text for note in figure.layout.annotations]


def test_a_difference_that_is_told_is_filled_and_what_is_missing_has_no_dot() -> None:
    found = _gaps(
        _difference("sensitivenets", "lntl"),
        _difference("sensitivenets", "lntl", low=-0.1, **VERIFY),
    )
    missing = Gap("sensitivenets", "lntl", "gender", Span(), None)
    figure = gap_figure([*found, missing], LIGHT)
    dots = [trace for trace in figure.data if trace.mode == "markers"]
    assert [dot.marker.color for dot in dots] == [LIGHT.text, LIGHT.ground]
    assert [dot.x[0] for dot in dots] == pytest.approx([25, 25])
    assert "+25.0, p 0.002" in _words(figure)
    assert "no figure" in _words(figure)
    low, high = figure.layout.xaxis.range
    assert low < -10
    assert high > 31
    assert list(figure.layout.yaxis.ticktext) == ["expression", "verification", "gender"]
    assert "gender: no figure" in gap_alt([missing])
    assert "+25.0 (+20.0 to +31.0) p 0.002" in gap_alt(found)


def test_differences_without_any_figure_are_still_a_figure() -> None:
    figure = gap_figure(_gaps(), LIGHT)
    low, high = figure.layout.xaxis.range
    assert low < 0 < high


def test_labels_are_text_in_every_figure() -> None:
    name = "<script>"
    gap = Gap("a", "b", name, Span(1, 0.5, 2), 0.0001)
    matrix = Confusion("x", (name,), np.ones((1, 1)))
    steps = pd.DataFrame({"step": [1], "value": [1.0]})
    drawn = (gap_figure([gap], LIGHT), confusion_figure(matrix, LIGHT),
             training_figure({name: steps}, "loss parts", "lntl", LIGHT))  # fmt: skip
    for figure in drawn:
        assert name not in str(figure.to_dict())


def _frontier(
    dials: pd.DataFrame | None = None, *changed: dict[str, Any], picked: int | None = None,
    **more: pd.DataFrame,
) -> go.Figure:  # fmt: skip
    tables = _tables(*changed, **more)
    curves = settings(dials, tables)
    ring = None if picked is None else curves["lntl"][picked]
    shown = list(_cards(*changed, **more).values())
    return frontier_figure(shown, ["lntl"], 0.18, curves, LIGHT, ring)


def _points(figure: go.Figure) -> dict[str, go.Scatter]:
    return {one.name: one for one in figure.data if one.mode == "markers" and one.name}


def _lost(name: str, difference: float, **given: Any) -> dict[str, Any]:
    """A paired difference of verification, `name` minus x, as the study writes it."""
    return _difference(name, "x", **VERIFY, difference=difference, low=difference - 0.02,
                       high=difference + 0.01) | given  # fmt: skip


def test_each_method_is_one_point_with_both_intervals() -> None:
    lost = table("differences", [_lost("sensitivenets", -0.01), _lost("lntl", -0.12)])
    figure = _frontier(
        None, _row("sensitivenets", low=0.1, status="nothing found"), differences=lost
    )
    points = _points(figure)
    assert {name: (p.x[0], p.y[0]) for name, p in points.items()} == {
        "x": (0, 0.76), "sensitivenets": (pytest.approx(1), 0.6),
        "lntl": (pytest.approx(12), 0.35),
    }  # fmt: skip
    assert points["lntl"].marker.color == colour("lntl", LIGHT)
    assert points["sensitivenets"].marker.color == LIGHT.ground, "hollow: nothing was found"
    assert points["lntl"].marker.size > points["x"].marker.size, "the chosen one"
    bars = [one for one in figure.data if one.mode == "lines"]
    assert len(bars) == 2 * len(points) - 1, "x loses nothing on itself, for sure"
    assert [pytest.approx(sorted(one.x)) for one in bars if one.x[0] != one.x[1]] == [
        [0, 3], [11, 14],
    ]  # fmt: skip
    assert {"chance", "random vectors"} <= set(_words(figure))
    assert {"<b>x</b>", "<b>SN</b>", "<b>LNTL</b>"} <= set(_words(figure))


def test_what_is_lost_without_a_paired_difference_has_no_interval() -> None:
    assert _cards()["lntl"].lost == Span(pytest.approx(12))
    assert _cards()["x"].lost == Span(0.0)
    nothing = replace(_tables(), verification=None)
    assert cards(nothing, "expression", ["lntl"], {})[0].lost == Span()


def test_what_has_no_figure_is_not_placed() -> None:
    failed = _row("lntl", value=None, low=None, high=None, status="probe failed")
    assert set(_points(_frontier(None, failed))) == {"x", "sensitivenets"}
    empty = frontier_figure([], [], None, {}, DARK)
    assert "No representation has both figures" in _words(empty)


def _dials(**given: Any) -> pd.DataFrame:
    return table("frontier", [
        {"suppressor": "lntl", "dial": dial, "leakage": 0.7 - 0.4 * dial,
         "leakage_low": 0.65 - 0.4 * dial, "leakage_high": 0.75 - 0.4 * dial,
         "verification": 0.97 - 0.1 * dial, "chosen": "svm", "status": "ok"}
        | (given if dial == 0.5 else {})
        for dial in (1.0, 0.0, 0.5)
    ])  # fmt: skip


def test_a_curve_follows_its_dial_and_the_ring_is_on_the_setting_chosen() -> None:
    plain, figure = _frontier(), _frontier(_dials(), picked=2)
    (curve,) = [one for one in figure.data if one.mode == "lines+markers"]
    assert [list(one) for one in curve.customdata] == [["lntl", 0.0], ["lntl", 0.5], ["lntl", 1.0]]
    assert list(curve.x) == pytest.approx([0, 5, 10])
    assert curve.marker.symbol == mark("lntl")
    (ring,) = [one for one in figure.data if one.marker.symbol == "circle-open"]
    assert (ring.marker.color, ring.x[0], ring.y[0]) == (
        LIGHT.accent, pytest.approx(10), pytest.approx(0.3),
    )  # fmt: skip
    assert not [one for one in plain.data if one.marker.symbol == "circle-open"]
    assert len([one for one in figure.data if one.fill == "toself"]) == 1


def test_a_setting_without_a_figure_stays_on_the_dial_and_off_the_curve() -> None:
    failed = _dials(leakage=None, leakage_low=None, leakage_high=None, status="probe failed")
    curves = settings(failed, _tables())
    assert [one.dial for one in curves["lntl"]] == [0.0, 0.5, 1.0]
    assert [one.placed for one in curves["lntl"]] == [True, False, True]
    figure = _frontier(failed, picked=1)
    (curve,) = [one for one in figure.data if one.mode == "lines+markers"]
    assert list(curve.x) == pytest.approx([0, 10])
    assert not [one for one in figure.data if one.marker.symbol == "circle-open"]
    assert settings(None, _tables()) == {}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "Learning Not To Learn at 0.5: attackers read expression at 0.50 (0.45 to 0.55); it "
             "verifies 92.0 %, 5.0 points lost on x."),
        ({"status": "few people"}, "at 0.50 (0.45 to 0.55), on few people;"),
        ({"status": "anti-learning"}, "below chance, an alarm and not privacy"),
        ({"leakage": None, "status": "probe failed"}, "at 0.5: no figure (probe failed)."),
        ({"leakage": None, "status": "not enough data"}, "no figure (it collapsed)."),
        ({"verification": None}, "what it verifies is not known"),
    ],
)  # fmt: skip
def test_the_setting_chosen_is_said_from_its_status(given: dict[str, Any], words: str) -> None:
    one: Setting = settings(_dials(**given), _tables())["lntl"][1]
    audit = {"facts": {"frontier": {"lntl@0.5": "it collapsed"}}}
    assert words in said(one, "expression", audit if "collapsed" in words else None)


def test_everything_that_is_drawn_lies_within_the_axes() -> None:
    figure = _frontier()
    (left, right), (bottom, top) = figure.layout.xaxis.range, figure.layout.yaxis.range
    for one in figure.data:
        assert all(left <= x <= right for x in one.x)
        assert all(bottom <= y <= top for y in one.y)


def test_labels_of_crowded_points_do_not_meet() -> None:
    crowd = {
        name: replace(_cards()["lntl"], name=name, lost=Span(1 + 0.4 * place))
        for place, name in enumerate(("x", "sensitivenets", "lntl", "leace"))
    }
    figure = frontier_figure(list(crowd.values()), [], None, {}, LIGHT)
    left, right = figure.layout.xaxis.range
    boxes = []
    for note in figure.layout.annotations:
        if note.text.startswith("<b>"):
            wide = 8 * len(note.text[3:-4])
            x = WIDE * (note.x - left) / (right - left) + note.xshift
            start = {"left": x, "right": x - wide, "center": x - wide / 2}[note.xanchor]
            boxes.append((start, start + wide, note.yshift - 8, note.yshift + 8))
    assert len(boxes) == 4
    assert not any(meets(box, boxes[:place]) for place, box in enumerate(boxes))


def test_noise_is_what_the_strongest_reads_from_random_vectors() -> None:
    assert noise_of(_tables().leakage, "expression") == 0.18
    assert noise_of(_tables().leakage, "gender") is None


def test_heat_maps_have_one_scale_and_say_their_shares() -> None:
    matrix = Confusion("x", ("a", "b"), np.eye(2))
    (heat,) = confusion_figure(matrix, DARK).data
    assert (heat.zmin, heat.zmax, heat.texttemplate) == (0, 1, "%{z:.2f}")
    many = replace(matrix, classes=tuple(map(str, range(20))), shares=np.eye(20))
    assert confusion_figure(many, DARK).data[0].texttemplate is None


def test_a_probe_and_a_detector_keep_the_scale_from_0_to_1() -> None:
    steps = {"detector expression": pd.DataFrame({"step": [1, 2, 3], "value": [0.9, 0.5, 0.2]})}
    fixed = training_figure(steps, "in-loop detector", "sensitivenets", LIGHT)
    assert tuple(fixed.layout.yaxis.range) == (0, 1.02)
    free = training_figure(steps, "loss parts", "sensitivenets", LIGHT)
    assert free.layout.yaxis.range is None
    apart = {"separation": pd.DataFrame({"step": [1, 2], "value": [2.1, 1.4]})}
    assert training_figure(apart, "what is kept", "blindfold", LIGHT).layout.yaxis.range is None
    assert free.layout.xaxis.title.text == "epoch"

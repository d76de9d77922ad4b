"""The figure says what the statuses say, and places nothing that has no figure."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import pytest

from core.plots.findings import lines, title
from core.plots.headline import sentence, strip
from core.plots.leakage import MARGIN, alt_text, leakage_figure
from core.plots.tokens import DARK, LIGHT, Tokens
from core.sentence import sentence as plain
from core.table import table


def _row(**given: Any) -> dict[str, Any]:
    row = {
        "representation": "x", "attribute": "expression", "attacker": "svm",
        "metric": "balanced_accuracy", "value": 0.7, "low": 0.65, "high": 0.75, "chance": 1 / 6,
        "null": 0.21, "attacker_identities": 80, "n": 600, "identities": 100, "status": "ok",
    }  # fmt: skip
    return {**row, **given}


def _table(*rows: dict[str, Any]) -> pd.DataFrame:
    return table("leakage", rows)


def _figure(*rows: dict[str, Any], tokens: Tokens = LIGHT) -> go.Figure:
    return leakage_figure(_table(*rows), "expression", "balanced_accuracy", tokens)


def _markers(figure: go.Figure) -> dict[str, go.Scatter]:
    return {trace.name: trace for trace in figure.data if trace.mode == "markers"}


@pytest.mark.parametrize(
    ("given", "words", "never"),
    [
        ({}, "x gives expression away: 0.70, where guessing gives 0.17", "Nothing"),
        ({"status": "nothing found", "low": 0.1, "detectable": 0.27}, "0.27 would have been seen",
         "away"),
        ({"status": "probe failed", "value": None}, "missed a code planted", "0."),
        ({"status": "not enough data", "value": None}, "Not enough data", "0."),
        ({"status": "anti-learning", "high": 0.1}, "an alarm, not privacy", "away"),
        ({"status": "few people", "low": 0.1}, "Too few people", "away:"),
        ({"status": "few people"}, "x gives expression away", "Too few"),
        ({"low": 0.2}, "no better than permuted labels", "away"),
    ],
)  # fmt: skip
def test_the_title_is_made_from_the_status(given: dict[str, Any], words: str, never: str) -> None:
    said = title(lines(_table(_row(**given)), "expression", "balanced_accuracy"), "expression")
    assert words in said
    assert never not in said


def test_the_title_does_not_say_that_nobody_found_what_one_who_was_not_chosen_did() -> None:
    nothing = {"status": "nothing found", "value": 0.2, "low": 0.17, "high": 0.23}
    rows = [
        _row(),
        _row(attacker="nn", **nothing),
        _row(attacker="strongest", chosen="nn", **nothing),
    ]
    said = title(lines(_table(*rows), "expression", "balanced_accuracy"), "expression")
    assert "no attacker" not in said
    assert "svm, not chosen as the strongest, cleared the null" in said
    alone = title(lines(_table(*rows[1:]), "expression", "balanced_accuracy"), "expression")
    assert alone.startswith("Nothing found: no attacker reads expression")


def test_while_nobody_is_chosen_a_figure_speaks_before_a_failed_probe() -> None:
    rows = [_row(attacker="nn", value=None, status="probe failed"), _row(attacker="rf")]
    said = title(lines(_table(*rows), "expression", "balanced_accuracy"), "expression")
    assert said.startswith("x gives expression away: 0.70")


def test_a_failed_probe_stands_in_the_margin_even_if_a_figure_leaked_into_its_row() -> None:
    figure = _figure(_row(), _row(attacker="rf", value=None, low=None, high=None,
                                  status="probe failed"))  # fmt: skip
    failed = _markers(figure)["probe failed"]
    assert list(failed.x) == [MARGIN]
    assert MARGIN > 1
    assert max(figure.layout.xaxis.tickvals) <= 1


def test_warm_is_for_what_clears_its_null_and_nothing_else() -> None:
    for tokens in (LIGHT, DARK):
        figure = _figure(
            _row(), _row(attacker="rf", low=0.1, status="nothing found"),
            _row(attacker="nn", value=None, status="not enough data"), tokens=tokens,
        )  # fmt: skip
        warm = {tokens.leak, tokens.leak_soft}
        for name, trace in _markers(figure).items():
            used = {trace.marker.color, trace.marker.line.color} & warm
            assert bool(used) == (name in ("leaks", "strongest")), name


def test_the_soft_bar_starts_at_the_null() -> None:
    figure = _figure(_row(null=0.33))
    bars = [t for t in figure.data if t.mode == "lines" and t.line.color == LIGHT.leak_soft]
    assert [list(bar.x[:2]) for bar in bars] == [[0.33, 0.7]]


def test_the_chosen_attacker_is_marked_once_and_judged_by_the_null_of_a_maximum() -> None:
    rows = _table(
        _row(), _row(attacker="rf", value=0.6), _row(attacker="strongest", chosen="svm", null=0.68),
    )  # fmt: skip
    shown = lines(rows, "expression", "balanced_accuracy")
    assert [(one.attacker, one.strongest) for one in shown] == [("svm", True), ("rf", False)]
    assert shown[0].null == 0.68
    assert not shown[0].leaks, "an interval from 0.65 does not clear 0.68"


def test_a_mixture_of_attackers_keeps_a_row_of_its_own() -> None:
    rows = _table(_row(), _row(attacker="strongest", chosen="svm", value=0.72))
    shown = lines(rows, "expression", "balanced_accuracy")
    assert [(one.attacker, one.strongest, one.chosen) for one in shown] == [
        ("strongest", True, "svm"), ("svm", False, ""),
    ]  # fmt: skip


def test_controls_come_last_and_x_first() -> None:
    rows = _table(*(_row(representation=name) for name in ("norm", "pixels", "sn", "x", "random")))
    shown = lines(rows, "expression", "balanced_accuracy")
    assert [one.representation for one in shown] == ["x", "sn", "pixels", "random", "norm"]


def test_rows_without_a_null_are_not_judged() -> None:
    (line,) = lines(_table(_row(null=None)), "expression", "balanced_accuracy")
    assert line.findings == ("no null yet",)


def test_the_paper_stands_beside_x_only_and_never_for_auc() -> None:
    both = _table(_row(), _row(representation="pixels"), _row(metric="auc"))
    shown = lines(both, "expression", "balanced_accuracy")
    assert [one.paper.value if one.paper else None for one in shown] == [0.881, None]
    assert [one.paper for one in lines(both, "expression", "auc")] == [None]


def test_hostile_names_are_escaped_in_the_figure() -> None:
    name = "<a href='http://example.org'>x</a>"
    figure = _figure(_row(representation=name), _row(attacker=name))
    told = [annotation.text for annotation in figure.layout.annotations]
    told += [text for trace in figure.data for text in trace.hovertext or ()]
    told += list(figure.layout.yaxis.ticktext)
    assert not any("<a href" in text for text in told)
    assert sum("&lt;a href" in text for text in told) >= 3


def test_a_screen_reader_hears_the_finding_and_the_strongest() -> None:
    rows = _table(_row(), _row(attacker="strongest", chosen="svm"))
    assert alt_text(rows, "expression", "balanced_accuracy") == (
        "x gives expression away: 0.70, where guessing gives 0.17. x, svm: 0.70"
    )


HEADLINE = {
    "attribute": "expression", "value": 0.76, "low": 0.73, "high": 0.79, "chance": 1 / 6,
    "null": 0.22, "status": "ok", "dimensions": 256,
}  # fmt: skip


@pytest.mark.parametrize(
    ("given", "words", "warm", "drawn"),
    [
        ({}, "76 times in 100", True, True),
        ({"low": 0.2}, "76 times in 100", False, True),
        (
            {"status": "nothing found", "detectable": 0.27},
            "right 27 times in 100 would have been seen",
            False,
            True,
        ),
        ({"status": "probe failed"}, "every probe failed", False, False),
        ({"status": "not enough data", "value": None}, "not enough data", False, False),
        ({"status": "few people"}, "few people: the interval is wide", True, True),
        ({"status": "anti-learning"}, "an alarm, not privacy", False, True),
        ({"attribute": None}, "No label was attacked", False, None),
    ],
)
def test_the_headline_takes_its_words_and_its_warmth_from_the_status(
    given: dict[str, Any], words: str, warm: bool, drawn: bool | None
) -> None:
    headline = {**HEADLINE, **given}
    assert words in sentence(headline)
    assert ('class="leak"' in sentence(headline)) == warm
    if drawn is not None:
        assert bool(strip(headline)) == drawn
        assert ("reach" in strip(headline)) == (warm and drawn)


def test_the_headline_escapes_the_label() -> None:
    assert "<script" not in sentence({**HEADLINE, "attribute": "<script>x</script>"})


@pytest.mark.parametrize("status", ["ok", "few people", "nothing found", "anti-learning"])
def test_the_page_says_what_the_audit_says(status: str) -> None:
    headline = {**HEADLINE, "status": status, "synthetic": True}
    shown = re.sub("<[^>]+>", "", sentence(headline).replace('<span class="i">73 to 79</span>',
                                                            "(73 to 79)"))  # fmt: skip
    assert shown.startswith(plain(headline))
    assert sentence(headline).count("<b") == 2


def test_a_label_that_speaks_like_a_figure_is_no_figure() -> None:
    shown = sentence({**HEADLINE, "attribute": "99 times in 100 (98 to 100)"})
    assert '<b class="leak">76 times in 100</b>' in shown
    assert shown.count("<b") == 2


def test_noise_is_drawn_beside_suppressors_and_beside_nothing_else() -> None:
    noise = _row(representation="random", attacker="svm", value=0.18, low=0.15, high=0.2,
                 status="nothing found")  # fmt: skip
    best = {**noise, "attacker": "strongest", "chosen": "svm"}
    plain = _figure(_row(), noise, best)
    assert not [shape for shape in plain.layout.shapes if shape.name == "noise"]
    shown = _figure(_row(), _row(representation="leace"), noise, best)
    (line,) = [shape for shape in shown.layout.shapes if shape.name == "noise"]
    assert (line.x0, line.x1, line.line.dash) == (0.18, 0.18, "dot")


def test_the_papers_phi_stands_only_beside_one_fitted_against_the_same_label() -> None:
    gender = {"attribute": "gender", "attacker": "nn", "metric": "accuracy"}
    fitted = {"representation": "sensitivenets", **gender}
    other = _table(_row(), _row(**gender), _row(**fitted))
    x, phi = lines(other, "gender", "accuracy")
    assert x.paper is not None
    assert phi.paper is None, "TPAMI fitted it against gender, this run against expression"
    same = _table(_row(**gender), _row(**fitted))
    assert lines(same, "gender", "accuracy")[1].paper is not None

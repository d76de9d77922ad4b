"""Verification in words and figures: sentences follow figures and statuses. All is MADE UP."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from core.plots.compare import Span
from core.plots.groups import group_alt, group_figure, group_title, served
from core.plots.tokens import DARK, LIGHT, Tokens
from core.plots.verification import (
    Verified,
    cross_sentence,
    mixed,
    mixed_alt,
    mixed_figure,
    mixed_title,
    verification_title,
    verified,
)
from core.table import table


def row(name: str, metric: str, value: float | None, **more: Any) -> dict[str, Any]:
    near = {} if value is None else {"low": value - 0.01, "high": value + 0.01}
    status = "not enough data" if value is None else "ok"
    told = {"representation": name, "metric": metric, "distance": "euclidean", "value": value}
    return {**told, **near, "pairs": 100, "identities": 60, "status": status, **more}


def differences(name: str, gap: float) -> dict[str, Any]:
    return {"table": "verification", "metric": "accuracy", "a": name, "b": "x", "difference": gap,
            "low": gap - 0.005, "high": gap + 0.005, "p_holm": 0.01}  # fmt: skip


def test_the_papers_distance_is_taken_and_the_order_of_the_table_kept() -> None:
    rows = [row(name, "accuracy", value, distance=distance)
            for name, value in (("x", 0.9), ("lntl", 0.7))
            for distance, value in (("cosine", value - 0.1), ("euclidean", value))]  # fmt: skip
    shown = verified(table("verification", rows))
    assert [one.name for one in shown] == ["x", "lntl"]
    assert [one.get("accuracy").value for one in shown] == [0.9, 0.7]
    assert shown[0].get("eer").value is None


def test_the_title_names_what_costs_most_and_only_what_can_be_told() -> None:
    shown = verified(
        table("verification", [row(name, "accuracy", 0.97) for name in ("x", "lntl", "pixels")])
    )
    told = table("differences", [differences("lntl", -0.12), differences("pixels", -0.3)])
    title = verification_title(shown, told, ("pixels",))
    assert title.endswith("most is lost by Learning Not To Learn: 12.0 points")
    none = table("differences", [differences("lntl", -0.001)])
    assert "no suppressor loses any that could be told" in verification_title(shown, none, ())
    empty = verified(table("verification", [row("x", "accuracy", None)]))
    assert verification_title(empty, None, ()).startswith("Not enough data")
    few = verified(table("verification", [row("x", "accuracy", 0.9, status="few people")]))
    assert verification_title(few, None, ()).endswith("from few people")


def spans(**told: float | str | None) -> Verified:
    """A record of figures by metric; a word in place of a figure is its status."""
    figures = {}
    for metric, value in told.items():
        if isinstance(value, str):
            figures[metric] = Span(status=value)
        elif value is not None:
            figures[metric] = Span(value, value - 0.01, value + 0.01, "ok")
    return Verified("leace", figures)


X = Verified("x", {"tar@0.01": Span(0.95, 0.94, 0.96, "ok")})


@pytest.mark.parametrize(
    ("one", "said", "unsaid"),
    [
        (spans(cross=0.99, cross_accepted=0.96, cross_false=0.012, cross_linked=0.98),
         ["nobody needs to be enrolled again", "can be linked: AUC 0.990", "as they are"], "must"),
        (spans(cross=0.99, cross_accepted=0.60, cross_false=0.0, cross_linked=0.999),
         ["people must be enrolled again", "AUC 0.999", "a linear map learned"], "nobody needs"),
        (spans(cross=0.9, cross_accepted=0.97, cross_false=0.2, cross_linked=0.9),
         ["a threshold must be chosen anew"], "nobody needs"),
        (spans(cross="not comparable", cross_accepted="not comparable", cross_linked=0.97),
         ["another width", "can be linked: AUC 0.970"], "unlink"),
        (spans(cross=0.5, cross_accepted=0.01, cross_false=0.01, cross_linked=0.5),
         ["no proof that none does"], "can be linked"),
        (spans(cross="not enough data", cross_linked="not enough data"),
         ["Not enough data to say whether"], "linked"),
    ],
)  # fmt: skip
def test_enrolment_and_linking_are_told_as_they_are(
    one: Verified, said: list[str], unsaid: str
) -> None:
    sentence = cross_sentence(one, X)
    for words in said:
        assert words in sentence
    assert unsaid not in sentence


def expression(**tar: float | None) -> Any:
    rows = []
    for pair, value in tar.items():
        a, b = pair.split("_")
        near = {} if value is None else {"low": value - 0.02, "high": value + 0.02}
        rows.append(
            {"representation": "x", "expression_a": a, "expression_b": b, "far": 0.01,
             "tar": value, **near, "pairs": 9, "identities": 60,
             "status": "not enough data" if value is None else "ok"}
        )  # fmt: skip
    return table("expression", rows)


@pytest.mark.parametrize("mode", [LIGHT, DARK])
def test_the_heat_map_is_symmetric_and_empty_where_nothing_is_known(mode: Tokens) -> None:
    found = mixed(expression(happy_happy=None, happy_sad=0.6, sad_sad=0.9), "x")
    assert found.classes == ("happy", "sad")
    np.testing.assert_array_equal(found.tar, [[np.nan, 0.6], [0.6, 0.9]])
    figure = mixed_figure(found, mode)
    np.testing.assert_array_equal(np.array(figure.data[0].z, float), found.tar)
    assert "happy with happy not enough data" in mixed_alt(found)


def test_expressions_are_told_apart_only_where_intervals_are() -> None:
    apart = mixed(expression(happy_sad=0.6, sad_sad=0.9), "x")
    assert mixed_title(apart) == (
        "x: happy with sad is accepted least, 60 %; sad with sad most, 90 %"
    )
    near = mixed(expression(happy_sad=0.89, sad_sad=0.9), "x")
    assert "no two pairs of expressions can be told apart" in mixed_title(near)
    assert "Not enough data" in mixed_title(mixed(expression(happy_sad=None), "x"))


def group_rows(values: dict[str, dict[str, float | None]], metric: str = "fmr") -> Any:
    rows = []
    for name, each in values.items():
        for group, value in each.items():
            near = {} if value is None else {"low": value - 0.01, "high": value + 0.01}
            rows.append(
                {"representation": name, "label": "gender", "group": group, "metric": metric,
                 "value": value, **near, "n": 100, "identities": 40, "far": 0.01,
                 "status": "not enough data" if value is None else "ok"}
            )  # fmt: skip
    return table("groups", rows)


def test_groups_are_compared_in_the_first_representation_that_tells_them_apart() -> None:
    before, after = {"f": 0.02, "m": 0.03, "unknown": None}, {"f": 0.02, "m": 0.09, "unknown": None}
    rows = group_rows({"x": before, "lntl": after})
    found = served(rows, "gender", "fmr", ["x", "lntl"])
    assert [(one.group, one.name) for one in found][:3] == [("f", "x"), ("f", "lntl"), ("m", "x")]
    title = group_title(found, "gender", "fmr")
    assert title.startswith("Learning Not To Learn: false match rate highest for m, 9.0 %")
    assert title.endswith("x treats them alike")
    alike = served(group_rows({"x": {"f": 0.02, "m": 0.03}}), "gender", "fmr", ["x"])
    assert "No two groups of gender" in group_title(alike, "gender", "fmr")
    silent = served(group_rows({"x": {"f": 0.02, "unknown": None}}), "gender", "fmr", ["x"])
    assert "Not enough data" in group_title(silent, "gender", "fmr")


@pytest.mark.parametrize("mode", [LIGHT, DARK])
def test_a_group_without_a_figure_keeps_its_row_and_says_why(mode: Tokens) -> None:
    rows = group_rows({"x": {"f": 0.02, "unknown": None}, "lntl": {"f": 0.03, "unknown": None}})
    found = served(rows, "gender", "fmr", ["x", "lntl"])
    figure = group_figure(found, "fmr", {}, mode)
    assert list(figure.layout.yaxis.ticktext) == ["f", "unknown"]
    assert [one.text for one in figure.layout.annotations] == ["not enough data"]
    dots = [trace for trace in figure.data if trace.mode == "markers"]
    assert [list(trace.x) for trace in dots] == [[0.02], [0.03]]
    assert {trace.marker.symbol for trace in dots} == {"circle", "diamond"}
    assert figure.layout.shapes[0].x0 == 0.01, "the rate of the one threshold"
    assert "x, unknown not enough data" in group_alt(found, "gender", "fmr")


def test_leakage_by_group_takes_the_recall_of_its_own_classes() -> None:
    rows = group_rows({"x": {"f": 0.7, "m": 0.9}}, "recall").assign(attribute="gender", chance=0.5)
    found = served(rows, "gender", "recall", ["x"], attribute="gender")
    assert [one.reference for one in found] == [0.5, 0.5]
    assert group_title(found, "gender", "recall").startswith("x: recall highest for m, 90.0 %")


def test_hostile_groups_are_text() -> None:
    name = "<img src=x onerror=alert(1)>"
    found = served(group_rows({"x": {name: 0.1, "m": None}}), "gender", "fmr", ["x"])
    assert "<img" not in group_figure(found, "fmr", {}, LIGHT).to_json().replace("\\u003c", "<")

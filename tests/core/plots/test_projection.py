"""Maps show every face once, where the table says, in the colour and shape of its class."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from core.plots import projection_words as told
from core.plots.projection import View, map_figure, style
from core.plots.projection_maps import (
    LEGEND,
    Groups,
    Maps,
    by_identity,
    by_label,
    by_verdict,
    maps_of,
    sample,
)
from core.plots.projection_presets import PRESETS, resolved, title
from core.plots.projection_said import answers, source_of
from core.plots.tokens import CATEGORIES, DARK, LIGHT, Tokens
from core.table import table


def made_up(n: int = 40, seed: int = 0) -> pd.DataFrame:
    """Two maps of n faces, the second in another order and without the first face."""
    rng = np.random.default_rng(seed)
    faces = pd.DataFrame({
        "id": [f"face {i}" for i in range(n)],
        "subject_id": [f"p{i // 2}" for i in range(n)],
        "mood": rng.choice(["happy", "sad", "unknown"], n),
        "placed": np.arange(n) % 5 == 0,
    })  # fmt: skip
    frames = []
    for name, own in (("x", faces), ("f3(x)", faces.iloc[1:].sample(frac=1, random_state=seed))):
        at = rng.normal(size=(len(own), 2))
        frames.append(own.assign(representation=name, method="tsne", u=at[:, 0], v=at[:, 1]))
    return pd.concat(frames, ignore_index=True)


@pytest.fixture
def rows() -> pd.DataFrame:
    return made_up()


@pytest.fixture
def maps(rows: pd.DataFrame) -> Maps:
    return maps_of(rows)


def faces_of(figure: go.Figure) -> list[int]:
    """The rows that the points of a figure stand for."""
    return [int(row) for t in figure.data if t.customdata is not None for row in t.customdata]


def marked(figure: go.Figure) -> list[int]:
    """The rows that are marked."""
    return sorted(int(t.customdata[i]) for t in figure.data if t.customdata is not None
                  for i in (() if t.selectedpoints is None else t.selectedpoints))  # fmt: skip


# -- tables ------------------------------------------------------------------------------------


def test_each_face_lies_where_the_table_says(rows: pd.DataFrame, maps: Maps) -> None:
    for row in rows.to_dict("records"):
        face = list(maps.faces["id"]).index(row["id"])
        place = (row["representation"], row["method"])
        np.testing.assert_allclose(maps.places[place][face], [row["u"], row["v"]], rtol=1e-6)
        assert maps.placed[place][face] == row["placed"]
        assert maps.faces["mood"].iloc[face] == row["mood"]
    assert np.isnan(maps.places["f3(x)", "tsne"][0]).all(), "a face that a map lacks has no place"
    assert maps.labels == ("mood",)
    assert maps.representations == ["x", "f3(x)"]


def test_unknown_is_the_last_class_and_is_never_dropped(rows: pd.DataFrame, maps: Maps) -> None:
    groups = by_label(maps, "mood")
    assert groups.classes == ("happy", "sad", "unknown")
    own = rows[rows["representation"] == "x"]["mood"]
    for one in groups.classes:
        assert groups.mask(one).sum() == (own == one).sum()
    assert not groups.mask("nobody has this").any()


def test_answers_are_what_is_said_most_often() -> None:
    ids = ["a", "b", "c"]
    frame = table("predictions", [
        {"id": face, "truth": "happy", "predicted": said}
        for face, said in (("a", "happy"), ("a", "happy"), ("a", "sad"), ("b", "sad"),
                           ("b", "happy"), ("stranger", "happy"))
    ])  # fmt: skip
    found = answers(frame, ids)
    assert list(found.said[[0, 2]]) == ["happy", ""]
    np.testing.assert_allclose(found.right, [2 / 3, 1 / 2, np.nan])
    groups = by_verdict(found.right)
    assert [groups.classes[code] for code in groups.codes] == [
        "read rightly", "read wrongly", "not attacked"
    ]  # fmt: skip
    assert found.share(np.array([True, True, True])) == (0.5, 2)
    assert found.share(np.array([False, False, True])) == (None, 0)


# -- the figure --------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [LIGHT, DARK])
def test_every_face_is_drawn_once_in_its_place(maps: Maps, mode: Tokens) -> None:
    for place, at in maps.places.items():
        figure = map_figure(maps, place, by_label(maps, "mood"), mode, View())
        assert sorted(faces_of(figure)) == list(np.flatnonzero(~np.isnan(at[:, 0])))
        for trace in figure.data:
            np.testing.assert_array_equal(np.stack([trace.x, trace.y], 1), at[trace.customdata])
            assert trace.marker.symbol.endswith("open") or trace.marker.line.width


def test_colour_and_shape_both_tell_classes_apart(maps: Maps) -> None:
    figure = map_figure(maps, ("x", "tsne"), by_label(maps, "mood"), LIGHT, View())
    looks = {(t.marker.color, t.marker.symbol) for t in figure.data}
    assert len(looks) == len({c for c, _ in looks}) == len({s for _, s in looks}) == 3
    assert [t.marker.color for t in figure.data][:2] == list(CATEGORIES[:2])
    assert figure.data[2].marker.symbol.endswith("open"), "unknown is hollow"
    assert LIGHT.leak not in figure.to_json(), "warm means leakage"


def test_what_is_chosen_is_marked_wherever_it_lies(maps: Maps) -> None:
    chosen = np.zeros(len(maps), bool)
    chosen[[0, 3, 8]] = True
    view, groups = View(chosen), by_label(maps, "mood")
    assert marked(map_figure(maps, ("x", "tsne"), groups, LIGHT, view)) == [0, 3, 8]
    assert marked(map_figure(maps, ("f3(x)", "tsne"), groups, LIGHT, view)) == [3, 8]
    nobody = map_figure(maps, ("x", "tsne"), groups, LIGHT, View(np.zeros(len(maps), bool)))
    assert all(t.selectedpoints is None for t in nobody.data), "nobody chosen: nobody is faint"


def test_a_class_alone_keeps_its_place_on_the_page(maps: Maps) -> None:
    groups = by_label(maps, "mood")
    whole = map_figure(maps, ("x", "tsne"), groups, LIGHT, View())
    alone = map_figure(maps, ("x", "tsne"), groups, LIGHT, View(only="sad"))
    assert sorted(faces_of(alone)) == list(np.flatnonzero(groups.mask("sad")))
    assert alone.layout.xaxis.range == whole.layout.xaxis.range


def test_zoom_holds_the_chosen_and_contours_add_no_face(maps: Maps) -> None:
    chosen = np.zeros(len(maps), bool)
    chosen[[2, 5]] = True
    at, groups = maps.places["x", "tsne"], by_label(maps, "mood")
    figure = map_figure(maps, ("x", "tsne"), groups, LIGHT,
                        View(chosen, zoom=True, contours=True))  # fmt: skip
    for axis, own in ((figure.layout.xaxis, at[chosen, 0]), (figure.layout.yaxis, at[chosen, 1])):
        assert axis.range[0] < own.min() <= own.max() < axis.range[1]
    assert sorted(faces_of(figure)) == list(range(len(maps)))
    assert sum(isinstance(t, go.Contour) for t in figure.data) == 1


def test_many_identities_share_colours_and_have_no_legend(maps: Maps) -> None:
    groups = by_identity(maps)
    assert groups.many
    figure = map_figure(maps, ("x", "tsne"), groups, LIGHT, View())
    assert not figure.layout.showlegend
    assert sorted(faces_of(figure)) == list(range(len(maps)))
    for trace in figure.data:
        shown = [CATEGORIES[int(value)] for value in trace.marker.color]
        wanted = [style(groups, code, LIGHT) for code in groups.codes[trace.customdata]]
        assert shown == [colour for colour, _ in wanted]
        assert {trace.marker.symbol} == {shape for _, shape in wanted}


def test_a_sample_of_less_than_the_limit_is_everything() -> None:
    groups = Groups("mood", ("a",), np.zeros(5, int))
    among = np.array([True, False, True, True, False])
    assert list(sample(groups, among, 3)) == [0, 2, 3]


def test_names_are_escaped(rows: pd.DataFrame) -> None:
    maps = maps_of(rows.replace({"happy": "<b>happy</b>", "face 1": "<i>1</i>"}))
    figure = map_figure(maps, ("x", "tsne"), by_label(maps, "mood"), LIGHT, View())
    told = [t.name for t in figure.data] + [line for t in figure.data for line in t.hovertext]
    assert not any("<" in line for line in told)


@pytest.mark.parametrize("n", [1, 2])
def test_hardly_any_faces_are_no_crash(n: int) -> None:
    maps = maps_of(made_up(2).iloc[:n])
    view = View(np.ones(len(maps), bool), contours=True, zoom=True)
    assert len(faces_of(map_figure(maps, ("x", "tsne"), by_label(maps, "mood"), LIGHT, view))) == n


def test_as_many_classes_as_a_legend_names_look_different() -> None:
    groups = Groups("l", tuple(f"c{i}" for i in range(LEGEND)), np.arange(LEGEND))
    assert len({style(groups, code, LIGHT) for code in range(LEGEND)}) == LEGEND


# -- words -------------------------------------------------------------------------------------


def test_quality_is_that_of_the_map_and_the_label() -> None:
    rows = table("projection_quality", [
        {"representation": name, "method": "tsne", "trustworthiness": 0.9, "label": label,
         "knn_agreement": 0.1 * number, "chance": 0.17, "silhouette": -0.1, "n": 552}
        for number, (name, label) in enumerate(
            (n, l) for n in ("x", "f3(x)") for l in ("mood", "gender"))  # noqa: E741
    ])  # fmt: skip
    found = told.quality(rows, ("f3(x)", "tsne"), "mood")
    assert found.agreement == pytest.approx(0.2)
    assert "20 % show the same mood (chance 17 %)" in told.quality_words(found)
    assert "f3(x) 20 %" in told.heading([found], "mood")
    other = told.quality(rows, ("x", "tsne"), "identity")
    assert other.agreement is None
    assert "neighbours by identity were not measured" in told.quality_words(other)
    none = told.quality(None, ("x", "tsne"), "mood")
    assert "not measured" in told.quality_words(none)
    assert told.heading([none], "mood") == "Maps by mood"


def test_a_picture_is_no_evidence_and_the_figures_say_why() -> None:
    row = {"representation": "x", "attribute": "mood", "metric": "balanced_accuracy",
           "attacker": "strongest", "value": 0.61, "low": 0.55, "high": 0.66, "chance": 0.5,
           "null": 0.52, "chosen": "svm", "status": "ok"}  # fmt: skip
    near = told.Quality(("x", "tsne"), "mood", 0.9, 0.5, 0.5, 0.0, 10)
    said = told.no_evidence([near], table("leakage", [row]), "mood", "mood")
    assert "neighbours agree 50 %" in said
    assert "0.61, 0.52 with permuted labels (leaks)" in said
    quiet = {**row, "low": 0.4, "status": "nothing found"}
    assert "(nothing found)" in told.no_evidence([near], table("leakage", [quiet]), "mood", "mood")
    assert "No attacker was asked" in told.no_evidence([near], None, "mood", "mood")


def test_presets_are_found_by_kind_and_say_what_is_missing() -> None:
    kinds = {"mine": "sensitivenets", "lntl": "lntl"}
    names = ["x", "mine", "lntl", "f3(x)", "f3(mine)", "f3(lntl)"]
    found = {one.name: resolved(one, names, ("expression", "gender"), kinds) for one in PRESETS}
    assert found["Thesis Fig. 4.3: f3(SN) and f3(LNTL), by emotion"].panes == (
        "f3(mine)", "f3(lntl)"
    )  # fmt: skip
    assert found["TPAMI Fig. 4: x and SN, by gender"].colour == "gender"
    assert all(not one.missing for name, one in found.items() if "LEACE" not in name)
    poor = resolved(PRESETS[0], ["x"], (), {})
    assert poor.missing == ("SN", "LNTL", "the label expression")


def test_names_of_hidden_layers() -> None:
    assert (title("f3(lntl)"), title("x"), title("f3(mine)")) == ("f3(LNTL)", "x", "f3(mine)")
    assert (source_of("f3(lntl)"), source_of("lntl")) == ("lntl", "lntl")

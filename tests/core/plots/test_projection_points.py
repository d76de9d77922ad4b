"""What a browser draws of many faces is what the tables say, bit by bit."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.plots.projection import View, map_figure, style
from core.plots.projection_maps import Groups, Maps, by_identity, by_label, maps_of
from core.plots.projection_points import (
    DIGITS,
    NAMED,
    bits,
    drawing,
    points,
    sampled,
    unpacked,
)
from core.plots.tokens import DARK, LIGHT, Tokens

PLACES = (("x", "tsne"), ("f3(x)", "tsne"))


def made_up(n: int = 60, moods: tuple[str, ...] = ("happy", "sad", "unknown")) -> Maps:
    """Two maps of n faces; the second lacks the first face."""
    rng = np.random.default_rng(n)
    faces = pd.DataFrame({
        "id": [f"face {i}" for i in range(n)], "subject_id": [f"p{i // 2}" for i in range(n)],
        "mood": rng.choice(moods, n), "placed": False,
    })  # fmt: skip
    frames = []
    for name, own in (("x", faces), ("f3(x)", faces.iloc[1:])):
        at = rng.normal(size=(len(own), 2))
        frames.append(own.assign(representation=name, method="tsne", u=at[:, 0], v=at[:, 1]))
    return maps_of(pd.concat(frames, ignore_index=True))


def parts_of(packet: bytes) -> dict[str, Any]:
    """The packet read by the words of `_packed`, without its code."""
    size = int.from_bytes(packet[DIGITS : DIGITS + 4], "little")
    body = packet[DIGITS + 4 + size :]
    found = {}
    for name, kind, start, length in json.loads(packet[DIGITS + 4 : DIGITS + 4 + size]):
        raw = body[start : start + length]
        assert start % 4 == 0
        found[name] = json.loads(raw) if kind == "json" else np.frombuffer(raw, f"<{kind}")
    return found


def test_each_face_keeps_its_place_and_its_class() -> None:
    maps = made_up()
    groups = by_label(maps, "mood")
    shown = points(maps, PLACES, groups, View())
    parts = parts_of(shown.packet)
    for number, place in enumerate(PLACES):
        np.testing.assert_array_equal(parts[f"at{number}"].reshape(-1, 2), maps.places[place])
    assert np.isnan(parts["at1"][:2]).all(), "a face that a map lacks has no place"
    np.testing.assert_array_equal(parts["codes"], groups.codes)
    assert parts["names"] == {"ids": list(maps.faces["id"]), "classes": list(groups.classes)}
    assert "rows" not in parts
    assert "lines0" not in parts
    assert shown.counts == ((60, 60), (59, 59))
    assert not any(pane["sample"] for pane in drawing(shown, maps, groups, LIGHT, View())["panes"])


def test_a_choice_and_colours_change_the_drawing_and_not_the_points() -> None:
    maps = made_up()
    groups, chosen = by_label(maps, "mood"), np.zeros(len(maps), bool)
    chosen[[0, 9, 33]] = True
    plain, picked = (points(maps, PLACES, groups, view) for view in (View(), View(chosen)))
    assert plain.packet == picked.packet
    assert plain.digest == plain.packet[:DIGITS].decode()
    assert points(maps, PLACES, by_identity(maps), View()).digest != plain.digest
    told = drawing(picked, maps, groups, LIGHT, View(chosen))
    assert (told["digest"], told["faces"]) == (plain.digest, 60)
    packed = np.frombuffer(base64.b64decode(told["chosen"]), np.uint8)
    np.testing.assert_array_equal(np.unpackbits(packed)[:60].astype(bool), chosen)
    assert json.dumps(told)


@pytest.mark.parametrize("mode", [LIGHT, DARK])
@pytest.mark.parametrize("by", ["mood", "identity"])
def test_classes_look_as_they_do_in_the_figures_of_few(mode: Tokens, by: str) -> None:
    maps = made_up(200, tuple("abcdefghijkl"))
    groups = by_identity(maps) if by == "identity" else by_label(maps, by)
    shown = points(maps, PLACES, groups, View())
    told, of = drawing(shown, maps, groups, mode, View()), parts_of(shown.packet)["of"]
    assert len(of) == len(groups.classes)
    for code in range(len(groups.classes)):
        look = told["looks"][of[code]]
        assert (look["colour"], look["shape"]) == style(groups, code, mode)
    assert told["classes"] == ([] if groups.many else list(groups.classes))
    assert mode.leak not in json.dumps(told), "warm means leakage"


def test_what_is_faint_is_a_quarter_of_its_colour_on_the_ground() -> None:
    maps = made_up()
    groups = by_label(maps, "mood")
    told = drawing(points(maps, PLACES, groups, View()), maps, groups, LIGHT, View())
    assert told["looks"][0]["colour"] == "#E69F00"
    # by hand: 0.25 · E69F00 + 0.75 · FBFAF7
    assert told["looks"][0]["faint"] == "#F6E3B9"


def test_windows_are_those_of_the_figures_and_a_zoom_holds_the_chosen() -> None:
    maps = made_up()
    groups, chosen = by_label(maps, "mood"), np.zeros(len(maps), bool)
    chosen[[4, 5, 6]] = True
    for view in (View(), View(only="sad"), View(chosen, zoom=True)):
        told = drawing(points(maps, PLACES, groups, view), maps, groups, LIGHT, view)
        for place, pane in zip(PLACES, told["panes"], strict=True):
            layout = map_figure(maps, place, groups, LIGHT, view).layout
            x0, y0, x1, y1 = pane["window"]
            assert (*layout.xaxis.range, *layout.yaxis.range) == pytest.approx((x0, x1, y0, y1))
    at = maps.places[PLACES[1]][chosen]
    low, high = at.min(axis=0), at.max(axis=0)
    room = 0.04 * (high - low)
    assert (x0, y0) == pytest.approx(tuple(low - room), rel=1e-4)
    assert (x1, y1) == pytest.approx(tuple(high + room), rel=1e-4)


def test_a_class_alone_needs_no_other_points() -> None:
    maps = made_up()
    groups = by_label(maps, "mood")
    whole, alone = (points(maps, PLACES, groups, view) for view in (View(), View(only="sad")))
    assert whole.packet == alone.packet
    told = drawing(alone, maps, groups, LIGHT, View(only="sad"))
    assert told["only"] == groups.classes.index("sad")
    assert alone.counts[0] == (groups.mask("sad").sum(),) * 2


@pytest.mark.parametrize("limit", [3, 10, 25, 59])
def test_a_sample_keeps_every_class_in_its_share_and_says_so(limit: int) -> None:
    maps = made_up()
    groups = by_label(maps, "mood")
    shown = points(maps, PLACES, groups, View(), limit=limit)
    parts = parts_of(shown.packet)
    rows = parts["rows"]
    assert len(set(rows)) == len(rows) <= max(limit, len(groups.classes))
    np.testing.assert_array_equal(parts["codes"], groups.codes[rows])
    np.testing.assert_array_equal(parts["at0"].reshape(-1, 2), maps.places[PLACES[0]][rows])
    for code in range(len(groups.classes)):
        share = (groups.codes == code).sum() * limit / len(maps)
        assert abs((parts["codes"] == code).sum() - share) <= 1
    told = drawing(shown, maps, groups, LIGHT, View())
    assert told["panes"][0]["sample"].startswith(f"a sample: {len(rows)} of 60,")
    assert told["panes"][1]["sample"].startswith(f"a sample: {(rows != 0).sum()} of 59,")
    again = points(maps, PLACES, groups, View(), limit=limit)
    assert again.packet == shown.packet


def test_a_class_alone_of_a_sample_is_shown_whole_where_it_fits() -> None:
    maps = made_up()
    groups = by_label(maps, "mood")
    own = groups.mask("sad")
    shown = points(maps, PLACES[:1], groups, View(only="sad"), limit=int(own.sum()))
    np.testing.assert_array_equal(shown.rows, np.flatnonzero(own))
    assert shown.counts == ((own.sum(), own.sum()),)
    assert sampled(*shown.counts[0]) == ""


def test_names_travel_with_few_points_and_many_classes_fit() -> None:
    n = 70_000
    at = np.zeros((n, 2), np.float32)
    faces = pd.DataFrame({"id": [str(i) for i in range(n)]})
    maps = Maps(faces, (), {PLACES[0]: at}, {PLACES[0]: np.zeros(n, bool)})
    groups = Groups("identity", tuple(str(i) for i in range(n)), np.arange(n))
    parts = parts_of(points(maps, PLACES[:1], groups, View()).packet)
    assert "names" not in parts
    np.testing.assert_array_equal(parts["codes"], np.arange(n))
    few = points(maps, PLACES[:1], Groups("l", ("a",), np.zeros(n, int)), View(), limit=NAMED)
    assert len(parts_of(few.packet)["names"]["ids"]) == NAMED


def test_lines_of_density_are_where_the_points_are_as_many() -> None:
    maps = made_up(5_000)
    groups = by_label(maps, "mood")
    shown = points(maps, PLACES, groups, View(contours=True))
    lines = parts_of(shown.packet)["lines0"].reshape(-1, 2)
    real = lines[~np.isnan(lines[:, 0])]
    at = maps.places[PLACES[0]]
    assert len(real) > 50
    assert (real > at.min(axis=0) - 1).all()
    assert (real < at.max(axis=0) + 1).all()
    # The points are drawn about the origin, and every line of a single heap goes round its top.
    radius = np.hypot(*real.T)
    outside = np.hypot(*at.T)[:, None] > np.quantile(radius, [0.1, 0.9])
    assert 0.02 < outside[:, 1].mean() < outside[:, 0].mean()
    assert np.isnan(lines[-1]).all()


@pytest.mark.parametrize("n", [1, 2])
def test_hardly_any_faces_are_no_crash(n: int) -> None:
    maps = made_up(2)
    view = View(np.ones(2, bool), contours=True, zoom=True)
    groups = by_label(maps, "mood")
    shown = points(maps, PLACES[:n], groups, view)
    assert len(drawing(shown, maps, groups, LIGHT, view)["panes"]) == n


# -- bits --------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 7, 8, 9, 100_003])
def test_a_choice_survives_its_bits(n: int) -> None:
    chosen = np.random.default_rng(n).random(n) < 0.5
    found = unpacked(bits(chosen), n)
    assert found is not None
    np.testing.assert_array_equal(found, chosen)


@pytest.mark.parametrize("told", ["", "AA", "é" * 4, "AAAA", "!!!!", "A" * 400])
def test_what_is_no_choice_of_these_faces_is_none(told: str) -> None:
    assert unpacked(told, 60) is None

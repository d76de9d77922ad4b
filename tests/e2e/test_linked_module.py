"""The functions behind linked maps, in a real browser, against the same in Python."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import made_up_crowd
import numpy as np
import pytest
from shapes import within

from app.linked import FOLDER
from core.plots.projection import SYMBOLS, View
from core.plots.projection_maps import by_label, maps_of
from core.plots.projection_points import bits, points

pytestmark = pytest.mark.e2e

N = 3_000


@pytest.fixture
def module(browser: Any) -> Iterator[Any]:
    """An empty page that knows the functions of geometry.js and paint.js."""
    context = browser.new_context()
    page = context.new_page()
    scripts = [(FOLDER / name).read_text() for name in ("geometry.js", "paint.js")]
    page.add_script_tag(content="\n".join(scripts))
    yield page
    context.close()


@pytest.mark.parametrize("seed", range(8))
def test_a_loop_of_any_shape_holds_what_a_ray_says(module: Any, seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape = rng.normal(size=(rng.integers(3, 60), 2))
    shape[: len(shape) // 3, 1] = np.round(shape[: len(shape) // 3, 1])  # level edges too
    at = np.concatenate([rng.normal(size=(2_000, 2)), rng.uniform(-9, 9, (50, 2))])
    found = module.evaluate(
        "([xs, ys, at]) => { const test = insideOf(xs, ys);"
        " return at.map(([x, y]) => test(x, y)) }",
        [shape[:, 0].tolist(), shape[:, 1].tolist(), at.tolist()],
    )
    np.testing.assert_array_equal(found, within(at, shape))
    assert not module.evaluate("() => insideOf([0, 1, 0], [0, 0, 1])(NaN, 0.1)")


@pytest.mark.parametrize("n", [1, 8, 13, 100_003])
def test_bits_mean_the_same_in_the_browser(module: Any, n: int) -> None:
    chosen = np.random.default_rng(n).random(n) < 0.4
    back, marks = module.evaluate(
        "([told, n]) => { const marks = marksOf(told, n);"
        " return [bitsOf(marks), Array.from(marks)] }",
        [bits(chosen), n],
    )
    assert back == bits(chosen)
    np.testing.assert_array_equal(np.array(marks, bool), chosen)


def test_a_packet_means_the_same_in_the_browser(module: Any) -> None:
    found = maps_of(made_up_crowd.projection(N))
    groups = by_label(found, "expression")
    shown = points(found, [("x", "tsne")], groups, View(contours=True), limit=N - 7)
    told = module.evaluate(
        """(told) => {
          const bytes = Uint8Array.from(atob(told), (one) => one.charCodeAt(0));
          const shifted = new Uint8Array(bytes.length + 1);
          shifted.set(bytes, 1);
          const { at0, codes, rows, names } = partsOf(shifted.subarray(1));
          return JSON.stringify([digestOf(bytes), [...at0], [...codes], [...rows], names]) }""",
        base64.b64encode(shown.packet).decode(),
    )
    digest, at, codes, rows, names = json.loads(told)
    assert digest == shown.digest
    np.testing.assert_array_equal(rows, shown.rows)
    np.testing.assert_array_equal(codes, groups.codes[shown.rows])
    np.testing.assert_array_equal(
        np.array(at, np.float32).reshape(-1, 2), found.places["x", "tsne"][shown.rows]
    )
    assert names["ids"] == found.faces["id"].iloc[shown.rows].tolist()


PAINTED = """([at, given, count, ratio]) => {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 100 * ratio;
  const scene = { rows: null, size: 5, outlined: 0, count, ...given };
  paint(canvas, { scale: 10, left: 50, top: 50 }, ratio, Float32Array.from(at.flat()), scene);
  const image = canvas.getContext("2d").getImageData(0, 0, 100 * ratio, 100 * ratio).data;
  const seen = (u, v) => {
    const [x, y] = [50 + 10 * u, 50 - 10 * v].map((one) => Math.floor(ratio * one));
    return [...image.slice(4 * (y * 100 * ratio + x), 4 * (y * 100 * ratio + x) + 4)] };
  const inked = image.filter((_, place) => place % 4 === 3 && image[place]).length;
  return [at.map(([u, v]) => seen(u, v)), inked] }"""
LOOKS = [
    {"colour": "#E69F00", "faint": "#F6E3B9", "rim": "#000000", "shape": "square"},
    {"colour": "#0072B2", "faint": "#BCD8E6", "rim": "#000000", "shape": "circle"},
]
NOTHING = [0, 0, 0, 0]


@pytest.mark.parametrize("ratio", [1, 2])
def test_points_are_painted_in_their_place_and_colour(module: Any, ratio: int) -> None:
    at = [[-3, 4], [2, -1], [0, 0], [1000, 3]]
    given = {"codes": [0, 1, 0, 1], "of": [0, 1], "looks": LOOKS, "hidden": [0, 0]}
    orange, blue = [0xE6, 0x9F, 0, 255], [0, 0x72, 0xB2, 255]

    marks = {"marks": [0, 0, 0, 0]}
    (first, second, third, _), all_of_them = module.evaluate(PAINTED, [at, given | marks, 0, ratio])
    assert (first, second, third) == (orange, blue, orange), "v goes up"

    marks = {"marks": [0, 1, 0, 1]}
    (first, second, third, _), chosen = module.evaluate(PAINTED, [at, given | marks, 2, ratio])
    assert (first, second) == ([0xF6, 0xE3, 0xB9, 255], blue), "faint unless chosen"
    assert chosen > all_of_them, "and the chosen are larger"

    hidden = {"hidden": [1, 0], "marks": [0, 0, 0, 0]}
    (first, second, *_), _ = module.evaluate(PAINTED, [at, given | hidden, 0, ratio])
    assert (first, second) == (NOTHING, blue)


def test_the_chosen_lie_above_whoever_comes_later(module: Any) -> None:
    at = [[0, 0]] * 9
    for one in range(9):
        codes = [int(face != one) for face in range(9)]
        given = {"codes": codes, "of": [0, 1], "looks": LOOKS, "hidden": [0, 0],
                 "marks": [1 - code for code in codes]}  # fmt: skip
        (seen, *_), _ = module.evaluate(PAINTED, [at, given, 1, 1])
        assert seen == [0xE6, 0x9F, 0, 255]


def test_every_shape_is_a_stamp_of_its_own(module: Any) -> None:
    told = module.evaluate(
        "(names) => names.map((name) => [...stamp(name, 11, 50, false).inside].join())",
        [*SYMBOLS, "circle-open"],
    )
    assert len(set(told)) == len(SYMBOLS) + 1
    assert all(told)


def test_lines_of_density_are_drawn_apart(module: Any) -> None:
    inked = module.evaluate(
        """() => {
          const canvas = document.createElement("canvas");
          canvas.width = canvas.height = 100;
          const lines = Float32Array.from([-4, 2, 4, 2, NaN, NaN, -4, -2, 4, -2, NaN, NaN]);
          contours(canvas, { scale: 10, left: 50, top: 50 }, 1, lines, "#FFFFFF", "#000000");
          const image = canvas.getContext("2d").getImageData(0, 0, 100, 100).data;
          return [30, 70, 50].map((y) => image[4 * (y * 100 + 50) + 3] > 0) }"""
    )
    assert inked == [True, True, False]

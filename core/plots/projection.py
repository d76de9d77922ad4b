"""The figure of one map: points in the colour and shape of their class, the chosen ones marked.

The axes of t-SNE and UMAP have no unit and no direction, so none is drawn; one unit is equally
long on both. Maps of more than `FEW` faces are drawn as pixels, by `projection_points`.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any, Literal

import numpy as np
import plotly.graph_objects as go
from scipy.ndimage import gaussian_filter

from core.faces.faceset import UNKNOWN
from core.plots.projection_maps import UNREAD, Groups, Maps, Place
from core.plots.template import template
from core.plots.tokens import CATEGORIES, LIGHT, Tokens, category

HEIGHT = 400
"""Height of a map in pixels, legend aside; the width is that of the column."""
LIMIT = 100_000
"""Points that one map draws; more are sampled, class by class, and the map says so."""
FEW = 2_000
"""Up to so many faces a map is an SVG figure, which is sharper; more are drawn as pixels."""
CLOSE = 600
"""Up to so many points are drawn a little larger."""
FAINT = 0.25
"""Opacity of what is not chosen, where something is."""
BINS, BLUR = 64, 2.0
"""Density contours: cells along each side, and the standard deviation of the blur in cells."""
SYMBOLS = (
    "circle", "square", "diamond", "triangle-up", "cross", "triangle-down", "x", "star",
    "hexagon", "pentagon", "bowtie", "hourglass",
)  # fmt: skip
"""Shapes that repeat the colours, in order."""
_QUIET = (UNKNOWN, UNREAD)

Drag = Literal["lasso", "select"] | bool


@dataclass(frozen=True)
class View:
    """How maps are drawn: faces `chosen` bool (n,) or None, the class shown alone or "", density
    contours, whether the map is cut to what is chosen, and what dragging draws."""

    chosen: np.ndarray | None = None
    only: str = ""
    contours: bool = False
    zoom: bool = False
    drag: Drag = "lasso"


def map_figure(maps: Maps, place: Place, groups: Groups, mode: Tokens, view: View) -> go.Figure:
    """Map `place`, coloured by `groups`; the customdata of each point is its row in `maps`."""
    at = maps.places[place]
    among = there(at)
    if view.only:
        among &= groups.mask(view.only)
    rows = np.flatnonzero(among)
    figure = go.Figure()
    if view.contours and len(rows) > 1:
        _contours(figure, at[rows], mode)
    for own in _traces(groups, rows):
        figure.add_trace(_points(maps, at, own, groups, len(rows), mode, view.chosen))
    _frame(figure, *window(at, among, view), mode)
    legend = not groups.many and len(groups.classes) > 1
    lines = _legend_lines(groups) if legend else 0
    figure.update_layout(
        template=template(mode), height=HEIGHT + 24 * lines, dragmode=view.drag,
        hovermode="closest", showlegend=legend, uirevision=None,
        margin={"l": 2, "r": 2, "t": 6 + 24 * lines, "b": 6},
        legend={"itemclick": "toggle", "itemdoubleclick": "toggleothers", "itemsizing": "constant"},
    )  # fmt: skip
    return figure


def there(at: np.ndarray) -> np.ndarray:
    """Which faces a map (n, 2) places, bool (n,)."""
    return ~np.isnan(at).any(axis=1)


def _traces(groups: Groups, rows: np.ndarray) -> list[np.ndarray]:
    """The rows of each class, or where classes are many, of each shape."""
    codes = groups.codes[rows]
    if groups.many:
        shapes = codes // len(CATEGORIES) % len(SYMBOLS)
        quiet = np.array([name in _QUIET for name in groups.classes])
        codes = np.where(quiet[codes], len(SYMBOLS), shapes)
    return [rows[codes == code] for code in np.unique(codes)]


def style(groups: Groups, code: int, mode: Tokens) -> tuple[str, str]:
    """Colour and shape of a class; where there are many, both come again in another pairing."""
    if groups.classes[code] in _QUIET:
        return mode.muted, "circle-open"
    if groups.many:
        return CATEGORIES[code % len(CATEGORIES)], SYMBOLS[code // len(CATEGORIES) % len(SYMBOLS)]
    return category(code, mode), SYMBOLS[code % len(SYMBOLS)]


def _points(
    maps: Maps, at: np.ndarray, rows: np.ndarray, groups: Groups, total: int, mode: Tokens,
    chosen: np.ndarray | None,
) -> go.Scatter:  # fmt: skip
    """One trace of points, of one class or of all; those not chosen are faint where any is."""
    size = 8 if total <= CLOSE else 7
    ids = maps.faces["id"].iloc[rows]
    own = [groups.classes[code] for code in groups.codes[rows]]
    trace: dict[str, Any] = {
        "x": at[rows, 0], "y": at[rows, 1], "mode": "markers", "customdata": rows,
        "marker": {"size": size, "opacity": 0.9, **_looks(groups, rows, mode)},
        "selected": {"marker": {"opacity": 1, "size": size + 2}},
        "unselected": {"marker": {"opacity": FAINT}},
        "name": "" if groups.many else escape(groups.classes[groups.codes[rows[0]]]),
        "hovertext": [escape(f"{i}: {c}") for i, c in zip(ids, own, strict=True)],
        "hoverinfo": "text",
    }  # fmt: skip
    if chosen is not None and chosen.any():
        trace["selectedpoints"] = np.flatnonzero(chosen[rows])
    return go.Scatter(**trace)


def _looks(groups: Groups, rows: np.ndarray, mode: Tokens) -> dict[str, Any]:
    """Colour, shape and outline of points that share a shape."""
    shade, symbol = style(groups, groups.codes[rows[0]], mode)
    looks: dict[str, Any] = {"color": shade, "symbol": symbol}
    if symbol.endswith("open"):
        return looks
    if groups.many:
        # As numbers: words are checked one by one.
        steps = [(bound / len(CATEGORIES), hue)
                 for n, hue in enumerate(CATEGORIES) for bound in (n, n + 1)]  # fmt: skip
        looks |= {"color": groups.codes[rows] % len(CATEGORIES) + 0.5, "colorscale": steps,
                  "cmin": 0, "cmax": len(CATEGORIES), "showscale": False}  # fmt: skip
    return {**looks, "line": {"width": 1, "color": edge(mode)}}


def edge(mode: Tokens) -> str:
    """The outline of a point: pale classes need one on paper; on a dark ground an edge of that
    ground parts neighbours."""
    return mode.text if mode == LIGHT else mode.ground


def density(at: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, tuple[float, ...]]:
    """How densely the points `at` (m, 2) lie, whatever their class: the middles of the cells in u
    and in v, the blurred counts (u, v), and the levels at which lines of equal density are drawn.
    """
    low, high = at.min(axis=0), at.max(axis=0)
    spread = np.where(high > low, high - low, 1)
    low, high = low - 0.08 * spread, high + 0.08 * spread
    counts, u, v = np.histogram2d(
        at[:, 0], at[:, 1], bins=BINS, range=[[low[0], high[0]], [low[1], high[1]]]
    )
    dense = gaussian_filter(counts, BLUR)
    top = float(dense.max())
    levels = tuple(top / 10 + step * top / 7 for step in range(7))
    return (u[:-1] + u[1:]) / 2, (v[:-1] + v[1:]) / 2, dense, levels


def _contours(figure: go.Figure, at: np.ndarray, mode: Tokens) -> None:
    """Lines of equal density of all points drawn, in grey."""
    u, v, dense, levels = density(at)
    steps = {"start": levels[0], "end": dense.max(), "size": levels[1] - levels[0]}
    figure.add_trace(
        go.Contour(
            x=u, y=v, z=dense.T.astype(np.float32), contours={"coloring": "lines", **steps},
            colorscale=[[0, mode.muted], [1, mode.muted]], line={"width": 1}, showscale=False,
            hoverinfo="skip", showlegend=False,
        )
    )  # fmt: skip


def window(at: np.ndarray, among: np.ndarray, view: View) -> tuple[np.ndarray, np.ndarray]:
    """The lower left and the upper right corner (2,) of what a map `at` (n, 2) shows: all of it,
    whichever class is shown, or the chosen ones of `among` bool (n,)."""
    seen = at[there(at)]
    if view.zoom and view.chosen is not None and (view.chosen & among).any():
        seen = at[view.chosen & among]
    low, high = (seen.min(axis=0), seen.max(axis=0)) if len(seen) else (np.zeros(2), np.ones(2))
    middle, reach = (low + high) / 2, np.maximum((high - low) / 2, 1e-3) * 1.08
    return middle - reach, middle + reach


def _frame(figure: go.Figure, low: np.ndarray, high: np.ndarray, mode: Tokens) -> None:
    """Axes without ticks, equal units, a hairline around."""
    axis = {
        "showticklabels": False, "ticks": "", "showgrid": False, "showline": True, "mirror": True,
        "linecolor": mode.border, "constrain": "range",
    }  # fmt: skip
    figure.update_xaxes(range=[low[0], high[0]], **axis)
    figure.update_yaxes(range=[low[1], high[1]], scaleanchor="x", **axis)


def _legend_lines(groups: Groups) -> int:
    """Lines that the legend takes above a narrow map: about 42 letters and marks each."""
    lines, room = 1, 42
    for name in groups.classes:
        room -= len(name) + 5
        if room < 0:
            lines, room = lines + 1, 42 - len(name) - 5
    return lines

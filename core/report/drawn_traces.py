"""Traces of a plot drawn by matplotlib: lines, marks, filled bands, heat maps, contours."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PIXEL = 0.75
_DASHES = {
    "dash": (0, (5, 3)), "dot": (0, (1.2, 2)), "dashdot": (0, (5, 2, 1.2, 2)),
    "longdash": (0, (8, 3)), "longdashdot": (0, (8, 2, 1.2, 2)),
}  # fmt: skip
_SYMBOLS = {
    "circle": "o", "diamond": "D", "square": "s", "triangle-up": "^", "triangle-down": "v",
    "triangle-left": "<", "triangle-right": ">", "cross": "P", "x": "X", "x-thin": "x",
    "line-ew": "_", "line-ns": "|", "star": "*", "hexagon": "h", "pentagon": "p",
    "diamond-tall": "d", "hourglass": "8", "bowtie": "8", "hexagram": "*", "star-square": "*",
    "diamond-wide": "d", "star-diamond": "*", "star-triangle-up": "*",
}  # fmt: skip
_STROKES = ("x-thin", "line-ew", "line-ns")
_RGB = re.compile(r"rgba?\(([^)]*)\)")


def draw(axes: Axes, trace: Any) -> None:
    """Draw one trace; raises `ValueError` for a kind that no plot of ours has."""
    kinds: dict[str, Callable[[Axes, Any], None]] = {
        "scatter": _scatter, "heatmap": _heatmap, "contour": _contour,
    }  # fmt: skip
    if trace.type not in kinds:
        raise ValueError(f"a trace of the kind {trace.type} cannot be drawn on paper")
    kinds[trace.type](axes, trace)


def colour(value: Any) -> tuple[str | tuple[float, ...], float]:
    """A CSS colour as matplotlib takes it, and its opacity."""
    if value is None:
        return "none", 1.0
    found = _RGB.fullmatch(str(value).strip())
    if not found:
        return str(value), 1.0
    parts = [float(one) for one in found[1].split(",")]
    return tuple(one / 255 for one in parts[:3]), parts[3] if len(parts) > 3 else 1.0


def dash(name: str | None) -> Any:
    """A line's pattern."""
    return _DASHES.get(name or "", "solid")


def classes(axis: Any) -> dict[str, int]:
    """The classes of an axis and their places; empty for an axis of numbers."""
    return dict(getattr(axis, "bf_classes", {}))


def in_order(axis: Any, names: Iterable[Any]) -> None:
    """Give the classes of an axis their places before anything is drawn."""
    axis.bf_classes = {str(name): place for place, name in enumerate(names)}


def _numbers(axis: Any, values: Any) -> np.ndarray:
    """Values along an axis as numbers; classes take the places that they have there."""
    if values is None:
        return np.zeros(0)
    listed = list(values)
    if any(isinstance(one, str) for one in listed):
        places = classes(axis)
        for one in listed:
            places.setdefault(str(one), len(places))
        axis.bf_classes = places
        return np.array([np.nan if one is None else places[str(one)] for one in listed], float)
    return np.array([np.nan if one is None else float(one) for one in listed])


def _scatter(axes: Axes, trace: Any) -> None:
    x, y = _numbers(axes.xaxis, trace.x), _numbers(axes.yaxis, trace.y)
    if trace.fill == "toself":
        face, alpha = colour(trace.fillcolor)
        # Parts between gaps are areas of their own.
        for own in np.split(np.arange(len(x)), np.flatnonzero(np.isnan(x) | np.isnan(y))):
            inside = own[~(np.isnan(x[own]) | np.isnan(y[own]))]
            axes.fill(x[inside], y[inside], facecolor=face, alpha=alpha, linewidth=0, zorder=1)
    mode = trace.mode or "lines"
    whole = 1.0 if trace.opacity is None else trace.opacity
    if "lines" in mode and trace.line.width != 0:
        shade, alpha = colour(trace.line.color)
        axes.plot(
            x, y, color=shade, alpha=alpha * whole, linewidth=PIXEL * (trace.line.width or 2),
            linestyle=dash(trace.line.dash), zorder=2, solid_capstyle="butt",
            drawstyle="steps-post" if trace.line.shape == "hv" else "default",
        )  # fmt: skip
    for letter, bars in (("x", trace.error_x), ("y", trace.error_y)):
        if bars.array is not None and bars.visible is not False:
            _bars(axes, x, y, letter, bars)
    if "markers" in mode:
        _marks(axes, x, y, trace, whole)
    if "text" in mode:
        _words(axes, x, y, trace)


def _bars(axes: Axes, x: np.ndarray, y: np.ndarray, letter: str, bars: Any) -> None:
    """Intervals that a trace has as its errors."""
    above = np.array([np.nan if one is None else one for one in bars.array], float)
    given = bars.array if bars.arrayminus is None else bars.arrayminus
    below = np.array([np.nan if one is None else one for one in given], float)
    shade: Any = colour(bars.color)[0]
    axes.errorbar(
        x, y, fmt="none", ecolor=shade, elinewidth=PIXEL * (bars.thickness or 2),
        capsize=0, zorder=3, **{f"{letter}err": np.abs(np.vstack([below, above]))},
    )  # fmt: skip


def _each(value: Any, n: int) -> list[Any]:
    """One value for each point."""
    if value is None or isinstance(value, str | int | float):
        return [value] * n
    return list(value)


def _marks(axes: Axes, x: np.ndarray, y: np.ndarray, trace: Any, whole: float) -> None:
    """Points, together where they are alike."""
    marker, n = trace.marker, len(x)
    looks = zip(
        _each(marker.symbol or "circle", n), _shades(marker, n), _each(marker.size or 6, n),
        _each(marker.line.color, n), _each(marker.line.width, n), strict=True,
    )  # fmt: skip
    alike: dict[tuple[Any, ...], list[int]] = {}
    for place, look in enumerate(looks):
        alike.setdefault(look, []).append(place)
    opacity = marker.opacity if isinstance(marker.opacity, int | float) else 1.0
    for (symbol, shade, size, edge, width), own in alike.items():
        face, line, thick = _look(symbol, shade, edge, width)
        name = str(symbol).replace("-open", "")
        shades = {"color": line} if name in _STROKES else {"facecolors": face, "edgecolors": line}
        axes.scatter(
            x[own], y[own], s=(PIXEL * size) ** 2, marker=_SYMBOLS.get(name, "o"),
            linewidths=thick, alpha=opacity * whole, zorder=4,
            clip_on=trace.cliponaxis is not False, **shades,
        )  # fmt: skip


def _look(symbol: str, shade: Any, edge: Any, width: Any) -> tuple[Any, Any, float]:
    """Face, outline and its width of one mark."""
    face, line = colour(shade)[0], colour(edge)[0]
    thick = PIXEL * (width or 0)
    if str(symbol).replace("-open", "") in _STROKES:
        return face, line if edge is not None else face, max(thick, 1.5)
    if str(symbol).endswith("-open"):
        return "none", face, max(thick, 1.0)
    return face, line if thick else face, thick


def _shades(marker: Any, n: int) -> list[Any]:
    """The colour of each point; numbers go through the marker's own scale."""
    shades = _each(marker.color, n)
    if not shades or isinstance(shades[0], str) or shades[0] is None:
        return shades
    scale = _scale(marker.colorscale)
    low, high = marker.cmin or 0, marker.cmax or 1
    from matplotlib.colors import to_hex

    return [to_hex(scale((float(one) - low) / (high - low))) for one in shades]


def _scale(steps: Any) -> Any:
    from matplotlib.colors import LinearSegmentedColormap

    if steps is None or isinstance(steps, str):
        steps = [(0.0, "#ECEAE4"), (1.0, "#9AA0A4")]
    listed = [(float(at), colour(shade)) for at, shade in steps]
    found = [(at, (*shade, alpha) if isinstance(shade, tuple) else shade)
             for at, (shade, alpha) in listed]  # fmt: skip
    return LinearSegmentedColormap.from_list("own", found)


def _words(axes: Axes, x: np.ndarray, y: np.ndarray, trace: Any) -> None:
    sides = {"left": "right", "center": "center", "right": "left"}
    levels = {"top": "bottom", "middle": "center", "bottom": "top"}
    placed = _each(trace.textposition or "middle center", len(x))
    for at, (text, where) in enumerate(zip(_each(trace.text, len(x)), placed, strict=True)):
        level, side = where.split(" ")
        axes.text(
            x[at], y[at], re.sub(r"<[^>]*>", "", str(text or "")), ha=sides[side],
            va=levels[level], fontsize=(trace.textfont.size or 12) * PIXEL * 0.86, zorder=5,
            color=colour(trace.textfont.color or "#1F2529")[0],
        )  # fmt: skip


def _heatmap(axes: Axes, trace: Any) -> None:
    z = np.array([[np.nan if one is None else one for one in row] for row in trace.z], float)
    rows, wide = z.shape
    x = _numbers(axes.xaxis, trace.x if trace.x is not None else range(wide))
    y = _numbers(axes.yaxis, trace.y if trace.y is not None else range(rows))
    low = np.nanmin(z) if trace.zmin is None and np.isfinite(z).any() else trace.zmin
    high = np.nanmax(z) if trace.zmax is None and np.isfinite(z).any() else trace.zmax
    scale = _scale(trace.colorscale)
    z, x, y = z[np.argsort(y)][:, np.argsort(x)], np.sort(x), np.sort(y)
    edges = [np.append(one - 0.5, one[-1] + 0.5) for one in (x, y)]
    shown = {"cmap": scale, "vmin": low, "vmax": high, "zorder": 1}
    if trace.xgap:
        axes.pcolormesh(*edges, np.ma.masked_invalid(z), edgecolors="white", linewidth=1.5, **shown)
    else:
        ends = (*edges[0][[0, -1]], *edges[1][[0, -1]])
        axes.imshow(np.ma.masked_invalid(z), origin="lower", extent=ends, aspect="auto",
                    interpolation="nearest", **shown)  # fmt: skip
    if trace.texttemplate:
        for r, c in zip(*np.nonzero(np.isfinite(z)), strict=True):
            axes.text(
                x[c], y[r], f"{z[r, c]:.2f}", ha="center", va="center", zorder=3,
                fontsize=(trace.textfont.size or 13) * PIXEL * 0.86,
                color=colour(trace.textfont.color)[0],
            )  # fmt: skip


def _contour(axes: Axes, trace: Any) -> None:
    z = np.array(trace.z, float)
    axes.contour(np.array(trace.x, float), np.array(trace.y, float), z, levels=6,
                 colors=[colour(trace.colorscale[-1][1])[0]], linewidths=0.6, zorder=1)  # fmt: skip


def key(trace: Any) -> Any:
    """The line or mark that stands for a trace in a legend."""
    from html import unescape

    from matplotlib.lines import Line2D

    mode = trace.mode or "lines"
    marker = trace.marker
    style: dict[str, Any] = {"label": unescape(re.sub(r"<[^>]*>", "", trace.name)), "color": "none"}
    if "lines" in mode:
        style |= {"color": colour(trace.line.color)[0], "linestyle": dash(trace.line.dash),
                  "linewidth": PIXEL * (trace.line.width or 2)}  # fmt: skip
    if "markers" in mode:
        symbol = _each(marker.symbol or "circle", 1)[0]
        shade = _shades(marker, 1)[0]
        face, line, thick = _look(symbol, shade, _each(marker.line.color, 1)[0],
                                  _each(marker.line.width, 1)[0])  # fmt: skip
        size = _each(marker.size or 6, 1)[0]
        style |= {"marker": _SYMBOLS.get(str(symbol).replace("-open", ""), "o"),
                  "markerfacecolor": face, "markeredgecolor": line, "markeredgewidth": thick,
                  "markersize": PIXEL * min(size, 11)}  # fmt: skip
    return Line2D([], [], **style)

"""Axes of a plot drawn by matplotlib: where they lie, their scale, ticks, grid and title."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import plotly.graph_objects as go

from core.report.drawn_traces import classes, colour, in_order

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PIXEL, LETTER = 0.75, 0.86
LEGEND = 30
"""Pixels that a legend above a plot needs."""


@dataclass(frozen=True)
class Frame:
    """The rectangle that data are drawn in: its edges as shares of a picture in pixels."""

    left: float
    right: float
    bottom: float
    top: float
    width: float
    height: float

    @classmethod
    def of(cls, figure: go.Figure, width: float, height: float) -> Frame:
        """The frame that the margins of `figure` leave."""
        layout, usual = figure.layout, figure.layout.template.layout.margin
        left, right, top, bottom = (
            next(one for one in (layout.margin[side], usual[side], 60) if one is not None)
            for side in ("l", "r", "t", "b")
        )
        if layout.showlegend and layout.legend.yref != "container":
            top = max(top, LEGEND)  # plotly makes this room by itself
        return cls(
            left / width, 1 - right / width, bottom / height, 1 - top / height, width, height
        )


@dataclass(frozen=True)
class _Axis:
    """One axis of a plot; what it does not say, the template does."""

    own: Any
    usual: Any

    def __getitem__(self, name: str) -> Any:
        value = self.own[name]
        return self.usual[name] if value is None else value

    @property
    def hidden(self) -> bool:
        """Whether nothing of it is seen."""
        return self["visible"] is False

    @property
    def letters(self) -> dict[str, Any]:
        """Size and colour of its ticks' words, as the template has them where it does not."""
        own, usual = self.own.tickfont, self.usual.tickfont
        size = (own.size or usual.size or 13) * PIXEL * LETTER
        return {"labelsize": size, "labelcolor": colour(own.color or usual.color)[0]}


def _axis(figure: go.Figure, name: str) -> _Axis:
    letter, number = name[0], name[1:]
    own = figure.layout[f"{letter}axis{number}"]
    return _Axis(own, figure.layout.template.layout[f"{letter}axis"])


def room(canvas: Figure, figure: go.Figure, frame: Frame, names: str) -> Axes:
    """Empty axes in their place, on the right kind of scale."""
    x, y = (_axis(figure, name) for name in names.split())
    across, up = ((axis["domain"] or (0, 1)) for axis in (x, y))
    wide, high = frame.right - frame.left, frame.top - frame.bottom
    axes = canvas.add_axes((
        frame.left + across[0] * wide, frame.bottom + up[0] * high,
        (across[1] - across[0]) * wide, (up[1] - up[0]) * high,
    ))  # fmt: skip
    axes.patch.set_alpha(0)
    for axis, scale in ((x, axes.xaxis), (y, axes.yaxis)):
        if axis["categoryarray"] is not None:
            in_order(scale, axis["categoryarray"])
    if x["type"] == "log":
        axes.set_xscale("log")
    if y["type"] == "log":
        axes.set_yscale("log")
    return axes


def finish(axes: Axes, figure: go.Figure, frame: Frame, names: str) -> None:
    """Ranges, ticks, grid and titles, once everything is drawn."""
    x, y = (_axis(figure, name) for name in names.split())
    letters: tuple[Literal["x", "y"], ...] = ("x", "y")
    for axis, letter in zip((x, y), letters, strict=True):
        _range(axes, axis, letter)
        _ticks(axes, axis, letter)
        _title(axes, axis, letter)
    lined = x["mirror"] and x["showline"]
    for side, spine in axes.spines.items():
        spine.set_visible(bool(lined))
        spine.set_edgecolor(_shade((x if side in ("top", "bottom") else y)["linecolor"]))
        spine.set_linewidth(PIXEL)
    if y["scaleanchor"] and x["constrain"] == "domain":
        axes.set_aspect("equal", adjustable="box")
    elif y["scaleanchor"]:
        _even(axes, frame)


def _even(axes: Axes, frame: Frame) -> None:
    """Widen one range until a step is as long on both axes."""
    place = axes.get_position()
    pixels = (place.width * frame.width, place.height * frame.height)
    ends = [np.array(axes.get_xlim()), np.array(axes.get_ylim())]
    unit = max(abs(np.diff(own))[0] / wide for own, wide in zip(ends, pixels, strict=True))
    limits: tuple[Any, ...] = (axes.set_xlim, axes.set_ylim)
    for own, wide, limit in zip(ends, pixels, limits, strict=True):
        middle, half = own.mean(), unit * wide / 2
        limit((middle - half, middle + half) if own[0] < own[1] else (middle + half, middle - half))


def _range(axes: Axes, axis: _Axis, letter: str) -> None:
    scale, limit = (
        (axes.get_xscale(), axes.set_xlim) if letter == "x" else (axes.get_yscale(), axes.set_ylim)
    )
    own = classes(axes.xaxis if letter == "x" else axes.yaxis)
    if axis["range"] is not None:
        ends = [float(one) for one in axis["range"]]
        limit(*(10**one for one in ends) if scale == "log" else ends)
    elif own:
        ends = [-0.5, len(own) - 0.5]
        limit(*(reversed(ends) if axis["autorange"] == "reversed" else ends))
    elif axis["autorange"] == "reversed":
        (axes.invert_xaxis if letter == "x" else axes.invert_yaxis)()


def _ticks(axes: Axes, axis: _Axis, letter: Literal["x", "y"]) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

    scale = axes.xaxis if letter == "x" else axes.yaxis
    own = classes(scale)
    scale.set_minor_locator(NullLocator())
    if axis.hidden or axis["showticklabels"] is False:
        scale.set_major_locator(NullLocator())
    elif axis["tickvals"] is not None:
        values = [own.get(one, one) for one in axis["tickvals"]]
        told = axis["ticktext"]
        scale.set_ticks([float(one) for one in values])
        scale.set_ticklabels(
            [_plain(str(one)) for one in told] if told is not None
            else [said(float(one), axis["tickformat"]) for one in axis["tickvals"]]
        )  # fmt: skip
    elif own:
        scale.set_ticks(list(own.values()))
        scale.set_ticklabels([_plain(one) for one in own])
    else:
        if (axes.get_xscale() if letter == "x" else axes.get_yscale()) != "log":
            scale.set_major_locator(
                MaxNLocator(nbins=(axis["nticks"] or 7) - 1, steps=[1, 2, 5, 10])
            )
        how = axis["tickformat"]
        scale.set_major_formatter(FuncFormatter(lambda value, _: said(value, how)))
    axes.tick_params(
        axis=letter, color=colour(axis["tickcolor"])[0], width=PIXEL,
        length=0 if axis["ticks"] == "" else PIXEL * 4, **axis.letters,
    )  # fmt: skip
    if axis["showgrid"] is not False:
        scale.grid(True, color=colour(axis["gridcolor"])[0], linewidth=PIXEL, zorder=0)
    axes.set_axisbelow(True)
    if letter == "x" and own and _crowded(axes, own):
        axes.tick_params(axis="x", rotation=90)


def _crowded(axes: Axes, own: dict[str, int]) -> bool:
    """Whether names beside each other would meet."""
    wide = axes.get_position().width * axes.get_figure().get_figwidth() * 96  # type: ignore[union-attr]
    return max(map(len, own)) * 7.5 > wide / max(len(own), 1)


def _title(axes: Axes, axis: _Axis, letter: str) -> None:
    text = _plain(axis.own.title.text or "")
    font = axis.usual.title.font
    style: dict[str, Any] = {
        "fontsize": (font.size or 13) * PIXEL * LETTER,
        "color": colour(font.color)[0],
    }
    if letter == "x":
        axes.set_xlabel(text, labelpad=4, **style)
        if axis["side"] == "top":
            axes.xaxis.set_label_position("top")
    else:
        axes.set_ylabel(text, labelpad=4, **style)


def _shade(value: Any) -> Any:
    return colour(value)[0]


def said(value: float, how: str | None) -> str:
    """A tick's value in the few formats of d3 that the plots use."""
    minus = "−" if value < 0 and f"{value:.6g}" != "-0" else ""
    size = abs(value)
    if not how:
        return f"{minus}{size:.6g}"
    digits = int(found[1]) if (found := re.search(r"\.(\d+)", how)) else 6
    if how.endswith("%"):
        return f"{minus}{100 * size:.{digits}f}%"
    if how.endswith("p"):
        return f"{minus}{100 * size:.{digits}g}%"
    if how.endswith("e"):
        exponent = int(np.floor(np.log10(size))) if size else 0
        return (
            f"{minus}{size / 10**exponent:.{digits}f}e{'−' if exponent < 0 else '+'}{abs(exponent)}"
        )
    return f"{minus}{size:.{digits}f}"


def _plain(text: str) -> str:
    return unescape(re.sub(r"<[^>]*>", "", re.sub(r"<br\s*/?>", "\n", text)))

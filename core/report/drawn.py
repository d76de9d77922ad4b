"""A plot of the pages as a drawing on paper: matplotlib from the same figure, nothing new.

The plots in `core/plots` are made once, for plotly. Here their traces, shapes, annotations and axes
are drawn by matplotlib, so that the PDF shows what the page shows, without a browser. What plotly
can do and those plots do not use is not here; a trace of another kind is an error.
"""

from __future__ import annotations

import io
from html import unescape
from re import sub
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go

from core.report import drawn_axes, drawn_traces

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDE = 760
"""Pixels across, of which there are 96 to the inch."""
PIXEL = 0.75
"""Points in a pixel."""
LETTER = 0.86
"""DejaVu Sans, which matplotlib brings, is wider than the pages' letters: this much smaller, words
keep to the places that were made for them."""


def svg(figure: go.Figure, width: int = WIDE) -> bytes:
    """`figure` as SVG, `width` pixels across and as high as it says; letters are outlines.

    Raises `ValueError` for a kind of trace that the plots do not use.
    """
    import matplotlib as mpl

    settings: Any = {
        "svg.fonttype": "path",
        "svg.hashsalt": "blindfold",
        "font.family": "DejaVu Sans",
        "text.parse_math": False,  # names of labels may hold dollars
    }
    with mpl.rc_context(settings):
        drawn = _draw(figure, width)
        out = io.BytesIO()
        drawn.savefig(out, format="svg", transparent=True, metadata={"Date": None})
    return out.getvalue()


def _draw(figure: go.Figure, width: int) -> Figure:
    from matplotlib.figure import Figure

    layout = figure.layout
    height = layout.height or 420
    canvas = Figure(figsize=(width / 96, height / 96))
    frame = drawn_axes.Frame.of(figure, width, height)
    rooms: dict[str, Axes] = {}
    for number, names in enumerate(_pairs(figure)):
        rooms[names] = drawn_axes.room(canvas, figure, frame, names)
        rooms[names].set_zorder(number)
    for trace in figure.data:
        axes = rooms[_names(trace)]
        drawn_traces.draw(axes, trace)
    for names, axes in rooms.items():
        drawn_axes.finish(axes, figure, frame, names)
    first = rooms[next(iter(rooms))]
    for shape in layout.shapes:
        _shape(first, shape)
    for note in layout.annotations:
        _note(first, note, layout)
    _legend(canvas, figure, frame)
    return canvas


def _pairs(figure: go.Figure) -> list[str]:
    """The pairs of axes that anything is drawn on, "x y" first."""
    return list(dict.fromkeys(["x y", *(_names(trace) for trace in figure.data)]))


def _names(trace: Any) -> str:
    told = trace.to_plotly_json()
    return f"{told.get('xaxis') or 'x'} {told.get('yaxis') or 'y'}"


def _transform(axes: Axes, xref: str | None, yref: str | None) -> Any:
    """Where a shape or a word is measured from: data, or the frame that data are drawn in."""
    from matplotlib.transforms import blended_transform_factory

    x = axes.transData if (xref or "x") == "x" else axes.transAxes
    y = axes.transData if (yref or "y") == "y" else axes.transAxes
    return blended_transform_factory(x, y)


def _shape(axes: Axes, shape: Any) -> None:
    from matplotlib.patches import Rectangle

    where = _transform(axes, shape.xref, shape.yref)
    below = 0.5 if shape.layer == "below" else 3
    line = shape.line
    if shape.type == "line":
        axes.plot(
            [shape.x0, shape.x1], [shape.y0, shape.y1], transform=where, clip_on=False,
            color=drawn_traces.colour(line.color)[0], linewidth=PIXEL * (line.width or 1),
            linestyle=drawn_traces.dash(line.dash), zorder=below, scalex=False, scaley=False,
        )  # fmt: skip
        return
    face, alpha = drawn_traces.colour(shape.fillcolor)
    axes.add_patch(
        Rectangle(
            (shape.x0, shape.y0), shape.x1 - shape.x0, shape.y1 - shape.y0, transform=where,
            facecolor=face, alpha=alpha * (1 if shape.opacity is None else shape.opacity),
            linewidth=0, zorder=below, clip_on=True,
        )
    )  # fmt: skip


_SIDES = {"left": "left", "center": "center", "right": "right", None: "center", "auto": "center"}
_LEVELS = {"top": "top", "middle": "center", "bottom": "bottom", None: "center", "auto": "center"}


def _note(axes: Axes, note: Any, layout: Any) -> None:
    text = plain(note.text or "")
    font = layout.template.layout.font
    size = (note.font.size or font.size or 14) * PIXEL * LETTER
    colour = drawn_traces.colour(note.font.color or font.color)[0]
    shown = axes.annotate(
        text, xy=(_place(axes.xaxis, note.x), _place(axes.yaxis, note.y)),
        xycoords=_transform(axes, note.xref, note.yref),
        xytext=(PIXEL * (note.xshift or 0), PIXEL * (note.yshift or 0)),
        textcoords="offset points", ha=_SIDES[note.xanchor], va=_LEVELS[note.yanchor],
        fontsize=size, color=colour, zorder=6, annotation_clip=False,
        fontweight="bold" if (note.text or "").startswith("<b>") else "normal",
    )  # fmt: skip
    shown.set_in_layout(False)


def _place(axis: Any, value: Any) -> Any:
    """A place on an axis: of a class, its number; where the axis is in powers of ten, that of the
    exponent that plotly gives."""
    if isinstance(value, str):
        return drawn_traces.classes(axis).get(value, 0)
    return 10**value if axis.get_scale() == "log" else value


def _legend(canvas: Figure, figure: go.Figure, frame: drawn_axes.Frame) -> None:
    layout = figure.layout
    named = [trace for trace in figure.data if trace.name and trace.showlegend is not False]
    if layout.showlegend is False or (layout.showlegend is None and len(named) < 2):
        return
    handles = [drawn_traces.key(trace) for trace in named]
    if layout.legend.traceorder == "reversed":
        handles.reverse()
    upright = layout.legend.orientation == "v"
    top = 1.0 if layout.legend.yref == "container" else frame.top + 2 / frame.height
    canvas.legend(
        handles=handles, loc="upper left" if layout.legend.yref == "container" else "lower left",
        bbox_to_anchor=(frame.left, top), frameon=False, borderpad=0, borderaxespad=0,
        ncols=1 if upright else min(len(handles), 4), fontsize=13 * PIXEL * LETTER,
        labelcolor=figure.layout.template.layout.font.color, handletextpad=0.4, columnspacing=1.2,
    )  # fmt: skip


def plain(text: str) -> str:
    """Plotly's text without its tags, a line for each break."""
    return unescape(sub(r"<[^>]*>", "", sub(r"<br\s*/?>", "\n", text)))

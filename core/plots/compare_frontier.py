"""The frontier: how much is still read against how well people are still told apart.

A point is a representation at the setting of this run; where its dial was turned, a curve.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.plots.compare import METRIC, Card, Span, colour, mark
from core.plots.compare_words import interval
from core.plots.findings import Line, lines
from core.plots.roc import BAND
from core.plots.template import template
from core.plots.tokens import Tokens


def unplaced(shown: Sequence[Card]) -> list[str]:
    """Which cards the frontier cannot place, and why."""
    found = []
    for card in shown:
        if card.after is None or card.after.value is None:
            found.append(f"{card.name} ({', '.join(card.words) or 'not there yet'})")
        elif card.verification.value is None:
            found.append(f"{card.name} ({card.verification.status or 'no verification'})")
    return found


def frontier_title(shown: Sequence[Card], attribute: str) -> str:
    """The suppressor with the lowest figure, and what it verifies; below chance does not count."""
    sound = [c for c in shown if c.name != "x" and _placed(c) and "anti-learning" not in c.words]
    if not sound:
        return f"What taking {attribute} out costs"
    least = min(sound, key=lambda card: _value(card.after))
    assert least.after is not None, "only what is placed is asked"
    verified = 100 * _value(least.verification)
    return f"Lowest figure: {least.name}, {interval(least.after)}, with {verified:.1f} % verified"


def noise_of(leakage: pd.DataFrame, attribute: str) -> float | None:
    """What the strongest attacker reads from random vectors."""
    for one in lines(leakage, attribute, METRIC):
        if one.representation == "random" and one.strongest:
            return one.value
    return None


def frontier_figure(
    shown: Sequence[Card], chosen: Sequence[str], noise: float | None,
    frontier: pd.DataFrame | None, mode: Tokens,
) -> go.Figure:  # fmt: skip
    """Strongest leakage against verification: a point for each card, a curve where there is one.

    `chosen` are drawn larger; `noise` is what is read from random vectors.
    """
    figure = go.Figure()
    kind = {card.name: card.kind for card in shown}
    for name, rows in _dials(frontier):
        _curve(figure, name, rows, colour(kind.get(name, name), mode))
    placed = [card for card in shown if _placed(card)]
    ringed = {name for name, _ in _dials(frontier)}
    for card in placed:
        _point(figure, card, card.name in chosen, card.name in ringed, mode)
    spans = _spans(placed, frontier, noise)
    _guesses(figure, placed, noise, spans, mode)
    sides = _sides(placed, spans, frontier, noise)
    for card in placed:
        _label(figure, card, *sides[card.name], mode)
    if not placed:
        figure.add_annotation(
            text="No representation has both figures", x=0.5, y=0.5, xref="paper", yref="paper",
            showarrow=False, font={"color": mode.muted},
        )  # fmt: skip
    figure.update_xaxes(title_text="verification accuracy (%), better to the right", range=spans[0])
    figure.update_yaxes(title_text="strongest leakage, better below", range=spans[1])
    figure.update_layout(
        template=template(mode), height=390, showlegend=False,
        margin={"l": 60, "r": 8, "t": 8, "b": 56},
    )  # fmt: skip
    return figure


def _dials(frontier: pd.DataFrame | None) -> list[tuple[str, pd.DataFrame]]:
    """The curve of each suppressor along its dial."""
    if frontier is None:
        return []
    sound = frontier.dropna(subset=["leakage", "verification"]).sort_values("dial")
    return [(str(name), rows) for name, rows in sound.groupby("suppressor", sort=False)]


def _curve(figure: go.Figure, name: str, rows: pd.DataFrame, hue: str) -> None:
    band = rows.dropna(subset=["leakage_low", "leakage_high"])
    red, green, blue = (int(hue[place : place + 2], 16) for place in (1, 3, 5))
    across = 100 * band["verification"].to_numpy(dtype=float)
    figure.add_scatter(
        x=np.concatenate([across, across[::-1]]),
        y=np.concatenate([band["leakage_low"], band["leakage_high"][::-1]]),
        mode="lines", line={"width": 0}, fill="toself", hoverinfo="skip",
        fillcolor=f"rgba({red}, {green}, {blue}, {BAND})",
    )  # fmt: skip
    figure.add_scatter(
        x=100 * rows["verification"], y=rows["leakage"], mode="lines+markers",
        line={"color": hue, "width": 2}, marker={"size": 6, "color": hue}, name=escape(name),
        customdata=rows["dial"],
        hovertemplate="dial %{customdata:.2f}<br>%{x:.1f} % verified<br>%{y:.2f} read",
    )  # fmt: skip


def _placed(card: Card) -> bool:
    return (
        card.after is not None
        and card.after.value is not None
        and card.verification.value is not None
    )


def _value(one: Line | Span | None) -> float:
    assert one is not None, "only what is placed is asked"
    assert one.value is not None, "only what is placed is asked"
    return one.value


def _point(figure: go.Figure, card: Card, large: bool, ringed: bool, mode: Tokens) -> None:
    assert card.after is not None, "only what is placed is drawn"
    x, y, hue = 100 * _value(card.verification), _value(card.after), colour(card.kind, mode)
    if ringed:
        figure.add_scatter(
            x=[x], y=[y], mode="markers", hoverinfo="skip", opacity=1,
            marker={"symbol": "circle-open", "size": 22, "color": mode.accent,
                    "line": {"width": 3}},
        )  # fmt: skip
    line, own = {"color": hue, "width": 2 if large else 1}, card.verification
    if own.low is not None and own.high is not None:
        across = [100 * own.low, 100 * own.high]
        figure.add_scatter(x=across, y=[y, y], mode="lines", line=line, hoverinfo="skip")
    if card.after.low is not None and card.after.high is not None:
        along = [card.after.low, card.after.high]
        figure.add_scatter(x=[x, x], y=along, mode="lines", line=line, hoverinfo="skip")
    symbol = mark(card.kind)
    figure.add_scatter(
        x=[x], y=[y], mode="markers", name=escape(card.name), cliponaxis=False,
        marker={"symbol": symbol, "size": 13 if large else 9, "opacity": 1,
                "color": hue if card.after.leaks else mode.ground,
                "line": {"color": hue, "width": 2}},
        hovertext=f"<b>{escape(card.name)}</b><br>{interval(card.after)} read<br>{x:.1f} % "
                  f"verified<br>{', '.join(card.words)}",
        hoverinfo="text",
    )  # fmt: skip


def _spans(
    placed: Sequence[Card], frontier: pd.DataFrame | None, noise: float | None
) -> tuple[list[float], list[float]]:
    """The ranges of both axes: everything drawn, with room for the labels."""
    across = [100 * one for c in placed for one in _known(c.verification)]
    along = [one for c in placed if c.after is not None for one in _known(c.after)]
    along += [c.after.chance for c in placed if c.after and c.after.chance is not None]
    along += [] if noise is None else [noise]
    for _, rows in _dials(frontier):
        across += [100 * float(one) for one in rows["verification"]]
        along += [float(one) for one in (*rows["leakage"], *rows["leakage_high"].dropna())]
    low, high = (min(across), max(across)) if across else (50.0, 100.0)
    wide = max(high - low, 4)
    bottom, top = (min(along), max(along)) if along else (0.0, 1.0)
    tall = max(top - bottom, 0.1)
    return (
        [low - 0.22 * wide, high + 0.22 * wide],
        [bottom - 0.1 * tall, top + 0.1 * tall],
    )


def _known(one: Line | Span) -> list[float]:
    return [end for end in (one.value, one.low, one.high) if end is not None]


def _guesses(
    figure: go.Figure, placed: Sequence[Card], noise: float | None,
    spans: tuple[list[float], list[float]], mode: Tokens,
) -> None:  # fmt: skip
    """Chance with its null band, and what random vectors give, the most that can be reached."""
    first = next((card.after for card in placed if card.after is not None), None)
    if first is not None and first.chance is not None:
        if first.null is not None and first.null > first.chance:
            figure.add_hrect(
                y0=2 * first.chance - first.null, y1=first.null, fillcolor=mode.band,
                line_width=0, layer="below",
            )  # fmt: skip
        _level(figure, first.chance, "chance", "dash", spans[0][0], mode)
    if noise is not None:
        _level(figure, noise, "random vectors", "dot", spans[0][1], mode)


def _level(figure: go.Figure, at: float, word: str, dash: str, end: float, mode: Tokens) -> None:
    left = dash == "dash"  # the two may lie close: one word at each end, below and above
    figure.add_hline(y=at, line={"color": mode.chance, "width": 1.5, "dash": dash}, layer="below")
    figure.add_annotation(
        x=end, y=at, text=word, showarrow=False, xanchor="left" if left else "right",
        yanchor="top" if left else "bottom", font={"size": 12, "color": mode.muted},
    )  # fmt: skip


_PLACES = [("left", 0, 14), ("right", 0, -14)] + [
    (anchor, way * up, right)
    for up in (18, 34, 50, 66)
    for way in (1, -1)
    for anchor, right in (("center", 0), ("left", 8), ("right", -8))
]
"""Where a label may stand at its point: anchor, and the shifts upwards and to the right in px."""
_WIDE, _TALL, _LETTER = 290, 326, 8.0
"""Pixels of the plot on a phone, where labels are most crowded, and of a letter."""

Box = tuple[float, float, float, float]


def _sides(
    placed: Sequence[Card], spans: tuple[list[float], list[float]],
    frontier: pd.DataFrame | None, noise: float | None,
) -> dict[str, tuple[str, int, int]]:  # fmt: skip
    """A place for each label that meets nothing that is drawn, where there is one."""
    (left, right), (bottom, top) = spans

    def pixels(verified: float, read: float) -> tuple[float, float]:
        across = _WIDE * (100 * verified - left) / (right - left)
        return across, _TALL * (read - bottom) / (top - bottom)

    found = {}
    taken = _drawn(placed, frontier, noise, pixels)
    for card in placed:
        x, y = pixels(_value(card.verification), _value(card.after))
        boxes = {place: _box(x, y, len(card.name), place) for place in _PLACES}
        free = [p for p, box in boxes.items() if _inside(box) and not _meets(box, taken)]
        found[card.name] = free[0] if free else _PLACES[0]
        taken.append(boxes[found[card.name]])
    return found


def _drawn(
    placed: Sequence[Card], frontier: pd.DataFrame | None, noise: float | None,
    pixels: Callable[[float, float], tuple[float, float]],
) -> list[Box]:  # fmt: skip
    """Where points, intervals, curves and the word on noise are."""
    taken: list[Box] = []
    for card in placed:
        own, read = card.verification, card.after
        x, y = pixels(_value(own), _value(read))
        taken.append((x - 7, x + 7, y - 7, y + 7))
        if own.low is not None and own.high is not None:  # a wide screen draws it longer
            low, high = (x + 1.6 * (pixels(end, 0)[0] - x) for end in (own.low, own.high))
            taken.append((low, high, y - 1, y + 1))
        if read is not None and read.low is not None and read.high is not None:
            taken.append((x - 1, x + 1, pixels(0, read.low)[1], pixels(0, read.high)[1]))
    if noise is not None:
        taken.append((_WIDE - 90, _WIDE, pixels(0, noise)[1], pixels(0, noise)[1] + 16))
    for _, rows in _dials(frontier):
        steps = np.linspace(0, len(rows) - 1, 8 * len(rows))
        along = (np.interp(steps, range(len(rows)), rows[c]) for c in ("verification", "leakage"))
        spots = [pixels(*spot) for spot in zip(*along, strict=True)]
        taken += [(x - 2, x + 2, y - 2, y + 2) for x, y in spots]
    return taken


def _box(x: float, y: float, letters: int, place: tuple[str, int, int]) -> Box:
    anchor, up, right = place
    wide, x, y = _LETTER * letters, x + right, y + up
    start = {"left": x, "right": x - wide, "center": x - wide / 2}[anchor]
    return (start, start + wide, y - 8, y + 8)


def _inside(box: Box) -> bool:
    return box[0] >= 0 and box[1] <= _WIDE and box[2] >= 0 and box[3] <= _TALL


def _meets(box: Box, taken: Sequence[Box]) -> bool:
    return any(
        box[0] < other[1] and other[0] < box[1] and box[2] < other[3] and other[2] < box[3]
        for other in taken
    )


def _label(figure: go.Figure, card: Card, anchor: str, up: int, right: int, mode: Tokens) -> None:
    figure.add_annotation(
        x=100 * _value(card.verification), y=_value(card.after), text=f"<b>{escape(card.name)}</b>",
        showarrow=False, xanchor=anchor, xshift=right, yshift=up,
        font={"size": 13, "color": colour(card.kind, mode)},
    )  # fmt: skip


def frontier_alt(shown: Sequence[Card]) -> str:
    """What a screen reader says of the frontier."""
    said = [
        f"{card.name}: {interval(card.after)} read, {100 * _value(card.verification):.1f} % "
        f"verified, {', '.join(card.words)}"
        for card in shown
        if card.after is not None and _placed(card)
    ]
    return "Strongest leakage against verification accuracy. " + "; ".join(said or ["no point"])

"""The frontier: how much is still read against the verification that is lost for it.

A point is a representation at the setting of this run; where its dial was turned, a curve.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.plots.compare import METRIC, Card, Span
from core.plots.compare_dial import Setting
from core.plots.compare_labels import TALL, WIDE, Box, Spot, sides
from core.plots.compare_words import interval
from core.plots.findings import Line, lines
from core.plots.roc import BAND
from core.plots.template import template
from core.plots.tokens import Tokens, colour, full, mark, short
from core.sentence import points


@dataclass(frozen=True)
class Scene:
    """What is drawn: the cards that can be placed, the settings along each dial that can, what is
    read from random vectors, and the ranges of both axes."""

    cards: tuple[Card, ...]
    curves: Mapping[str, Sequence[Setting]]
    noise: float | None
    across: tuple[float, float]
    along: tuple[float, float]

    def pixels(self, lost: float, read: float) -> Spot:
        """Where a point lies on a phone."""
        (left, right), (bottom, top) = self.across, self.along
        return WIDE * (lost - left) / (right - left), TALL * (read - bottom) / (top - bottom)


def unplaced(shown: Sequence[Card]) -> list[str]:
    """Which cards the frontier cannot place, and why."""
    found = []
    for card in shown:
        if card.after is None or card.after.value is None:
            found.append(f"{card.label} ({', '.join(card.words) or 'not there yet'})")
        elif card.lost.value is None:
            found.append(f"{card.label} ({card.verification.status or 'no verification'})")
    return found


def frontier_title(shown: Sequence[Card], attribute: str) -> str:
    """The suppressor with the lowest figure, and what it costs; below chance does not count."""
    sound = [c for c in shown if c.name != "x" and _placed(c) and "anti-learning" not in c.words]
    if not sound:
        return f"What taking {attribute} out costs"
    least = min(sound, key=lambda card: _value(card.after))
    assert least.after is not None, "only what is placed is asked"
    lost = f"{points(_value(least.lost))} points of verification"
    return f"Lowest figure: {least.label}, {interval(least.after)}, for {lost}"


def noise_of(leakage: pd.DataFrame, attribute: str) -> float | None:
    """What the strongest attacker reads from random vectors."""
    for one in lines(leakage, attribute, METRIC):
        if one.representation == "random" and one.strongest:
            return one.value
    return None


def frontier_figure(
    shown: Sequence[Card], chosen: Sequence[str], noise: float | None,
    dials: Mapping[str, Sequence[Setting]], mode: Tokens, picked: Setting | None = None,
) -> go.Figure:  # fmt: skip
    """Strongest leakage against points of verification lost on x: a point for each card, a curve
    for each method in `dials`.

    `chosen` are drawn larger; `noise` is what is read from random vectors; `picked` has the ring.
    """
    scene = _scene(shown, dials, noise)
    figure = go.Figure()
    kinds = {card.name: card.kind for card in shown}
    _guesses(figure, scene, mode)
    for name, curve in scene.curves.items():
        _curve(figure, name, curve, kinds.get(name, name), mode)
    for card in scene.cards:
        _point(figure, card, card.name in chosen, mode)
    if picked is not None and picked.placed:
        _ring(figure, picked, mode)
    _labels(figure, scene, mode)
    if not scene.cards:
        figure.add_annotation(
            text="No representation has both figures", x=0.5, y=0.5, xref="paper", yref="paper",
            showarrow=False, font={"color": mode.muted},
        )  # fmt: skip
    figure.update_xaxes(title_text="verification lost (points)", range=scene.across)
    figure.update_yaxes(title_text="leakage (strongest)", range=scene.along)
    figure.update_layout(
        template=template(mode), height=390, showlegend=False, hovermode="closest",
        margin={"l": 60, "r": 8, "t": 8, "b": 56},
    )  # fmt: skip
    return figure


def _scene(
    shown: Sequence[Card], dials: Mapping[str, Sequence[Setting]], noise: float | None
) -> Scene:
    """What can be placed, with axes that hold all of it and room for the labels."""
    cards = tuple(card for card in shown if _placed(card))
    curves = {name: [one for one in rows if one.placed] for name, rows in dials.items()}
    across = [one for card in cards for one in _known(card.lost)]
    along = [one for c in cards if c.after is not None for one in _known(c.after)]
    along += [c.after.chance for c in cards if c.after and c.after.chance is not None]
    along += [] if noise is None else [noise]
    for one in (one for rows in curves.values() for one in rows):
        across.append(one.lost or 0.0)
        along += _known(one.leakage)
    low, high = (min(across), max(across)) if across else (0.0, 10.0)
    wide = max(high - low, 2)
    bottom, top = (min(along), max(along)) if along else (0.0, 1.0)
    tall = max(top - bottom, 0.1)
    return Scene(
        cards, {name: rows for name, rows in curves.items() if rows}, noise,
        (low - 0.12 * wide, high + 0.22 * wide), (bottom - 0.1 * tall, top + 0.1 * tall),
    )  # fmt: skip


def _curve(figure: go.Figure, name: str, rows: Sequence[Setting], kind: str, mode: Tokens) -> None:
    hue = colour(kind, mode)
    band = [one for one in rows if one.leakage.low is not None and one.leakage.high is not None]
    red, green, blue = (int(hue[place : place + 2], 16) for place in (1, 3, 5))
    lost = [one.lost for one in band]
    lows, highs = [one.leakage.low for one in band], [one.leakage.high for one in band]
    figure.add_scatter(
        x=lost + lost[::-1], y=lows + highs[::-1], mode="lines", line={"width": 0}, fill="toself",
        hoverinfo="skip", fillcolor=f"rgba({red}, {green}, {blue}, {BAND})",
    )  # fmt: skip
    figure.add_scatter(
        x=[one.lost for one in rows], y=[one.leakage.value for one in rows], mode="lines+markers",
        line={"color": hue, "width": 2}, name=escape(full(name)),
        marker={"size": 8, "color": hue, "symbol": mark(kind), "opacity": 1},
        customdata=[[name, one.dial] for one in rows],
        hovertemplate="%{fullData.name} at %{customdata[1]:.2~f}<br>%{x:.1f} points lost<br>"
                      "%{y:.2f} read<extra></extra>",
    )  # fmt: skip


def _ring(figure: go.Figure, picked: Setting, mode: Tokens) -> None:
    figure.add_scatter(
        x=[picked.lost], y=[picked.leakage.value], mode="markers", hoverinfo="skip",
        cliponaxis=False, marker={"symbol": "circle-open", "size": 22, "color": mode.accent,
                                  "opacity": 1, "line": {"width": 3}},
    )  # fmt: skip


def _placed(card: Card) -> bool:
    return card.after is not None and card.after.value is not None and card.lost.value is not None


def _value(one: Line | Span | None) -> float:
    assert one is not None, "only what is placed is asked"
    assert one.value is not None, "only what is placed is asked"
    return one.value


def _point(figure: go.Figure, card: Card, large: bool, mode: Tokens) -> None:
    assert card.after is not None, "only what is placed is drawn"
    x, y, hue = _value(card.lost), _value(card.after), colour(card.kind, mode)
    line, own = {"color": hue, "width": 2 if large else 1}, card.lost
    if own.low is not None and own.high is not None:
        across = [own.low, own.high]
        figure.add_scatter(x=across, y=[y, y], mode="lines", line=line, hoverinfo="skip")
    if card.after.low is not None and card.after.high is not None:
        along = [card.after.low, card.after.high]
        figure.add_scatter(x=[x, x], y=along, mode="lines", line=line, hoverinfo="skip")
    figure.add_scatter(
        x=[x], y=[y], mode="markers", name=escape(card.name), cliponaxis=False,
        marker={"symbol": mark(card.kind), "size": 13 if large else 9, "opacity": 1,
                "color": hue if card.after.leaks else mode.ground,
                "line": {"color": hue, "width": 2}},
        hovertext=f"<b>{escape(card.title)}</b><br>{interval(card.after)} read<br>{points(x)} "
                  f"points lost<br>{', '.join(card.words)}",
        hoverinfo="text",
    )  # fmt: skip


def _known(one: Line | Span) -> list[float]:
    return [end for end in (one.value, one.low, one.high) if end is not None]


def _guesses(figure: go.Figure, scene: Scene, mode: Tokens) -> None:
    """Chance with its null band, and what random vectors give, the most that can be reached."""
    first = next((card.after for card in scene.cards if card.after is not None), None)
    if first is not None and first.chance is not None:
        if first.null is not None and first.null > first.chance:
            figure.add_hrect(
                y0=2 * first.chance - first.null, y1=first.null, fillcolor=mode.band,
                line_width=0, layer="below",
            )  # fmt: skip
        _level(figure, first.chance, "chance", "dash", scene.across[1], mode)
    if scene.noise is not None:
        _level(figure, scene.noise, "random vectors", "dot", scene.across[0], mode)


def _level(figure: go.Figure, at: float, word: str, dash: str, end: float, mode: Tokens) -> None:
    right = dash == "dash"  # the two may lie close: one word at each end, above and below
    figure.add_hline(y=at, line={"color": mode.chance, "width": 1.5, "dash": dash}, layer="below")
    figure.add_annotation(
        x=end, y=at, text=word, showarrow=False, xanchor="right" if right else "left",
        yanchor="bottom" if right else "top", font={"size": 12, "color": mode.muted},
    )  # fmt: skip


def _labels(figure: go.Figure, scene: Scene, mode: Tokens) -> None:
    """Each name beside its point, or at the far end of its curve."""
    ends = {name: max(rows, key=lambda one: one.lost or 0) for name, rows in scene.curves.items()}
    places = [
        (card, (end.lost or 0.0, _value(end.leakage)))
        if (end := ends.get(card.name)) is not None
        else (card, (_value(card.lost), _value(card.after)))
        for card in scene.cards
    ]
    found = sides(
        [(card.label, scene.pixels(*place)) for card, place in places], _drawn(scene)
    )  # fmt: skip
    for (card, (x, y)), (anchor, up, right) in zip(places, found, strict=True):
        figure.add_annotation(
            x=x, y=y, text=f"<b>{escape(card.label)}</b>", showarrow=False, xanchor=anchor,
            xshift=right, yshift=up, font={"size": 13, "color": colour(card.kind, mode)},
        )  # fmt: skip


def _drawn(scene: Scene) -> list[Box]:
    """Where points, intervals, curves and the words on chance and noise are."""
    taken: list[Box] = []
    for card in scene.cards:
        x, y = scene.pixels(_value(card.lost), _value(card.after))
        taken.append((x - 7, x + 7, y - 7, y + 7))
        own, read = card.lost, card.after
        if own.low is not None and own.high is not None:  # a wide screen draws it longer
            low, high = (x + 1.6 * (scene.pixels(end, 0)[0] - x) for end in (own.low, own.high))
            taken.append((low, high, y - 1, y + 1))
        if read is not None and read.low is not None and read.high is not None:
            low, high = (scene.pixels(0, end)[1] for end in (read.low, read.high))
            taken.append((x - 1, x + 1, low, high))
        if read is not None and read.chance is not None:
            at = scene.pixels(0, read.chance)[1]
            taken.append((WIDE - 50, WIDE, at, at + 16))
    if scene.noise is not None:
        at = scene.pixels(0, scene.noise)[1]
        taken.append((0, 90, at - 16, at))
    for rows in scene.curves.values():
        spots = np.array([scene.pixels(one.lost or 0, _value(one.leakage)) for one in rows])
        steps = np.linspace(0, len(rows) - 1, 8 * len(rows))
        across, upwards = (np.interp(steps, range(len(rows)), side) for side in spots.T)
        taken += [(x - 2, x + 2, y - 2, y + 2) for x, y in zip(across, upwards, strict=True)]
    return taken


def frontier_alt(shown: Sequence[Card], picked: Setting | None = None) -> str:
    """What a screen reader says of the frontier."""
    told = [
        f"{card.title}: {interval(card.after)} read, {points(_value(card.lost))} points of "
        f"verification lost, {', '.join(card.words)}"
        for card in shown
        if card.after is not None and _placed(card)
    ]
    ring = f". Ring: {short(picked.suppressor)} at {picked.dial:g}" if picked is not None else ""
    return "Strongest leakage against verification lost. " + "; ".join(told or ["no point"]) + ring

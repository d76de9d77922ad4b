"""Figures of the anonymity study: accuracy by network, and how the networks learnt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import pandas as pd
import plotly.graph_objects as go

from core.plots.anonymity import ATTACKERS, BASES, PRINTED, Told, curves
from core.plots.template import template
from core.plots.tokens import Tokens, category

ROW = 58
_APART = 11
"""Pixels between the row's middle and each of its two figures."""
_TOP, _BOTTOM, _LEFT = 8, 56, 128
PAPERS = {"yale": "YALE", "jaffe": "JAFFE"}

Row = tuple[str, Told | None, Told | None]


def bars(rows: Sequence[Row], task: str, mode: Tokens, papers: Sequence[str] = ()) -> go.Figure:
    """Own layers above, fresh attackers below on each network's row, with intervals.

    A bar from guessing to the figure is warm where who is shown is found. The band is what labels
    dealt by chance reach, the dashed line guessing; open diamonds are the paper's.
    """
    figure = go.Figure()
    for place, row in enumerate(rows):
        y = ROW * (place + 0.5)
        _null(figure, row, y, mode)
        for one, shift in zip(row[1:], (-_APART, _APART), strict=True):
            if one is not None:
                _figure(figure, one, y + shift, task, mode)
        _papers(figure, row[0], task, y - _APART, mode, papers)
    height = ROW * len(rows)
    names = [f"{escape(row[0])}<br><span style='font-size:12px;color:{mode.muted}'>"
             f"{_note(row[0])}</span>" for row in rows]  # fmt: skip
    figure.update_yaxes(
        range=[height, 0], tickmode="array", ticktext=names, ticks="", showgrid=False,
        tickvals=[ROW * (place + 0.5) for place in range(len(rows))],
        tickfont={"color": mode.text, "size": 14},
    )  # fmt: skip
    figure.update_xaxes(
        title_text="named rightly (%)", range=[-4, 104], tickvals=[0, 25, 50, 75, 100]
    )
    figure.update_layout(
        template=template(mode), height=height + _TOP + _BOTTOM, showlegend=False,
        margin={"l": _LEFT, "r": 8, "t": _TOP, "b": _BOTTOM},
    )  # fmt: skip
    return figure


def alt(rows: Sequence[Row], task: str) -> str:
    """What a screen reader says of the figure."""
    said = []
    for name, *both in rows:
        for one in both:
            if one is not None:
                value = "no figure" if one.span.value is None else f"{100 * one.span.value:.0f} %"
                said.append(f"{name}, {ATTACKERS.get(one.attacker, one.attacker)} {value}, "
                            f"{one.span.status}")  # fmt: skip
    what = "who is shown" if task == "identity" else "emotion"
    return f"Held-out pictures of which {what} was named rightly: " + ("; ".join(said) or "none")


def learning(
    training: pd.DataFrame, network: str, names: Mapping[str, str], mode: Tokens, *, share: bool
) -> go.Figure:
    """Curves of one network, means over folds; `share` where they are accuracies."""
    found = curves(training, network, names)
    figure = go.Figure()
    for place, (name, words) in enumerate(names.items()):
        own = found[found["name"] == name]
        if own.empty:
            continue
        scale = 100 if share else 1
        dash = ("solid", "dash", "dot", "dashdot")[place % 4]
        figure.add_scatter(
            x=own["step"], y=scale * own["value"], mode="lines", name=escape(words),
            line={"color": category(_HUES[place % len(_HUES)], mode), "width": 2.5, "dash": dash},
            hovertemplate=f"{escape(words)}: %{{y:.2f}} at %{{x}}<extra></extra>",
        )  # fmt: skip
    if (found["step"] < 1).any():
        figure.add_vline(x=0.5, line={"color": mode.chance, "width": 1.5, "dash": "dash"})
    hybrid = network == "Hybrid"
    figure.update_xaxes(title_text="round (up to 0: the start)" if hybrid else "step", dtick=None)
    figure.update_yaxes(
        title_text="held-out pictures named rightly (%)" if share else "loss (nats)",
        range=[-4, 104] if share else None,
    )
    figure.update_layout(template=template(mode), height=320, showlegend=True,
                         margin={"l": 64, "r": 8, "t": 56, "b": 56})  # fmt: skip
    return figure


_HUES = (4, 2, 6, 1)
"""Places in the categories of the curves' colours: none is warm."""


def learning_alt(training: pd.DataFrame, network: str, names: Mapping[str, str]) -> str:
    """What a screen reader says of the curves."""
    found = curves(training, network, names)
    said = []
    for name, words in names.items():
        own = found[found["name"] == name]
        if not own.empty:
            first, last = own.iloc[0], own.iloc[-1]
            said.append(f"{words} from {first['value']:.2f} at {int(first['step'])} to "
                        f"{last['value']:.2f} at {int(last['step'])}")  # fmt: skip
    return f"How {network} learnt, means over folds: " + ("; ".join(said) or "nothing")


def _note(name: str) -> str:
    return {"Emotion2Face": "Emotion’s, frozen", "Hybrid": "its two streams",
            "Hybrid2Emotion": "Hybrid’s, frozen", "Hybrid2Face": "Hybrid’s, frozen",
            "Face": "made for identity", "Emotion": "made for emotion",
            "pixels": "no network"}.get(name, BASES.get(name, ""))  # fmt: skip


def _figure(figure: go.Figure, one: Told, y: float, task: str, mode: Tokens) -> None:
    if one.span.value is None:
        figure.add_annotation(
            x=50, y=y, text=escape(one.span.status), showarrow=False,
            font={"size": 13, "color": mode.muted},
        )  # fmt: skip
        return
    value = 100 * one.span.value
    warm = one.found and task == "identity"
    colour = mode.leak if warm else mode.text if one.found else mode.muted
    if one.found:
        _line(figure, [100 * one.chance, value], y, mode.leak_soft if warm else mode.border, 9)
    if one.span.low is not None and one.span.high is not None:
        _line(figure, [100 * one.span.low, 100 * one.span.high], y, colour, 3 if one.found else 2)
    alarm = one.span.status == "anti-learning"
    figure.add_scatter(
        x=[value], y=[y], mode="markers", cliponaxis=False, hoverinfo="text",
        marker={"size": 12 if one.attacker == "own" else 11,
                "symbol": "x-thin-open" if alarm else
                          "circle" if one.attacker == "own" else "square",
                "color": colour if one.found else mode.ground,
                "line": {"width": 3 if alarm else 2, "color": mode.text if alarm else colour}},
        hovertext=f"<b>{escape(one.network)}</b>, {escape(ATTACKERS.get(one.attacker, ''))}<br>"
                  f"{value:.1f} %, {escape(one.span.status)}"
                  + (f"<br>by {escape(one.chosen)}" if one.chosen else ""),
    )  # fmt: skip
    figure.add_annotation(
        x=min(value, 97), y=y, yshift=13, showarrow=False,
        text=f"<b>{value:.0f}</b>", font={"size": 13, "color": mode.text if alarm else colour},
    )  # fmt: skip


def _null(figure: go.Figure, row: Row, y: float, mode: Tokens) -> None:
    one = next((own for own in row[1:] if own is not None), None)
    if one is None:
        return
    if one.null is not None:
        figure.add_shape(
            type="rect", x0=100 * (one.null_low or 0), x1=100 * one.null, y0=y - ROW / 2 + 4,
            y1=y + ROW / 2 - 4, fillcolor=mode.band, line_width=0, layer="below",
        )  # fmt: skip
    chance = 100 * one.chance
    figure.add_shape(
        type="line", x0=chance, x1=chance, y0=y - ROW / 2 + 4, y1=y + ROW / 2 - 4, layer="below",
        line={"color": mode.chance, "width": 1.5, "dash": "dash"},
    )  # fmt: skip


def _papers(
    figure: go.Figure, network: str, task: str, y: float, mode: Tokens, papers: Sequence[str]
) -> None:
    for one in PRINTED:
        if (one.network, one.task) != (network, task):
            continue
        for name in papers:
            value = 100 * float(getattr(one, name))
            figure.add_scatter(
                x=[value], y=[y], mode="markers", cliponaxis=False, hoverinfo="text",
                marker={"symbol": "diamond-open", "size": 12, "color": mode.text,
                        "line": {"width": 2}},
                hovertext=f"the paper, {PAPERS[name]}: {value:.1f} %",
            )  # fmt: skip


def _line(figure: go.Figure, x: Sequence[float], y: float, colour: str, width: int) -> None:
    figure.add_scatter(
        x=list(x), y=[y, y], mode="lines", line={"color": colour, "width": width},
        hoverinfo="skip", cliponaxis=False,
    )  # fmt: skip

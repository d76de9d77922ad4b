"""The one plotly template: hairlines, transparent grounds, muted ticks, a legend above left."""

from __future__ import annotations

import plotly.graph_objects as go

from core.plots.tokens import CATEGORIES, SANS, Tokens

CONFIG = {"displayModeBar": False, "responsive": True}
"""How a page shows a figure: no mode bar, as wide as its column."""


def template(tokens: Tokens) -> go.layout.Template:
    """The template of one colour mode; give it to a figure's layout and show it as it is."""
    axis = {
        "gridcolor": tokens.grid,
        "gridwidth": 1,
        "linecolor": tokens.border,
        "zeroline": False,
        "showline": False,
        "ticks": "outside",
        "ticklen": 4,
        "tickcolor": tokens.border,
        "tickfont": {"size": 13, "color": tokens.muted},
        "title": {"font": {"size": 13, "color": tokens.muted}, "standoff": 12},
        "fixedrange": True,
    }
    return go.layout.Template(
        layout={
            "font": {"family": SANS, "size": 14, "color": tokens.text},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "colorway": CATEGORIES,
            "xaxis": axis,
            "yaxis": axis,
            "dragmode": False,
            "hoverlabel": {
                "bgcolor": tokens.surface,
                "bordercolor": tokens.border,
                "font": {"family": SANS, "size": 13, "color": tokens.text},
            },
            "legend": {
                "orientation": "h",
                "x": 0,
                "xanchor": "left",
                "y": 1,
                "yanchor": "bottom",
                "font": {"size": 13, "color": tokens.text},
                "itemclick": False,
                "itemdoubleclick": False,
                "bgcolor": "rgba(0,0,0,0)",
            },
            "margin": {"l": 64, "r": 8, "t": 8, "b": 56},
        }
    )

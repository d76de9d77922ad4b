"""Maps of what an encoder looks at: heat on the grey face, and sentences on what to make of them.

Purple raises the score and green lowers it (the ends of ColorBrewer's PRGn, which can be told
apart by the colour-blind); nothing is drawn where the score does not react.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
from PIL import Image

from core.plots.template import template
from core.plots.tokens import Tokens

HEIGHT = 300
"""Height of a face in pixels."""
RAISES, LOWERS = "118,42,131", "27,120,55"
"""Colours of what raises the score and of what lowers it, as CSS rgb."""
SOLID = 0.9
"""Opacity of the strongest cell; it falls to 0 where nothing reacts."""
_ROWS, _COLUMNS = ("upper", "middle", "lower"), ("left", "centre", "right")
ALIKE = 0.7
"""Rank correlation from which two maps are said to be alike."""

METHODS = {"occlusion": "Occlusion", "gradients": "Integrated gradients"}
CHANGES = {"blur": "blurred", "pixelate": "pixelated"}


@dataclass(frozen=True, eq=False)
class Looked:
    """What `python -m core look` wrote: arrays by name, and `meta` (`core.study.looking`)."""

    arrays: Mapping[str, np.ndarray]
    meta: Mapping[str, Any]

    @property
    def targets(self) -> list[str]:
        """Names of the maps: identity, and the label where it has one."""
        return [name for name in ("identity", "label") if name in self.arrays]

    @property
    def changed(self) -> str:
        """ "blurred by 8 pixels"."""
        return f"{CHANGES[self.meta['change']]} by {self.meta['pixels']} pixels"

    def called(self, target: str) -> str:
        """The score in words: "identity", "expression: happy"."""
        if target == "identity":
            return "identity"
        return f"{self.meta['label']}: {self.meta['shown']}"


def read(path: Path) -> Looked:
    """The file at `path`; raises OSError, ValueError or KeyError where it is none."""
    with np.load(path, allow_pickle=False) as held:
        arrays = {name: held[name] for name in held.files if name != "meta"}
        return Looked(arrays, json.loads(str(held["meta"])))


def limit(found: Looked, target: str) -> float:
    """The end of the colour scale that both views of a target share."""
    both = (np.abs(found.arrays[target + end]).max() for end in ("", "_obscured"))
    return max(float(max(both)), 1e-9)


def overlay(found: Looked, target: str, end: str, tokens: Tokens) -> go.Figure:
    """The map of `target` on the face; `end` is "" or "_obscured"."""
    top = limit(found, target)
    scale = [[0, f"rgba({LOWERS},{SOLID})"], [0.5, "rgba(128,128,128,0)"],
             [1, f"rgba({RAISES},{SOLID})"]]  # fmt: skip
    return _figure(
        found.arrays[f"crop{end}"], found.arrays[target + end], tokens,
        colorscale=scale, zmin=-top, zmax=top, hovertemplate="%{z:.3g}<extra></extra>",
    )  # fmt: skip


def strength(found: Looked, end: str, tokens: Tokens) -> go.Figure:
    """The encoder's last activations on the face, from the least to the most of both views."""
    both = [found.arrays[f"activation{one}"] for one in ("", "_obscured")]
    least, top = float(min(one.min() for one in both)), float(max(one.max() for one in both))
    scale = [[0, f"rgba({RAISES},0)"], [1, f"rgba({RAISES},{SOLID})"]]
    return _figure(
        found.arrays[f"crop{end}"], found.arrays[f"activation{end}"], tokens,
        colorscale=scale, zmin=least, zmax=max(top, least + 1e-9),
        hovertemplate="%{z:.3g}<extra></extra>",
    )  # fmt: skip


def _figure(crop: np.ndarray, heat: np.ndarray, tokens: Tokens, **drawn: Any) -> go.Figure:
    """Heat (h, w) over the crop in grey, both on the unit square, the first row on top."""
    rows, columns = heat.shape
    bar = {"thickness": 8, "outlinewidth": 0, "len": 0.9, "nticks": 5, "x": 1.0, "xpad": 6,
           "tickfont": {"size": 12, "color": tokens.muted}, "tickformat": ".2~g"}  # fmt: skip
    figure = go.Figure(
        go.Heatmap(
            z=heat, x=(np.arange(columns) + 0.5) / columns, y=(np.arange(rows) + 0.5) / rows,
            colorbar=bar, **drawn,
        )
    )  # fmt: skip
    figure.add_layout_image(
        source=_grey(crop), xref="x", yref="y", x=0, y=0, sizex=1, sizey=1,
        sizing="stretch", layer="below",
    )  # fmt: skip
    hidden: dict[str, Any] = {"visible": False, "constrain": "domain"}
    figure.update_layout(
        template=template(tokens), height=HEIGHT, margin={"l": 0, "r": 0, "t": 0, "b": 0},
        xaxis={**hidden, "range": [0, 1]},
        yaxis={**hidden, "range": [1, 0], "scaleanchor": "x"},
    )  # fmt: skip
    return figure


def _grey(crop: np.ndarray) -> str:
    """The crop in grey, made paler so that both colours stand out, as a data URI."""
    grey = np.asarray(Image.fromarray(crop).convert("L"), np.float32)
    out = io.BytesIO()
    Image.fromarray((70 + grey * (185 / 255)).astype(np.uint8)).save(out, "PNG")
    return f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}"


def where(heat: np.ndarray) -> str:
    """The ninth of the picture that reacts most, in words: "lower centre"."""
    sides = [np.array_split(np.arange(length), 3) for length in heat.shape]
    parts = np.array(
        [[np.abs(heat[np.ix_(row, column)]).sum() for column in sides[1]] for row in sides[0]]
    )
    row, column = np.unravel_index(int(parts.argmax()), parts.shape)
    return "centre" if row == column == 1 else f"{_ROWS[row]} {_COLUMNS[column]}"


def title(found: Looked) -> str:
    """What the maps show, as a heading."""
    places = {name: where(found.arrays[name]) for name in found.targets}
    if len(places) == 1:
        return f"Identity reacts most in the {places['identity']} of this picture"
    label = found.called("label")
    if places["identity"] == places["label"]:
        return f"Identity and {label} both react most in the {places['label']} of this picture"
    return f"Identity reacts most in the {places['identity']}, {label} in the {places['label']}"


def alt(found: Looked, target: str, end: str) -> str:
    """The map in words."""
    view = found.changed if end else "clear"
    if target == "activation":
        return (
            f"The face, {view}, under the encoder's last activations: strongest in the "
            f"{where(found.arrays['activation' + end])}."
        )
    heat = found.arrays[target + end]
    return (
        f"The face, {view}, with the map of {found.called(target)}: it reacts most in the "
        f"{where(heat)}; a cell adds {heat.max():.2g} at most and takes {max(-heat.min(), 0):.2g}."
    )


def unit(found: Looked, target: str) -> str:
    """What a cell's number is."""
    score = "cosine" if target == "identity" else "log-odds"
    if found.meta["method"] == "occlusion":
        return f"By how much the {score} falls while this place is covered."
    return f"What this place adds to the {score} over a face of one colour."


def left(found: Looked, target: str) -> str:
    """ "71 %" of a score, or nothing where no share has a meaning."""
    share = found.meta["scores"][target]["left"]
    return "" if share is None else f"{100 * share:.0f} %"


def judged(found: Looked) -> list[tuple[str, str]]:
    """What speaks for and against the maps: (what, sentence) each."""
    told = [(_check(found, name)) for name in found.targets]
    agreement = found.meta["agreement"]
    rank = agreement.get("identity")
    if rank is not None:
        alike = "alike" if rank >= ALIKE else "different in part" if rank > 0.3 else "different"
        told.append(
            ("Identity and label.", f"Their maps are {alike}: rank correlation {rank:.2f} of how "
             "strongly the places react.")
        )  # fmt: skip
    rank = agreement.get("shuffled")
    if rank is not None:
        meaning = (
            "much of the map is the picture and not what the probe learnt"
            if rank >= ALIKE
            else "the map depends on what the probe learnt"
        )
        told.append(
            ("Shuffled labels.", f"A probe that learnt shuffled labels has a map with a rank "
             f"correlation of {rank:.2f} to this one: {meaning}.")
        )  # fmt: skip
    return told


def _check(found: Looked, target: str) -> tuple[str, str]:
    checks, name = found.meta["checks"][target], f"{found.called(target).capitalize()}."
    if found.meta["method"] == "occlusion":
        clear = found.meta["scores"][target]["clear"]
        return name, (
            f"The window that matters most takes {checks['largest_drop']:.2f} of a score of "
            f"{clear:.2f}."
        )
    gap, difference, share = checks["gap"], checks["difference"], checks["tolerance"]
    held = gap <= share * abs(difference)
    verdict = "within" if held else "NOT within, so do not read this map:"
    return name, (
        f"The map sums to {checks['sum']:.3f} and the scores differ by {difference:.3f}, "
        f"{verdict} {100 * share:.0f} % ({checks['steps']:.0f} steps)."
    )


def probe(found: Looked) -> str:
    """How good the probe is, and what it says of this face."""
    told = found.meta["probe"]
    if told is None:
        return ""
    good = "" if told["accuracy"] is None else (
        f", with a balanced accuracy of {told['accuracy']:.2f} on {told['tested']:,} faces of the "
        f"test people (chance {1 / len(told['classes']):.2f})"
    )  # fmt: skip
    return (
        f"The probe learnt from {told['faces']:,} faces of {told['people']:,} other people"
        f"{good}. It says {told['says']} of this face, and {told['says_obscured']} once it is "
        f"{found.changed}. An attacker who learns from {CHANGES[found.meta['change']]} faces may "
        "read more than this one."
    )

"""Named views of the Projections page: what stands in each pane, and the label in colour.

The figures of the papers are asked for by kind, so that a run whose suppressors have other names
has them too. Sources: A. Peña's thesis, Figures 4.1, 4.3 and 4.4; Morales et al. 2021, Figure 4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.plots.tokens import short

OWN = "Your own choice"
"""What the choice says when no named view is shown."""


@dataclass(frozen=True)
class Preset:
    """A named view: the kinds in its panes, and which label colours it; `there` tells what the
    paper's figure shows, and on what."""

    name: str
    panes: tuple[str, ...]
    colours: tuple[str, ...]
    there: str = ""


_EMOTION = ("expression", "emotion")
_CFEE = "There: t-SNE of ResNet-50's vectors of CFEE."

PRESETS = (
    Preset("x beside SN beside LNTL", ("x", "sensitivenets", "lntl"), _EMOTION),
    Preset(
        "Thesis Fig. 4.1: x and f3(x), by emotion", ("x", "f3(x)"), _EMOTION,
        f"{_CFEE} x forms small groups, one a person, with the expressions mixed in them; f3(x) "
        "groups by expression.",
    ),
    Preset(
        "Thesis Fig. 4.3: f3(SN) and f3(LNTL), by emotion", ("f3(sensitivenets)", "f3(lntl)"),
        _EMOTION, f"{_CFEE} Neither groups by expression any more.",
    ),
    Preset(
        "Thesis Fig. 4.4: f3(LNTL), by gender", ("f3(lntl)", "lntl"), ("gender", "sex"),
        f"{_CFEE} f3(LNTL) falls into two groups, which are those of gender. The thesis draws it "
        "alone; LNTL itself stands beside it here.",
    ),
    Preset(
        "TPAMI Fig. 4: x and SN, by gender", ("x", "sensitivenets"), ("gender", "sex"),
        "There: t-SNE of ResNet-50's vectors, SensitiveNets fitted against gender and ethnicity. "
        "x forms six groups, of gender and ethnicity; SN forms none of them.",
    ),
    Preset(
        "f3 of x, SN, LNTL and LEACE", ("f3(x)", "f3(sensitivenets)", "f3(lntl)", "f3(leace)"),
        _EMOTION,
    ),
)  # fmt: skip
"""In the order in which they are offered."""


@dataclass(frozen=True)
class Resolved:
    """A preset in one run: the representations of its panes and the label in colour; `missing`
    lists what the run lacks, in words, and then it cannot be shown."""

    panes: tuple[str, ...]
    colour: str
    missing: tuple[str, ...]


def resolved(
    preset: Preset, representations: Sequence[str], labels: Sequence[str], kinds: Mapping[str, str]
) -> Resolved:
    """`preset` with this run's names; `kinds` gives the kind of each named representation."""
    named = {kinds.get(name, name): name for name in reversed(representations)}
    panes: list[str] = []
    missing: list[str] = []
    for asked in preset.panes:
        inner = asked.removeprefix("f3(").removesuffix(")")
        name = named.get(inner, inner)
        wanted = f"f3({name})" if asked.startswith("f3(") else name
        panes.append(wanted)
        if wanted not in representations:
            missing.append(title(wanted))
    colour = next((one for one in preset.colours if one in labels), "")
    if not colour:
        missing.append(f"the label {preset.colours[0]}")
    return Resolved(tuple(panes), colour, tuple(missing))


def title(representation: str) -> str:
    """The short name of a map's representation: "x", "SN", "f3(SN)"."""
    if representation.startswith("f3(") and representation.endswith(")"):
        return f"f3({short(representation[3:-1])})"
    return short(representation)

"""Figures that the papers print, to stand beside ours with what differs; never expected values.

All are percentages there and fractions here. They come from other faces, another encoder and
another protocol, so that a gap between theirs and ours is not an error of either.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PaperFigure:
    """One printed figure: `value` is a fraction; `differs` says why it need not be ours."""

    representation: str
    attribute: str
    attacker: str
    value: float
    source: str
    differs: str


_THESIS = "thesis, Table 4.1"
_THESIS_DIFFERS = (
    "faces of CFEE, a ResNet-50 trained on VGGFace2, 2,048 numbers, split by image as its text says"
)
_TPAMI = "Morales et al. (TPAMI 2021), Table I"
_TPAMI_DIFFERS = (
    "faces of DiveFace, a ResNet-50, 2,048 numbers, 9,000 images to learn from and 1,800 to test"
)


def _row(
    attribute: str, nn: float, svm: float, rf: float, source: str, differs: str
) -> list[PaperFigure]:
    printed = {"nn": nn, "svm": svm, "rf": rf}
    return [PaperFigure("x", attribute, who, v, source, differs) for who, v in printed.items()]


FIGURES: tuple[PaperFigure, ...] = (
    *_row("expression", 0.881, 0.881, 0.774, _THESIS, _THESIS_DIFFERS),
    *_row("gender", 0.977, 0.962, 0.951, _TPAMI, _TPAMI_DIFFERS),
    *_row("ethnicity", 0.988, 0.982, 0.973, _TPAMI, _TPAMI_DIFFERS),
)
"""What is printed for x, before any suppression, by attribute and attacker."""

_ALIASES = {"emotion": "expression", "sex": "gender", "race": "ethnicity"}


def printed(representation: str, attribute: str, attacker: str) -> PaperFigure | None:
    """The paper's figure for this row, or None where none was printed."""
    name = attribute.lower()
    name = _ALIASES.get(name, name)
    for figure in FIGURES:
        if (figure.representation, figure.attribute, figure.attacker) == (
            representation,
            name,
            attacker,
        ):
            return figure
    return None

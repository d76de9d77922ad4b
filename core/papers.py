"""Figures that the papers print, to stand beside ours with what differs; never expected values.

All are percentages there and fractions here, except drops, which are in per cent as in our tables.
They come from other faces, another encoder and another protocol, so that a gap between theirs and
ours is not an error of either. Where what is printed does not follow from the figures printed
beside it, `corrected` holds what does, and `note` says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

UNNAMED = ""
"""The attacker of a row whose classifier the paper does not name."""
VERIFICATION = "verification"
"""The attribute of a row that is no label: how well faces are verified."""


@dataclass(frozen=True)
class PaperFigure:
    """One printed accuracy: `value` is a fraction; `differs` says why it need not be ours.

    `suppressed` is the label that the φ of this row was fitted against, empty for x. `drop` is the
    printed accuracy drop in per cent, `corrected` the one that follows from the accuracies where
    it is another, and `note` says in words what was misprinted.
    """

    representation: str
    attribute: str
    attacker: str
    value: float
    source: str
    differs: str
    suppressed: str = ""
    drop: float | None = None
    corrected: float | None = None
    note: str = ""


@dataclass(frozen=True)
class PaperGap:
    """One printed row on equality of opportunity: rates are fractions, `gap` a signed difference.

    `groups` are the two values of the protected label, in the order of `tpr`; `baseline` has
    (accuracy, TPR, TPR, gap) of x where the paper prints them in brackets.
    """

    representation: str
    target: str
    groups: tuple[str, str]
    accuracy: float
    tpr: tuple[float, float]
    gap: float
    source: str
    differs: str
    baseline: tuple[float, float, float, float] | None = None
    corrected: float | None = None
    note: str = ""


def _share(percent: float) -> float:
    """A printed percentage as the fraction with the same digits."""
    return round(percent / 100, 6)


_ENCODER = "a ResNet-50 trained on VGGFace2, 2,048 numbers"
_THESIS = "thesis, Table 4.1"
_EMOTION = f"faces of CFEE, {_ENCODER}, split by image as its text says"
_FACES = f"faces of DiveFace, {_ENCODER}; which classifier is not said; φ suppresses emotion there"
_PAIRS = f"pairs of LFW, {_ENCODER}; φ suppresses emotion there"
_TPAMI = "Morales et al. (TPAMI 2021), Table I"
_DIVEFACE = (
    "faces of DiveFace, a ResNet-50, 2,048 numbers, 9,000 images to learn from and 1,800 to test"
)
_OBFUSCATED = "faces of CelebA, a ResNet-50, 2,048 numbers; the number of images is not said"


def _thesis() -> Iterator[PaperFigure]:
    """Table 4.1, the same as Table I of the annex: x, then SN and LNTL with their printed drop."""
    sn, lntl = "sensitivenets", "lntl"
    rows = (
        (VERIFICATION, UNNAMED, _PAIRS, 96.8, {sn: (96.3, 1), lntl: (59.4, 75.0)}),
        ("gender", UNNAMED, _FACES, 99.2, {sn: (98.9, 1), lntl: (72.7, 53.9)}),
        ("ethnicity", UNNAMED, _FACES, 98.8, {sn: (98.6, 1), lntl: (67.4, 47.9)}),
        ("expression", "nn", _EMOTION, 88.1, {sn: (59.6, 40), lntl: (41.6, 65.0)}),
        ("expression", "svm", _EMOTION, 88.1, {sn: (16.7, 100), lntl: (25.0, 88.2)}),
        ("expression", "rf", _EMOTION, 77.4, {sn: (58.3, 31), lntl: (44.7, 53.8)}),
    )
    wrong = {
        (lntl, VERIFICATION, UNNAMED): (79.9, "printed as 75.0; its accuracies give 79.9"),
        (sn, "gender", UNNAMED): (0.6, "printed as 1; its accuracies give 0.6"),
        (sn, "ethnicity", UNNAMED): (0.3, "printed as 1; its accuracies give 0.3"),
        (lntl, "expression", "svm"): (88.4, "printed as 88.2; its accuracies give 88.3 to 88.4"),
        (sn, "expression", "svm"): (None, "exactly one in six: it looks like a probe that failed"),
    }
    for attribute, attacker, differs, x, after in rows:
        yield PaperFigure("x", attribute, attacker, _share(x), _THESIS, differs)
        for name, (value, drop) in after.items():
            corrected, note = wrong.get((name, attribute, attacker), (None, ""))
            yield PaperFigure(
                name, attribute, attacker, _share(value), _THESIS, differs,
                "expression", drop, corrected, note,
            )  # fmt: skip


def _tpami() -> Iterator[PaperFigure]:
    """Table I: x before, SN after, fitted on the label itself; then Table II."""
    lfw = "pairs of LFW, a ResNet-50, 2,048 numbers"
    yield PaperFigure("x", VERIFICATION, UNNAMED, 0.984, _TPAMI, lfw)
    for label in ("gender", "ethnicity"):
        yield PaperFigure(
            "sensitivenets", VERIFICATION, UNNAMED, 0.958, _TPAMI, lfw, label, 5.4
        )  # fmt: skip
    rows = (
        ("gender", "nn", 97.7, 58.8, 81.5), ("gender", "svm", 96.2, 56.3, 86.4),
        ("gender", "rf", 95.1, 54.6, 89.8), ("ethnicity", "nn", 98.8, 55.1, 66.4),
        ("ethnicity", "svm", 98.2, 54.1, 67.6), ("ethnicity", "rf", 97.3, 53.5, 68.1),
    )  # fmt: skip
    for label, attacker, x, after, drop in rows:
        yield PaperFigure("x", label, attacker, _share(x), _TPAMI, _DIVEFACE)
        yield PaperFigure(
            "sensitivenets", label, attacker, _share(after), _TPAMI, _DIVEFACE, label, drop
        )
    source = "Morales et al. (TPAMI 2021), Table II"
    images = (("nn", 99.5, 99.3, 65.7), ("svm", 98.4, 98.3, 67.3), ("rf", 98.5, 98.5, 65.2))
    for attacker, x, private, after in images:
        for name, value in (("x", x), (PRIVATE_IMAGES, private), ("sensitivenets", after)):
            own = "" if name == "x" else "gender"
            yield PaperFigure(name, "gender", attacker, _share(value), source, _OBFUSCATED, own)


PRIVATE_IMAGES = "x@differential privacy"
"""Images obfuscated by differential privacy, as TPAMI Table II has them."""

FIGURES: tuple[PaperFigure, ...] = (*_thesis(), *_tpami())
"""What is printed of accuracies; of two figures for one cell the first is the more general."""

_CELEBA_THESIS = f"faces of CelebA, {_ENCODER}, biased 70 to 30; dense 1024 with ReLU; 5 repeats"
_CELEBA_TPAMI = "faces of CelebA, a ResNet-50, biased 70 to 30, 40,000 images; an SVM"
_INVERSE = "its text repeats the bias where it means the inverse"


def _thesis_gaps() -> Iterator[PaperGap]:
    """Table 4.2; the annex prints 100 minus the gap."""
    rows = (
        ("x, unbiased", 77.26, 84.55, 82.47, 2.08), ("x", 76.23, 84.17, 66.70, 17.47),
        ("sensitivenets", 74.50, 81.87, 73.58, 8.29), ("lntl", 76.62, 86.97, 73.70, 13.27),
    )  # fmt: skip
    for name, accuracy, smiling, other, gap in rows:
        yield PaperGap(
            name, "attractive", ("smiling", "not smiling"), _share(accuracy),
            (_share(smiling), _share(other)), _share(gap), "thesis, Table 4.2", _CELEBA_THESIS,
        )  # fmt: skip


def _tpami_gaps() -> Iterator[PaperGap]:
    """Table III, baselines (x) in brackets there."""
    attractive, smiling = (0.743, 0.926, 0.626, 0.301), (0.875, 0.938, 0.793, 0.145)
    base = "the baseline gap is printed as 30.1; its rates give 30.0"
    rows = (
        ("fair", "attractive", 79.4, 85.2, 61.4, 23.8, (0.806, 0.908, 0.570, 0.338), None, ""),
        ("lntl", "attractive", 73.4, 81.1, 68.3, 12.8, attractive, None, base),
        ("sensitivenets", "attractive", 77.7, 81.4, 87.5, 6.8, attractive, -6.1,
         f"printed as 6.8; its rates give −6.1, in favour of men; {base}"),
        ("lntl", "smiling", 87.3, 92.4, 83.5, 8.8, smiling, 8.9,
         "printed as 8.8; its rates give 8.9"),
        ("sensitivenets", "smiling", 88.4, 90.9, 84.9, 6.0, smiling, None, ""),
    )  # fmt: skip
    for name, target, accuracy, women, men, gap, baseline, corrected, note in rows:
        right = None if corrected is None else _share(corrected)
        yield PaperGap(
            name, target, ("female", "male"), _share(accuracy),
            (_share(women), _share(men)), _share(gap),
            "Morales et al. (TPAMI 2021), Table III", _CELEBA_TPAMI, baseline, right,
            "; ".join(part for part in (note, _INVERSE) if part),
        )  # fmt: skip


GAPS: tuple[PaperGap, ...] = (*_thesis_gaps(), *_tpami_gaps())
"""What is printed of equality of opportunity."""

_ALIASES = {"emotion": "expression", "sex": "gender", "race": "ethnicity"}


def canonical(label: str) -> str:
    """The name that the papers' labels have here."""
    return _ALIASES.get(label.lower(), label.lower())


def every(
    representation: str, attribute: str, attacker: str, *, suppressed: str | None = None
) -> list[PaperFigure]:
    """All figures printed for this row; of x, and of φ fitted against `suppressed` (any: None)."""
    label = None if suppressed is None else canonical(suppressed)
    return [
        figure
        for figure in FIGURES
        if (figure.representation, figure.attribute, figure.attacker)
        == (representation, canonical(attribute), attacker)
        and (not figure.suppressed or label is None or figure.suppressed == label)
    ]


def printed(
    representation: str, attribute: str, attacker: str, *, suppressed: str | None = None
) -> PaperFigure | None:
    """The paper's figure for this row, or None where none was printed.

    A φ is compared with one that was fitted against the same label: `suppressed`, or `attribute`
    itself unless told.
    """
    own = attribute if suppressed is None else suppressed
    return next(iter(every(representation, attribute, attacker, suppressed=own)), None)


def verified(representation: str, *, suppressed: str = "expression") -> PaperFigure | None:
    """The printed verification accuracy of x, or of the φ fitted against `suppressed`."""
    return printed(representation, VERIFICATION, UNNAMED, suppressed=suppressed)


# -- feature ablation: what is said of thesis Fig. 4.2 and TPAMI Fig. 3 ----------------------------


@dataclass(frozen=True)
class PaperAblation:
    """What a paper says of the accuracy that is left of x: `value` is a fraction, None where its
    text gives no figure, at the share `removed`; `said` is what, in our words."""

    attribute: str
    removed: float
    value: float | None
    said: str
    source: str
    differs: str
    note: str = ""


_FIG_42 = "thesis, Fig. 4.2"
_AT_RANDOM = "accuracy of a network of one hidden layer; features of x removed at random"

ABLATIONS: tuple[PaperAblation, ...] = (
    PaperAblation(
        "expression", 1500 / 2048, 0.80, "over 80 % until 1,500 of 2,048 are removed", _FIG_42,
        f"{_EMOTION}; {_AT_RANDOM}",
    ),
    PaperAblation(
        "expression", 0.90, 0.70, "about 70 % with 90 % removed", _FIG_42,
        f"{_EMOTION}; {_AT_RANDOM}",
        note="the annex says that performance is almost the same until 90 % are removed, which its "
        "own 70 % does not bear out",
    ),
    *(
        PaperAblation(
            label, 0.90, None, "still accurate with 10 % left", "Morales et al. (TPAMI 2021), "
            "Fig. 3", f"{_DIVEFACE}; a single softmax layer",
            note="its text gives no figure",
        )
        for label in ("gender", "ethnicity")
    ),
)  # fmt: skip
"""Claims that a curve of x may be held beside."""


def ablated(attribute: str) -> list[PaperAblation]:
    """What the papers say of the label `attribute` when features of x are removed."""
    return [one for one in ABLATIONS if one.attribute == canonical(attribute)]

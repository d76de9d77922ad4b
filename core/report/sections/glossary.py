"""What the words mean, for who has never met them."""

from __future__ import annotations

from collections.abc import Iterator

from core.report.document import Block, Table, columns, row, strong, words
from core.report.result import Result

TERMS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("embedding, vector", "The list of numbers that an encoder makes of a face, so that faces of "
     "one person get lists that are alike.", ()),
    ("encoder", "The network that makes vectors of faces: a face recogniser.", ()),
    ("x", "The encoder's vector as it is, before anything is taken out of it.", ()),
    ("φ (phi), suppressed", "What a suppressor makes of x: a vector from which it has tried to "
     "take a label, and to leave who is shown.", ()),
    ("suppressor", "A method that takes a label out of vectors. It is fitted on people of its own.",
     ()),
    ("leakage", "What can be read from vectors that were made for something else.", ("leakage",)),
    ("attacker, probe", "A classifier that tries to read a label from vectors. It learns from some "
     "people and is asked about others.", ("leakage",)),
    ("strongest", "The attacker that did best on the attackers' own people; who that is, is never "
     "chosen by the figure that is shown.", ("leakage",)),
    ("balanced accuracy", "How often an answer is right when every class counts the same, however "
     "many faces it has. Guessing gives one in as many as there are classes.", ("leakage",)),
    ("AUC", "The chance that of two faces, one with a class and one without, the right one gets "
     "the higher score; one half is guessing.", ("leakage", "verification")),
    ("guessing, chance", "What an answer that knows nothing reaches.", ()),
    ("null", "What the same attack reaches when the labels are shuffled. An attacker that does not "
     "clear it has found nothing.", ("leakage",)),
    ("95 % interval", "If the same audit were done on other people like these again and again, 95 "
     "in 100 such intervals would hold the true figure.", ()),
    ("nothing found", "The attack works, since it found what was planted, and it did not beat "
     "shuffled labels. That is no proof that nothing is there.", ()),
    ("probe failed", "The attack missed a code that had been planted for it: it says nothing, and "
     "it is not a clean result.", ()),
    ("not enough data", "Too few people or faces for a figure that could be relied on.", ()),
    ("few people", "Between 10 and 30 people: there is a figure, and its interval is wide.", ()),
    ("anti-learning", "Answers that are wrong more often than by chance: an alarm, since who knows "
     "that can turn them round.", ()),
    ("drop", "The share of the distance from x's figure down to guessing that is gone.",
     ("leakage",)),
    ("control", "Something that is known beforehand: noise, in which there is nothing to find, or "
     "the picture itself, in which there is.", ("leakage",)),
    ("verification", "Telling whether two pictures show one person: what face vectors are for.",
     ("verification",)),
    ("FAR, FMR", "How often two pictures of different people are taken for one person.",
     ("verification", "groups")),
    ("TAR, FNMR", "How often two pictures of one person are accepted, and how often they are "
     "refused.", ("verification", "groups")),
    ("EER", "The rate of errors at the threshold where both kinds are equally many.",
     ("verification",)),
    ("effective rank", "How many directions of a vector are in use. A vector that is always the "
     "same has one, hides everything and is of no use.", ("collapse",)),
    ("paired difference", "The difference of two figures on the same people, so that what is odd "
     "about these people goes out of it.", ("differences",)),
    ("p (Holm)", "How often a difference as large would come about by chance, corrected for "
     "looking at several.", ("differences",)),
    ("t-SNE, UMAP", "Ways to draw long vectors as points on a sheet. They keep who is near to "
     "whom, and little else.", ("projection",)),
    ("ablation", "Taking numbers away to see how few are enough.", ("ablation",)),
    ("true positive rate (TPR)", "Of the faces for which “yes” is right, the share that gets it.",
     ("fairness",)),
    ("equality of opportunity", "Equal true positive rates for all groups; the gap is their "
     "difference.", ("fairness",)),
    ("protected label", "The label whose groups are compared.", ("fairness",)),
    ("action unit (AU)", "The movement of one facial muscle or of a few, as numbered by Ekman and "
     "Friesen.", ("action_units",)),
    ("F1", "One figure for how many of the faces that show a unit are found, and how many of those "
     "found do show it; 1 is perfect.", ("action_units",)),
    ("relevance", "The share that each pixel has in a detector's answer.", ("relevance",)),
    ("rotation, folds", "Everybody is tested once, by attackers that have learnt from others.", ()),
    ("digest", "A fingerprint of a file: the same bytes, the same digest.", ()),
)  # fmt: skip
"""Word, what it means, and the tables of which one must be there (none: always)."""


def glossary(result: Result) -> Iterator[Block]:
    """The words that this report uses."""
    shown = [(word, told) for word, told, needs in TERMS
             if not needs or any(result.table(one) is not None for one in needs)]  # fmt: skip
    yield Table(
        columns("word", "what it means"),
        tuple(row(words(strong(word)), told) for word, told in shown),
    )

"""Anonymity in words: records and sentences from the tables' figures and statuses, and the paper's.

The paper's word for its aim stands in the page's name and nowhere else: what is told is how often
who is shown was named rightly, and by whom.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from core.plots.compare import Span, rows_of, span_of

NETWORKS = ("Face", "Emotion", "Emotion2Face", "Hybrid", "Hybrid2Emotion", "Hybrid2Face")
"""The six, in the paper's order."""
ASKED = {
    "identity": ("Face", "Emotion2Face", "Hybrid", "Hybrid2Face", "pixels"),
    "emotion": ("Emotion", "Hybrid", "Hybrid2Emotion", "Face", "pixels"),
}
"""Whom each question is put to, in the order of the figures."""
BASES = {
    "Face": "convolutions made for identity",
    "Emotion": "convolutions made for emotion",
    "Emotion2Face": "Emotion’s convolutions, frozen",
    "Hybrid": "its own two streams, still in the game",
    "Hybrid2Emotion": "Hybrid’s convolutions, frozen",
    "Hybrid2Face": "Hybrid’s convolutions, frozen",
    "pixels": "16 × 16 grey, no network",
}
ATTACKERS = {
    "own": "own layers", "fresh": "fresh attackers", "logistic": "logistic", "svm": "RBF machine",
    "knn": "neighbours", "dense": "dense layers, afresh",
}  # fmt: skip
CURVES = {
    "loss_emotion": "L_e, emotion",
    "loss_identity": "L_i, the identity layers in the round",
    "loss_identity_weighted": "α · L_i at the start",
    "loss_hiding_weighted": "β · what hides identity",
}
HELD = {"held_identity": "who is shown", "held_emotion": "emotion"}
FOUND = ("ok", "few people")
"""Statuses of a figure whose interval clears its null."""


@dataclass(frozen=True)
class Printed:
    """One printed accuracy, a fraction, of a network in the paper's two tables."""

    network: str
    task: str
    jaffe: float
    yale: float


PRINTED = (
    Printed("Face", "identity", 0.9926, 0.8796),
    Printed("Emotion", "emotion", 0.8427, 0.4461),
    Printed("Emotion2Face", "identity", 0.9041, 0.7844),
    Printed("Hybrid2Emotion", "emotion", 0.8157, 0.4912),
    Printed("Hybrid2Face", "identity", 0.2579, 0.0100),
)
"""Narula et al. (2020), Tables 1 and 2. Hybrid's own layers are not reported there."""
DIFFERS = (
    "The paper: JAFFE (213 images, 10 people, 7 emotions, 50 rounds) and YALE (60 images, 15 "
    "people, 4 emotions, 20 rounds), rotated, mirrored and with noise to 3,038 and 3,033; no "
    "interval, no null, and no attacker but its own fresh dense layers. Its layer widths stand in "
    "a figure, input size, optimiser and epochs are not printed, nor is whether augmented images "
    "are scored.",
    "Its 1.00 % for 15 people is far below the 6.7 % of guessing: whoever is wrong so reliably has "
    "learnt something. Its loss of Hybrid2Face prints y_e where y_i is meant.",
)


@dataclass(frozen=True)
class Told:
    """One figure: who was asked what, the span with its status, chance and the null's limits.

    `chosen` names the attackers that were the strongest, where there were several.
    """

    network: str
    task: str
    attacker: str
    split: str
    span: Span
    chance: float
    null: float | None
    null_low: float | None
    chosen: str

    @property
    def found(self) -> bool:
        """Whether its interval clears its null."""
        return self.span.status in FOUND and self.span.low is not None


def told(table: pd.DataFrame) -> list[Told]:
    """A record for each row of `anonymity`, in its order."""
    return [
        Told(
            str(row["network"]), str(row["task"]), str(row["attacker"]), str(row["split"]),
            span_of(row, ("accuracy", "low", "high")), float(row["chance"]), _some(row["null"]),
            _some(row["null_low"]), _word(row["chosen"]),
        )
        for row in rows_of(table)
    ]  # fmt: skip


def pick(
    found: Sequence[Told], network: str, task: str, attacker: str, split: str = "originals"
) -> Told | None:
    """The figure of that name, or None."""
    wanted = (network, task, attacker, split)
    return next((one for one in found
                 if (one.network, one.task, one.attacker, one.split) == wanted), None)  # fmt: skip


def shown(found: Sequence[Told], task: str) -> list[tuple[str, Told | None, Told | None]]:
    """Each network that is asked `task`, with its own layers' figure and the fresh attackers'."""
    rows = [(name, pick(found, name, task, "own"), pick(found, name, task, "fresh"))
            for name in ASKED[task]]  # fmt: skip
    return [row for row in rows if row[1] is not None or row[2] is not None]


def title(found: Sequence[Told], facts: Mapping[str, Any]) -> str:
    """The finding in one sentence, from the statuses alone."""
    face = pick(found, "Face", "identity", "own")
    if face is None or face.span.value is None:
        return "Not enough data to say whether the networks still know who is shown"
    if facts and not facts.get("learnt_enough", True):
        return (
            f"No claim: Face names {_percent(face.span.value)} of held-out pictures, and a net too "
            "small to learn proves nothing"
        )
    fresh, own = (pick(found, "Hybrid2Face", "identity", who) for who in ("fresh", "own"))
    if fresh is None:
        return f"Face names {_percent(face.span.value)} of held-out pictures rightly; attackers "\
               "come after all folds"  # fmt: skip
    if fresh.found:
        return (
            f"After the adversarial rounds fresh attackers still name who is shown in "
            f"{_percent(fresh.span.value)} of held-out pictures; guessing gives "
            f"{_percent(fresh.chance)}"
        )
    for one, who in ((fresh, "fresh attackers"), (own, "its own layers")):
        if one is not None and one.span.status == "anti-learning":
            return (
                f"Anti-learning: on Hybrid’s features {who} name who is shown in "
                f"{_percent(one.span.value)} of held-out pictures, less than guessing’s "
                f"{_percent(one.chance)}; that is no privacy"
            )
    if fresh.span.status == "probe failed":
        return "The attackers on Hybrid’s features miss even a planted code: nothing follows"
    if fresh.span.status == "nothing found" and not keeps_emotion(found, "Hybrid2Emotion"):
        before = keeps_emotion(found, "Emotion")
        why = "what was taken out took the use with it" if before else "nor was it in Emotion’s"
        return f"On Hybrid’s features neither who is shown nor the emotion was found: {why}"
    if fresh.span.status == "nothing found":
        return "On Hybrid’s features nothing of who is shown was found, which is no proof"
    return "Not enough data to say whether Hybrid’s features tell who is shown"


def answer(found: Sequence[Told]) -> list[str]:
    """What the convolutions give away, what Algorithm 1 took, and what it cost."""
    sentences = []
    for network, words in (("Emotion2Face", "Convolutions made for emotion alone"),
                           ("Hybrid2Face", "Convolutions after Algorithm 1")):  # fmt: skip
        one = pick(found, network, "identity", "fresh")
        if one is not None:
            sentences.append(f"{words}: {_found(one, 'who is shown')}.")
    emotion = {"Emotion": "Emotion itself, by Emotion’s own layers",
               "Hybrid2Emotion": "Emotion after Algorithm 1, by own layers"}  # fmt: skip
    for network, words in emotion.items():
        one = pick(found, network, "emotion", "own")
        if one is not None:
            sentences.append(f"{words}: {_found(one, 'it')}.")
    return sentences


def keeps_emotion(found: Sequence[Told], network: str) -> bool:
    """Whether anybody finds the emotion in the features of `network`."""
    return any(one.found and one.network == network and one.task == "emotion" for one in found)


def alarms(found: Sequence[Told]) -> list[str]:
    """Each figure below chance, in words; empty where there is none."""
    return [
        f"{one.network}, {ATTACKERS.get(one.attacker, one.attacker)}"
        f"{', on twins' if one.split == 'augmented' else ''}, "
        f"{'who is shown' if one.task == 'identity' else 'emotion'}: "
        f"{_percent(one.span.value)} where guessing gives {_percent(one.chance)}"
        for one in found
        if one.span.status == "anti-learning"
    ]  # fmt: skip


def _found(one: Told, what: str) -> str:
    """What was found, in words that follow from the status."""
    status, value = one.span.status, one.span.value
    who = "" if one.attacker == "own" else " by fresh attackers"
    if value is None:
        return f"{status} to say" if status == "not enough data" else f"{status}{who}"
    said = f"{what} is named rightly in {_percent(value)}{who} ({_limits(one.span)})"
    if one.found:
        return said + (", from few people" if status == "few people" else "")
    if status == "anti-learning":
        return f"{said}, below guessing: anti-learning"
    return f"{said}, which chance reaches too"


def differs(facts: Mapping[str, Any]) -> str:
    """What is different about ours."""
    if not facts:
        return ""
    settings = facts.get("settings") or {}
    loss = {"bounded": "cross-entropy towards the uniform distribution in place of −β L_i",
            "paper": "the paper’s −β L_i"}.get(str(settings.get("loss")), "")  # fmt: skip
    return (
        f"Ours: {facts.get('pictures', '?')} pictures of {facts.get('people', '?')} people with "
        f"{len(facts.get('classes') or ())} classes of {facts.get('label', '?')}, "
        f"{facts.get('images', '?')} with their twins, {settings.get('folds', '?')} folds, "
        f"{settings.get('rounds', '?')} rounds, {loss}; pictures are scored as they were taken."
    )


def curves(training: pd.DataFrame, network: str, names: Mapping[str, str]) -> pd.DataFrame:
    """Means over folds by step and name (columns step, name, value) of those of `names`."""
    own = training[(training["network"] == network) & training["name"].isin(list(names))]
    return own.groupby(["name", "step"], as_index=False, sort=True)[["value"]].mean()


def _limits(span: Span) -> str:
    if span.low is None or span.high is None:
        return "no interval"
    return f"{100 * span.low:.0f} to {100 * span.high:.0f}"


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f} %"


def _some(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)


def _word(value: Any) -> str:
    return "" if pd.isna(value) else str(value)

"""What is asked of a face: who it is, and which class of a label it shows; a score of each.

Identity is the cosine with the mean direction of the same person's other faces. A label is the
log-odds of the class that the face shows, by a logistic probe of the reference split's attacker
people, so that it has met neither the person nor anybody of the test part.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from core.config import Config
from core.encode.attribution import LogOdds, Score, Similarity, figures
from core.encode.embeddings import Embeddings
from core.errors import ConfigError, NotEnoughData
from core.faces.faceset import UNKNOWN
from core.measure.targets import target
from core.split import Split

SHUFFLE_SEED = 0

IDENTITY, LABEL, SHUFFLED = "identity", "label", "shuffled"
"""Names of the scores. `shuffled` is the label's by a probe that learnt shuffled labels."""


@dataclass(frozen=True, eq=False)
class Probe:
    """A linear probe of `classes`, fitted on the faces at `rows`: `weight` (k, d), `bias` (k,).

    `accuracy` is its balanced accuracy on the `tested` faces of the reference split's test people.
    """

    classes: tuple[str, ...]
    weight: np.ndarray
    bias: np.ndarray
    rows: np.ndarray
    accuracy: float
    tested: int

    def score(self, shown: str) -> LogOdds:
        """The log-odds of the class `shown`."""
        return LogOdds(self.weight, self.bias, self.classes.index(shown))

    def says(self, x: np.ndarray) -> str:
        """The class that it names for a vector (d,)."""
        return self.classes[int(np.argmax(self.weight @ x.astype(float) + self.bias))]


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked of row `row`: the scores, by name, and what is told of them."""

    row: int
    scores: dict[str, Score]
    floors: dict[str, float]
    others: int
    label: str = ""
    shown: str = ""
    probe: Probe | None = None
    notes: list[str] = field(default_factory=list)


def question(config: Config, wanted: str | None, x: Embeddings, split: Split, row: int) -> Question:
    """What is asked of the face at `row`; `wanted` None takes the first sensitive label.

    A label that cannot be asked is told in `notes`. Raises `ConfigError` or `NotEnoughData` where
    it was wanted by name.
    """
    found = _identity(x, split, row)
    label, why = wanted, ""
    if label is None:
        label = next((one for one in config.sensitive or () if one in x.labels), None)
        why = "" if label else "no sensitive label is in this set"
    elif label not in x.labels:
        raise ConfigError(
            f"label: '{label}' is not in this set: choose one of {', '.join(x.labels) or 'none'}"
        )
    fitted = why if label is None else probe(x, label, split)
    shown = "" if label is None else str(x.table[label].iloc[row])
    if isinstance(fitted, Probe) and shown not in fitted.classes:
        fitted = f"the probe of {label} does not know '{shown}', which this face shows"
    if isinstance(fitted, str):
        if wanted is not None:
            raise NotEnoughData(f"{fitted}: choose another label or another face")
        found.notes.append(f"no map of a label: {fitted}")
        return found
    assert label is not None, "a probe has a label"
    score = fitted.score(shown)
    other = _others(x, split, row)
    other = other[~np.isin(x.table[label].to_numpy(dtype=object)[other], [shown, UNKNOWN])]
    scores: dict[str, Score] = {**found.scores, LABEL: score}
    shuffled = probe(x, label, split, shuffled=True)
    if isinstance(shuffled, Probe):
        scores[SHUFFLED] = shuffled.score(shown)
    floors = {**found.floors, LABEL: _mean(figures(score, x.x[other]))}
    return Question(
        row, scores, floors, found.others, label, shown, fitted, found.notes
    )  # fmt: skip


def _others(x: Embeddings, split: Split, row: int) -> np.ndarray:
    """The test people's faces but those of whom `row` shows."""
    return split.test[x.subjects[split.test] != x.subjects[row]]


def _identity(x: Embeddings, split: Split, row: int) -> Question:
    """Cosine with the mean direction of the person's other faces, or with the face's own."""
    same = np.flatnonzero(x.subjects == x.subjects[row])
    own = same[same != row]
    notes = []
    if not len(own):
        notes.append("this person has one picture: identity is the cosine with its own vector")
    read = x.x[own if len(own) else [row]].astype(float)
    lengths = np.maximum(np.linalg.norm(read, axis=1, keepdims=True), 1e-12)
    score = Similarity((read / lengths).mean(axis=0))
    floor = _mean(figures(score, x.x[_others(x, split, row)]))
    return Question(row, {IDENTITY: score}, {IDENTITY: floor}, len(own), notes=notes)


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else float("nan")


def probe(x: Embeddings, label: str, split: Split, *, shuffled: bool = False) -> Probe | str:
    """A logistic probe of `label` on the attacker's people of `split`, or why there is none.

    `shuffled`: their labels are dealt anew, so that it learns nothing but noise.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import balanced_accuracy_score
    from sklearn.preprocessing import StandardScaler

    asked = target(x.table, label)
    y = np.full(len(x), -1, dtype=np.int64)
    y[asked.rows] = asked.y
    rows = split.attacker[y[split.attacker] >= 0]
    known = np.unique(y[rows])
    if len(known) < 2:
        return f"{len(known)} classes of {label} are shown by the attacker's people, of 2 needed"
    learnt = y[rows]
    if shuffled:
        learnt = np.random.default_rng(SHUFFLE_SEED).permutation(learnt)
    read = x.x[rows].astype(np.float64)
    scale = StandardScaler().fit(read)
    model = LogisticRegression(C=1.0, max_iter=300).fit(scale.transform(read), learnt)
    weight = model.coef_ / scale.scale_
    bias = model.intercept_ - weight @ scale.mean_
    if len(known) == 2:  # scikit-learn keeps one row for two classes
        weight, bias = np.vstack([np.zeros_like(weight), weight]), np.append(0.0, bias)
    tested = split.test[np.isin(y[split.test], known)]
    said = known[np.argmax(x.x[tested] @ weight.T + bias, axis=1)] if len(tested) else []
    accuracy = balanced_accuracy_score(y[tested], said) if len(tested) else float("nan")
    classes = tuple(asked.classes[code] for code in known)
    return Probe(classes, weight, bias, rows, float(accuracy), len(tested))

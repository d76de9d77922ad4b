"""What the fairness study is going to do with one set, before anything is fitted."""

from __future__ import annotations

from dataclasses import dataclass

from core.config_parts import Fairness
from core.decide.fit import Classifier
from core.decide.registry import CLASSIFIERS
from core.encode.embeddings import Embeddings
from core.errors import ConfigError, NotEnoughData
from core.study import expected
from core.study.fairness_draws import Draws, deal, draw
from core.study.fairness_phi import Fitting
from core.study.fairness_question import Question, question


@dataclass(frozen=True)
class Study:
    """The study of one set: what is asked of it, and who is trained on and judged by."""

    x: Embeddings
    settings: Fairness
    fitting: Fitting
    question: Question
    draws: Draws

    @property
    def classifier(self) -> Classifier:
        """The one that the settings name."""
        return CLASSIFIERS[self.settings.classifier]

    @property
    def fits(self) -> int:
        """Classifiers that are trained: x plain and reweighted, and each φ."""
        others = len(self.fitting.methods) + len(self.fitting.brought)
        return (2 + others) * len(self.draws.strengths) * len(self.draws.evaluation)

    @property
    def each(self) -> int:
        """Steps of the bar that one classifier is worth; one step is what it is for suppressors."""
        return max(1, round(self._one / self._step))

    @property
    def steps(self) -> int:
        """Steps of the bar that the study takes."""
        fitting = self.fitting.steps(self.draws.splits, self.settings.phi)
        return self.fits * self.each + fitting * self.draws.possible

    def seconds(self, workers: int) -> float:
        """About how long fitting and training take on so many cores, from what was measured."""
        return self.steps * self._step / max(workers, 1)

    @property
    def _one(self) -> float:
        return self.classifier.seconds(self.draws.n_train, self.x.x.shape[1])

    @property
    def _step(self) -> float:
        """Seconds: a tenth on vectors of `PLAIN` numbers (`core.study.expected`)."""
        rows = max((len(one.suppressor) for one in self.draws.splits), default=0)
        return 0.1 * max(rows * self.x.x.shape[1] / expected.PLAIN, 0.02)


def prepare(
    x: Embeddings, settings: Fairness, fitting: Fitting, *, seed: int, named: bool
) -> Study | str:
    """What is going to be done, or the sentence that says why nothing can be.

    `named`: whether somebody asked for this study; `ConfigError` then takes the sentence's place,
    and is raised in any case where a label that was named cannot serve.
    """
    if not x.has_subjects:
        return _refused("nobody said who is who, and fairness deals people into parts", named)
    try:
        asked = question(x, settings)
    except NotEnoughData as error:
        return _refused(str(error), named)
    keeps = fitting.keeps_a_part(settings.phi)
    try:
        splits = deal(x.subjects, asked, repeats=settings.repeats, seed=seed, suppressor=keeps)
    except NotEnoughData as error:
        return _refused(str(error), named)
    draws = draw(x.subjects, asked, splits, settings)
    if not draws.possible and named:
        raise ConfigError(f"fairness cannot be studied: {draws.told[-1]}; bring more people")
    return Study(x, settings, fitting, asked, draws)


def _refused(why: str, named: bool) -> str:
    if named:
        raise ConfigError(f"fairness cannot be studied: {why}")
    return f"fairness was left out: {why}"

"""Equality of opportunity under a bias of known strength (METHODS, study 5).

Thesis, section 4.3 and Table 4.2; Morales et al. (TPAMI 2021), section 4.4 and Table III. Of a
training set of strength s, a share s of the positives and 1 − s of the negatives belong to the
favoured group; .5 is the unbiased set. A positive gap favours the group that the bias favours. The
shift is the gap of a biased set less that of the balanced one, over the same repeats and people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from core.config_parts import Fairness
from core.decide.fit import Scores
from core.decide.registry import BASELINES
from core.encode.embeddings import Embeddings
from core.engine import Engine
from core.measure.fairness import Decisions, Figure, figures, paired
from core.measure.intervals import weights
from core.progress import Progress
from core.store import Store
from core.study.fairness_draws import BALANCED
from core.study.fairness_facts import facts
from core.study.fairness_fits import PLAIN, REWEIGHTING, THRESHOLD, Fits, Task
from core.study.fairness_phi import Fitting
from core.study.fairness_plan import Study, prepare
from core.study.fairness_rows import differences, rows, score_rows
from core.study.representation import Representation
from core.table import StudyResult, table

__all__ = ["Study", "fairness", "prepare"]


def fairness(
    x: Embeddings,
    settings: Fairness,
    fitting: Fitting,
    *,
    named: bool,
    seed: int,
    device: str,
    store: Store,
    progress: Progress,
    engine: Engine,
    prepared: Study | str | None = None,
    resamples: int = 2000,
) -> StudyResult:
    """The tables `fairness`, `fairness_scores` and `differences` (gaps of φ less those of x).

    `prepared` is what `prepare` gave where it was asked before. Raises as `prepare` does.
    """
    study = prepared or prepare(x, settings, fitting, seed=seed, named=named)
    if isinstance(study, str):
        return StudyResult({}, (study,))
    work = Fits(
        study.classifier,
        study.question,
        study.draws,
        seed,
        device,
        store,
        progress,
        engine,
        study.each,
    )
    return _Run(study, work, resamples).result()


@dataclass
class _Run:
    study: Study
    work: Fits
    resamples: int
    warnings: list[str] = field(default_factory=list)
    figures: dict[tuple[str, str, float], list[Figure] | None] = field(default_factory=dict)
    scores: list[pd.DataFrame] = field(default_factory=list)
    epochs: dict[str, list[int]] = field(default_factory=dict)

    def result(self) -> StudyResult:
        study, draws = self.study, self.study.draws
        self.warnings += draws.told
        self.work.progress.start("Deciding fairly", study.steps)
        for strength in draws.impossible:
            for method in (PLAIN, *BASELINES):
                self.figures["x", method, strength] = None
        if draws.possible:
            representations = {"x": Representation(study.x)}
            phis = study.fitting.each(draws.splits, study.settings.phi, study.question.protected)
            for one in phis:
                self.warnings += [text for text in (one.warning, *one.told) if text]
                if one.representation is not None:
                    representations[one.name] = one.representation
            self._decide(representations)
        common = {
            "classifier": study.classifier.name,
            "target": study.question.target.name,
            "protected": study.question.protected.name,
        }
        found = rows(common, self.figures, study.question)
        tables = {
            "fairness": table("fairness", found),
            "differences": table("differences", differences(common, self.figures)),
        }
        if self.scores:
            tables["fairness_scores"] = pd.concat(self.scores, ignore_index=True)
        return StudyResult(tables, tuple(self.warnings), {"fairness": facts(study, self.epochs)})

    def _decide(self, representations: Mapping[str, Representation]) -> None:
        """Train on every representation, and measure what was decided."""
        draws, work = self.study.draws, self.work
        methods = {name: (PLAIN, REWEIGHTING) if name == "x" else (PLAIN,)
                   for name in representations}  # fmt: skip
        tasks = [task for name, own in methods.items() for task in work.tasks(name, own)]
        found = work.scores(representations, tasks)
        for name, own in methods.items():
            for strength in draws.impossible:
                self.figures[name, PLAIN, strength] = None
            for method in own:
                for strength in draws.strengths:
                    said = {task: found[task] for task in tasks
                            if task[:3] == (name, method, strength)}  # fmt: skip
                    self._measure(name, method, strength, said)
                    if name == "x" and method == PLAIN:
                        self._move(name, strength, said)
            self.epochs[name] = [
                one.epochs for task, one in found.items() if task.representation == name
            ]
            self._shift(name)

    def _measure(
        self, name: str, method: str, strength: float, found: Mapping[Task, Scores]
    ) -> None:
        said = [one.wanted for one in found.values()]
        decided = [one >= 0.5 for one in said]
        self.figures[name, method, strength] = self._figures(decided, said)
        study = self.study
        for task, one in found.items():
            rows_ = study.draws.evaluation[task.repeat]
            self.scores.append(
                score_rows(task, study.classifier.name, study.x, study.question, rows_, one.wanted)
            )

    def _move(self, name: str, strength: float, found: Mapping[Task, Scores]) -> None:
        """The decisions of the same classifiers with a threshold for each group."""
        moved = [self.work.moved(task, said) for task, said in found.items()]
        decided = [one for one in moved if one is not None]
        whole = len(decided) == len(moved)
        self.figures[name, THRESHOLD, strength] = self._figures(decided, None) if whole else None
        if not whole:
            self.warnings.append(
                f"no threshold for each group at the strength {strength:g}: held-out people of a "
                "group do not show both classes: not enough data"
            )

    def _figures(
        self, decided: Sequence[np.ndarray], said: Sequence[np.ndarray] | None
    ) -> list[Figure]:
        q, draws = self.study.question, self.study.draws
        whole = np.concatenate(draws.evaluation)
        people, person = np.unique(self.study.x.subjects[whole].astype(str), return_inverse=True)
        decisions = Decisions(
            truth=q.y[whole] == 1,
            decided=np.concatenate(decided),
            score=None if said is None else np.concatenate(said),
            group=q.s[whole],
            names=q.protected.classes,
            person=person,
            people=len(people),
            row=whole,
            repeat=np.repeat(np.arange(len(decided)), [len(one) for one in decided]),
            beside=tuple((one.name, one.code[whole], one.classes) for one in q.beside),
        )
        drawn = weights(len(people), resamples=self.resamples, seed=self.work.seed)
        return figures(decisions, drawn)

    def _shift(self, name: str) -> None:
        """Add the shift of each gap against balanced training."""
        for (own, method, strength), found in self.figures.items():
            base = self.figures.get((name, method, BALANCED))
            if own != name or strength == BALANCED or found is None or base is None:
                continue
            before = {one.group: one for one in base if one.metric == "gap"}
            gaps = [one for one in found if one.metric == "gap"]
            found += [paired(one, before[one.group], "shift") for one in gaps]

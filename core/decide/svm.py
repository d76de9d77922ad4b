"""SensitiveNets' classifier: a support vector machine with radial basis functions.

Morales et al. (TPAMI 2021), section 4.4: "SVM", with neither kernel nor C printed; RBF, C = 1 and
gamma "scale" are scikit-learn's defaults, declared. The machine decides by the sign of its margin;
its probability is a sigmoid of that margin (Platt 1999), fitted on held-out people of the training
part and without a constant, so that one half is still where the machine decides.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import special

from core.attack.fast import estimator
from core.decide.fit import Job, Scores, seen

PER_PRODUCT = 4.7e-11
"""Seconds for rows² × dimensions with scikit-learn-intelex: 31 s for 36,000 × 512, on one core."""
PER_ROW = 1.3e-4
"""Seconds for preparing and scoring, of each row: 1.65 s for 6,000 × 512 in all."""
WITHOUT = 10
"""How many times as long scikit-learn itself takes."""


class Machine:
    """RBF support vector machine, exact."""

    name = "svm"
    version = 1

    def decide(self, jobs: Sequence[Job], *, device: str) -> list[Scores]:
        """Train each job, and score its rows, on a processor whatever the device is."""
        return [_decided(job) for job in jobs]

    def seconds(self, rows: int, dimensions: int) -> float:
        """About how long one job takes on one core."""
        slower = 1 if estimator("svm", "SVC").__module__.startswith("sklearnex") else WITHOUT
        return slower * (PER_PRODUCT * rows**2 * dimensions + PER_ROW * rows)


def _decided(job: Job) -> Scores:
    fit, held, wanted = seen(job)
    model = estimator("svm", "SVC")(C=1.0, kernel="rbf", gamma="scale")
    model.fit(fit, job.y[job.fit], sample_weight=job.weight)
    margins = [np.ravel(model.decision_function(one)) if len(one) else np.zeros(0)
               for one in (held, wanted)]  # fmt: skip
    steep = steepness(margins[0], job.y[job.held])
    said = [special.expit(steep * own).astype(np.float32) for own in margins]
    # Rounding must not move a decision.
    for own, margin in zip(said, margins, strict=True):
        own[(margin > 0) & (own < 0.5)] = 0.5
        own[(margin <= 0) & (own >= 0.5)] = np.nextafter(np.float32(0.5), np.float32(0))
    return Scores(said[0], said[1])


def steepness(margins: np.ndarray, truth: np.ndarray) -> float:
    """The factor, above 0, by which margins (h,) become the log-odds of `truth` (h,).

    1 where the held-out people show a single class, or where their margins say nothing.
    """
    from sklearn.linear_model import LogisticRegression

    if len(set(truth.tolist())) < 2:
        return 1.0
    model = LogisticRegression(fit_intercept=False).fit(margins[:, None], truth)
    found = float(model.coef_[0, 0])
    return found if found > 0 else 1.0

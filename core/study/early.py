"""What can be refused before a picture is encoded: studies that people and labels cannot serve."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from core.config import Config
from core.config_parts import FIXED_ROLES
from core.encode.embeddings import Embeddings
from core.errors import ConfigError
from core.faces.faceset import FaceSet
from core.measure.targets import Target
from core.project.method import FEWEST
from core.study.fairness_phi import Fitting
from core.study.fairness_plan import prepare
from core.study.protocol import reference_of, targets_of


def early(config: Config, faces: FaceSet) -> None:
    """Raise `ConfigError` where a study was asked for by name that these `faces` cannot serve.

    The same is asked again of what could be encoded, which may be fewer faces.
    """
    if not config.asked("studies") or config.preset == "careless" or not faces.has_subjects:
        return
    x = _unseen(faces)
    refuse(config.studies, x, _targets(config, x))
    if "fairness" in config.studies:
        prepare(x, config.fairness, Fitting(), seed=config.seed, named=True)


def refuse(asked: Collection[str], x: Embeddings, targets: Sequence[Target]) -> None:
    """Raise `ConfigError` where a study that was named would have nothing to show of the people and
    labels of `x`; its vectors are not looked at."""
    if "ablation" in asked and not any(one.k >= 2 for one in targets):
        raise ConfigError(
            "ablation is asked for by name, and no label of these faces has two classes to "
            "tell apart: bring such a label, or leave ablation out of studies"
        )
    if "projection" not in asked:
        return
    shown = len(reference_of(x).test)
    if shown < FEWEST:
        raise ConfigError(
            f"projection is asked for by name, and the reference split tests {shown} faces (at "
            f"least {FEWEST} are needed): bring more people, or leave it out of studies"
        )


def _targets(config: Config, x: Embeddings) -> list[Target]:
    elsewhere = [name for name in config.roles if name not in FIXED_ROLES]
    return targets_of(config, x, [], elsewhere=elsewhere)


def _unseen(faces: FaceSet) -> Embeddings:
    """The faces with vectors of no information, as long as nobody looks at these."""
    return Embeddings(
        np.zeros((len(faces), 1), np.float32), faces.table, faces.labels, "none", "0" * 64,
        name=faces.name, has_subjects=faces.has_subjects, synthetic=faces.synthetic,
        origin=faces.origin,
    )  # fmt: skip

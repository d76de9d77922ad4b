"""The studies that open the pictures again: action units with relevance, and anonymity.

They are part of an audit only where somebody asked for them by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.config import Config
from core.encode.encoder import Encoder
from core.encode.network import choose_device
from core.errors import ConfigError
from core.faces.faceset import FaceSet
from core.study import summary
from core.study.leakage import Publish
from core.study.protocol import PERMUTATIONS
from core.table import StudyResult

if TYPE_CHECKING:
    from core.study.suppressing import Suppressing

STUDIES: tuple[str, ...] = ("action_units", "anonymity")


def seconds(
    config: Config, faces: FaceSet | None, encoder: Encoder | None, base: Path, *, workers: int
) -> Mapping[str, float]:
    """Seconds that each phase of these studies is expected to take.

    Raises `ConfigError` before any work where these faces cannot serve what was asked for.
    """
    asked = [name for name in STUDIES if name in config.studies]
    if asked and faces is None:
        raise ConfigError(
            f"{', '.join(asked)} opens pictures, and this audit reads vectors: give faces and an "
            "encoder, or leave it out of studies"
        )
    found: dict[str, float] = {}
    if faces is not None and "action_units" in asked:
        from core.study import action_units, action_units_plan, relevance_faces

        plan = action_units.check(faces, encoder, config.action_units, seed=config.seed, base=base)
        device = choose_device(config.device)
        found |= action_units_plan.seconds(plan, device=device, workers=workers)
        found |= relevance_faces.seconds(plan)
    if faces is not None and "anonymity" in asked:
        from core.study import anonymity

        found |= anonymity.check(faces, _emotion(config), config.anonymity, workers=workers)
    return found


def _emotion(config: Config) -> str:
    """The label whose classes are the emotions: the first that is sensitive."""
    if not config.sensitive:
        raise ConfigError(
            "anonymity learns emotions, and sensitive is null: name the label that holds them"
        )
    return config.sensitive[0]


@dataclass(frozen=True)
class Pictured:
    """These studies of one audit."""

    suppressing: Suppressing
    publish: Publish

    def each(self) -> Iterator[StudyResult]:
        """Every one that was asked for, in their order."""
        studies, faces = self.suppressing.config.studies, self.suppressing.data.faces
        if faces is None:
            return
        if "action_units" in studies:
            yield self._action_units(faces)
        if "anonymity" in studies:
            yield self._anonymity(faces)

    def _action_units(self, faces: FaceSet) -> StudyResult:
        from core.study.action_units import begin
        from core.study.relevance_faces import relevance_after

        own, config = self.suppressing, self.suppressing.config
        work = begin(
            faces, own.data.encoder, config.action_units, seed=config.seed,
            device=choose_device(config.device), store=own.store, progress=own.progress,
            engine=own.engine, base=own.base,
        )  # fmt: skip
        detected = work.result(self.publish)
        return summary.joined([detected, relevance_after(work, faces)])

    def _anonymity(self, faces: FaceSet) -> StudyResult:
        from core.study.anonymity import anonymity

        own, config = self.suppressing, self.suppressing.config
        return anonymity(
            faces, _emotion(config), config.anonymity, permutations=PERMUTATIONS[config.look],
            seed=config.seed, device=choose_device(config.device), store=own.store,
            progress=own.progress, engine=own.engine, publish=self.publish,
        )  # fmt: skip

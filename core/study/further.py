"""The studies behind leakage and verification: projections, ablation, fairness, and those of
pictures (`core.study.pictured`).

Projections, and the ablation of a quick look, show the reference split; the ablation of a full look
goes over the rotation's first repeat. Fairness deals its own parts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from core.config import Config
from core.encode.network import choose_device
from core.errors import ConfigError
from core.measure.targets import Target
from core.split import Split
from core.study import expected, pictured
from core.study.early import refuse
from core.study.fairness import fairness, prepare
from core.study.fairness_phi import Fitting
from core.study.leakage import Publish
from core.study.protocol import PERMUTATIONS, reference_of
from core.study.reference import Reference, reference
from core.study.representation import Representation
from core.study.suppressing import Outcome, Suppressing
from core.table import StudyResult

CONTROLS = ("pixels", "random", "norm")
STUDIES: tuple[str, ...] = ("projection", "ablation", "fairness", *pictured.STUDIES)


@dataclass(frozen=True)
class Further:
    """The further studies of one audit, with the suppressors that `suppressing` made."""

    suppressing: Suppressing
    outcome: Outcome
    targets: Sequence[Target]
    publish: Publish

    @property
    def _config(self) -> Config:
        return self.suppressing.config

    def check(self) -> dict[str, float]:
        """Seconds that each phase is expected to take.

        Raises `ConfigError` before any work where a study was asked for by name and cannot be.
        """
        asked, why = self._asked()
        if why and asked and self._config.asked("studies"):
            raise ConfigError(f"{', '.join(asked)}: {why}; leave out of studies what cannot be")
        if self._config.asked("studies"):
            refuse(asked, self.suppressing.data.x, self.targets)
        return {} if why else self._seconds(asked)

    def each(self, representations: Mapping[str, Representation]) -> Iterator[StudyResult]:
        """Every one that was asked for and that these data can serve, in their order."""
        asked, why = self._asked()
        if why and asked:
            self.suppressing.warnings.append(f"{', '.join(asked)}: left out, since {why}")
        if why or not asked:
            return
        activations = self.suppressing.activations.x if self._reads_activations() else None
        seen = reference(self.suppressing.data.x, self.outcome, activations)
        if "projection" in asked:
            yield self._told("projection", self._projection(seen))
        if "ablation" in asked and not self.targets:
            self.suppressing.warnings.append("ablation: left out, since no label is attacked here")
        elif "ablation" in asked:
            yield self._told("ablation", self._ablation(seen, representations))
        if "fairness" in asked:
            yield self._told("fairness", self._fairness(representations))
        yield from pictured.Pictured(self.suppressing, self.publish).each()

    def _asked(self) -> tuple[list[str], str]:
        """The studies, and why none of them says anything honest of these data."""
        wanted: Sequence[str] = self._config.studies
        asked = [name for name in STUDIES if name in wanted]
        if self._config.preset == "careless":
            return asked, "the preset careless is about leakage and verification"
        if not self.suppressing.data.x.has_subjects:
            return asked, "nobody said who is who, and these studies deal people into parts"
        return asked, ""

    def _reads_activations(self) -> bool:
        return any(fit.reads == "activations" for fit, _ in self.outcome.kept.values())

    def _seconds(self, asked: Sequence[str]) -> dict[str, float]:
        config, x, found = self._config, self.suppressing.data.x, {}
        compared, workers = 1 + len(config.suppressors), self.suppressing.engine.workers
        if "projection" in asked:
            found["projecting"] = expected.projecting(config, x, compared)
        if "ablation" in asked:
            splits = self._ablated()
            rows = max(len(split.attacker) for split in splits)
            one = expected.ablating(
                config, x, compared, targets=len(self.targets), rows=rows, splits=len(splits)
            )
            found["ablation"] = one / workers
        if "fairness" in asked:
            named = config.asked("studies")
            study = prepare(x, config.fairness, self._fitting({}), seed=config.seed, named=named)
            found["deciding fairly"] = 0.0 if isinstance(study, str) else study.seconds(workers)
        own = self.suppressing
        more = pictured.seconds(config, own.data.faces, own.data.encoder, own.base, workers=workers)
        return {**found, **more}

    def _projection(self, seen: Reference) -> StudyResult:
        # UMAP takes seconds to load.
        from core.study.projection import projection

        own, config = self.suppressing, self._config
        sensitive = [one for one in self.targets if one.attribute in (config.sensitive or ())]
        return projection(
            seen, config.projection, sensitive[0] if sensitive else None,
            store=own.store, progress=own.progress, engine=own.engine, seed=config.seed,
            device=choose_device(config.device),
        )  # fmt: skip

    def _ablation(
        self, seen: Reference, representations: Mapping[str, Representation]
    ) -> StudyResult:
        from core.study.ablation import ablation

        own, config = self.suppressing, self._config
        rotated = {name: one for name, one in representations.items() if name not in CONTROLS}
        shown = rotated if self._rotates() else seen.representations
        return ablation(
            shown, self._ablated(), self.targets, config.ablation,
            permutations=PERMUTATIONS[config.look], seed=config.seed,
            device=choose_device(config.device), store=own.store, progress=own.progress,
            engine=own.engine, publish=self.publish,
        )  # fmt: skip

    def _rotates(self) -> bool:
        return self._config.look == "full" and bool(self.suppressing.splits)

    def _ablated(self) -> Sequence[Split]:
        """The rotation's first repeat with a full look, otherwise the reference split."""
        splits = self.suppressing.splits
        if self._rotates():
            return [split for split in splits if split.seed == splits[0].seed]
        return [reference_of(self.suppressing.data.x)]

    def _fairness(self, representations: Mapping[str, Representation]) -> StudyResult:
        own, config = self.suppressing, self._config
        return fairness(
            own.data.x, config.fairness, self._fitting(representations),
            named=config.asked("studies"), seed=config.seed, device=choose_device(config.device),
            store=own.store, progress=own.progress, engine=own.engine,
        )  # fmt: skip

    def _fitting(self, representations: Mapping[str, Representation]) -> Fitting:
        brought = {
            name: one
            for name, one in representations.items()
            if name not in ("x", *CONTROLS, *self.outcome.methods) and one.single
        }
        return Fitting(self.outcome.methods, self.outcome.work, brought, self._config.neutral)

    def _told(self, name: str, found: StudyResult) -> StudyResult:
        """Publish what a page shows as soon as it is there."""
        for shown in (name, f"{name}_quality"):
            if shown in found.tables:
                self.publish(shown, found.tables[shown])
        return found

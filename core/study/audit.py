"""A whole audit: faces → encode → split → attack → measure → tables, in this order only here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from core.config import Config
from core.config_presets import filled
from core.encode.embeddings import Embeddings
from core.encode.encoder import Encoder
from core.engine import Engine, make_engine
from core.faces.faceset import FaceSet
from core.measure.targets import Target
from core.progress import Progress
from core.split import Split
from core.store import Store
from core.study import controls, pictured, summary, suppression
from core.study.beside import beside
from core.study.brought import check_there
from core.study.early import early
from core.study.elsewhere import Elsewhere
from core.study.expected import seconds
from core.study.frontier import Frontier, frontier, points
from core.study.further import Further
from core.study.headline import checks, headline
from core.study.leakage import Leakage, Plan
from core.study.pool import Pool
from core.study.protocol import PERMUTATIONS, in_order, plan_of, splits_of, targets_of
from core.study.reading import Data, Publish, Reading
from core.study.representation import Representation
from core.study.roles import Roles, read_roles
from core.study.sampling import sampled
from core.study.summary import Audit, write
from core.study.suppressing import Outcome, Suppressing, keeps_a_part
from core.study.suppression import Suppressed
from core.suppress.suppressor import Suppressor
from core.table import StudyResult

__all__ = ["Audit", "audit", "write"]


def audit(
    config: Config, *, base: Path, store: Store, progress: Progress, publish: Publish
) -> Audit:
    """Run the audit that `config` asks for; `base` is the folder its paths are relative to.

    `publish` receives tables as they grow: "first" from a declared part of the set, then
    "leakage". Raises `InputError` where the input or the settings are at fault.
    """
    progress.start("Reading", 1)
    with make_engine(config.engine) as engine:
        return _Run(config, base, store, progress, publish, engine).all()


@dataclass
class _Run:
    config: Config
    base: Path
    store: Store
    progress: Progress
    publish: Publish
    engine: Engine
    warnings: list[str] = field(default_factory=list)
    kept: dict[str, tuple[Suppressor, int]] = field(default_factory=dict)

    def all(self) -> Audit:
        """Walk the road once, left to right."""
        self.config, notes = filled(self.config)
        config, warnings = self.config, self.warnings
        check_there(config.suppressors, self.base)
        reading = self._reading()
        data = reading.data()
        described = summary.described(data.x, data.licence)
        roles = read_roles(config, reading, data)
        sample, pool = sampled(config, data, roles.pool), roles.pool
        if sample is not None:  # the whole set is let go here: nothing below holds it
            data, pool = sample.data, sample.pool or pool
            warnings.append(sample.told)
        x = data.x
        targets = targets_of(config, x, warnings, elsewhere=roles.attacked)
        own = targets
        part = keeps_a_part(config, x, pool)
        splits = splits_of(config, x, targets, warnings, suppressor=part)
        suppressing = self._suppressing(data, splits, pool)
        outcome = suppressing.begin()
        controls_ = self._controls(data)
        plan = plan_of(config, splits)
        attacks = "leakage" in config.studies and bool(splits and targets)
        walk = self._walk(plan, targets, roles) if attacks else None
        further = Further(suppressing, outcome, own, self.publish)
        more_seconds = further.check()
        fits = suppressing.steps(outcome)
        self._expect(data.x, plan, walk, fits, controls_, outcome, more_seconds)
        everything: dict[str, Representation] = {}
        for name, one in _stream(x, suppressing.each(outcome), controls_):
            everything[name] = one
            if walk is not None:
                walk.attack(name, one)
        results: list[StudyResult] = []
        front: Frontier | None = None
        read: Mapping[str, pd.DataFrame] = {}
        if "leakage" in config.studies:
            if walk is not None:
                results.append(self._leakage(walk, everything, targets, plan))
                front = self._frontier(outcome, targets, plan)
            read = results[0].tables if results else {}
            before = read.get("leakage")
            more, found = self._elsewhere(everything).leakage(roles, before)
            targets, results = in_order(config, [*targets, *more]), [*results, *found]
        if "verification" in config.studies:
            results.append(self._verification(everything, splits, roles))
        results.append(self._groups(everything, splits, read))
        results += further.each(everything)
        if outcome.found:
            results.append(suppression.told(outcome.found, splits, x))
        if front is not None:
            results.append(front.result)
        if sample is not None:
            results.append(StudyResult({}, (), {"sample": dict(sample.facts)}))
        self.kept |= outcome.kept
        said = {"data": described, "roles": roles.told, "preset_notes": notes}
        return self._audit(data, targets, splits, summary.joined(results), said, front)

    # -- representations -----------------------------------------------------------------------

    def _reading(self) -> Reading:
        return Reading(
            self.config, self.base, self.store, self.progress, self.publish, self.engine,
            self.warnings, check=self._check,
        )  # fmt: skip

    def _check(self, faces: FaceSet, encoder: Encoder | None) -> None:
        """Refuse faces that cannot serve a study which was asked for by name."""
        if encoder is None:
            early(self.config, faces)
        else:
            pictured.seconds(self.config, faces, encoder, self.base, workers=self.engine.workers)

    def _controls(self, data: Data) -> dict[str, Representation]:
        """x and what it is held against."""
        found = {"x": data.x}
        if data.pixels is not None:
            found["pixels"] = data.pixels
        found["random"] = controls.random(data.x, seed=self.config.seed)
        length = controls.norm(data.x)
        if length is not None:
            found["norm"] = length
        return {name: Representation(one) for name, one in found.items()}

    def _suppressing(self, data: Data, splits: Sequence[Split], pool: Pool | None) -> Suppressing:
        return Suppressing(
            self.config, self.base, data, splits, pool, self.store, self.progress,
            self.engine, self.warnings,
        )  # fmt: skip

    def _elsewhere(self, representations: Mapping[str, Representation]) -> Elsewhere:
        return Elsewhere(
            self.config, representations, self.store, self.progress, self.engine, self.publish,
            self.warnings,
        )  # fmt: skip

    # -- studies -------------------------------------------------------------------------------

    def _walk(self, plan: Plan, targets: Sequence[Target], roles: Roles) -> Leakage:
        return Leakage(
            {}, targets, plan,
            store=self.store, progress=self.progress, engine=self.engine, publish=self.publish,
            outside=roles.outside,
        )  # fmt: skip

    def _expect(
        self,
        x: Embeddings,
        plan: Plan,
        walk: Leakage | None,
        fits: int,
        controls_: Mapping[str, Representation],
        outcome: Outcome,
        further: Mapping[str, float],
    ) -> None:
        """Say how long each phase will take, and begin the one that fits and attacks."""
        compared = 1 + len(self.config.suppressors) + (len(controls_) - 3 > 0)
        total = fits
        if walk is not None:
            like = controls_["x"]
            total += walk.steps(like, True) * (1 + len(self.config.suppressors))
            total += walk.steps(like, False) * (len(controls_) - 1)
        turned = points(outcome.methods) if self._draws_frontier(outcome) else []
        phase = "Suppressing" if walk is None else "Attacking"
        expected = seconds(
            self.config, x, plan, {phase: total}, compared=compared, points=len(turned),
            workers=self.engine.workers,
        )  # fmt: skip
        last = {"writing": expected.pop("writing")}
        self.progress.plan({**expected, **further, **last})
        self.progress.start(phase, total)

    def _leakage(
        self,
        walk: Leakage,
        representations: Mapping[str, Representation],
        targets: Sequence[Target],
        plan: Plan,
    ) -> StudyResult:
        found = walk.result()
        more = beside(
            self.config, representations, targets, plan,
            store=self.store, progress=self.progress, engine=self.engine,
        )  # fmt: skip
        return summary.joined([found, *more])

    def _draws_frontier(self, outcome: Outcome) -> bool:
        """With a full look; careless figures are no frontier."""
        config = self.config
        both = {"leakage", "verification"} <= set(config.studies)
        honest = config.look == "full" and config.preset != "careless"
        return both and honest and outcome.work is not None

    def _frontier(self, outcome: Outcome, targets: Sequence[Target], plan: Plan) -> Frontier | None:
        """Each method along its dial, on the first repeat of the rotation."""
        sensitive = [one for one in targets if one.attribute in (self.config.sensitive or ())]
        if outcome.work is None or not self._draws_frontier(outcome) or not sensitive:
            return None
        first = [split for split in plan.splits if split.seed == plan.splits[0].seed]
        work = replace(outcome.work, splits=first)
        return frontier(outcome.methods, work, sensitive[0], replace(plan, splits=first))

    def _verification(
        self,
        representations: Mapping[str, Representation],
        splits: Sequence[Split],
        roles: Roles,
    ) -> StudyResult:
        from core.study.verification import verification

        if roles.verification is not None:
            return self._elsewhere(representations).verification(roles.verification)

        # Noise and lengths verify nobody.
        named = {
            name: found for name, found in representations.items() if name not in ("random", "norm")
        }
        return verification(
            named, splits, store=self.store, progress=self.progress, seed=self.config.seed
        )

    def _groups(
        self,
        representations: Mapping[str, Representation],
        splits: Sequence[Split],
        read: Mapping[str, pd.DataFrame],
    ) -> StudyResult:
        from core.study.groups import groups

        return groups(
            representations, splits, read, store=self.store, progress=self.progress,
            seed=self.config.seed, verify="verification" in self.config.studies,
        )  # fmt: skip

    # -- summary -------------------------------------------------------------------------------

    def _audit(
        self,
        data: Data,
        targets: Sequence[Target],
        splits: Sequence[Split],
        found: StudyResult,
        said: Mapping[str, Any],
        front: Frontier | None,
    ) -> Audit:
        config, x, leakage = self.config, data.x, found.tables.get("leakage")
        told = [*self.warnings, *(text for text in found.warnings if text not in self.warnings)]
        whole = {
            **summary.opening(config, PERMUTATIONS[config.look]),
            "data": said["data"],
            "encoder": {
                "kind": data.encoder_kind,
                "name": x.encoder,
                "digest": x.encoder_digest,
                "dimensions": x.x.shape[1],
            },
            "parts": summary.parts(splits, x),
            **{name: one for name, one in said.items() if one},
            "headline": headline(
                leakage,
                targets,
                x.x.shape[1],
                synthetic=x.synthetic,
                careless=config.preset == "careless",
                verification=found.tables.get("verification"),
                differences=found.tables.get("differences"),
                suppressors=[(one.name or one.kind, one.kind) for one in config.suppressors],
            ),
            "checks": checks(leakage, splits, x, config.preset),
            "warnings": told,
            "facts": found.facts,
            "tables": sorted(found.tables),
            "suppressors": sorted(self.kept),
        }
        return Audit(whole, found.tables, self.kept, front)


def _stream(
    x: Embeddings, suppressed: Iterable[Suppressed], controls_: Mapping[str, Representation]
) -> Iterator[tuple[str, Representation]]:
    """x first, then each method as soon as it is there, then what both are held against."""
    yield "x", Representation(x)
    for one in suppressed:
        if one.representation is not None:
            yield one.name, one.representation
    yield from ((name, one) for name, one in controls_.items() if name != "x")

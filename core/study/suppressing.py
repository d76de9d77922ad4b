"""Everything that x is compared with: methods fitted here, φ that are brought, obscured faces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from core.config import Config
from core.config_parts import Suppressor as Asked
from core.encode.embeddings import Embeddings
from core.encode.network import choose_device
from core.engine import Engine
from core.errors import ConfigError
from core.progress import Progress
from core.split import Split
from core.store import Store
from core.study import summary
from core.study.activations import Activations, activations_of
from core.study.brought import brought
from core.study.pool import Pool
from core.study.reading import Data
from core.study.representation import Representation
from core.study.suppression import FEWEST, Suppressed, Suppression, fit_cost, labels_of
from core.suppress.registry import make_method
from core.suppress.suppressor import Method, Suppressor, reads


@dataclass
class Outcome:
    """What became of the suppressors that were asked for, in their order, as far as it is known.

    `kept` are those of the reference split, or of the sets of `roles`, by name, each with the
    people that it was fitted on. `methods` and `work` fit them, here and at other settings.
    """

    methods: Mapping[str, Method] = field(default_factory=dict)
    work: Suppression | None = None
    found: list[Suppressed] = field(default_factory=list)
    kept: dict[str, tuple[Suppressor, int]] = field(default_factory=dict)

    @property
    def representations(self) -> dict[str, Representation]:
        """Those that could be made, by name."""
        return {one.name: one.representation for one in self.found if one.representation}


def keeps_a_part(config: Config, x: Embeddings, pool: Pool | None) -> bool:
    """Whether people of the audited set are kept for suppressors to learn from.

    Not where nothing is fitted here, nor where other sets bring the people, nor below `FEWEST`.
    """
    fits = any(one.fitted for one in config.suppressors)
    return fits and (pool is None or pool.dealt) and summary.people(x) >= FEWEST


@dataclass(frozen=True)
class Suppressing:
    """Makes every representation that is compared with x; adds to `warnings`."""

    config: Config
    base: Path
    data: Data
    splits: Sequence[Split]
    pool: Pool | None
    store: Store
    progress: Progress
    engine: Engine
    warnings: list[str]

    def begin(self) -> Outcome:
        """What is going to be fitted; nothing is yet."""
        methods = self._methods() if self.splits else {}
        return Outcome(methods, self._work(methods) if methods else None)

    def steps(self, outcome: Outcome) -> int:
        """Steps of the bar that fitting takes."""
        fits = len(self.splits) if self.pool is None or self.pool.dealt else 1
        width = self.data.x.x.shape[1]
        return fits * sum(
            fit_cost(method, self.splits, width, self.pool, self.engine.workers)
            for method in outcome.methods.values()
        )

    def each(self, outcome: Outcome) -> Iterator[Suppressed]:
        """All of them as they are made, in the order that they were asked for; obscured faces come
        last. `outcome` is filled on the way."""
        if not self.splits:
            return
        for made in self._made(outcome):
            self.warnings.extend(text for text in (made.warning, *made.told) if text)
            outcome.found.append(made)
            yield made

    def _made(self, outcome: Outcome) -> Iterator[Suppressed]:
        x, count, work = self.data.x, len(self.splits), outcome.work
        for one in self.config.suppressors:
            name = one.name or one.kind
            if not one.fitted:
                yield brought(one, x, count, base=self.base, trunk=self._trunk)
            elif work is not None and name in outcome.methods:
                found = work.fit(name, outcome.methods[name])
                # A card must not carry careless figures: what is exported was audited honestly.
                careless = self.config.preset == "careless" or bool(found.warning)
                fit = None if careless else work.reference(outcome.methods[name])
                if fit is not None:
                    outcome.kept[name] = fit
                yield found
        if self.data.obscured is not None:
            name, vectors = self.data.obscured
            yield Suppressed(name, Representation.of_one(x, vectors.x, count))

    @cached_property
    def activations(self) -> Activations:
        """The trunk's activations of the audited faces, made where a method first asks for them."""
        return activations_of(self.data, store=self.store, progress=self.progress)

    def _trunk(self) -> Embeddings:
        return self.activations.x

    def _methods(self) -> dict[str, Method]:
        """The methods to fit, by name; none where there are too few people."""
        asked = [one for one in self.config.suppressors if one.fitted]
        people = summary.people(self.data.x)
        if asked and people < FEWEST and (self.pool is None or self.pool.dealt):
            self.warnings.append(
                f"{people} people are too few to fit a suppressor on (at least {FEWEST} are "
                "needed): not enough data; bring more people, or another set's with roles"
            )
            return {}
        return {
            one.name or one.kind: make_method(self._served(one).model_dump(exclude_unset=True))
            for one in asked
        }

    def _served(self, asked: Asked) -> Asked:
        """`asked`, with identity as its primary task where a preset's label is not there."""
        if self.config.asked("suppressors") or asked.primary in ("identity", *self._carried()):
            return asked
        self.warnings.append(
            f"{asked.name or asked.kind}: the recipe's primary task '{asked.primary}' is no label "
            "of these people: identity takes its place"
        )
        return asked.model_copy(update={"primary": "identity"})

    def _carried(self) -> list[str]:
        """Labels that the people who are learnt from carry."""
        own = [] if self.pool is not None and not self.pool.dealt else list(self.data.x.labels)
        return own + [name for name in (self.pool.columns if self.pool else ()) if name not in own]

    def _work(self, methods: Mapping[str, Method]) -> Suppression:
        carried, x, neutral = self._carried(), self.data.x, self.config.neutral
        sensitive = self._sensitive(carried)
        tasks = {getattr(one, "primary", "identity") for one in methods.values()}
        others = [name for name in carried if name in tasks and name not in sensitive]
        return Suppression(
            x=x,
            labels=labels_of(x, sensitive, neutral, self.pool),
            splits=self.splits,
            seed=self.config.seed,
            device=choose_device(self.config.device),
            store=self.store,
            progress=self.progress,
            engine=self.engine,
            pool=self.pool,
            tasks=labels_of(x, others, "", self.pool),
            activations=self.activations if self._tails(methods) else None,
        )

    def _tails(self, methods: Mapping[str, Method]) -> bool:
        """Whether a method reads activations; raises where `roles` bring vectors beside them."""
        named = [name for name, one in methods.items() if reads(one) == "activations"]
        if named and self.pool is not None:
            raise ConfigError(
                f"'{named[0]}' fine-tunes the encoder's last stage on the audited pictures, and "
                "roles bring other people as vectors: leave out roles.primary and "
                "roles.sensitive, or choose mode: adapter"
            )
        return bool(named)

    def _sensitive(self, carried: Sequence[str]) -> list[str]:
        """The sensitive labels that are learnt; raises where a set of `roles` lacks them."""
        wanted = list(self.config.sensitive or ())
        found = [name for name in wanted if name in carried]
        missing = [name for name in wanted if name not in carried]
        if self.pool is None or not missing:
            return found
        said = (
            f"the sets that suppressors learn from do not carry the label '{missing[0]}' (they "
            f"have {', '.join(carried) or 'none'})"
        )
        if not found or self.config.asked("sensitive"):
            raise ConfigError(
                f"{said}: name a set that does as roles.sensitive, which may be the audited one"
            )
        self.warnings.append(f"{said}: it is not suppressed")
        return found

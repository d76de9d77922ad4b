"""Studies on the sets of `roles`: a label attacked on another set, verification on another set.

Every φ is applied there as it was fitted here; nobody of these sets was learnt from (`roles` sees
to that), so that all of their people can be attackers or tested.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from core.config import Config
from core.encode.embeddings import Embeddings
from core.engine import Engine
from core.errors import ConfigError
from core.faces.faceset import UNKNOWN
from core.measure.targets import Target
from core.progress import Progress
from core.split import Split, rotation
from core.store import Store
from core.study import controls
from core.study.leakage import Leakage
from core.study.protocol import plan_of, splits_of, target_of
from core.study.reading import Publish
from core.study.representation import Representation
from core.study.roles import Roles
from core.study.verification import verification
from core.table import StudyResult, table


@dataclass(frozen=True)
class Elsewhere:
    """Studies of the audited `representations` on other sets; adds to `warnings`."""

    config: Config
    representations: Mapping[str, Representation]
    store: Store
    progress: Progress
    engine: Engine
    publish: Publish
    warnings: list[str]

    def leakage(
        self, roles: Roles, before: pd.DataFrame | None
    ) -> tuple[list[Target], list[StudyResult]]:
        """Each label attacked on its own set, through a rotation over the people of that set.

        The split at a place looks through the φ of the audited set's split there. `before` are
        the rows of the table so far, published with the new ones. Raises `ConfigError` where a set
        has too few people.
        """
        targets, results = [], []
        rows = table("leakage", []) if before is None else before
        for name, x in roles.attacked.items():
            told: list[str] = []
            asked = target_of(self.config, x, name, told)
            splits = splits_of(self.config, x, [asked], told, suppressor=False)
            if not splits or asked.k < 2:
                why = (*told, *asked.left_out) or ("too few people show it",)
                raise ConfigError(f"the label '{name}' cannot be attacked on {x.name}: {why[0]}")
            seen = self._seen(x, f"roles.{name}", len(splits))
            found = self._attack(seen, asked, splits, roles.outside, rows)
            rows = pd.concat([rows, found.tables["leakage"]])
            targets.append(asked)
            results.append(found)
        return targets, results

    def _attack(
        self,
        seen: Mapping[str, Representation],
        asked: Target,
        splits: Sequence[Split],
        outside: Embeddings | None,
        before: pd.DataFrame,
    ) -> StudyResult:
        def publish(name: str, part: pd.DataFrame) -> None:
            self.publish(name, pd.concat([before, part]) if len(before) else part)

        x = seen["x"].base
        both = dict(seen)
        both["random"] = Representation(controls.random(x, seed=self.config.seed))
        length = controls.norm(x)
        if length is not None:
            both["norm"] = Representation(length)
        return Leakage(
            both, [asked], plan_of(self.config, splits),
            store=self.store, progress=self.progress, engine=self.engine, publish=publish,
            outside=outside,
        ).run()  # fmt: skip

    def verification(self, x: Embeddings) -> StudyResult:
        """Verification of x and of every φ on the set `x`, in the place of the audited set's.

        Each φ meets all of its people: the pairs that came with the set, or all pairs within each
        of the groups that its people are dealt into.
        """
        count = max((len(one.fitted) for one in self.representations.values()), default=0) or 1
        seen = self._seen(x, "roles.verification", count)
        many = any(not one.single for one in seen.values())
        count = count if many else 1
        own = x.pairs is not None and len(x.pairs) > 0
        dealt = [self._everybody(x)] if own else self._groups(x)
        # One repeat of the rotation a φ, so that no two φ are ever compared.
        splits = [replace(split, seed=place) for place in range(count) for split in dealt]
        spread = {name: _spread(one, count, len(dealt)) for name, one in seen.items()}
        found = verification(
            spread, splits, store=self.store, progress=self.progress, seed=self.config.seed,
            whole=True,
        )  # fmt: skip
        told = {**found.facts.get("verification", {}), "set": x.name, "phi": count}
        return replace(found, facts={**found.facts, "verification": told})

    def _everybody(self, x: Embeddings) -> Split:
        none = np.empty(0, dtype=np.int64)
        return Split(none, none, np.arange(len(x)), 0, 0)

    def _groups(self, x: Embeddings) -> list[Split]:
        known = np.flatnonzero(x.subjects != UNKNOWN)
        who = x.subjects[known].astype(str)
        folds = min(self.config.folds, len(set(who)) // 2)
        dealt = rotation(who, np.zeros(len(known), dtype=int), folds=folds, seed=self.config.seed)
        return [replace(one, attacker=known[one.attacker], test=known[one.test]) for one in dealt]

    def _seen(self, x: Embeddings, role: str, count: int) -> dict[str, Representation]:
        """x and every φ as they see the set `x`; warns of those that cannot."""
        found = {"x": Representation(x)}
        for name, one in self.representations.items():
            if not one.fitted:  # x itself, and controls, which are made anew
                continue
            applied = one.applied(x)
            if applied is None:
                self.warnings.append(
                    f"{name} is not measured on {role}: it is known for the faces of the audited "
                    "set alone"
                )
            elif len(applied.fitted) != count:
                raise ValueError(f"{len(applied.fitted)} φ for {count} splits")
            else:
                found[name] = applied
        return found


def _spread(one: Representation, count: int, groups: int) -> Representation:
    """The first `count` φ, each as often as there are groups of people that it is to meet."""
    if not one.fitted:
        return one
    places = [place for place in range(count) for _ in range(groups)]
    return replace(
        one,
        fitted=tuple(one.fitted[place] for place in places),
        digests=tuple(one.digests[place] for place in places),
        maps=tuple(one.maps[place] for place in places),
    )

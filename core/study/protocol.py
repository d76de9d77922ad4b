"""The protocol of an audit: which labels are attacked, and how people are dealt into parts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from core.attack.registry import HEAVY, SUITES
from core.config import Config
from core.encode.embeddings import Embeddings
from core.encode.network import choose_device
from core.errors import ConfigError, NotEnoughData
from core.faces.faceset import UNKNOWN
from core.measure.targets import Target, attributes, target
from core.split import Split, careless_split, reference_split, rotation
from core.study.leakage import Plan

PERMUTATIONS = {"quick": 20, "full": 100}
"""Permutations of the cheap attackers behind each null (METHODS, "Protocol" 4)."""


def targets_of(
    config: Config, x: Embeddings, warnings: list[str], *, elsewhere: Collection[str] = ()
) -> list[Target]:
    """The labels of `x` to attack, the sensitive ones first; adds to `warnings`.

    Those `elsewhere` are attacked on other sets. Raises `ConfigError` where one that was asked for
    by name is missing or has a single class.
    """
    wanted = config.attributes
    names, told = attributes(
        [name for name in x.labels if name not in elsewhere],
        [name for name in config.sensitive or () if name not in elsewhere],
        wanted if isinstance(wanted, str) else [name for name in wanted if name not in elsewhere],
        named=config.asked("sensitive"),
    )
    warnings += told
    return [target_of(config, x, name, warnings) for name in names]


def in_order(config: Config, targets: Sequence[Target]) -> list[Target]:
    """`targets` with the sensitive labels first, wherever each is attacked."""
    first = list(config.sensitive or ())
    place = {name: number for number, name in enumerate(first)}
    return sorted(targets, key=lambda one: place.get(one.attribute, len(first)))


def target_of(config: Config, x: Embeddings, name: str, warnings: list[str]) -> Target:
    """The label `name` of `x`; one of a single class is an error where it was asked for by name."""
    found = target(x.table, name)
    shown = sorted(set(x.table[name]) - {UNKNOWN})
    if len(shown) > 1:
        return found
    listed = [*config.roles, *(() if isinstance(config.attributes, str) else config.attributes)]
    said = f"the label '{name}' has {len(shown)} class here"
    if name in listed or (config.asked("sensitive") and name in (config.sensitive or ())):
        raise ConfigError(
            f"{said} ({', '.join(shown) or 'all unknown'}) and an attack needs 2: add faces "
            "that show another, or leave this label out"
        )
    warnings.append(f"{said}: it cannot be attacked")
    return found


def splits_of(
    config: Config,
    x: Embeddings,
    targets: Sequence[Target],
    warnings: list[str],
    *,
    suppressor: bool,
) -> list[Split]:
    """The rotation over the people of `x`, or the careless splits; adds to `warnings`.

    `suppressor`: whether a part of the people is kept for fitting suppressors. Empty where nobody
    said who is who or people are too few; `NotEnoughData` where that was asked for by name.
    """
    if not x.has_subjects:
        nobody = (
            "nobody said who is who: without identities no attack and no verification can be "
            "measured honestly; name the identity column, or mark who is the same person on "
            "the Faces page"
        )
        if config.asked("studies") and x.pairs is None:
            raise NotEnoughData(nobody)
        warnings.append(nobody)
        return []
    if config.preset == "careless":
        splits = [careless_split(len(x), seed=config.seed + i) for i in range(config.seeds)]
        # As papers' texts describe it: suppressor and attackers learn from the same rows.
        return [replace(one, suppressor=one.attacker) for one in splits] if suppressor else splits
    columns = [x.table[one.attribute].to_numpy(dtype=object) for one in targets]
    together = np.array(["|".join(map(str, row)) for row in zip(*columns, strict=True)])
    labels = together if columns else np.zeros(len(x), dtype=int)
    known = np.flatnonzero(x.subjects != UNKNOWN)
    try:
        splits = rotation(
            x.subjects[known], labels[known],
            folds=config.folds, seeds=config.seeds, seed=config.seed, suppressor=suppressor,
        )  # fmt: skip
    except NotEnoughData as error:
        if config.asked("splits"):
            raise
        warnings.append(str(error))
        return []
    return [_at(one, known) for one in splits]


def reference_of(x: Embeddings) -> Split:
    """The reference split of the people of `x`; faces of nobody known are in no part."""
    known = np.flatnonzero(x.subjects != UNKNOWN)
    return _at(reference_split(x.subjects[known].astype(str)), known)


def _at(split: Split, rows: np.ndarray) -> Split:
    """The split of some `rows` of a set as one of the whole set."""
    return replace(
        split,
        suppressor=rows[split.suppressor],
        attacker=rows[split.attacker],
        test=rows[split.test],
    )


def plan_of(
    config: Config, splits: Sequence[Split], attackers: Sequence[str] | None = None
) -> Plan:
    """Who attacks: `attackers`, or else the suite that the settings name."""
    suite = attackers or SUITES[config.attackers]
    # On the controls these would take most of a quick look's time; a full audit has them.
    light = tuple(name for name in suite if name not in HEAVY)
    return Plan(
        splits=splits,
        attackers=suite,
        control_attackers=light if config.look == "quick" else suite,
        permutations=PERMUTATIONS[config.look],
        seed=config.seed,
        device=choose_device(config.device),
        suite=config.attackers,
    )

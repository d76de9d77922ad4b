"""Relevance of the detectors that were trained on a face set: its test faces looked up and looked
into, and the positive control of a planted shortcut."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.action_units import training
from core.action_units.detector import Detector, full_network
from core.action_units.regions import VERSION as REGIONS
from core.action_units.regions import see
from core.action_units.relevance import VERSION as FIGURES
from core.action_units.relevance import Faces, Input
from core.action_units.skew import MIXED
from core.encode.network import NetworkEncoder
from core.faces.align import Detector as FaceDetector
from core.faces.faceset import FaceSet
from core.progress import Progress
from core.store import Store, key
from core.study.attacking import settled
from core.study.relevance import (
    DRAWS,
    MOST,
    PHASE,
    VERSION,
    Fit,
    digest,
    in_turn,
    relevance,
    shortcut,
)
from core.study.relevance_rows import ALL, packed, unpacked
from core.table import StudyResult

if TYPE_CHECKING:
    from core.action_units.lrp import Network
    from core.study.action_units import Work
    from core.study.action_units_plan import Plan

CONTROL_FACES = 240
"""Faces that the positive control is trained on, at most."""
LOOKING_UP = "Looking up test faces"
EACH, FACE = 0.08, 0.15
"""Seconds of a map, and of looking up a face, on one core."""


@dataclass(frozen=True, eq=False)
class Control:
    """What the positive control needs: how detectors are trained, and on which `rows` of the set,
    with their `present` (m, k)."""

    fit: Fit
    rows: np.ndarray
    present: np.ndarray


def relevance_after(
    work: Work, faces: FaceSet, *, repeat: int = 0, control: bool = True
) -> StudyResult:
    """`relevance_of` the detectors that `core.study.action_units` trained, on one repeat's test
    people, with the positive control on some of the faces of its mixed training set."""
    draws = work.plan.draws
    own = draws.repeats[repeat]
    rows = np.concatenate([np.asarray(one) for one in own.test.values()])
    group = np.repeat(list(own.test), [len(one) for one in own.test.values()])
    known = np.isin(rows, work.activations.rows)
    rows, group = rows[known], group[known]
    trunk, units, present = work.trunk, work.plan.labels.units, work.plan.labels.present

    def fit(train: Faces) -> Network:
        turned = np.ascontiguousarray(train.crops[:, :, ::-1])
        x, mirrored = trunk.network.vectors(train.crops), trunk.network.vectors(turned)
        person = np.unique(train.subjects, return_inverse=True)[1]
        shown = train.present.astype(np.float32)
        job = training.Job(units, x, mirrored, shown, person, own.seed, trunk.start)
        return full_network(trunk.network, training.train(job, work.device)).to(work.device)

    learnt = np.asarray(own.train[MIXED])
    names = faces.table["subject_id"].to_numpy(str)[learnt]
    some = learnt[in_turn(np.arange(len(learnt)), names, CONTROL_FACES, seed=work.seed)]
    return relevance_of(
        {name: work.detector(name, repeat) for name in draws.equal}, trunk.network, faces, rows,
        present[rows], group, seed=work.seed, device=work.device, store=work.store,
        progress=work.progress, control=Control(fit, some, present[some]) if control else None,
    )  # fmt: skip


def seconds(plan: Plan, *, repeat: int = 0) -> dict[str, float]:
    """About how long each phase of `relevance_after` takes on one core; measured on the demo."""
    own = plan.draws.repeats[repeat]
    shown = [np.minimum((plan.labels.present[rows] == 1).sum(axis=0), MOST).sum()
             for rows in own.test.values()]  # fmt: skip
    faces = sum(map(len, own.test.values())) + CONTROL_FACES
    return {
        LOOKING_UP.lower(): FACE * faces,
        PHASE.lower(): EACH * float(sum(shown)) * (len(plan.draws.equal) + DRAWS),
    }


def relevance_of(
    detectors: Mapping[str, Detector],
    trunk: NetworkEncoder,
    faces: FaceSet,
    rows: np.ndarray,
    present: np.ndarray,
    group: np.ndarray,
    *,
    seed: int,
    device: str,
    store: Store,
    progress: Progress,
    control: Control | None = None,
) -> StudyResult:
    """`relevance` of the `detectors` of one repeat, by training group, on its test faces.

    `rows` int (m,) of `faces` are the test faces, `present` float (m, k) which of the detectors'
    units they show (NaN: unknown) and `group` text (m,) their groups. Faces are cut as `trunk`
    takes them; those without a face are left out. All of it is kept in the store under what it
    was made from, so that a second run opens no picture. With `control` the positive control of
    `shortcut` is among the facts.
    """
    from core.action_units.lrp import VERSION as LRP

    (units,) = {one.units for one in detectors.values()}
    name = key(
        "relevance study", VERSION,
        {"units": units, "seed": seed, "draws": DRAWS, "most": MOST, "regions": REGIONS,
         "figures": FIGURES, "lrp": LRP, "aligned": faces.aligned,
         "control": [] if control is None else control.rows.tolist()},
        [trunk.digest, digest(present), "\0".join(group.astype(str)),
         *(f"{named} {digest(*one.arrays().values())}" for named, one in detectors.items()),
         *(faces.source.digest(row) for row in rows.tolist()),
         *faces.table["id"].iloc[rows].astype(str), *faces.table["subject_id"].iloc[rows]],
    )  # fmt: skip
    if store.load(name) is None:
        ready = Input(trunk.mean, trunk.std, trunk.color)
        networks = {one: full_network(trunk, own).to(device) for one, own in detectors.items()}

        def seen(own: np.ndarray, shown: np.ndarray, who: np.ndarray) -> Faces:
            progress.start(LOOKING_UP, len(own))
            found = see(faces, own, trunk.alignment, units, detector=FaceDetector(device),
                        each=progress.advance)  # fmt: skip
            at = np.flatnonzero(np.isin(own, found.rows))
            table_ = faces.table.iloc[found.rows]
            return Faces(
                found.crops, shown[at], found.regions, units, who[at].astype(str),
                table_["subject_id"].to_numpy(str), table_["id"].to_numpy(str), found.kind,
            )  # fmt: skip

        test = seen(rows, present, group)
        result = relevance(networks, test, ready, seed=seed, store=store, progress=progress)
        if control is not None and len(test.crops):
            train = seen(control.rows, control.present, np.full(len(control.rows), ALL))
            result.facts["relevance"]["shortcut"] = _control(control.fit, train, test, ready, seed)
        store.save(name, *packed(result))
    return unpacked(settled(store, name))


def _control(fit: Fit, train: Faces, test: Faces, ready: Input, seed: int) -> dict[str, Any]:
    """The positive control, on the unit that most test people show."""
    people = [len(set(test.subjects[shown == 1].tolist())) for shown in test.present.T]
    unit = test.units[int(np.argmax(people))]
    return shortcut(fit, train, test, unit, ready, seed=seed)

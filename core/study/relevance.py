"""Where detectors of action units look, on test faces (METHODS, study 6; issue "Look closer").

Relevance of each unit's logit (`core.action_units.lrp`) on faces that show the unit, for every
training group and the same network with all its layers drawn anew. Deuschel, Finzel and Rieger
(2020) show heat-maps and leave their aggregation open; `relevance` gives the figures, the mean map
of each group and a few faces, so that a page need compute nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core.action_units import relevance as maps
from core.action_units.relevance import CELLS, Faces, Input, Measured
from core.measure.intervals import NONE_BELOW
from core.progress import Progress
from core.store import Store, key
from core.study.attacking import settled
from core.study.relevance_rows import ALL, RANDOMISED, TRAINED, Heat, Rows
from core.table import StudyResult, table

if TYPE_CHECKING:
    from core.action_units.lrp import Network

Fit = Callable[[Faces], "Network"]
"""Faces to a network that was trained on their crops, one logit a unit of theirs."""

VERSION = 1
PHASE = "Looking at action units"
MOST = 24
"""Faces of a unit and group that relevance is computed on, at most; people take turns."""
DRAWS = 2
"""Networks drawn anew; their figures are means over them."""
CONSERVED = 8
"""Faces on which the sum of relevance is held against the logit."""
HIGHEST, MEDIAN, LOWEST, FALSE = (
    "shows it: highest logit", "shows it: median logit", "shows it: lowest logit",
    "does not show it: highest logit",
)  # fmt: skip
"""Which faces are kept to be shown, of each unit, group and training group."""


def relevance(
    networks: Mapping[str, Network],
    faces: Faces,
    ready: Input,
    *,
    seed: int,
    store: Store,
    progress: Progress,
    draws: int = DRAWS,
) -> StudyResult:
    """Tables `relevance`, `relevance_maps` and `relevance_faces` of `networks` by training group.

    A network takes images as `ready` makes them and gives one logit a unit of `faces`. Facts
    name the rules and hold the checks. Raises `EncoderError` where a network does what relevance
    has no rule for.
    """
    study = _Study(faces, ready, seed, store, progress, draws, faces.digest())
    return study.result(networks)


@dataclass(frozen=True, eq=False)
class _Study:
    faces: Faces
    ready: Input
    seed: int
    store: Store
    progress: Progress
    draws: int
    digest: str

    def result(self, networks: Mapping[str, Network]) -> StudyResult:
        shown = self._shown()
        said = {
            name: _lrp().logits(one, self.ready, self.faces.crops) for name, one in networks.items()
        }
        chosen = {name: self._chosen(one) for name, one in said.items()}
        asked = {name: _pairs([*map(tuple, shown.tolist()), *(pair for _, pair in own)])
                 for name, own in chosen.items()}  # fmt: skip
        self.progress.start(PHASE, sum(map(len, asked.values())) + self.draws * len(shown))
        first = next(iter(networks.values()))
        trained = {name: self._heat(one, asked[name], said[name], TRAINED)
                   for name, one in networks.items()}  # fmt: skip
        fresh = self._randomised(first, shown)
        found: dict[str, list[dict[str, Any]]] = {"relevance": [], "relevance_maps": [],
                                                  "relevance_faces": []}  # fmt: skip
        for name, heat in trained.items():
            rows = Rows(self.faces, shown, name, self.seed)
            found["relevance"] += rows.figures(heat, fresh)
            found["relevance_maps"] += [*rows.means(heat), *rows.differences(heat)]
            found["relevance_faces"] += rows.few(heat, chosen[name])
        checks = {name: self._conservation(one, shown) for name, one in networks.items()}
        return StudyResult(
            {name: table(name, rows) for name, rows in found.items()},
            self._warnings(found["relevance"]),
            {"relevance": self._facts(checks, found["relevance"], len(shown))},
        )

    def _shown(self) -> np.ndarray:
        """Pairs (m, 2) of a face and a unit that it shows, at most `MOST` of a unit and group."""
        pairs = []
        for unit in range(len(self.faces.units)):
            for group in self.faces.groups:
                rows = np.flatnonzero(
                    (self.faces.present[:, unit] == 1) & (self.faces.group == group)
                )
                own = in_turn(rows, self.faces.subjects, MOST, seed=self.seed)
                pairs += [(row, unit) for row in own.tolist()]
        return _pairs(pairs)

    def _chosen(self, said: np.ndarray) -> list[tuple[str, tuple[int, int]]]:
        """Faces to be shown: the rule and the pair that it chose, by unit and group."""
        found: list[tuple[str, tuple[int, int]]] = []
        for unit in range(len(self.faces.units)):
            for group in self.faces.groups:
                of = self.faces.group == group
                for truth, rules in ((1, (HIGHEST, MEDIAN, LOWEST)), (0, (FALSE,))):
                    rows = np.flatnonzero(of & (self.faces.present[:, unit] == truth))
                    order = rows[np.argsort(-said[rows, unit], kind="stable")]
                    at = {HIGHEST: 0, MEDIAN: len(rows) // 2, LOWEST: len(rows) - 1, FALSE: 0}
                    picked = {int(order[at[rule]]): rule for rule in rules if len(rows)}
                    found += [(rule, (row, unit)) for row, rule in picked.items()]
        return found

    def _heat(self, network: Network, pairs: np.ndarray, said: np.ndarray, model: str) -> Heat:
        """Relevance of `pairs` through one network, from the store or made."""
        name = key(
            "relevance", VERSION,
            {"model": model, "input": asdict(self.ready), "lrp": _lrp().VERSION, "cells": CELLS},
            [_weights_digest(network), self.digest, digest(pairs)],
        )  # fmt: skip
        if self.store.load(name) is None:
            self.store.save(name, self._made(network, pairs))
        else:
            self.progress.advance(len(pairs), found=True)
        held = settled(self.store, name).arrays
        found = Measured(held["share"], held["area"], held["inside"], held["map"].astype("f4"))
        return Heat(said, pairs, found)

    def _made(self, network: Network, pairs: np.ndarray) -> dict[str, np.ndarray]:
        lrp = _lrp()
        explained = lrp.Explainer(lrp.canonical(network), self.ready, *self.ready.ends)
        parts = []
        for start in range(0, max(len(pairs), 1), lrp.BATCH):
            rows, units = pairs[start : start + lrp.BATCH].T
            heat, _ = explained.maps(self.faces.crops[rows], units)
            parts.append(maps.measured(heat, self.faces.regions[rows, units]))
            self.progress.advance(len(rows))
        kept = {name: np.concatenate([getattr(part, name) for part in parts])
                for name in ("share", "area", "inside", "map")}  # fmt: skip
        # Cells are shares of at most 1, shown as colours: 11 bits are enough and half as large.
        return kept | {"map": kept["map"].astype(np.float16)}

    def _randomised(self, network: Network, shown: np.ndarray) -> list[Heat]:
        """The same pairs through networks whose layers are all drawn anew."""
        lrp, images = _lrp(), self.ready(self.faces.crops[: 8 * _lrp().BATCH])
        found = []
        for draw in range(self.draws):
            fresh = lrp.randomised(network, images, seed=self.seed * 1000 + draw)
            found.append(self._heat(fresh, shown, np.zeros((0, 0)), RANDOMISED))
        return found

    def _conservation(self, network: Network, shown: np.ndarray) -> float | None:
        """The largest gap between the sum of relevance and the logit, as a share of the logit."""
        if not len(shown):
            return None
        some = shown[np.linspace(0, len(shown) - 1, min(CONSERVED, len(shown))).astype(int)]
        sums, said = _lrp().conservation(
            network, self.ready(self.faces.crops[some[:, 0]]), some[:, 1]
        )
        return float(np.max(np.abs(sums - said) / np.maximum(np.abs(said), 1e-12)))

    def _warnings(self, rows: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
        few = sorted({row["au"] for row in rows if row["group"] == ALL and row["ratio"] is None})
        if not few:
            return ()
        named = ", ".join(f"AU {unit}" for unit in few)
        return (
            f"relevance: fewer than {NONE_BELOW} test people show {named} where its region can be "
            "seen: not enough data",
        )

    def _facts(
        self, checks: Mapping[str, float | None], rows: Sequence[Mapping[str, Any]], n: int
    ) -> dict[str, Any]:
        lrp = _lrp()
        ratios = [
            row["ratio"]
            for row in rows
            if row["group"] == ALL and row["model"] == TRAINED and row["ratio"] is not None
        ]
        ranks = [row["rank_correlation"] for row in rows
                 if row["group"] == ALL and row.get("rank_correlation") is not None]  # fmt: skip
        return {
            "composite": lrp.COMPOSITE, "conserving": lrp.CONSERVING,
            "conservation": dict(checks), "conservation_faces": CONSERVED,
            "regions": self.faces.kind, "cells": CELLS, "pairs": n, "most": MOST,
            "randomisation": "every layer drawn anew at once, trunk and fully connected part",
            "draws": self.draws, "rules": [HIGHEST, MEDIAN, LOWEST, FALSE],
            "above_two": sum(ratio > 2 for ratio in ratios), "figures": len(ratios),
            "rank_correlation": float(np.mean(ranks)) if ranks else None,
        }  # fmt: skip


def shortcut(
    fit: Fit, train: Faces, test: Faces, unit: int, ready: Input, *, seed: int
) -> dict[str, Any]:
    """The positive control: a mark painted on pictures that show unit `unit` must be found.

    `fit` trains a detector as the study does, here with the mark on every picture of `train` that
    shows the unit. The figures are those of the mark's square on marked test faces: share, area,
    ratio with its interval, pointing.
    """
    column = test.units.index(unit)
    painted = maps.marked(train.crops, train.present[:, column] == 1)
    network = fit(replace(train, crops=painted))
    rows = np.flatnonzero(test.present[:, column] == 1)
    seen = maps.marked(test.crops[rows], np.ones(len(rows)))
    explained = _lrp().Explainer(_lrp().canonical(network), ready, *ready.ends)
    heat, _ = explained.maps(seen, np.full(len(rows), column))
    square = np.broadcast_to(maps.mark(seen.shape[1]), heat.shape)
    found = maps.figures(maps.measured(heat, square), test.subjects[rows], seed=seed)
    return {
        "au": unit, "share": found.share.value, "area": found.area, "ratio": found.ratio.value,
        "low": found.ratio.low, "high": found.ratio.high, "pointing": found.pointing.value,
        "n": found.n, "identities": found.people, "status": found.status,
    }  # fmt: skip


def digest(*arrays: np.ndarray) -> str:
    """SHA-256 of arrays and their shapes."""
    whole = hashlib.sha256()
    for one in arrays:
        whole.update(str(one.shape).encode() + np.ascontiguousarray(one).tobytes())
    return whole.hexdigest()


def _lrp() -> Any:
    """The module that needs torch and zennit, imported when relevance is asked for."""
    from core.action_units import lrp

    return lrp


def in_turn(rows: np.ndarray, subjects: np.ndarray, most: int, *, seed: int) -> np.ndarray:
    """At most `most` of `rows`, drawn so that nobody is there twice before all are there once."""
    drawn = np.random.default_rng(seed).permutation(rows)
    turn = pd.Series(subjects[drawn]).groupby(subjects[drawn]).cumcount().to_numpy()
    return np.sort(drawn[np.argsort(turn, kind="stable")][:most])


def _pairs(several: Sequence[tuple[int, int]]) -> np.ndarray:
    """Pairs of a face and a unit, sorted, each once, int (m, 2)."""
    return np.array(sorted(set(several)), int).reshape(-1, 2)


def _weights_digest(network: Network) -> str:
    whole = hashlib.sha256(str(network).encode())
    for name, tensor in network.state_dict().items():
        whole.update(name.encode())
        whole.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return whole.hexdigest()

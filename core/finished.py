"""A finished audit as it lies in its folder OUT: `audit.json` and its tables, read when asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from core import audit_schema
from core.errors import InputError
from core.table import COLUMNS

FIRST = "blindfold"
"""The kind of suppressor that speaks for an audit where it has one (as in `study.headline`)."""

_NUMBERS = {
    "value", "low", "high", "chance", "null", "detectable", "dif", "dif_low", "dif_high", "n",
    "attacker_identities", "identities", "pairs", "difference", "p_holm", "effective_rank",
    "mean_cosine", "mean_norm", "far", "tar", "removed", "accuracy", "strength", "ratio", "kept",
    "width", "repeat_low", "repeat_high", "positives", "train_n", "train_identities",
    "share_in_region", "share_of_area", "pointing", "share_low", "share_high", "pointing_low",
    "pointing_high", "rank_correlation", "null_low", "below_chance_p",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Finished:
    """One result: `audit` is `audit.json` as it is; tables are kept once they were read."""

    folder: Path
    audit: Mapping[str, Any]
    _tables: dict[str, pd.DataFrame | None] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        """What its owner called it."""
        return str(self.audit.get("name", self.folder.name))

    @property
    def config(self) -> Mapping[str, Any]:
        """The settings as run."""
        found: Mapping[str, Any] = self.audit.get("config") or {}
        return found

    @property
    def careless(self) -> bool:
        """Whether attackers met the people that they were tested on: no figure is a finding."""
        return self.audit.get("preset") == "careless"

    @property
    def synthetic(self) -> bool:
        """Whether the faces are drawn."""
        return bool((self.audit.get("data") or {}).get("synthetic"))

    def table(self, name: str) -> pd.DataFrame | None:
        """The CSV table `name`, words as text and figures as numbers; None where there is none."""
        if name not in self._tables:
            self._tables[name] = read_csv(self.folder / "tables" / f"{name}.csv", name)
        return self._tables[name]


def finished(folder: Path) -> Finished:
    """The result in `folder`; raises `InputError` where none lies there."""
    return Finished(folder, audit_schema.read(folder / "audit.json"))


def read_csv(path: Path, name: str) -> pd.DataFrame | None:
    """The table `name` in the file `path`, empty cells missing; None where it is not there.

    A class that is called "none" or "NA" stays a class. Raises `InputError` for a damaged file.
    """
    text = {column: str for column in COLUMNS.get(name, ()) if column not in _NUMBERS}
    try:
        return pd.read_csv(path, keep_default_na=False, na_values=[""], dtype=text)
    except FileNotFoundError:
        return None
    except pd.errors.EmptyDataError:
        return pd.DataFrame(columns=list(COLUMNS.get(name, ())))
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path} cannot be read as the table '{name}': bring the result again by running the "
            "same audit"
        ) from error


def suppressors(config: Mapping[str, Any]) -> dict[str, str]:
    """The kind of each suppressor of the settings, by the name that its rows have."""
    return {
        str(one.get("name") or one["kind"]): str(one["kind"])
        for one in config.get("suppressors") or ()
    }


def released(config: Mapping[str, Any], audit: Mapping[str, Any] | None = None) -> str:
    """The representation that an audit speaks of: that of its headline.

    After suppression it is the headline's, which is the first suppressor that was fitted, one of
    the kind `blindfold` before all others; without suppressors it is x. An audit that asked for
    suppressors and fitted none keeps the first one's name, so that its missing figures are seen.
    """
    after = ((audit or {}).get("headline") or {}).get("after")
    if after and after.get("representation"):
        return str(after["representation"])
    kinds = suppressors(config)
    ours = (name for name, kind in kinds.items() if kind == FIRST)
    return next(ours, next(iter(kinds), "x"))

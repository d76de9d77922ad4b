"""Which action units a face shows: from the generator, a manifest's columns, or another program.

**Present** is said from FACS grade B ("slight evidence") on, which is 2 of 5, or .2 on the
synthetic set's scale. That is how intensities are usually made into occurrences (DISFA: Mavadati et
al. 2013, used from 2 of 5 on by Zhao et al. 2016 and since); grade A ("trace") is not told from a
face at rest by most coders, and the synthetic set's stray activity lies there. A probability, as
py-feat's `Fex` has it, counts from one half on. What nobody said is NaN, and never a negative.

The paper leaves out units with fewer than 8,000 occurrences, of about 101,800 frames (21 people of
4,337 frames and 123 of 87): 7.9 %. `least` scales that share to the set, and never asks for more
than 8,000 nor for fewer than `SMALLEST`.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from core.errors import FacesError, NotEnoughData
from core.faces import aliases
from core.faces.faceset import FaceSet
from core.faces.manifest import action_unit
from core.faces.tables import read_table

PAPER_LEAST, PAPER_FRAMES = 8000, 101_778
SMALLEST = 20
GRADE = {"generator": 0.2, "share": 0.5, "grades": 2.0}
"""From which value on a unit is present, by the scale of its column."""
SCALES = {
    "generator": "the generator's intensity, 0 to 1: present from FACS grade B (0.2) on",
    "share": "a probability or 0 and 1: present from 0.5 on",
    "grades": "an intensity of 0 to 5: present from FACS grade B (2) on",
}
MOST_FILES = 200_000
"""CSV files in a folder of labels, beyond which it is refused."""
KNOWN = frozenset(("", "nan", "na", "n/a", "null", "none", "unknown"))
"""What a cell says where nothing is known."""


@dataclass(frozen=True, eq=False)
class Labels:
    """`present` float32 (n, k): 1, 0 or NaN (unknown), a row a face, a column each of `units`.

    `source` says where they are from and from which value on a unit is present; `told` what a
    person should know about how they were read.
    """

    units: tuple[int, ...]
    present: np.ndarray
    source: str
    told: tuple[str, ...] = ()

    def digest(self) -> str:
        """SHA-256 of units and labels."""
        whole = hashlib.sha256(json.dumps(self.units).encode())
        whole.update(np.ascontiguousarray(self.present).tobytes())
        return whole.hexdigest()

    def only(self, units: Sequence[int]) -> Labels:
        """The labels of some of the units, in the order given."""
        places = [self.units.index(unit) for unit in units]
        return Labels(tuple(units), self.present[:, places], self.source, self.told)

    def without(self, rows: np.ndarray) -> Labels:
        """The same with nothing known of some faces, such as those that no trunk could read."""
        present = self.present.copy()
        present[rows] = np.nan
        return Labels(self.units, present, self.source, self.told)


def least(faces: int) -> int:
    """Faces that must show a unit in a set of so many: the paper's share, scaled."""
    return max(SMALLEST, min(PAPER_LEAST, math.ceil(faces * PAPER_LEAST / PAPER_FRAMES)))


def labels_of(faces: FaceSet, path: Path | None = None) -> Labels:
    """The labels of `faces`, from `path` where it is given, otherwise from the set's own columns.

    `path` is a CSV with a column that names the picture (py-feat calls it `input`), or a folder
    with one CSV a picture, named as it is (OpenFace). Raises `NotEnoughData` where the set has no
    such column, `FacesError` where what is there cannot be used.
    """
    if path is not None:
        return _joined(faces, path)
    columns = {str(name): action_unit(str(name)) for name in faces.table.columns}
    own = [name for name, found in columns.items() if found and name not in faces.labels]
    if not own:
        raise NotEnoughData(
            f"{faces.name} says nothing about action units: add columns such as AU01, or name a "
            "CSV of py-feat or OpenFace as action_units.labels"
        )
    frame = faces.table[own].reset_index(drop=True)
    return _read(frame, faces.name, generator=faces.synthetic)


def _read(frame: pd.DataFrame, where: str, *, generator: bool = False) -> Labels:
    """Labels from columns of numbers; of one unit's columns an occurrence goes before an intensity.

    Raises `FacesError` where a cell holds no number, or one that no scale has.
    """
    chosen: dict[int, str] = {}
    for kind in ("r", "", "c"):
        chosen |= {
            found[0]: str(name)
            for name in frame.columns
            if (found := action_unit(str(name))) is not None and found[1] == kind
        }
    units = tuple(sorted(chosen))
    values = np.stack([_numbers(frame[chosen[unit]], where) for unit in units], axis=1)
    scales = _scales([chosen[unit] for unit in units], values, where, generator)
    bounds = np.array([GRADE[scale] for scale in scales])
    present = np.where(np.isnan(values), np.nan, values >= bounds).astype(np.float32)
    used = "; ".join(SCALES[scale] for scale in dict.fromkeys(scales))
    return Labels(units, present, f"{where}, {used}")


def _numbers(cells: pd.Series, where: str) -> np.ndarray:
    """float64 (n,), NaN where nothing is known."""
    text = cells.astype(str).str.strip()
    empty = text.str.casefold().isin(KNOWN).to_numpy()
    found = pd.to_numeric(text.where(~empty), errors="coerce").to_numpy(dtype=np.float64)
    wrong = ~empty & ~np.isfinite(found)
    if wrong.any():
        value = str(text.iloc[int(np.flatnonzero(wrong)[0])])[:40]
        raise FacesError(
            f"the column {cells.name} of {where} holds {value!a}, and action units are finite "
            "numbers: leave the cell empty where nothing is known"
        )
    return np.where(empty, np.nan, found)


def _scales(
    names: Sequence[str], values: np.ndarray, where: str, generator: bool
) -> tuple[str, ...]:
    """The scale of each column; all columns of one kind share theirs."""
    known = ~np.isnan(values)
    wrong = known & ((values < 0) | (values > 5))
    if wrong.any():
        row, place = np.argwhere(wrong)[0]
        raise FacesError(
            f"the column {names[place]} of {where} holds {values[row, place]:g}, and action units "
            "go from 0 to 1 or from 0 to 5: leave the cell empty where nothing is known"
        )
    if generator:
        return ("generator",) * len(names)
    kinds = [found[1] for name in names if (found := action_unit(name)) is not None]
    scales = {"r": "grades", "c": "share", "": "share"}
    plain = values[:, [kind == "" for kind in kinds]]
    if np.nanmax(plain, initial=0.0) > 1:
        scales[""] = "grades"
    return tuple(scales[kind] for kind in kinds)


# -- labels that another program made --------------------------------------------------------------


def _joined(faces: FaceSet, path: Path) -> Labels:
    """The labels in a CSV or a folder of CSVs, joined to the faces by the pictures' names."""
    frame, name = _folder(faces, path) if path.is_dir() else _file(path)
    units = [str(one) for one in frame.columns if action_unit(str(one))]
    if not units:
        raise FacesError(
            f"'{path.name}' has no column of an action unit such as AU01, AU01_c or AU01_r: give "
            "what py-feat or OpenFace wrote"
        )
    frame = frame[~_failed(frame)]
    frame, several = _once(frame, name, path.name)
    places = _Names(faces).rows(frame[name])
    matched = places >= 0
    if not matched.any():
        shown = ascii(str(frame[name].iloc[0])[:80])[1:-1] if len(frame) else "none left"
        raise FacesError(
            f"none of the {len(frame):,} pictures that '{path.name}' names is in {faces.name} (the "
            f"first: {shown}): join them by file name"
        )
    if len(set(places[matched])) < matched.sum():
        raise FacesError(
            f"'{path.name}' names a picture of {faces.name} twice, by its path and by its name: "
            "keep one row a picture"
        )
    whole = pd.DataFrame("", index=range(len(faces)), columns=units, dtype=object)
    whole.iloc[places[matched]] = frame.loc[matched, units].to_numpy()
    found = _read(whole, f"'{path.name}'")
    told = _told(path.name, len(faces) - int(matched.sum()), int((~matched).sum()), several)
    return Labels(found.units, found.present, found.source, told)


def _told(name: str, without: int, strange: int, several: int) -> tuple[str, ...]:
    said = (
        (without, f"{without:,} faces have no row in '{name}': their action units are unknown"),
        (strange, f"{strange:,} rows of '{name}' name no picture of this set"),
        (several, f"'{name}' saw several faces in {several:,} pictures: the surest was taken"),
    )
    return tuple(text for count, text in said if count)


def _file(path: Path) -> tuple[pd.DataFrame, str]:
    """A table and the column that names its pictures."""
    frame = read_table(path)
    names = [str(one) for one in frame.columns]
    found = aliases.find(names, ("input", *aliases.FILE))
    if found is None:
        raise FacesError(
            f"'{path.name}' does not say which picture a row is about: add a column file_name, or "
            "give a folder with one CSV a picture, named as the picture is"
        )
    return frame, found


def _folder(faces: FaceSet, path: Path) -> tuple[pd.DataFrame, str]:
    """All CSVs of a folder that go by a picture's name, below one another."""
    files = sorted(one for one in path.iterdir() if one.suffix.lower() == ".csv")
    if not files or len(files) > MOST_FILES:
        raise FacesError(
            f"the folder '{path.name}' holds {len(files):,} CSV files (1 to {MOST_FILES:,} can be "
            "read): give one CSV a picture, named as the picture is"
        )
    names = _Names(faces)
    own = [one for one in files if names.rows(pd.Series([one.stem]))[0] >= 0]
    if not own:
        raise FacesError(
            f"none of the {len(files):,} CSV files in '{path.name}' is named like a picture of "
            f"{faces.name} (the first: {ascii(files[0].name)[1:-1][:80]}): give one CSV a picture"
        )
    tables = [read_table(one).assign(input=one.stem) for one in own]
    return pd.concat(tables, ignore_index=True), "input"


def _failed(frame: pd.DataFrame) -> np.ndarray:
    """Rows in which OpenFace says that it found no face: nothing is known about them."""
    column = aliases.find([str(name) for name in frame.columns], ("success",))
    if column is None:
        return np.zeros(len(frame), dtype=bool)
    return pd.to_numeric(frame[column], errors="coerce").fillna(0).to_numpy() == 0


def _once(frame: pd.DataFrame, name: str, where: str) -> tuple[pd.DataFrame, int]:
    """One row a picture, the surest face; raises `FacesError` where nothing says which that is."""
    twice = frame[name].duplicated(keep=False)
    if not twice.any():
        return frame, 0
    sure = aliases.find([str(one) for one in frame.columns], ("confidence", "facescore"))
    if sure is None:
        shown = ascii(str(frame.loc[twice, name].iloc[0])[:80])[1:-1]
        raise FacesError(
            f"'{where}' has several rows for {shown}, and no column confidence or FaceScore that "
            "says which is the face: keep one row a picture"
        )
    score = pd.to_numeric(frame[sure], errors="coerce").fillna(-np.inf)
    order = score.sort_values(ascending=False, kind="stable").index
    kept = frame.loc[order].drop_duplicates(name).sort_index()
    return kept, int(frame.loc[twice, name].nunique())


class _Names:
    """Finds the row of a picture by its path, or by as much of it as only one picture has."""

    def __init__(self, faces: FaceSet) -> None:
        files = getattr(faces.source, "files", ())
        self._rows: dict[str, int] = {}
        for names in (files, [str(one) for one in faces.table["id"]]):
            for row, name in enumerate(names):
                for short in _shorter(name):
                    # -1: several pictures go by it, so that it says nothing
                    before = self._rows.setdefault(short, row)
                    self._rows[short] = row if before == row else -1

    def rows(self, names: pd.Series) -> np.ndarray:
        """int64 (n,): the row of each name, −1 where no picture, or more than one, goes by it."""
        found = [
            next((self._rows[one] for one in _shorter(str(name)) if one in self._rows), -1)
            for name in names
        ]
        return np.array(found, dtype=np.int64)


def _shorter(name: str) -> list[str]:
    """A path, the ends of it, and its last part without its suffix, longest first."""
    parts = [part for part in name.strip().replace("\\", "/").split("/") if part not in ("", ".")]
    ends = ["/".join(parts[start:]) for start in range(len(parts))]
    stem = parts[-1].rpartition(".")[0] if parts else ""
    return [*ends, stem] if stem else ends

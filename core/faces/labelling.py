"""From the columns that a reader found to the table that everything else works on.

One place decides what a label is, for pictures and for given vectors alike: text is kept as it is,
numbers with many values are cut at their tertiles, what is different in every row is no label, and
what is missing is the group `UNKNOWN`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from core.errors import FacesError, InputError
from core.faces import aliases
from core.faces.faceset import UNKNOWN, Problem

TERTILES = "tertiles of "
MAX_NUMERIC_GROUPS = 10
"""A numeric column with more distinct values than this is cut at its tertiles."""
MISSING = frozenset(("", "na", "n/a", "nan", "null", "<na>", UNKNOWN))


@dataclass(frozen=True)
class Columns:
    """What a reader found: one row a face, text cells, `None` or "" where nothing is said.

    `frame` has the column `id` (text), `subject_id` where somebody said who is who, and one column
    for each label. Columns in `aside` are no labels and only serve `where`. `origin` says where a
    label came from, and may say it of `subject_id`; `renamed` maps a column's name to the name that
    its owner gave it.
    """

    frame: pd.DataFrame
    aside: tuple[str, ...] = ()
    origin: Mapping[str, str] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Labelled:
    """The finished table, the rows of the input that it kept, and what was found on the way."""

    table: pd.DataFrame
    rows: np.ndarray
    labels: tuple[str, ...]
    origin: dict[str, str]
    has_subjects: bool
    problems: tuple[Problem, ...]


def label(
    columns: Columns,
    where: Mapping[str, Any] | None = None,
    error: type[InputError] = FacesError,
) -> Labelled:
    """Make the table of ids, subjects and labels, and keep the rows that `where` asks for.

    Ids that come again are listed as duplicated, and the first is kept. Tertiles are cut before
    `where` is applied, so that a group keeps its name whatever is chosen. Raises `error` where
    `where` names an unknown column or leaves nothing.
    """
    frame = columns.frame.fillna("").astype(str)
    repeated = frame["id"].duplicated().to_numpy()
    problems = [
        Problem(name, "duplicated", "this id comes more than once; the first row is kept")
        for name in frame["id"][repeated]
    ]
    frame = frame[~repeated]
    has_subjects = "subject_id" in frame and bool((_tidy(frame["subject_id"]) != UNKNOWN).any())
    table, origin = _table(frame, columns, has_subjects)
    keep = _chosen(frame, table, columns.renamed, where or {}, error)
    labels = tuple(origin)
    problems += _row_problems(table[keep], labels, has_subjects)
    rows = np.flatnonzero(~repeated)[keep]
    if has_subjects and "subject_id" in columns.origin:
        origin["subject_id"] = columns.origin["subject_id"]
    return Labelled(
        table[keep].reset_index(drop=True), rows, labels, origin, has_subjects, tuple(problems)
    )


def rename(
    frame: pd.DataFrame, subject: str, error: type[InputError]
) -> tuple[Columns, str | None]:
    """Give columns of a person's own table their common names; also return the file column.

    `subject` is the identity column; the default name may be absent or go by an alias, any other
    must be there, or `error` says what there is.
    """
    names = [str(name) for name in frame.columns]
    file = aliases.find(names, aliases.FILE)
    person = subject_column(frame, subject, error)
    renamed: dict[str, str] = {} if person is None else {"subject_id": person}
    for common, others in aliases.LABELS.items():
        found = aliases.find([n for n in names if n not in (file, person)], others)
        if found is not None and _is_meant(frame, found):
            renamed[common] = found
    row = aliases.find([n for n in names if n not in renamed.values()], aliases.ROW)
    if row is not None and row != file and 2 * frame[row].nunique() > len(frame):
        renamed["id"] = row
    given = {old: new for new, old in renamed.items()}
    # A column that had the common name all along makes room: no two may go by one name.
    for common in [name for name in renamed if name in names and name not in given]:
        given[common] = f"other_{common}"
        while given[common] in names:
            given[common] = f"other_{given[common]}"
    tidy = frame.rename(columns=given)
    if aliases.fold(renamed.get("gender", "")) == "male":
        tidy["gender"] = tidy["gender"].map(_from_male)
    aside = (given.get(file, file),) if file is not None else ()
    return Columns(tidy, aside=aside, renamed=renamed), file


def _is_meant(frame: pd.DataFrame, name: str) -> bool:
    """False for a column `label` or `class` that does not speak of expressions."""
    if aliases.fold(name) not in aliases.GUESSED_LABELS:
        return True
    return aliases.speaks_of_expressions(frame[name].dropna().unique())


def subject_column(frame: pd.DataFrame, subject: str, error: type[InputError]) -> str | None:
    """The column of `frame` that says who is who, or None; `rename` says which names are known.

    Raises `error` where `subject` was chosen and is not there.
    """
    names = [str(name) for name in frame.columns]
    if subject in names:
        return subject
    if subject != "subject_id":
        raise error(f"{aliases.missing(subject, names)}; name the identity column with 'subject'")
    for name in aliases.SUBJECT:
        found = aliases.find(names, (name,))
        if found is None:
            continue
        if frame[found].nunique() <= aliases.GUESSED_SUBJECTS.get(name, 1.0) * len(frame):
            return found
    return None


def _from_male(value: str) -> str:
    """CelebA and others write gender as a column `male`."""
    word = str(value).strip().casefold()
    words = {"1": "male", "1.0": "male", "true": "male", "yes": "male"}
    words |= {"0": "female", "-1": "female", "0.0": "female", "false": "female", "no": "female"}
    return words.get(word, word)


def _tidy(column: pd.Series) -> pd.Series:
    """Text without blanks around it; whatever says that nothing is known becomes `UNKNOWN`."""
    text = column.str.strip()
    return text.where(~text.str.casefold().isin(MISSING), UNKNOWN)


def _table(
    frame: pd.DataFrame, columns: Columns, has_subjects: bool
) -> tuple[pd.DataFrame, dict[str, str]]:
    """The table with one text column a label, and where each label came from."""
    people = _tidy(frame["subject_id"]) if has_subjects else UNKNOWN
    table = pd.DataFrame({"id": frame["id"], "subject_id": people}, index=frame.index)
    origin: dict[str, str] = {}
    for name in frame.columns:
        if name in ("id", "subject_id", *columns.aside):
            continue
        values, cut = _groups(_tidy(frame[name]))
        if values is not None:
            table[str(name)] = values
            said = columns.origin.get(str(name), "given")
            origin[str(name)] = f"{TERTILES}{name}" if cut else said
    return table.astype(str), origin


def _groups(values: pd.Series) -> tuple[pd.Series | None, bool]:
    """The groups of one column and whether they were cut, or None where it is no label."""
    known = values[values != UNKNOWN]
    distinct = known.nunique()
    if distinct == 0:
        return None, False
    numbers = pd.to_numeric(known, errors="coerce") if distinct > MAX_NUMERIC_GROUPS else None
    if numbers is not None and bool(np.isfinite(numbers.astype(float)).all()):
        return tertiles(numbers).reindex(values.index, fill_value=UNKNOWN), True
    # Text that hardly ever comes twice names the row, not a group that an attacker could learn.
    if distinct > MAX_NUMERIC_GROUPS and 2 * distinct > len(known):
        return None, False
    return values, False


def tertiles(numbers: pd.Series) -> pd.Series:
    """Three groups of about equal size, named by the values they hold, e.g. "18 to 24".

    Equal values stay together, so a column with one very common value may give two groups.
    """
    edges = np.quantile(numbers, (1 / 3, 2 / 3))
    part = np.searchsorted(edges, numbers.to_numpy(dtype=float), side="left")
    names = {}
    for index in np.unique(part):
        inside = numbers[part == index]
        low, high = f"{inside.min():g}", f"{inside.max():g}"
        names[index] = low if low == high else f"{low} to {high}"
    return pd.Series([names[index] for index in part], index=numbers.index)


def _chosen(
    frame: pd.DataFrame,
    table: pd.DataFrame,
    renamed: Mapping[str, str],
    where: Mapping[str, Any],
    error: type[InputError],
) -> np.ndarray:
    """A mask of the rows that hold one of the wanted values in every column of `where`."""
    keep = np.ones(len(frame), dtype=bool)
    common = {old: new for new, old in renamed.items()}
    for asked, wanted in where.items():
        name = common.get(asked, asked)
        if name not in frame:
            there = [renamed.get(str(column), str(column)) for column in frame.columns]
            raise error(f"'where' cannot be applied: {aliases.missing(asked, there)}")
        values = wanted if isinstance(wanted, list | tuple | set) else [wanted]
        raw = _tidy(frame[name])
        hit = raw.isin(_texts(values)) | raw.map(_number).isin(_numbers(values))
        if name in table:
            hit |= table[name].isin(_texts(values))
        if not (keep & hit.to_numpy()).any():
            wished, held = ", ".join(map(str, values)), _shown(raw[keep])
            raise error(f"'where' leaves nothing: no row has {asked} = {wished}; there are: {held}")
        keep &= hit.to_numpy()
    return keep


def _texts(values: Iterable[object]) -> set[str]:
    """The wanted values as a table writes them; YAML reads a bare `yes` as true."""
    texts: set[str] = set()
    for value in values:
        if isinstance(value, bool):
            texts |= {"yes", "true", "True"} if value else {"no", "false", "False"}
        else:
            texts.add(str(value).strip())
    return texts


def _numbers(values: Iterable[object]) -> set[float]:
    """The wanted numbers: 1 is also found where it is written 1.0 or 001, the text "1" is not."""
    return {float(v) for v in values if isinstance(v, int | float)}


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _shown(values: Iterable[str], most: int = 15) -> str:
    distinct = sorted(set(values))
    more = f" and {len(distinct) - most} more" if len(distinct) > most else ""
    return ", ".join(distinct[:most]) + more


def _row_problems(
    table: pd.DataFrame, labels: tuple[str, ...], has_subjects: bool
) -> list[Problem]:
    """Rows without any label, or without a subject, in a set where others have one."""
    problems = []
    if labels:
        bare = (table[list(labels)] == UNKNOWN).all(axis=1)
        problems += [Problem(f, "unlabelled", "no label is given") for f in table["id"][bare]]
    if has_subjects:
        lost = table["subject_id"] == UNKNOWN
        problems += [Problem(f, "no subject", "nobody said who it is") for f in table["id"][lost]]
    return problems

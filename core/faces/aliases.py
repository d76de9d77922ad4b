"""Names that people give to the same column, and words that they use for the same expression."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

FILE = (
    "file_name", "filename", "file", "path", "file_path", "filepath", "image", "image_path",
    "image_filename", "image_file", "image_name", "image_id", "img", "img_path", "img_name",
)  # fmt: skip
SUBJECT = (
    "subject_id", "subject", "identity", "identity_id", "person_id", "person", "individual",
    "user_id", "user", "participant_id", "participant", "celebrity", "name", "id",
)  # fmt: skip
ROW = ("id", "row_id", "uid", "key")
LABELS = {
    "expression": ("expression", "emotion", "facial_expression", "label", "class"),
    "gender": ("gender", "sex", "male"),
    "ethnicity": ("ethnicity", "race", "ethnic_group"),
    "age": ("age", "age_years"),
}
GUESSED_SUBJECTS = {"name": 0.9, "id": 0.5}
"""Subject names that may as well name the rows: believed where the share of distinct values is at
most this. An `id` that comes twice now and then is a mistake, not a person."""
GUESSED_LABELS = ("label", "class")
"""Label names that say nothing: called expression only where the values are expressions."""

EXPRESSIONS = {
    "neutral": ("neutral", "normal", "ne", "neutrality", "calm"),
    "happy": ("happy", "happiness", "ha", "joy", "smile"),
    "sad": ("sad", "sadness", "sa"),
    "angry": ("angry", "anger", "an"),
    "surprised": ("surprised", "surprise", "su"),
    "disgusted": ("disgusted", "disgust", "di"),
    "fearful": ("fearful", "fear", "afraid", "fe", "af"),
    "contemptuous": ("contemptuous", "contempt"),
}
_EXPRESSION_OF = {word: name for name, words in EXPRESSIONS.items() for word in words}
_FACE_WORDS = {word for word in _EXPRESSION_OF if len(word) > 2} | {"smiling", "sleepy", "wink"}


def fold(name: str) -> str:
    """A column name without case, spaces, dots or dashes: `Subject ID` becomes `subject_id`."""
    return re.sub(r"[\s.\-_]+", "_", str(name).strip().casefold()).strip("_")


def find(columns: Iterable[str], names: Iterable[str]) -> str | None:
    """The first of `columns` that goes by one of `names`, in the order of `names`, or None."""
    known: dict[str, str] = {}
    for column in columns:
        known.setdefault(fold(column), column)
    return next((known[name] for name in names if name in known), None)


def expression(word: str) -> str:
    """The common name of an expression (`HA`, `happiness` become `happy`), or the word as it is."""
    return _EXPRESSION_OF.get(word.casefold(), word.casefold())


def speaks_of_expressions(values: Iterable[str]) -> bool:
    """True where at least half of the distinct values are words for expressions."""
    words = {str(value).strip().casefold() for value in values}
    return bool(words) and 2 * len(words & _FACE_WORDS) >= len(words)


def missing(name: str, columns: Iterable[str]) -> str:
    """`there is no column 'x'; there are a, b; did you mean 'y'?` as half a sentence."""
    there = [str(column) for column in columns]
    close = difflib.get_close_matches(fold(name), [fold(column) for column in there], 1, 0.5)
    hint = f"; the nearest is '{there[[fold(c) for c in there].index(close[0])]}'" if close else ""
    shown = ", ".join(there[:30]) + (f" and {len(there) - 30} more" if len(there) > 30 else "")
    return f"there is no column '{name}', there are: {shown or 'none'}{hint}"

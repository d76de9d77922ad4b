"""Public sets that say everything in their file names: one pattern and one function a set.

Expressions get the common names of `aliases.EXPRESSIONS`, so that one set's probe can be tried on
another's pictures.
"""

from __future__ import annotations

import re

from core.faces import aliases, tables
from core.faces.faceset import UNKNOWN
from core.faces.folder import Tree
from core.faces.found import Found, Row, by_name, share

_END = r"\.(?:jpe?g|png|tiff?|bmp|gif)$"

CFEE = re.compile(rf"^(\d{{2}})_(\d{{3}})(?:_\d{{1,6}})?{_END}", re.I)
JAFFE = re.compile(rf"^([A-Z]{{2}})[._](AN|DI|FE|HA|NE|SA|SU)(\d)[._](\d+){_END}", re.I)
KDEF = re.compile(
    rf"^([AB])([FM])(\d{{2}})(AF|AN|DI|HA|NE|SA|SU)(FL|HL|S|HR|FR)(?:[ _].*)?{_END}", re.I
)
RAFD = re.compile(
    rf"^Rafd(\d{{3}})_(\d{{2}})_([A-Za-z]+)_(male|female)_([a-z]+)_(left|frontal|right){_END}", re.I
)
UTKFACE = re.compile(r"^(\d{1,3})_([01])_([0-4])_(\d{14,20})\.[A-Za-z.]+$")
LONDON = re.compile(rf"^(\d{{3}})_(03|08){_END}", re.I)
_CONDITIONS = (
    "centerlight", "glasses", "happy", "leftlight", "noglasses", "normal", "rightlight", "sad",
    "sleepy", "surprised", "wink",
)  # fmt: skip
YALE = re.compile(
    rf"^subject(\d{{2}})[._]({'|'.join(_CONDITIONS)})(?:\.(?:gif|png|pgm|jpe?g|bmp|tiff?))?$", re.I
)

_CFEE_CODES = {
    "01": "neutral", "02": "happy", "03": "sad", "04": "fearful", "05": "angry",
    "06": "surprised", "07": "disgusted",
}  # fmt: skip
_KDEF_VIEWS = {
    "FL": "full left", "HL": "half left", "S": "frontal", "HR": "half right", "FR": "full right",
}  # fmt: skip
_RAFD_VIEWS = {
    "000": "full right", "045": "half right", "090": "frontal", "135": "half left",
    "180": "full left",
}  # fmt: skip
_UTK_RACES = ("white", "black", "asian", "indian", "other")


def cfee(tree: Tree) -> Found:
    """Compound Facial Expressions of Emotion: `EE_SSS_NNNN.jpg`, category, subject, photograph.

    Categories 01 to 07 are named in the order of the paper (Du, Tao and Martinez 2014, Fig. 1). The
    compound ones keep their number unless `categories.csv` (columns number, name) lies in the set.
    """
    names = dict(_CFEE_CODES)
    listed = tree.named("categories.csv")
    if listed is not None:
        table = tables.read_table(tree.root / listed)
        pairs = zip(table.iloc[:, 0], table.iloc[:, 1], strict=True)
        names |= {str(number).zfill(2): aliases.expression(str(name)) for number, name in pairs}

    def row(match: re.Match[str]) -> Row:
        code, subject = match.group(1), match.group(2)
        return {"subject_id": subject, "expression": names.get(code, f"category {code}")}

    return by_name(tree.pictures, CFEE, row, "01_126_3963.jpg")


def is_cfee(tree: Tree) -> bool:
    """CFEE's names are short numbers only, so its folders (`Images1` to `Images6`) must agree."""
    inside = [file for file in tree.pictures if re.search(r"(^|/)(Images\d|CFEE)", file, re.I)]
    place = "cfee" in tree.root.name.casefold() or 2 * len(inside) > len(tree.pictures)
    return place and share(tree.pictures, CFEE) > 0.9


def jaffe(tree: Tree) -> Found:
    """Japanese Female Facial Expression: `KA.AN1.39.tiff`, subject, expression, number."""

    def row(match: re.Match[str]) -> Row:
        subject, code, _, _ = match.groups()
        return {"subject_id": subject.upper(), "expression": aliases.expression(code)}

    return by_name(tree.pictures, JAFFE, row, "KA.AN1.39.tiff")


def yale(tree: Tree) -> Found:
    """Yale Face Database: `subject01.happy`, any or no suffix; lighting and glasses are neutral."""

    def row(match: re.Match[str]) -> Row:
        number, condition = match.group(1), match.group(2).casefold()
        shown = ("happy", "sad", "sleepy", "surprised", "wink")
        face = condition if condition in shown else "neutral"
        return {"subject_id": f"subject{number}", "expression": face, "condition": condition}

    return by_name(_yale_files(tree), YALE, row, "subject01.happy.gif")


def _yale_files(tree: Tree) -> list[str]:
    """Pictures, and the original files, which have no picture suffix: `.happy` is the condition."""
    pictures = set(tree.pictures)
    return [f for f in tree.files if f in pictures or YALE.search(f.rsplit("/", 1)[-1])]


def is_yale(tree: Tree) -> bool:
    """Nearly all pictures, or the files without a picture suffix, are `subjectNN.condition`."""
    return share(_yale_files(tree), YALE) > 0.9


def kdef(tree: Tree) -> Found:
    """KDEF: `AF01ANS.JPG` is session, gender, person, expression, view."""

    def row(match: re.Match[str]) -> Row:
        session, gender, number, code, view = (part.upper() for part in match.groups())
        return {
            "subject_id": f"{gender}{number}",
            "expression": aliases.expression(code),
            "gender": "female" if gender == "F" else "male",
            "view": _KDEF_VIEWS[view],
            "session": session,
        }

    return by_name(tree.pictures, KDEF, row, "AF01ANS.JPG", aside=("view", "session"))


def rafd(tree: Tree) -> Found:
    """RaFD: `Rafd090_01_Caucasian_female_angry_frontal.jpg`; `Kid` is an age, not an ethnicity."""

    def row(match: re.Match[str]) -> Row:
        angle, number, group, gender, face, gaze = (part.casefold() for part in match.groups())
        child = group in ("kid", "kids", "child")
        return {
            "subject_id": number,
            "expression": aliases.expression(face),
            "gender": gender,
            "ethnicity": UNKNOWN if child else group,
            "age_group": "child" if child else "adult",
            "gaze": gaze,
            "view": _RAFD_VIEWS.get(angle, angle),
        }

    example = "Rafd090_01_Caucasian_female_angry_frontal.jpg"
    return by_name(tree.pictures, RAFD, row, example, aside=("view",))


def utkface(tree: Tree) -> Found:
    """UTKFace: `25_0_1_20170109150557335.jpg`, age, gender, race, time; nobody says who is who."""

    def row(match: re.Match[str]) -> Row:
        age, gender, race, _ = match.groups()
        return {
            "gender": "female" if gender == "1" else "male",
            "ethnicity": _UTK_RACES[int(race)],
            "age": str(int(age)),
        }

    return by_name(tree.pictures, UTKFACE, row, "25_0_1_20170109150557335.jpg")


def london(tree: Tree) -> Found:
    """London set by names alone: `001_03.jpg` is neutral, `001_08.jpg` smiling."""

    def row(match: re.Match[str]) -> Row:
        subject, pose = match.groups()
        return {"subject_id": subject, "expression": "neutral" if pose == "03" else "smiling"}

    return by_name(tree.pictures, LONDON, row, "001_03.jpg")

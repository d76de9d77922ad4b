"""Public sets that are described by lists beside the pictures, or by their folders."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from core.errors import FacesError
from core.faces import tables
from core.faces.faceset import UNKNOWN, Problem
from core.faces.folder import Tree
from core.faces.found import Found, by_name, share
from core.faces.pairs import LFW_FILES, read_pairs

LFW = re.compile(r"^(.+)_(\d{4})\.(?:jpe?g|png)$", re.I)
CKPLUS = re.compile(r"^(S\d{3})_(\d{3})_(\d{8})\.(?:png|tiff?|jpe?g)$", re.I)
DIVEFACE = re.compile(r"(?:^|/)([HM])([ABN])4K_120/([^/]+)/[^/]+$")
DIVEFACE_GROUP = re.compile(r"(?:^|/)Group([123])_(Male|Female)(?:_balanced)?/([^/]+)/[^/]+$", re.I)
DIVEFACE_LIST = re.compile(r"(?:^|/)Group([123])_(Male|Female)(?:_balanced)?\.txt$", re.I)

_GROUPS = ("east asian", "sub-saharan and south indian", "caucasian")
_SPANISH = {"A": _GROUPS[0], "N": _GROUPS[1], "B": _GROUPS[2]}
_CK_EMOTIONS = (
    "neutral", "angry", "contemptuous", "disgusted", "fearful", "happy", "sad", "surprised",
)  # fmt: skip
_CELEBA_LISTS = ("list_attr_celeba.txt", "list_attr_celeba.csv")


def celeba(tree: Tree) -> Found:
    """CelebA: attributes from `list_attr_celeba`, who is who and the partition where listed."""
    attributes = _celeba_table(tree, *_CELEBA_LISTS)
    if attributes is None:
        raise FacesError(
            "preset celeba needs list_attr_celeba.txt beside the pictures and finds none: copy the "
            "annotation files into the folder, or choose another preset"
        )
    frame = pd.DataFrame(index=attributes.index)
    for name in attributes.columns:
        if str(name) == "Male":
            frame["gender"] = attributes[name].map({"1": "male", "-1": "female"})
        else:
            frame[str(name).lower()] = attributes[name].map({"1": "yes", "-1": "no"})
    people = _celeba_table(tree, "identity_CelebA.txt", "identity_CelebA.csv", head="subject_id")
    if people is not None:
        frame["subject_id"] = people.iloc[:, 0].reindex(frame.index)
    part = _celeba_table(
        tree, "list_eval_partition.txt", "list_eval_partition.csv", head="partition"
    )
    if part is not None:
        names = {"0": "train", "1": "validation", "2": "test"}
        frame["partition"] = part.iloc[:, 0].reindex(frame.index).map(names)
    return _listed(frame.fillna(""), tree, "list_attr_celeba", aside=("partition",))


def _celeba_table(tree: Tree, *names: str, head: str | None = None) -> pd.DataFrame | None:
    """One annotation list with the file's name as index: the official text or a mirror's CSV."""
    listed = tree.named(*names)
    if listed is None:
        return None
    path = tree.root / listed
    if path.suffix.lower() == ".csv":
        table = tables.read_table(path)
        return table.set_index(table.columns[0])
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    if head is None:  # a count, then the names of the attributes, then the rows
        columns, lines = lines[1].split(), lines[2:]
    else:
        columns = [head]
    rows = [line.split() for line in lines if line.strip()]
    bad = next((number for number, row in enumerate(rows) if len(row) != len(columns) + 1), None)
    if bad is not None:
        raise FacesError(
            f"'{path.name}' row {bad + 1} has {len(rows[bad]) - 1} values where {len(columns)} are "
            "named: download the list again"
        )
    index = pd.Index([row[0] for row in rows])
    return pd.DataFrame([row[1:] for row in rows], index=index, columns=columns, dtype=str)


def _listed(
    frame: pd.DataFrame, tree: Tree, name: str, aside: tuple[str, ...] = ()
) -> Found:  # fmt: skip
    """Rows of an official list whose picture is here; those that are not are counted once."""
    place: dict[str, str] = {}
    # Aligned pictures win over originals of the same name.
    for file in sorted(tree.pictures, key=lambda f: ("align" in f.casefold(), f)):
        place[file.rsplit("/", 1)[-1]] = file
    files = pd.Series([place.get(str(key).rsplit("/", 1)[-1]) for key in frame.index])
    there = files.notna().to_numpy()
    problems = []
    if not there.all():
        detail = f"{int((~there).sum()):,} of {len(frame):,} listed pictures are not in the folder"
        problems.append(Problem(name, "missing file", detail))
    frame = frame.reset_index(drop=True)[there].assign(file=files[there].to_numpy())
    return Found(frame.reset_index(drop=True), tuple(problems), aside=aside)


def fairface(tree: Tree) -> Found:
    """FairFace: `fairface_label_train.csv`, `_val.csv` (file, age, gender, race); no subjects."""
    lists = [f for f in tree.files if re.search(r"fairface_label_(train|val)\.csv$", f, re.I)]
    if not lists:
        raise FacesError(
            "preset fairface needs fairface_label_train.csv or fairface_label_val.csv and finds "
            "neither: copy the label files into the folder"
        )
    found, problems = [], []
    here = set(tree.files)
    for name in lists:
        table = tables.read_table(tree.root / name)
        below = name.rsplit("/", 1)[0] + "/" if "/" in name else ""
        files = below + table["file"].str.strip()
        there = files.isin(here).to_numpy()
        if not there.all():
            lost = (
                f"{int((~there).sum()):,} of {len(files):,} listed pictures are not in the folder"
            )
            problems.append(Problem(name, "missing file", lost))
        columns = {"file": files, "ethnicity": table["race"], "gender": table["gender"].str.lower()}
        columns |= {"age": table["age"], "partition": table["file"].str.split("/").str[0]}
        found.append(pd.DataFrame(columns)[there])
    frame = pd.concat(found, ignore_index=True)
    return Found(frame, tuple(problems), aside=("partition",))


def diveface(tree: Tree) -> Found:
    """DiveFace: folders HA4K_120 … MN4K_120 or Group1_Male …, or the lists Group1_Male.txt …

    H and M are hombre and mujer; A, B and N asiático, blanco and negro, the groups 1, 3 and 2.
    """
    rows = [_dive_row(file) for file in tree.pictures]
    known = [row for row in rows if row is not None]
    listed = {} if known else _dive_lists(tree)
    for file in tree.pictures if listed else ():
        labels = listed.get("/".join(file.split("/")[-2:]))
        if labels is not None:
            known.append({"file": file, **labels})
    frame = pd.DataFrame(known, dtype=str)
    here = set(frame["file"]) if len(frame) else set()
    problems = [
        Problem(file, "unlabelled", "in none of DiveFace's groups; left out")
        for file in tree.pictures
        if file not in here
    ]
    if len(listed) > len(known):
        detail = f"{len(listed) - len(known):,} of {len(listed):,} listed pictures are not here"
        problems.append(Problem("DiveFace lists", "missing file", detail))
    return Found(frame, tuple(problems), origin=dict.fromkeys(("gender", "ethnicity"), "given"))


def _dive_row(file: str) -> dict[str, str] | None:
    old, new = DIVEFACE.search(file), DIVEFACE_GROUP.search(file)
    if old:
        gender = "male" if old.group(1) == "H" else "female"
        labels = {"gender": gender, "ethnicity": _SPANISH[old.group(2)]}
        return {"file": file, "subject_id": old.group(3), **labels}
    if new:
        labels = {"gender": new.group(2).lower(), "ethnicity": _GROUPS[int(new.group(1)) - 1]}
        return {"file": file, "subject_id": new.group(3), **labels}
    return None


def _dive_lists(tree: Tree) -> dict[str, dict[str, str]]:
    """`identity/file` of every line of the lists, with its labels."""
    listed: dict[str, dict[str, str]] = {}
    for name in tree.files:
        match = DIVEFACE_LIST.search(name)
        if match is None:
            continue
        labels = {"gender": match.group(2).lower(), "ethnicity": _GROUPS[int(match.group(1)) - 1]}
        for line in (tree.root / name).read_text(encoding="utf-8", errors="replace").splitlines():
            if "/" in line:
                listed[line.strip()] = {"subject_id": line.strip().split("/")[0], **labels}
    return listed


def is_diveface(tree: Tree) -> bool:
    """Group folders or group lists by their names."""
    grouped = any(_dive_row(file) is not None for file in tree.pictures[:1000])
    return grouped or any(DIVEFACE_LIST.search(file) for file in tree.files)


def lfw(tree: Tree) -> Found:
    """Labeled Faces in the Wild: `Name/Name_0001.jpg` or flat, with pairs where a list is there."""

    def row(match: re.Match[str]) -> dict[str, str]:
        return {"subject_id": match.group(1)}

    found = by_name(tree.pictures, LFW, row, "Name_Surname_0001.jpg")
    return Found(found.frame, found.problems, origin=found.origin, pairs=read_pairs(tree))


def is_lfw(tree: Tree) -> bool:
    """Names as LFW's, and either a list of pairs or folders that carry the person's name."""
    if share(tree.pictures, LFW) < 0.9:
        return False
    paths = [file.split("/") for file in tree.pictures]
    own = sum(len(p) > 1 and p[-1].rsplit("_", 1)[0] == p[-2] for p in paths)
    return own > 0.9 * len(paths) or tree.named(*LFW_FILES) is not None


def ckplus(tree: Tree) -> Found:
    """Extended Cohn-Kanade: first frame of each sequence is neutral, the last is the coded peak.

    A sequence without an emotion file fits no prototype (Lucey et al. 2010): its peak is `UNKNOWN`.
    """
    sequences: dict[tuple[str, str], list[tuple[str, str]]] = {}
    problems = []
    for file in tree.pictures:
        match = CKPLUS.search(file.rsplit("/", 1)[-1])
        if match is None:
            detail = "not named like S005_001_00000011.png; left out"
            problems.append(Problem(file, "unlabelled", detail))
            continue
        subject, sequence, frame = match.groups()
        sequences.setdefault((subject.upper(), sequence), []).append((frame, file))
    emotions = {
        file.rsplit("/", 1)[-1]: file for file in tree.files if file.endswith("_emotion.txt")
    }
    rows = []
    for (subject, _), frames in sorted(sequences.items()):
        first, (_, peak) = min(frames), max(frames)
        stem = peak.rsplit("/", 1)[-1].rsplit(".", 1)[0]
        coded = emotions.get(f"{stem}_emotion.txt")
        face = _ck_emotion(tree.root / coded) if coded else UNKNOWN
        rows.append({"file": peak, "subject_id": subject, "expression": face, "frame": "peak"})
        if len(frames) > 1:
            start = {"file": first[1], "subject_id": subject, "expression": "neutral"}
            rows.append({**start, "frame": "first"})
    frame = pd.DataFrame(rows, dtype=str)
    return Found(frame, tuple(problems), aside=("frame",))


def _ck_emotion(path: Path) -> str:
    """The emotion file holds one number such as `3.0000000e+00`."""
    try:
        return _CK_EMOTIONS[int(float(path.read_text(encoding="ascii").split()[0]))]
    except (ValueError, IndexError, OSError):
        return UNKNOWN

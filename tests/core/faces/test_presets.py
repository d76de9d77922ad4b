"""Public sets: made-up folders laid out as the real ones are, and what must be read from them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from core.errors import FacesError
from core.faces import named_sets
from core.faces.faceset import UNKNOWN, FaceSet
from core.faces.presets import CHOICES, PRESETS
from core.faces.read import read_faces


def lay(folder: Path, files: Iterable[str], texts: dict[str, str] | None = None) -> Path:
    """Tiny pictures under the given names, and texts beside them."""
    for place, file in enumerate(files):
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (20, 20), (place * 7 % 256, 40, 90)).save(path, "PNG")
    for name, text in (texts or {}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def row(faces: FaceSet, file: str) -> dict[str, str]:
    """The labels of one picture."""
    table = faces.table.set_index("id")
    return {str(k): str(v) for k, v in table.loc[file].items()}


def codes(count: int) -> list[str]:
    return [f"{number:03d}" for number in range(100, 100 + count)]


CFEE = [
    f"{p}/Images1/{e}_{s}_{n}.jpg" for n, s in enumerate(codes(3), 900)
    for p, e in (("01-04", "01"), ("01-04", "02"), ("05-08", "07"), ("05-08", "08"))
]  # fmt: skip
CELEBA = [f"img_align_celeba/{n:06d}.jpg" for n in range(1, 5)]
CELEBA_TEXTS = {
    "list_attr_celeba.txt": "5\nMale Smiling Young \n"
    + "".join(f"{n:06d}.jpg {'1' if n % 2 else '-1'} -1  1\n" for n in range(1, 6)),
    "identity_CelebA.txt": "".join(f"{n:06d}.jpg {n % 2 + 20}\n" for n in range(1, 6)),
    "list_eval_partition.txt": "".join(f"{n:06d}.jpg {n % 3}\n" for n in range(1, 6)),
}
DIVE = ["HA4K_120/1@N0_identity_0/5_0.jpg", "MN4K_120/2@N0_identity_3/6_1.jpg"]
LFW = [f"{name}/{name}_{n:04d}.jpg" for name in ("Ann_Lee", "Bo_Xu") for n in (1, 2)]
CK = [f"cohn-kanade-images/S005/00{q}/S005_00{q}_{f:08d}.png" for q in (1, 2) for f in (1, 2, 3)]
FAIR = {
    "fairface_label_train.csv": "file,age,gender,race,service_test\n"
    "train/1.jpg,50-59,Male,East Asian,True\ntrain/2.jpg,more than 70,Female,Indian,False\n"
    "train/3.jpg,3-9,Female,Black,False\n",
}
RAFD = "Rafd{angle}_{person}_{group}_{gender}_{face}_{gaze}.jpg"

# preset, files, texts, one picture, what must be said of it, number of subjects (None: unknown)
SETS = [
    ("cfee", CFEE, {}, CFEE[1], {"subject_id": "100", "expression": "happy"}, 3),
    ("cfee", CFEE, {}, CFEE[3], {"expression": "category 08"}, 3),
    (
        "cfee", CFEE, {"categories.csv": "number,name\n8,happily surprised\n"}, CFEE[3],
        {"expression": "happily surprised"}, 3,
    ),
    (
        "celeba", CELEBA, CELEBA_TEXTS, CELEBA[0],
        {"subject_id": "21", "gender": "male", "smiling": "no", "young": "yes"}, 2,
    ),
    (
        "diveface", DIVE, {}, DIVE[0],
        {"subject_id": "1@N0_identity_0", "gender": "male", "ethnicity": "east asian"}, 2,
    ),
    (
        "diveface", DIVE, {}, DIVE[1],
        {"gender": "female", "ethnicity": "sub-saharan and south indian"}, 2,
    ),
    (
        "diveface", ["9@N0_identity_2/7_0.jpg"],
        {"Group3_Female.txt": "9@N0_identity_2/7_0.jpg\n9@N0_identity_2/8_0.jpg\n"},
        "9@N0_identity_2/7_0.jpg",
        {"subject_id": "9@N0_identity_2", "gender": "female", "ethnicity": "caucasian"}, 1,
    ),
    ("lfw", LFW, {}, LFW[2], {"subject_id": "Bo_Xu"}, 2),
    (
        "jaffe", ["KA.AN1.39.tiff", "KL.NE2.156.tiff"], {}, "KA.AN1.39.tiff",
        {"subject_id": "KA", "expression": "angry"}, 2,
    ),
    (
        "yale", ["subject01.happy", "subject01.noglasses.gif", "subject02.leftlight"], {},
        "subject01.noglasses.gif",
        {"subject_id": "subject01", "expression": "neutral", "condition": "noglasses"}, 2,
    ),
    (
        "ckplus", CK, {
            "Emotion/S005/001/S005_001_00000003_emotion.txt": "   3.0000000e+00\n",
        }, CK[2], {"subject_id": "S005", "expression": "disgusted"}, 1,
    ),
    ("ckplus", CK, {}, CK[3], {"expression": "neutral"}, 1),
    ("ckplus", CK, {}, CK[5], {"expression": UNKNOWN}, 1),
    (
        "kdef", ["AF01/AF01ANS.JPG", "BF01/BF01HAFL.JPG", "AM09/AM09AFS.JPG"], {},
        "BF01/BF01HAFL.JPG", {"subject_id": "F01", "expression": "happy", "gender": "female"}, 2,
    ),
    (
        "rafd", [
            "Rafd090_01_Caucasian_female_angry_frontal.jpg",
            "Rafd045_63_Kid_male_contemptuous_left.jpg",
        ], {}, "Rafd045_63_Kid_male_contemptuous_left.jpg",
        {
            "subject_id": "63", "gender": "male", "ethnicity": UNKNOWN, "age_group": "child",
            "expression": "contemptuous", "gaze": "left",
        }, 2,
    ),
    (
        "utkface", ["25_0_1_20170109150557335.jpg", "3_1_4_20170109150557336.jpg.chip.jpg"], {},
        "25_0_1_20170109150557335.jpg",
        {"subject_id": UNKNOWN, "gender": "male", "ethnicity": "black", "age": "25"}, None,
    ),
    (
        "fairface", ["train/1.jpg", "train/2.jpg", "train/3.jpg"], FAIR, "train/2.jpg",
        {
            "subject_id": UNKNOWN, "gender": "female", "ethnicity": "Indian",
            "age": "more than 70",
        }, None,
    ),
    (
        "london", ["001_03.jpg", "001_08.jpg", "036_08.jpg"], {}, "036_08.jpg",
        {"subject_id": "036", "expression": "smiling"}, 2,
    ),
]  # fmt: skip


@pytest.mark.parametrize("preset", ["auto", "named"])
@pytest.mark.parametrize("case", SETS, ids=lambda case: f"{case[0]}-{case[3].rsplit('/', 1)[-1]}")
def test_a_set_laid_out_as_published_is_read(
    case: tuple, preset: str, tmp_path: Path
) -> None:  # fmt: skip
    key, files, texts, picture, labels, people = case
    faces = read_faces(lay(tmp_path, files, texts), preset=key if preset == "named" else "auto")
    got = row(faces, picture)
    assert {name: got[name] for name in labels} == labels
    assert faces.has_subjects == (people is not None)
    if people is not None:
        assert faces.table["subject_id"].nunique() == people
    else:
        assert set(faces.table["subject_id"]) == {UNKNOWN}
    # Whatever was guessed can be seen, and the terms of the set go with it.
    assert PRESETS[key].title in faces.name
    assert ("recognised" in faces.name) == (preset == "auto")
    assert PRESETS[key].title in faces.licence


def test_every_choice_of_the_contract_is_there() -> None:
    wanted = "auto folder manifest cfee celeba diveface lfw jaffe yale ckplus kdef rafd utkface"
    assert set(CHOICES) == {*wanted.split(), "fairface", "london", "synthetic"}
    assert all(preset.licence and preset.source for preset in PRESETS.values())


def test_views_and_partitions_can_be_chosen_and_are_no_labels(tmp_path: Path) -> None:
    kdef = lay(tmp_path / "k", ["AF01ANS.JPG", "AF01ANFL.JPG", "BF01HAS.JPG"])
    faces = read_faces(kdef, where={"view": "frontal"})
    assert faces.table["id"].tolist() == ["AF01ANS.JPG", "BF01HAS.JPG"]
    assert set(faces.labels) == {"expression", "gender"}
    celeba = lay(tmp_path / "c", CELEBA, CELEBA_TEXTS)
    faces = read_faces(celeba, where={"partition": "test", "smiling": False})
    assert faces.table["id"].tolist() == ["img_align_celeba/000002.jpg"]
    with pytest.raises(FacesError, match=r"there are: .*partition"):
        read_faces(celeba, where={"part": "test"})


def test_pictures_that_a_list_names_and_the_folder_lacks_are_counted_once(tmp_path: Path) -> None:
    faces = read_faces(lay(tmp_path, CELEBA, CELEBA_TEXTS))
    assert len(faces) == 4
    lost = [problem for problem in faces.problems if problem.kind == "missing file"]
    assert len(lost) == 1
    assert "1 of 5" in lost[0].detail


def test_aligned_celeba_pictures_win_over_originals(tmp_path: Path) -> None:
    files = [*CELEBA, "img_celeba/000001.jpg"]
    faces = read_faces(lay(tmp_path, files, CELEBA_TEXTS))
    assert faces.table["id"].tolist() == CELEBA


def test_celeba_can_do_without_its_identity_list(tmp_path: Path) -> None:
    only = {"list_attr_celeba.txt": CELEBA_TEXTS["list_attr_celeba.txt"]}
    assert not read_faces(lay(tmp_path, CELEBA, only)).has_subjects


def test_ckplus_takes_first_and_last_frame_of_each_sequence(tmp_path: Path) -> None:
    faces = read_faces(lay(tmp_path, CK))
    assert sorted(faces.table["id"]) == [CK[0], CK[2], CK[3], CK[5]]
    assert read_faces(tmp_path, where={"frame": "first"}).table["id"].tolist() == [CK[0], CK[3]]


def test_files_named_otherwise_are_listed_not_dropped_in_silence(tmp_path: Path) -> None:
    """KDEF itself has a misnamed file, AF31V.JPG."""
    faces = read_faces(lay(tmp_path, ["AF31V.JPG", "AF01ANS.JPG"]), preset="kdef")
    assert len(faces) == 1
    assert [(p.file, p.kind) for p in faces.problems] == [("AF31V.JPG", "unlabelled")]


@pytest.mark.parametrize(
    ("name", "text", "folds", "same"),
    [
        ("pairsDevTest.txt", "2\nAnn_Lee 1 2\nBo_Xu 1 2\nAnn_Lee 1 Bo_Xu 1\nAnn_Lee 2 Bo_Xu 2\n",
         [0, 0, 0, 0], [True, True, False, False]),
        ("pairs.txt", "2\t1\nAnn_Lee\t1\t2\nAnn_Lee\t1\tBo_Xu\t1\n"
         "Bo_Xu\t1\t2\nAnn_Lee\t2\tBo_Xu\t2",
         [0, 0, 1, 1], [True, False, True, False]),
        ("pairs.csv", "a,b,same,fold\nAnn_Lee/Ann_Lee_0001.jpg,Ann_Lee_0002,1,3\n"
         "Bo_Xu_0001.jpg,Ann_Lee_0002,0,4\n", [3, 4], [True, False]),
    ],
)  # fmt: skip
def test_pairs_are_read_in_each_format(
    name: str, text: str, folds: list[int], same: list[bool], tmp_path: Path
) -> None:
    faces = read_faces(lay(tmp_path, LFW, {name: text}))
    assert faces.pairs is not None
    assert faces.pairs["fold"].tolist() == folds
    assert faces.pairs["same"].tolist() == same
    ids = set(faces.table["id"])
    assert set(faces.pairs["a"]) | set(faces.pairs["b"]) <= ids
    people = faces.table.set_index("id")["subject_id"]
    truth = [
        people[a] == people[b] for a, b in zip(faces.pairs["a"], faces.pairs["b"], strict=True)
    ]
    assert truth == same


def test_pairs_without_their_picture_are_left_out_and_said(tmp_path: Path) -> None:
    text = "1\nAnn_Lee 1 2\nAnn_Lee 1 Gone_Man 1\n"
    faces = read_faces(lay(tmp_path, LFW, {"pairsDevTest.txt": text}))
    assert faces.pairs is not None
    assert len(faces.pairs) == 1
    assert any("1 of 2 verification pairs" in problem.detail for problem in faces.problems)


def test_a_broken_line_of_pairs_is_named(tmp_path: Path) -> None:
    with pytest.raises(FacesError, match=r"'pairs.txt' line 3 is 'Bo_Xu one 2'"):
        read_faces(lay(tmp_path, LFW, {"pairs.txt": "1\nAnn_Lee 1 2\nBo_Xu one 2\n"}))


@pytest.mark.parametrize(
    "files",
    [
        ["happy/1.jpg", "happy/2.jpg", "sad/3.jpg"],
        ["IMG_0001.jpg", "IMG_0002.jpg"],
        ["12_345_6.jpg", "13_345_7.jpg"],
        ["2017_0_1.jpg", "25_3_1_20170109150557335.jpg"],
    ],
)
def test_ordinary_folders_are_not_mistaken_for_a_public_set(
    files: list[str], tmp_path: Path
) -> None:
    assert "recognised" not in read_faces(lay(tmp_path, files)).name


@given(
    session=st.sampled_from("AB"),
    gender=st.sampled_from("FM"),
    number=st.integers(1, 35),
    face=st.sampled_from(["AF", "AN", "DI", "HA", "NE", "SA", "SU"]),
    view=st.sampled_from(["FL", "HL", "S", "HR", "FR"]),
)
def test_every_kdef_name_splits_in_one_way(
    session: str, gender: str, number: int, face: str, view: str
) -> None:
    """`AN` + `S` and `AF` + `FL` cannot be confused, whatever the letters beside them."""
    match = named_sets.KDEF.search(f"{session}{gender}{number:02d}{face}{view}.JPG")
    assert match is not None
    assert match.groups() == (session, gender, f"{number:02d}", face, view)


@given(st.integers(0, 116), st.integers(0, 1), st.integers(0, 4), st.integers(10**16, 10**17 - 1))
def test_every_utkface_name_is_read(age: int, gender: int, race: int, time: int) -> None:
    match = named_sets.UTKFACE.search(f"{age}_{gender}_{race}_{time}.jpg.chip.jpg")
    assert match is not None
    assert [int(part) for part in match.groups()] == [age, gender, race, time]


@given(st.text(alphabet="AFMSHRL0123456789._subject-", max_size=30))
def test_patterns_never_take_long_or_fail(name: str) -> None:
    for pattern in (named_sets.CFEE, named_sets.JAFFE, named_sets.KDEF, named_sets.RAFD):
        match = pattern.search(name)
        assert match is None or re.fullmatch(r"[\w.\-]+", name)

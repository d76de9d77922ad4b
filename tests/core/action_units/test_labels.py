"""Where labels of action units come from, what unknown is, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.action_units.labels import PAPER_LEAST, SMALLEST, labels_of, least
from core.errors import FacesError, InputError, NotEnoughData
from core.faces.faceset import FaceSet
from core.faces.manifest import action_unit
from core.faces.read import read_faces
from core.faces.synthetic import synthetic_faces
from core.faces.synthetic.expression import EMFACS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four pictures of two people, in two folders, without a manifest."""
    for name in ("a/one.png", "a/two.png", "b/one.png", "b/three.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("RGB", (32, 32), (len(name), 99, 9)).save(tmp_path / name)
    return tmp_path


def manifest(folder: Path, *rows: str) -> FaceSet:
    (folder / "metadata.csv").write_text("\n".join(rows) + "\n")
    return read_faces(folder)


def plain(folder: Path) -> FaceSet:
    return manifest(
        folder, "file_name,subject_id,gender", "a/one.png,p,f", "a/two.png,p,f", "b/one.png,q,m",
        "b/three.png,q,m",
    )  # fmt: skip


def test_names_of_columns_that_are_units() -> None:
    named = {"AU01": (1, ""), "au12": (12, ""), "AU01_c": (1, "c"), " AU45_r": (45, "r"),
             "AU 4": (4, ""), "au-9": (9, "")}  # fmt: skip
    assert {name: action_unit(name) for name in named} == named
    for other in ("AU", "audio", "AU00", "AU123", "AU1_x", "xAU01", "AU01b"):
        assert action_unit(other) is None


def test_the_generator_says_from_grade_b_on() -> None:
    faces = synthetic_faces(people=12)
    labels = labels_of(faces)
    for place, unit in enumerate(labels.units):
        shown = faces.table[f"au{unit:02d}"].to_numpy() >= 0.2
        assert np.array_equal(labels.present[:, place] == 1, shown)
    # What no expression asks for is stray activity, and hardly ever reaches grade B.
    asked = {unit for name in faces.table["expression"].unique() for unit in EMFACS[name]} | {25}
    stray = [place for place, unit in enumerate(labels.units) if unit not in asked]
    assert labels.present[:, stray].mean() < 0.05


def test_columns_of_a_manifest_reach_the_table_and_are_no_labels(folder: Path) -> None:
    faces = manifest(
        folder, "file_name,subject_id,gender,AU01_c,AU01_r,au12", "a/one.png,p,f,1,4.5,0",
        "a/two.png,p,f,0,0.0,3", "b/one.png,q,m,,1.9,2", "b/three.png,q,m,0,,unknown",
    )  # fmt: skip
    assert faces.labels == ("gender",)
    labels = labels_of(faces)
    assert labels.units == (1, 12)
    # The occurrence goes before the intensity; plain numbers above 1 are grades, from 2 on.
    expected = [[1, 0], [0, 1], [np.nan, 1], [0, np.nan]]
    np.testing.assert_array_equal(labels.present, np.array(expected, np.float32))


def test_rows_chosen_by_where_keep_their_units(folder: Path) -> None:
    manifest(folder, "file_name,subject_id,gender,AU01", "a/one.png,p,f,1", "a/two.png,p,f,0",
             "b/one.png,q,m,0", "b/three.png,q,m,1")  # fmt: skip
    faces = read_faces(folder, where={"gender": "m"})
    assert labels_of(faces).present[:, 0].tolist() == [0, 1]


def test_py_feat_is_joined_by_file_name(folder: Path) -> None:
    faces = plain(folder)
    path = folder / "fex.csv"
    path.write_text(
        "FaceScore,AU01,AU12,anger,input\n.9,.2,.7,.1,/somewhere/else/b/one.png\n"
        ".8,.5,.1,.1,a/one.png\n.99,.6,,.1,C:\\faces\\two.png\n.9,1,1,0,other.png\n"
    )
    labels = labels_of(faces, path)
    expected = [[1, 0], [1, np.nan], [0, 1], [np.nan, np.nan]]
    np.testing.assert_array_equal(labels.present, np.array(expected, np.float32))
    assert any("1 faces have no row" in one for one in labels.told)
    assert any("name no picture" in one for one in labels.told)


def test_a_name_that_two_pictures_share_is_not_guessed(folder: Path) -> None:
    faces = plain(folder)
    (folder / "fex.csv").write_text("AU01,input\n1,one.png\n1,two.png\n")
    labels = labels_of(faces, folder / "fex.csv")
    np.testing.assert_array_equal(labels.present[:, 0], np.float32([np.nan, 1, np.nan, np.nan]))


def test_openface_by_the_names_of_its_files(folder: Path) -> None:
    """Leading blanks, no column with the picture, a face that was not found, two faces."""
    faces = plain(folder)
    out = folder / "openface"
    out.mkdir()
    head = "frame, face_id, timestamp, confidence, success, AU01_r, AU01_c, AU28_c\n"
    (out / "two.csv").write_text(f"{head}1, 0, 0, .4, 1, .1, 0, 1\n1, 1, 0, .9, 1, 3.2, 1, 0\n")
    (out / "three.csv").write_text(f"{head}1, 0, 0, .0, 0, 0, 0, 0\n")
    labels = labels_of(faces, out)
    assert labels.units == (1, 28)
    expected = [[np.nan, np.nan], [1, 0], [np.nan, np.nan], [np.nan, np.nan]]
    np.testing.assert_array_equal(labels.present, np.array(expected, np.float32))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("AU01,input\ninf,a/one.png\n", "finite numbers"),
        ("AU01,input\nlots,a/one.png\n", "finite numbers"),
        ("AU01,input\n-1,a/one.png\n", "holds -1"),
        ("AU01,input\n9,a/one.png\n", "holds 9"),
        ("AU01,input\n1,nobody.png\n", "none of the 1 pictures"),
        ("AU01,AU01,input\n1,1,a/one.png\n", "two columns named"),
        ("AU01,input\n1,a/one.png\n0,a/one.png\n", "several rows for a/one.png"),
        ("AU01,input\n1,a/one.png\n0,./a/one.png\n", "twice"),
        ("anger,input\n1,a/one.png\n", "no column of an action unit"),
        ("AU01,face\n1,0\n", "does not say which picture"),
        ("", "empty"),
        ("AU01,input\n", "no rows"),
    ],
)
def test_hostile_files_are_refused_in_one_sentence(folder: Path, text: str, said: str) -> None:
    faces = plain(folder)
    (folder / "labels.csv").write_text(text)
    with pytest.raises(FacesError, match=said) as caught:
        labels_of(faces, folder / "labels.csv")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_folders_that_fit_nothing_and_files_that_are_not_there(folder: Path) -> None:
    faces = plain(folder)
    (folder / "empty").mkdir()
    for path in (folder / "empty", folder / "missing.csv"):
        with pytest.raises(InputError):
            labels_of(faces, path)
    (folder / "empty" / "strange.csv").write_text("AU01\n1\n")
    with pytest.raises(FacesError, match="named like a picture"):
        labels_of(faces, folder / "empty")


def test_a_set_without_units_says_so(folder: Path) -> None:
    with pytest.raises(NotEnoughData, match="says nothing about action units"):
        labels_of(plain(folder))


def test_a_label_of_that_name_that_is_studied_as_a_label_is_none() -> None:
    faces = synthetic_faces(people=3)
    labels = labels_of(replace(faces, labels=(*faces.labels, "au01")))
    assert 1 not in labels.units


def test_the_papers_limit_scales() -> None:
    assert least(101_778) == PAPER_LEAST == least(10_000_000)
    assert least(1380) == 109
    assert least(10) == SMALLEST


def test_labels_have_a_digest_of_their_content() -> None:
    one, two = (labels_of(synthetic_faces(people=3, seed=seed)) for seed in (0, 1))
    assert one.digest() == labels_of(synthetic_faces(people=3)).digest() != two.digest()
    assert one.without(np.array([0])).digest() != one.digest()

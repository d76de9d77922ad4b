"""Reading face sets: folders, manifests, zips, labels, filters, and looking at every picture."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from core.errors import Cancelled, FacesError
from core.faces import aliases, inspection
from core.faces.faceset import UNKNOWN, FaceSet, Picture
from core.faces.labelling import tertiles
from core.faces.read import inspect_faces, read_faces
from core.faces.synthetic.source import synthetic_faces
from core.progress import Progress, Status


def lay(folder: Path, files: list[str], manifest: str | None = None) -> Path:
    """Pictures that all differ, and a manifest beside them."""
    for place, file in enumerate(files):
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (20, 20), (place % 256, place // 256, 90)).save(path, "PNG")
    if manifest is not None:
        (folder / "metadata.csv").write_text(manifest)
    return folder


def crowd(folder: Path, columns: dict[str, list[object]]) -> FaceSet:
    """A manifest with the given columns, one picture a row."""
    rows = len(next(iter(columns.values())))
    files = [f"{row:04d}.png" for row in range(rows)]
    table = pd.DataFrame({"file_name": files, **columns})
    return read_faces(lay(folder, files, table.to_csv(index=False)))


# folders


def test_one_folder_a_class(tmp_path: Path) -> None:
    faces = read_faces(lay(tmp_path, ["cat/1.png", "cat/2.png", "dog/deep/3.png", "4.png"]))
    assert faces.labels == ("class",)
    got = dict(zip(faces.table["id"], faces.table["class"], strict=True))
    assert got == {
        "4.png": UNKNOWN,
        "cat/1.png": "cat",
        "cat/2.png": "cat",
        "dog/deep/3.png": "dog",
    }
    assert not faces.has_subjects
    assert set(faces.table["subject_id"]) == {UNKNOWN}
    assert [(p.file, p.kind) for p in faces.problems] == [("4.png", "unlabelled")]
    assert "one folder a class" in faces.name


def test_folders_of_expressions_and_of_parts_are_understood(tmp_path: Path) -> None:
    files = [f"{part}/{face}/{n}.png" for part in ("train", "test") for face in ("happy", "sad")
             for n in (1, 2)]  # fmt: skip
    faces = read_faces(lay(tmp_path, files))
    assert faces.labels == ("expression",)
    assert faces.table["expression"].value_counts().to_dict() == {"happy": 4, "sad": 4}
    assert len(read_faces(tmp_path, where={"partition": "test"})) == 4


def test_pictures_alone_are_a_set_without_labels(tmp_path: Path) -> None:
    faces = read_faces(lay(tmp_path, ["b.png", "a.png"]))
    assert faces.labels == ()
    assert faces.table["id"].tolist() == ["a.png", "b.png"]
    assert faces.problems == ()
    assert inspect_faces(faces).identities is None


def test_other_files_are_passed_over_or_named(tmp_path: Path) -> None:
    lay(tmp_path, ["a.png"])
    for name in ("notes.txt", "film.mp4", "more.zip", ".hidden.png"):
        (tmp_path / name).write_bytes(b"x")
    problems = {p.file: p.kind for p in read_faces(tmp_path).problems}
    assert problems == {"film.mp4": "not an image", "more.zip": "not an image"}


# manifests


def test_subjects_are_text_and_columns_go_by_their_common_names(tmp_path: Path) -> None:
    text = "Image Path;Identity;Emotion;Sex\nx/1.png;007;happy;f\nx/2.png;07;sad;m\n"
    faces = read_faces(lay(tmp_path, ["x/1.png", "x/2.png"], "\ufeff" + text))
    assert faces.table["subject_id"].tolist() == ["007", "07"]
    assert faces.labels == ("expression", "gender")
    assert faces.origin == {"expression": "given", "gender": "given"}
    assert len(read_faces(tmp_path, where={"Emotion": "sad"})) == 1
    assert len(read_faces(tmp_path, where={"expression": "sad"})) == 1


def test_any_column_can_be_the_subject(tmp_path: Path) -> None:
    text = "file,subject_id,family\n1.png,a,x\n2.png,b,x\n"
    faces = read_faces(lay(tmp_path, ["1.png", "2.png"], text), subject="family")
    assert faces.table["subject_id"].tolist() == ["x", "x"]
    assert "other_subject_id" in faces.labels


@pytest.mark.parametrize(
    ("ids", "is_subject"),
    [(["a", "a", "b", "b"], True), (["1", "2", "3", "4"], False), (["1", "1", "2", "3"], False)],
)
def test_a_column_id_is_a_person_only_where_it_repeats(
    ids: list[object], is_subject: bool, tmp_path: Path
) -> None:
    faces = crowd(tmp_path, {"id": ids})
    assert faces.has_subjects == is_subject
    if not is_subject:
        assert faces.table["id"].tolist() == sorted(set(ids), key=str)


def test_a_column_male_becomes_gender(tmp_path: Path) -> None:
    faces = crowd(tmp_path, {"Male": [1, -1, 0, 1]})
    assert faces.table["gender"].tolist() == ["male", "female", "female", "male"]


def test_a_bare_file_name_finds_its_picture_below(tmp_path: Path) -> None:
    text = "file_name,mood\none.png,happy\ntwo.png,sad\n"
    files = ["pics/one.png", "pics/two.png", "other/two.png"]
    faces = read_faces(lay(tmp_path, files, text))
    assert faces.source.files == ("pics/one.png",)  # type: ignore[attr-defined]
    kinds = {(p.file, p.kind) for p in faces.problems}
    assert ("two.png", "missing file") in kinds  # two pictures of this name: nobody can tell


def test_manifest_as_parquet_and_by_path_give_the_same_set(tmp_path: Path) -> None:
    folder = lay(tmp_path, ["1.png", "2.png", "3.png"])
    table = pd.DataFrame(
        {
            "file_name": ["1.png", "2.png", "3.png"],
            "subject_id": [1, 1, 2],
            "mood": ["a", "b", None],
        }
    )
    table.to_csv(folder / "mine.csv", index=False)
    table.to_parquet(folder / "metadata.parquet")
    one, two = read_faces(folder / "mine.csv"), read_faces(folder)
    assert one.table.equals(two.table)
    assert one.digest() == two.digest()
    assert one.table["mood"].tolist() == ["a", "b", UNKNOWN]


def test_a_moved_folder_keeps_its_digest_and_a_changed_picture_does_not(tmp_path: Path) -> None:
    text = "file_name,subject_id\n1.png,a\n2.png,b\n"
    one = read_faces(lay(tmp_path / "one", ["1.png", "2.png"], text)).digest()
    two = read_faces(lay(tmp_path / "two", ["1.png", "2.png"], text)).digest()
    assert one == two
    Image.new("RGB", (20, 20), (1, 2, 3)).save(tmp_path / "two" / "2.png")
    assert read_faces(tmp_path / "two").digest() != one


def test_a_zip_reads_as_its_folder(tmp_path: Path) -> None:
    text = "file_name,subject_id,mood\n1.png,a,x\nd/2.png,b,y\n"
    folder = lay(tmp_path / "set", ["1.png", "d/2.png"], text)
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as packed:
        for file in ("1.png", "d/2.png", "metadata.csv"):
            packed.write(folder / file, f"set/{file}")
            packed.writestr(f"__MACOSX/set/._{file}", b"clutter")
    one = read_faces(folder)
    two = read_faces(tmp_path / "set.zip", extract_to=tmp_path / "into")
    assert one.digest() == two.digest()
    assert two.problems == ()
    assert two.name == "set (metadata.csv)"


def test_the_only_manifest_below_the_root_is_found(tmp_path: Path) -> None:
    text = "file_name,subject_id,mood\n1.png,a,x\n"
    lay(tmp_path / "deep" / "set", ["1.png"], text)
    (tmp_path / "README.txt").write_text("about")
    faces = read_faces(tmp_path)
    assert faces.table["id"].tolist() == ["1.png"]
    assert faces.labels == ("mood",)


# labels


def test_numbers_with_many_values_are_cut_at_tertiles_and_few_are_kept(tmp_path: Path) -> None:
    ages: list[object] = [*range(18, 47), None]
    faces = crowd(tmp_path, {"subject_id": list("ab") * 15, "age": ages, "stars": [1, 2, 3] * 10})
    assert faces.origin["age"] == "tertiles of age"
    assert faces.table["age"].value_counts().to_dict() == {
        "18 to 27": 10, "28 to 36": 9, "37 to 46": 10, UNKNOWN: 1,
    }  # fmt: skip
    assert faces.table["stars"].value_counts().to_dict() == {"1": 10, "2": 10, "3": 10}
    assert set(faces.table.columns) == {"id", "subject_id", "age", "stars"}


def test_a_column_that_names_the_row_is_no_label(tmp_path: Path) -> None:
    names: list[object] = [f"shot {row}" for row in range(20)]
    faces = crowd(tmp_path, {"title": names, "empty": [None] * 20, "mood": ["x", "y"] * 10})
    assert faces.labels == ("mood",)


def test_unknown_values_are_groups_and_missing_ones_are_unknown(tmp_path: Path) -> None:
    moods: list[object] = ["happy", "flabbergasted", None, " N/A ", "sad", "happy"]
    faces = crowd(tmp_path, {"mood": moods})
    assert faces.table["mood"].tolist() == [
        "happy", "flabbergasted", UNKNOWN, UNKNOWN, "sad", "happy",
    ]  # fmt: skip
    assert [p.kind for p in faces.problems] == ["unlabelled"] * 2


def test_the_word_none_is_a_value(tmp_path: Path) -> None:
    """A column `glasses` may say none; pandas would take that for a missing cell."""
    faces = crowd(tmp_path, {"glasses": ["None", "round", "none", "round"]})
    assert faces.table["glasses"].tolist() == ["None", "round", "none", "round"]


def test_a_row_without_a_subject_is_named_where_others_have_one(tmp_path: Path) -> None:
    faces = crowd(tmp_path, {"subject_id": ["a", None, "a"]})
    assert faces.has_subjects
    assert [(p.file, p.kind) for p in faces.problems] == [("0001.png", "no subject")]


def test_a_value_on_the_edge_of_a_tertile_belongs_below_it() -> None:
    counts = tertiles(pd.Series(range(1, 14))).value_counts().to_dict()
    assert counts == {"1 to 5": 5, "6 to 9": 4, "10 to 13": 4}


@settings(max_examples=40)
@given(st.lists(st.integers(0, 60) | st.floats(0, 5, width=16), min_size=11, max_size=80))
def test_tertiles_keep_order_and_lose_nobody(numbers: list[float]) -> None:
    """Groups follow the order of the values, equal values share one, none is over its share."""
    values = pd.Series(numbers, dtype=float)
    groups = tertiles(values)
    frame = pd.DataFrame({"value": values, "group": groups}).sort_values("value", kind="stable")
    assert frame["group"].notna().all()
    assert frame.groupby("value")["group"].nunique().max() == 1
    runs = (frame["group"] != frame["group"].shift()).sum()
    assert runs == frame["group"].nunique() <= 3
    for group, inside in frame.groupby("group"):
        assert str(group).split(" to ")[0] == f"{inside['value'].min():g}"
    # A group over a third of the rows owes it to one value that is common.
    most_common = values.value_counts().max()
    assert frame["group"].value_counts().max() <= len(values) / 3 + most_common + 1


def test_where_takes_values_lists_numbers_and_groups(tmp_path: Path) -> None:
    columns: dict[str, list[object]] = {
        "subject_id": ["001", "1", "002", "2"] * 3, "mood": ["x", "y", "z"] * 4,
        "age": list(range(30, 42)), "smiling": ["yes", "no"] * 6,
    }  # fmt: skip
    crowd(tmp_path, columns)

    def count(**where: object) -> int:
        return len(read_faces(tmp_path, where=where))

    assert count(mood="x") == 4
    assert count(mood=["x", "y"]) == 8
    assert count(subject_id="1") == 3  # the text, not the number
    assert count(subject_id=1) == 6
    assert count(age=35) == 1
    assert count(age="30 to 33") == 4
    assert count(smiling=True, mood="x") == 2
    with pytest.raises(FacesError, match="the nearest is 'mood'"):
        count(moods="x")
    with pytest.raises(FacesError, match="there are: x, y, z"):
        count(mood="X")


@given(st.sampled_from(sorted({*aliases.FILE, *aliases.SUBJECT})), st.data())
def test_column_names_are_found_however_they_are_written(name: str, data: st.DataObject) -> None:
    words = name.split("_")
    mark = data.draw(st.sampled_from(["_", " ", "-", "."]))
    how = data.draw(st.sampled_from([str.upper, str.title, str.lower]))
    written = f" {how(mark.join(words))} "
    assert aliases.find(["other", written], (name,)) == written


def test_the_nearest_name_is_offered() -> None:
    assert "nearest is 'expression'" in aliases.missing("expresion", ["file", "expression"])
    assert "nearest" not in aliases.missing("expression", ["file"])


# looking


def test_inspection_counts_and_finds_duplicates_by_pixels(tmp_path: Path) -> None:
    text = "file,subject_id,mood\n1.png,a,x\n2.png,a,y\n3.png,b,x\n4.bmp,b,x\n5.png,c,z\n"
    folder = lay(tmp_path, ["1.png", "2.png", "3.png", "5.png"], text)
    Image.open(folder / "2.png").save(folder / "4.bmp")
    (folder / "5.png").write_bytes(b"broken")
    found = inspect_faces(read_faces(folder))
    assert (found.images, found.readable, found.identities) == (5, 4, 3)
    assert found.labels == {"mood": {"x": 3, "y": 1, "z": 1}}
    assert found.kinds == {"duplicated": 1, "not an image": 1}
    twin = next(p for p in found.problems if p.kind == "duplicated")
    assert twin.file == "4.bmp"
    assert "same pixels as 2.png" in twin.detail
    assert "mood y and x" in twin.detail
    assert json.loads(json.dumps(found.as_dict()))["problems"][0]["kind"]


def test_inspection_tells_progress_and_can_be_cancelled(tmp_path: Path) -> None:
    faces = read_faces(lay(tmp_path, [f"{n}.png" for n in range(30)]))
    seen: list[Status] = []
    inspect_faces(faces, progress=Progress(seen.append))
    assert [(s.done, s.total) for s in seen] == [(n, 30) for n in range(31)]
    stop = Progress(seen.append, cancelled=lambda: seen[-1].done >= 5)
    seen.clear()
    seen.append(Status("", 0, 0, None))
    with pytest.raises(Cancelled):
        inspect_faces(faces, progress=stop)
    assert seen[-1].done < 10


def test_inspection_holds_few_pictures_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the set, at most `AHEAD` pictures are asked for before the first is counted."""

    class Slow:
        def __init__(self) -> None:
            self.asked, self.counted, self.most = 0, 0, 0
            self.lock = threading.Lock()

        def read(self, index: int) -> Picture:
            with self.lock:
                self.asked += 1
                self.most = max(self.most, self.asked - self.counted)
            return Picture(np.full((16, 16, 3), index % 256, dtype=np.uint8))

        def digest(self, index: int) -> str:
            return str(index)

    source = Slow()
    table = pd.DataFrame({"id": [str(n) for n in range(200)], "subject_id": UNKNOWN})
    faces = FaceSet("many", table, source, (), has_subjects=False)

    def listen(status: Status) -> None:
        source.counted = status.done

    inspect_faces(faces, progress=Progress(listen))
    assert source.asked == 200
    assert source.most <= inspection.AHEAD + 2


def test_the_synthetic_set_is_read_by_name_and_filtered() -> None:
    faces = read_faces(None, preset="synthetic", where={"expression": ["happy", "sad"]})
    assert faces.synthetic
    assert set(faces.table["expression"]) == {"happy", "sad"}
    assert len(faces) == 460
    few = synthetic_faces(people=3)
    shared = [name for name in few.table["id"] if name in set(faces.table["id"])]
    assert len(shared) == 6
    for name in shared:
        rows = (f.table["id"].tolist().index(name) for f in (faces, few))
        assert faces.source.digest(next(rows)) == few.source.digest(next(rows))


def test_reading_needs_no_torch() -> None:
    """The reader starts in a page: a heavy import there would be felt."""
    code = "import core.faces.read, core.encode.given, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# real faces


@pytest.mark.shared
@pytest.mark.parametrize("preset", ["auto", "london"])
def test_london(shared: Path, preset: str) -> None:
    faces = read_faces(shared / "faces" / "london", preset=preset)
    found = inspect_faces(faces)
    assert (found.images, found.readable, found.identities) == (204, 204, 102)
    assert found.labels["expression"] == {"neutral": 102, "smiling": 102}
    assert found.labels["gender"] == {"female": 98, "male": 106}
    assert found.labels["ethnicity"]["white"] == 138
    assert found.labels["age"][UNKNOWN] == 4
    assert found.labels["attractiveness"][UNKNOWN] == 102
    assert "001" in set(faces.table["subject_id"])
    assert found.sizes == {"256 x 256": 204}
    assert found.problems == ()
    assert "CC BY 4.0" in faces.licence


@pytest.mark.shared
def test_yale_and_its_pixel_identical_pairs(shared: Path) -> None:
    found = inspect_faces(read_faces(shared / "faces" / "yale"))
    assert (found.images, found.identities) == (164, 15)
    assert found.labels["expression"]["neutral"] == 89
    assert {n for face, n in found.labels["expression"].items() if face != "neutral"} == {15}
    pairs = {frozenset((p.file, p.detail.split("as ")[1].split(",")[0])) for p in found.problems}
    want = {frozenset((f"subject{n:02d}.normal.png", f"subject{n:02d}.noglasses.png"))
            for n in (2, 3, 6, 7, 9, 12, 14)}  # fmt: skip
    want |= {frozenset(("subject08.normal.png", "subject08.glasses.png"))}
    want |= {frozenset(("subject04.sad.png", "subject04.normal.png"))}
    assert pairs == want
    wrong = next(p for p in found.problems if "subject04" in p.file)
    assert "labelled otherwise" in wrong.detail
    assert "expression" in wrong.detail


@pytest.mark.shared
def test_yale_by_names_agrees_with_its_manifest(shared: Path, tmp_path: Path) -> None:
    """The file-name preset and the manifest say the same of every picture."""
    listed = read_faces(shared / "faces" / "yale")
    for file in (shared / "faces" / "yale").glob("*.png"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    named = read_faces(tmp_path)
    assert "recognised" in named.name
    one, two = (f.table.set_index("id").sort_index() for f in (listed, named))
    assert one.equals(two[one.columns])


@pytest.mark.shared
def test_lfw_pairs(shared: Path) -> None:
    faces = read_faces(shared / "faces" / "lfw_pairs")
    assert (len(faces), faces.table["subject_id"].nunique()) == (1549, 963)
    assert faces.pairs is not None
    assert (len(faces.pairs), int(faces.pairs["same"].sum())) == (1000, 500)
    people = faces.table.set_index("id")["subject_id"]
    same = people[faces.pairs["a"]].to_numpy() == people[faces.pairs["b"]].to_numpy()
    assert np.array_equal(same, faces.pairs["same"])
    by_name = read_faces(shared / "faces" / "lfw_pairs", preset="lfw")
    assert by_name.table.equals(faces.table)

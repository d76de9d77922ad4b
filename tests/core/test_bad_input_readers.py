"""Bad input to the readers: each case is built, read, and must give a clear word and lose nothing.

A case expects either an error of the project's own, whose one sentence holds certain words, or a
problem of a kind in the list while the good picture beside it is still read.
"""

from __future__ import annotations

import errno
import io
import os
import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from core.encode.given import read_embeddings
from core.errors import EmbeddingsError, FacesError, InputError, StoreError
from core.faces import archive
from core.faces.faceset import PROBLEMS
from core.faces.read import inspect_faces, read_faces

GOOD = "good.png"


def picture(kind: str = "PNG", size: tuple[int, int] = (32, 32), seed: int = 0) -> bytes:
    """A small noisy picture, so that no two are alike."""
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    sink = io.BytesIO()
    Image.fromarray(pixels).save(sink, kind)
    return sink.getvalue()


def png_claiming(width: int, height: int) -> bytes:
    """A PNG whose header claims a size that its few bytes cannot hold."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(b"\0" * 1000)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )


def gif_claiming(width: int, height: int) -> bytes:
    """A GIF of one frame whose header claims a size that its few bytes cannot hold."""
    palette = b"\x80\0\0" + b"\0\0\0\xff\xff\xff"
    frame = b"," + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x02\x02\x44\x01\x00;"
    return b"GIF89a" + struct.pack("<HH", width, height) + palette + frame


def npy(header: str, data: bytes = b"") -> bytes:
    """An NPY file with any header."""
    text = header.encode() + b" " * (-(10 + len(header) + 1) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


def vectors(rows: int = 12, width: int = 4) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(rows, width)).astype(np.float32)


def labels(folder: Path, name: str, rows: int = 12) -> None:
    people = [f"{row // 2:03d}" for row in range(rows)]
    frame = pd.DataFrame({"id": [f"i{r}" for r in range(rows)], "subject_id": people})
    frame.assign(expression=["happy", "sad"] * (rows // 2)).to_csv(folder / name, index=False)


def parquet(folder: Path, **columns: Any) -> Path:
    pq.write_table(pa.table(columns), folder / "emb.parquet")
    return folder / "emb.parquet"


def npz(folder: Path, **arrays: Any) -> Path:
    np.savez(folder / "emb.npz", **arrays)
    return folder / "emb.npz"


def zipped(folder: Path, members: dict[str, bytes], good: bool = True) -> Path:
    """A zip with the members, and a good picture beside them."""
    path = folder / "set.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
        if good:
            archive.writestr(GOOD, picture())
    return path


def linked_zip(folder: Path) -> Path:
    path = zipped(folder, {})
    with zipfile.ZipFile(path, "a") as archive:
        info = zipfile.ZipInfo("link.png")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    return path


def encrypted_zip(folder: Path) -> Path:
    """A zip whose only member has the encryption flag set, in the directory and before the data."""
    path = folder / "set.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("secret.png", picture())
    data = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + offset] |= 1
    path.write_bytes(bytes(data))
    return path


def folder_with(folder: Path, files: dict[str, bytes]) -> Path:
    """A folder with the files and a good picture."""
    place = folder / "set"
    for name, data in {GOOD: picture(), **files}.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(data)
    return place


def manifest_with(folder: Path, text: str | bytes, **files: bytes) -> Path:
    place = folder_with(folder, files)
    data = text.encode() if isinstance(text, str) else text
    (place / "metadata.csv").write_bytes(data)
    return place


def outside_link(folder: Path) -> Path:
    place = folder_with(folder, {})
    (folder / "elsewhere.png").write_bytes(picture(seed=9))
    (place / "out.png").symlink_to(folder / "elsewhere.png")
    return place


def loop(folder: Path) -> Path:
    place = folder_with(folder, {})
    (place / "again").symlink_to(place)
    (place / "circle.png").symlink_to(place / "circle.png")
    return place


def pipe(folder: Path) -> Path:
    os.mkfifo(folder / "pipe")
    return folder / "pipe"


def pipe_inside(folder: Path) -> Path:
    place = folder_with(folder, {})
    os.mkfifo(place / "pipe.png")
    return place


def link_to_pipe_after_reading(folder: Path) -> Path:
    """A link inside the set to a device outside it."""
    place = folder_with(folder, {})
    (place / "null.png").symlink_to("/dev/zero")
    return place


@dataclass(frozen=True)
class Case:
    """`expect` is an error type, or the kind of a problem; `words` must be in what is said."""

    id: str
    build: Callable[[Path], Path]
    expect: type[InputError] | str
    words: tuple[str, ...] = ()
    how: dict[str, Any] = field(default_factory=dict)
    vectors: bool = False


def problem(name: str, data: bytes, kind: str, *words: str) -> Case:
    """A folder with one bad file: it is listed, the good picture is still read."""
    return Case(name, lambda folder: folder_with(folder, {"bad.jpg": data}), kind, words)


def member(name: str, members: dict[str, bytes], kind: str, *words: str) -> Case:
    return Case(name, lambda folder: zipped(folder, members), kind, words)


def emb(name: str, build: Callable[[Path], Path], *words: str, **how: Any) -> Case:
    return Case(name, build, EmbeddingsError, words, how, vectors=True)


def _npy_file(folder: Path, data: bytes) -> Path:
    labels(folder, "emb.csv")
    (folder / "emb.npy").write_bytes(data)
    return folder / "emb.npy"


def _saved(folder: Path, x: np.ndarray) -> Path:
    labels(folder, "emb.csv")
    np.save(folder / "emb.npy", x, allow_pickle=True)
    return folder / "emb.npy"


def _spoiled(value: float) -> np.ndarray:
    x = vectors()
    x[3, 1] = value
    return x


def _lying_npz(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "emb.npz", "w") as archive:
        archive.writestr(
            "x.npy", npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2**32,)}")
        )
    return folder / "emb.npz"


def _huge_npz(folder: Path) -> Path:
    header = "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 2), }"
    with zipfile.ZipFile(folder / "emb.npz", "w") as archive:
        archive.writestr("x.npy", npy(header))
    return folder / "emb.npz"


def _text_file(folder: Path, name: str, data: bytes = b"hello") -> Path:
    (folder / name).write_bytes(data)
    return folder / name


NEGATIVE = "{'descr': '<f4', 'fortran_order': False, 'shape': (-1, -4), }"
HUGE = "{'descr': '<f4', 'fortran_order': False, 'shape': (8388608, 1024), }"

CASES = [
    # pictures
    problem("truncated jpeg", picture("JPEG", (64, 64))[:700], "not an image", "cut off"),
    problem("truncated png", picture("PNG", (64, 64))[:2000], "not an image", "cut off"),
    problem("text named jpg", b"just some words, no picture", "not an image", "text"),
    problem("web page named jpg", b"<!DOCTYPE html><html></html>", "not an image", "web page"),
    problem("zero bytes", b"", "not an image", "empty"),
    problem("random bytes", bytes(range(128, 256)) * 4, "not an image", "format"),
    problem("zip named jpg", b"PK\x03\x04" + b"\0" * 50, "not an image", "zip"),
    problem("png bomb", png_claiming(60000, 60000), "too large", "pixels"),
    problem("png just over the limit", png_claiming(9000, 9000), "too large", "9000 x 9000"),
    problem("gif bomb", gif_claiming(65535, 65535), "too large", "pixels"),
    problem("png with a lying header", png_claiming(500, 500), "not an image", "cut off"),
    problem("too small", picture("PNG", (8, 8)), "too small", "8 x 8", "16"),
    Case("postscript is never run", lambda d: folder_with(d, {"bad.jpg": b"%!PS-Adobe-3.0 EPSF"}),
         "not an image"),
    Case("link that leads out", outside_link, "unsafe path", ("out of the folder",)),
    Case("link to a device", link_to_pipe_after_reading, "unsafe path", ("link",)),
    Case("loop of links", loop, "unsafe path", ("link",)),
    Case("pipe among pictures", pipe_inside, "not an image", ("pipe",)),
    Case("pixels twice", lambda d: folder_with(d, {"copy.bmp": picture("BMP")}), "duplicated",
         ("same pixels",)),
    # folders and paths
    Case("path that is a pipe", pipe, FacesError, ("pipe", "folder")),
    Case("path that is a device", lambda d: Path("/dev/null"), FacesError, ("device",)),
    Case("path that is missing", lambda d: d / "nowhere", FacesError, ("does not exist",)),
    Case("empty folder", lambda d: d, FacesError, ("no pictures",)),
    Case("folder of texts", lambda d: _text_file(d, "a.txt").parent, FacesError, (".txt",)),
    Case("vectors given as faces", lambda d: npz(d, x=vectors()), FacesError, ("embeddings",)),
    Case("unknown preset", lambda d: folder_with(d, {}), FacesError, ("choose one of", "yale"),
         {"preset": "yael"}),
    Case("preset that does not fit", lambda d: folder_with(d, {}), FacesError,
         ("does not fit", "AF01ANS.JPG"), {"preset": "kdef"}),
    Case("celeba without its lists", lambda d: folder_with(d, {}), FacesError,
         ("list_attr_celeba",), {"preset": "celeba"}),
    Case("manifest asked for and absent", lambda d: folder_with(d, {}), FacesError,
         ("metadata.csv",), {"preset": "manifest"}),
    # archives
    member("zip traversal", {"../evil.png": picture(seed=2)}, "unsafe path", "leads out"),
    member("zip backslash traversal", {"..\\evil.png": picture(seed=2)}, "unsafe path"),
    member("zip absolute", {"/tmp/evil.png": picture(seed=2)}, "unsafe path"),
    member("zip drive letter", {"C:\\evil.png": picture(seed=2)}, "unsafe path"),
    member("zip in a zip", {"inner.zip": b"PK\x05\x06" + b"\0" * 18}, "not an image", "archive"),
    Case("zip with a link", linked_zip, "unsafe path", ("link",)),
    Case("zip bomb", lambda d: zipped(d, {"bomb.png": b"\0" * (8 * 2**20)}), FacesError,
         ("refused", "200 times")),
    Case("zip encrypted", encrypted_zip, FacesError, ("encrypted", "password")),
    Case("zip empty", lambda d: zipped(d, {}, good=False), FacesError, ("nothing",)),
    Case("zip of texts", lambda d: zipped(d, {"a.txt": b"hello"}, good=False), FacesError,
         ("no pictures",)),
    Case("not a zip", lambda d: _text_file(d, "set.zip"), FacesError, ("not a zip",)),
    Case("zip cut off", lambda d: _text_file(d, "set.zip", zipped(d, {}).read_bytes()[:-40]),
         FacesError, ("not a zip",)),
    # manifests
    Case("csv not utf-8", lambda d: manifest_with(d, "file_name,name\ngood.png,Jos\xe9".encode(
        "latin-1")), FacesError, ("not UTF-8", "byte 27", "0xe9", "save")),
    Case("csv utf-16", lambda d: manifest_with(d, "file_name\ngood.png".encode("utf-16")),
         FacesError, ("not UTF-8", "byte 0")),
    Case("csv empty", lambda d: manifest_with(d, ""), FacesError, ("empty",)),
    Case("csv header only", lambda d: manifest_with(d, "file_name,expression\n"), FacesError,
         ("no rows",)),
    Case("csv without file column", lambda d: manifest_with(d, "pictur,mood\ngood.png,happy"),
         FacesError, ("file_name", "pictur, mood")),
    Case("csv with a column twice", lambda d: manifest_with(d, "file,mood,mood\na,b,c"),
         FacesError, ("two columns", "mood")),
    Case("csv with a ragged row", lambda d: manifest_with(d, "file,mood\ngood.png,happy,very,so"),
         FacesError, ("cells",)),
    Case("subject column missing", lambda d: manifest_with(d, "file,persons\ngood.png,a"),
         FacesError, ("'persn'", "nearest is 'persons'"), {"subject": "persn"}),
    Case("no listed picture is there", lambda d: manifest_with(d, "file\nnope.png"), FacesError,
         ("none of the 1",)),
    Case("two manifests deeper down", lambda d: folder_with(d, {
        "a/metadata.csv": b"file\nx.png", "b/metadata.csv": b"file\ny.png"}), FacesError,
         ("2 manifests", "a/metadata.csv")),
    Case("listed and missing", lambda d: manifest_with(d, "file\ngood.png\nnope.png"),
         "missing file", ("not there",)),
    Case("manifest path up", lambda d: manifest_with(d, "file\ngood.png\n../../etc/passwd"),
         "unsafe path", ("leads out",)),
    Case("manifest path absolute", lambda d: manifest_with(d, "file\ngood.png\n/etc/passwd"),
         "unsafe path", ("not relative",)),
    Case("manifest path as url", lambda d: manifest_with(
        d, f"file\ngood.png\n{Path('/etc/passwd').as_uri()}"),
         "unsafe path", ("not relative",)),
    Case("manifest row twice", lambda d: manifest_with(d, "file\ngood.png\ngood.png"),
         "duplicated", ("more than once",)),
    Case("one picture under two ids", lambda d: manifest_with(
        d, "file,id\ngood.png,a\ngood.png,b"), "duplicated", ("listed more than once",)),
    Case("duplicate ids", lambda d: manifest_with(
        d, "file,id,subject\ngood.png,a,1\nb.png,a,2\nc.png,c,1",
        **{"b.png": picture(seed=3), "c.png": picture(seed=4)}), "duplicated", ("id",)),
    Case("unlisted picture", lambda d: manifest_with(d, "file\ngood.png", **{
        "more.png": picture(seed=5)}), "unlabelled", ("not listed",)),
    Case("where names no column", lambda d: manifest_with(d, "file,mood\ngood.png,happy"),
         FacesError, ("'where'", "mood"), {"where": {"moods": "happy"}}),
    Case("where leaves nothing", lambda d: manifest_with(d, "file,mood\ngood.png,happy"),
         FacesError, ("leaves nothing", "happy"), {"where": {"mood": "sad"}}),
    Case("parquet manifest damaged", lambda d: _text_file(
        folder_with(d, {}), "metadata.parquet", b"PAR1 nothing PAR1"), FacesError, ("Parquet",)),
    # vectors
    emb("npy claims 32 GiB", lambda d: _npy_file(d, npy(HUGE)), "32 GiB", "false"),
    emb("npz claims 64 GiB", _huge_npz, "claims", "shape"),
    emb("npy header with code", lambda d: _npy_file(d, npy("__import__('os').getcwd()")),
        "not an NPY array"),
    emb("npz shape with code", _lying_npz, "not an NPY array"),
    emb("npy negative shape", lambda d: _npy_file(d, npy(NEGATIVE, b"\0" * 64)), "shape"),
    emb("npy pickled", lambda d: _saved(d, np.array([{"a": 1}], dtype=object)), "pickle"),
    emb("npz of objects", lambda d: npz(d, x=vectors(), ids=np.array(["a", None], dtype=object)),
        "pickle", "astype"),
    emb("npy cut off", lambda d: _npy_file(d, _saved(d, vectors()).read_bytes()[:-20]), "cut off"),
    emb("npy empty", lambda d: _npy_file(d, b""), "not an NPY array"),
    emb("npy without labels", lambda d: _text_file(d, "emb.npy"), "no labels", "emb.csv"),
    emb("NaN", lambda d: _saved(d, _spoiled(np.nan)), "NaN", "'i3'"),
    emb("infinity", lambda d: _saved(d, _spoiled(np.inf)), "infinity", "'i3'"),
    emb("beyond float32", lambda d: _saved(d, _spoiled(2).astype("f8") * 1e300), "infinity"),
    emb("constant vectors", lambda d: _saved(d, np.ones((12, 4), "f4")), "the same"),
    emb("a vector of zeros", lambda d: _saved(d, vectors() * (np.arange(12) != 5)[:, None]),
        "zeros", "'i5'"),
    emb("no dimension", lambda d: _saved(d, np.zeros((12, 0), "f4")), "no numbers"),
    emb("no rows", lambda d: _saved(d, np.zeros((0, 4), "f4")), "no vectors"),
    emb("one dimension", lambda d: _saved(d, np.ones(12, "f4")), "two dimensions"),
    emb("three dimensions", lambda d: _saved(d, np.ones((12, 2, 2), "f4")), "two dimensions"),
    emb("complex numbers", lambda d: _saved(d, vectors().astype("c8")), "complex64"),
    emb("text as vectors", lambda d: _saved(d, vectors().astype("U8")), "real numbers"),
    emb("more labels than vectors", lambda d: _saved(d, vectors(10)), "10 vectors", "12 rows"),
    emb("npz ids of another length", lambda d: npz(d, x=vectors(), ids=np.arange(5)), "'ids'"),
    emb("npz without vectors", lambda d: npz(d, ids=np.arange(5)), "there are: ids"),
    emb("npz is no zip", lambda d: _text_file(d, "emb.npz"), "not an NPZ"),
    emb("parquet mixed lengths", lambda d: parquet(d, embedding=[[1.0, 2.0], [1.0]]), "1 to 2"),
    emb("parquet missing vector", lambda d: parquet(d, embedding=[[1.0, 2.0], None]), "row 2"),
    emb("parquet text as vectors", lambda d: parquet(d, embedding=["a", "b"], id=["1", "2"]),
        "string", "list of numbers"),
    emb("parquet lists of text", lambda d: parquet(d, embedding=[["a"], ["b"]]), "list of numbers"),
    emb("parquet without vectors", lambda d: parquet(d, mood=["a", "b"]), "there are: mood"),
    emb("parquet other vector", lambda d: parquet(d, embedding=[[1.0], [2.0]]), "'phi'",
        vector="phi"),
    emb("parquet gap in columns", lambda d: parquet(d, e0=[1.0], e2=[1.0]), "e0, e1"),
    emb("parquet with a text bomb", lambda d: parquet(
        d, embedding=[[1.0], [2.0]], note=["x" * 20_000] * 2), "20,000 characters", "note"),
    emb("parquet damaged", lambda d: _text_file(d, "emb.parquet", b"PAR1xxPAR1"), "Parquet"),
    emb("parquet is a picture", lambda d: _text_file(d, "emb.parquet", picture()), "Parquet"),
    emb("subject column of vectors missing", lambda d: parquet(
        d, embedding=[[1.0], [2.0]], person=["a", "b"]), "'persn'", "person", subject="persn"),
    emb("where on vectors", lambda d: parquet(d, embedding=[[1.0], [2.0]], mood=["a", "b"]),
        "leaves nothing", where={"mood": "c"}),
    emb("vectors missing", lambda d: d / "no.parquet", "does not exist"),
    emb("vectors in a folder", lambda d: d, "is no file"),
    emb("vectors of another kind", lambda d: _text_file(d, "emb.pkl"), ".parquet"),
    emb("csv with words for vectors", lambda d: _text_file(d, "emb.csv", b"id,e0\na,x"), "NaN"),
    emb("csv without vectors", lambda d: _text_file(d, "emb.csv", b"id,mood\na,x\nb,y"), "e0"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id.replace(" ", "-"))
def test_bad_input_gets_a_clear_word_and_loses_nothing(case: Case, workdir: Path) -> None:
    folder = workdir / "input"
    folder.mkdir()
    path = case.build(folder)
    read: Callable[..., Any] = read_embeddings if case.vectors else read_faces
    if isinstance(case.expect, str):
        _assert_problem(case, path)
        return
    with pytest.raises(case.expect) as caught:
        read(path, **case.how)
    said = str(caught.value)
    assert all(word in said for word in case.words), said
    assert "Traceback" not in said
    assert "\n" not in said
    assert len(said) < 700


def _assert_problem(case: Case, path: Path) -> None:
    """The problem is in the list, and the good picture is still there and can be opened."""
    faces = read_faces(path, **case.how)
    found = inspect_faces(faces)
    assert case.expect in PROBLEMS
    said = [f"{one.file}: {one.detail}" for one in found.problems if one.kind == case.expect]
    assert any(all(word in line for word in case.words) for line in said), found.problems
    names = faces.table["id"].tolist()
    row = names.index(GOOD) if GOOD in names else 0
    assert faces.source.read(row).image.shape == (32, 32, 3)
    assert found.readable >= 1


def test_there_are_at_least_forty_cases_and_each_has_its_own_name() -> None:
    assert len(CASES) >= 40
    assert len({case.id for case in CASES}) == len(CASES)


def test_nothing_is_written_outside_the_extraction_folder(workdir: Path) -> None:
    """Hostile names in a zip leave no file anywhere but below `extract_to`."""
    names = ("../up.png", "/abs.png", "a/../../up2.png", "..\\win.png", "C:\\drive.png")
    path = zipped(workdir, {name: picture(seed=2) for name in names})
    faces = read_faces(path, extract_to=workdir / "into")
    assert faces.table["id"].tolist() == [GOOD]
    outside = {p for p in workdir.rglob("*.png") if workdir / "into" not in p.parents}
    assert not outside
    assert not Path("/abs.png").exists()


def test_unreadable_folder_is_an_error_and_an_unreadable_subfolder_a_problem(
    workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rights are played by a monkeypatch, as root may read everything."""
    place = folder_with(workdir, {"locked/a.png": picture(seed=2)})
    scan = os.scandir

    def refuse(name: str) -> Callable[[Any], Any]:
        def scandir(path: Any) -> Any:
            if Path(path).name == name:
                raise PermissionError(errno.EACCES, "Permission denied")
            return scan(path)

        return scandir

    monkeypatch.setattr(os, "scandir", refuse("locked"))
    faces = read_faces(place)
    assert faces.table["id"].tolist() == [GOOD]
    assert [(p.file, p.kind) for p in faces.problems] == [("locked", "missing file")]
    monkeypatch.setattr(os, "scandir", refuse("set"))
    with pytest.raises(FacesError, match="Permission denied"):
        read_faces(place)


def test_unreadable_picture_is_a_problem(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = folder_with(workdir, {"locked.png": picture(seed=2)})
    opened = os.open

    def refuse(path: Any, *how: Any, **more: Any) -> int:
        if Path(path).name == "locked.png":
            raise PermissionError(errno.EACCES, "Permission denied")
        return opened(path, *how, **more)

    faces = read_faces(place)
    monkeypatch.setattr(os, "open", refuse)
    found = inspect_faces(faces)
    assert [(p.file, p.kind) for p in found.problems] == [("locked.png", "missing file")]
    assert found.readable == 1
    assert len(faces.digest()) == 64


@pytest.mark.parametrize("full_from_start", [True, False])
def test_full_disk_while_extracting_leaves_nothing_behind(
    workdir: Path, monkeypatch: pytest.MonkeyPatch, full_from_start: bool
) -> None:
    path = zipped(workdir, {f"{n}.png": picture(seed=n) for n in range(5)})
    into = workdir / "into"
    if full_from_start:
        usage = shutil._ntuple_diskusage(10, 10, 0)  # type: ignore[attr-defined]
        monkeypatch.setattr(shutil, "disk_usage", lambda where: usage)
    else:
        real, count = archive.new_file, [0]

        def fills_up(path: Path) -> Any:
            count[0] += 1
            if count[0] > 3:
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(path)

        monkeypatch.setattr(archive, "new_file", fills_up)
    with pytest.raises(StoreError, match=r"(?i)no space left"):
        read_faces(path, extract_to=into)
    monkeypatch.undo()
    assert not into.exists() or list(into.iterdir()) == []
    assert len(read_faces(path, extract_to=into)) == 6


def test_a_picture_exchanged_for_a_link_after_listing_is_not_followed(workdir: Path) -> None:
    place = folder_with(workdir, {"later.png": picture(seed=2)})
    faces = read_faces(place)
    (workdir / "secret.png").write_bytes(picture(seed=3))
    (place / "later.png").unlink()
    (place / "later.png").symlink_to(workdir / "secret.png")
    found = inspect_faces(faces)
    assert [(p.file, p.kind) for p in found.problems] == [("later.png", "unsafe path")]


def test_pictures_of_mixed_sizes_and_kinds_are_no_problem(workdir: Path) -> None:
    files = {"a.jpg": picture("JPEG", (40, 20), 1), "b.bmp": picture("BMP", (100, 60), 2)}
    found = inspect_faces(read_faces(folder_with(workdir, files)))
    assert found.problems == ()
    assert found.sizes == {"40 x 20": 1, "100 x 60": 1, "32 x 32": 1}


def test_one_person_one_class_and_a_class_of_one_can_be_read(workdir: Path) -> None:
    """Whether they are enough is for the study to say; the reader only counts."""
    text = "file,subject_id,expression\ngood.png,007,happy\nb.png,007,happy\nc.png,007,sad\n"
    files = {"b.png": picture(seed=1), "c.png": picture(seed=2)}
    found = inspect_faces(read_faces(manifest_with(workdir, text, **files)))
    assert found.identities == 1
    assert found.labels == {"expression": {"happy": 2, "sad": 1}}
    assert found.problems == ()

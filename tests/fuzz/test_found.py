"""What the campaigns found, each as its smallest case: mended once, and mended still."""

from __future__ import annotations

import io
import json
import struct
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.audit_schema import AuditFileError
from core.audit_schema import read as read_audit
from core.config import load_config
from core.encode.given import read_embeddings
from core.errors import ConfigError, EmbeddingsError, EncoderError, FacesError
from core.faces.archive import extract
from core.faces.folder import walk
from core.faces.pairs import pairs_in
from core.faces.tables import MAX_COLUMNS, read_table
from tests.core.made_up_result import audit
from tests.fuzz.models import READER as MODELS
from tests.fuzz.models import Kept, Model
from tests.fuzz.reader import judge
from tests.fuzz.zip_bytes import BZIP2, LZMA, Member, zip_of


def written(path: Path, data: bytes | str) -> Path:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


# -- zip -------------------------------------------------------------------------------------------

GOOD = Member(b"good.png", b"good")
REFUSED = {
    "a version that is to come": [Member(b"a.png", b"x", version=255)],
    "a name that says UTF-8 and is not": [Member(b"\xff\xfe.png", b"x")],
}
LEFT_OUT = {
    "a name of no letters": Member(b"\0", b"x"),
    "a packing that nobody has": Member(b"bad.png", b"x", method=98),
    "a name inside that is not UTF-8": Member(
        b"bad.png", b"x", inner_name=b"\xff\xff\xff\xff\xff\xff\xff"
    ),
    "a name inside that is another": Member(b"bad.png", b"x", inner_name=b"god.png"),
    "a path longer than a system takes": Member(b"/".join([b"d" * 240] * 20), b"x"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_zip_whose_directory_nobody_can_read(name: str, tmp_path: Path) -> None:
    with pytest.raises(FacesError, match="not a zip"):
        extract(written(tmp_path / "a.zip", zip_of(REFUSED[name])), tmp_path / "into")


@pytest.mark.parametrize("name", LEFT_OUT)
def test_a_member_that_nobody_can_read_is_left_out_alone(name: str, tmp_path: Path) -> None:
    path = written(tmp_path / "a.zip", zip_of([LEFT_OUT[name], GOOD]))
    found = extract(path, tmp_path / "into")
    assert [one.name for one in found.folder.iterdir()] == ["good.png"]
    assert len(found.problems) == 1


@pytest.mark.parametrize("method", [BZIP2, LZMA])
def test_a_damaged_member_of_any_packing_is_no_full_disk(method: int, tmp_path: Path) -> None:
    """bzip2 says OSError, which was taken for the disk's; LZMA has an error of its own."""
    data = bytearray(zip_of([Member(b"bad.png", b"marked" * 50, method=method), GOOD]))
    start = data.index(b"bad.png") + len(b"bad.png") + 9
    data[start : start + 6] = b"\xff" * 6
    found = extract(written(tmp_path / "a.zip", bytes(data)), tmp_path / "into")
    assert [one.file for one in found.problems] == ["bad.png"]


def test_the_name_of_a_bomb_does_not_command_a_terminal(tmp_path: Path) -> None:
    path = written(tmp_path / "a.zip", zip_of([Member(b"\x1b[2J\n.png", b"\0" * 3_000_000)]))
    with pytest.raises(FacesError, match="refused") as caught:
        extract(path, tmp_path / "into")
    assert r"\x1b[2J\n.png" in str(caught.value)


# -- tables ----------------------------------------------------------------------------------------


def test_a_header_longer_than_csv_reads_with_the_wrong_mark(tmp_path: Path) -> None:
    """With `;` it is one cell of more than 131,072 letters, at which csv gives up."""
    names = [f"a_rather_long_name_{number}" for number in range(9000)]
    found = read_table(written(tmp_path / "a.csv", f"{','.join(names)}\n{'1,' * 8999}1\n"))
    assert list(found.columns) == names
    assert read_table(written(tmp_path / "a.csv", "x" * 200_000 + ",b\n1,2\n")).shape == (1, 2)


def test_a_million_columns_are_refused_before_they_are_read(tmp_path: Path) -> None:
    tracemalloc.start()
    with pytest.raises(FacesError, match=f"1,000,000 columns, the limit is {MAX_COLUMNS:,}"):
        read_table(written(tmp_path / "a.csv", "a," * 999_999 + "b\n1\n"))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 2**28


def test_a_parquet_column_twice_is_named(tmp_path: Path) -> None:
    table = pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], ["x", "x"])
    pq.write_table(table, tmp_path / "a.parquet")
    with pytest.raises(FacesError, match="two columns named 'x'"):
        read_table(tmp_path / "a.parquet")


def test_a_column_of_vectors_twice_is_named(tmp_path: Path) -> None:
    vectors = pa.array([[1.0, 2.0]], pa.list_(pa.float32()))
    table = pa.Table.from_arrays([vectors, pa.array(["a"])], ["embedding", "embedding"])
    pq.write_table(table, tmp_path / "a.parquet")
    with pytest.raises(EmbeddingsError, match="two columns named 'embedding'"):
        read_embeddings(tmp_path / "a.parquet")


@pytest.mark.parametrize("note", [b"{", b'{"index_columns": ["nope"], "columns": []}', b"\xff"])
def test_what_pandas_noted_in_a_parquet_is_not_believed(note: bytes, tmp_path: Path) -> None:
    table = pa.table({"id": ["a", "b"], "mood": ["x", "y"]}).replace_schema_metadata(
        {b"pandas": note}
    )
    pq.write_table(table, tmp_path / "a.parquet")
    assert read_table(tmp_path / "a.parquet")["id"].tolist() == ["a", "b"]


def test_two_columns_that_go_by_one_name_are_both_kept(tmp_path: Path) -> None:
    text = "Expression,expression,other_expression,e0\nhappy,1,x,1\nsad,2,y,2\n"
    found = read_embeddings(written(tmp_path / "a.csv", text))
    assert found.table["expression"].tolist() == ["happy", "sad"]
    assert {"other_other_expression", "other_expression"} <= set(found.labels)


def test_a_column_with_a_number_of_5000_digits_is_no_dimension(tmp_path: Path) -> None:
    with pytest.raises(EmbeddingsError, match="e0"):
        read_embeddings(written(tmp_path / "a.csv", f"id,e{'9' * 5000}\na,1\nb,2\n"))


# -- pairs -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["²", "9" * 5000])
def test_a_count_of_pairs_that_is_none(first: str, tmp_path: Path) -> None:
    found = pairs_in(written(tmp_path / "pairs.txt", f"{first}\nAnn\t1\t2\n"))
    assert found["fold"].tolist() == [0]


def test_a_list_without_pairs_has_columns_of_their_kinds(tmp_path: Path) -> None:
    found = pairs_in(written(tmp_path / "pairs.txt", "2\t1\n"))
    assert [found[name].dtype.kind for name in ("same", "fold")] == ["b", "i"]


@pytest.mark.parametrize("fold", ["inf", "-inf", "1e30", "-4", "nan", "", "9" * 40])
def test_a_fold_that_is_no_number_of_a_set(fold: str, tmp_path: Path) -> None:
    found = pairs_in(written(tmp_path / "pairs.csv", f"a,b,same,fold\nx,y,1,{fold}\nx,z,0,3\n"))
    assert found["fold"].tolist() == [0, 3]


# -- arrays ----------------------------------------------------------------------------------------


def npy(header: str, data: bytes = b"") -> bytes:
    text = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


@pytest.mark.parametrize(
    "header", ["'" * 50, "(" * 9000, "\\N{", "{'a': 1}" * 9, "1 if", "-" * 3000 + "1"]
)
def test_a_header_that_is_no_literal(header: str, tmp_path: Path) -> None:
    """What tokenize, ast and the compiler raise was let out."""
    written(tmp_path / "x.csv", "id\na\n")
    with pytest.raises(EmbeddingsError, match="not an NPY array"):
        read_embeddings(written(tmp_path / "x.npy", npy(header)))


def test_sides_whose_product_is_nothing_may_not_be_any_number(tmp_path: Path) -> None:
    written(tmp_path / "x.csv", "id\na\n")
    head = npy("{'descr': '<i8', 'fortran_order': False, 'shape': (0, 0, 18446744073709551616)}")
    with pytest.raises(EmbeddingsError, match="cannot be read"):
        read_embeddings(written(tmp_path / "x.npy", head))


def test_values_of_no_bytes_cannot_be_four_trillions_of_trillions(tmp_path: Path) -> None:
    """Their claim fits any file; going through them would never have ended."""
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        for name, kind, shape in (("ids", "|S0", (2**62,)), ("x", "<f4", (2**62, 0))):
            head = npy(f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}")
            archive.writestr(f"{name}.npy", head)
    with pytest.raises(EmbeddingsError, match="claims"):
        read_embeddings(tmp_path / "x.npz")


@pytest.mark.parametrize("letter", [0x110000, 0xFFFFFFFF, 0xD800])
def test_text_beyond_unicode_is_no_label(letter: int, tmp_path: Path) -> None:
    """NumPy makes broken strings of it, which crash whoever prints them."""
    x, sink = np.eye(4, dtype=np.float32), io.BytesIO()
    np.save(sink, np.full(4, "ab"))
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        plain = io.BytesIO()
        np.save(plain, x)
        archive.writestr("x.npy", plain.getvalue())
        archive.writestr("ids.npy", sink.getvalue()[:-4] + struct.pack("<I", letter))
    with pytest.raises(EmbeddingsError, match="text that is none"):
        read_embeddings(tmp_path / "x.npz")


# -- settings --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["seed: !!int ''", "seed: !!bool maybe", "--- !!map [a]", "seed: !!int x", "name: !!str x",
     "!!python/object/apply:os.system [ls]", "name: ! x"],
)  # fmt: skip
def test_a_tag_is_a_tag_whatever_it_says(text: str, tmp_path: Path) -> None:
    """Tags of YAML's own kinds were taken, and their makers let out IndexError and KeyError."""
    with pytest.raises(ConfigError, match="YAML tag"):
        load_config(written(tmp_path / "a.yaml", text))


def test_half_a_character_is_refused_and_not_written_later(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="line 2 holds half of a character"):
        load_config(written(tmp_path / "a.yaml", 'look: quick\nname: "\\ud800"\n'))


# -- models ----------------------------------------------------------------------------------------

OUTSIDE: dict[str, tuple[Kept, str]] = {
    "in the other order of bytes": (Kept("../secret/w.bin", order="value first"), "own folder"),
    "inside a branch": (Kept("../secret/w.bin", nested=True), "own folder"),
    "by a second name": (Kept("../secret/w.bin", order="twice"), "own folder"),
    "an address in memory": (Kept("*/_ORT_MEM_ADDR_/*", offset="0", length="1"), "own folder"),
    "a name with a zero byte": (Kept("w.bin\0"), "own folder"),
    "a name that is too long": (Kept("x" * 5000), "own folder"),
}


@pytest.mark.parametrize("name", OUTSIDE)
def test_weights_outside_are_refused_however_they_are_written_down(
    name: str, tmp_path: Path
) -> None:
    kept, words = OUTSIDE[name]
    (tmp_path / "into").mkdir()
    (tmp_path / "secret").mkdir()
    path = MODELS.build(Model(kept=kept), tmp_path)
    with pytest.raises(EncoderError, match=words):
        MODELS.read(path)


def test_weights_in_a_file_whose_name_is_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "into").mkdir()
    (tmp_path / "secret").mkdir()
    path = MODELS.build(Model(kept=Kept(location="w.bin")), tmp_path)
    path.write_bytes(path.read_bytes().replace(b"w.bin", b"w\x80bin"))
    with pytest.raises(EncoderError, match="not a file in its own folder"):
        MODELS.read(path)


def test_a_model_that_never_ends_is_stopped(tmp_path: Path) -> None:
    assert not judge(MODELS, Model(step="endless loop"), tmp_path / "case").accepted


# -- audit.json ------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["name", "config"])
def test_an_audit_deeper_than_python_goes_is_refused(place: str, tmp_path: Path) -> None:
    text = json.dumps(audit()).replace('"made up"', "[" * 900 + "]" * 900, 1)
    text = text if place == "name" else json.dumps({**audit(), "config": 7})
    with pytest.raises(AuditFileError):
        read_audit(written(tmp_path / "audit.json", text))


# -- folders ---------------------------------------------------------------------------------------


def test_a_folder_whose_name_cannot_be_printed_is_told_in_letters_that_can(tmp_path: Path) -> None:
    (tmp_path / "\u202egnp").mkdir()
    [problem] = walk(tmp_path).problems
    assert problem.file == r"\u202egnp"

"""Given vectors: every format gives back the same numbers, ids, subjects and labels."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.lib import format as npy

from core.encode import given_arrays, given_parquet
from core.encode.given import read_embeddings
from core.encode.given_parquet import numbered
from core.errors import EmbeddingsError

ROWS = 24
X = np.random.default_rng(7).normal(size=(ROWS, 5)).astype(np.float32)
IDS = [f"pic{row:02d}.png" for row in range(ROWS)]
PEOPLE = [f"{row // 3:03d}" for row in range(ROWS)]
FACES = [("happy", "sad", "neutral")[row % 3] for row in range(ROWS)]
LABELS = pd.DataFrame({"id": IDS, "subject_id": PEOPLE, "expression": FACES})


def parquet_list(folder: Path) -> Path:
    pq.write_table(pa.table({**LABELS, "embedding": list(X)}), folder / "e.parquet")
    return folder / "e.parquet"


def parquet_fixed(folder: Path) -> Path:
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(X.reshape(-1)), X.shape[1])
    pq.write_table(pa.table({**LABELS, "features": vectors}), folder / "e.parquet")
    return folder / "e.parquet"


def parquet_columns(folder: Path) -> Path:
    frame = LABELS.rename(columns={"subject_id": "person", "expression": "emotion"})
    numbers = pd.DataFrame(X, columns=[f"e{place}" for place in range(X.shape[1])])
    # The columns come in another order than their numbers.
    pd.concat([numbers[numbers.columns[::-1]], frame], axis=1).to_parquet(folder / "e.parquet")
    return folder / "e.parquet"


def npz_alone(folder: Path) -> Path:
    arrays = {"ids": np.array(IDS), "subjects": np.array(PEOPLE), "labels": np.array(FACES)}
    np.savez(folder / "e.npz", x=X, **arrays)
    return folder / "e.npz"


def npz_compressed_with_csv_in_another_order(folder: Path) -> Path:
    np.savez_compressed(folder / "e.npz", embeddings=X.astype(np.float64), ids=np.array(IDS))
    LABELS.sample(frac=1, random_state=3).to_csv(folder / "e.csv", index=False)
    return folder / "e.npz"


def npz_with_labels_csv(folder: Path) -> Path:
    np.savez(folder / "e.npz", vectors=X)
    LABELS.rename(columns={"id": "file_name"}).to_csv(folder / "labels.csv", index=False)
    return folder / "e.npz"


def npy_with_csv(folder: Path) -> Path:
    np.save(folder / "e.npy", np.asfortranarray(X))
    LABELS.to_csv(folder / "e.csv", index=False, sep=";", encoding="utf-8-sig")
    return folder / "e.npy"


def one_csv(folder: Path) -> Path:
    numbers = pd.DataFrame(X.astype(float), columns=[f"dim_{p + 1}" for p in range(X.shape[1])])
    pd.concat([LABELS, numbers], axis=1).to_csv(folder / "e.csv", index=False)
    return folder / "e.csv"


WAYS = [
    parquet_list, parquet_fixed, parquet_columns, npz_alone,
    npz_compressed_with_csv_in_another_order, npz_with_labels_csv, npy_with_csv, one_csv,
]  # fmt: skip


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_every_format_gives_the_same_vectors_and_labels(
    way: Callable[[Path], Path], tmp_path: Path
) -> None:
    got = read_embeddings(way(tmp_path))
    assert np.array_equal(got.x, X)
    assert got.x.dtype == np.float32
    assert got.table["id"].tolist() == IDS
    assert got.subjects.tolist() == PEOPLE  # text, with its leading zeros
    assert got.labels == ("expression",)
    assert got.table["expression"].tolist() == FACES
    assert got.has_subjects
    assert not got.synthetic


def test_rows_chosen_by_where_keep_their_own_vectors(tmp_path: Path) -> None:
    path = parquet_list(tmp_path)
    got = read_embeddings(path, where={"expression": ["sad", "neutral"], "subject_id": "003"})
    rows = [r for r in range(ROWS) if FACES[r] != "happy" and PEOPLE[r] == "003"]
    assert got.table["id"].tolist() == [IDS[row] for row in rows]
    assert np.array_equal(got.x, X[rows])


def test_a_repeated_id_is_listed_and_its_first_vector_kept(tmp_path: Path) -> None:
    ids = [IDS[0], IDS[0], *IDS[2:]]
    pq.write_table(pa.table({"id": ids, "embedding": list(X)}), tmp_path / "e.parquet")
    got = read_embeddings(tmp_path / "e.parquet")
    assert len(got) == ROWS - 1
    assert np.array_equal(got.x, np.delete(X, 1, axis=0))
    assert [(p.file, p.kind) for p in got.problems] == [(IDS[0], "duplicated")]


def test_whole_numbers_are_cast(tmp_path: Path) -> None:
    whole = np.arange(ROWS * 3, dtype=np.int64).reshape(ROWS, 3)
    np.savez(tmp_path / "e.npz", x=whole)
    got = read_embeddings(tmp_path / "e.npz")
    assert got.x.dtype == np.float32
    assert np.array_equal(got.x, whole)
    assert not got.has_subjects
    assert got.labels == ()


def test_what_embed_noted_in_the_file_comes_back(tmp_path: Path) -> None:
    notes = {"blindfold.encoder": "some net", "blindfold.encoder_digest": "ab" * 32}
    notes |= {"blindfold.synthetic": "true", "other": "\udcff".encode("utf-8", "replace").decode()}
    notes["blindfold.origin"] = json.dumps({"expression": "by hand"})
    table = pa.table({**LABELS, "embedding": list(X)}).replace_schema_metadata(notes)
    pq.write_table(table, tmp_path / "e.parquet")
    got = read_embeddings(tmp_path / "e.parquet")
    assert (got.encoder, got.encoder_digest, got.synthetic) == ("some net", "ab" * 32, True)
    assert got.origin == {"expression": "by hand"}


def test_a_named_vector_column_is_taken_and_the_other_is_no_label(tmp_path: Path) -> None:
    table = pa.table({**LABELS, "embedding": list(X), "phi": list(X[:, ::-1])})
    pq.write_table(table, tmp_path / "e.parquet")
    got = read_embeddings(tmp_path / "e.parquet", vector="phi")
    assert np.array_equal(got.x, X[:, ::-1])
    assert got.labels == ("expression",)


def test_the_digest_follows_content_not_place(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    digests = {read_embeddings(way(d)).digest for way, d in ((npz_alone, one), (npy_with_csv, two))}
    assert len(digests) == 1


@given(
    shape=st.lists(st.integers(0, 2**34), min_size=1, max_size=3),
    dtype=st.sampled_from(["<f4", "<f8", "<i8", "|u1", "<U30"]),
    there=st.integers(0, 400),
)
@example(shape=[0, 444758510, 2592241585], dtype="<f8", there=0)
def test_no_header_allocates_more_than_the_file_holds(
    tmp_path_factory: pytest.TempPathFactory, shape: list[int], dtype: str, there: int
) -> None:
    """Any header over `there` bytes is refused, or the array needs no more than these bytes."""
    path = tmp_path_factory.mktemp("npy") / "e.npy"
    with open(path, "wb") as file:
        facts = {"descr": dtype, "fortran_order": False, "shape": tuple(shape)}
        npy.write_array_header_1_0(file, facts)
        file.write(b"\0" * there)
    if math.prod(shape) * np.dtype(dtype).itemsize > there:
        with pytest.raises(EmbeddingsError, match="claims"):
            given_arrays.read_npy(path)
    elif math.prod(filter(None, shape)) * np.dtype(dtype).itemsize > sys.maxsize:
        # Nothing times more than NumPy can count: it refuses, and so do we.
        with pytest.raises(EmbeddingsError, match="cannot be read"):
            given_arrays.read_npy(path)
    else:
        assert given_arrays.read_npy(path).nbytes <= there


def test_parquet_numbers_over_the_limit_are_refused_before_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parquet packs equal numbers to nothing, so the claim is checked, not the size on disk."""
    path = parquet_fixed(tmp_path)
    monkeypatch.setattr(given_parquet, "MAX_BYTES", 8 * X.size - 1)
    monkeypatch.setattr(given_parquet, "_list_column", None)  # calling it would fail
    with pytest.raises(EmbeddingsError, match=f"claims {X.size} numbers"):
        read_embeddings(path)


@given(st.integers(1, 40), st.integers(0, 1), st.sampled_from(["e", "dim_", "feat-", "X"]))
def test_numbered_columns_come_in_the_order_of_their_numbers(
    count: int, first: int, letters: str
) -> None:
    names = [f"{letters}{number}" for number in range(first, first + count)]
    shuffled = sorted(names, key=lambda name: hash(name))
    assert numbered([*shuffled, "id", "expression"]) == names
    assert numbered([*names[1:-1], "id"]) == [] or first == 0


@pytest.mark.shared
def test_a_folder_read_and_its_vectors_agree_on_labels(shared: Path, tmp_path: Path) -> None:
    """London's labels, exported beside vectors as `embed` does, are read as they were."""
    from core.faces.read import read_faces

    faces = read_faces(shared / "faces" / "london")
    x = np.random.default_rng(0).normal(size=(len(faces), 3)).astype(np.float32)
    columns = {name: faces.table[name].tolist() for name in faces.table.columns}
    pq.write_table(pa.table({**columns, "embedding": list(x)}), tmp_path / "e.parquet")
    got = read_embeddings(tmp_path / "e.parquet")
    assert got.labels == faces.labels
    assert got.table.equals(faces.table)


@pytest.mark.parametrize("how", ["list", "fixed", "columns"])
def test_a_parquet_is_read_in_pieces_as_it_is_read_whole(
    workdir: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    x = np.random.default_rng(0).normal(size=(50, 12)).astype(np.float32)
    columns: dict[str, Any] = {"id": [f"f{i}" for i in range(50)]}
    if how == "columns":
        columns |= {f"e{i}": x[:, i] for i in range(12)}
    else:
        kind = pa.list_(pa.float32(), 12) if how == "fixed" else pa.list_(pa.float32())
        columns["embedding"] = pa.array(list(x), type=kind)
    pq.write_table(pa.table(columns), workdir / "emb.parquet", row_group_size=9)
    monkeypatch.setattr(given_parquet, "ROWS", 7)
    found = read_embeddings(workdir / "emb.parquet")
    np.testing.assert_array_equal(found.x, x)
    assert list(found.table["id"]) == columns["id"]


def test_a_vector_of_another_length_or_none_is_found_in_any_piece(
    workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(given_parquet, "ROWS", 3)
    rows: list[list[float] | None] = [[1.0, float(i)] for i in range(10)]
    rows[8] = [1.0, 2.0, 3.0]
    pq.write_table(pa.table({"embedding": rows}), workdir / "a.parquet", row_group_size=4)
    with pytest.raises(EmbeddingsError, match="2 to 3 numbers"):
        read_embeddings(workdir / "a.parquet")
    rows[6] = None
    pq.write_table(pa.table({"embedding": rows}), workdir / "a.parquet", row_group_size=4)
    with pytest.raises(EmbeddingsError, match="row 7"):
        read_embeddings(workdir / "a.parquet")

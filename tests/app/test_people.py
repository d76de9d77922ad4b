"""Who is the same person: suggested from vectors, said by a person, kept with the set."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fixtures import Open, Sent, html, picture

from app import people, uploads
from core.faces.read import read_faces


@pytest.fixture
def upload() -> uploads.Upload:
    """Five pictures without a word about anybody; the vectors say 0, 2 and 4 are one person."""
    upload = uploads.save([Sent(f"{i}.png", picture(i)) for i in range(5)], None, 10**7)
    x = np.eye(5, 8, dtype=np.float32)
    x[2], x[4] = x[0] + 0.1 * x[1], 3 * x[0]
    frame = pd.DataFrame({"id": [f"{i}.png" for i in range(5)], "embedding": list(x)})
    pq.write_table(pa.Table.from_pandas(frame), upload.folder / people.VECTORS)
    return upload


def _who(upload: uploads.Upload) -> list[str]:
    return list(read_faces(upload.path).table["subject_id"])


def test_a_confirmed_group_is_one_person(open_page: Open, upload: uploads.Upload) -> None:
    app = open_page("faces", upload=upload.id)
    assert not app.exception
    assert "1 group suggested" in html(app)
    app.button(key="one-0-0").click().run()
    assert not app.exception
    assert _who(upload) == ["person 001", "unknown", "person 001", "unknown", "person 001"]
    assert read_faces(upload.path).origin["subject_id"] == "by hand"


def test_a_face_can_be_taken_out_of_its_group(open_page: Open, upload: uploads.Upload) -> None:
    app = open_page("faces", upload=upload.id)
    app.multiselect(key="out-0-0").set_value([2]).run()
    app.button(key="one-0-0").click().run()
    assert _who(upload) == ["person 001", "unknown", "unknown", "unknown", "person 001"]


def test_a_group_can_be_split(open_page: Open, upload: uploads.Upload) -> None:
    app = open_page("faces", upload=upload.id)
    app.button(key="split-0-0").click().run()
    assert _who(upload) == ["person 001", "unknown", "person 002", "unknown", "person 003"]


def test_who_is_left_can_be_on_their_own(open_page: Open, upload: uploads.Upload) -> None:
    app = open_page("faces", upload=upload.id)
    app.button(key="one-0-0").click().run()
    next(b for b in app.button if b.label.startswith("Everyone who is left")).click().run()
    assert sorted(_who(upload)) == ["person 001"] * 3 + ["person 002", "person 003"]

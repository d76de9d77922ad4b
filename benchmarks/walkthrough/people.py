"""What a newcomer brings: a zip of pictures of people with a table, and a recogniser of one's own.

The people are drawn by this program's generator, and none of them is in the demonstration. The
recogniser is the bundled one, written as anybody's ONNX file: it knows drawn faces and no others.
"""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

from PIL import Image

from core.encode.bundled import load_bundled
from core.faces.synthetic.sheet import render, table
from core.runtime.graph import Model
from core.runtime.traced import to_onnx

PEOPLE, EXPRESSIONS = 100, ("neutral", "happy", "sad")
"""Each is drawn with every expression."""
SEED = 20
"""Of the demonstration's people it is 0."""
COLUMNS = ("file", "person", "emotion", "gender")
"""A table as people keep it: nothing in it goes by the name that the program would give it."""
DAMAGED = "photos/scan.jpg"
"""A file that is no picture, as there is one in every folder."""


def write_zip(at: Path) -> Path:
    """Write the pictures and their table as the zip `at`."""
    rows = []
    with zipfile.ZipFile(at, "w") as packed:
        drawn = table("demo", people=PEOPLE, expressions=EXPRESSIONS, seed=SEED)
        for number, row in enumerate(drawn.to_dict("records")):
            name = f"photos/{number:04d}.jpg"
            packed.writestr(name, _jpeg(row))
            person = f"P{1 + int(row['index']):03d}"
            rows.append((name, person, row["expression"], row["gender"]))
        packed.writestr(DAMAGED, b"\xff\xd8\xff damaged")
        rows.append((DAMAGED, person, "neutral", row["gender"]))
        listed = io.StringIO()
        csv.writer(listed, lineterminator="\n").writerows([COLUMNS, *rows])
        packed.writestr("metadata.csv", listed.getvalue())
    return at


def _jpeg(row: object) -> bytes:
    out = io.BytesIO()
    Image.fromarray(render(row).image).save(out, "JPEG", quality=92)
    return out.getvalue()


def write_recogniser(at: Path) -> Path:
    """Write the bundled recogniser as the ONNX file `at`: 112 × 112 RGB from −1 to 1."""
    at.write_bytes(whole(to_onnx(load_bundled().network, ("n", 3, 112, 112))))
    return at


def whole(model: Model) -> bytes:
    """`model` as one file, its constants inside."""
    from onnx import ModelProto, numpy_helper

    held = ModelProto.FromString(model.graph)
    for tensor in held.graph.initializer:
        tensor.CopyFrom(numpy_helper.from_array(model.constants[tensor.name], tensor.name))
    data: bytes = held.SerializeToString()
    return data

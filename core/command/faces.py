"""`python -m core inspect` and `embed`: what a face set holds, and its vectors."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from core.command.run import shown
from core.progress import Progress, Status
from core.run_status import RunStatus

if TYPE_CHECKING:
    from core.encode.embeddings import Embeddings
    from core.faces.faceset import FaceSet


def progress_on_stderr(show: Callable[[RunStatus], None]) -> Progress:
    """Progress that is shown as that of a run is; the estimate is that of the phase."""

    def listen(now: Status) -> None:
        part = now.done / now.total if now.total else 0.0
        show(
            RunStatus("running", now.phase, now.done, now.total, now.eta, part, message=now.message)
        )

    return Progress(listen)


@contextmanager
def faces_at(path: Path | None, **how: Any) -> Iterator[FaceSet]:
    """The face set at `path`, whose archive, if it is one, is unpacked for this long only."""
    from core.faces.read import read_faces

    with TemporaryDirectory(prefix="blindfold-") as unpacked:
        yield read_faces(path, extract_to=Path(unpacked), **how)


def inspect(path: Path | None, *, as_json: bool, **how: Any) -> str:
    """What the set holds, as a page of text or as JSON."""
    from core.faces.inspection import inspect_faces

    with faces_at(path, **how) as faces, shown() as show:
        found = inspect_faces(faces, progress=progress_on_stderr(show)).as_dict()
    if as_json:
        return json.dumps(found, indent=2, ensure_ascii=False, default=str)
    return "\n".join(_lines(found))


def _lines(found: Mapping[str, Any], indent: str = "") -> Iterator[str]:
    for name, value in found.items():
        # The names below the first level are the data's own, and shown as they are.
        label = f"{indent}{name}" if indent else str(name).replace("_", " ")
        if isinstance(value, Mapping):
            yield label if value else f"{label}: none"
            yield from _lines(value, indent + "  ")
        elif isinstance(value, list | tuple) and value and isinstance(value[0], Mapping):
            yield label
            yield from (f"{indent}  {'  '.join(map(str, row.values()))}" for row in value)
        elif isinstance(value, list | tuple):
            yield f"{label}: {', '.join(str(one) for one in value) or 'none'}"
        else:
            yield f"{label}: {value}"


def embed(
    path: Path | None, out: Path, *, encoder: Mapping[str, Any], trunk: bool = False, **how: Any
) -> Embeddings:
    """Encode the set at `path` and write its vectors to the Parquet file `out`.

    `trunk`: the activations of the encoder's frozen trunk in their place. Raises `EncoderError`
    where it cannot be cut.
    """
    from core.encode.cut import trunk_of
    from core.encode.registry import make_encoder
    from core.encode.run import encode
    from core.store import Store

    with faces_at(path, **how) as faces, shown() as show:
        progress = progress_on_stderr(show)
        made = make_encoder(**encoder, synthetic=faces.synthetic, progress=progress)
        made = trunk_of(made) if trunk else made
        found = encode(faces, made, store=Store(), progress=progress)
    write_embeddings(found, out)
    for problem in found.problems[:20]:
        print(f"{problem.file}: {problem.kind} ({problem.detail})", file=sys.stderr)
    return found


def write_embeddings(found: Embeddings, out: Path) -> None:
    """Write `id`, `subject_id`, the labels and `embedding` (fixed-size list of float32) to `out`.

    The file's own metadata name the encoder and its digest. Raises `StoreError` where the disk
    refuses; the file is replaced whole.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    from core.store import write_atomic

    columns: dict[str, Any] = {
        name: pa.array(found.table[name].astype(str).tolist(), pa.string())
        for name in ("id", "subject_id", *found.labels)
    }
    flat = pa.array(found.x.reshape(-1), pa.float32())
    columns["embedding"] = pa.FixedSizeListArray.from_arrays(flat, found.x.shape[1])
    facts = {
        "blindfold.encoder": found.encoder,
        "blindfold.encoder_digest": found.encoder_digest,
        "blindfold.synthetic": json.dumps(found.synthetic),
        "blindfold.origin": json.dumps(found.origin),
    }
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns).replace_schema_metadata(facts), sink, compression="zstd")
    write_atomic(out, sink.getvalue().to_pybytes())

"""What bounds an eraser: how many people it has seen, and whether drawn people stand in for them.

    python -m benchmarks.bounds WORK [--faces DIR --encoder FILE.onnx]

The audited people stay the same, and so do their attackers; suppressors are fitted on other people,
more and more of them (`roles.sensitive`). Synthetic faces through the bundled encoder first; with
`--faces`, half of London's people are audited, and suppressors see people of the other half, or
drawn people through the same recogniser; then all of London under the whole ladder, with every
method fitted on the drawn people, and LFW's pairs for recognition. Prints Markdown; WORK keeps
vectors and results.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.table import METRIC, Study, page, result
from core.command.faces import write_embeddings
from core.encode.embeddings import Embeddings

METHODS = ({"kind": "leace"}, {"kind": "blindfold"}, {"kind": "blindfold", "dial": 0.85})
DRAWN = (30, 100, 400, 800)
LONDON = (30, 51)
DIALS = (0.1, 0.2, 0.3, 0.4, 0.65)
"""Further points of the frontier, where the most drawn people are seen."""
AUDITED, OTHERS = 1, 3
"""Seeds of the drawn people who are audited, and of those whom suppressors see."""


def drawn(work: Path, encoder: Path | None, people: int, seed: int) -> Embeddings:
    """Drawn people through the bundled encoder, or through the recogniser in the file `encoder`."""
    from core.encode.given import read_embeddings
    from core.encode.registry import make_encoder
    from core.encode.run import encode
    from core.faces.synthetic import synthetic_faces
    from core.progress import Progress
    from core.store import Store

    path = work / f"drawn-{people}-{seed}-{'bundled' if encoder is None else encoder.stem}.parquet"
    if not path.exists():
        kind = "auto" if encoder is None else "onnx"
        made = make_encoder(kind, weights=None if encoder is None else str(encoder), synthetic=True)
        faces = synthetic_faces(people=people, seed=seed)
        write_embeddings(encode(faces, made, store=Store(), progress=Progress()), path)
    return read_embeddings(path)


def photographs(faces: Path, encoder: Path, name: str = "london") -> Embeddings:
    """A set of photographs through the recogniser."""
    from core.encode.registry import make_encoder
    from core.encode.run import encode
    from core.faces.read import read_faces
    from core.progress import Progress
    from core.store import Store

    made = make_encoder("onnx", weights=str(encoder), synthetic=False)
    found = read_faces(faces / name, preset="lfw" if name == "lfw_pairs" else name)
    return encode(found, made, store=Store(), progress=Progress())


def some(x: Embeddings, people: Sequence[str]) -> Embeddings:
    """The rows of these people."""
    rows = np.flatnonzero(np.isin(x.subjects.astype(str), list(people)))
    table = x.table.iloc[rows].reset_index(drop=True)
    return Embeddings(x.x[rows], table, x.labels, x.encoder, x.encoder_digest,
                      synthetic=x.synthetic)  # fmt: skip


def kept(work: Path, name: str, x: Embeddings) -> dict[str, Any]:
    """The settings that read `x`, which is written where it is not there yet."""
    path = work / f"{name}.parquet"
    if not path.exists():
        write_embeddings(x, path)
    return {"embeddings": {"path": str(path.resolve())}}


def study(
    name: str,
    label: str,
    audited: Mapping[str, Any],
    seen: Mapping[str, Any],
    methods: Sequence[Mapping[str, Any]] = METHODS,
) -> Study:
    """One audit: `audited` people, suppressors fitted on those of `seen`."""
    methods = [{**one, "name": _name(one)} for one in methods]
    settings = {**audited, "sensitive": label, "attributes": [], "suppressors": methods}
    return Study(f"{name}-{label}", "", {**settings, "roles": {"sensitive": dict(seen)}})


def _name(method: Mapping[str, Any]) -> str:
    return f"{method['kind']}-{method['dial']:g}" if "dial" in method else str(method["kind"])


def synthetic(work: Path) -> Iterator[tuple[str, int, Study]]:
    """Drawn people audited, drawn people seen."""
    audited = kept(work, "audited-drawn", drawn(work, None, 230, AUDITED))
    pool = drawn(work, None, max(DRAWN), OTHERS)
    names = sorted(set(pool.subjects.astype(str)))
    for count in DRAWN:
        seen = kept(work, f"seen-drawn-{count}", some(pool, names[:count]))
        for label in ("expression", "gender"):
            yield "synthetic", count, study(f"bounds-drawn-{count}", label, audited, seen)


def london(work: Path, faces: Path, encoder: Path) -> Iterator[tuple[str, int, Study]]:
    """Half of London audited; people of the other half seen, or drawn people."""
    x = photographs(faces, encoder)
    order = np.random.default_rng(0).permutation(sorted(set(x.subjects.astype(str))))
    half = len(order) // 2
    audited = kept(work, "audited-london", some(x, order[:half]))
    pool = drawn(work, encoder, max(DRAWN), OTHERS)
    names = sorted(set(pool.subjects.astype(str)))
    for label in ("gender", "expression"):
        for count in LONDON:
            seen = kept(work, f"seen-london-{count}", some(x, order[half : half + count]))
            name = f"bounds-london-{count}"
            yield "London, real people seen", count, study(name, label, audited, seen)
        if label == "gender":
            for count in DRAWN[1::2]:
                seen = kept(work, f"seen-drawn-real-{count}", some(pool, names[:count]))
                name = f"bounds-london-drawn-{count}"
                yield "London, drawn people seen", count, study(name, label, audited, seen)
            dials = [{"kind": "blindfold", "dial": one} for one in DIALS]
            name = f"bounds-london-dials-{count}"
            yield "London, drawn people seen", count, study(name, label, audited, seen, dials)


def whole(work: Path, faces: Path, encoder: Path) -> Study:
    """All of London's gender, whatever can be fitted on the drawn people, and LFW's pairs."""
    pool = kept(work, f"seen-drawn-real-{max(DRAWN)}", drawn(work, encoder, max(DRAWN), OTHERS))
    harder = kept(work, "lfw", photographs(faces, encoder, "lfw_pairs"))
    pairs = str((faces / "lfw_pairs" / "pairsDevTest.txt").resolve())
    dials = [{"kind": "blindfold", "dial": one} for one in (0.1, 0.2, 0.5)]
    methods = [{"kind": "sensitivenets"}, {"kind": "lntl"}, {"kind": "leace"}, *dials]
    settings = {
        **kept(work, "london", photographs(faces, encoder)),
        "sensitive": "gender",
        "attributes": [],
        "suppressors": [{**one, "name": _name(one)} for one in methods],
        "roles": {"sensitive": pool, "verification": {**harder, "pairs": pairs}},
    }
    title = f"London, gender, learnt from {max(DRAWN)} drawn people"
    return Study(f"bounds-london-whole-{max(DRAWN)}", title, settings)


def rows(where: str, count: int, of: Study, out: Path) -> Iterator[str]:
    """One line a representation."""
    leakage = pd.read_csv(out / "tables" / "leakage.csv")
    verified = pd.read_csv(out / "tables" / "verification.csv")
    label = str(of.settings["sensitive"])
    own = leakage[(leakage["attacker"] == "strongest") & (leakage["metric"] == METRIC)]
    accuracy = verified[
        (verified["metric"] == "accuracy") & (verified["distance"] == "euclidean")
    ].set_index("representation")["value"]
    names = ["x", *(one["name"] for one in of.settings["suppressors"]), "random"]
    for row in own[own["representation"].isin(names)].to_dict("records"):
        name = row["representation"]
        figure = f"{row['value']:.3f} ({row['low']:.3f} to {row['high']:.3f})"
        drop = "" if pd.isna(row["dif"]) else f"{row['dif']:.0f}"
        told = f"{100 * accuracy[name]:.2f}" if name in accuracy else ""
        yield f"| {where} | {label} | {count} | {name} | {figure} | {drop} | {told} |"


def main(arguments: Sequence[str]) -> None:
    """Run what is missing and print the table."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("work", type=Path)
    asked.add_argument("--faces", type=Path)
    asked.add_argument("--encoder", type=Path)
    given = asked.parse_args(arguments)
    given.work.mkdir(parents=True, exist_ok=True)
    studies = list(synthetic(given.work))
    if given.faces is not None and given.encoder is not None:
        studies += london(given.work, given.faces, given.encoder)
    print(
        "| audited | label | people seen | representation | strongest | drop (%) | verification |"
    )
    print("|---|---|---|---|---|---|---|")
    for where, count, one in studies:
        out = result(one, given.work, "papers", "quick")
        print("\n".join(rows(where, count, one, out)), flush=True)
    if given.faces is not None and given.encoder is not None:
        last = whole(given.work, given.faces, given.encoder)
        print("", page(last, result(last, given.work, "ladder", "quick")), sep="\n", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])

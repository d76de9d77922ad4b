"""Representations that a person brings: their own φ, or a saved suppressor, audited as they are.

Nothing is fitted here, so that no part of the audited people need be kept for it; but whom they
were fitted on is known only as far as the file tells.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.config import located
from core.config_parts import Suppressor as Asked
from core.encode.embeddings import Embeddings
from core.encode.given import NO_ENCODER, read_embeddings
from core.errors import EmbeddingsError, SuppressorError
from core.study.representation import Representation
from core.study.suppression import Suppressed
from core.suppress.chain import dimensions
from core.suppress.saved import load

SHOWN = 3
"""Ids that an error names."""


def check_there(suppressors: Sequence[Asked], base: Path) -> None:
    """Raise `SuppressorError` where something that is brought is not there, before any work."""
    for one in suppressors:
        if not one.fitted and one.path is not None and not located(one.path, base).exists():
            what = "folder that an audit wrote" if one.kind == "saved" else "file of vectors"
            raise SuppressorError(
                f"suppressors names '{one.path}' for '{one.name or one.kind}', and nothing is "
                f"there: give a {what}; a path starts from the folder of the settings"
            )


def brought(
    asked: Asked,
    x: Embeddings,
    splits: int,
    *,
    base: Path,
    trunk: Callable[[], Embeddings],
) -> Suppressed:
    """What `asked`, of the kind given or saved, is to the faces of `x`; one φ for all `splits`.

    `trunk` gives the activations of the same faces, for a suppressor that reads these.
    Raises `EmbeddingsError` or `SuppressorError` where it does not fit these faces.
    """
    assert asked.path is not None, "settings without the path that they were checked for"
    name, path = asked.name or asked.kind, located(asked.path, base)
    if asked.kind == "given":
        return given(name, path, x, splits)
    return saved(name, path, x, splits, trunk)


def given(name: str, path: Path, x: Embeddings, splits: int) -> Suppressed:
    """Somebody's own φ for the faces of `x`, put to them by id; its width is its own.

    Raises `EmbeddingsError` where a face has no φ, or where φ cannot be told to which face it
    belongs.
    """
    phi = read_embeddings(path)
    found = phi.x[_places(phi, x, path.name)]
    extra = len(phi) - len(x)
    told = [
        f"{name}: it is not known whom these vectors were made with: if people who are tested here "
        "were among them, its figures are too good"
    ]
    if extra:
        told.append(f"{name}: {extra} of {len(phi)} vectors are of no face of this audit: left out")
    return Suppressed(name, Representation.of_one(x, found, splits), told=tuple(told))


def _places(phi: Embeddings, x: Embeddings, file: str) -> np.ndarray:
    """The row of `phi` for each row of `x`, by id; by order where neither has ids."""
    wanted, ids = x.table["id"].tolist(), phi.table["id"].tolist()
    row = {one: place for place, one in enumerate(ids)}
    missing = [one for one in wanted if one not in row]
    numbers = [str(place) for place in range(len(ids))]
    if ids == numbers and (len(phi) != len(x) or missing):
        raise EmbeddingsError(
            f"'{file}' has {len(phi):,} vectors and no column id, and this audit has {len(x):,} "
            "faces: add a column id with the ids of the faces (python -m core embed writes them)"
        )
    if len(missing) == len(wanted):
        raise EmbeddingsError(
            f"none of the {len(wanted):,} ids of this audit is in '{file}', whose first is "
            f"'{ids[0]}' where '{wanted[0]}' is needed: give its vectors the ids of the faces"
        )
    if missing:
        raise EmbeddingsError(
            f"'{file}' has no vector for {len(missing):,} of {len(wanted):,} faces "
            f"({', '.join(missing[:SHOWN])}{', …' if len(missing) > SHOWN else ''}): every face "
            "needs one; add them, or leave these faces out"
        )
    return np.array([row[one] for one in wanted])


def saved(
    name: str, folder: Path, x: Embeddings, splits: int, trunk: Callable[[], Embeddings]
) -> Suppressed:
    """The suppressor that an audit saved in `folder`, applied to the faces of `x`.

    Raises `SuppressorError` where it is damaged, takes vectors of another width, or was fitted on
    another encoder's: such a φ is some map of these vectors, and no figure of it would mean that
    suppressor.
    """
    found = load(folder)
    read = trunk() if found.reads == "activations" else x
    width, _ = dimensions(found.chain)
    if read.x.shape[1] != width:
        raise SuppressorError(
            f"the suppressor in '{folder}' takes {found.reads} of {width} numbers and these have "
            f"{read.x.shape[1]}: audit it with the encoder that it was fitted on"
        )
    told = _about_its_people(name, found.fitted_on, x, read, folder)
    through = found.transform if read is x else None
    phi = found.transform(read.x)
    if not np.isfinite(phi).all():
        raise SuppressorError(
            f"the suppressor in '{folder}' gives {int((~np.isfinite(phi)).any(axis=1).sum())} "
            "vectors that hold NaN or infinity (none may): fit it again"
        )
    one = Representation.of_one(x, phi, splits, through)
    return Suppressed(name, one, (found,), told=tuple(told))


def _about_its_people(
    name: str, known: Mapping[str, Any], x: Embeddings, read: Embeddings, folder: Path
) -> list[str]:
    """What must be said of whom it was fitted on; raises where the encoder was another.

    `read` is what it is applied to: `x`, or the activations of the same faces.
    """
    encoder, own = known.get("encoder_digest"), read.encoder_digest
    if encoder not in (None, NO_ENCODER, own) and own != NO_ENCODER:
        raise SuppressorError(
            f"the suppressor in '{folder}' was fitted on vectors of {known.get('encoder')} and "
            f"these are of {read.encoder}, which mean other things by the same numbers: give "
            "vectors of the encoder that it was fitted on"
        )
    told = []
    if encoder is None or NO_ENCODER in (encoder, own):
        told.append(
            f"{name}: it is not known whether it was fitted on this encoder's vectors: only their "
            "width was compared"
        )
    digests = known.get("data_digests") or []
    if x.digest in digests:
        told.append(
            f"{name} was fitted on {known.get('people')} people of this very set, some of whom are "
            "tested here: its figures are too good; audit it on people whom it has not seen"
        )
    elif digests:
        sets = ", ".join(str(one) for one in known.get("data") or [] if one) or "an unnamed set"
        told.append(
            f"{name} was fitted on {known.get('people')} people of {sets}: if any of them is "
            "tested here, under whatever name, its figures are too good"
        )
    else:
        told.append(
            f"{name}: it is not known whom it was fitted on: if people who are tested here were "
            "among them, its figures are too good"
        )
    return told

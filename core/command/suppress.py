"""`python -m core suppress`: apply a fitted suppressor to vectors, for use elsewhere."""

from __future__ import annotations

from pathlib import Path


def suppress(folder: Path, given: Path, out: Path) -> tuple[int, int]:
    """Write φ of the vectors in `given` to the Parquet file `out`; returns its rows and numbers.

    Ids, subjects and labels stay as they are. For a suppressor of the encoder's last stage, `given`
    holds the trunk's activations. Raises `SuppressorError` where the folder holds no suppressor or
    one for vectors of another length.
    """
    from core.command.faces import write_embeddings
    from core.encode.given import read_embeddings
    from core.errors import SuppressorError
    from core.suppress.chain import dimensions
    from core.suppress.saved import load
    from core.suppress.suppressor import WHERE

    suppressor = load(folder)
    vectors = read_embeddings(given)
    wanted, _ = dimensions(suppressor.chain)
    if vectors.x.shape[1] != wanted:
        raise SuppressorError(
            f"the suppressor in '{folder}' takes {suppressor.reads} of {wanted} numbers and the "
            f"rows of '{given}' have {vectors.x.shape[1]}: give {WHERE[suppressor.reads]}"
        )
    found = vectors.replaced(suppressor.transform(vectors.x))
    write_embeddings(found, out)
    return found.x.shape

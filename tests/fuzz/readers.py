"""Every reader that is fuzzed, by name."""

from __future__ import annotations

from tests.fuzz import (
    arrays,
    audits,
    conditions,
    manifests,
    models,
    pair_files,
    parquets,
    pictures,
    settings,
    tables,
    zips,
)
from tests.fuzz.reader import Reader

READERS: dict[str, Reader] = {
    one.name: one
    for one in (
        zips.READER, pictures.READER, manifests.READER, tables.TABLE, parquets.TABLE,
        pair_files.READER, tables.VECTORS, parquets.VECTORS, arrays.NPY, arrays.NPZ, models.READER,
        settings.READER, conditions.READER, audits.READER,
    )
}  # fmt: skip

"""A run that is damaged, or is being deleted at this moment, hides no other."""

from __future__ import annotations

from pathlib import Path

import pytest
from fixtures import Maker

from app import jobs


@pytest.mark.parametrize("file", ["config.yaml", "result/audit.json", "status.json", "meta.json"])
@pytest.mark.parametrize("damage", [b"", b"{", b"\xff\xfe", None])
def test_one_damaged_run_hides_no_other(make: Maker, file: str, damage: bytes | None) -> None:
    whole, broken = make(), make(name="broken")
    path: Path = broken.path / file
    path.unlink() if damage is None else path.write_bytes(damage)
    assert whole.id in [view.id for view in jobs.views(None)]
    view = jobs.view(whole.id, None)
    assert view is not None
    assert view.audit is not None

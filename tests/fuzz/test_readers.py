"""Every reader keeps its promises or refuses in one sentence: a few cases of the campaign.

`python -m tests.fuzz` is the campaign (docs/fuzz.md); these are the same strategies with a seed
that stays, so that the suite is the same every time.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.campaign import campaign
from tests.fuzz.readers import READERS

CASES = 60


@pytest.mark.parametrize("name", READERS)
def test_a_few_cases_of_every_reader(name: str, tmp_path: Path) -> None:
    tally = campaign(READERS[name], CASES, 20261122, tmp_path / "case", shrink=False)
    assert not tally.failures, "\n\n".join(tally.failures)
    assert tally.cases >= CASES - 1
    assert tally.accepted, "no case was accepted: the strategy makes nothing that can be read"
    assert tally.refused, "no case was refused: the strategy makes nothing that is wrong"

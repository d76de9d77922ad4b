"""What a worker notes in its log is what `benchmarks.profile` reads from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import profile
from core import worker
from core.plots.tokens import LIGHT
from core.progress import Status

LOG = """\
2026-11-22 10:00:00 worker 7 begins
2026-11-22 10:00:05 50% Attacking 9 of 10, about 99 s left
2026-11-22 11:00:00 worker 8 begins
2026-11-22 11:00:02 0% starting 0 of 1
2026-11-22 11:00:04 1% First look 0 of 4
Traceback (most recent call last):
2026-11-22 11:00:10 10% Attacking 0 of 90, about 200 s left
2026-11-22 11:00:40 30% Attacking 30 of 90, about 80 s left
2026-11-22 11:02:10 99% writing 0 of 1, about 1 s left
"""


def test_seconds_of_the_last_attempt() -> None:
    found = profile.notes(LOG)
    assert profile.phases(found) == {"Attacking": 120.0, "First look": 6.0, "starting": 2.0}
    assert profile.forecast(found, every=60) == [(10.0, 200.0, 120.0), (130.0, 1.0, 0.0)]


@pytest.mark.parametrize("left", [None, 61.4])
def test_what_a_worker_notes_is_read(left: float | None, capsys: pytest.CaptureFixture) -> None:
    worker._note(Status("Attackers' people", 3, 4, None), 0.256, left)
    log = "2026-11-22 10:00:00 worker 7 begins\n" + capsys.readouterr().err
    [found] = profile.notes(log)
    assert (found.phase, found.left) == ("Attackers' people", left and 61.0)


def test_it_is_drawn(tmp_path: Path) -> None:
    profile.drawn(profile.notes(LOG), "a run", LIGHT, tmp_path / "p.png")
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")

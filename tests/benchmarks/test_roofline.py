"""What is counted as an operation, and how a row is worked out."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from benchmarks import roofline


def test_operations_are_those_of_products_and_convolutions() -> None:
    dense, conv = torch.nn.Linear(7, 5), torch.nn.Conv2d(3, 4, 3)
    with torch.no_grad():
        assert roofline.operations(lambda: dense(torch.zeros(11, 7))) == 2 * 11 * 7 * 5
        assert roofline.operations(lambda: conv(torch.zeros(2, 3, 10, 10))) == (
            2 * 2 * 4 * 3 * 3 * 3 * 8 * 8
        )


def test_a_row_holds_each_picture_against_the_peak(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roofline, "operations", lambda run: 8_000_000_000)
    monkeypatch.setattr(roofline, "seconds", lambda run: run())
    work = roofline.Work("a face", 4, lambda: 0.25, lambda: 0.5)
    told = roofline.line(work, 100e9)
    assert told == "| a face | 2.00 | 20.0 | 62.5 | 32% | 125.0 | 16% |"


def test_finding_looks_at_every_picture_in_both_ways() -> None:
    work = roofline.finding([np.zeros((40, 50, 3), np.uint8)] * 2)
    assert work.ours() == [[], []]
    assert len(work.theirs()) == work.count == 2

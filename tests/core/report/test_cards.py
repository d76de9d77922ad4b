"""Model cards in a report: in short, and without the figures that are withheld elsewhere."""

from __future__ import annotations

from pathlib import Path

from core.report.contents import document
from core.report.result import read_result

CARD = """\
# leace

A suppressor of the kind `leace`, for vectors of 100 numbers from made up; it gives 100 numbers.

Fitted on {people} people of made-up test data.

## Leakage

| label | before | after | guessing | finding |
|---|---|---|---|---|
| mood | 0.7654 (0.7 to 0.8) | 0.4 | 0.33 | ok |

## Limits

- They hold for this encoder, and for people
  like these.
- It is personal data.

## Use

    python -m core suppress THIS_FOLDER --in EMB.parquet --out EMB2.parquet

or `model.onnx`.
"""


def told(out: Path, people: int) -> list[str]:
    """What the report of an audit says whose suppressor was fitted on so many people."""
    for name in ("leace", "leace@0.5"):
        folder = out / "suppressors" / name
        folder.mkdir(exist_ok=True)
        (folder / "README.md").write_text(CARD.format(people=people))
    return document(read_result(out, smallest=10)).sentences()


def test_a_card_says_what_it_is_its_limits_and_its_use(folder) -> None:  # type: ignore[no-untyped-def]
    out = folder(lambda audit: audit["suppressors"].append("leace@0.5"))
    said = told(out, 40)
    begun = "A suppressor of the kind leace, for vectors of 100 numbers from made up; it gives " \
            "100 numbers. Fitted on 40 people of made-up test data."  # fmt: skip
    assert said.count(begun) == 2
    assert said.count("They hold for this encoder, and for people like these.") == 1
    assert said.count("It is personal data.") == 1
    assert "python -m core suppress THIS_FOLDER --in EMB.parquet --out EMB2.parquet" in said
    assert "suppressors/leace/" in said


def test_a_card_s_figures_and_small_counts_are_not_in_a_report(folder) -> None:  # type: ignore[no-untyped-def]
    said = "\n".join(told(folder(), 6))
    assert "0.7654" not in said
    assert "Fitted on fewer than 10 people" in said
    assert "Fitted on 6 people" not in said

"""Tables of synthetic faces: who, with which expression, how strongly. Nothing is drawn here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from core.faces.synthetic.drawing import SIZE, Drawing, draw
from core.faces.synthetic.expression import EMFACS, EXPRESSIONS, intensities
from core.faces.synthetic.identity import ACTION_UNITS, generator, identity

# Whether every person shows every expression, or one at random in each picture.
POPULATIONS: dict[str, bool] = {
    "demo": True,
    "gallery": False,
    "verification": False,
    "training": False,
}


def table(
    population: str = "demo",
    *,
    people: int = 230,
    expressions: Sequence[str] = EXPRESSIONS,
    shots: int = 1,
    seed: int = 0,
) -> pd.DataFrame:
    """One row a face: id, labels, action-unit intensities and what `render` needs.

    `demo` gives `people` x `expressions` x `shots` rows (230 x 6 by default); the other
    populations give `people` x `shots` rows, each with an expression at random. `training` is
    for fitting the bundled encoder only and is never audited. Columns: id, subject_id,
    expression, gender, skin_tone, age_group, au01 to au26 (0 to 1), index, shot, seed,
    population. Seeds other than 0 stand in the ids, so that tables can be joined.
    """
    if population not in POPULATIONS:
        raise ValueError(
            f"population {population!r} is not known; choose one of {', '.join(POPULATIONS)}"
        )
    if people < 1 or shots < 1:
        raise ValueError(f"{people} people with {shots} shots make no table; give at least 1 each")
    unknown = [name for name in expressions if name not in EMFACS]
    if unknown or not expressions:
        raise ValueError(f"expressions {unknown} are not drawn; choose from {', '.join(EMFACS)}")
    return pd.DataFrame(
        [
            _row(seed, population, index, expression, shot)
            for index in range(people)
            for expression, shot in _pictures(population, index, expressions, shots, seed)
        ]
    )


def _pictures(
    population: str, index: int, expressions: Sequence[str], shots: int, seed: int
) -> Iterator[tuple[str, int]]:
    if POPULATIONS[population]:
        yield from ((expression, shot) for expression in expressions for shot in range(shots))
        return
    rng = generator("expressions", seed, population, index)
    for shot in range(shots):
        yield expressions[int(rng.integers(len(expressions)))], shot


def _row(seed: int, population: str, index: int, expression: str, shot: int) -> dict[str, Any]:
    person = identity(seed, population, index)
    name = population if seed == 0 else f"{population}.{seed}"
    subject = f"{name}-{index:04d}"
    shown = intensities(person, expression, shot)
    return {
        "id": f"{subject}-{expression}-{shot}",
        "subject_id": subject,
        "expression": expression,
        "gender": person.gender,
        "skin_tone": person.skin_tone,
        "age_group": person.age_group,
        **{f"au{unit:02d}": shown[unit] for unit in ACTION_UNITS},
        "index": index,
        "shot": shot,
        "seed": seed,
        "population": population,
    }


def render(row: Any, *, size: int = SIZE) -> Drawing:
    """The drawing of one row of `table`: a Series, a mapping or a named tuple.

    The row carries its own seed and population, so that nothing else need be known.
    """
    fields: Mapping[str, Any] = row._asdict() if hasattr(row, "_asdict") else row
    person = identity(int(fields["seed"]), str(fields["population"]), int(fields["index"]))
    return draw(person, str(fields["expression"]), int(fields["shot"]), size=size)

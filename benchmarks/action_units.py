"""Action-unit detectors on the synthetic set, with and without a planted difference of groups.

    python -m benchmarks.action_units [--people 230] [--repeats 5] [--out TABLE.md]

Prints a Markdown table: macro F1 of each training set on each test group, by gender as drawn, and
by a group that nothing shows (`team`, drawn by lot), once as drawn and once with the units of one
team drawn at .35 of their strength while the labels stay. The first has a difference that was not
made on purpose, if any; the second has none; the third has the planted one.
"""

from __future__ import annotations

import argparse
import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.config_parts import ActionUnits
from core.encode.bundled import load_bundled
from core.engine import make_engine
from core.faces.faceset import FaceSet, Picture
from core.faces.synthetic import identity, synthetic_faces
from core.faces.synthetic.drawing import draw
from core.faces.synthetic.identity import TRAITS
from core.faces.synthetic.source import DrawnSource
from core.progress import Progress
from core.store import Store
from core.study.action_units import begin
from core.table import StudyResult

TEAM = "team"
TEAMS = ("blue", "green")
WEAK = 0.35
PLANTED = (1, 4, 5, 12, 15)


@dataclass(frozen=True)
class WeakSource:
    """A drawn set in which people of `weak` use `units` at `share` of their strength.

    A unit's strength is one of a person's traits: pose, light, hair and every other unit stay as
    they were, and so do the labels, which the table holds.
    """

    drawn: DrawnSource
    weak: frozenset[str]
    units: tuple[int, ...]
    share: float = WEAK
    costly: bool = True

    def read(self, index: int) -> Picture:
        """Draw picture `index`."""
        row = self.drawn.rows[index]
        if row["id"] not in self.weak:
            return self.drawn.read(index)
        person = identity(int(row["seed"]), str(row["population"]), int(row["index"]))
        vector = person.vector.copy()
        for unit in self.units:
            vector[TRAITS.index(f"gain_{unit:02d}")] *= self.share
        weaker = replace(person, vector=vector)
        drawing = draw(weaker, str(row["expression"]), int(row["shot"]), size=self.drawn.size)
        return Picture(drawing.image, drawing.landmarks)

    def digest(self, index: int) -> str:
        """SHA-256 of the recipe, with what was planted."""
        own = self.drawn.digest(index)
        if self.drawn.rows[index]["id"] not in self.weak:
            return own
        planted = f"{own}, units {self.units} at {self.share}"
        return hashlib.sha256(planted.encode()).hexdigest()


def teamed(faces: FaceSet, *, seed: int = 0) -> FaceSet:
    """The same faces with people divided by lot into two teams, which no picture shows."""
    people, person = np.unique(faces.table["subject_id"].to_numpy(dtype=str), return_inverse=True)
    side = np.random.default_rng(seed).permutation(np.arange(len(people)) % 2)[person]
    table = faces.table.assign(**{TEAM: np.array(TEAMS, dtype=object)[side]})
    labels = (*faces.labels, TEAM)
    return replace(faces, table=table, labels=labels, origin={**faces.origin, TEAM: "generator"})


def planted(faces: FaceSet, units: Sequence[int] = PLANTED, share: float = WEAK) -> FaceSet:
    """`teamed` faces in which the green team shows `units` more weakly than its labels say."""
    assert isinstance(faces.source, DrawnSource), "only drawn faces can be drawn otherwise"
    green = frozenset(faces.table.loc[faces.table[TEAM] == TEAMS[1], "id"])
    return replace(faces, source=WeakSource(faces.source, green, tuple(units), share))


def markdown(title: str, result: StudyResult, seconds: float) -> str:
    """A table of one study: macro F1 by training set and group, and the interaction."""
    found, together = result.tables["action_units"], result.facts["action_units"]["together"]
    whole = found[found["au"] == "all"]
    macro = whole[whole["metric"] == "f1_macro"]
    groups = list(dict.fromkeys(macro["test_group"]))
    lines = [f"**{title}** ({seconds:.0f} s)", "",
             "| trained on | " + " | ".join(f"tested on {one}" for one in groups) + " |",
             "|---" * (2 + len(groups)) + "|"]  # fmt: skip
    lines[2] += " everybody tested |"
    for name, rows in macro.groupby("train_group", sort=False):
        own = [f"{r.value:.3f} ({r.low:.3f} to {r.high:.3f})" for r in rows.itertuples()]
        every = together[name]
        own.append(f"{every['f1_macro']:.3f} ({every['low']:.3f} to {every['high']:.3f})")
        lines.append(f"| {name} | " + " | ".join(own) + " |")
    for row in whole[whole["metric"] == "interaction"].itertuples():
        lines += [
            "",
            f"Interaction {row.train_group}: {row.value:+.3f} ({row.low:+.3f} to {row.high:+.3f}), "
            f"p {row.p_holm:.4f}, {row.identities} people of the smaller group.",
        ]
    own = found[(found["metric"] == "interaction") & (found["au"] != "all")]
    clear = own[own["p_holm"] < 0.05]
    listed = ", ".join(f"{r.au} {r.value:+.2f}" for r in clear.itertuples())
    lines.append(f"Units with an interaction of their own (Holm): {listed or 'none'}.")
    return "\n".join(lines)


def main() -> None:
    """Run all three and print them."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--people", type=int, default=230)
    asked.add_argument("--repeats", type=int, default=5)
    asked.add_argument("--out", type=Path)
    given = asked.parse_args()
    encoder, store = load_bundled("auto"), Store()
    faces = teamed(synthetic_faces(people=given.people))
    parts = []
    for title, own, group in (
        ("Gender, as drawn", faces, "gender"),
        ("Teams drawn by lot", faces, TEAM),
        (f"Units {', '.join(map(str, PLANTED))} of the green team at {WEAK}", planted(faces), TEAM),
    ):
        began = time.monotonic()
        with make_engine("local") as engine:
            found = begin(
                own, encoder, ActionUnits(group=group, repeats=given.repeats), seed=0,
                device=encoder.device, store=store, progress=Progress(), engine=engine,
            ).result()  # fmt: skip
        parts.append(markdown(title, found, time.monotonic() - began))
        print(parts[-1], "\n", flush=True)
    if given.out is not None:
        given.out.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

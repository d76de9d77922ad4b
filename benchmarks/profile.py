"""Where the time of a run went, from its log.

    python -m benchmarks.profile RUN/log.txt [--out docs/images/profile] [--title TEXT]

A worker notes the beginning of every phase, and every half minute what it expects to be left.
Prints the seconds of each phase and, a line every few minutes, the expectation against the truth;
with `--out` draws both as PATH-light.png and PATH-dark.png. Only the last attempt of a run counts.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from core.plots.tokens import DARK, LIGHT, Tokens

_LINE = re.compile(
    r"(?P<at>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (?:worker \d+ begins|"
    r"(?P<share>\d+)% (?P<phase>.+?) (?P<done>\d+) of (?P<total>\d+)"
    r"(?:, about (?P<left>\d+) s left)?)"
)


@dataclass(frozen=True)
class Note:
    """One line: `at` seconds after the worker began, in which phase, and seconds thought left."""

    at: float
    phase: str
    left: float | None


def notes(log: str) -> list[Note]:
    """The notes of the last attempt that `log` tells of."""
    found: list[Note] = []
    began = None
    for line in log.splitlines():
        read = _LINE.fullmatch(line)
        if read is None:
            continue
        at = datetime.fromisoformat(read["at"]).timestamp()
        if read["phase"] is None:
            found, began = [], at
        elif began is not None:
            left = None if read["left"] is None else float(read["left"])
            found.append(Note(at - began, read["phase"], left))
    return found


def phases(found: Sequence[Note]) -> dict[str, float]:
    """Seconds of each phase, the longest first; the last note ends the last phase."""
    spent: dict[str, float] = {}
    for one, following in pairwise(found):
        spent[one.phase] = spent.get(one.phase, 0.0) + following.at - one.at
    return dict(sorted(spent.items(), key=lambda pair: -pair[1]))


def forecast(found: Sequence[Note], every: float = 120.0) -> list[tuple[float, float, float]]:
    """Seconds gone, seconds thought left and seconds that were left, about every so many."""
    told: list[tuple[float, float, float]] = []
    for one in found:
        if one.left is not None and (not told or one.at - told[-1][0] >= every):
            told.append((one.at, one.left, found[-1].at - one.at))
    return told


def drawn(found: Sequence[Note], title: str, mode: Tokens, path: Path) -> None:
    """Draw the phases as bars and the forecast against the truth."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    spent, told = phases(found), forecast(found, every=0)
    figure, (bars, line) = pyplot.subplots(
        1, 2, figsize=(10, 0.28 * len(spent) + 1.6), facecolor=mode.ground, layout="constrained"
    )
    names = list(spent)[::-1]
    bars.barh(names, [spent[name] for name in names], color=mode.accent, height=0.6)
    for place, name in enumerate(names):
        bars.text(spent[name], place, f" {spent[name]:.0f} s", va="center", color=mode.text)
    line.plot([m / 60 for m, _, _ in told], [t / 60 for _, _, t in told], color=mode.chance)
    line.plot([m / 60 for m, _, _ in told], [e / 60 for _, e, _ in told], color=mode.accent)
    line.set_xlabel("minutes gone", color=mode.text)
    line.set_ylabel("minutes left: told, and (grey) true", color=mode.text)
    for axes in (bars, line):
        axes.set_facecolor(mode.ground)
        axes.tick_params(colors=mode.text)
        for side in axes.spines.values():
            side.set_color(mode.border)
        axes.spines[["top", "right"]].set_visible(False)
    bars.set_xlim(right=1.15 * max(spent.values(), default=1.0))
    figure.suptitle(title, color=mode.text)
    figure.savefig(path, dpi=160, metadata={"Software": None})
    pyplot.close(figure)


def main() -> None:
    """Read the arguments, print, draw."""
    asked = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    asked.add_argument("log", type=Path)
    asked.add_argument("--out", type=Path)
    asked.add_argument("--title", default="")
    given = asked.parse_args()
    found = notes(given.log.read_text(encoding="utf-8"))
    if len(found) < 2:
        asked.error(f"{given.log} holds {len(found)} notes of a worker (at least 2 are needed)")
    spent = phases(found)
    whole = sum(spent.values())
    print("| phase | seconds | share |\n|---|---|---|")
    for name, seconds in spent.items():
        print(f"| {name} | {seconds:.0f} | {seconds / whole:.0%} |")
    print("\n| minutes gone | minutes told | minutes left |\n|---|---|---|")
    for gone, told, left in forecast(found):
        print(f"| {gone / 60:.0f} | {told / 60:.1f} | {left / 60:.1f} |")
    for mode, name in ((LIGHT, "light"), (DARK, "dark")) if given.out else ():
        drawn(found, given.title, mode, given.out.with_name(f"{given.out.name}-{name}.png"))


if __name__ == "__main__":
    main()

"""One piece of work done by ours and by what a person would use instead, in turn, in one run.

A machine's speed drifts. Sides are therefore read in the order A B C, C B A, A B C …, and a ratio
is always that of two readings of the same round: what is told is the median ratio and its spread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any


def _nothing() -> None:
    """Be ready as it is."""


@dataclass(frozen=True)
class Asked:
    """What a person asked of the benchmarks; every work takes of it what it needs.

    `faces` is a folder of face sets, `encoders` one of ONNX recognisers. `quick` leaves out what
    takes minutes, `long` reads in full what is otherwise scaled up from a part.
    """

    quick: bool = False
    long: bool = False
    faces: Path | None = None
    encoders: Path | None = None
    device: str = "cpu"
    cores: int = 1


@dataclass(frozen=True)
class Side:
    """One way to do the work. `run` is timed and gives the answer; `ready`, which is not, loads
    libraries and tries a small piece."""

    name: str
    run: Callable[[], Any]
    ready: Callable[[], Any] = _nothing


@dataclass(frozen=True)
class Case:
    """A piece of work: ours, its peers, and what two answers have in common, in words.

    `target` is how many times as fast ours is to be; `most` bounds the rounds of long readings;
    `inputs` makes what the work is done on, once in each process, before anything is timed.
    """

    work: str
    ours: Side
    peers: Sequence[Side]
    agreement: Callable[[Any, Any], str]
    target: float | None = None
    most: int = 5
    inputs: Callable[[], Any] = _nothing

    @property
    def sides(self) -> list[Side]:
        """Ours first, then the peers."""
        return [self.ours, *self.peers]


@dataclass(frozen=True)
class Missing:
    """A peer that was not read, and why."""

    work: str
    peer: str
    why: str


@dataclass(frozen=True)
class Scaled:
    """The answer to a part of the work, with the seconds that all of it would have taken.

    `said` is how these were found; it stands beside the figure.
    """

    answer: Any
    seconds: float
    said: str


@dataclass(frozen=True)
class Reading:
    """One side, once: seconds by the clock and of the processor (all threads), and the answer.

    `scaled` says how the seconds were found where not all of the work was done.
    """

    seconds: float
    processor: float
    answer: Any = None
    scaled: str = ""


@dataclass(frozen=True)
class Failed:
    """A side that gave no answer, and why."""

    why: str


@dataclass
class Rounds:
    """The readings of one case, a list a side; a side that failed is not asked again."""

    case: Case
    readings: list[list[Reading]] = field(default_factory=list)
    failed: dict[int, Failed] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.readings = [[] for _ in self.case.sides]


def order(sides: int, number: int) -> list[int]:
    """Which side comes when in round `number`: forwards, backwards, forwards …"""
    forwards = list(range(sides))
    return forwards if number % 2 == 0 else forwards[::-1]


def rounds(
    case: Case,
    read: Callable[[int], Reading | Failed],
    clock: Callable[[], float],
    *,
    repeats: int,
    budget: float,
) -> Rounds:
    """Read every side of `case`, up to `repeats` rounds; no new round once `budget` seconds are
    spent. `read` takes the place of a side."""
    found = Rounds(case)
    began = clock()
    for number in range(min(repeats, case.most)):
        if number and clock() - began >= budget:
            break
        for place in order(len(case.sides), number):
            if place in found.failed:
                continue
            one = read(place)
            if isinstance(one, Failed):
                found.failed[place] = one
            else:
                found.readings[place].append(one)
        if 0 in found.failed or len(found.failed) == len(case.peers):
            break
    return found


@dataclass(frozen=True)
class Spread:
    """The median of some figures, the smallest and the largest, and how many they are."""

    middle: float
    low: float
    high: float
    count: int


def spread(values: Sequence[float]) -> Spread:
    """The spread of one figure or more."""
    return Spread(float(median(values)), min(values), max(values), len(values))


@dataclass(frozen=True)
class Row:
    """A line of the table: one work, one peer. Without `ratio` it says why in `agreement`.

    `processor` are medians of processor seconds, ours and the peer's: other work on the machine
    disturbs them less than the clock, and they do not see that ours uses several cores.
    """

    work: str
    peer: str
    ours: Spread | None
    theirs: Spread | None
    ratio: Spread | None
    agreement: str
    target: float | None = None
    scaled: str = ""
    processor: tuple[float, float] | None = None


def rows(found: Rounds) -> Iterator[Row]:
    """A row a peer, from the readings of one case."""
    case, own = found.case, found.readings[0]
    for place, peer in enumerate(case.peers, start=1):
        theirs = found.readings[place]
        failed = found.failed.get(0) or found.failed.get(place)
        if failed is not None or not own or not theirs:
            why = "not read" if failed is None else failed.why
            ours = spread([one.seconds for one in own]) if own else None
            yield Row(case.work, peer.name, ours, None, None, why, case.target)
            continue
        ratios = [b.seconds / a.seconds for a, b in zip(own, theirs, strict=False)]
        yield Row(
            case.work,
            peer.name,
            spread([one.seconds for one in own]),
            spread([one.seconds for one in theirs]),
            spread(ratios),
            case.agreement(own[-1].answer, theirs[-1].answer),
            case.target,
            theirs[-1].scaled,
            (_processor(own), _processor(theirs)),
        )


def _processor(readings: Sequence[Reading]) -> float:
    return float(median(one.processor for one in readings))

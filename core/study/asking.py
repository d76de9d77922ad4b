"""Questions to attackers through the store: what was answered once is never computed again.

Questions to all attackers of a label stand in one queue, so that no processor waits for the last
answer of one attacker before it begins with the next.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Protocol

from core.attack.attack import Finding, Problem, attack, choose_view
from core.attack.fit import Anyone, Informed, Spreading
from core.engine import Engine
from core.errors import StoreError
from core.progress import Progress
from core.store import Entry, Store


class Told(Protocol):
    """Is called after each answer, with the attacker's name."""

    def __call__(self, attacker: str, *, found: bool = False) -> None:
        """`found` says that the store had the answer."""
        ...


@dataclass(frozen=True)
class Question:
    """One attack on one split: who is asked, the keys of the answer and of the view, which is empty
    where attackers do not share one, and what is asked: made when its turn comes, for it is large.
    """

    attacker: str
    name: str
    view: str
    problem: Callable[[], Problem]


@dataclass(frozen=True)
class Asking:
    """Asks `attackers` by name; `views` remembers which view was chosen for which problem."""

    attackers: Mapping[str, Anyone]
    device: str
    store: Store
    progress: Progress
    engine: Engine
    views: dict[str, str] = field(default_factory=dict)

    def answers(
        self, rounds: Mapping[str, Sequence[Question]], told: Told
    ) -> Iterator[tuple[str, list[Entry]]]:
        """Each attacker of `rounds` in turn, as soon as it and those before it have answered all of
        their questions; from the store, or made now."""
        missing = {
            attacker: [one for one in rounds[attacker] if self.store.load(one.name) is None]
            for attacker in self._queue(rounds)
        }
        made = self._made(missing)
        waiting = deque(rounds)
        heard: set[str] = set()
        for attacker, asked in missing.items():
            for _ in range(len(rounds[attacker]) - len(asked)):
                told(attacker, found=True)
            # The next attacker's answers wait in the same iterator.
            for question, (view, finding) in zip(asked, made, strict=False):
                self._keep(question, view, finding)
                told(attacker)
            heard.add(attacker)
            while waiting and waiting[0] in heard:
                one = waiting.popleft()
                yield one, [settled(self.store, question.name) for question in rounds[one]]
        for _ in made:  # an engine that is not heard out takes its work for cancelled
            raise AssertionError("an answer that nobody asked for")

    def _queue(self, attackers: Iterable[str]) -> list[str]:
        """Those whose single fit takes every idle processor come last: no processor waits while
        the others finish what cannot be shared."""
        return sorted(attackers, key=lambda one: isinstance(self.attackers[one], Spreading))

    def _keep(self, question: Question, view: str, finding: Finding) -> None:
        self.progress.check()
        if question.view and question.view not in self.views:
            self.store.save(question.view, {}, {"view": view})
            self.views[question.view] = view
        about = {"inner": finding.inner, "view": finding.view}
        self.store.save(question.name, {"scores": finding.scores}, about)

    def _made(self, missing: Mapping[str, Sequence[Question]]) -> Iterator[tuple[str, Finding]]:
        """The view chosen for each question and what was found, in order: on processors one task
        each, on a graphics card all questions to an attacker as one batch."""
        if self.device == "cpu":
            every = chain.from_iterable(missing.values())
            tasks = ((self.attackers[one.attacker], self._problem(one)) for one in every)
            yield from self.engine.map(_answer, tasks)
            return
        for attacker, asked in missing.items():
            who, problems = self.attackers[attacker], [self._problem(one) for one in asked]
            if not isinstance(who, Informed):
                problems = list(self.engine.map(_viewed, problems))
            findings = attack(problems, who, device=self.device) if problems else []
            yield from zip((one.view for one in problems), findings, strict=True)

    def _problem(self, question: Question) -> Problem:
        """The problem with the view that all its attackers share, where one is chosen by now."""
        if question.view and question.view not in self.views:
            entry = self.store.load(question.view)
            if entry is not None:
                self.views[question.view] = entry.meta["view"]
        return replace(question.problem(), view=self.views.get(question.view, ""))


def settled(store: Store, name: str) -> Entry:
    """What the store gives back, so that a resumed run and an undisturbed one go on from the
    same bits; raises `StoreError` where it was emptied meanwhile."""
    entry = store.load(name)
    if entry is None:
        raise StoreError(
            f"the store lost {name} while it was in use: run again, and let nothing else "
            "empty the cache meanwhile"
        )
    return entry


def _viewed(problem: Problem) -> Problem:
    """The problem with its view, which is chosen once for all attackers."""
    return problem if problem.view else replace(problem, view=choose_view(problem))


def _answer(task: tuple[Anyone, Problem]) -> tuple[str, Finding]:
    attacker, problem = task
    seen = problem if isinstance(attacker, Informed) else _viewed(problem)
    return seen.view, attack([seen], attacker, device="cpu")[0]

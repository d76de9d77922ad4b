"""What is decided, who is protected, and what is kept balanced: labels of a set as one question.

METHODS, study 5. A label is named as it is, or as `label=class`, which is that class against all
others. What is called the favoured group is the one that a biased training set has more positives
of: "yes" where the label knows yes and no (the thesis's smiling), otherwise the first by name
(female before male, as in TPAMI's Table III). Gaps are the favoured group's rate less the other's.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from core.config_parts import Fairness
from core.encode.embeddings import Embeddings
from core.errors import ConfigError, NotEnoughData
from core.faces import synthetic_target
from core.faces.faceset import UNKNOWN

NOBODY = -1
"""The code of a row whose label is unknown."""
YES = ("yes", "true", "1", "positive")
TARGETS = ("attractive", "smiling")
PROTECTED = ("gender", "ethnicity", "race", "skin_tone", "age_group", "age")
CROSSED = (*PROTECTED, "young", "expression", "smiling")
"""Labels that make groups together with the protected one, in this order."""
MOST_CROSSED = 3
MOST_GROUPS = 8
"""Classes of a label by which people are grouped, at most."""


@dataclass(frozen=True)
class Grouped:
    """A label as groups: `code` int (n,), 0 … k − 1 into `classes`, or `NOBODY`."""

    name: str
    classes: tuple[str, ...]
    code: np.ndarray


@dataclass(frozen=True)
class Question:
    """What the study asks of a set of n faces.

    `target` has the classes (negative, positive); `protected` has the favoured group first;
    `balance` is what training and evaluation are balanced by beside both, or None. `beside` are
    labels whose groups are crossed with the protected ones. `synthetic`: the target was made for
    this study. `usable` are the rows of which all that is needed is known; `left_out` says in words
    what that costs.
    """

    target: Grouped
    protected: Grouped
    balance: Grouped | None
    beside: tuple[Grouped, ...]
    synthetic: bool
    usable: np.ndarray
    left_out: tuple[str, ...] = ()

    @property
    def y(self) -> np.ndarray:
        """1 where the target holds, 0 where not, `NOBODY` where unknown; int (n,)."""
        return self.target.code

    @property
    def s(self) -> np.ndarray:
        """The protected group of each row, int (n,)."""
        return self.protected.code

    def digest(self) -> str:
        """SHA-256 of what is decided about whom."""
        parts = [self.target, self.protected, *([self.balance] if self.balance else [])]
        whole = hashlib.sha256(repr([(one.name, one.classes) for one in parts]).encode())
        for one in parts:
            whole.update(one.code.astype(np.int64).tobytes())
        return whole.hexdigest()


def question(x: Embeddings, settings: Fairness) -> Question:
    """The question that `settings` ask of `x`.

    Raises `ConfigError` where a label that was named is missing or has too few or too many
    classes, `NotEnoughData` where `auto` finds nothing to decide or nobody to protect.
    """
    chosen = _choose_target(x, settings)
    protected = _protected(x, settings, chosen)
    target, synthetic = _target(x, settings, chosen, protected)
    taken = {_parts(x, target.name)[0], _parts(x, protected.name)[0]}
    balance = None
    if "gender" in x.labels and "gender" not in taken:
        found = grouped(x, "gender")
        balance = found if len(found.classes) > 1 else None
    usable = (target.code != NOBODY) & (protected.code != NOBODY) & (x.subjects != UNKNOWN)
    if balance is not None:
        usable &= balance.code != NOBODY
    left = int((~usable).sum())
    told = (
        (f"{left} of {len(x)} faces are decided about by nobody: their {target.name}, "
         f"{protected.name}{', gender' if balance else ''} or subject is unknown",)
        if left else ()
    )  # fmt: skip
    return Question(
        target, protected, balance, _crossed(x, taken), synthetic, np.flatnonzero(usable), told
    )


def grouped(x: Embeddings, name: str) -> Grouped:
    """The label `name`, or `label=class` against all others, favoured class first.

    Raises `ConfigError` where there is no such label or class.
    """
    label, wanted = _parts(x, name)
    if label not in x.labels:
        raise ConfigError(
            f"fairness names the label '{label}', and this set has "
            f"{', '.join(x.labels) or 'no label at all'}: name one of these, or add the column"
        )
    values = x.table[label].to_numpy(dtype=object)
    known = sorted(set(values) - {UNKNOWN})
    if not wanted:
        classes = tuple(sorted(known, key=lambda one: (one.casefold() not in YES, one)))
    elif wanted in known:
        classes = (wanted, f"not {wanted}")
        values = np.where((values == wanted) | (values == UNKNOWN), values, classes[1])
    else:
        raise ConfigError(
            f"fairness names '{name}', and {label} has the classes {', '.join(known)}: name one "
            "of these"
        )
    code = np.full(len(values), NOBODY, dtype=np.int64)
    for number, one in enumerate(classes):
        code[values == one] = number
    return Grouped(name, classes, code)


def _parts(x: Embeddings, name: str) -> tuple[str, str]:
    """The label and the class of `label=class`; a label may itself be called so."""
    if name in x.labels:
        return name, ""
    label, _, wanted = name.partition("=")
    return label, wanted


def _choose_target(x: Embeddings, settings: Fairness) -> str | None:
    """The target's name, as far as it does not depend on who is protected."""
    if settings.target != "auto":
        return settings.target
    guarded = _parts(x, settings.protected)[0]
    free = [name for name in TARGETS if name in x.labels and name != guarded]
    return next((name for name in free if len(grouped(x, name).classes) == 2), None)


def _protected(x: Embeddings, settings: Fairness, target: str | None) -> Grouped:
    if settings.protected != "auto":
        found = grouped(x, settings.protected)
        if not 2 <= len(found.classes) <= MOST_GROUPS:
            raise ConfigError(
                f"fairness.protected names '{settings.protected}', which has "
                f"{len(found.classes)} classes here, and 2 to {MOST_GROUPS} can be compared: name "
                "another label, or label=class"
            )
        if target is not None and _parts(x, target)[0] == _parts(x, found.name)[0]:
            raise ConfigError(
                f"fairness decides '{target}' and protects '{found.name}', which are one label: "
                "name two"
            )
        return found
    # The thesis decides attractiveness and protects the smile; TPAMI protects gender.
    wanted = ["smiling"] if target == "attractive" else []
    own = _parts(x, target)[0] if target else None
    for name in [*wanted, *PROTECTED, *x.labels]:
        if name in x.labels and name != own:
            found = grouped(x, name)
            if 2 <= len(found.classes) <= MOST_GROUPS:
                return found
    raise NotEnoughData(
        "no label of this set divides people into groups, and fairness compares some: add a "
        "column such as gender"
    )


def _target(
    x: Embeddings, settings: Fairness, name: str | None, protected: Grouped
) -> tuple[Grouped, bool]:
    """The target, its classes turned to (negative, positive), and whether it is synthetic."""
    if name == synthetic_target.NAME and not x.synthetic:
        raise ConfigError(
            "fairness.target names the synthetic target, which only the synthetic set has: name "
            "one of its labels"
        )
    if name is None and not x.synthetic:
        guarded = _parts(x, protected.name)[0]
        names = (one for one in x.labels if one not in (guarded, "gender"))
        name = next((one for one in names if len(grouped(x, one).classes) == 2), None)
        if name is None:
            raise NotEnoughData(
                f"no label of this set beside {protected.name} has two classes, and fairness "
                "decides one: add such a column, or name label=class as fairness.target"
            )
    if name is None or name == synthetic_target.NAME:
        code = synthetic_target.target_of(list(x.table["id"])).astype(np.int64)
        classes = (synthetic_target.NEGATIVE, synthetic_target.POSITIVE)
        return Grouped(synthetic_target.NAME, classes, code), True
    found = grouped(x, name)
    if len(found.classes) != 2:
        raise ConfigError(
            f"fairness.target names '{name}', which has {len(found.classes)} classes here, and a "
            f"decision has 2: name another label, or one class as in {name}=CLASS"
        )
    # What is favoured comes first, and what is decided for is 1.
    code = np.where(found.code == NOBODY, NOBODY, 1 - found.code)
    return Grouped(found.name, (found.classes[1], found.classes[0]), code), False


def _crossed(x: Embeddings, taken: set[str]) -> tuple[Grouped, ...]:
    """Up to `MOST_CROSSED` labels; what is unknown of them is a group of its own."""
    found: list[Grouped] = []
    for name in dict.fromkeys([*(one for one in CROSSED if one in x.labels), *x.labels]):
        if name in taken or len(found) == MOST_CROSSED:
            continue
        one = grouped(x, name)
        if not 2 <= len(one.classes) <= MOST_GROUPS:
            continue
        classes, code = one.classes, one.code
        if (code == NOBODY).any():
            classes = (*classes, UNKNOWN)
            code = np.where(code == NOBODY, len(classes) - 1, code)
        found.append(Grouped(name, classes, code))
    return tuple(found)


def shares(k: int, strength: float) -> np.ndarray:
    """The share of each of k groups, (2, k), among training negatives and positives.

    Two groups: `strength` of the positives and 1 − `strength` of the negatives are of the favoured
    group, the rest of the other (thesis, section 4.3: 70 / 30 of the attractive smile, 30 / 70 of
    the others; TPAMI 4.4 with women for smiles). k groups, which is ours: balanced (1 / k) at .5,
    everything favoured at 1, and on a line in between; the other groups share alike.
    """
    lean = 2 * strength - 1
    favoured = np.array([(1 - lean) / k, 1 / k + lean * (1 - 1 / k)])
    found = np.empty((2, k))
    found[:, 0] = favoured
    found[:, 1:] = ((1 - favoured) / (k - 1))[:, None]
    return found

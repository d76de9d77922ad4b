"""What a person chooses on the Fairness page; what was not computed is offered as a new run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from app import again, look
from app.jobs import View
from core.faces.faceset import UNKNOWN
from core.faces.synthetic_target import NAME as SYNTHETIC
from core.plots.fairness import CLASSIFIERS, GRID, WORST, Question, Way, split

MOST_CLASSES = 8
"""Classes of a label that can be protected, at most, as the study has it."""


@dataclass(frozen=True)
class Wish:
    """What was chosen: a strength and a question, which may not have been computed."""

    strength: float
    target: str
    protected: str
    classifier: str

    def of(self, found: Sequence[Question]) -> Question | None:
        """The question that was computed, or None."""
        wanted = (self.target, self.protected, self.classifier)
        return next((one for one in found
                     if (one.target, one.protected, one.classifier) == wanted), None)  # fmt: skip


def wish(view: View, found: Sequence[Question], computed: Sequence[float]) -> Wish:
    """Strength, target, protected attribute and classifier; first what the run computed."""
    slider, target, protected, classifier = st.columns([5, 3, 3, 3])
    with slider:
        strength = _strength(found[0], computed)
    with target:
        decided = _one("Target", _targets(view, found), f"target-{view.id}")
    with protected:
        own = [one for one in _protected(view, found) if one != decided.split("=")[0]]
        guarded = _one("Protected attribute", own, f"protected-{view.id}")
    with classifier:
        names = list(dict.fromkeys([*(one.classifier for one in found), *CLASSIFIERS]))
        by = _one("Classifier", names, f"classifier-{view.id}", CLASSIFIERS)
    return Wish(strength, decided, guarded, by)


def ways(found: Sequence[Way]) -> list[Way]:
    """Which ways of deciding are shown; all, unless some are chosen. x is always among them."""
    labels = {one.label: one for one in found if one != Way("x")}
    _forget_some("methods", list(labels))
    chosen = st.pills(
        "Beside x", list(labels), selection_mode="multi", default=list(labels), key="methods",
        bind="query-params", format_func=look.plain,
    )  # fmt: skip
    return [one for one in found if one == Way("x") or one.label in chosen]


def pair(q: Question) -> str:
    """Two groups whose gap is shown; of several groups also the two furthest apart."""
    if len(q.pairs) < 2:
        return q.first
    options = [*(one for one in q.pairs if one == WORST), *(one for one in q.pairs if one != WORST)]
    _forget("pair", options)
    chosen = st.selectbox(
        "Gap between", options, key="pair", bind="query-params", width=360,
        format_func=lambda one: "the two furthest apart" if one == WORST else one,
    )  # fmt: skip
    return chosen if chosen in options else options[0]


def threshold() -> float:
    """The score from which on the decision is yes."""
    return float(
        st.slider("Decision threshold", 0.05, 0.95, 0.5, 0.05, key="threshold",
                  bind="query-params", width=420)
    )  # fmt: skip


def offer(view: View, chosen: Wish, computed: Sequence[float]) -> None:
    """What was chosen was not computed: say so, and offer a run that computes it."""
    told = (
        f"{split(chosen.strength)}, {chosen.target} decided, {chosen.protected} protected, by the "
        f"{CLASSIFIERS.get(chosen.classifier, chosen.classifier)}"
    )
    has = ", ".join(split(one) for one in computed)
    look.empty(
        f"Not computed in this run: {told}. It has the strengths {has}. A new run of the same "
        "settings takes all that does not change from the store."
    )
    wanted = {
        "strengths": sorted({*computed, chosen.strength}),
        "target": chosen.target,
        "protected": chosen.protected,
        "classifier": chosen.classifier,
    }
    st.button(
        "Run with this", type="primary", on_click=again.start, args=(view, "fairness", wanted)
    )
    again.failed()


def missing(view: View) -> None:
    """The run was made without this study: offer one that has it."""
    st.button("Run with fairness", type="primary", on_click=again.start, args=(view, "fairness"))
    again.failed()


def _strength(q: Question, computed: Sequence[float]) -> float:
    """The slider: what was computed, and the steps between that a new run could."""
    options = sorted({*computed, *GRID})
    names = {split(one): one for one in options}
    start = next((one for one in (0.7, *computed[1:], *computed) if one in computed), options[0])
    favoured = q.groups[0] if q.groups else q.protected
    _forget("bias", list(names))
    chosen = st.select_slider(
        f"Share of training positives labelled {look.plain(favoured)} (%)",
        list(names), value=split(start), key="bias", bind="query-params",
    )  # fmt: skip
    return names.get(str(chosen), start)


def _targets(view: View, found: Sequence[Question]) -> list[str]:
    """What was decided, then all that could be: labels of two classes, single classes of more."""
    names = [one.target for one in found]
    names += [SYNTHETIC] if view.synthetic else []
    for label, classes in _labels(view).items():
        if len(classes) == 2:
            names.append(label)
        elif 2 < len(classes) <= MOST_CLASSES:
            names += [f"{label}={one}" for one in classes]
    return list(dict.fromkeys(names))


def _protected(view: View, found: Sequence[Question]) -> list[str]:
    names = [one.protected for one in found]
    names += [label for label, own in _labels(view).items() if 2 <= len(own) <= MOST_CLASSES]
    return list(dict.fromkeys(names))


def _labels(view: View) -> dict[str, list[str]]:
    data: Mapping[str, Any] = {} if view.audit is None else view.audit["data"]
    return {
        str(label): [str(one) for one in counts if one != UNKNOWN]
        for label, counts in (data.get("labels") or {}).items()
    }


def _one(
    what: str, options: Sequence[str], key: str, names: Mapping[str, str] | None = None
) -> str:
    _forget(key, options)
    chosen = st.selectbox(
        what, options, key=key, format_func=lambda one: (names or {}).get(one, one)
    )
    return str(chosen)


def _forget(key: str, options: Sequence[str]) -> None:
    """What was chosen on another run means nothing where this one does not have it."""
    if key in st.session_state and st.session_state[key] not in options:
        del st.session_state[key]


def _forget_some(key: str, options: Sequence[str]) -> None:
    if key in st.session_state and not set(st.session_state[key]) <= set(options):
        del st.session_state[key]

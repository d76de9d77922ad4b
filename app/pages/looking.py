"""What the encoder looks at in one face: for identity and for a label, clear beside obscured."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from app import chart, look, looking, maps, sheet, state
from app.jobs import Beside, View
from app.looking import Choice
from core.errors import BlindfoldError
from core.faces.faceset import FaceSet
from core.plots import looking as plots
from core.plots.looking import Looked
from core.plots.tokens import tokens

WIDE = 760
"""Pixels that two faces and their scales take."""
SHOWN = 12
"""Faces of a person that can be chosen from."""
WORK = "looking at"
"""Where this session keeps what is at work: the file that it makes, and the process."""
BLACK_BOXES = ("onnx", "pixels")
"""Encoders that give vectors and no gradient."""


def main() -> None:
    """Draw the page for the run in the address, or for the newest."""
    view = state.opened("What it looks at")
    if view is None:
        return
    look.put(
        "Where in a picture the encoder's vector takes identity from, and where a probe takes a "
        "label from. A map shows where a score reacts, not why.",
        "lead",
    )
    try:
        there = maps.pictures(view)
        if there is None:
            look.empty("This run read vectors, and vectors have no picture to look at.")
            return
        _chosen(view, there[0])
    except BlindfoldError as error:
        look.alarm(str(error))


def _chosen(view: View, faces: FaceSet) -> None:
    if not faces.has_subjects:
        look.empty("Nobody said who is who: without identities there is no score of identity.")
        return
    offered = looking.offered(view, faces.table)
    if offered.empty:
        look.empty("Too few people to keep some whom no probe has met: 3 or more are needed.")
        return
    choice = _choice(view, faces, offered)
    look.gap("small")
    work = _at_work(view, choice)
    if work is not None and not work.ended:
        st.fragment(_watch, run_every=1)(str(looking.path(view, choice)), work)
        return
    found = looking.found(view, choice)
    if found is not None:
        _results(view, choice, found)
        return
    if work is not None:
        look.alarm(look.badge("failed"), " ", looking.reason(work))
    else:
        look.empty("Nobody has looked at this face in this way yet.")
    _run(view, choice)


# -- choices ---------------------------------------------------------------------------------


def _choice(view: View, faces: FaceSet, offered: pd.DataFrame) -> Choice:
    labels = _labels(view, faces)
    face = _face(view, faces, offered, labels)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        label = _one_of("Label", labels, "label") if labels else ""
        known = ["occlusion"] if _black_box(view) else list(plots.METHODS)
        method = _segment("Method", known, "method", plots.METHODS)
        change = _segment("Beside it", list(plots.CHANGES), "change", plots.CHANGES)
        size = _one_of("By pixels", ["8", "4", "16"], "size")
    if len(known) == 1:
        look.put(
            "This encoder gives vectors only, so that there is no gradient to follow: occlusion "
            "covers the face piece by piece.", "m small",
        )  # fmt: skip
    return Choice(face, method, label, change, int(size))


def _black_box(view: View) -> bool:
    return (view.config.get("encoder") or {}).get("kind") in BLACK_BOXES


def _labels(view: View, faces: FaceSet) -> list[str]:
    """Labels of few classes, the sensitive ones first."""
    first = [one for one in view.config.get("sensitive") or () if one in faces.labels]
    rest = [one for one in faces.labels if one not in first and faces.table[one].nunique() <= 12]
    return [*first, *rest]


def _one_of(what: str, names: Sequence[str], key: str) -> str:
    chosen = st.selectbox(what, names, key=key, bind="query-params", width=150)
    return chosen if chosen in names else names[0]


def _segment(what: str, names: Sequence[str], key: str, titles: dict[str, str]) -> str:
    chosen = st.segmented_control(
        what, names, default=names[0], required=True, key=key, bind="query-params",
        format_func=lambda name: titles[name].capitalize(),
    )  # fmt: skip
    return chosen if chosen in names else names[0]


def _face(view: View, faces: FaceSet, offered: pd.DataFrame, labels: Sequence[str]) -> str:
    """A face of a person whom no probe has met; its id is in the address."""
    by_id = dict(zip(offered["id"], offered["subject_id"], strict=True))
    people = list(dict.fromkeys(offered["subject_id"]))
    asked = st.query_params.get("face")
    if st.session_state.get("person") not in people:
        st.session_state["person"] = by_id.get(str(asked), people[0])
    person = st.selectbox(
        f"Person, of {len(people):,} whom no probe has met", people, key="person", width=300
    )
    own = offered[offered["subject_id"] == person].head(SHOWN)
    names = {
        str(one.id): f"{number}. {faces.table[labels[0]].iloc[one.row]}" if labels else str(number)
        for number, one in enumerate(own.itertuples(), 1)
    }
    drawn = [
        sheet.figure(faces, f"run {view.id}", int(row), names[face])
        for face, row in zip(own["id"], own["row"], strict=True)
    ]
    look.put("".join(drawn), "sheet")
    start = str(asked) if asked in names else next(iter(names))
    face = st.pills(
        "Face", list(names), default=start, format_func=lambda one: look.plain(names[one]),
        key=f"face {person}", required=True,
    )  # fmt: skip
    chosen = face if face in names else start
    st.query_params["face"] = chosen
    return chosen


# -- work ------------------------------------------------------------------------------------


def _at_work(view: View, choice: Choice) -> Beside | None:
    """What this session has at work for this choice, or had."""
    kept: dict[str, Beside] = st.session_state.setdefault(WORK, {})
    return kept.get(str(looking.path(view, choice)))


def _run(view: View, choice: Choice) -> None:
    left, right = st.columns([1, 5], vertical_alignment="center")
    with left:
        pressed = st.button("Look", type="primary", key="look", width="stretch")
    with right:
        look.put(
            f"About {looking.seconds(view, choice.method)} s where the vectors are in the store "
            "already. It stays with the run and is deleted with it.", "m small",
        )  # fmt: skip
    if pressed:
        st.session_state[WORK][str(looking.path(view, choice))] = looking.start(view, choice)
        st.rerun()


def _watch(name: str, work: Beside) -> None:
    """The bar of a look at work; the page is drawn again when it has ended."""
    if work.ended:
        st.rerun()
    share, said = looking.told(work)
    look.put(look.join(look.bar(share), look.muted(said)), "prose")
    if st.button("Cancel", key="cancel"):
        work.process.terminate()
        work.process.wait()
        del st.session_state[WORK][name]
        st.rerun()


# -- results ---------------------------------------------------------------------------------


def _results(view: View, choice: Choice, found: Looked) -> None:
    look.heading(
        plots.title(found),
        "Purple raises the score, green lowers it; the stronger, the more. Both pictures of a row "
        "have one scale.",
    )
    for target in found.targets:
        look.put(
            look.join(
                look.bold(found.called(target).capitalize()), ". ", plots.unit(found, target)
            ),
            "m",
        )
        _pair(view, found, target)
    if "activation" in found.arrays:
        look.put(
            look.join(look.bold("Last activations. "), "Mean size of the encoder's last maps, "
                      "whatever is asked: where there is something at all."), "m",
        )  # fmt: skip
        _pair(view, found, "activation")
    else:
        look.put(f"Activation maps are not available for this encoder ({found.meta['encoder']}).",
                 "m small")  # fmt: skip
    look.gap("small")
    _left(found)
    look.gap("small")
    _judged(found)
    _file(view, choice)


def _pair(view: View, found: Looked, target: str) -> None:
    with st.container(width=WIDE):
        sides = st.columns(2)
    for column, end in zip(sides, ("", "_obscured"), strict=True):
        with column:
            mode = tokens(look.mode())
            if target == "activation":
                figure = plots.strength(found, end, mode)
            else:
                figure = plots.overlay(found, target, end, mode)
            name = chart.key(target + end, view.id, *map(str, found.meta.values()))
            chart.show(figure, plots.alt(found, target, end), name)
            look.put(found.changed.capitalize() if end else "Clear", "m small")


def _left(found: Looked) -> None:
    look.heading(
        f"What is left when the face is {found.changed}",
        "Left: 100 % is the clear face, 0 % the mean of the test people's faces of which it is "
        "not true: other people, or another class.",
    )
    columns = (("score", ""), ("clear", "n"), (plots.CHANGES[found.meta["change"]], "n"),
               ("not true", "n wide"), ("left", "n"))  # fmt: skip
    rows = []
    for target in found.targets:
        told = found.meta["scores"][target]
        kind = "cosine" if target == "identity" else "log-odds"
        name = look.join(look.bold(found.called(target)), " ", look.muted(kind))
        numbers = [look.number(told[one]) for one in ("clear", "obscured", "floor")]
        rows.append([name, *numbers, plots.left(found, target)])
    look.table(columns, rows)
    look.put(plots.probe(found), "m small")


def _judged(found: Looked) -> None:
    parts: list[object] = []
    for what, sentence in plots.judged(found):
        parts += [look.bold(what), f" {sentence} "]
    for note in found.meta["notes"]:
        parts += [look.bold("To know."), f" {note}. "]
    parts += ["A map shows where a score reacts, not why."]
    look.aside(*parts)


def _file(view: View, choice: Choice) -> None:
    look.gap("small")
    st.download_button(
        "Maps (.npz)", looking.path(view, choice).read_bytes(),
        file_name=f"looking-{view.id[:8]}.npz", on_click="ignore", icon=":material/download:",
    )  # fmt: skip


main()

"""What a set holds: counts, problems, and a contact sheet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from html import escape

import pandas as pd
import streamlit as st

from app import look
from app.look import Html, plain
from app.reading import inspected
from app.thumbnails import PAGE, thumbnail
from core.encode.embeddings import Embeddings
from core.faces.faceset import UNKNOWN, FaceSet, Problem
from core.plots.tokens import category, tokens

SHOWN_PROBLEMS = 12
SHOWN_GROUPS = 12


def summary(found: FaceSet | Embeddings, key: str, left_out: Sequence[Problem] = ()) -> None:
    """Counts of faces, people and labels; then problems per file, each with what it means."""
    problems = [*left_out, *found.problems]
    readable = f"{found.x.shape[1]} numbers each" if isinstance(found, Embeddings) else ""
    if isinstance(found, FaceSet) and found.synthetic:
        readable = "drawn when they are looked at"
    elif isinstance(found, FaceSet):
        seen = inspected(found, key)
        if seen is not None:
            problems += seen.problems
            readable = f"{seen.readable:,} can be opened"
    people = found.table["subject_id"][found.table["subject_id"] != UNKNOWN].nunique()
    what = "Vectors" if isinstance(found, Embeddings) else "Faces"
    look.gap("small")
    look.cards(
        [
            (what, f"{len(found):,}", readable or found.name),
            (
                "People",
                f"{people:,}" if found.has_subjects else look.muted("not said"),
                _few(people),
            ),
            ("Labels", str(len(found.labels)), ", ".join(found.labels) or "none yet"),
            ("Problems", f"{len(problems):,}", _kinds(problems)),
        ]
    )
    look.gap("small")
    name = f"Read: {found.name}. {getattr(found, 'licence', '')}".strip()
    marks = look.badges(["synthetic"] if found.synthetic else [])
    look.put(look.join(look.muted(name), " ", marks), "prose")
    _labels(found)
    _problems(problems)


def _few(people: int) -> str:
    if people == 0:
        return "no identities yet"
    if people < 10:
        return "below 10 no interval can be given"
    return "few: intervals will be wide" if people < 30 else "kept apart in every split"


def _kinds(problems: Sequence[Problem]) -> str:
    counts = Counter(problem.kind for problem in problems)
    return ", ".join(f"{number:,} {kind}" for kind, number in counts.most_common(3)) or "none found"


def _labels(found: FaceSet | Embeddings) -> None:
    if not found.labels:
        return
    look.gap("small")
    rows = []
    for label in found.labels:
        counts = found.table[label].value_counts()
        groups = [
            look.join(f"{group} ", look.muted(f"{number:,}"))
            for group, number in counts.head(SHOWN_GROUPS).items()
        ]
        more = len(counts) - SHOWN_GROUPS
        if more > 0:
            groups.append(look.muted(f"and {more} more groups"))
        origin = found.origin.get(label, "")
        mark = look.badge("labelled by hand") if origin == "by hand" else look.muted(origin)
        rows.append((look.bold(label), Html(", ".join(groups)), mark))
    look.table((("label", ""), ("groups and counts", "break"), ("from", "wide")), rows)


def _problems(problems: Sequence[Problem]) -> None:
    if not problems:
        return
    look.gap("small")
    look.heading("Problems by file", "None of them stops the audit. Rare kinds come first.")
    often = Counter(problem.kind for problem in problems)
    first = sorted(problems, key=lambda problem: often[problem.kind])[:SHOWN_PROBLEMS]
    rows = [(p.file, p.kind, look.muted(p.detail)) for p in first]
    look.table((("file", "break"), ("problem", ""), ("what was seen", "break wide")), rows)
    if len(problems) > SHOWN_PROBLEMS:
        look.put(f"and {len(problems) - SHOWN_PROBLEMS:,} more, all in the file below", "m small")
    st.download_button(
        "Problems (CSV)",
        pd.DataFrame([asdict(p) for p in problems]).to_csv(index=False).encode(),
        file_name="problems.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
    )


def contact_sheet(found: FaceSet, key: str) -> None:
    """A page of faces; a line below each has the colour of its class, and its name repeats it."""
    look.gap("small")
    look.heading("Contact sheet")
    pages = -(-len(found) // PAGE)
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    with left:
        label = (
            st.segmented_control(
                "Shown by",
                found.labels,
                default=found.labels[0],
                required=True,
                format_func=plain,
                key="shown-by",
            )
            if found.labels
            else None
        )
    with right:
        page = st.number_input(f"Page of {pages:,}", 1, pages, key="sheet-page") if pages > 1 else 1
    start = (int(page) - 1) * PAGE
    faces(found, key, list(range(start, min(start + PAGE, len(found)))), label)


def faces(
    found: FaceSet, key: str, indices: Sequence[int], label: str | None, side: int = 112
) -> None:
    """Thumbnails of the rows `indices`, named by `label` or by their ids."""
    classes = sorted(set(found.table[label]) - {UNKNOWN}) if label else []
    shown = found.table[label] if label else found.table["id"]
    parts = []
    for index in indices:
        name = str(shown.iloc[index])
        colour = category(classes.index(name), tokens(look.mode())) if name in classes else ""
        parts.append(figure(found, key, index, name, colour, side))
    look.put("".join(parts), "sheet")


def figure(
    found: FaceSet, key: str, index: int, name: str, colour: str = "", side: int = 112
) -> Html:
    """One thumbnail with its name; a dashed box where the picture cannot be opened."""
    picture = thumbnail(found.source, f"{key}|{found.table['id'].iloc[index]}", index, side)
    style = f' style="border-color:{colour}"' if colour else ""
    caption = f"<figcaption{style}>{escape(name)}</figcaption>"
    if picture is None:
        return Html(f'<figure><div class="none">no picture</div>{caption}</figure>')
    alt = escape(f"face {index + 1}, {name}")
    return Html(f'<figure><img src="{picture}" alt="{alt}" loading="lazy">{caption}</figure>')

"""What a person chooses before Run: columns, what is taken out, the encoder, the look, the name."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app import encoder_choices, look
from app.reading import Chosen
from core.config import LOOKS
from core.encode.embeddings import Embeddings
from core.faces.faceset import UNKNOWN, FaceSet
from core.plots.tokens import full
from core.suppress.kinds import KINDS

# The estimate of the time. To calibrate: a quick look of 200 faces on two idle cores.

_SECONDS = {"auto": 0.02, "onnx": 0.08, "pixels": 0.05}
"""Seconds to draw or open, align and encode one face: time of the phase "Encoding" / faces."""
_SECONDS_OTHERWISE = 0.25
"""The same for the encoders that run in torch."""
_PROBE_SECONDS = 0.03
"""Seconds of all attackers, their nulls and planted codes, for one face, label, seed and
representation: time of the phase "Attacking" / (faces x labels x seeds x `_REPRESENTATIONS`)."""
_REPRESENTATIONS = 2
"""x and the controls, which together cost about as much as x alone."""


def identity_and_alignment(vectors: bool) -> tuple[str, bool]:
    """The identity column and whether faces are aligned already, as chosen so far."""
    subject = str(st.session_state.get("identity column", "subject_id"))
    return subject, bool(st.session_state.get("aligned", False)) and not vectors


def identity_column(columns: list[str], recognised: str | None, vectors: bool) -> None:
    """The choice that `identity_and_alignment` reads at the next run of the page.

    `recognised` is the column that is read while nothing else was chosen.
    """
    if vectors:
        st.text_input("Column that says who is who", "subject_id", key="identity column", width=320)
    elif columns:
        start = "none was recognised" if recognised is None else recognised
        others = [name for name in columns if name not in ("subject_id", recognised)]
        st.selectbox(
            "Column that says who is who",
            ["subject_id", *others],
            format_func=lambda name: start if name == "subject_id" else name,
            key="identity column",
            width=320,
        )


def audit_settings(
    chosen: Chosen, found: FaceSet | Embeddings, subject: str, aligned: bool
) -> dict[str, Any] | None:
    """The settings of the audit as chosen; None while something is missing, which is said."""
    left, right = st.columns(2, gap="large")
    with left:
        sensitive = _sensitive(found)
        suppressors = [] if sensitive is None else _suppressors(sensitive)
        name = st.text_input("Name of the audit", _name(chosen), max_chars=200, key="audit name")
        quick = st.segmented_control(
            "Look",
            ["quick", "full"],
            default="quick",
            required=True,
            key="look",
            help="quick deals the people once into five groups, full five times",
        )
        careless = st.toggle(
            "Careless preset: split by image, always labelled",
            key="careless",
            help="what an audit claims whose attackers meet the same people twice; no finding",
        )
    with right:
        encoder = encoder_choices.encoder(found)
    before = st.session_state.get("encoder settings")
    st.session_state["encoder settings"] = encoder
    if encoder != before and not found.has_subjects:
        st.rerun()  # who is the same person is asked above, and needs this encoder
    if encoder is None:
        return None
    settings = {
        "name": name.strip() or "audit",
        "look": quick,
        "preset": "careless" if careless else "default",
        "sensitive": sensitive,
        **chosen.settings(subject, aligned),
    }
    if encoder:
        settings["encoder"] = encoder
    if suppressors:
        settings["suppressors"] = [{"kind": kind} for kind in suppressors]
    if found.has_subjects:
        kind, compared = str(encoder.get("kind", "auto")), len(suppressors)
        look.put(_estimate(found, kind, quick == "full", compared), "m small")
    return settings


def _name(chosen: Chosen) -> str:
    if chosen.path is None:
        return "synthetic faces"
    return "uploaded faces" if chosen.path.name == "files" else chosen.path.stem[:200]


def _sensitive(found: FaceSet | Embeddings) -> str | None:
    options = [one for one in found.labels if found.table[one].nunique() > 1]
    if not options:
        look.put("No label varies here: only verification can be measured.", "m small")
        return None
    start = options.index("expression") if "expression" in options else 0
    return st.selectbox("Label to treat as sensitive", options, index=start, key="sensitive")


def _suppressors(sensitive: str) -> list[str]:
    """The methods that take the label out, none unless chosen; each is attacked like x."""
    chosen = st.pills(
        f"Take {look.plain(sensitive)} out, and measure what is left and what it costs",
        list(KINDS),
        selection_mode="multi",
        format_func=lambda kind: look.plain(full(kind)),
        key="suppressors",
        help="each learns on people of its own, whom neither attackers nor the test have",
    )
    return [kind for kind in KINDS if kind in (chosen or ())]


def _estimate(found: FaceSet | Embeddings, kind: str, whole: bool, suppressors: int) -> str:
    """A rough time, said as such: opening and encoding, then attackers for each label."""
    labels = max(1, sum(found.table[one].nunique() > 1 for one in found.labels))
    each = 0.0 if isinstance(found, Embeddings) else _SECONDS.get(kind, _SECONDS_OTHERWISE)
    seeds = LOOKS["full" if whole else "quick"][1]
    probes = _PROBE_SECONDS * labels * (_REPRESENTATIONS + suppressors) * seeds
    minutes = max(1, round(len(found) * (each + probes) / 60))
    people = found.table["subject_id"][found.table["subject_id"] != UNKNOWN].nunique()
    return (
        f"Roughly {look.count(minutes, 'minute', 'minutes')} on two cores for {people:,} people, "
        f"{len(found):,} faces and {look.count(labels, 'label', 'labels')}."
    )

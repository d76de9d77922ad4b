"""What a person chooses before Run: columns, the encoder with its licence, the look, the name."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import streamlit as st

from app import look, session, uploads
from app.reading import Chosen
from core.config import LOOKS
from core.encode.embeddings import Embeddings
from core.encode.registry import ENCODERS, licence
from core.faces.faceset import UNKNOWN, FaceSet

NAMES = {
    "auto": "the bundled recogniser of drawn faces",
    "onnx": "any ONNX recogniser",
    "facenet-vggface2": "FaceNet, trained on VGGFace2",
    "facenet-casia": "FaceNet, trained on CASIA-WebFace",
    "resnet50-vggface2": "ResNet-50, trained on VGGFace2 (the papers' encoder)",
    "pixels": "16 × 16 grey pixels (a control, no recogniser)",
}

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


def identity_column(columns: list[str], vectors: bool) -> None:
    """The choice that `identity_and_alignment` reads at the next run of the page."""
    if vectors:
        st.text_input("Column that says who is who", "subject_id", key="identity column", width=320)
    elif columns:
        options = list(dict.fromkeys(["subject_id", *columns]))
        st.selectbox("Column that says who is who", options, key="identity column", width=320)


def audit_settings(
    chosen: Chosen, found: FaceSet | Embeddings, subject: str, aligned: bool
) -> dict[str, Any] | None:
    """The settings of the audit as chosen; None while something is missing, which is said."""
    left, right = st.columns(2, gap="large")
    with left:
        sensitive = _sensitive(found)
        name = st.text_input("Name of the audit", _name(chosen), max_chars=200, key="audit name")
        quick = st.segmented_control(
            "Look",
            ["quick", "full"],
            default="quick",
            required=True,
            key="look",
            help="quick deals the people once into five groups, full five times",
        )
        careless = st.toggle("Careless preset: split by image, always labelled", key="careless")
    with right:
        encoder = _encoder(found)
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
    if found.has_subjects:
        look.put(_estimate(found, str(encoder.get("kind", "auto")), quick == "full"), "m small")
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


def _encoder(found: FaceSet | Embeddings) -> dict[str, Any] | None:
    """Settings of the encoder; empty for vectors, None while its weights are missing."""
    if isinstance(found, Embeddings):
        look.put("Vectors are audited as they are; no encoder runs.", "m small")
        return {}
    kinds = ["auto", "pixels"] if found.synthetic else [k for k in NAMES if k != "auto"]
    kinds = [kind for kind in kinds if kind == "auto" or find_spec(ENCODERS[kind]) is not None]
    kind = str(st.selectbox("Encoder", kinds, format_func=NAMES.__getitem__, key="encoder"))
    look.put(licence("synthetic" if kind == "auto" else kind), "m small")
    if not found.synthetic:
        st.toggle("These faces are aligned already", key="aligned")
    weights = _weights(kind)
    if weights is None:
        return None
    return {"kind": kind, "weights": weights} if weights else {"kind": kind}


def _weights(kind: str) -> str | None:
    """Where the weights are; "" where the kind has none to choose, None while they are missing."""
    if kind in ("auto", "pixels"):
        return ""
    if kind.startswith("facenet"):
        if not session.local():
            return "download"
        path = st.text_input(
            "Local file with the weights (empty: official download)", key="weights"
        )
        return str(Path(path).expanduser()) if path else "download"
    if kind == "onnx":
        model = st.file_uploader("ONNX model", type=["onnx"], key="onnx")
        if model is not None:
            limit = int(st.get_option("server.maxUploadSize"))
            return str(uploads.save_encoder(model, limit * 2**20))
    if session.local():
        path = st.text_input("Path of the weights on this computer", key="weights path")
        if path:
            return str(Path(path).expanduser())
    elif kind != "onnx":
        look.put(
            "Weights of this encoder are named by a path, which only one's own computer allows: "
            "choose another encoder, or upload an ONNX model.", "m small",
        )  # fmt: skip
        return None
    look.put("This encoder needs its weights before the audit can run.", "m small")
    return None


def _estimate(found: FaceSet | Embeddings, kind: str, full: bool) -> str:
    """A rough time, said as such: opening and encoding, then attackers for each label."""
    labels = max(1, sum(found.table[one].nunique() > 1 for one in found.labels))
    each = 0.0 if isinstance(found, Embeddings) else _SECONDS.get(kind, _SECONDS_OTHERWISE)
    seeds = LOOKS["full" if full else "quick"][1]
    seconds = len(found) * (each + _PROBE_SECONDS * labels * _REPRESENTATIONS * seeds)
    minutes = max(1, round(seconds / 60))
    people = found.table["subject_id"][found.table["subject_id"] != UNKNOWN].nunique()
    return (
        f"Roughly {look.count(minutes, 'minute', 'minutes')} on two cores for {people:,} people, "
        f"{len(found):,} faces and {look.count(labels, 'label', 'labels')}."
    )

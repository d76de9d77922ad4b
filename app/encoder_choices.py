"""Which encoder reads the faces, where its weights are, and how it takes its pictures."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import streamlit as st

from app import look, session, uploads
from core.encode.embeddings import Embeddings
from core.encode.registry import ENCODERS, licence
from core.faces.faceset import FaceSet

NAMES = {
    "auto": "the bundled recogniser of drawn faces",
    "onnx": "any ONNX recogniser",
    "facenet-vggface2": "FaceNet, trained on VGGFace2",
    "facenet-casia": "FaceNet, trained on CASIA-WebFace",
    "resnet50-vggface2": "ResNet-50, trained on VGGFace2 (the papers' encoder)",
    "pixels": "16 × 16 grey pixels (a control, no recogniser)",
}

SCALES: Mapping[str, Mapping[str, float]] = {
    "ImageNet's mean and deviation": {},
    "from −1 to 1": {"mean": 0.5, "std": 0.5},
    "from 0 to 1": {"mean": 0.0, "std": 1.0},
}
"""How colours from 0 to 1 are scaled, in words, and as the settings of an encoder; what is not
written there is the default of `core.encode.onnx`."""
COLOURS = {"red first (RGB)": {}, "blue first (BGR)": {"color": "bgr"}}
CROPS = {
    "by eyes, nose and mouth (ArcFace)": {},
    "the face with a margin": {"align": "margin"},
    "the whole picture": {"align": "whole"},
}


def encoder(found: FaceSet | Embeddings) -> dict[str, Any] | None:
    """Settings of the encoder; empty for vectors, None while its weights are missing."""
    if isinstance(found, Embeddings):
        look.put("Vectors are audited as they are; no encoder runs.", "m small")
        return {}
    kinds = ["auto", "pixels"] if found.synthetic else [k for k in NAMES if k != "auto"]
    kinds = [kind for kind in kinds if kind == "auto" or find_spec(ENCODERS[kind]) is not None]
    kind = str(st.selectbox("Encoder", kinds, format_func=NAMES.__getitem__, key="encoder"))
    look.put(licence("synthetic" if kind == "auto" else kind), "m small")
    if not found.synthetic:
        st.toggle(
            "These faces are aligned already", key="aligned",
            help="cut out as the encoder wants them: no face is looked for",
        )  # fmt: skip
    weights = _weights(kind)
    taken = _taken() if kind == "onnx" else {}
    if weights is None:
        return None
    return {"kind": kind, **({"weights": weights} if weights else {}), **taken}


def _weights(kind: str) -> str | None:
    """Where the weights are; "" where the kind has none to choose, None while they are missing."""
    if kind in ("auto", "pixels"):
        return ""
    if kind.startswith("facenet"):
        return _facenet()
    if kind == "onnx":
        model = st.file_uploader("ONNX model", type=["onnx"], key="onnx")
        if model is not None:
            limit = int(st.get_option("server.maxUploadSize"))
            return str(uploads.save_encoder(model, limit * 2**20))
    if session.local():
        label = "Or its path on this computer" if kind == "onnx" else "Path of its weights"
        path = st.text_input(label, key="weights path")
        if path:
            return str(Path(path).expanduser())
    elif kind != "onnx":
        look.put(
            "Weights of this encoder are named by a path, which only one's own computer allows: "
            "choose another encoder, or upload an ONNX model.", "m small",
        )  # fmt: skip
        return None
    look.put(
        "This encoder needs its weights before the audit can run. Who has no recogniser chooses "
        "FaceNet above: its weights are fetched by themselves.", "m small",
    )  # fmt: skip
    return None


def _facenet() -> str:
    path = ""
    if session.local():
        path = st.text_input("File with its weights (empty: they are fetched)", key="weights")
    if path:
        return str(Path(path).expanduser())
    look.put(
        "The first audit fetches some 110 MB from its makers' page on GitHub and keeps them. "
        "Nothing of yours is sent.", "m small",
    )  # fmt: skip
    return "download"


def _taken() -> dict[str, Any]:
    """How an ONNX model takes its pictures, which its file does not tell."""
    with st.expander("How this model takes its pictures"):
        look.put(
            "As it was trained: wrong colours or another crop make a weak encoder, and a weak "
            "encoder gives little away. Its size is read from the file.", "m small",
        )  # fmt: skip
        scale = st.selectbox("Colours are scaled", list(SCALES), key="scale")
        order = st.selectbox("Order of colours", list(COLOURS), key="colours")
        crop = st.selectbox("What is cut out", list(CROPS), key="crop")
    return {**SCALES[scale], **COLOURS[order], **CROPS[crop]}

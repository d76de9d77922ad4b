"""Suppressors that a run exported, for download: one zip each, the same bytes every time."""

from __future__ import annotations

import io
import zipfile
from functools import partial
from pathlib import Path

import streamlit as st

from app.jobs import View
from core import audit_yaml
from core.errors import BlindfoldError

FILES = ("weights.safetensors", "model.onnx", "config.yaml", "README.md")
"""What an export consists of, where the method has it."""
_LONG_AGO = (1980, 1, 1, 0, 0, 0)


def own_dial(view: View, name: str) -> float | None:
    """The setting at which the run itself fitted suppressor `name`; None where it has no dial."""
    asked = view.config.get("suppressors") or ()
    for one in asked:
        if (one.get("name") or one["kind"]) == name and one.get("dial") is not None:
            return float(one["dial"])
    try:
        written = audit_yaml.read(view.run.result / "suppressors" / name / "config.yaml")
        return float(written["settings"]["dial"])
    except (BlindfoldError, OSError, KeyError, TypeError, ValueError):
        return None


def folder(view: View, name: str, dial: float | None = None) -> Path | None:
    """Where suppressor `name` lies, at a setting of its dial or as the run had it; or None."""
    root = view.run.result / "suppressors"
    places = [] if dial is None else [root / f"{name}@{dial:g}"]
    if dial is None or dial == own_dial(view, name):
        places.append(root / name)
    return next((one for one in places if (one / "config.yaml").is_file()), None)


def button(place: Path, label: str, key: str) -> None:
    """Offer the suppressor in the folder `place` as a zip, which is made when it is asked for."""
    st.download_button(
        label,
        partial(zipped, place),
        file_name=f"{place.name}.zip",
        mime="application/zip",
        icon=":material/download:",
        on_click="ignore",
        key=key,
    )


def zipped(place: Path) -> bytes:
    """The export in the folder `place` as a zip that unpacks to a folder of the same name."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in FILES:
            if (place / name).is_file():
                told = zipfile.ZipInfo(f"{place.name}/{name}", _LONG_AGO)
                told.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(told, (place / name).read_bytes())
    return out.getvalue()

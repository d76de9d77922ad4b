"""Small pictures of faces for a page: made when they are looked at, a page at a time."""

from __future__ import annotations

import base64
import io

import streamlit as st
from PIL import Image

from core.faces.faceset import PictureError, Source

PAGE = 48
"""Faces that one page of a contact sheet may show."""


@st.cache_data(max_entries=512, show_spinner=False)
def thumbnail(_source: Source, key: str, index: int, side: int = 112) -> str | None:
    """Picture `index` as a data URI of a JPEG at most `side` pixels wide, or None if unreadable.

    It is made from the pixels alone, so that EXIF stays behind. `key` names the set for the cache.
    """
    try:
        image = Image.fromarray(_source.read(index).image)
    except PictureError:
        return None
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85)
    return f"data:image/jpeg;base64,{base64.b64encode(out.getvalue()).decode()}"

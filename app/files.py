"""Buttons that hand out a table of a run: its name says whose it is, and nothing is drawn anew."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pandas as pd
import streamlit as st

from app.jobs import View


def csv(view: View, name: str, frame: pd.DataFrame, label: str | None = None) -> None:
    """The table `name` as a CSV file; the button says so, or `label`."""
    st.download_button(
        label or f"{name}.csv",
        frame.to_csv(index=False).encode(),
        file_name=f"{name}-{view.id[:8]}.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
    )


def parquet(view: View, name: str, file: Path) -> None:
    """The table `name` as the Parquet `file`, which is read once somebody asks for it."""
    st.download_button(
        f"{name}.parquet",
        partial(file.read_bytes),
        file_name=f"{name}-{view.id[:8]}.parquet",
        mime="application/vnd.apache.parquet",
        icon=":material/download:",
        on_click="ignore",
    )

"""The router: pages and their titles, nothing else."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app import door, signed_in
from app.look import begin
from core.rights import keep_private

HERE = Path(__file__).resolve().parent

keep_private()
st.set_page_config(
    page_title="Blindfold", page_icon=HERE / "app" / "images" / "icon.svg", layout="wide"
)
page = st.navigation(
    {
        "Audit": [
            st.Page(
                "app/pages/overview.py", title="Overview", icon=":material/home:", default=True
            ),
            st.Page("app/pages/faces.py", title="Faces", icon=":material/group:"),
            st.Page("app/pages/audits.py", title="Two audits", icon=":material/compare_arrows:"),
        ],
        "What leaks": [
            st.Page("app/pages/leakage.py", title="Leakage", icon=":material/water_drop:"),
            st.Page("app/pages/compare.py", title="Compare", icon=":material/balance:"),
            st.Page("app/pages/verification.py", title="Verification", icon=":material/key:"),
            st.Page("app/pages/ablation.py", title="Ablation", icon=":material/content_cut:"),
            st.Page(
                "app/pages/projections.py", title="Projections", icon=":material/scatter_plot:"
            ),
            st.Page("app/pages/looking.py", title="What it looks at", icon=":material/visibility:"),
        ],
        "What is decided": [
            st.Page("app/pages/fairness.py", title="Fairness", icon=":material/equal:"),
        ],
        "What is detected": [
            st.Page(
                "app/pages/action_units.py",
                title="Action units",
                icon=":material/sentiment_satisfied:",
            ),
            st.Page("app/pages/anonymity.py", title="Anonymity", icon=":material/fingerprint:"),
        ],
        "What is filed": [
            st.Page("app/pages/report.py", title="Report", icon=":material/description:"),
        ],
    },
    position="sidebar" if signed_in.inside() else "hidden",
    # Beside a sign-out button Streamlit would fold the last pages away, the report among them.
    expanded=True,
)
begin()
if door.passed():
    page.run()

"""A run without the anonymity study: say so, and offer one that has it."""

from __future__ import annotations

import streamlit as st

from app import again, look
from app.jobs import View
from core.config_parts import QUICK_ANONYMITY

PRESETS = {"quick": "quick", "full": "full"}
LOSSES = {"bounded": "bounded", "paper": "the paper’s"}


def missing(view: View) -> None:
    """Why there is nothing here, the choices that matter, and a button that runs it."""
    assert view.audit is not None
    if view.config.get("embeddings"):
        look.empty("This run reads vectors, and the six networks learn from pictures: an audit of "
                   "faces can have them.")  # fmt: skip
        return
    look.empty("Anonymity was not part of this run: studies: [anonymity] has it.")
    left, right = st.columns(2)
    with left:
        preset = st.segmented_control(
            "Size", list(PRESETS), default="quick", required=True, key="anonymity-preset",
            format_func=lambda one: PRESETS[one],
        )  # fmt: skip
    with right:
        loss = st.segmented_control(
            "Loss", list(LOSSES), default="bounded", required=True, key="anonymity-loss",
            format_func=lambda one: LOSSES[one],
        )  # fmt: skip
    look.put(
        f"Quick: {QUICK_ANONYMITY['folds']} folds, {QUICK_ANONYMITY['images']} pictures with "
        f"their twins and {QUICK_ANONYMITY['rounds']} rounds, some minutes on two cores; full: 10 "
        "folds, 3,000 pictures and 20 rounds, up to 45 minutes. The paper’s loss has no lower "
        "bound; the bounded one asks the identity layers to guess. People need two pictures or "
        "more, as they are in training and held out.",
        "m small",
    )
    st.button(
        "Run with anonymity",
        type="primary",
        on_click=again.start,
        args=(view, "anonymity", {"preset": str(preset), "loss": str(loss)}),
    )
    again.failed()

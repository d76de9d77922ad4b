"""What Streamlit and plotly do by themselves and no page of ours can mend: by rule, with counts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Theirs:
    """At `most` so many findings of a rule on one page, and `why` they are not ours."""

    most: int
    why: str


FINDINGS = {
    "list": Theirs(1, "the navigation puts its sections' headings between the items of a list"),
    "listitem": Theirs(13, "the same, once for each page in the navigation"),
    "presentation-role-conflict": Theirs(1, "the box that takes files has no role, and a name"),
}
"""Rules of axe-core that Streamlit 1.67 breaks."""

"""What a page can say of a report without making it: its line under the title, its parts."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

PARTS: tuple[tuple[str, str, str], ...] = (
    ("headline", "What was found", ""),
    ("measured", "What was measured, on whom", ""),
    ("protocol", "How it was measured", ""),
    ("leakage", "Leakage", "leakage"),
    ("compare", "Suppressors side by side", "leakage"),
    ("verification", "Verification", "verification"),
    ("groups", "By group", "groups"),
    ("ablation", "Ablation", "ablation"),
    ("projection", "Projections", "projection"),
    ("fairness", "Fairness", "fairness"),
    ("action_units", "Action units", "action_units"),
    ("anonymity", "Anonymity", "anonymity"),
    ("checks", "What passed, and what did not", ""),
    ("unmeasured", "What could not be measured", ""),
    ("settings", "Settings, digests and how to run it again", ""),
    ("glossary", "Glossary", ""),
)
"""Name and title of each part, in order, and the table without which it has nothing to say."""


def subtitle(audit: Mapping[str, Any]) -> str:
    """When the audit was finished, on how much, how deep, and by which version."""
    data, look = audit["data"], audit["look"]
    kind = "synthetic face" if data["synthetic"] else "face"
    kind = "vector" if audit["config"].get("embeddings") else kind
    people = data.get("identities")
    whose = "" if people is None else f"{_count(int(people), 'person', 'people')}, "
    return (
        f"{_when(str(audit['created']))}; {whose}{_count(int(data['n']), kind, kind + 's')}; "
        f"{look['name']} look ({look['folds']} × {look['seeds']}); Blindfold "
        f"{audit['environment'].get('blindfold', '')}".strip()
    )


def _when(created: str) -> str:
    try:
        then = datetime.datetime.fromisoformat(created)
    except ValueError:
        return "at an unknown time"
    return f"{then.day} {then:%B %Y, %H:%M} {then.tzname() or ''}".strip()


def _count(value: int, one: str, several: str) -> str:
    return f"{value:,} {one if value == 1 else several}"

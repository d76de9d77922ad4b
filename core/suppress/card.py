"""The model card of an exported suppressor: what was measured, on whom, and what it is not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from core.suppress.chain import dimensions
from core.suppress.suppressor import Reads, Suppressor

_LIMITS = """\
## Limits

- {origin}
- They hold for this encoder and for people like these. Other encoders give other vectors.
- Leakage is a lower bound: it grows with the people that an attacker has to learn from, and a
  stronger attacker may find more. Where nothing was found, the table of the audit says what would
  have been.
- A suppressed vector still tells who somebody is: that is its purpose. It is personal data.
"""

_ROTATION = """\
The figures come from the rotation, where every part of the data was tested by a suppressor that
  had not seen its people. This very suppressor was fitted once, on the reference split."""
_ELSEWHERE = """\
The figures are of this very suppressor, on people of {data}, none of whom it was fitted on."""

_TAKES: Mapping[Reads, tuple[str, ...]] = {
    "vectors": (),
    "activations": (
        "",
        "It is the encoder's last stage, fine-tuned, and takes what the frozen layers before it "
        "give. That is written by",
        "",
        "    python -m core embed PATH --depth trunk --out EMB.parquet",
    ),
}


def card(
    name: str,
    suppressor: Suppressor,
    *,
    leakage: pd.DataFrame | None,
    verification: pd.DataFrame | None,
    data: Mapping[str, Any],
    encoder: Mapping[str, Any],
    people: int,
) -> str:
    """The card as Markdown. `leakage` and `verification` are the audit's tables, `people` those
    whom this suppressor was fitted on, of the sets that it names or else of `data`; `data` and
    `encoder` are the blocks of `audit.json`."""
    given, left = dimensions(suppressor.chain)
    synthetic = " (synthetic: drawn faces)" if data.get("synthetic") else ""
    audited = data.get("name") or "a set without a name"
    learnt = suppressor.fitted_on.get("data_digests") or [data.get("digest")]
    elsewhere = data.get("digest") not in learnt
    sets = " and ".join(suppressor.fitted_on.get("data") or [audited])
    origin = _ELSEWHERE.format(data=audited) if elsewhere else _ROTATION
    lines = [
        f"# {name}",
        "",
        f"A suppressor of the kind `{suppressor.kind}`, for {suppressor.reads} of {given} numbers "
        f"from {encoder.get('name') or 'an encoder that was not named'}; it gives {left} numbers.",
        *_TAKES[suppressor.reads],
        "",
        f"Fitted on {people} people of {sets}{synthetic}.",
        "",
        "## Leakage",
        "",
        "Balanced accuracy of the strongest attacker on people that neither it nor the suppressor "
        "has seen, with the 95 % interval.",
        "",
        *_leakage(name, leakage),
        "",
        "## Verification",
        "",
        *_verification(name, verification),
        "",
        _LIMITS.format(origin=origin),
        "## Use",
        "",
        "    python -m core suppress THIS_FOLDER --in EMB.parquet --out EMB2.parquet",
        "",
        "or `model.onnx`: input `x` [n, d], output `phi`, float32.",
        "",
    ]
    return "\n".join(lines)


def _leakage(name: str, table: pd.DataFrame | None) -> list[str]:
    if table is None or table.empty:
        return ["Not measured in this audit."]
    own = table[(table["attacker"] == "strongest") & (table["metric"] == "balanced_accuracy")]
    lines = ["| label | before | after | guessing | finding |", "|---|---|---|---|---|"]
    for attribute, rows in own.groupby("attribute", sort=False):
        before, after = (rows[rows["representation"] == which] for which in ("x", name))
        if before.empty or after.empty:
            continue
        old, new = before.iloc[0], after.iloc[0]
        told = f"{_figure(old)} | {_figure(new)} | {new['chance']:.2f} | {new['status']}"
        lines.append(f"| {_plain(attribute)} | {told} |")
    return lines


def _verification(name: str, table: pd.DataFrame | None) -> list[str]:
    if table is None or table.empty:
        return ["Not measured in this audit."]
    own = table[(table["metric"] == "accuracy") & (table["distance"] == "cosine")]
    return [
        f"- {label}: {_figure(row)}"
        for label, which in (("before", "x"), ("after", name))
        for _, row in own[own["representation"] == which].iterrows()
    ]


def _figure(row: pd.Series) -> str:
    if pd.isna(row["value"]):
        return str(row["status"])
    if pd.isna(row["low"]):
        return f"{row['value']:.3f}"
    return f"{row['value']:.3f} ({row['low']:.3f} to {row['high']:.3f})"


def _plain(name: Any) -> str:
    """A name from the data inside a table of Markdown."""
    return str(name).replace("|", "/").replace("\n", " ").replace("<", "&lt;")

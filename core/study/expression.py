"""The impact of expression on verification (thesis, future work; METHODS, study 2)."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from core.study.deciding import Errors
from core.table import table


def expression_rows(errors: Mapping[str, Errors]) -> pd.DataFrame:
    """`expression.csv`: TAR of genuine pairs by their two expressions, unordered.

    The threshold is one for all of them, so that what is lost between a neutral and a smiling
    picture of a person is seen. Pairs of expressions that nobody, or fewer than ten people, show
    keep their row, "not enough data".
    """
    rows = []
    for name, found in errors.items():
        for (a, b), one in found.tar.items():
            own = one.interval
            row = {"representation": name, "expression_a": a, "expression_b": b, "far": found.far}
            row |= {"tar": own.value, "low": own.low, "high": own.high, "pairs": one.pairs}
            rows.append({**row, "identities": own.people, "status": own.status})
    return table("expression", rows)

"""axe-core in a page: which of its rules are broken there, and where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from theirs import FINDINGS

SCRIPT = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Finding:
    """A rule of axe that an element breaks; `ours` where our own HTML holds the element."""

    rule: str
    impact: str
    ours: bool
    at: str
    html: str


def findings(page: Any, rules: Sequence[str] = ()) -> list[Finding]:
    """What axe finds in `page`, by all of its rules or by these."""
    if not page.evaluate("() => Boolean(window.axe)"):
        page.evaluate(f"() => {{ {SCRIPT} }}")
    return [Finding(**one) for one in page.evaluate(_RUN, list(rules))]


def unknown(found: Iterable[Finding]) -> list[str]:
    """The findings that are ours, or more than Streamlit and plotly are known for."""
    found = list(found)
    often = Counter(one.rule for one in found if not one.ours)
    return [
        f"{one.rule} ({one.impact}) at {one.at}: {one.html}"
        for one in found
        if one.ours or one.rule not in FINDINGS or often[one.rule] > FINDINGS[one.rule].most
    ]


_RUN = """async rules => {
  const found = await axe.run(document, {
    resultTypes: ['violations'], elementRef: true, preload: false,
    ...(rules.length ? {runOnly: rules} : {}),
  });
  return found.violations.flatMap(({id, impact, nodes}) => nodes.map(one => ({
    rule: id, impact: one.impact ?? impact, at: one.target.flat().join(' '),
    ours: Boolean(one.element?.closest('.bf, .linked')), html: one.html.slice(0, 200),
  })));
}"""

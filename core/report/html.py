"""A report as one HTML file: styles, letters, plotly.js and every figure inside, nothing fetched.

All text goes through Jinja's escaping. The page forbids itself the network (its content security
policy allows nothing but what it holds), so that a browser would refuse what slipped in.
"""

from __future__ import annotations

import base64
import importlib.util
import json
from dataclasses import fields
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.plots.template import CONFIG
from core.plots.tokens import LIGHT, SANS, SERIF
from core.report.document import Document, Figure
from core.report.program import generator

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from jinja2 import Template

LIMIT_BYTES = 8_000_000
"""What a report may weigh; letters go first where it is more."""

_HERE = Path(__file__).resolve().parent / "templates"
_LETTERS = {
    "Source Sans": "SourceSansVF-Upright*.woff2",
    "Source Serif": "SourceSerif*Roman*.woff2",
}
"""The pages' letters, by name, as files of Streamlit's wheel; without it the system's are used."""
_BADGES = {
    "leaks": "leaks", "probe failed": "failed", "failed": "failed", "anti-learning": "failed",
    "careless": "failed", "passed": "passed", "synthetic": "dashed", "labelled by hand": "dashed",
}  # fmt: skip


def render(document: Document) -> str:
    """The whole file."""
    return filled(body(document), document.subtitle)


def body(document: Document) -> str:
    """The file without what is the same in every report, and without its subtitle."""
    drawn = any(isinstance(one, Figure) for part in document.sections for one in part.blocks)
    return _template().render(
        document=document, marks_of=_MARKS, drawn=drawn, spec=spec, badges=_BADGES,
        config=_safe(CONFIG), kind=lambda block: type(block).__name__.lower(),
        generator=generator(),
    )  # fmt: skip


def filled(body: str, subtitle: str) -> str:
    """The whole file, of what `body` gave; without the pages' letters where it would weigh more
    than `LIMIT_BYTES`."""
    whole = body.replace(_MARKS["subtitle"], escape(subtitle))
    if _MARKS["plotly"] in whole:
        whole = whole.replace(_MARKS["plotly"], _plotly())
    rest = _variables() + _style()
    found = whole.replace(_MARKS["style"], _faces() + rest)
    return found if len(found.encode()) <= LIMIT_BYTES else whole.replace(_MARKS["style"], rest)


_MARKS = {name: f"<!--{name}-->" for name in ("subtitle", "style", "plotly")}
"""What stands in for these meanwhile; text that is escaped cannot hold the like."""


@cache
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    rooms = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    return rooms.get_template("report.html.jinja")


def _style() -> str:
    return (_HERE / "report.css").read_text(encoding="utf-8")


def _variables() -> str:
    pairs = (f"--{field.name.replace('_', '-')}:{getattr(LIGHT, field.name)}"
             for field in fields(LIGHT))  # fmt: skip
    return f":root{{{';'.join(pairs)};--sans:{SANS};--serif:{SERIF}}}"


def _faces() -> str:
    """The pages' letters as data, where the wheel that has them is there."""
    found = importlib.util.find_spec("streamlit")
    if found is None or found.origin is None:
        return ""
    folder = Path(found.origin).parent / "static"
    rules = []
    for name, pattern in _LETTERS.items():
        for path in sorted(folder.rglob(pattern))[:1]:
            data = base64.b64encode(path.read_bytes()).decode()
            rules.append(
                f'@font-face{{font-family:"{name}";font-weight:200 900;'
                f'src:url(data:font/woff2;base64,{data}) format("woff2")}}'
            )
    return "".join(rules)


def _plotly() -> str:
    """plotly.js from plotly's wheel, which need not be imported for that."""
    found = importlib.util.find_spec("plotly")
    assert found is not None, "plotly is a requirement"
    assert found.origin is not None, "plotly is a package of files"
    path = Path(found.origin).parent / "package_data" / "plotly.min.js"
    # The one thing that could end the element it stands in.
    return path.read_text(encoding="utf-8").replace("</script", "<\\/script")


def spec(figure: go.Figure) -> str:
    """A figure as JSON that may stand in a script element."""
    return _safe(json.loads(figure.to_json()))


def _safe(value: Any) -> str:
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text

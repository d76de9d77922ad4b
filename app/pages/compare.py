"""Compare: two or more representations side by side, what they give away and what they cost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app import jobs, look, session, state, words
from app.choices import choose_attribute, choose_run
from app.jobs import View
from app.look import Html
from core.plots import compare as rows
from core.plots import compare_frontier as frontier
from core.plots import compare_inside as inside
from core.plots.compare import GLYPHS, NAMES, Card, Span, Tables, colour, mark
from core.plots.compare_gaps import gap_alt, gap_figure
from core.plots.compare_words import best_told, fitted, gap_title, left_out, summary
from core.plots.findings import CONTROLS, Line, describe
from core.plots.template import CONFIG
from core.plots.tokens import DARK, LIGHT, tokens

WAY_OUT = (
    "An audit with suppressors has more: write suppressors: [{kind: sensitivenets}, {kind: lntl}] "
    "into its settings."
)


def main() -> None:
    """Draw the page for the run in the address, or for the newest."""
    st.title("Compare", anchor=False)
    view = choose_run(jobs.views(session.owner()))
    if view is None:
        look.empty("There is no audit yet. The Overview starts the demonstration by itself.")
        return
    words.loud(view)
    _lead(view)
    if view.audit is None:
        state.state(view)
    found = {name: jobs.frame(view, name) for name in NAMES}
    leakage = found.pop("leakage")
    if leakage is not None and not leakage.empty:
        _results(view, Tables(leakage, **found))
    elif view.audit is not None:
        look.empty(f"No label was attacked in this run: there is nothing to compare. {WAY_OUT}")


def _lead(view: View) -> None:
    state.context(view)
    look.put(
        "Side by side, at the same attackers, the same people and the same resamples: what each "
        "representation still gives away, and what it costs.",
        "lead",
    )


def _results(view: View, tables: Tables) -> None:
    attribute = choose_attribute(list(dict.fromkeys(tables.leakage["attribute"])))
    names = rows.representations(tables.leakage, attribute)
    kind = rows.kinds(view.config)
    if not [name for name in names if name != "x" and name not in CONTROLS]:
        later = "So far no suppressor has figures." if view.active else "No suppressor is in it."
        look.aside(look.bold(later), f" Only x and the controls can be compared. {WAY_OUT}")
    for sentence in left_out(view.audit):
        look.aside(sentence)
    chosen = _choose(names)
    if len(chosen) < 2:
        look.empty("Choose two or more representations to compare them.")
        return
    shown = rows.cards(tables, attribute, chosen, kind)
    look.gap("small")
    _cards(view, shown)
    look.gap()
    left, right = st.columns(2, gap="large")
    with left:
        _gaps(view, tables, attribute, shown)
    with right:
        _frontier(view, tables, attribute, names, chosen)
    look.gap("small")
    _confusions(view, tables, attribute, shown)
    look.gap("small")
    _training(view, tables, shown)
    _papers(tables, attribute, shown)
    look.gap("small")
    _downloads(view, tables)


def _choose(names: list[str]) -> list[str]:
    """The representations side by side, in the order of the tables."""
    chosen = st.pills(
        "Representations",
        names,
        selection_mode="multi",
        default=rows.default(names),
        format_func=look.plain,
        key="representations",
        bind="query-params",
    )
    return [name for name in names if name in (chosen or ())]


def _cards(view: View, shown: Sequence[Card]) -> None:
    for row in _beside(shown):
        for column, card in zip(st.columns(_wide(shown)), row, strict=False):
            with column:
                _card(view, card)


def _wide(shown: Sequence[Card]) -> int:
    """How many stand beside each other; further ones begin a new row."""
    return 2 if len(shown) in (2, 4) else 3


def _beside(shown: Sequence[Card]) -> Iterable[Sequence[Card]]:
    wide = _wide(shown)
    return (shown[start : start + wide] for start in range(0, len(shown), wide))


def _card(view: View, card: Card) -> None:
    hue = f"light-dark({colour(card.kind, LIGHT)},{colour(card.kind, DARK)})"
    glyph = Html(f'<span style="color:{hue}" aria-hidden="true">{GLYPHS[mark(card.kind)]}</span>')
    lines = [
        look.join(glyph, " ", look.bold(card.name), " ", look.muted(describe(card.kind))),
        look.join(summary(card), " ", look.badges(card.words)),
        _pair(f"{card.attribute}, strongest", _figure(card.after, strong=True)),
    ]
    if card.name != "x":
        lines.append(_pair("the same in x", _figure(card.before)))
    if card.name != "x" and card.name not in CONTROLS:
        lines.append(_pair("drop", _span(card.drop, " %", 1, 0)))
    lines += [_pair(f"{label}, strongest", _figure(one)) for label, one in card.others]
    verified = card.verification
    missing = look.muted(verified.status or _later(view))
    told = _span(verified, " %", 100, 1) if verified.value is not None else missing
    lines.append(_pair("verification", told))
    if card.name not in CONTROLS:
        lines.append(_pair("effective rank", _rank(view, card)))
    own = fitted(view.audit, card.name)
    inner = "".join(f'<div style="padding:.1rem 0">{line}</div>' for line in lines)
    note = f'<div class="m" style="font-size:.875rem">{look.text(own)}</div>' if own else ""
    look.put(
        Html(
            f'<div style="border-top:3px solid {hue};padding-top:.6rem;overflow-wrap:anywhere">'
            f"{inner}{note}</div>"
        )
    )


def _pair(name: str, figure: object) -> Html:
    """A name on the left and its figure on the right."""
    return look.join(Html('<div class="run">'), look.muted(name), Html("<span>"), figure,
                     Html("</span></div>"))  # fmt: skip


def _figure(line: Line | None, *, strong: bool = False) -> Html:
    """A leakage figure with its interval; what has none says why."""
    if line is None or line.value is None:
        return look.muted("" if line is None else line.status)
    number = look.number(line.value)
    return look.join(look.bold(number) if strong else number, " ", look.span(line.low, line.high))


def _span(span: Span, unit: str, scale: float, digits: int) -> Html:
    if span.value is None:
        return look.muted("cannot be given")
    figure = look.number(scale * span.value, digits) + unit
    return look.join(figure, " ", look.span(span.low, span.high, scale, digits))


def _rank(view: View, card: Card) -> Html:
    if card.rank is None:
        return look.muted(card.collapse or _later(view))
    beside = "" if card.name == "x" or card.rank_before is None else f"of {card.rank_before:.0f}"
    told = [beside, f"mean cosine {card.cosine:.2f}" if card.cosine is not None else ""]
    note = ", ".join(one for one in told if one)
    return look.join(look.number(card.rank, 0), " ", look.muted(note))


def _later(view: View) -> str:
    return "comes at the end" if view.active else "not measured"


def _gaps(view: View, tables: Tables, attribute: str, shown: Sequence[Card]) -> None:
    if tables.differences is None:
        look.heading("Paired differences", _missing(view, "differences"))
        return
    found = rows.gaps(tables, attribute, [card.name for card in shown])
    look.heading(
        gap_title(found, shown),
        "Paired difference of the strongest attackers (balanced accuracy) and of verification. "
        "Bar: 95 % interval over the same resampled people. p: corrected after Holm over all pairs "
        "of its table. Filled where the two can be told apart.",
    )
    figure = gap_figure(found, tokens(look.mode()))
    _chart(view, figure, gap_alt(found), "gaps", attribute, shown)


def _frontier(
    view: View, tables: Tables, attribute: str, names: list[str], chosen: list[str]
) -> None:
    kind = rows.kinds(view.config)
    every = rows.cards(tables, attribute, [name for name in names if name not in CONTROLS], kind)
    if tables.verification is None:
        look.heading("What privacy costs", _missing(view, "verification"))
        return
    sensitive = attribute == tables.leakage["attribute"].iloc[0]
    dials = tables.frontier if sensitive else None
    lost = frontier.unplaced(every)
    note = (
        f"Strongest leakage of {attribute} against verification; lower right is better. Bars: "
        "95 % intervals; hollow where the null is not cleared; grey band: permuted labels on x."
    )
    note += " Line: one method along its dial; ring: this run." if dials is not None else ""
    note += f" Not placed: {', '.join(lost)}." if lost else ""
    look.heading(frontier.frontier_title(every, attribute), note)
    noise = frontier.noise_of(tables.leakage, attribute)
    figure = frontier.frontier_figure(every, chosen, noise, dials, tokens(look.mode()))
    marked = [card for card in every if card.name in chosen]
    _chart(view, figure, frontier.frontier_alt(every), "frontier", attribute, marked)


def _confusions(view: View, tables: Tables, attribute: str, shown: Sequence[Card]) -> None:
    note = "Shares of each true class, strongest attacker; every row sums to 1, same scale."
    if tables.confusion is None:
        look.heading("What is taken for what", _missing(view, "confusion"))
        return
    look.heading("What is taken for what", note)
    found = {one.name: one for one in inside.confusions(tables, attribute, [c.name for c in shown])}
    for row in _beside(shown):
        for column, card in zip(st.columns(_wide(shown)), row, strict=False):
            with column:
                matrix = found.get(card.name)
                look.put(look.join(look.bold(card.name), " ", look.muted(best_told(card, matrix))))
                if matrix is None or card.after is None or card.after.value is None:
                    continue
                figure = inside.confusion_figure(matrix, tokens(look.mode()))
                _chart(view, figure, inside.confusion_alt(matrix), "confusion", attribute, [card])


def _training(view: View, tables: Tables, shown: Sequence[Card]) -> None:
    asked = [card for card in shown if card.name != "x" and card.name not in CONTROLS]
    if not asked:
        return
    if tables.training is None:
        look.heading("How they were trained", _missing(view, "training"))
        return
    look.heading(
        "How they were trained",
        "The first split's fits. These people are the suppressor's own: no curve here is a result.",
    )
    for card in asked:
        drawn = inside.curves(tables.training, card.name)
        none = "" if drawn else "no curves: nothing was trained step by step"
        look.put(look.join(look.bold(card.name), " ", look.muted(none)))
        columns = st.columns(len(inside.GROUPS))
        for column, (group, own) in zip(columns, drawn.items(), strict=False):
            with column:
                look.put(look.join(group, ": ", look.muted(inside.GROUPS[group])), "small")
                figure = inside.training_figure(own, group, card.kind, tokens(look.mode()))
                alt = inside.training_alt(own, card.name, group)
                _chart(view, figure, alt, f"training-{group}", "", [card])


def _papers(tables: Tables, attribute: str, shown: Sequence[Card]) -> None:
    found = rows.papers(tables, attribute, shown)
    if not found:
        return
    differs = dict.fromkeys(f"{one.paper.source}: {one.paper.differs}" for one in found)
    look.heading(
        "The papers' figures beside ours",
        f"Accuracy. Theirs come from other data and another protocol: {'; '.join(differs)}.",
    )
    columns = [("representation", ""), ("attacker", ""), ("ours", "n"), ("paper", "n")]
    columns += [("finding", "wide")]
    told = [
        (one.name, one.ours.attacker, _figure(one.ours), look.number(one.paper.value, 3),
         look.badges(one.ours.findings))
        for one in found
    ]  # fmt: skip
    look.table(columns, told)


def _downloads(view: View, tables: Tables) -> None:
    look.heading("Tables", "All labels, attackers and figures of this run, one figure a row.")
    with st.container(horizontal=True):
        for name in NAMES:
            frame: pd.DataFrame | None = getattr(tables, name)
            if frame is not None:
                st.download_button(
                    f"{name}.csv",
                    frame.to_csv(index=False).encode(),
                    file_name=f"{name}-{view.id[:8]}.csv",
                    mime="text/csv",
                    icon=":material/download:",
                    on_click="ignore",
                )


def _missing(view: View, name: str) -> str:
    """Why a part of the page is empty, and how to fill it."""
    if view.active:
        return f"The table “{name}” comes when the run is done."
    return f"This run has no table “{name}”. A new audit writes it."


def _chart(
    view: View,
    figure: go.Figure,
    alt: str,
    part: str,
    attribute: str,
    shown: Sequence[Card],
) -> None:
    """Show a figure under a key that changes with all that it is made from, the mode included."""
    drawn = "-".join(card.name for card in shown)
    key = f"compare-{part}-{view.id}-{attribute}-{drawn}-{look.mode()}"
    st.plotly_chart(figure, theme=None, config=CONFIG, alt=alt, key=key)


main()

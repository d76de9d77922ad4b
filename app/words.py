"""Sentences and badges that several pages share, made from a run and its audit."""

from __future__ import annotations

from typing import Any

from app import kept, look
from app.jobs import View, remaining
from app.look import Html

EU_LINE = (
    "In the EU, inferring emotions at work and in education is prohibited (AI Act, Art. 5(1)(f)). "
    "This audit measures what vectors reveal; it gives no legal verdict."
)

NO_SUCH_RUN = (
    "There is no audit under this link: it was deleted, or it belongs to somebody else or to "
    "another copy. What stands below, if anything, is not what the link meant."
)
NO_SUCH_UPLOAD = (
    "There is no upload under this link: it was deleted, or it belongs to somebody else."
)

CARELESS = (
    " This run splits images, not people, so that attackers meet the same people twice. Its "
    "figures show what a careless audit would have claimed; they are not a finding."
)


def marks(view: View) -> Html:
    """The badges that go with every figure of this run."""
    words = []
    if view.careless:
        words.append("careless")
    if view.synthetic:
        words.append("synthetic")
    if view.by_hand:
        words.append("labelled by hand")
    return look.badges(words)


def loud(view: View) -> None:
    """The label of a careless run, on every page that shows it."""
    if view.careless:
        look.alarm(look.bold("Careless preset."), CARELESS)


def protocol(view: View) -> str:
    """ "quick look (5 groups of people, dealt once)", from the settings as run."""
    if view.audit is not None:
        told: dict[str, Any] = view.audit["look"]
        often = "once" if told["seeds"] == 1 else f"{told['seeds']} times"
        return f"{told['name']} look ({told['folds']} groups of people, dealt {often})"
    return f"{view.config.get('look', 'quick')} look"


def data(view: View) -> str:
    """ "230 people, 1,380 synthetic faces"; empty while it has not been read."""
    if view.audit is None:
        return ""
    told = view.audit["data"]
    kind = "synthetic face" if told["synthetic"] else "face"
    if view.config.get("embeddings"):
        kind = "vector"
    people = look.count(int(told["identities"]), "person", "people")
    return f"{people}, {look.count(int(told['n']), kind, kind + 's')}"


def progress(view: View) -> Html:
    """Name, time left, bar, phase and count of a run that waits or works."""
    status = view.status
    counted = f"{status.done:,} of {status.total:,}" if status.total else ""
    words = ": ".join(part for part in (status.phase, counted) if part)
    if status.state == "queued":
        words = status.message or "waiting for its turn"
    elif view.paused:
        words = status.message
    return look.join(
        Html('<div class="run">'),
        look.join(look.bold(view.name), " ", look.badge("careless") if view.careless else ""),
        look.muted("paused" if view.paused else remaining(status.eta) or status.state),
        Html("</div>"),
        look.bar(status.fraction),
        Html('<div class="run">'),
        look.muted(words or "starting"),
        look.muted("goes on when this tab is closed"),
        Html("</div>"),
    )


def ended(view: View) -> str:
    """What a person reads about a run that ended without a result, or before it."""
    status = view.status
    if status.state == "failed":
        return status.error or "The run failed; its log says where."
    if status.state == "cancelled":
        return "This run was cancelled. What it had finished is kept: Resume goes on from there."
    return (
        "The worker of this run is gone. What it had finished is kept: Resume goes on from there."
    )


def deleted(what: str, before: int, left: int, leaves: str | None = None) -> Html:
    """The proof of a deletion: what was there, what is left, and what it `leaves` elsewhere."""
    counted = look.count(before, "file was there", "files were there")
    said = look.join(look.badge("passed"), f" Deleted now: {what}; {counted}, ")
    elsewhere = kept.stays() if leaves is None else leaves.strip()
    return look.join(said, look.bold(f"{left} are left"), ". ", look.muted(elsewhere))

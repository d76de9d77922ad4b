"""The Overview in each of its states."""

from __future__ import annotations

import re
from typing import Any

import fixtures
import pandas as pd
import pytest
from fixtures import Maker, Open, html

from core import run as runs
from core.errors import StoreError
from core.plots.fairness import GRID


def test_an_empty_home_starts_the_demonstration_once(open_page: Open) -> None:
    app = open_page()
    assert not app.exception
    full, quick = runs.listing()
    # Both in the background: what a person starts does not wait for them.
    assert (quick.name, quick.background) == ("synthetic demonstration", True)
    assert (full.name, full.background) == ("synthetic demonstration, full look", True)
    # Every step of the Fairness page's slider answers from the store once it is done.
    assert full.config().fairness.strengths == GRID
    assert "first figure is on its way" in html(app)
    app.run()
    assert len(runs.listing()) == 2


def test_no_full_look_where_it_is_not_wanted(
    open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BLINDFOLD_DEMO", "quick")
    open_page()
    assert [run.name for run in runs.listing()] == ["synthetic demonstration"]


def test_a_running_audit_shows_bar_count_and_first_figures(make: Maker, open_page: Open) -> None:
    run = make(
        state="running", phase="Attacking", done=12, total=60, fraction=0.4, eta=134.0
    )  # fmt: skip
    rows = fixtures.leakage().query("representation == 'x' and attribute == 'expression'")
    fixtures.write_partial(run.path, rows.head(0), first=rows.assign(identities=64, n=384))
    shown = html(open_page())
    assert "2 min 14 s left" in shown
    assert 'aria-valuenow="40"' in shown
    assert "Attacking: 12 of 60" in shown
    assert "from 64 people and 384 faces, a first part of the set" in shown
    assert "76 times in 100" in shown


def test_a_first_look_gives_way_to_the_whole_set(make: Maker, open_page: Open) -> None:
    run = make(state="running")
    rows = fixtures.leakage().query("representation == 'x' and attribute == 'expression'")
    fixtures.write_partial(run.path, rows, first=rows.assign(identities=64, n=384))
    assert "from 230 people and 1,380 faces, the whole set" in html(open_page())


def test_a_finished_audit_is_a_sentence_with_its_interval(make: Maker, open_page: Open) -> None:
    make()
    shown = html(open_page())
    assert '<b class="leak">76 times in 100</b> <span class="i">73 to 79</span>' in shown
    assert "guessing gives <b>17</b>" in shown
    assert 'badge dashed">synthetic' in shown
    assert "97.3 %" in shown
    assert "3 of 4" in shown
    assert "Nothing is running" in shown
    assert "Art. 5(1)(f)" in shown


def test_a_failed_demonstration_says_why_and_offers_resume(make: Maker, open_page: Open) -> None:
    make(state="failed", error="the disk is full (0 bytes left): free some space")
    app = open_page()
    assert "the disk is full (0 bytes left): free some space" in html(app)
    assert "Resume" in [button.label for button in app.button]


def test_a_careless_run_is_never_the_headline(make: Maker, open_page: Open) -> None:
    make()
    loud = fixtures.audit(preset="careless")
    loud["headline"]["value"] = 0.99
    make("too good", settings={"preset": "careless"}, audit=loud)
    shown = html(open_page())
    assert "99 times" not in shown
    assert 'badge failed">careless' in shown


def test_cancel_asks_the_run_to_end(make: Maker, open_page: Open) -> None:
    run = make(state="running")
    app = open_page()
    next(button for button in app.button if button.label == "Cancel").click().run()
    assert (run.path / "cancel").exists()


def test_a_cancel_that_the_disk_refuses_is_said(
    make: Maker, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(run: runs.Run) -> None:
        raise StoreError("the disk that holds it is full: free some space")

    run = make(state="running")
    app = open_page()
    monkeypatch.setattr(runs, "cancel", refuse)
    next(button for button in app.button if button.label == "Cancel").click().run()
    assert not app.exception
    assert "the disk that holds it is full" in html(app)
    assert runs.status(run).active


def test_names_from_people_are_text(make: Maker, open_page: Open) -> None:
    hostile = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    make()
    make(hostile, "failed", error=hostile)
    shown = html(open_page())
    assert "<script" not in shown
    assert "<img src=x" not in shown
    assert "&lt;script&gt;" in shown


@pytest.mark.parametrize("state", ["failed", "stopped", "cancelled"])
@pytest.mark.parametrize("looked", [False, True], ids=["no figure", "a first figure"])
def test_a_demonstration_that_ended_goes_on_when_told_to(
    make: Maker, open_page: Open, state: str, looked: bool
) -> None:
    run = make(state=state)
    if looked:
        rows = fixtures.leakage().query("representation == 'x' and attribute == 'expression'")
        fixtures.write_partial(run.path, rows.head(0), first=rows.assign(identities=64, n=384))
    app = open_page()
    assert ("so far" in html(app)) == looked
    assert f">{state}</span>" in html(app)
    app.button(key=f"resume-{run.id}").click().run()
    assert not app.exception
    assert runs.status(run).state == "queued"


def test_the_demonstration_shows_faces_that_are_said_to_be_drawn(
    make: Maker, open_page: Open
) -> None:
    make()
    shown = html(open_page())
    assert shown.count('<img src="data:image/jpeg') == 8
    assert "synthetic faces, drawn by this program" in shown


def test_a_run_that_stands_still_for_another_says_so(make: Maker, open_page: Open) -> None:
    paused = make(state="running", phase="Attacking", message="paused: another audit is at work")
    own = make("mine", "running", phase="Encoding", eta=30.0)
    row = fixtures.leakage_row(attribute="mood")
    fixtures.write_partial(own.path, fixtures.table("leakage", [row]))
    rows = fixtures.leakage().query("representation == 'x' and attribute == 'gender'")
    fixtures.write_partial(paused.path, rows)
    shown = html(open_page())
    assert "paused: another audit is at work" in shown
    assert '<span class="m">paused</span>' in shown
    assert "30 s left" in shown
    arriving = shown.split("First results as they arrive")[1].split("<h2>")[0]
    assert "<p>mine</p>" in arriving
    assert "x, mood, svm" in arriving
    assert "gender" not in arriving


def _suppressed(**after: Any) -> tuple[dict[str, Any], pd.DataFrame]:
    """A made-up audit whose headline speaks of what is left, and its leakage.csv."""
    whole = fixtures.audit()
    whole["headline"]["after"] = {
        "representation": "blindfold", "kind": "blindfold", "attacker": "nn", "value": 0.41,
        "low": 0.37, "high": 0.45, "chance": 1 / 6, "null": 0.22, "status": "ok",
        "detectable": None, "cost": 1.2, "cost_low": 0.6, "cost_high": 1.9, **after,
    }  # fmt: skip
    rows = [
        fixtures.leakage_row(representation=name, attacker="strongest", value=value, dif=drop)
        for name, value, drop in (("blindfold", 0.41, 59.2), ("random", 0.18, 91.4))
    ]
    others = fixtures.leakage().query("representation != 'random' or attacker != 'strongest'")
    return whole, pd.concat([others, fixtures.table("leakage", rows)])


def _verified(run: runs.Run) -> None:
    """A made-up verification.csv of x and ours, by both distances."""
    rows = [
        {"representation": name, "metric": "accuracy", "distance": distance, "value": value - worse,
         "low": value - 0.01, "high": value + 0.007, "pairs": 6000, "identities": 230,
         "status": "ok"}
        for name, value in (("x", 0.973), ("blindfold", 0.961))
        for distance, worse in (("cosine", 0.1), ("euclidean", 0.0))
    ]  # fmt: skip
    path = run.path / "result" / "tables" / "verification.csv"
    fixtures.table("verification", rows).to_csv(path, index=False)


def test_what_suppression_did_is_in_the_sentence_the_strip_and_the_cards(
    make: Maker, open_page: Open
) -> None:
    whole, rows = _suppressed()
    _verified(make(audit=whole, leakage=rows))
    shown = html(open_page())
    assert 'After suppression: <b class="after">41</b> <span class="i">37 to 45</span>' in shown
    assert "<b>1.2 points</b>" in shown
    assert ">before 76</div>" in shown
    assert ">after 41</div>" in shown
    assert "After Blindfold" in shown
    assert "drop 59 %; the noise ceiling is 91 %" in shown
    assert "Verification kept" in shown
    assert "96.1 %" in shown
    assert "from 97.3 %, Euclidean distance" in shown
    assert "In the picture itself" not in shown
    cells = re.findall(r'<td class="[^"]*">(.*?)</td>', shown.split("<table>")[-1])
    assert cells[2:5] == ["0.76", "0.41", "Blindfold"]


@pytest.mark.parametrize(
    ("after", "words"),
    [
        ({"status": "nothing found"}, "nothing found; drop 59 %"),
        ({"status": "anti-learning"}, "below chance: an alarm, not privacy; drop 59 %"),
        ({"status": "probe failed", "value": None}, "probe failed; no drop can be given"),
    ],
)
def test_the_figure_after_suppression_says_what_it_is_worth(
    make: Maker, open_page: Open, after: dict[str, Any], words: str
) -> None:
    whole, rows = _suppressed(**after)
    make(audit=whole, leakage=rows)
    shown = html(open_page())
    assert words in shown
    assert "After suppression: " not in shown
    assert "not measured" in shown, "no verification of it"


def test_while_suppressors_are_not_ready_x_alone_is_said(make: Maker, open_page: Open) -> None:
    whole, rows = _suppressed()
    run = make(state="running")
    fixtures.write_partial(run.path, rows)
    shown = html(open_page())
    assert "76 times in 100" in shown
    assert "fter suppression" not in shown
    assert ">after 41" not in shown
    assert whole["headline"]["after"]

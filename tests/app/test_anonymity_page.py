"""The Anonymity page in each of its states. All figures are MADE UP; nothing was measured."""

from __future__ import annotations

from typing import Any

import pytest
from fixtures import Maker, Opened, audit, html
from made_up_anonymity import FACTS, rows, write_study

from app import jobs
from core.run import Run

PAGE = "app/pages/anonymity.py"


def told(**more: Any) -> dict[str, Any]:
    """An audit with the study's facts."""
    whole = audit(facts={"anonymity": {**FACTS, **more}})
    whole["warnings"] = ["anonymity: 2 pictures have the very same pixels"]
    return whole


@pytest.fixture
def full(make: Maker) -> Run:
    """A finished run with the study."""
    run = make("faces", audit=told())
    write_study(run.result)
    return run


def test_without_any_run_it_says_so(open_it: Opened) -> None:
    app = open_it()
    assert not app.exception
    assert "There is no audit yet" in html(app)


def test_the_answer_follows_from_the_figures_and_nothing_is_called_by_the_aim(
    full: Run, open_it: Opened
) -> None:
    app = open_it(run=full.id)
    assert not app.exception
    shown = html(app)
    assert "fresh attackers still name who is shown in 52.0 % of held-out pictures" in shown
    assert "guessing gives 6.7 %" in shown
    assert "Convolutions made for emotion alone: who is shown is named rightly in 86.0 %" in shown
    assert "People are in training here, by design" in shown
    assert "2 pictures have the very same pixels" in shown
    assert "convolutions of 8, 16, 32 filters" in shown
    for word in ("anonymous", "is private", "compliant", "debias"):
        assert word not in shown.lower()
    assert [one.label for one in app.get("download_button")] == [
        "anonymity.csv", "anonymity_training.csv", "differences.csv",
    ]  # fmt: skip


def test_figures_of_both_questions_and_of_learning_have_words(full: Run, open_it: Opened) -> None:
    alts = [one.proto.alt for one in open_it(run=full.id).get("plotly_chart")]
    assert len(alts) == 4
    assert "Hybrid2Face, own layers 31 %, few people" in alts[0]
    assert "pixels, fresh attackers 95 %" in alts[0]
    assert "Hybrid2Emotion, fresh attackers 43 %" in alts[1]
    assert "how hybrid learnt" in alts[2].lower()
    assert "who is shown from 1.40 at -2 to 0.60 at 20" in alts[3]


def test_below_chance_is_an_alarm_and_never_good_news(make: Maker, open_it: Opened) -> None:
    run = make("faces", audit=told())
    below = {("Hybrid2Face", "identity"): (0.001, 0.001)}
    words = {("Hybrid2Face", "identity", who): "anti-learning" for who in ("own", "fresh")}
    write_study(run.result, rows(below, words))
    app = open_it(run=run.id)
    assert not app.exception
    shown = html(app)
    assert "Anti-learning: on Hybrid’s features fresh attackers name who is shown in 0.1 %" in shown
    assert "that is no privacy" in shown
    assert 'role="alert"' in shown
    assert "It is never counted as privacy" in shown


def test_a_net_too_small_to_learn_makes_no_claim(make: Maker, open_it: Opened) -> None:
    run = make("faces", audit=told(learnt_enough=False))
    write_study(run.result, rows({("Face", "identity"): (0.4, 0.5)}))
    shown = html(open_it(run=run.id))
    assert "No claim: Face names 40.0 % of held-out pictures" in shown
    assert "fresh attackers still name" not in shown


def test_few_people_have_no_figures(make: Maker, open_it: Opened) -> None:
    run = make("faces", audit=told())
    found = rows()
    found[["accuracy", "low", "high"]] = None
    found["status"] = "not enough data"
    write_study(run.result, found)
    app = open_it(run=run.id)
    assert not app.exception
    assert "Not enough data to say whether the networks still know who is shown" in html(app)


def test_the_papers_figures_stand_beside_ours(full: Run, open_it: Opened) -> None:
    app = open_it(run=full.id)
    shown = html(app)
    for printed in ("99.26", "84.27", "90.41", "81.57", "25.79", "87.96", "44.61", "78.44",
                    "49.12", "1.00"):  # fmt: skip
        assert printed in shown
    assert "60 pictures of 15 people with 4 classes of condition" in shown
    assert "far below the 6.7 % of guessing" in shown
    app.segmented_control(key="papers").set_value("none").run()
    assert not app.exception


def test_the_learning_of_another_network(full: Run, open_it: Opened) -> None:
    app = open_it(run=full.id)
    app.segmented_control(key="network").set_value("Face").run()
    assert not app.exception
    alts = [one.proto.alt for one in app.get("plotly_chart")]
    assert "How Face learnt" in alts[2]


def test_a_run_without_the_study_offers_one(
    make: Maker, open_it: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make("faces")
    started: list[dict[str, Any]] = []
    monkeypatch.setattr(jobs, "start", lambda settings, *_, **__: started.append(settings) or run)
    app = open_it(run=run.id)
    assert not app.exception
    assert "studies: [anonymity] has it" in html(app)
    app.segmented_control(key="anonymity-loss").set_value("paper").run()
    next(one for one in app.button if one.label == "Run with anonymity").click().run()
    assert not app.exception
    assert started[0]["anonymity"] == {"preset": "quick", "loss": "paper"}
    assert "anonymity" in started[0]["studies"]


def test_vectors_have_no_pictures_to_learn_from(make: Maker, open_it: Opened) -> None:
    run = make("vectors", settings={"faces": None, "embeddings": {"path": "a.parquet"}})
    app = open_it(run=run.id)
    assert not app.exception
    assert "the six networks learn from pictures" in html(app)
    assert not [one for one in app.button if one.label == "Run with anonymity"]

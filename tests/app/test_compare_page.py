"""The Compare page in each of its states. All figures are MADE UP; nothing here was measured."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable
from itertools import combinations
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from fixtures import Maker, Open, audit, html, leakage_row, write_partial
from streamlit.testing.v1 import AppTest

from app import exported
from app import frontier as frontier_page
from app.jobs import view
from core import run as runs
from core.plots.compare import NAMES
from core.run import Run
from core.study.frontier import name_of
from core.table import table

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = "app/pages/compare.py"
SETTINGS = {
    "suppressors": [
        {"kind": "sensitivenets"}, {"kind": "lntl"}, {"kind": "leace"}, {"kind": "blindfold"},
    ]
}  # fmt: skip
CHANCE = {"expression": 1 / 6, "gender": 0.5}
READ = {
    "x": (0.76, 0.95), "sensitivenets": (0.61, 0.93), "lntl": (0.35, 0.78), "leace": (0.50, 0.92),
    "blindfold": (0.29, 0.85), "pixels": (0.83, 0.86), "random": (0.18, 0.50), "norm": (0.19, 0.5),
}  # fmt: skip
VERIFIED = {
    "x": 0.973, "sensitivenets": 0.961, "lntl": 0.849, "leace": 0.967, "blindfold": 0.958,
    "pixels": 0.71,
}  # fmt: skip
FITTED = ("sensitivenets", "lntl", "leace", "blindfold")
CLASSES = ("angry", "disgusted", "happy", "neutral", "sad", "surprised")


def _leakage() -> Iterable[dict[str, Any]]:
    for name, read in READ.items():
        for (attribute, chance), value in zip(CHANCE.items(), read, strict=True):
            null = chance + 0.05
            leaks = value - 0.03 > null
            row = leakage_row(
                representation=name, attribute=attribute, value=value, low=value - 0.03,
                high=value + 0.03, chance=chance, null=null,
                status="ok" if leaks else "nothing found",
                detectable=None if leaks else null + 0.04,
            )  # fmt: skip
            if name in FITTED:
                before = READ["x"][list(CHANCE).index(attribute)]
                drop = 100 * (before - value) / (before - chance)
                row |= {"dif": drop, "dif_low": drop - 8, "dif_high": drop + 8}
            for metric in ("balanced_accuracy", "accuracy"):
                yield {**row, "metric": metric}
                yield {**row, "metric": metric, "attacker": "strongest", "chosen": "svm"}


def _differences() -> Iterable[dict[str, Any]]:
    for place, attribute in enumerate(CHANCE):
        for a, b in combinations(("x", *FITTED), 2):
            gap = READ[a][place] - READ[b][place]
            yield {"table": "leakage", "metric": "balanced_accuracy", "attribute": attribute,
                   "a": a, "b": b, "difference": gap, "low": gap - 0.03, "high": gap + 0.03,
                   "p_holm": 0.0004 if abs(gap) > 0.03 else 0.41}  # fmt: skip
    for b, a in combinations(VERIFIED, 2):
        gap = VERIFIED[a] - VERIFIED[b]
        yield {"table": "verification", "metric": "accuracy", "a": a, "b": b, "difference": gap,
               "low": gap - 0.011, "high": gap + 0.011,
               "p_holm": 0.004 if abs(gap) > 0.011 else 0.6}  # fmt: skip


def _confusion() -> Iterable[dict[str, Any]]:
    for name, (share, _) in READ.items():
        for truth in CLASSES:
            for predicted in CLASSES:
                count = 230 * (share if truth == predicted else (1 - share) / 5)
                yield {"representation": name, "attribute": "expression", "attacker": "strongest",
                       "truth": truth, "predicted": predicted, "count": round(count)}  # fmt: skip


def _training() -> Iterable[dict[str, Any]]:
    curves = {
        "sensitivenets": {"primary loss": 0.2, "delta": 0.5, "detector expression": 0.8,
                          "fresh probe (held back)": 0.9, "utility (held back)": 0.97},
        "lntl": {"primary loss": 4.0, "negative entropy": -1.5, "sensitive loss": 1.1,
                 "detector expression": 0.7, "fresh probe (held back)": 0.88,
                 "utility (held back)": 0.95},
        "blindfold": {"separation": 2.1, "leakage": 0.93},
    }  # fmt: skip
    for suppressor, names in curves.items():
        for name, start in names.items():
            for step in range(1, 31):
                yield {"suppressor": suppressor, "step": step, "name": name,
                       "value": start * (0.6 + 0.4 / step)}  # fmt: skip
    for step, value in enumerate((0.31, 1e-9)):
        yield {"suppressor": "leace", "step": step, "name": "covariance with the classes",
               "value": value}  # fmt: skip


def made_up() -> dict[str, pd.DataFrame]:
    """The tables of a run with four suppressors, none of it measured."""
    verification = [
        {"representation": name, "metric": "accuracy", "distance": distance, "value": value,
         "low": value - 0.008, "high": value + 0.007, "pairs": 6000, "identities": 230,
         "status": "ok"}
        for name, value in VERIFIED.items()
        for distance in ("cosine", "euclidean")
    ]  # fmt: skip
    ranks = {"x": 87, "sensitivenets": 41, "lntl": 12, "leace": 84, "blindfold": 43}
    collapse = [
        {"representation": name, "effective_rank": rank, "mean_cosine": 0.2, "mean_norm": 1.0,
         "status": "ok"}
        for name, rank in ranks.items()
    ]  # fmt: skip
    return {
        "leakage": table("leakage", _leakage()),
        "verification": table("verification", verification),
        "differences": table("differences", _differences()),
        "confusion": table("confusion", _confusion()),
        "collapse": table("collapse", collapse),
        "training": table("training", _training()),
    }


def frontier() -> pd.DataFrame:
    """A made-up frontier.csv."""
    return pd.DataFrame(
        [
            {"suppressor": name, "dial": dial, "leakage": 0.74 - fall * dial,
             "leakage_low": 0.70 - fall * dial, "leakage_high": 0.78 - fall * dial,
             "verification": 0.972 - cost * dial**2, "verification_low": 0.96 - cost * dial**2,
             "verification_high": 0.98 - cost * dial**2}
            for name, fall, cost in (("sensitivenets", 0.25, 0.03), ("lntl", 0.45, 0.16))
            for dial in (0, 0.2, 0.4, 0.6, 0.8, 1.0)
        ]
    )  # fmt: skip


def summary() -> dict[str, Any]:
    """A made-up audit.json whose suppressors say what they found out."""
    facts = {
        "sensitivenets": [{"layers": 2, "epochs": [12, 8], "target": {"expression": "neutral"}}]
        * 5,
        "blindfold": [{"rank": 5, "separation kept": 0.912345}] * 5,
    }
    return audit(facts={"suppressors": facts})


def write(run: Run, tables: dict[str, pd.DataFrame]) -> None:
    """Put `tables` in the place of what the run had."""
    folder = run.path / "result" / "tables"
    for old in folder.glob("*.csv"):
        old.unlink()
    for name, rows in tables.items():
        rows.to_csv(folder / f"{name}.csv", index=False)


Compared = Callable[..., AppTest]


@pytest.fixture
def open_compare(open_page: Open) -> Compared:
    """Opens the page, with query parameters."""

    def open_compare(**query: Any) -> AppTest:
        app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60)
        for name, value in query.items():
            app.query_params[name] = value
        return app.switch_page(PAGE).run()

    return open_compare


@pytest.fixture
def full(make: Maker) -> Run:
    """A finished run with four suppressors."""
    run = make("four methods", settings=SETTINGS, audit=summary())
    write(run, made_up())
    return run


def alts(app: AppTest) -> list[str]:
    """What a screen reader says of each figure."""
    return [element.proto.alt for element in app.get("plotly_chart")]


def test_without_any_run_it_says_so(open_compare: Compared) -> None:
    app = open_compare()
    assert not app.exception
    assert "There is no audit yet" in html(app)


def test_the_papers_two_methods_stand_side_by_side(full: Run, open_compare: Compared) -> None:
    app = open_compare(run=full.id)
    assert not app.exception
    shown = html(app)
    assert app.query_params["run"] in (full.id, [full.id])
    assert "Still gives expression away: 0.61 (0.58 to 0.64); in x 0.76 (0.73 to 0.79)." in shown
    assert "Still gives expression away: 0.35 (0.32 to 0.38)" in shown
    assert shown.count("border-top:3px solid") == 2
    assert "Attackers read expression 26 points better from SN than from LNTL; " in shown
    assert "SN verifies 11 points better" in shown
    assert "Lowest figure: Blindfold, 0.29 (0.26 to 0.32), for 1.5 points of verification" in shown
    assert "First of 5 fits: layers 2; epochs 12, 8; target expression neutral." in shown
    said = alts(app)
    assert sum(one.startswith("Confusion matrix") for one in said) == 2
    assert sum(one.startswith("Training of") for one in said) == 8
    assert len(said) == 12
    assert all(said), "every figure has an alt text"


def test_the_address_chooses_attribute_and_representations(
    full: Run, open_compare: Compared
) -> None:
    shown_ones = ["LEACE", "Blindfold", "x"]
    app = open_compare(run=full.id, attribute="gender", representations=shown_ones)
    shown = html(app)
    assert "Still gives gender away: 0.92" in shown
    assert shown.count("border-top:3px solid") == 3
    assert "Every two of these 3" in shown
    assert "LNTL" not in shown.split("Every two")[0]


def test_fewer_than_two_are_not_compared(full: Run, open_compare: Compared) -> None:
    app = open_compare(run=full.id, representations="x")
    assert not app.exception
    assert "Choose two or more representations" in html(app)
    assert not app.get("plotly_chart")


def test_all_tables_can_be_downloaded(full: Run, open_compare: Compared) -> None:
    app = open_compare(run=full.id)
    labels = [element.proto.label for element in app.get("download_button")]
    assert labels == [f"{name}.csv" for name in NAMES if name in made_up()]
    export(full, "sensitivenets")
    labels = [one.proto.label for one in open_compare(run=full.id).get("download_button")]
    assert labels[-1] == "SensitiveNets (zip)"


def test_the_papers_figure_stands_beside_ours(full: Run, open_compare: Compared) -> None:
    shown = html(open_compare(run=full.id))
    assert "The papers" in shown
    assert "0.881" in shown
    assert "0.963" in shown, "SensitiveNets' verification"
    assert "0.167" in shown, "its SVM"
    assert "faces of CFEE" in shown
    assert "it looks like a probe that failed" in shown


def test_a_dial_that_was_turned_is_a_curve(full: Run, open_compare: Compared) -> None:
    before = html(open_compare(run=full.id))
    assert "A full audit (look: full) draws each method" in before
    write(full, {**made_up(), "frontier": frontier()})
    shown = html(open_compare(run=full.id))
    assert "Each dot is one setting of a dial; lower left is better." in shown
    assert "Ring: the point chosen." in shown
    other = open_compare(run=full.id, attribute="gender")
    assert "Curves along the dials are drawn for expression" in html(other)
    assert not other.select_slider, "frontier.csv is about the sensitive label"


def export(run: Run, name: str, dial: float | None = None) -> None:
    """An exported suppressor, as far as the page reads it."""
    folder = run.path / "result" / "suppressors" / name
    folder.mkdir(parents=True)
    written = "kind: sensitivenets\nsettings: {dial: 0.4}\n" if dial is None else "kind: lntl\n"
    (folder / "config.yaml").write_text(written, encoding="utf-8")
    (folder / "weights.safetensors").write_bytes(b"weights of " + name.encode())


def test_a_point_is_picked_by_its_dial_and_exported(full: Run, open_compare: Compared) -> None:
    write(full, {**made_up(), "frontier": frontier()})
    export(full, "sensitivenets")
    export(full, "sensitivenets@0.8", 0.8)
    app = open_compare(run=full.id)
    (slider,) = app.select_slider
    assert (slider.label, slider.value) == ("Dial of SensitiveNets", 0.4), "the run's own"
    assert "SensitiveNets at 0.4: attackers read expression at 0.64 (0.60 to 0.68); it" in html(app)
    assert "The setting of this run." in html(app)
    assert "Ring: SN at 0.4" in alts(app)[1]
    shown = html(slider.set_value(0.8).run())
    assert "SensitiveNets at 0.8: attackers read expression at 0.54 (0.50 to 0.58); it verifies "
    assert "95.3 % (94.1 to 96.1), 2.0 points lost on x." in shown
    labels = [element.proto.label for element in app.get("download_button")]
    assert "Export sensitivenets@0\\.8" in labels
    assert "This setting was not exported." in html(slider.set_value(1.0).run())


def test_a_link_picks_the_method_and_its_setting(full: Run, open_compare: Compared) -> None:
    write(full, {**made_up(), "frontier": frontier()})
    app = open_compare(run=full.id, method="LNTL", dial="0.6")
    assert app.select_slider[0].label == "Dial of Learning Not To Learn"
    assert "Learning Not To Learn at 0.6: attackers read expression at 0.47" in html(app)
    assert "Learning Not To Learn at 0:" in html(open_compare(run=full.id, method="LNTL", dial="7"))


def test_a_click_on_a_curve_turns_the_dial(monkeypatch: pytest.MonkeyPatch) -> None:
    told = [{"x": 1, "y": 2}, {"customdata": ["lntl", 0.8]}]
    state: dict[str, Any] = {"chart": {"selection": {"points": told}}, "dial": 0.2}
    monkeypatch.setattr(frontier_page.st, "session_state", state)
    frontier_page.clicked("chart")
    assert (state["method"], state["dial"]) == ("lntl", 0.8)
    state["chart"]["selection"]["points"] = []
    frontier_page.clicked("chart")
    assert state["dial"] == 0.8, "nothing chosen turns nothing"


def test_an_export_is_a_zip_of_its_folder(full: Run) -> None:
    export(full, "lntl@0.25", 0.25)
    place = exported.folder(view(full.id, None), "lntl", 0.25)
    assert place is not None
    assert place.name == name_of("lntl", 0.25), "the study's own name for it"
    data = exported.zipped(place)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.namelist() == ["lntl@0.25/weights.safetensors", "lntl@0.25/config.yaml"]
        assert archive.read("lntl@0.25/weights.safetensors") == b"weights of lntl@0.25"
    assert exported.zipped(place) == data
    assert exported.folder(view(full.id, None), "lntl", 0.5) is None
    assert exported.folder(view(full.id, None), "lntl") is None


def groups() -> pd.DataFrame:
    """A made-up groups.csv: LNTL fails old people more often."""
    rows = []
    for name in ("x", "sensitivenets", "lntl"):
        for group, more in (("young", 0.0), ("old", 0.2 if name == "lntl" else 0.0)):
            row = {"representation": name, "label": "age_group", "group": group, "n": 500,
                   "identities": 90, "status": "ok"}  # fmt: skip
            for metric, value in (("leakage", 0.5), ("fmr", 0.01), ("fnmr", 0.05 + more)):
                own = {"attribute": "expression", "chance": 1 / 6} if metric == "leakage" else {}
                far = {} if metric == "leakage" else {"far": 0.01}
                limits = {"value": value, "low": value - 0.005, "high": value + 0.005}
                rows.append({**row, "metric": metric, **limits, **own, **far})
    return table("groups", rows)


def test_what_each_does_to_each_group_is_shown_beside_x(full: Run, open_compare: Compared) -> None:
    assert "This run has no table “groups”" in html(open_compare(run=full.id))
    write(full, {**made_up(), "groups": groups()})
    app = open_compare(run=full.id)
    assert not app.exception
    shown = html(app)
    assert "Learning Not To Learn: false non-match rate highest for old, 25.0 %" in shown
    assert "No two groups of age_group can be told apart by their false match rate" in shown
    assert "Attackers read expression; dashed: chance." in shown
    assert "At one threshold for everybody, chosen on other people for a FAR of 1 %." in shown
    said = [one for one in alts(app) if " by age_group: " in one]
    assert len(said) == 3
    assert all("x, young" in one and "lntl, old" in one for one in said)


def test_an_older_run_says_calmly_what_is_missing(make: Maker, open_compare: Compared) -> None:
    run = make("old")
    tables = made_up()
    rows = tables["leakage"].query("representation in ('x', 'pixels', 'random')")
    write(run, {"leakage": rows})
    app = open_compare(run=run.id)
    assert not app.exception
    shown = html(app)
    assert "No suppressor is in it." in shown
    assert "Run again with SensitiveNets and Learning Not To Learn" in [b.label for b in app.button]
    for name in ("differences", "verification", "confusion"):
        assert f"This run has no table “{name}”" in shown
    assert "not measured" in shown
    assert not app.get("plotly_chart")


def test_an_audit_without_suppressors_is_run_again_with_those_of_the_papers(
    make: Maker, open_compare: Compared
) -> None:
    run = make("bare")
    rows = made_up()["leakage"].query("representation in ('x', 'pixels', 'random')")
    write(run, {"leakage": rows})
    app = open_compare(run=run.id)
    next(b for b in app.button if b.label.startswith("Run again with")).click().run()
    assert not app.exception
    newest = runs.listing()[0]
    assert newest.id != run.id
    assert [one.kind for one in newest.config().suppressors] == ["sensitivenets", "lntl"]
    assert newest.config().name == "bare"
    app = open_compare(run=newest.id)
    assert not [b for b in app.button if b.label.startswith("Run again with")]


@pytest.mark.parametrize("name", [name for name in NAMES if name != "leakage"])
def test_any_one_table_may_be_missing(full: Run, open_compare: Compared, name: str) -> None:
    tables = made_up()
    tables.pop(name, None)
    write(full, tables)
    app = open_compare(run=full.id)
    assert not app.exception
    told = "not measured" if name == "collapse" else f"This run has no table “{name}”"
    assert (told in html(app)) == (name != "frontier")


def test_a_run_without_any_attack_has_nothing_to_compare(
    make: Maker, open_compare: Compared
) -> None:
    run = make("nothing")
    write(run, {"leakage": table("leakage", [])})
    app = open_compare(run=run.id)
    assert not app.exception
    assert "there is nothing to compare" in html(app)


@pytest.mark.parametrize(
    ("status", "figures", "sentence"),
    [
        ("probe failed", None, "No figure for expression: the probes missed a code"),
        ("not enough data", None, "Not enough data to say what is left of expression"),
        (
            "nothing found",
            0.17,
            "Nothing found: expression is read no better than permuted labels, 0.17",
        ),
        ("anti-learning", 0.05, "below chance, an alarm and not privacy"),
        ("few people", 0.18, "Too few people to tell whether it gives expression away"),
    ],
)
def test_every_status_has_its_own_words_and_none_is_good_news(
    full: Run, open_compare: Compared, status: str, figures: float | None, sentence: str
) -> None:
    tables = made_up()
    rows = tables["leakage"]
    own = (rows["representation"] == "lntl") & (rows["attribute"] == "expression")
    rows.loc[own, ["value", "low", "high", "status"]] = [
        figures, figures and figures - 0.04, figures and figures + 0.04, status,
    ]  # fmt: skip
    write(full, tables)
    app = open_compare(run=full.id)
    assert not app.exception
    shown = html(app)
    assert sentence in shown
    assert f"{status}</span>" in shown
    assert not [word for word in ("is private", "anonym", "safe", "compliant") if word in shown]
    if figures is None:
        assert f"No paired difference of SN and LNTL on expression (LNTL: {status})" in shown
        assert f"Not placed: LNTL ({status})" in shown
        assert f"{status}: no matrix" in shown
        assert sum(one.startswith("Confusion matrix") for one in alts(app)) == 1


def test_figures_that_arrive_are_shown_before_the_end(make: Maker, open_compare: Compared) -> None:
    run = make(state="running", settings=SETTINGS, phase="Attacking", done=1, total=4)
    rows = made_up()["leakage"].query("representation == 'x' or representation == 'leace'")
    write_partial(run.path, rows)
    app = open_compare(run=run.id)
    assert not app.exception
    shown = html(app)
    assert "Attacking: 1 of 4" in shown
    assert "Still gives expression away: 0.50" in shown
    assert "The table “differences” comes when the run is done." in shown
    assert "comes at the end" in shown


def test_a_run_that_has_nothing_yet_shows_its_bar(make: Maker, open_compare: Compared) -> None:
    run = make(state="running", settings=SETTINGS, phase="Suppressing", done=3, total=20)
    app = open_compare(run=run.id)
    assert not app.exception
    assert "Suppressing: 3 of 20" in html(app)


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("failed", "2 classes are needed, there is 1"),
        ("cancelled", "This run was cancelled"),
        ("stopped", "The worker of this run is gone"),
    ],
)
def test_a_run_that_ended_early_says_how_and_goes_on(
    make: Maker, open_compare: Compared, state: str, sentence: str
) -> None:
    run = make(state=state, error="2 classes are needed, there is 1")
    app = open_compare(run=run.id)
    assert sentence in html(app)
    next(button for button in app.button if button.label == "Resume").click().run()
    assert "queued" in html(app)


def test_a_careless_run_is_loud(make: Maker, open_compare: Compared) -> None:
    run = make("loud", settings={"preset": "careless"})
    assert "they are not a finding" in html(open_compare(run=run.id))


def test_a_suppressor_that_could_not_be_fitted_says_why(
    make: Maker, open_compare: Compared
) -> None:
    why = "lntl was left out: 8 people are too few"
    run = make(settings=SETTINGS, audit=audit(facts={"suppressors": {"lntl": why}}))
    write(run, made_up())
    assert why in html(open_compare(run=run.id))


def test_a_suppressor_with_a_name_of_its_own_keeps_the_colour_of_its_kind(
    make: Maker, open_compare: Compared
) -> None:
    run = make(settings={"suppressors": [{"kind": "lntl", "name": "mine.2"}]})
    renamed = {
        key: frame.replace({"lntl": "mine.2"}).query("representation in ('x', 'mine.2')")
        for key, frame in made_up().items()
        if key in ("leakage", "verification", "confusion", "collapse")
    }
    write(run, renamed)
    app = open_compare(run=run.id)
    assert not app.exception
    shown = html(app)
    assert "<b>mine.2</b>" in shown
    assert "Learning Not To Learn" in shown
    assert "light-dark(#A8517F,#D98BB7)" in shown
    offered = [
        option.content for group in app.get("button_group") for option in group.proto.options
    ]
    assert "mine\\.2" in offered, "a label is Markdown to Streamlit"


def test_labels_and_classes_with_hostile_names_are_text(full: Run, open_compare: Compared) -> None:
    name = "<script>alert(1)</script>![x](http://example.org/x.png)"
    write(full, {key: rows.replace({"expression": name, "angry": name})
                 for key, rows in made_up().items()})  # fmt: skip
    app = open_compare(run=full.id)
    assert not app.exception
    assert "<script" not in html(app)
    assert "Still gives &lt;script" in html(app)
    labels = [str(label) for group in app.get("button_group") for label in group.options]
    assert not any("![" in label and "\\[" not in label for label in labels)
    specs = [element.proto.spec for element in app.get("plotly_chart")]
    assert not any("<script" in spec or "\\u003cscript" in spec for spec in specs)

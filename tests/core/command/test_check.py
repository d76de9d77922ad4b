"""`--fail-if` on finished audits: which row is meant, and what an empty figure does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core import run as runs
from core.__main__ import main
from core.command import run as command_run
from core.command.check import check_result, check_settings, read_checks
from core.config import config_from
from core.errors import ConditionError, ConditionHeld
from core.run import Run
from tests.core.made_up_result import audit, leakage, verification, write


def result(folder: Path, settings: dict[str, Any] | None = None) -> Path:
    """An audit with one suppressor, whose figures are all different."""
    fairness = [
        {"representation": "leace", "classifier": "nn", "method": "none", "target": "t",
         "protected": "gender", "strength": strength, "metric": "gap", "group": "a - b",
         "value": strength / 10, "low": 0, "high": 0.1, "identities": 40, "status": "ok"}
        for strength in (0.5, 0.9)
    ]  # fmt: skip
    differences = [
        {"table": "leakage", "metric": "balanced_accuracy", "attribute": "expression", "a": "x",
         "b": "leace", "difference": 0.2, "low": 0.1, "high": 0.25, "p_holm": 0.01}
    ]  # fmt: skip
    return write(
        folder,
        audit(settings),
        leakage=[
            leakage(),
            leakage(representation="leace", value=0.40, low=0.36, high=0.45, dif=75.0),
            leakage(representation="leace", metric="auc", value=0.7, low=0.65, high=0.75),
            leakage(representation="leace", attribute="gender", value=None, low=None, high=None,
                    status="probe failed"),
            leakage(representation="x", attribute="gender", value=0.2, low=0.1, high=0.3,
                    status="anti-learning"),
        ],
        verification=[
            verification(representation=name, distance=distance, value=value)
            for name, value in (("x", 0.95), ("leace", 0.9))
            for distance in ("euclidean", "cosine")
        ],
        fairness=fairness,
        differences=differences,
    )  # fmt: skip


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A finished audit."""
    return result(tmp_path / "out")


def check(out: Path, text: str) -> str:
    """The sentence of a condition that does not hold."""
    (sentence,) = check_result(out, read_checks([text]))
    return sentence


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("leakage.strongest(expression) > 0.39", "representation=leace, metric=balanced_accuracy) "
         "is 0.4 (0.36 to 0.45, 40 identities), which is above 0.39"),
        ("leakage.strongest(expression, representation=released) > 39 %", "is 0.4 "),
        ("leakage.strongest(expression, representation=x) > 0.59", "is 0.6 (0.55 to 0.65"),
        ("leakage.strongest(expression, bound=high) > 0.44", "is 0.45, the upper limit of 0.4 "),
        ("leakage.strongest(expression, metric=auc) > 0.69", "is 0.7 "),
        ("leakage.strongest(expression, figure=dif) < 76 %", "is 75 %"),
        ("leakage.strongest(expression, figure=dif) < 76", "is 75 %"),
        ("verification.accuracy() < 0.91", "representation=leace, distance=euclidean) is 0.9 "),
        ("verification.accuracy(x, distance=cosine) < 0.96", "is 0.95 "),
        ("fairness.gap('a - b', strength=0.90) > 0.08", "is 0.09 "),
        ("differences.leakage(leace, x, expression) < -0.19", "is -0.2 (-0.25 to -0.1)"),
        ("differences.leakage(released, x, expression, bound=low) < -0.24", "is -0.25, the lower"),
        ("differences.leakage(leace, x, expression, figure=p_holm) < 0.05", "is 0.01,"),
        ("not leakage.strongest(expression) < 0.3", "which is not below 0.3"),
        ("leakage.strongest(expression) > 0.9 or verification.accuracy(x) > 0.9", "above 0.9"),
    ],
)  # fmt: skip
def test_what_is_meant_is_found_and_told_with_its_interval(out: Path, text: str, told: str) -> None:
    with pytest.raises(ConditionHeld) as raised:
        check(out, text)
    assert "held: " in str(raised.value)
    assert told in str(raised.value)
    opposite = check(out, f"not ({text})")
    assert "did not hold: " in opposite


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("leakage.strongest(gender) > 0.3", "probe failed"),
        ("leakage.strongest(gender) < 0.3", "probe failed"),
        ("not leakage.strongest(gender) < 0.3", "probe failed"),
        ("leakage.strongest(gender, representation=x) > 0.3", "an alarm and never privacy"),
        ("leakage.nn(expression) > 0.3", "it could not be measured"),
        ("verification.rank1() < 0.5", "it could not be measured"),
        ("differences.leakage(x, leace, gender) < 0", "it could not be measured"),
        ("expression.tar(happy, sad) < 0.5", "no rows in the table 'expression'"),
        ("leakage.strongest(expression) > 0.9 or leakage.strongest(gender) > 0.9", "probe failed"),
        ("leakage.strongest(expression) > 0.9 and leakage.strongest(gender) > 0.9", "probe failed"),
    ],
)
def test_an_empty_figure_is_never_a_pass(out: Path, text: str, why: str) -> None:
    with pytest.raises(ConditionHeld) as raised:
        check(out, text)
    assert "is not passed" in str(raised.value)
    assert why in str(raised.value)


def test_it_is_let_through_where_somebody_says_so(out: Path) -> None:
    asked = "leakage.strongest(gender, allow_missing=true)"
    assert "is empty (probe failed" in check(out, f"{asked} > 0.3")
    check(out, f"not {asked} > 0.3")
    with pytest.raises(ConditionHeld, match="held"):
        check(out, f"{asked} > 0.3 or leakage.strongest(expression) > 0.3")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("leekage.strongest(expression) > 1", "the nearest known one is leakage"),
        ("leakage.strongest(expresion) > 1", "the nearest known one is expression"),
        ("leakage.strongest() > 1", "does not say which label"),
        ("leakage.lda(expression) > 1", "known are strongest, majority, logistic, svm, rf, nn"),
        ("leakage.strongest(expression, representation=lace) > 1", "known one is leace"),
        ("leakage.strongest(expression, repr=x) > 1", "the nearest known one is representation"),
        ("leakage.strongest(expression, x) > 1", "takes 1 (attribute)"),
        ("leakage.strongest(expression, attribute=gender) > 1", "gives attribute twice"),
        ("leakage.strongest(expression, bound=middle) > 1", "known are value, low, high"),
        ("leakage.strongest(expression, figure=drop) > 1", "known are value, dif"),
        ("leakage.strongest(expression, allow_missing=yes) > 1", "known are true, false"),
        ("leakage.strongest(expression, metric=f1) > 1", "no metric in the table"),
        ("verification.tar(x) > 1", "the nearest known one is tar@0.01"),
        ("verification.accuracy(figure=dif, bound=low) > 1", "has no interval"),
        ("fairness.gap() > 1", "say which strength (0.5, 0.9)"),
        ("ablation.nn(expression) > 1", "add it, or ask for another figure"),
        ("pairs.accuracy(expression) > 1", "attackers: ladder"),
        ("x > 1", "is no figure"),
    ],
)
def test_a_name_that_the_audit_does_not_have_is_an_error_with_the_nearest(
    out: Path, text: str, said: str
) -> None:
    with pytest.raises(ConditionError) as raised:
        check(out, text)
    assert str(raised.value).startswith(f"--fail-if '{text}': ")
    assert said in str(raised.value)


def test_without_suppressors_x_speaks_and_with_ours_ours(tmp_path: Path) -> None:
    alone = write(tmp_path / "a", audit({"suppressors": []}), leakage=[leakage()])
    assert "representation=x" in check(alone, "leakage.strongest(expression) > 0.9")
    both = {"suppressors": [{"kind": "leace"}, {"kind": "blindfold", "name": "mine"}]}
    rows = [leakage(representation=name) for name in ("x", "leace", "mine")]
    ours = write(tmp_path / "b", audit(both), leakage=rows)
    assert "representation=mine" in check(ours, "leakage.strongest(expression) > 0.9")
    told = {"attribute": "expression", "status": "ok", "after": {"representation": "leace"}}
    first = write(tmp_path / "c", audit(both, headline=told), leakage=rows)
    assert "representation=leace" in check(first, "leakage.strongest(expression) > 0.9")


def test_a_suppressor_that_could_not_be_fitted_does_not_make_x_the_released_one(
    tmp_path: Path,
) -> None:
    unfitted = write(tmp_path / "a", audit(), leakage=[leakage(value=0.1)])
    with pytest.raises(ConditionHeld, match="not passed"):
        check(unfitted, "leakage.strongest(expression) > 0.3")


@pytest.mark.parametrize(
    ("text", "way"),
    [
        ("leakage.strongest(expression) > 30", "30 % or 0.3"),
        ("verification.eer() > 5", "5 % or 0.05"),
        ("collapse.effective_rank() < 30 %", "leave out the %"),
    ],
)
def test_a_number_of_another_scale_is_refused(text: str, way: str) -> None:
    """It would pass, or fail, whatever the figure is."""
    with pytest.raises(ConditionError, match=way):
        read_checks([text])
    read_checks(["leakage.strongest(expression, figure=dif) < 70", "collapse.mean_norm() > 5"])


def test_a_careless_audit_passes_no_check(out: Path) -> None:
    careless = config_from({"preset": "careless"}).as_run()
    with pytest.raises(ConditionError, match="no finding"):
        check_settings(read_checks(["leakage.strongest(expression) > 0.3"]), careless)


def test_labels_that_only_the_data_know_are_not_refused_before_the_run() -> None:
    asked = read_checks(["leakage.strongest(smiling) > 0.3"])
    check_settings(asked, config_from({}).as_run())
    with pytest.raises(ConditionError, match="smiling"):
        check_settings(asked, config_from({"attributes": ["gender"]}).as_run())


def test_a_class_that_is_called_na_is_no_missing_cell(tmp_path: Path) -> None:
    rows = [
        {"representation": "leace", "label": "group", "group": "NA", "metric": "fmr", "value": 0.2}
    ]
    out = write(tmp_path, audit(), groups=rows)
    with pytest.raises(ConditionHeld, match=r"is 0\.2"):
        check(out, "groups.fmr(group, NA) > 0.1")


# -- the command line ------------------------------------------------------------------------


def test_check_ends_with_its_status(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fine, bad = "leakage.strongest(expression) > 0.9", "verification.accuracy() < 0.95"
    assert main(["check", str(out), "--fail-if", fine]) == 0
    assert "did not hold" in capsys.readouterr().out
    assert main(["check", str(out), "--fail-if", fine, "--fail-if", bad]) == 3
    said = capsys.readouterr().err
    assert said.startswith(f"blindfold: --fail-if '{bad}' held: ")
    assert "did not hold" in said, "the others are told too"
    assert main(["check", str(out), "--fail-if", "x > 1"]) == 2
    assert main(["check", str(out)]) == 2
    assert main(["check", str(out / "nowhere"), "--fail-if", fine]) == 2


def test_a_condition_that_no_run_could_answer_is_refused_before_it(
    workdir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (workdir / "a.yaml").write_text("faces: {preset: synthetic}\nattributes: [gender]\n")
    asked = "leakage.strongest(smile) > 0.3"
    assert main(["run", "a.yaml", "--out", "out", "--fail-if", asked]) == 2
    assert "the nearest known one is" in capsys.readouterr().err
    assert not runs.listing()


def test_the_result_is_there_before_the_check(
    workdir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def ran(settings: Path, out: Path, checks: object = ()) -> Run:
        assert checks
        result(out)
        return Run(workdir / "r", "made up", None, 0.0, workdir)

    monkeypatch.setattr(command_run, "run_audit", ran)
    held = ["--fail-if", "leakage.strongest(expression) > 0.3"]
    assert main(["run", "a.yaml", "--out", "out", *held]) == 3
    assert (workdir / "out" / "audit.json").is_file()
    said = capsys.readouterr()
    assert "4 tables" in said.out
    assert "is 0.4 (0.36 to 0.45, 40 identities), which is above 0.3" in said.err


def test_a_comparison_is_checked_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = result(tmp_path / "a"), result(tmp_path / "b")
    rows = [leakage(), leakage(representation="leace", value=0.50, low=0.46, high=0.55)]
    write(other, audit(), leakage=rows)
    csv = tmp_path / "changes.csv"
    asked = ["compare", str(one), str(other), "--out", str(csv)]
    assert main(asked) == 0
    said = capsys.readouterr().out
    assert "leace" in said
    assert "+10.0" in said
    assert csv.read_text().startswith("table,metric,attribute,")
    assert main([*asked, "--fail-if", "changes.leakage(expression) > 5 %"]) == 3
    assert "is 0.1 (" in capsys.readouterr().err
    assert main([*asked, "--fail-if", "changes.leakage(expression, representation=x) > 0"]) == 0
    assert main([*asked, "--fail-if", "leakage.strongest(expression) > 0"]) == 2
    assert main([*asked, "--match", "x=nobody"]) == 2
    assert main([*asked, "--match", "x"]) == 2

"""Groups of few people have no figure in a report, and none can be worked out."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.report.contents import document
from core.report.result import Result, read_result
from core.report.small_groups import _several, _spread, withhold
from core.report.withheld import HIDDEN


def rows(result: Result, name: str, group: str) -> list[dict[str, object]]:
    table = result.tables[name]
    return table[table["group"].astype(str) == group].to_dict("records")


def test_a_small_group_has_no_figure_and_no_count(folder) -> None:  # type: ignore[no-untyped-def]
    found = read_result(folder(groups={"feminine": 40, "masculine": 38, "other": 4}), smallest=10)
    told = rows(found, "groups", "other")
    assert told
    for row in told:
        assert row["status"] == "withheld: fewer than 10 people"
        assert all(str(row[name]) == "nan" for name in ("value", "low", "high"))
        assert row["n"] == row["identities"] == 0


def test_the_next_smallest_goes_with_a_group_that_is_small_alone(folder) -> None:  # type: ignore[no-untyped-def]
    found = read_result(folder(groups={"feminine": 40, "masculine": 38, "other": 4}), smallest=10)
    assert found.withheld.groups["gender"] == ("masculine", "other")
    assert all(row["value"] == 0.125 for row in rows(found, "groups", "feminine"))
    # The counts of faces would give it back too, from the whole.
    assert found.audit["data"]["labels"]["gender"] == {
        "feminine": 80, "masculine": None, "other": None
    }  # fmt: skip


def test_a_table_is_cleaned_by_its_own_counts(folder) -> None:  # type: ignore[no-untyped-def]
    """Where a group is shown beside a small one, another table may show it all the same."""
    found = read_result(folder(groups={"feminine": 40, "masculine": 38, "other": 4}), smallest=10)
    assert found.tables["fairness"]["value"].notna().all()


def test_two_small_groups_hide_each_other(folder) -> None:  # type: ignore[no-untyped-def]
    groups = {"feminine": 40, "masculine": 38, "other": 4, "third": 6}
    found = read_result(folder(groups=groups), smallest=10)
    assert found.withheld.groups["gender"] == ("other", "third")


def test_two_that_are_few_together_take_a_third_along(folder) -> None:  # type: ignore[no-untyped-def]
    """Nine people, whom the whole would give back as a sum."""
    groups = {"feminine": 40, "masculine": 38, "other": 4, "third": 5}
    found = read_result(folder(groups=groups), smallest=10)
    assert found.withheld.groups["gender"] == ("masculine", "other", "third")


def test_a_name_with_a_dash_is_a_group_and_a_gap_is_not() -> None:
    counts = {"18 - 30": 5, "31 - 50": 30, "51+": 40, "31 - 50 - 51+": 3}
    assert _several(counts, 10, {}) == {"18 - 30", "31 - 50"}


def test_the_headline_says_nothing_that_the_table_withholds() -> None:
    """A label that few of many people carry."""
    import pandas as pd

    leakage = pd.DataFrame({"attribute": ["mood"], "value": [0.4], "identities": [30],
                            "status": ["ok"]})  # fmt: skip
    told = {"attribute": "mood", "value": 0.4, "low": 0.3, "high": 0.5, "status": "ok"}
    audit = {"data": {"labels": {}, "identities": 230}, "headline": told}
    shown, _, _ = withhold(audit, {"leakage": leakage}, 30)
    hidden, _, _ = withhold(audit, {"leakage": leakage}, 31)
    assert shown["headline"] == told
    assert hidden["headline"]["value"] is None
    assert hidden["headline"]["status"] == "not enough data"


def test_what_is_made_from_a_withheld_group_goes_too(folder) -> None:  # type: ignore[no-untyped-def]
    found = read_result(folder(groups={"feminine": 40, "masculine": 4, "other": 30}), smallest=10)
    table = found.tables["fairness"]
    assert table.loc[table["metric"].isin(["gap", "shift", "odds"]), "value"].isna().all()
    assert table.loc[table["metric"] == "accuracy", "value"].notna().all()
    assert not (found.tables["differences"]["table"] == "fairness").any()
    assert (found.tables["differences"]["table"] == "leakage").any()


@pytest.mark.parametrize("smallest", [0, 1])
def test_none_is_withheld_where_nobody_asks(folder, smallest: int) -> None:  # type: ignore[no-untyped-def]
    found = read_result(folder(groups={"feminine": 40, "masculine": 4, "other": 1}),
                        smallest=smallest)  # fmt: skip
    assert not found.withheld.groups
    assert all(row["value"] == 0.125 for row in rows(found, "groups", "other"))


def test_the_report_has_the_status_and_not_the_figure(folder) -> None:  # type: ignore[no-untyped-def]
    out = folder(lambda audit: audit["warnings"].append("the group other has 4 people"),
                 groups={"feminine": 40, "masculine": 38, "other": 4})  # fmt: skip
    told = "\n".join(document(read_result(out, smallest=10)).sentences())
    assert "withheld: fewer than 10 people" in told
    assert "he group other has 4 people" not in told
    assert "1 more, left out here" in told
    assert "The group other has 4 people" in "\n".join(
        document(read_result(out, smallest=0)).sentences()
    )


def test_an_audit_of_few_people_has_no_headline(folder) -> None:  # type: ignore[no-untyped-def]
    out = folder(lambda audit: audit["data"].update(identities=6))
    headline = read_result(out, smallest=10).audit["headline"]
    assert headline["value"] is None
    assert headline["status"] == "not enough data"


def test_a_class_that_is_withheld_is_not_told_on_a_map() -> None:
    import pandas as pd

    maps = pd.DataFrame({"id": ["a", "b"], "mood": ["happy", "rare"]})
    people = {"mood": {"happy": 50, "rare": 2, "sad": 30}}
    audit = {"data": {"labels": people, "label_people": people, "identities": 60},
             "headline": {}}  # fmt: skip
    _, cleaned, told = withhold(audit, {"projection": maps}, 10)
    assert told.groups["mood"] == ("rare", "sad")
    assert list(cleaned["projection"]["mood"]) == ["happy", HIDDEN]


@given(st.dictionaries(st.sampled_from("abcdefg"), st.integers(1, 30), min_size=1))
def test_never_one_alone(counts: dict[str, int]) -> None:
    """What is left never says what one group has: none is withheld, or several, or all."""
    gone = _spread(counts, 10)
    assert {one for one, n in counts.items() if n < 10} <= gone
    assert len(gone) != 1 or len(counts) == 1
    assert not gone or len(gone) == len(counts) or sum(counts[one] for one in gone) >= 10


@given(
    st.dictionaries(
        st.tuples(st.sampled_from("ab"), st.sampled_from("xyz")), st.integers(1, 30), min_size=2
    )
)
def test_never_one_alone_in_a_row_or_a_column(counts: dict[tuple[str, str], int]) -> None:
    named = {f"{a} & {b}": n for (a, b), n in counts.items()}
    classes = {"a": "first", "b": "first", **dict.fromkeys("xyz", "second")}
    gone = _several(named, 10, classes)
    for side in (0, 1):
        for value in {key[side] for key in counts}:
            own = {f"{a} & {b}" for a, b in counts if (a, b)[side] == value}
            assert len(own & gone) != 1 or len(own) == 1


def test_the_files_stay_as_they_are(folder) -> None:  # type: ignore[no-untyped-def]
    out: Path = folder(groups={"feminine": 40, "masculine": 38, "other": 4})
    before = (out / "tables" / "groups.csv").read_bytes()
    read_result(out, smallest=10)
    assert (out / "tables" / "groups.csv").read_bytes() == before

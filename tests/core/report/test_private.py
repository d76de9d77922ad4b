"""No path of this machine and no name of a file stands in a report."""

from __future__ import annotations

import pytest

from core.report.contents import document
from core.report.private import without_paths
from core.report.result import read_result


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("'/home/anna/faces/x.zip' holds no pictures", "'x.zip' holds no pictures"),
        ("see /srv/data/a.csv.", "see a.csv."),
        ("~/faces/mine and more", "mine and more"),
        (r"C:\Users\anna\faces\a.zip is damaged", "a.zip is damaged"),
        (r"\\server\share\faces is gone", "faces is gone"),
        ("file:///home/anna/a.onnx", "a.onnx"),
        ("11 of 12 and/or 5/5, TAR at 10 / FAR", "11 of 12 and/or 5/5, TAR at 10 / FAR"),
        ("https://example.org/a/b", "https://example.org/a/b"),
    ],
)
def test_paths_are_cut_to_their_last_part(text: str, told: str) -> None:
    assert without_paths(text) == told


def test_a_report_has_no_path_and_no_file_that_failed(folder) -> None:  # type: ignore[no-untyped-def]
    def change(audit) -> None:  # type: ignore[no-untyped-def]
        audit["config"]["faces"] = {"path": "/home/anna/faces", "preset": "auto"}
        audit["config"]["roles"] = {"primary": {"faces": {"path": "C:\\anna\\others"}}}
        audit["warnings"] = ["'/home/anna/faces/mary.png' cannot be opened"]
        audit["data"]["problems"] = [{"file": "mary_smith.png", "kind": "damaged"}]
        audit["data"]["problem_counts"] = {"damaged": 1}

    told = "\n".join(document(read_result(folder(change), smallest=10)).sentences())
    assert "anna" not in told
    assert "mary_smith" not in told
    assert "path: faces" in told
    assert "path: others" in told


def test_who_was_kept_and_where_it_ran_are_nobodys_business(folder) -> None:  # type: ignore[no-untyped-def]
    def change(audit) -> None:  # type: ignore[no-untyped-def]
        kept = {"subject_id": ["anna", "bert"], "condition": ["happy"]}
        audit["config"]["faces"] = {"preset": "auto", "where": kept}
        audit["config"]["engine"] = "tcp://10.1.2.3:8786"

    told = "\n".join(document(read_result(folder(change), smallest=10)).sentences())
    assert "anna" not in told
    assert "10.1.2.3" not in told
    assert "tcp" in told

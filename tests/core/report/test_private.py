"""No path of this machine and no name of a file stands in a report."""

from __future__ import annotations

import pytest

from core.report.contents import document
from core.report.paths import without_paths
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
        ("'/home/anna maria/my faces/x y.zip' is damaged", "'x y.zip' is damaged"),
        ("/home/anna maria/faces/x.zip holds no pictures", "x.zip holds no pictures"),
        ("/home/smith, anna (work)/x.zip is gone", "x.zip is gone"),
        ("see /srv/a.csv and /srv/b.csv", "see a.csv and b.csv"),
        (r"C:\Users\anna maria\a.zip is damaged", "a.zip is damaged"),
        ("C:/Users/anna/a.zip is damaged", "a.zip is damaged"),
        ("~/anna maria/x.png", "x.png"),
        ("faces/anna/x.png has no face", "x.png has no face"),
        ("../anna/faces and ./bert", "faces and bert"),
        ("data/anna/faces holds no pictures", "faces holds no pictures"),
        (r"faces\anna\x.png has no face", "x.png has no face"),
        ("the first is 'anna/01'", "the first is '01'"),
        ("'my faces/anna maria' is empty", "'anna maria' is empty"),
        (
            "Holm's p, attackers' people, n/a and 'n/a'",
            "Holm's p, attackers' people, n/a and 'n/a'",
        ),
        ("github.com/joojs/fairface", "github.com/joojs/fairface"),
        ("mmlab.ie.cuhk.edu.hk/projects/CelebA.html", "mmlab.ie.cuhk.edu.hk/projects/CelebA.html"),
        ("22/11/2026, 0.5/1.25, x / y", "22/11/2026, 0.5/1.25, x / y"),
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


def test_a_path_that_the_settings_name_is_cut_however_it_is_written() -> None:
    known = {"my faces/set one", "my faces"}
    assert without_paths("my faces/set one holds 3", known=known) == "set one holds 3"


def test_a_class_with_a_stroke_is_no_path() -> None:
    told = "'south/east/asian' has 3 faces, and faces/anna/x.png none"
    spared = {"south/east/asian"}
    assert without_paths(told, spared=spared) == "'south/east/asian' has 3 faces, and x.png none"


def test_paths_with_blanks_and_relative_ones_are_in_no_part_of_a_report(folder) -> None:  # type: ignore[no-untyped-def]
    def change(audit) -> None:  # type: ignore[no-untyped-def]
        audit["config"]["faces"] = {"path": "of anna maria/my faces", "preset": "auto"}
        audit["data"]["labels"]["skin/tone/scale"] = {"i/ii/iii": 300}
        audit["warnings"] = [
            "of anna maria/my faces holds 3 pictures", "'anna maria/01.png' has no face",
            "'i/ii/iii' of the label is rare",
        ]  # fmt: skip

    out = folder(change)
    card = out / "suppressors" / "leace" / "README.md"
    limits = "\n## Limits\n\n- Read from /home/anna maria/x/emb.parquet\n"
    card.write_text(card.read_text() + limits)
    told = "\n".join(document(read_result(out, smallest=0)).sentences())
    assert "anna" not in told
    assert "my faces holds 3 pictures" in told.lower()
    assert "'i/ii/iii' of the label is rare" in told
    assert "Read from emb.parquet" in told

"""The Faces page: uploads, paths, counts, problems, the grid, Run and Delete now."""

from __future__ import annotations

from pathlib import Path

import pytest
from fixtures import Open, Sent, html, picture
from streamlit.testing.v1 import AppTest

from app import session, uploads
from core import run as runs
from core.faces.read import read_faces


@pytest.fixture
def labelled() -> uploads.Upload:
    """Four pictures of two people, one file that is none, and a hostile label."""
    listed = "file_name,subject_id,expression\n" + "".join(
        f"{name}.png,{who},{label}\n"
        for name, who, label in [
            ("a", "1", "<script>x</script>"), ("b", "1", "sad"), ("c", "2", "sad"),
            ("d", "2", "<script>x</script>"), ("e", "2", "sad"),
        ]
    )  # fmt: skip
    sent = [Sent(f"{name}.png", picture(i)) for i, name in enumerate("abcd")]
    broken = Sent("e.png", b"no picture")
    return uploads.save([*sent, broken, Sent("metadata.csv", listed.encode())], None, 10**7)


def _button(app: AppTest, label: str) -> object:
    return next(button for button in app.button if button.label == label)


def test_an_empty_page_asks_for_faces(open_page: Open) -> None:
    app = open_page("faces")
    assert not app.exception
    assert len(app.get("file_uploader")) == 1
    assert "Nothing leaves this machine" in html(app)


def test_an_upload_shows_counts_problems_and_pictures(
    open_page: Open, labelled: uploads.Upload
) -> None:
    app = open_page("faces", upload=labelled.id)
    assert not app.exception
    shown = html(app)
    assert "4 can be opened" in shown
    assert "not an image" in shown
    assert shown.count('<img src="data:image/jpeg') == 4
    assert 'sad <span class="m">3</span>' in shown
    assert "<script" not in shown


def test_a_person_uploads_in_the_browser(open_page: Open) -> None:
    app = open_page("faces")
    app.get("file_uploader")[0].set_value([("a.png", picture(), "image/png")]).run()
    _button(app, "Read these files").click().run()  # type: ignore[attr-defined]
    assert not app.exception
    assert "1 can be opened" in html(app)


def test_delete_now_deletes_now_and_says_how_many_are_left(
    open_page: Open, labelled: uploads.Upload
) -> None:
    app = open_page("faces", upload=labelled.id)
    _button(app, "Delete now").click().run()  # type: ignore[attr-defined]
    assert not labelled.folder.exists()
    assert "7 files were there" in html(app)
    assert "<b>0 are left</b>" in html(app)


def test_run_starts_an_audit_that_owns_its_upload(
    open_page: Open, labelled: uploads.Upload
) -> None:
    app = open_page("faces", upload=labelled.id)
    app.selectbox(key="encoder").set_value("pixels").run()
    app.text_input(key="audit name").set_value("mine").run()
    _button(app, "Run").click().run()  # type: ignore[attr-defined]
    assert not app.exception
    (run,) = runs.listing()
    assert (run.name, run.uploads) == ("mine", labelled.folder.resolve())
    assert run.config().encoder.kind == "pixels"


def test_pictures_without_labels_get_the_grid_and_no_run(open_page: Open) -> None:
    sent = [Sent(f"{i}.png", picture(i)) for i in range(3)]
    upload = uploads.save(sent, None, 10**7)
    app = open_page("faces", upload=upload.id)
    assert "Nobody said who is who." in html(app)
    assert "Run" not in [button.label for button in app.button]
    app.button(key="class-2").click().run()
    assert not app.exception
    found = read_faces(upload.path)
    assert list(found.table["expression"]) == ["happy", "unknown", "unknown"]
    app.run()
    assert "labelled by hand" in html(app)


def test_bad_input_is_one_calm_sentence(open_page: Open) -> None:
    upload = uploads.save([Sent("v.npz", b"not a zip")], None, 10**7)
    app = open_page("faces", upload=upload.id)
    assert not app.exception
    assert 'role="alert"' in html(app)


def test_a_path_is_offered_on_this_computer_only(
    open_page: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def options() -> list[str]:
        groups = open_page("faces").get("button_group")
        return [str(option) for option in groups[0].options]

    monkeypatch.setattr(session, "local", lambda: True)
    assert any("path" in option for option in options())
    monkeypatch.setattr(session, "local", lambda: False)
    assert not any("path" in option for option in options())


def test_delete_now_takes_the_audits_made_from_it_when_asked(
    open_page: Open, labelled: uploads.Upload
) -> None:
    app = open_page("faces", upload=labelled.id)
    app.selectbox(key="encoder").set_value("pixels").run()
    _button(app, "Run").click().run()  # type: ignore[attr-defined]
    (run,) = runs.listing()
    app = open_page("faces", upload=labelled.id)
    app.checkbox(key="also").set_value(True).run()
    _button(app, "Delete now").click().run()  # type: ignore[attr-defined]
    assert not app.exception
    assert not labelled.folder.exists()
    assert not run.path.exists()
    assert "the upload and 1 audit; " in html(app)
    assert "<b>0 are left</b>" in html(app)
    assert "keyed by content" in html(app)


def test_an_empty_page_shows_the_drawn_set_as_the_example(open_page: Open) -> None:
    shown = html(open_page("faces"))
    assert "1,380" in shown
    assert shown.count('<img src="data:image/jpeg') == 24
    assert 'badge dashed">synthetic' in shown


def test_what_is_taken_out_and_how_the_model_takes_pictures_is_in_the_settings(
    open_page: Open, labelled: uploads.Upload, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(session, "local", lambda: True)
    model = tmp_path / "model.onnx"
    app = open_page("faces", upload=labelled.id)
    app.selectbox(key="encoder").set_value("onnx").run()
    assert "needs its weights" in html(app)
    assert "FaceNet above" in html(app)
    app.text_input(key="weights path").set_value(str(model))
    app.selectbox(key="scale").set_value("from −1 to 1")
    app.selectbox(key="colours").set_value("blue first (BGR)")
    app.selectbox(key="crop").set_value("the face with a margin")
    pills = next(one for one in app.get("button_group") if "what is left" in one.label)
    pills.set_value(["leace", "blindfold"]).run()
    _button(app, "Run").click().run()  # type: ignore[attr-defined]
    assert not app.exception
    (run,) = runs.listing()
    config = run.config()
    assert [one.kind for one in config.suppressors] == ["blindfold", "leace"]
    told = config.encoder
    assert (told.kind, told.weights, told.color, told.align) == (
        "onnx", str(model), "bgr", "margin",
    )  # fmt: skip
    assert (told.mean, told.std) == ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


def test_what_nobody_chose_is_left_to_the_defaults(
    open_page: Open, labelled: uploads.Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "local", lambda: True)
    app = open_page("faces", upload=labelled.id)
    app.selectbox(key="encoder").set_value("onnx").run()
    app.text_input(key="weights path").set_value("model.onnx").run()
    _button(app, "Run").click().run()  # type: ignore[attr-defined]
    (run,) = runs.listing()
    assert run.config().encoder.model_fields_set == {"kind", "weights"}
    assert run.config().suppressors == ()


def test_the_column_of_who_is_who_goes_by_its_own_name(open_page: Open) -> None:
    listed = b"file,person,mood\na.png,1,calm\nb.png,2,glad\n"
    sent = [Sent("a.png", picture(1)), Sent("b.png", picture(2)), Sent("metadata.csv", listed)]
    upload = uploads.save(sent, None, 10**7)
    app = open_page("faces", upload=upload.id)
    column = app.selectbox(key="identity column")
    assert column.options[0] == "person"
    assert column.value == "subject_id"
    assert "person" not in column.options[1:]

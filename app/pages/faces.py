"""Faces: where they come from, what they hold, which encoder reads them, and Run."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app import audit_choices, drawn, grid, jobs, kept, look, people, session, sheet, uploads, words
from app.reading import Chosen, columns, folder, read
from core import run as runs
from core.errors import BlindfoldError
from core.faces.faceset import FaceSet
from core.faces.presets import CHOICES, PRESETS
from core.retention import kept_for

PATH = "A path on this computer"
SOURCES = ("Upload", PATH, "A public set")


def main() -> None:
    """Draw the page."""
    st.title("Faces", anchor=False)
    look.put(
        f"Faces are personal data. Nothing leaves {session.place()}; what a camera noted (EXIF) is "
        "not kept in any picture that is shown. Uploads lie in one private folder each and are "
        f"deleted after {kept_for()}, or now.",
        "lead",
    )
    try:
        chosen = _source()
        if chosen is not None:
            _set(chosen)
        else:
            drawn.example()
    except BlindfoldError as error:
        look.alarm(str(error))
    look.gap()
    look.aside(words.EU_LINE)


def _source() -> Chosen | None:
    options = [s for s in SOURCES if session.local() or s != PATH]
    where = st.segmented_control(
        "Where they are", options, default="Upload", required=True, key="from", bind="query-params"
    )
    if where == "A public set":
        return _public()
    if where == PATH and session.local():
        return _path()
    return _upload()


def _upload() -> Chosen | None:
    gone = st.session_state.pop("deleted", None)
    if gone is not None:
        look.put(words.deleted(*gone), "prose")
    asked = st.query_params.get("upload") or st.session_state.get("upload")
    found = None if asked is None else uploads.find(asked, session.owner())
    if found is None:
        if "upload" in st.query_params:
            del st.query_params["upload"]
            if gone is None:
                look.put(words.NO_SUCH_UPLOAD, "m")
        _uploader()
        return None
    st.query_params["upload"] = found.id
    st.session_state["upload"] = found.id
    _delete(found)
    return Chosen(found.path, found.vectors, uploads=found.folder, left_out=found.problems)


def _delete(found: uploads.Upload) -> None:
    """What lies here and for how long, and the button that ends it now."""
    made = jobs.made_from(found.folder, session.owner())
    audits = look.count(len(made), "audit", "audits")
    left, right = st.columns([4, 1], vertical_alignment="center")
    with left:
        count = look.count(uploads.count(found), "file", "files")
        look.put(
            look.join(look.bold(count), " in a private folder, to be deleted on "
                      f"{jobs.day(found.expires)}."), "m",
        )  # fmt: skip
        also = bool(made) and st.checkbox(f"Delete now the {audits} made from it, too", key="also")
    with right:
        pressed = st.button("Delete now", width="stretch", help=kept.stays())
    if not pressed:
        return
    doomed = made if also else []
    folders = [found.folder, *(run.path for run in doomed)]
    before = sum(map(jobs.files_in, folders))
    for run in doomed:
        runs.delete(run)
    uploads.delete(found)
    what = f"the upload and {audits}" if doomed else "the upload"
    st.session_state["deleted"] = (what, before, sum(map(jobs.files_in, folders)))
    for name in ("upload", "read", "inspected"):
        st.session_state.pop(name, None)
    del st.query_params["upload"]
    st.rerun()


def _uploader() -> None:
    limit = int(st.get_option("server.maxUploadSize"))
    files = st.file_uploader(
        "A zip of faces, pictures with or without metadata.csv, or vectors (.parquet, .npz, .csv)",
        type=[end[1:] for end in (".zip", *uploads.PICTURES, *uploads.VECTORS, *uploads.TABLES)],
        accept_multiple_files=True,
        key=f"files-{st.session_state.get('uploads made', 0)}",
    )
    look.put(
        "In a zip: one folder a class, or any tree with a metadata.csv: a column for the file (as "
        "file_name), one for the person (as subject_id), and one for each label. At most "
        f"{limit:,} MB.",
        "m small",
    )
    if files and st.button("Read these files", type="primary"):
        saved = uploads.save(files, session.owner(), limit * 2**20)
        # Another key empties the widget, and with it the copy in the server's memory.
        st.session_state["uploads made"] = st.session_state.get("uploads made", 0) + 1
        st.session_state["upload"] = saved.id
        st.rerun()


def _path() -> Chosen | None:
    given = st.text_input(
        "A folder, a .zip, a manifest (.csv, .parquet), or vectors",
        key="path",
        placeholder="/home/me/faces",
    )
    left, right = st.columns(2)
    with left:
        preset = st.selectbox("Laid out as", [c for c in CHOICES if c != "synthetic"], key="preset")
    with right:
        kind = st.segmented_control(
            "It holds", ["pictures", "vectors"], default="pictures", required=True, key="holds"
        )
    if not given:
        return None
    return Chosen(Path(given).expanduser(), kind == "vectors", preset)


def _public() -> Chosen | None:
    how = f"choose it under “{PATH}”" if session.local() else "upload it"
    look.put(
        "None of these is downloaded for you: get it from its source under its terms, then "
        f"{how}. The synthetic set is drawn here.",
        "m prose",
    )
    rows = [
        (look.bold(preset.title), preset.source, look.muted(preset.licence), look.muted(preset.key))
        for preset in PRESETS.values()
    ]
    look.table(
        (("set", ""), ("where to get it", "break"), ("terms", ""), ("laid out as", "wide")), rows
    )
    look.gap("small")
    if st.toggle("Use the synthetic set, drawn here", key="synthetic"):
        return Chosen(None, preset="synthetic")
    return None


def _set(chosen: Chosen) -> None:
    subject, aligned = audit_choices.identity_and_alignment(chosen.vectors)
    try:
        found = read(chosen, subject, aligned)
    except BlindfoldError:
        # The wish for another column may be what went wrong: the next run starts from the default.
        st.session_state.pop("identity column", None)
        raise
    sheet.summary(found, chosen.key, chosen.left_out)
    audit_choices.identity_column(*columns(found, chosen), chosen.vectors)
    if isinstance(found, FaceSet):
        sheet.contact_sheet(found, chosen.key)
        if folder(found) is not None and chosen.uploads is not None:
            _by_hand(found, chosen)
    look.gap()
    look.heading("Audit", "Slow work starts with Run and goes on when this tab is closed.")
    settings = audit_choices.audit_settings(chosen, found, subject, aligned)
    if not found.has_subjects:
        look.aside(
            look.bold("Nobody said who is who."),
            " Without identities no split can keep people apart, and figures would flatter. Name "
            "the identity column, or mark who is the same person above.",
        )
    elif settings is not None and st.button("Run", type="primary", key="run-audit"):
        run = jobs.start(settings, session.owner(), uploads=chosen.uploads)
        st.switch_page("app/pages/leakage.py", query_params={"run": run.id})


def _by_hand(found: FaceSet, chosen: Chosen) -> None:
    look.gap("small")
    # Not expanders: what they hide still listens to the number keys.
    if st.toggle("Label by hand", not found.labels, key=f"label {chosen.key}"):
        grid.labelling_grid(found, chosen.key)
        look.gap("small")
    if st.toggle("Say who is the same person", not found.has_subjects, key=f"who {chosen.key}"):
        people.same_person(found, chosen, chosen.key)


main()

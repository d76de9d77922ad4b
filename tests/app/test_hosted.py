"""Sign-in: who owns what, who gets in, and that every doubt keeps the door shut."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import streamlit as st
from fixtures import Maker, Sent, html, picture
from streamlit import config
from streamlit.runtime.secrets import Secrets
from streamlit.testing.v1 import AppTest

from app import kept, session, signed_in, uploads, words
from core import run as runs
from core.config import config_from
from core.run_status import RunStatus, write_status

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "app/pages").glob("*.py"))
ISSUER = "https://id.example"
AUTH = {
    "redirect_uri": "https://audit.example/oauth2callback",
    "cookie_secret": "s" * 40,
    "client_id": "blindfold",
    "client_secret": "told to nobody",
    "server_metadata_url": f"{ISSUER}/.well-known/openid-configuration",
}
ADA, BOB = (signed_in.owner_of(ISSUER, subject) for subject in ("ada", "bob"))


def claims(subject: str = "ada", **changed: Any) -> dict[str, Any]:
    """What Streamlit tells of somebody who signed in a minute ago."""
    told = {"is_logged_in": True, "iss": ISSUER, "sub": subject, "iat": time.time() - 60,
            "name": subject.capitalize(), "email": "shared@example.org"}  # fmt: skip
    return {**told, **changed}


@pytest.fixture(autouse=True)
def _authlib(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here asks a provider: the rules hold whether or not the client of one is there."""
    monkeypatch.setattr(signed_in, "find_spec", lambda name: name)


def _secrets(monkeypatch: pytest.MonkeyPatch, **told: Any) -> None:
    kept_there = Secrets()
    kept_there._secrets = told
    monkeypatch.setattr(st, "secrets", kept_there)


def _user(monkeypatch: pytest.MonkeyPatch, told: dict[str, Any]) -> None:
    monkeypatch.setattr(st, "user", SimpleNamespace(to_dict=lambda: told))


# -- owners ----------------------------------------------------------------------------------


def test_an_owner_is_an_account_of_a_provider_and_nothing_else() -> None:
    owners = [signed_in.owner_of(*one) for one in (
        (ISSUER, "ada"), (ISSUER, "bob"), ("https://other.example", "ada"), (f"{ISSUER}a", "da"),
        (f'{ISSUER}", "ada', ""),
    )]  # fmt: skip
    assert len(set(owners)) == len(owners)
    assert signed_in.owner_of(ISSUER, "ada") == owners[0]
    assert all(len(owner) == 64 and set(owner) <= set("0123456789abcdef") for owner in owners)


def test_the_owner_outlives_a_new_name_and_a_new_address(monkeypatch: pytest.MonkeyPatch) -> None:
    _user(monkeypatch, claims())
    before = signed_in.person()
    _user(monkeypatch, claims(name="Ada L.", email="ada@example.org", iat=time.time()))
    after = signed_in.person()
    assert before is not None
    assert after is not None
    assert before.owner == after.owner == ADA
    _user(monkeypatch, claims("bob", name="Ada"))  # the same address, the same name
    assert signed_in.person() == signed_in.Person(BOB, "Ada")


NOBODY: dict[str, dict[str, Any]] = {
    "no claims": {},
    "signed out": claims(is_logged_in=False),
    "signed in as text": claims(is_logged_in="true"),
    "an empty issuer": claims(iss=""),
    "no issuer": claims(iss=None),
    "a blank subject": claims(sub=" "),
    "a subject that is no text": claims(sub=7),
    "no time": claims(iat=None),
    "a time that is text": claims(iat="now"),
    "too long ago": claims(iat=time.time() - signed_in.LASTS_SECONDS - 60),
    "yet to come": claims(iat=time.time() + signed_in.CLOCKS_SECONDS + 86_400),
    "no number": claims(iat=float("nan")),
}


@pytest.mark.parametrize("told", NOBODY.values(), ids=NOBODY)
def test_whoever_is_not_told_for_sure_is_nobody(
    monkeypatch: pytest.MonkeyPatch, told: dict[str, Any]
) -> None:
    _user(monkeypatch, told)
    assert signed_in.person() is None


# -- the door --------------------------------------------------------------------------------


def test_without_auth_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    _secrets(monkeypatch, bucket={"key": "of something else"})
    assert not signed_in.required()
    assert signed_in.inside()


def test_with_auth_even_this_computer_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy makes everybody come from this computer."""
    _secrets(monkeypatch, auth=AUTH)
    assert signed_in.required()
    assert not session.alone()
    _user(monkeypatch, {})
    assert not signed_in.inside()
    with pytest.raises(PermissionError):
        session.owner()
    _user(monkeypatch, claims())
    assert signed_in.inside()
    assert session.owner() == ADA
    assert not session.local()


def test_hosted_without_secrets_is_locked(monkeypatch: pytest.MonkeyPatch) -> None:
    _secrets(monkeypatch)
    monkeypatch.setenv(signed_in.HOSTED, "1")
    _user(monkeypatch, claims())
    assert signed_in.required()
    assert "no [auth]" in (signed_in.problem() or "")
    assert not signed_in.inside()


@pytest.mark.parametrize("text", [b"[auth", b"\xff\xfe"], ids=["half a line", "no text"])
def test_secrets_that_cannot_be_read_lock_the_server(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: bytes
) -> None:
    file = tmp_path / "secrets.toml"
    file.write_bytes(text)
    before = config.get_option

    def get_option(name: str) -> Any:
        return [str(file)] if name == "secrets.files" else before(name)

    for place in (st, config):
        monkeypatch.setattr(place, "get_option", get_option)
    monkeypatch.setattr(st, "secrets", Secrets())
    _user(monkeypatch, claims())
    assert signed_in.required()
    assert "cannot be read" in (signed_in.problem() or "")
    assert not signed_in.inside()


@pytest.mark.parametrize(
    ("auth", "said"),
    [
        ({**AUTH, "cookie_secret": "xxx"}, "cookie_secret"),
        ({name: AUTH[name] for name in ("redirect_uri", "cookie_secret")}, "no provider"),
    ],
)
def test_half_a_setup_lets_nobody_in(
    monkeypatch: pytest.MonkeyPatch, auth: dict[str, str], said: str
) -> None:
    _secrets(monkeypatch, auth=auth)
    _user(monkeypatch, claims())
    assert said in (signed_in.problem() or "")
    assert not signed_in.inside()


def test_without_the_client_library_nobody_gets_in(monkeypatch: pytest.MonkeyPatch) -> None:
    _secrets(monkeypatch, auth=AUTH)
    monkeypatch.setattr(signed_in, "find_spec", lambda name: None)
    assert "Authlib" in (signed_in.problem() or "")


def test_each_provider_has_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    _secrets(monkeypatch, auth=AUTH)
    assert signed_in.providers() == [None]
    shared = {name: AUTH[name] for name in ("redirect_uri", "cookie_secret")}
    _secrets(monkeypatch, auth={**shared, "work": AUTH, "school": AUTH})
    assert signed_in.providers() == ["work", "school"]


# -- pages -----------------------------------------------------------------------------------


def _open(page: str, told: dict[str, Any] | None, **query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60)
    app.secrets["auth"] = dict(AUTH)
    app.user = {"is_logged_in": False} if told is None else told
    for name, value in query.items():
        app.query_params[name] = value
    return app.switch_page(page).run()


def _owned(make: Maker, owner: str, name: str) -> runs.Run:
    """A finished run of `owner`, with made-up figures."""
    run = make(name)
    meta = run.path / "meta.json"
    meta.write_text(meta.read_text().replace('"owner": null', f'"owner": "{owner}"'))
    return runs.open_run(run.path)


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_shown_before_the_sign_in(make: Maker, page: str) -> None:
    run = _owned(make, ADA, "ada's faces")
    app = _open(page, None, run=run.id)
    assert not app.exception
    assert [one.value for one in app.title] == ["Sign in"]
    assert [one.label for one in app.button] == ["Sign in"]
    assert "ada" not in html(app)
    assert len(runs.listing()) == 1, "no demonstration is started for nobody"


def test_it_says_who_is_signed_in_and_offers_to_sign_out(make: Maker) -> None:
    run = _owned(make, ADA, "ada's faces")
    app = _open("app/pages/leakage.py", claims(), run=run.id)
    assert not app.exception
    assert "Signed in as <b>Ada</b>" in html(app)
    assert "Sign out" in [one.label for one in app.button]
    assert "ada&#x27;s faces" in html(app)


def test_a_hostile_name_is_text(make: Maker) -> None:
    _owned(make, ADA, "ada's faces")
    app = _open("app/pages/leakage.py", claims(name="<script>alert(1)</script>"))
    assert "<script>alert" not in html(app)


@pytest.mark.parametrize("page", [page for page in PAGES if "faces" not in page])
def test_another_persons_audit_reads_as_none(make: Maker, page: str) -> None:
    run = _owned(make, ADA, "ada's faces")
    _owned(make, BOB, "synthetic demonstration")

    def told(asked: str) -> str:
        app = _open(page, claims("bob"), run=asked, first=asked)
        assert not app.exception
        return html(app)

    theirs, unknown = told(run.id), told("f" * 32)
    assert "ada" not in theirs
    assert theirs.replace(run.id, "") == unknown.replace("f" * 32, "")
    if "overview" not in page:
        assert words.NO_SUCH_RUN.split(":")[0] in theirs


def test_what_nobody_owns_is_shown_to_nobody(make: Maker) -> None:
    """Audits of the command line, on a server where people sign in."""
    run = make("of the command line")
    shown = html(_open("app/pages/leakage.py", claims(), run=run.id))
    assert words.NO_SUCH_RUN.split(":")[0] in shown
    assert "of the command line" not in shown


def test_another_persons_upload_reads_as_none() -> None:
    hers = uploads.save([Sent("ada.png", picture(1))], ADA, 10**7)

    def told(asked: str) -> str:
        return html(_open("app/pages/faces.py", claims("bob"), upload=asked))

    assert words.NO_SUCH_UPLOAD.split(":")[0] in told(hers.id)
    assert told(hers.id) == told("f" * 32)
    assert "ada.png" not in told(hers.id)
    assert "to be deleted on" in html(_open("app/pages/faces.py", claims(), upload=hers.id))


def test_a_hosted_server_reads_no_folder_that_a_visitor_names(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(picture(1))
    app = _open("app/pages/faces.py", claims(), **{"from": "A path on this computer"})
    app.session_state["from"] = "A path on this computer"
    app.session_state["path"] = str(tmp_path)
    app.run()
    assert "secret" not in html(app)
    assert "path" not in [one.key for one in app.text_input]


def test_an_audit_shows_the_date_on_which_it_goes(make: Maker) -> None:
    run = _owned(make, ADA, "ada's faces")
    write_status(run.path, RunStatus(state="done"))
    app = _open("app/pages/leakage.py", claims(), run=run.id)
    assert "to be deleted on" in html(app)


def test_delete_everything_says_what_everything_is(
    make: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(kept.SHARED, "memory://far")
    run = _owned(make, ADA, "ada's faces")
    his = _owned(make, BOB, "bob's")
    app = _open("app/pages/report.py", claims(), run=run.id)
    next(one for one in app.button if one.key == "ask-all").click().run()
    shown = html(app)
    assert "in whatever browser" in shown
    assert "shared with other machines, and stays" in shown
    assert "by itself 7 days after" in shown
    app.checkbox(key="sure").check().run()
    next(one for one in app.button if one.key == "delete-everything").click().run()
    assert not app.exception
    assert not run.path.exists()
    assert his.path.exists()


def test_an_encoder_goes_with_the_last_person_who_used_it(home: Path) -> None:
    from app.reports import delete_everything

    (home / "encoders").mkdir()
    own, both = (home / "encoders" / f"{digit * 64}.onnx" for digit in "ab")
    for owner, files in ((ADA, (own, both)), (BOB, (both,))):
        for file in files:
            file.write_bytes(b"onnx")
            asked = {"encoder": {"kind": "onnx", "weights": str(file)}}
            runs.create(config_from(asked), base=home, owner=owner)
    delete_everything(ADA)
    assert not own.exists()
    assert both.exists()
    delete_everything(BOB)
    assert not both.exists()


# -- open to others, without sign-in -----------------------------------------------------------


def test_a_server_that_asks_nobody_says_so(make: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    make()
    monkeypatch.setattr(session, "local", lambda: False)
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60)
    app.switch_page("app/pages/faces.py").run()
    assert not app.exception
    assert "asks nobody to sign in" in html(app)
    assert "cannot be named from here" in html(app)


def test_a_term_that_is_no_age_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLINDFOLD_KEEP", "a while")
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60).run()
    assert not app.exception
    assert "BLINDFOLD_KEEP" in html(app)

"""Two people on one server, signed in by OpenID Connect: neither finds anything of the other.

Each page, link and endpoint is tried with the other's ids, by a real browser or by requests that
carry the other's cookies. The provider is `oidc.py`, and all figures are MADE UP.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("authlib", reason="signing in needs Authlib")

from fixtures import Sent, picture
from itsdangerous import URLSafeTimedSerializer
from oidc import CLIENT, COOKIE, SECRET, Provider, provider
from serving import finished, serving

from app.signed_in import LASTS_SECONDS, owner_of

pytestmark = pytest.mark.e2e

COOKIE_SECRET = "only for this test, and long enough"
RUNS = (
    "leakage", "compare", "verification", "ablation", "projections", "looking", "fairness",
    "action_units", "anonymity", "report",
)  # fmt: skip
"""Pages about one run, by their addresses."""
NO_RUN, NO_UPLOAD = "There is no audit under this link", "There is no upload under this link"
UNKNOWN = "f" * 32
WIDE = {"width": 1280, "height": 900}
AT_REST = "[data-testid=stApp][data-test-script-state=notRunning]"
QUIET_SECONDS = 4
"""Charts are drawn a moment after their page has come to rest."""


@dataclass
class Hosted:
    """A server that asks who is there: its address, its provider, and what each person has."""

    url: str
    provider: Provider
    home: Path
    runs: dict[str, str]
    uploads: dict[str, str]


@pytest.fixture(scope="module")
def hosted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosted]:
    """The server, with an audit, a demonstration and an upload of each person."""
    home = tmp_path_factory.mktemp("hosted")
    with provider() as signs:
        runs, uploads = {}, {}
        for who in ("ada", "bob"):
            owner = owner_of(signs.issuer, f"subject of {who}")
            finished(home, "synthetic demonstration", owner)
            runs[who] = finished(home, f"faces of {who}", owner)
            uploads[who] = _upload(home, who, owner)
        options = ("--secrets.files", str(_secrets(home, signs)))
        with serving(home, *options, NO_PROXY="localhost") as url:
            yield Hosted(url, signs, home, runs, uploads)


def _secrets(home: Path, signs: Provider) -> Path:
    file = home / "secrets.toml"
    told = {
        "redirect_uri": "http://localhost:{port}/oauth2callback", "cookie_secret": COOKIE_SECRET,
        "client_id": CLIENT, "client_secret": SECRET,
        "server_metadata_url": f"{signs.issuer}/.well-known/openid-configuration",
    }  # fmt: skip
    lines = [f"{name} = {json.dumps(value)}" for name, value in told.items()]
    file.write_text("\n".join(("[auth]", *lines)), encoding="utf-8")
    return file


def _upload(home: Path, who: str, owner: str) -> str:
    from app import uploads

    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("BLINDFOLD_CACHE", str(home))
        return uploads.save([Sent(f"portrait of {who}.png", picture(1))], owner, 10**7).id


@pytest.fixture(scope="module")
def people(hosted: Hosted, browser: Any) -> Iterator[dict[str, Any]]:
    """A browser of their own for each person, in which they have signed in at the provider."""
    contexts = {}
    for who in ("ada", "bob"):
        contexts[who] = browser.new_context(viewport=WIDE)
        cookie = {"name": COOKIE, "value": who, "url": hosted.provider.issuer}
        contexts[who].add_cookies([cookie])
        page = contexts[who].new_page()
        page.goto(hosted.url)
        page.get_by_role("button", name="Sign in").click(timeout=60_000)
        page.get_by_text(f"Signed in as {who.capitalize()}").wait_for(timeout=60_000)
        page.close()
    yield contexts
    for context in contexts.values():
        context.close()


@pytest.fixture
def ada(people: dict[str, Any]) -> Iterator[Any]:
    """A page of Ada's browser."""
    yield from _page(people["ada"])


@pytest.fixture
def bob(people: dict[str, Any]) -> Iterator[Any]:
    """A page of Bob's browser."""
    yield from _page(people["bob"])


def _page(context: Any) -> Iterator[Any]:
    page = context.new_page()
    page.set_default_timeout(60_000)
    yield page
    page.close()


@pytest.fixture
def stranger(browser: Any) -> Iterator[Any]:
    """A browser in which nobody signed in."""
    context = browser.new_context(viewport=WIDE)
    yield context
    context.close()


def _shown(page: Any, address: str, words: str) -> str:
    """What stands on the page at `address` once it shows `words`."""
    page.goto(address)
    page.get_by_text(words).first.wait_for()
    return str(page.locator("[data-testid=stApp]").inner_text())


# -- before the sign-in ------------------------------------------------------------------------


def test_nothing_is_shown_before_the_sign_in(hosted: Hosted, stranger: Any) -> None:
    page = stranger.new_page()
    page.set_default_timeout(60_000)
    own = f"run={hosted.runs['ada']}"
    addresses = ["", f"faces?upload={hosted.uploads['ada']}", f"audits?first={hosted.runs['ada']}"]
    for address in [*addresses, *(f"{name}?{own}" for name in RUNS)]:
        told = _shown(page, f"{hosted.url}/{address}", "it shows nothing before you sign in")
        assert "ada" not in told.lower(), address
        assert "Leakage" not in told, address
    assert page.locator("[data-testid=stSidebarNavLink]").count() == 0


def _signed(payload: dict[str, Any], secret: str) -> str:
    """A cookie as Streamlit makes it when somebody has signed in."""
    serializer = URLSafeTimedSerializer(secret, salt="_streamlit_user")
    return str(serializer.dumps(json.dumps(payload)))


@pytest.mark.parametrize(
    ("what", "secret", "age"),
    [
        ("forged", "a secret that somebody made up", 60),
        ("over", COOKIE_SECRET, LASTS_SECONDS + 60),
        ("good", COOKIE_SECRET, 60),
    ],
)
def test_a_cookie_counts_where_the_server_signed_it_and_not_for_ever(
    hosted: Hosted, stranger: Any, what: str, secret: str, age: float
) -> None:
    payload = {
        "iss": hosted.provider.issuer, "sub": "subject of ada", "name": "Ada",
        "iat": int(time.time() - age), "origin": hosted.url, "is_logged_in": True,
        "provider": "default",
    }  # fmt: skip
    value = _signed(payload, secret)
    stranger.add_cookies([{"name": "_streamlit_user", "value": value, "url": hosted.url}])
    page = stranger.new_page()
    page.set_default_timeout(60_000)
    words = "faces of ada" if what == "good" else "it shows nothing before you sign in"
    told = _shown(page, f"{hosted.url}/leakage?run={hosted.runs['ada']}", words)
    assert ("faces of ada" in told) is (what == "good")


# -- each other's things -----------------------------------------------------------------------


def test_each_sees_their_own(hosted: Hosted, ada: Any, bob: Any) -> None:
    for page, who, other in ((ada, "ada", "bob"), (bob, "bob", "ada")):
        told = _shown(page, hosted.url, f"faces of {who}")
        page.get_by_text(f"Signed in as {who.capitalize()}").wait_for()
        page.get_by_test_id("stSidebarNavLink").filter(has_text="Report").wait_for()
        assert f"faces of {other}" not in told
        told = _shown(page, f"{hosted.url}/leakage?run={hosted.runs[who]}", "to be deleted on")
        assert f"faces of {who}" in told


def test_a_link_to_the_others_audit_reads_as_one_to_none(hosted: Hosted, bob: Any) -> None:
    asked = [f"{name}?run={{}}" for name in RUNS]
    for address in [*asked, "audits?first={0}&second={0}", "audits?second={}"]:
        told = _shown(bob, f"{hosted.url}/{address.format(hosted.runs['ada'])}", NO_RUN)
        assert "faces of ada" not in told, address
        assert "faces of ada" not in bob.content(), address
        assert hosted.runs["ada"] not in bob.content(), address


def test_the_words_are_those_of_an_id_that_nobody_has(hosted: Hosted, bob: Any) -> None:
    for address, ids, words, last in (
        ("leakage?run={}", hosted.runs, NO_RUN, "Delete this audit"),
        ("faces?upload={}", hosted.uploads, NO_UPLOAD, "In the EU, inferring emotions"),
    ):
        told = [
            _settled(bob, f"{hosted.url}/{address.format(asked)}", words, last)
            for asked in (ids["ada"], UNKNOWN)
        ]
        assert told[0] == told[1]
        assert "of ada" not in told[0]


def _settled(page: Any, address: str, words: str, last: str) -> str:
    """What stands on a page once its `last` words are there and it changes no more."""
    told = _shown(page, address, words)
    page.get_by_text(last).first.wait_for()
    page.locator(AT_REST).wait_for()
    same = 0
    for _ in range(40):
        page.wait_for_timeout(1000)
        again = str(page.locator("[data-testid=stApp]").inner_text())
        same = same + 1 if again == told else 0
        if same == QUIET_SECONDS:
            return told
        told = again
    raise AssertionError("the page never settled")


def test_no_folder_of_the_server_can_be_named(hosted: Hosted, bob: Any) -> None:
    address = f"{hosted.url}/faces?from=A+path+on+this+computer&path={hosted.home}"
    told = _shown(bob, address, "Nothing leaves this server")
    assert "A path on this computer" not in told
    assert bob.get_by_label("A folder, a .zip").count() == 0


# -- endpoints ---------------------------------------------------------------------------------


def test_a_download_has_a_name_that_only_its_content_gives(
    hosted: Hosted, ada: Any, bob: Any
) -> None:
    """Streamlit asks nobody who they are under /media/: whoever has the whole link has the file."""
    ada.goto(f"{hosted.url}/report?run={hosted.runs['ada']}")
    with ada.expect_download() as begun:
        ada.get_by_role("button", name="All tables").click()
    link = begun.value.url
    name = re.fullmatch(rf"{hosted.url}/media/([0-9a-f]{{32}})\.zip", link)
    assert name is not None, "128 bits of a digest of the content"
    assert bob.request.get(link).ok, "what docs/security.md says"
    other = f"{int(name[1], 16) ^ 1:032x}"
    assert bob.request.get(f"{hosted.url}/media/{other}.zip").status == 404
    assert bob.request.get(f"{hosted.url}/media/").status == 404
    told = _shown(bob, f"{hosted.url}/report?run={hosted.runs['ada']}", NO_RUN)
    assert name[1] not in told + bob.content()


def test_what_is_being_uploaded_cannot_be_read(hosted: Hosted, ada: Any, bob: Any) -> None:
    sent: list[str] = []
    ada.on("request", lambda one: one.method == "PUT" and sent.append(one.url))
    ada.goto(f"{hosted.url}/faces")
    data = picture(3)
    file = {"name": "new.png", "mimeType": "image/png", "buffer": data}
    ada.locator("input[type=file]").first.set_input_files(file)
    ada.get_by_role("button", name="Read these files").wait_for()
    (link,) = sent
    assert re.search(r"/_stcore/upload_file/[0-9a-f-]{36}/[0-9a-f-]{36}$", link)
    assert data not in bob.request.get(link).body()
    assert bob.request.put(link, multipart={"file": file}).status == 403, "no XSRF token"
    assert bob.request.delete(link).status == 403
    nobodys = link.replace(link.split("/")[-2], "00000000-0000-4000-8000-000000000000")
    token = next(c["value"] for c in bob.context.cookies() if c["name"] == "_streamlit_xsrf")
    headers = {"X-Xsrftoken": token}
    assert bob.request.put(nobodys, headers=headers, multipart={"file": file}).status == 400


@pytest.mark.parametrize(
    "place",
    [
        "component/../secrets.toml", "component/linked/..%2f..%2fsecrets.toml",
        "_stcore/bidi-components/blindfold-linked-maps/..%2f..%2fstreamlit_app.py",
        "app/static/..%2f..%2fsecrets.toml", "media/..%2fsecrets.toml",
        "static/..%2f..%2fconfig.toml",
    ],
)  # fmt: skip
def test_no_endpoint_hands_out_files_of_the_server(hosted: Hosted, bob: Any, place: str) -> None:
    answer = bob.request.get(f"{hosted.url}/{place}")
    told = answer.text()
    assert COOKIE_SECRET not in told
    assert "st.navigation" not in told
    assert answer.status in (400, 403, 404) or "<!doctype html>" in told.lower()


def test_no_program_can_drive_the_pages(hosted: Hosted, bob: Any) -> None:
    for place in ("interact", "mcp"):
        answer = bob.request.post(f"{hosted.url}/_stcore/agent/{place}", data={})
        assert not answer.ok
        assert "faces of" not in answer.text()


# -- the end -----------------------------------------------------------------------------------


def test_deleting_everything_takes_ones_own_and_nothing_else(hosted: Hosted, ada: Any) -> None:
    ada.goto(f"{hosted.url}/report?run={hosted.runs['ada']}")
    ada.get_by_role("button", name="Delete everything").click()
    ada.get_by_text("in whatever browser").wait_for()
    ada.get_by_text("Everything, and I know").click()
    ada.get_by_role("button", name="Delete everything now").click()
    ada.get_by_text("0 are left").wait_for()
    assert not (hosted.home / "runs" / hosted.runs["ada"]).exists()
    assert not (hosted.home / "uploads" / hosted.uploads["ada"]).exists()
    assert (hosted.home / "runs" / hosted.runs["bob"]).exists()
    assert (hosted.home / "uploads" / hosted.uploads["bob"]).exists()


def test_signing_out_shuts_the_door(hosted: Hosted, bob: Any) -> None:
    _shown(bob, hosted.url, "faces of bob")
    bob.get_by_role("button", name="Sign out").click()
    bob.get_by_text("it shows nothing before you sign in").wait_for()
    told = _shown(bob, f"{hosted.url}/leakage?run={hosted.runs['bob']}", "before you sign in")
    assert "faces of bob" not in told

"""An OpenID Connect provider for tests: it asks for no password and believes a cookie.

It has what Streamlit's client needs and nothing more: discovery, an authorization endpoint that
sends the browser back at once, a token endpoint with PKCE (RFC 7636), and its public key.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "blindfold", "told-to-nobody"
COOKIE = "who"
"""Names, in the browser, the person as whom the provider answers."""


@dataclass
class Provider:
    """A running provider: its issuer, and the codes that it gave out and that nobody used yet."""

    issuer: str
    key: Any = field(
        default_factory=lambda: RSAKey.generate_key(2048, {"kid": "only", "use": "sig"})
    )
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def discovery(self) -> dict[str, Any]:
        """What a client learns first (OpenID Connect Discovery 1.0, section 3)."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        }

    def authorize(self, asked: dict[str, str], who: str) -> str:
        """Where the browser goes next, with a code that stands for `who`."""
        code = secrets.token_urlsafe(16)
        self.codes[code] = {**asked, "who": who}
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, asked: dict[str, str]) -> dict[str, Any] | None:
        """The tokens for a code, once; None where the client is not the one that it was for."""
        given = self.codes.pop(asked.get("code", ""), None)
        if given is None or _challenge(asked.get("code_verifier", "")) != given["code_challenge"]:
            return None
        now, who = int(time.time()), given["who"]
        claims = {
            "iss": self.issuer, "sub": f"subject of {who}", "aud": CLIENT, "iat": now,
            "exp": now + 3600, "nonce": given["nonce"], "name": who.capitalize(),
            "email": "one address for all@example.org",
        }  # fmt: skip
        signed = jwt.encode({"alg": "RS256", "kid": "only"}, claims, self.key)
        return {"token_type": "Bearer", "access_token": "unused", "id_token": signed,
                "expires_in": 3600}  # fmt: skip


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


@contextmanager
def provider() -> Iterator[Provider]:
    """A provider on a free port of this computer."""
    server = ThreadingHTTPServer(("localhost", 0), _Handler)
    told = Provider(f"http://localhost:{server.server_port}")
    server.told = told  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    @property
    def _provider(self) -> Provider:
        told: Provider = self.server.told  # type: ignore[attr-defined]
        return told

    def do_GET(self) -> None:
        """Discovery, the public key, and the way back to the client."""
        place = urlsplit(self.path)
        if place.path == "/.well-known/openid-configuration":
            self._answer(self._provider.discovery())
        elif place.path == "/keys":
            self._answer({"keys": [self._provider.key.as_dict(private=False)]})
        elif place.path == "/authorize":
            asked = {name: values[0] for name, values in parse_qs(place.query).items()}
            who = SimpleCookie(self.headers.get("Cookie", ""))[COOKIE].value
            self.send_response(302)
            self.send_header("Location", self._provider.authorize(asked, who))
            self.end_headers()
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        """Tokens for a code."""
        body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        asked = {name: values[0] for name, values in parse_qs(body).items()}
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        known = self.headers.get("Authorization") == f"Basic {basic}"
        tokens = self._provider.token(asked) if known else None
        if tokens is None:
            self.send_error(401)
        else:
            self._answer(tokens)

    def _answer(self, told: dict[str, Any]) -> None:
        data = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: what matters is asserted."""

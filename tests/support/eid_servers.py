"""Services of our own making: one that speaks the protocol of id.gov.ua, one that speaks OpenID Connect and lies."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

Answer = tuple[int, dict[str, str], dict[str, Any]]


class _Server:
    """Answers with what `answer` says; everything that was asked is in `asked`."""

    def __init__(self) -> None:
        self.address = ""
        self.asked: list[tuple[str, dict[str, str]]] = []

    def answer(self, path: str, fields: dict[str, str]) -> Answer:
        raise NotImplementedError


@contextmanager
def serving(service: _Server) -> Iterator[None]:
    """While it answers on a loopback port of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            fields = dict(parse_qsl(parts.query, keep_blank_values=True))
            if length := int(self.headers.get("content-length", 0)):
                fields |= dict(parse_qsl(self.rfile.read(length).decode(), keep_blank_values=True))
            service.asked.append((parts.path, fields))
            status, headers, told = service.answer(parts.path, fields)
            body = json.dumps(told).encode()
            self.send_response(status)
            for name, value in {"content-type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        service.address = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


class StateService(_Server):
    """id.gov.ua as its documentation has it: the start page sends whoever comes straight back, as `who`."""

    CLIENT, SECRET = "0123456789abcdef", "the state's own secret"

    def __init__(self) -> None:
        super().__init__()
        self.who: dict[str, Any] = {}
        self.error = ""
        self.encrypted = False
        self._codes: dict[str, str] = {}
        self._tokens: dict[str, tuple[str, str]] = {}

    def answer(self, path: str, fields: dict[str, str]) -> Answer:
        """As the real one does, errors with status 200 included."""
        if path == "/":
            return self._start(fields)
        if path == "/get-access-token":
            return self._token(fields)
        if path == "/get-user-info":
            token, user = self._tokens.get(fields["access_token"], ("", ""))
            if not token or fields["user_id"] != user:
                return 200, {}, {"error": 2, "message": "wrong token"}
            if self.encrypted:
                return 200, {}, {"encryptedUserInfo": "MIIB", "error": 0, "message": ""}
            wanted = set(fields["fields"].split(","))
            return 200, {}, {name: value for name, value in self.who.items() if name in wanted or name == "auth_type"}
        return 404, {}, {}

    def _start(self, fields: dict[str, str]) -> Answer:
        assert fields["response_type"] == "code"
        assert fields["client_id"] == self.CLIENT
        back: dict[str, str] = {"state": fields["state"]}
        if self.error:
            back["error"] = self.error
        else:
            back["code"] = secrets.token_hex(8)
            self._codes[back["code"]] = fields["auth_type"]
        return 302, {"location": f"{fields['redirect_uri']}?{urlencode(back)}"}, {}

    def _token(self, fields: dict[str, str]) -> Answer:
        given = (fields["grant_type"], fields["client_id"], fields["client_secret"])
        if given != ("authorization_code", self.CLIENT, self.SECRET):
            return 200, {}, {"error": "invalid_client"}
        if self._codes.pop(fields["code"], None) is None:
            return 200, {}, {"error": "invalid_grant", "error_description": "the code was used"}
        token, user = secrets.token_hex(16), secrets.token_hex(4)  # another user_id at every visit
        self._tokens[token] = (token, user)
        return 200, {}, {"access_token": token, "token_type": "bearer", "expires_in": 3600, "user_id": user}


@dataclass
class Lies:
    """What the lying provider says otherwise than it should."""

    claims: dict[str, Any] = field(default_factory=dict)
    """In place of the token's own; None leaves one out."""
    key_of_another: bool = False
    algorithm: str = "ES256"
    issuer: str = ""
    """In the discovery document."""
    user_info: dict[str, Any] = field(default_factory=dict)
    token_status: int = 200


class LyingProvider(_Server):
    """OpenID Connect whose every word can be turned. `nonce` and `moment` are set by the test."""

    CLIENT = "vikno"

    def __init__(self) -> None:
        super().__init__()
        self.lies = Lies()
        self.nonce, self.moment = "", 0.0
        self._key, self._other = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))

    def answer(self, path: str, fields: dict[str, str]) -> Answer:
        """Discovery, keys, token, user-info."""
        if path == "/.well-known/openid-configuration":
            return 200, {}, {
                "issuer": self.lies.issuer or self.address,
                "authorization_endpoint": f"{self.address}/auth",
                "token_endpoint": f"{self.address}/token",
                "jwks_uri": f"{self.address}/keys",
                "userinfo_endpoint": f"{self.address}/me",
                "token_endpoint_auth_methods_supported": ["none"],
            }  # fmt: skip
        if path == "/keys":
            public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(self._key.public_key()))
            return 200, {}, {"keys": [{**public, "kid": "one", "use": "sig", "alg": "ES256"}]}
        if path == "/me":
            return 200, {}, {"sub": "anna", **self.lies.user_info}
        if path == "/token" and self.lies.token_status != 200:
            return self.lies.token_status, {}, {}
        return 200, {}, {"access_token": "t", "token_type": "Bearer", "id_token": self._token()}

    def _token(self) -> str:
        claims = {
            "iss": self.address, "sub": "anna", "aud": self.CLIENT, "nonce": self.nonce,
            "iat": self.moment, "exp": self.moment + 300,
        } | self.lies.claims  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        head = {"kid": "one"}
        if self.lies.algorithm == "none":
            return jwt.encode(claims, None, algorithm="none", headers=head)
        if self.lies.algorithm == "HS256":  # signed with what everybody knows
            public = json.dumps(jwt.algorithms.ECAlgorithm.to_jwk(self._key.public_key()))
            return jwt.encode(claims, public, algorithm="HS256", headers=head)
        key = self._other if self.lies.key_of_another else self._key
        return jwt.encode(claims, key, algorithm="ES256", headers=head)

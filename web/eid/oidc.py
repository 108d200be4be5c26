"""OpenID Connect: authorization code with PKCE, state and nonce; discovery; keys that may change at any time.

Sections are those of OpenID Connect Core 1.0. Signatures are checked by PyJWT; the times in the answer by us, because
what is the time is given to us.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import jwt

from lms.directory.eid import rules
from lms.directory.eid.provider import EidError, Identity, Journey, Returned
from web.eid.asking import Asker

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures with a key pair. Never `none`, and no HMAC: a public key must not pass for a shared secret."""
LEEWAY = timedelta(seconds=90)
"""By so much two clocks may differ."""
DISCOVERED_FOR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """What an administrator agrees with the provider. `claims` names the claims in which it tells more than usual."""

    key: str
    names: Mapping[str, str]
    issuer: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    scope: str = "openid profile email"
    claims: Mapping[str, str] = field(default_factory=dict)
    match_email: bool = False


@dataclass(frozen=True, slots=True)
class _Discovered:
    authorization: str
    token: str
    keys: str
    user_info: str
    says_issuer: bool
    by_header: bool
    until: datetime


class OidcProvider:
    """`lms.directory.eid.provider.Provider` for OpenID Connect."""

    def __init__(self, settings: OidcSettings, *, context: ssl.SSLContext | None = None) -> None:
        self._settings = settings
        self._asker = Asker(context=context)
        self._lock = threading.Lock()
        self._discovered: _Discovered | None = None
        self._keys: dict[str, jwt.PyJWK] = {}

    @property
    def key(self) -> str:
        """Its name in addresses."""
        return self._settings.key

    @property
    def names(self) -> Mapping[str, str]:
        """What stands on the button."""
        return self._settings.names

    @property
    def match_email(self) -> bool:
        """As the setting says."""
        return self._settings.match_email

    def begin(self, journey: Journey, now: datetime) -> str:
        """The authorization endpoint with our request (3.1.2.1)."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(journey.verifier.encode()).digest()).rstrip(b"=")
        asked = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": journey.redirect_uri,
            "scope": self._settings.scope,
            "state": journey.state,
            "nonce": journey.nonce,
            "code_challenge": challenge.decode(),
            "code_challenge_method": "S256",
        }
        endpoint = self._discover(now).authorization
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"

    def complete(self, returned: Returned, journey: Journey, now: datetime) -> Identity:
        """Exchange the code (3.1.3), check the token (3.1.3.7), ask for more (5.3)."""
        known = self._discover(now)
        if returned.issuer or known.says_issuer:
            self._same(returned.issuer, self._settings.issuer, "the way back names another issuer (RFC 9207)")
        answer = self._exchange(known, returned, journey)
        claims = self._check(known, str(answer.get("id_token", "")), journey, now)
        return self._identity(claims | self._more(known, answer, claims))

    def _discover(self, now: datetime) -> _Discovered:
        found = self._discovered
        if found is None or found.until <= now or found.until > now + DISCOVERED_FOR:
            found = self._discovered = self._read_discovery(now)
        return found

    def _read_discovery(self, now: datetime) -> _Discovered:
        issuer = self._settings.issuer
        told = self._asker.get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        self._same(told.get("issuer"), issuer, "its discovery document is of another issuer")
        ways = told.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        found = _Discovered(
            authorization=str(told.get("authorization_endpoint", "")),
            token=str(told.get("token_endpoint", "")),
            keys=str(told.get("jwks_uri", "")),
            user_info=str(told.get("userinfo_endpoint") or ""),
            says_issuer=told.get("authorization_response_iss_parameter_supported") is True,
            by_header="client_secret_basic" in ways,
            until=now + DISCOVERED_FOR,
        )
        for url in (found.authorization, found.token, found.keys, found.user_info or issuer):
            if not url.startswith("https://" if issuer.startswith("https://") else "http"):
                raise EidError("eid_answer", f"The discovery of {issuer} names no good address: {url[:200]!r}.")
        return found

    def _exchange(self, known: _Discovered, returned: Returned, journey: Journey) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": returned.code,
            "redirect_uri": journey.redirect_uri,
            "code_verifier": journey.verifier,
        }
        given = self._settings
        if given.client_secret and known.by_header:
            # RFC 6749, 2.3.1: both are form-encoded first.
            pair = "&".join(urlencode({"": part})[1:] for part in (given.client_id, given.client_secret))
            user, _, password = pair.partition("&")
            return self._asker.ask("POST", known.token, data=form, auth=(user, password))
        form["client_id"] = given.client_id
        if given.client_secret:
            form["client_secret"] = given.client_secret
        return self._asker.ask("POST", known.token, data=form)

    def _check(self, known: _Discovered, token: str, journey: Journey, now: datetime) -> dict[str, Any]:
        try:
            head = jwt.get_unverified_header(token)
            key = self._key(known, str(head.get("kid", "")))
            algorithm = str(head.get("alg"))
            if algorithm not in ALGORITHMS:
                raise EidError("eid_answer", f"The id_token is signed with {algorithm[:20]!r}, which we do not take.")
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=self._settings.client_id,
                issuer=self._settings.issuer,
                options={
                    "require": ["iss", "sub", "aud", "exp", "iat"],
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
        except jwt.PyJWTError as error:
            raise EidError("eid_answer", f"The id_token is not good: {type(error).__name__}.") from None
        self._same(claims.get("nonce"), journey.nonce, "the id_token has another nonce")
        if isinstance(claims["aud"], list) and len(claims["aud"]) > 1:
            self._same(claims.get("azp"), self._settings.client_id, "the id_token was made for another client (azp)")
        _check_times(claims, now)
        return claims

    def _key(self, known: _Discovered, kid: str) -> jwt.PyJWK:
        """The provider's key of this name. One that we do not know is asked for: they change theirs unannounced."""
        with self._lock:
            if kid not in self._keys:
                told = self._asker.get(known.keys)
                self._keys = _keys_in(told)
            found = self._keys.get(kid)
            if found is None and not kid and len(self._keys) == 1:
                (found,) = self._keys.values()
        if found is None:
            raise EidError("eid_answer", f"The id_token is signed with {kid[:60]!r}, which is no key of the provider.")
        return found

    def _more(self, known: _Discovered, answer: Mapping[str, Any], claims: Mapping[str, Any]) -> dict[str, Any]:
        """What only the user-info endpoint tells. Its `sub` must be the token's (5.3.2)."""
        token = answer.get("access_token")
        if not known.user_info or not isinstance(token, str):
            return {}
        told = self._asker.get(known.user_info, headers={"Authorization": f"Bearer {token}"})
        self._same(told.get("sub"), claims["sub"], "the user-info endpoint tells of somebody else")
        return {name: value for name, value in told.items() if name not in claims}

    def _identity(self, claims: Mapping[str, Any]) -> Identity:
        def told(name: str, usual: str = "") -> str:
            value = claims.get(self._settings.claims.get(name, usual))
            return value.strip()[:300] if isinstance(value, str) else ""

        subject = claims["sub"]
        if not isinstance(subject, str) or not 0 < len(subject) <= 255:
            raise EidError("eid_answer", "The provider names nobody (sub).")
        ways = claims.get("amr")
        return Identity(
            subject=subject,
            method=str(ways[0])[:32] if isinstance(ways, list) and ways else "",
            given_name=told("given_name", "given_name"),
            family_name=told("family_name", "family_name"),
            patronymic=told("patronymic", "middle_name"),
            email=told("email", "email"),
            email_verified=claims.get("email_verified") is True,
            tax_number=rules.tax_number(told("tax_number")),
        )

    def _same(self, told: object, expected: str, what: str) -> None:
        if not isinstance(told, str) or not hmac.compare_digest(told.encode(), expected.encode()):
            raise EidError("eid_answer", f"{self._settings.key}: {what}.")


def _keys_in(told: Mapping[str, Any]) -> dict[str, jwt.PyJWK]:
    """Keys for signatures, by name. One of a kind that we do not know is passed over."""
    found = {}
    for one in told.get("keys") or []:
        if not isinstance(one, dict) or one.get("use", "sig") != "sig" or one.get("kty") == "oct":
            continue
        try:
            found[str(one.get("kid", ""))] = jwt.PyJWK(one)
        except jwt.PyJWTError:
            continue
    return found


def _check_times(claims: Mapping[str, Any], now: datetime) -> None:
    """Whether the token is of now (3.1.3.7, 9 and 10)."""
    times = {name: claims[name] for name in ("exp", "iat", "nbf") if name in claims}
    if not all(isinstance(one, (int, float)) and not isinstance(one, bool) for one in times.values()):
        raise EidError("eid_answer", "The id_token's times are no numbers.")
    moment, leeway = now.timestamp(), LEEWAY.total_seconds()
    late = times["exp"] <= moment - leeway
    early = max(times["iat"], times.get("nbf", 0)) > moment + leeway
    if late or early:
        off = moment - (times["exp"] if late else times["iat"])
        raise EidError("eid_clock", f"The id_token is not of now: {off:+.0f} s. Look at the clocks.")

"""The verifier on tokens: credentials and status lists as JSON Web Tokens, and what their headers may ask for."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from lms.credentials import jose, moments
from lms.credentials.profiles import Profiles
from lms.credentials.trust import NobodyKnown
from lms.credentials.verdicts import Check, Name, State
from tests.lms.credentials import samples
from tests.lms.credentials.samples import NOW, Known, check


def test_a_token_changed_anywhere_is_noticed() -> None:
    header, body, signature = samples.token().split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    claims["name"] = "Доктор наук"
    other = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    assert check(f"{header}.{other}.{signature}").failed == Check(
        Name.SIGNATURE,
        False,
        "signature",
        "The signature does not fit: the token was changed, or another key signed it.",
    )
    none = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    unsigned = check(f"{none}.{body}.AA")
    assert (unsigned.state, unsigned.failed and unsigned.failed.code) == (State.NOT_GENUINE, "unsigned")


def test_a_token_whose_claims_say_otherwise_does_not_hold() -> None:
    credential = samples.signed()
    claims = {"iss": samples.ISSUER.id, "jti": credential["id"], "sub": credential["credentialSubject"]["id"]}
    right = claims | {"nbf": moments.numeric(credential["validFrom"])}
    assert check(jwt.encode(credential | right, samples.rsa(), "RS256", {"kid": samples.KID})).valid
    for wrong in (
        {"sub": "urn:uuid:0"},
        {"nbf": 1},
        {"jti": "urn:uuid:0"},
        {"exp": 4_000_000_000},
        {"iss": "https://x.example"},
    ):
        file = jwt.encode(credential | right | wrong, samples.rsa(), "RS256", {"kid": samples.KID})
        failed = check(file).failed
        assert failed is not None
        assert failed.name is Name.SIGNATURE
    assert not check(jwt.encode(credential | claims, samples.rsa(), "RS256", {"kid": samples.KID})).valid


@pytest.mark.parametrize(
    ("header", "code", "says"),
    [
        ({"alg": "EdDSA"}, "suite", "It is signed with 'EdDSA'"),
        ({"alg": "HS256"}, "suite", "It is signed with 'HS256'"),
        ({"crit": ["exp"], "exp": 1}, "header", "demands (crit)"),
        ({"crit": ["b64"], "b64": False}, "header", "demands (crit)"),
        ({"crit": []}, "header", "demands (crit)"),
        ({"jku": "https://vikno.example/keys"}, "header", "(jku), and nothing is fetched"),
        ({"x5u": "https://vikno.example/keys"}, "header", "(x5u), and nothing is fetched"),
    ],
)
def test_a_token_that_asks_for_what_is_not_done_here(header: dict[str, Any], code: str, says: str) -> None:
    """Signed by the right key all the same. RFC 7515 section 4.1.11; keys are never looked for where a token says."""
    file = token_with(header)
    for trust, state in ((Known(), State.UNSUPPORTED), (Known(records=State.NOT_GENUINE), State.NOT_GENUINE)):
        report = check(file, trust)
        assert report.failed is not None
        assert (report.state, report.genuine, report.failed.code) == (state, False, code)
        assert says in report.failed.says
    assert check(token_with({})).valid


def token_with(header: dict[str, Any], **claims: Any) -> str:
    """A token of ours with something more in its header or in its claims."""
    first, body, _ = samples.token().split(".")
    parts = [_unpacked(first) | header, _unpacked(body) | claims]
    signed = ".".join(_packed(json.dumps(part).encode()) for part in parts)
    return f"{signed}.{_packed(samples.rsa().sign(signed.encode(), PKCS1v15(), SHA256()))}"


def _unpacked(part: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=="))
    return found


def _packed(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def test_what_was_signed_later_than_now() -> None:
    """Five minutes are allowed for clocks that differ."""
    now = int(NOW.timestamp())
    for file in (token_with({}, iat=now), token_with({}, iat=now + 300), token_with({}, iat=now - 90_000_000.5)):
        assert check(file).valid
    embedded = samples.signed(samples.snapshot(valid_from="2026-11-20T09:00:00Z"))
    assert check(embedded, minutes=-5).valid
    for report in (check(token_with({}, iat=now + 301)), check(embedded, minutes=-6)):
        assert (report.state, report.genuine, report.failed and report.failed.code) == (
            State.NOT_YET,
            True,
            "signed_later",
        )
    for strange in ("today", True, None, -1, 1e15, [now]):
        report = check(token_with({}, iat=strange))
        assert (report.state, report.failed and report.failed.name) == (State.NOT_GENUINE, Name.SIGNATURE), strange


def test_when_a_token_was_signed_is_what_counts_of_its_key() -> None:
    ended = NOW - timedelta(days=1)  # it is valid since six days
    assert check(token_with({}), Known(expires_at=ended)).genuine
    report = check(token_with({}, iat=int(NOW.timestamp())), Known(expires_at=ended))
    assert (report.state, report.failed and report.failed.code) == (State.NOT_GENUINE, "key_expired")


def list_token(*revoked: int, **claims: Any) -> str:
    """A status list as those serve it who sign tokens only; a claim that is None is left out."""
    told = json.loads(samples.status_list(*revoked))
    del told["proof"]
    body = {name: value for name, value in (told | claims).items() if value is not None}
    return jwt.encode(body, samples.rsa(), "RS256", {"kid": samples.KID})


def test_a_status_list_that_is_a_token() -> None:
    iat = int(NOW.timestamp())
    for file in (samples.token(), json.dumps(samples.signed())):
        known = check(file, Known({samples.LIST: list_token(4710, iat=iat) + "\n"}))
        assert (known.state, known.checks[-1].says) == (
            State.VALID,
            "Its issuer has not revoked it, by the list of 2026-11-26T09:00:00Z.",
        )
        report = check(file, Known({samples.LIST: list_token(4711)}))
        assert (report.state, report.genuine) == (State.REVOKED, True)
    for claims, says in (
        ({"iss": "https://a.example"}, "Its claim 'iss' does not agree with the list inside."),
        ({"sub": "https://a.example"}, "Its claim 'sub' does not agree with the list inside."),
        ({"jti": "https://a.example"}, "Its claim 'jti' does not agree with the list inside."),
        ({"iat": "today"}, "Its claim 'iat' is no moment."),
        ({"exp": iat}, "The status list is out of date."),
        ({"nbf": iat + 400}, "The status list is not valid yet."),
        ({"iat": iat + 400}, "The status list is not valid yet."),
        ({"type": ["VerifiableCredential"]}, "is no status list."),
        ({"issuer": "https://a.example"}, "The status list comes from another issuer."),
        ({"id": "https://a.example"}, "is another list."),
    ):
        report = check(samples.token(), Known({samples.LIST: list_token(4711, **claims)}))
        assert report.failed is not None
        assert (report.state, says in report.failed.says) == (State.STATUS_UNKNOWN, True), report.failed.says
    header, body, signature = list_token(4711).split(".")
    forged = list_token().split(".")[1]
    for broken in (f"{header}.{forged}.{signature}", f"{header}.{body}", "eyJ.eyJ.x", ""):
        assert check(samples.token(), Known({samples.LIST: broken})).state is State.STATUS_UNKNOWN


def test_a_status_list_that_is_a_token_is_put_at_hand() -> None:
    jwk = jose.public_jwk(samples.rsa().public_key())
    profile = json.dumps({"id": samples.ISSUER.id, "assertionMethod": [{"id": samples.KID, "publicKeyJwk": jwk}]})
    for revoked, state in (((), State.VALID), ((4711,), State.REVOKED)):
        trust = Profiles([profile], [list_token(*revoked)], NobodyKnown())
        assert check(samples.token(), trust).state is state
    for broken in ("eyJ.eyJ.x", "[]", list_token(id=None)):
        with pytest.raises(ValueError, match="or a token that holds one"):
            Profiles([], [broken], NobodyKnown())

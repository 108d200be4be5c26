"""External proofs: a credential as a JSON Web Token signed with RS256 (Open Badges 3.0 section 8.2).

The payload is the credential itself and the claims that have to agree with it; the header holds `alg`, `kid`, `typ`
and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from lms.credentials import moments
from lms.credentials.containers import read_json

ALGORITHMS = ("RS256", "ES256")
"""What is accepted; we sign with the first."""
_CLAIMS = ("iss", "jti", "nbf", "exp", "sub", "iat", "aud")
_FETCHED = ("jku", "x5u")
_LAST_MOMENT = 253_402_300_799
"""The end of the year 9999, in seconds since 1970."""
LEAST_BITS = 2048


class TokenError(ValueError):
    """It is no such token, or does not hold; the sentence says why."""


class UnknownKind(TokenError):  # noqa: N818 - what it is
    """It is signed, or asks to be checked, in a way that is not known here: it may hold or not."""

    def __init__(self, code: str, says: str) -> None:
        super().__init__(says)
        self.code = code


def public_jwk(key: RSAPublicKey) -> dict[str, str]:
    """The public key by RFC 7517."""
    numbers = key.public_numbers()
    return {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e)}


def thumbprint(jwk: dict[str, Any]) -> str:
    """RFC 7638: SHA-256 over the members that make up the key, base64url."""
    names = {"RSA": ("e", "kty", "n"), "EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x")}
    chosen = {name: jwk.get(name) for name in names.get(str(jwk.get("kty")), ())}
    text = json.dumps(chosen, separators=(",", ":"), sort_keys=True)
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def sign(credential: dict[str, Any], key: RSAPrivateKey, kid: str) -> str:
    """The credential as a compact JWS. Its embedded proof, if it has one, goes along."""
    claims: dict[str, Any] = {
        "iss": issuer_id(credential),
        "jti": credential["id"],
        "nbf": moments.numeric(credential["validFrom"]),
        "sub": credential["credentialSubject"]["id"],
    }
    if "validUntil" in credential:
        claims["exp"] = moments.numeric(credential["validUntil"])
    return jwt.encode({**credential, **claims}, key, algorithm="RS256", headers={"kid": kid, "typ": "JWT"})


def header_of(token: str) -> dict[str, Any]:
    """The header, not yet checked. Raises `TokenError`."""
    try:
        return read_json(_decoded(token.split(".")[0]))
    except ValueError as error:
        raise TokenError("It is no JSON Web Token.") from error


def check_header(header: dict[str, Any]) -> None:
    """Whether it asks for nothing but what is done here. Raises `UnknownKind`, or `TokenError` for an unsigned one."""
    if header.get("alg") == "none":
        raise TokenError("It is not signed at all.")
    if header.get("alg") not in ALGORITHMS:
        says = f"It is signed with {str(header.get('alg'))[:20]!r}; RS256 and ES256 are accepted."
        raise UnknownKind("suite", says)
    if "crit" in header:
        # RFC 7515 section 4.1.11: what is not understood makes the whole invalid.
        raise UnknownKind("header", "Its header demands (crit) what this verifier does not know.")
    for name in _FETCHED:
        if name in header:
            # Open Badges 3.0 section 8.2.1 has no such member; whoever signs could name any place.
            says = f"Its header says where a key is to be fetched from ({name}), and nothing is fetched."
            raise UnknownKind("header", says)


def credential_of(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The credential and the claims, not yet checked; an older `vc` wrapper is opened. Raises `TokenError`."""
    try:
        claims = read_json(_decoded(token.split(".")[1]))
    except (IndexError, ValueError) as error:
        raise TokenError("The contents of the token cannot be read.") from error
    inner = claims.get("vc")
    if isinstance(inner, dict):
        return inner, claims
    return {name: value for name, value in claims.items() if name not in _CLAIMS}, claims


def verify(token: str, jwk: dict[str, Any]) -> None:
    """Whether the holder of the key signed it. Raises `TokenError`."""
    header = header_of(token)
    check_header(header)
    expected = {"RSA": "RS256", "EC": "ES256"}.get(str(jwk.get("kty")))
    if header["alg"] != expected:
        raise TokenError("It names another algorithm than its key is for.")
    try:
        key = jwt.PyJWK({name: value for name, value in jwk.items() if name != "alg"}, algorithm=header["alg"]).key
        if isinstance(key, RSAPublicKey) and key.key_size < LEAST_BITS:
            raise TokenError("Its RSA key is shorter than 2048 bits.")
        jwt.decode(
            token,
            key,
            algorithms=[header["alg"]],
            # Dates and claims are compared with the credential, each with a sentence of its own.
            options={"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False},
        )
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError) as error:
        if isinstance(error, TokenError):
            raise
        raise TokenError("The signature does not fit: the token was changed, or another key signed it.") from error


def check_claims(credential: dict[str, Any], claims: dict[str, Any]) -> None:
    """Whether the claims say the same as the credential (Open Badges 3.0 section 8.2.4.1). Raises `TokenError`."""
    begins = credential.get("validFrom", credential.get("issuanceDate"))
    ends = credential.get("validUntil", credential.get("expirationDate"))
    wanted = _names(credential) | {"nbf": moments.numeric(begins), "exp": moments.numeric(ends)}
    for name, value in wanted.items():
        given = claims.get(name)
        if name == "exp" and given is None and value is None:
            continue
        if given is None or given != value:
            raise TokenError(f"Its claim {name!r} does not agree with the credential inside.")
    _check_moments(claims)


def check_claims_of_list(status_list: dict[str, Any], claims: dict[str, Any]) -> None:
    """The same of a status list, which may have them or not (W3C JOSE/COSE 1.0 section 3.1.3). Raises `TokenError`."""
    for name, value in _names(status_list).items():
        if name in claims and claims[name] != value:
            raise TokenError(f"Its claim {name!r} does not agree with the list inside.")
    _check_moments(claims)


def _names(credential: dict[str, Any]) -> dict[str, Any]:
    subject = credential.get("credentialSubject")
    return {
        "iss": issuer_id(credential),
        "jti": credential.get("id"),
        "sub": subject.get("id") if isinstance(subject, dict) else None,
    }


def _check_moments(claims: dict[str, Any]) -> None:
    """RFC 7519 section 2: a NumericDate is a number of seconds."""
    for name in ("iat", "nbf", "exp"):
        told = claims.get(name, 0)
        if isinstance(told, bool) or not isinstance(told, int | float) or not 0 <= told <= _LAST_MOMENT:
            raise TokenError(f"Its claim {name!r} is no moment.")


def issuer_id(credential: dict[str, Any]) -> str | None:
    """The issuer's address."""
    issuer = credential.get("issuer")
    found = issuer.get("id") if isinstance(issuer, dict) else issuer
    return found if isinstance(found, str) else None


def _number(value: int) -> str:
    data = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(part: str) -> bytes:
    """A part of the token (base64url without padding). Raises `ValueError`."""
    return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)

"""External proofs: a credential as a JSON Web Token signed with RS256 (Open Badges 3.0 section 8.2).

The payload is the credential itself and the claims that have to agree with it; the header holds `alg`, `kid`, `typ`
and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from datetime import datetime
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from lms.credentials.containers import UnreadableFile, read_json

ALGORITHMS = ("RS256", "ES256")
"""What is accepted; we sign with the first."""
_CLAIMS = ("iss", "jti", "nbf", "exp", "sub", "iat", "aud")
LEAST_BITS = 2048
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})")


class TokenError(ValueError):
    """It is no such token, or does not hold; the sentence says why."""


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
        "nbf": numeric(credential["validFrom"]),
        "sub": credential["credentialSubject"]["id"],
    }
    if "validUntil" in credential:
        claims["exp"] = numeric(credential["validUntil"])
    return jwt.encode({**credential, **claims}, key, algorithm="RS256", headers={"kid": kid, "typ": "JWT"})


def header_of(token: str) -> dict[str, Any]:
    """The header, with an algorithm that we accept. Raises `TokenError`."""
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise TokenError("It is no JSON Web Token.") from error
    if header.get("alg") not in ALGORITHMS:
        raise TokenError(f"It is signed with {str(header.get('alg'))[:20]!r}; RS256 and ES256 are accepted.")
    if "crit" in header:
        raise TokenError("Its header demands what this verifier does not know.")
    return header


def credential_of(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The credential and the claims, not yet checked; an older `vc` wrapper is opened. Raises `TokenError`."""
    try:
        body = token.split(".")[1]
        claims = read_json(base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True))
    except (IndexError, ValueError, UnreadableFile) as error:
        raise TokenError("The contents of the token cannot be read.") from error
    inner = claims.get("vc")
    if isinstance(inner, dict):
        return inner, claims
    return {name: value for name, value in claims.items() if name not in _CLAIMS}, claims


def verify(token: str, jwk: dict[str, Any]) -> None:
    """Whether the holder of the key signed it. Raises `TokenError`."""
    header = header_of(token)
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
    """Whether the claims say the same as the credential. Raises `TokenError`."""
    subject = credential.get("credentialSubject")
    begins = credential.get("validFrom", credential.get("issuanceDate"))
    ends = credential.get("validUntil", credential.get("expirationDate"))
    wanted: dict[str, Any] = {
        "iss": issuer_id(credential),
        "jti": credential.get("id"),
        "sub": subject.get("id") if isinstance(subject, dict) else None,
        "nbf": numeric(begins),
        "exp": numeric(ends),
    }
    for name, value in wanted.items():
        given = claims.get(name)
        if name == "exp" and given is None and value is None:
            continue
        if given is None or given != value:
            raise TokenError(f"Its claim {name!r} does not agree with the credential inside.")


def issuer_id(credential: dict[str, Any]) -> str | None:
    """The issuer's address."""
    issuer = credential.get("issuer")
    found = issuer.get("id") if isinstance(issuer, dict) else issuer
    return found if isinstance(found, str) else None


def numeric(moment: object) -> int | None:
    """Seconds since 1970 of an RFC 3339 moment with its zone, or None; no other form that Python takes as well."""
    if not isinstance(moment, str) or not _MOMENT.fullmatch(moment):
        return None
    try:
        found = datetime.fromisoformat(moment)
    except ValueError:
        return None
    return int(found.timestamp()) if found.tzinfo else None


def _number(value: int) -> str:
    data = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

"""The short-lived tokens with which the web process calls a node's control API (JWT, HS256, `control_key`)."""

from __future__ import annotations

import time

import jwt

AUDIENCE = "vikno-control"
ISSUER = "vikno-web"
LIFETIME_S = 60
LEEWAY_S = 30
_ALGORITHM = "HS256"


def sign_control(key: bytes, *, now: float | None = None) -> str:
    """A token for one call, soon."""
    issued = int(time.time() if now is None else now)
    claims = {"iss": ISSUER, "aud": AUDIENCE, "iat": issued, "exp": issued + LIFETIME_S}
    return jwt.encode(claims, key, algorithm=_ALGORITHM)


def is_control(compact: str, key: bytes) -> bool:
    """Whether this is a genuine, unexpired control token."""
    try:
        jwt.decode(
            compact,
            key,
            algorithms=[_ALGORITHM],
            audience=AUDIENCE,
            issuer=ISSUER,
            leeway=LEEWAY_S,
            options={"require": ["exp", "iat"]},
        )
    except jwt.InvalidTokenError:
        return False
    return True

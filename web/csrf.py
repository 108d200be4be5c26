"""Protection against cross-site requests: a token that only our own pages know.

The token is an HMAC over the browser's cookie and the sign-in: it needs no storage, changes at sign-in and sign-out,
and is useless in another browser. Forms send it as the field `csrf`, scripts as the header `X-CSRF-Token`.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

FIELD = "csrf"
HEADER = "X-CSRF-Token"


def new_browser() -> str:
    """A random name for a browser that came without one."""
    return secrets.token_urlsafe(24)


def token(key: bytes, browser: str, sign_in: str | None) -> str:
    """The token for this browser and this sign-in."""
    message = f"csrf\n{browser}\n{sign_in or ''}".encode()
    return hmac.new(key, message, hashlib.sha256).hexdigest()


def genuine(key: bytes, browser: str | None, sign_in: str | None, given: str | None) -> bool:
    """Whether `given` is the token of this browser; constant time."""
    if not browser or not given:
        return False
    return hmac.compare_digest(token(key, browser, sign_in).encode(), given.encode())

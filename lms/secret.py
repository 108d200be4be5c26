"""Random secrets that are handed out once and kept as a hash."""

from __future__ import annotations

import hashlib
import secrets


def new_secret() -> str:
    """256 random bits, safe in an address or a cookie."""
    return secrets.token_urlsafe(32)


def fingerprint(secret: str) -> str:
    """SHA-256 as hex: enough for a secret of 256 random bits, which nobody can try out."""
    return hashlib.sha256(secret.encode()).hexdigest()

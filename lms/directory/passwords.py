"""Passwords: Argon2id with the library's parameters, which follow RFC 9106 section 4 (second recommended option)."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from lms.errors import Invalid

SHORTEST = 10
LONGEST = 256
"""Longer input would only cost time."""

_hasher = PasswordHasher()
_NOBODYS = (  # of "nobody has this password", with the parameters of today: to make it at every start takes long
    "$argon2id$v=19$m=65536,t=3,p=4$WQtrW5SCxjfEdQ0rAQrDCA$Bgk/qJ3n9YjeBem1jEJYIOtJOJvCN1uSDrEQQKWzg1Q"
)


def make(password: str, *, field: str = "password") -> str:
    """The hash of a new password. Raises `Invalid` for one that is too short, too long or of one letter."""
    if len(password) < SHORTEST:
        raise Invalid("password_short", f"Choose a password of at least {SHORTEST} characters.", field)
    if len(password) > LONGEST:
        raise Invalid("password_long", f"Choose a password of at most {LONGEST} characters.", field)
    if len(set(password)) < 4:
        raise Invalid("password_simple", "Choose a password of more than a few different characters.", field)
    return _hasher.hash(password)


def matches(password: str, stored: str | None) -> bool:
    """Whether the password is right. Takes as long when there is none, so that time tells nobody who has an account."""
    try:
        right = _hasher.verify(stored or _NOBODYS, password[:LONGEST])
    except (VerificationError, InvalidHashError):
        return False
    return right and stored is not None


def is_outdated(stored: str) -> bool:
    """Whether the hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(stored)

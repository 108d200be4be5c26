"""Cookies: their names, and one way to set them.

With https every cookie bears the `__Host-` prefix (RFC 6265bis): no subdomain and no plain-text page can plant it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from http.cookies import SimpleCookie

from starlette.requests import HTTPConnection

LASTING_S = 400 * 24 * 3600
"""The longest that browsers keep a cookie (RFC 6265bis, 5.5)."""


class CookieName(StrEnum):
    """What we keep in a browser."""

    BROWSER = "vikno"
    """A random name of the browser; CSRF tokens hang on it, and nobody's identity."""
    SIGN_IN = "vikno-sign-in"
    CLASS = "vikno-class"
    """Where somebody sits in a class by its code."""
    DEVICE = "vikno-device"
    GUEST = "vikno-guest"
    LANGUAGE = "vikno-language"


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie to set. `max_age` in seconds; 0 removes it, None ends with the browser's session."""

    name: CookieName
    value: str
    max_age: int | None = LASTING_S

    def header(self, *, secure: bool) -> str:
        """The value of a Set-Cookie header."""
        jar: SimpleCookie = SimpleCookie()
        name = full_name(self.name, secure=secure)
        jar[name] = self.value
        jar[name]["path"] = "/"
        jar[name]["httponly"] = True
        jar[name]["samesite"] = "Lax"
        if secure:
            jar[name]["secure"] = True
        if self.max_age is not None:
            jar[name]["max-age"] = str(self.max_age)
        return jar[name].OutputString()


def full_name(name: CookieName, *, secure: bool) -> str:
    """The name as the browser knows it."""
    return f"__Host-{name}" if secure else str(name)


def read(connection: HTTPConnection, name: CookieName, *, secure: bool) -> str | None:
    """The cookie's value, if the browser sent one of a size that we could have set."""
    value = connection.cookies.get(full_name(name, secure=secure))
    return value if value and len(value) <= 1024 else None

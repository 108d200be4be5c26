"""Marks: what the database holds in place of a tax number, or of somebody's name at a service."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field

_TAX_NUMBER = re.compile(r"[0-9]{10}")
_UNZR = re.compile(r"[0-9]{13}")


@dataclass(frozen=True, slots=True)
class Marker:
    """Makes marks: HMAC-SHA-256 with a key that stands outside the database.

    There are only 10^10 tax numbers: a plain digest could be tried out in minutes, one with a key cannot. What the mark
    is of goes into it, so that marks of different things never meet.
    """

    key: bytes = field(repr=False)

    def subject(self, provider: str, subject: str) -> str:
        """Of somebody's name at a service, 64 hexadecimal digits."""
        return self._mark("subject", provider, subject)

    def tax_number(self, number: str) -> str:
        """Of a tax number, whichever service told it."""
        return self._mark("tax number", "", number)

    def _mark(self, what: str, where: str, value: str) -> str:
        parts = (part.encode() for part in ("vikno eid", what, where, value))
        # Each part with its length before it: no two lists of parts give the same bytes.
        message = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
        return hmac.new(self.key, message, hashlib.sha256).hexdigest()


def tax_number(text: str) -> str | None:
    """Ten digits, or None. People without one have their passport's number in its place, or zeros."""
    found = "".join(text.split())
    return found if _TAX_NUMBER.fullmatch(found) and set(found) != {"0"} else None


def unzr(text: str) -> str | None:
    """Thirteen digits: the day of birth, five more after a hyphen (`19850412-01234`)."""
    found = "".join(text.split()).replace("-", "")
    return found if _UNZR.fullmatch(found) else None

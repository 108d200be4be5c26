"""Signed addresses: a mail carries a link that does one thing for one row, without an account and without a table.

The signature binds purpose and number together: a link to answer an invitation confirms no presence. It does not
expire by itself; what it does checks whether there is still something to do.
"""

from __future__ import annotations

import re

from itsdangerous import BadSignature, TimestampSigner, URLSafeSerializer

from lms.errors import NotFound

PERSONAL = ("calendar", "guest", "offers", "presence", "rsvp", "unsubscribe", "welcome")
"""First parts of addresses whose second part lets whoever has it act as somebody."""
_PERSONAL = re.compile(rf"(?<=/)({'|'.join(PERSONAL)})/[^\s/?#<>\"']+")
MASK = "••••••"


def masked(text: str) -> str:
    """A letter's text for others than its recipient: of personal links what they are for, not what opens them."""
    return _PERSONAL.sub(rf"\1/{MASK}", text)


class Links:
    """Signs and reads. `key` is 32 bytes, the same in the web process and in the worker."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def sign(self, purpose: str, number: int) -> str:
        """The part of the address that nobody can make up."""
        return self._serializer(purpose).dumps(number)

    def read(self, purpose: str, signed: str) -> int:
        """The number. Raises `NotFound` (link_unknown)."""
        try:
            return int(self._serializer(purpose).loads(signed))
        except (BadSignature, ValueError, TypeError) as error:
            raise NotFound("link_unknown", "This link is not known. Check that it was copied whole.") from error

    def sign_for_a_while(self, purpose: str) -> str:
        """A signature for an address that works for a time after now."""
        return TimestampSigner(self._key, salt=f"while {purpose}").sign(b"").decode()

    def fresh(self, purpose: str, signed: str, seconds: int) -> bool:
        """Whether `sign_for_a_while` made this for the purpose, at most so long ago."""
        try:
            TimestampSigner(self._key, salt=f"while {purpose}").unsign(signed, max_age=seconds)
        except BadSignature:
            return False
        return True

    def _serializer(self, purpose: str) -> URLSafeSerializer:
        return URLSafeSerializer(self._key, salt=f"link {purpose}")

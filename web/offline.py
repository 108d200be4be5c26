"""Whose pages a browser may keep for reading without a network.

A kept page lies in the browser in a store that is named after its account. The name is a keyed digest: it is the same
at every sign-in of a person, says nothing about them, and is none of the secrets by which anybody is recognised.
"""

from __future__ import annotations

import hashlib
import hmac

ACCOUNT = "Vikno-Account"
"""Header of every page: whose it is. `NOBODY` without a sign-in, which empties the stores of everybody else."""
KEEP = "Vikno-Keep"
"""Header of pages that may be kept; the service worker keeps no other ones."""
NOBODY = "-"
_LETTERS = 20


def account_name(key: bytes, person_id: int | None) -> str:
    """The name of a person's store in the browser."""
    if person_id is None:
        return NOBODY
    return hmac.new(key, f"kept pages\n{person_id}".encode(), hashlib.sha256).hexdigest()[:_LETTERS]

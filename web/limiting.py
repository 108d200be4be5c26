"""Rate limits: how often one address may try something that is worth guessing or flooding.

Counted per process. Sign-in is also counted in the database (`lms.directory.sign_in`), across all processes.
"""

from __future__ import annotations

import ipaddress
import time

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from starlette.requests import Request

from web.i18n import mark as _
from web.problems import Problem

RULES: dict[str, str] = {
    "sign_in": "20/minute",
    "eid": "30/minute",
    "link": "30/minute",
    "pairing": "10/minute",
    "pairing_poll": "120/minute",
    "pairing_code": "10/minute",
    "class_code": "90/minute",
    "token": "60/minute",
    "picture": "30/minute",
    "question": "12/minute",
    "open_data": "60/minute",
    "verify": "120/minute",
    "verify_file": "20/minute",
}
"""By what is tried. A centre's people often share one address, hence room for a class of them."""


class RateLimits:
    """Counts tries per rule and address."""

    def __init__(self, rules: dict[str, str] = RULES) -> None:
        self._rules: dict[str, RateLimitItem] = {name: parse(rule) for name, rule in rules.items()}
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def check(self, rule: str, request: Request) -> None:
        """Count one try. Raises `Problem` 429 with the seconds to wait."""
        item, address = self._rules[rule], client_address(request)
        if self._limiter.hit(item, rule, address):
            return
        wait = max(1, int(self._limiter.get_window_stats(item, rule, address).reset_time - time.time()))
        raise Problem(429, "too_many_tries", _("Too many tries from your address. Wait a minute and try again."), wait)


def client_address(request: Request) -> str:
    """The address of whoever asks (a trusted proxy's header was already applied by the server).

    Of IPv6 it is the /64 network: one line has 2^64 addresses there, and a limit for each would be none.
    """
    host = request.client.host if request.client else "unknown"
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if address.version == 4:
        return host
    return str(address.ipv4_mapped or ipaddress.ip_network((address, 64), strict=False))

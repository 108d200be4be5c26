"""Rate limits count by what one person can change at will the least."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from web.limiting import client_address


@pytest.mark.parametrize(
    ("host", "counted_as"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
    ],
)
def test_one_line_counts_as_one_address(host: str, counted_as: str) -> None:
    assert client_address(Request({"type": "http", "client": (host, 1)})) == counted_as


def test_nobody_known_counts_as_one() -> None:
    assert client_address(Request({"type": "http", "client": None})) == "unknown"

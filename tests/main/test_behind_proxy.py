"""Whose address counts behind a reverse proxy: the visitor's where the proxy is trusted, and never one made up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.installation import Installation, free_ports, running
from tests.support.reverse_proxy import reverse_proxy
from web.limiting import RULES

pytestmark = pytest.mark.timeout(400)
ADDRESS = "/verify/AAAA-AAAA-AAAA"
MOST = int(RULES["verify"].partition("/")[0])


@pytest.fixture(scope="module")
def vikno(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with running(tmp_path_factory.mktemp("behind"), settings={"HTTP_HOST": "127.0.0.1"}) as here:
        yield here


def visitor(url: str, address: str) -> httpx.Client:
    """Somebody who comes from an address of their own (all of 127.0.0.0/8 is this machine)."""
    return httpx.Client(base_url=url, transport=httpx.HTTPTransport(local_address=address))


def ask(visitor: httpx.Client, *, forged: str = "") -> int:
    """How a number is answered: 404 (there is no such certificate), or 429."""
    return visitor.get(ADDRESS, headers={"X-Forwarded-For": forged} if forged else {}).status_code


def exhaust(visitor: httpx.Client, *, forging: bool = False) -> int:
    """Ask until nothing is told any more; how often something was. With `forging`, as somebody else each time."""
    for number in range(3 * MOST):  # more than the limit when a minute ends meanwhile
        status = ask(visitor, forged=f"203.0.113.{number % 250}" if forging else "")
        if status == 429:
            return number
        assert status == 404
    raise AssertionError("nothing is ever refused")


def test_the_visitors_address_counts_behind_a_trusted_proxy(vikno: Installation, tmp_path: Path) -> None:
    (port,) = free_ports(1)
    with (
        reverse_proxy(tmp_path / "nginx", port, vikno.http_port) as url,
        visitor(url, "127.0.0.11") as one,
        visitor(url, "127.0.0.12") as other,
    ):
        assert exhaust(one) >= MOST
        assert ask(other) == 404, "somebody else behind the same proxy is not held up"
        assert ask(one, forged="203.0.113.7") == 429, "what a visitor says of themselves stands before their address"
        assert exhaust(other, forging=True) >= MOST - 1


def test_a_made_up_header_does_not_count_where_nobody_trusts_it(vikno: Installation) -> None:
    with visitor(vikno.url.replace("localhost", "127.0.0.1"), "127.0.0.13") as direct:
        assert exhaust(direct, forging=True) >= MOST
        assert ask(direct) == 429


def test_a_proxy_that_is_not_trusted_counts_as_one_visitor(vikno: Installation, tmp_path: Path) -> None:
    (port,) = free_ports(1)
    with (
        reverse_proxy(tmp_path / "nginx", port, vikno.http_port, from_address="127.0.0.14") as url,
        visitor(url, "127.0.0.15") as one,
        visitor(url, "127.0.0.16") as other,
    ):
        assert exhaust(one) >= MOST
        assert ask(other) == 429

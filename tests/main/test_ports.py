"""Busy ports and wrong addresses are told in a sentence."""

from __future__ import annotations

import os
import socket

import pytest

from web.main import ports


@pytest.mark.parametrize("protocol", ["TCP", "UDP"])
def test_a_busy_port_is_told_with_its_holder_and_the_setting(protocol: ports.Protocol) -> None:
    kind = socket.SOCK_STREAM if protocol == "TCP" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", 0))
        if protocol == "TCP":
            taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ports.PortError) as caught:
            ports.require_free(protocol, port, "VIKNO_SOME_PORT")
    sentence = str(caught.value)
    assert f"{protocol} port {port} is in use by process {os.getpid()} (" in sentence
    assert "VIKNO_SOME_PORT" in sentence


def test_a_port_on_all_addresses_answers_on_ipv4_and_ipv6() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    sockets = ports.listen("", port, "VIKNO_HTTP_PORT")
    try:
        for address in ("127.0.0.1", "::1")[: len(sockets)]:
            socket.create_connection((address, port), timeout=5).close()
    finally:
        for opened in sockets:
            opened.close()
    ports.require_free("TCP", port, "VIKNO_HTTP_PORT")


def test_an_address_of_another_machine_is_told() -> None:
    with pytest.raises(ports.PortError, match=r"192\.0\.2\.1 is not an address of this machine"):
        ports.listen("192.0.2.1", 18999, "VIKNO_HTTP_PORT")


def test_nobody_holds_a_free_port() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert ports.holder("TCP", port) == ""

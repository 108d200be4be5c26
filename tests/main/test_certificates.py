"""The certificate of a trial: a TLS client that trusts it accepts every address of the machine."""

from __future__ import annotations

import socket
import ssl
import stat
import threading
from pathlib import Path

import pytest
from cryptography import x509

from web.main.certificates import host_names, subject_names, with_self_signed
from web.main.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path, media_addresses=["203.0.113.7"], public_url="https://vikno.example.ua")


def test_it_names_every_address(settings: Settings) -> None:
    made = with_self_signed(settings)
    assert made.tls_cert is not None
    assert made.tls_key is not None
    names = subject_names(x509.load_pem_x509_certificate(made.tls_cert.read_bytes()))
    assert {"localhost", "127.0.0.1", "::1", "203.0.113.7", "vikno.example.ua"} <= names
    assert set(host_names(settings)) <= names
    assert stat.S_IMODE(made.tls_key.stat().st_mode) == 0o600


def test_it_is_kept_until_an_address_is_missing(settings: Settings) -> None:
    first = with_self_signed(settings).tls_cert
    assert first is not None
    before = first.read_bytes()
    with_self_signed(settings)
    assert first.read_bytes() == before
    with_self_signed(settings.model_copy(update={"media_addresses": ["203.0.113.8"]}))
    assert first.read_bytes() != before


def test_a_client_that_trusts_it_connects(settings: Settings) -> None:
    made = with_self_signed(settings)
    assert made.tls_cert is not None
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(made.tls_cert, made.tls_key)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            connection, _ = listening.accept()
            with server.wrap_socket(connection, server_side=True) as secured:
                secured.sendall(b"hello")

        thread = threading.Thread(target=answer)
        thread.start()
        client = ssl.create_default_context(cafile=str(made.tls_cert))
        with (
            socket.create_connection(listening.getsockname(), timeout=10) as plain,
            client.wrap_socket(plain, server_hostname="127.0.0.1") as secured,
        ):
            assert secured.recv(16) == b"hello"
        thread.join()

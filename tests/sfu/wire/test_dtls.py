"""The handshake between two sessions of ours, with what can go wrong in it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu import dtls
from sfu.drops import Drop, Drops
from sfu.dtls import Certificate, DtlsSession, Fingerprint, split_records
from sfu.srtp import KeyMaterial
from tests.sfu.wire.conftest import until

CERTIFICATE, OTHER = Certificate(), Certificate()


class End:
    """One session, its keys, and how it ended."""

    def __init__(self, certificate: Certificate) -> None:
        self.keys: KeyMaterial | None = None
        self.failed: bool | None = None
        self.drops = Drops()
        self.sent: list[bytes] = []
        self.peer: End | None = None
        self.lose: Callable[[int], bool] = lambda index: False
        self.session = DtlsSession(certificate, self.drops, self._send, self._take_keys, self._take_end)

    def _send(self, datagram: bytes) -> None:
        self.sent.append(datagram)
        if self.peer is not None and not self.lose(len(self.sent) - 1):
            self.peer.session.receive(datagram)

    def _take_keys(self, keys: KeyMaterial) -> None:
        self.keys = keys

    def _take_end(self, failed: bool) -> None:
        self.failed = failed


def pair() -> tuple[End, End]:
    server, client = End(CERTIFICATE), End(OTHER)
    server.peer, client.peer = client, server
    return server, client


async def test_both_ends_agree_on_keys() -> None:
    """G42: AES-128-GCM is what two ends with all profiles choose; each sends with what the other receives with."""
    server, client = pair()
    server.session.start(True, [OTHER.fingerprint])
    client.session.start(False, [CERTIFICATE.fingerprint])
    await until(lambda: server.keys is not None and client.keys is not None)
    assert server.keys is not None
    assert client.keys is not None
    assert server.keys.send == client.keys.receive
    assert server.keys.receive == client.keys.send
    assert server.keys.profile == dtls.rtcdtlstransport.SRTP_AEAD_AES_128_GCM.libsrtp_profile
    assert len(server.keys.send) == 16 + 12
    client.session.close()
    await until(lambda: server.failed is False)
    server.session.close()


@pytest.mark.parametrize("only", [b"SRTP_AEAD_AES_256_GCM", b"SRTP_AES128_CM_SHA1_80"])
async def test_other_profiles_are_taken(only: bytes) -> None:
    """G42: a far end without AES-128-GCM gets AES-256-GCM, one without GCM gets AES-CM (ffmpeg does)."""
    server, client = pair()
    client.session._transport._srtp_profiles = [one for one in dtls._PROFILES if one.openssl_profile == only]
    server.session.start(True, [OTHER.fingerprint])
    client.session.start(False, [CERTIFICATE.fingerprint])
    await until(lambda: server.keys is not None)
    assert server.keys is not None
    assert server.keys.profile == client.session._transport._srtp_profiles[0].libsrtp_profile
    server.session.close()
    client.session.close()


@pytest.mark.parametrize("server_checks", [True, False])
async def test_a_wrong_certificate_gives_no_keys(server_checks: bool) -> None:
    """G43: whoever does not have the announced certificate gets no keys (RFC 5763 §5, RFC 8122)."""
    server, client = pair()
    wrong = Fingerprint("sha-256", ":".join(["00"] * 32))
    server.session.start(True, [wrong if server_checks else OTHER.fingerprint])
    client.session.start(False, [CERTIFICATE.fingerprint if server_checks else wrong])
    checking = server if server_checks else client
    await until(lambda: checking.failed is True)
    assert checking.keys is None
    server.session.close()
    client.session.close()


async def test_a_hello_before_the_description_is_kept() -> None:
    """G43: a far end that begins before its description is here is answered as soon as it is."""
    server, client = pair()
    client.session.start(False, [CERTIFICATE.fingerprint])
    await until(lambda: bool(client.sent))
    assert server.sent == []
    server.session.start(True, [OTHER.fingerprint])
    await until(lambda: server.keys is not None and client.keys is not None)
    server.session.close()
    client.session.close()


async def test_a_lost_flight_is_sent_again() -> None:
    """A lost first flight costs a second, not the connection (RFC 6347 §4.2.4)."""
    server, client = pair()
    server.lose = client.lose = lambda index: index == 0
    server.session.start(True, [OTHER.fingerprint])
    client.session.start(False, [CERTIFICATE.fingerprint])
    await until(lambda: server.keys is not None and client.keys is not None)
    server.session.close()
    client.session.close()


async def test_a_handshake_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A far end that never answers fails the handshake after its timeout."""
    monkeypatch.setattr(dtls, "HANDSHAKE_TIMEOUT", 0.05)
    server, _ = pair()
    server.session.start(True, [OTHER.fingerprint])
    await until(lambda: server.failed is True)
    server.session.receive(b"\x16late")
    assert server.drops[Drop.DTLS_AFTER_CLOSE] == 1
    server.session.close()


async def test_waiting_datagrams_are_bounded() -> None:
    """A flood before the handshake begins is dropped by name."""
    server, _ = pair()
    for _ in range(100):
        server.session.receive(b"\x16\xfe\xff")
    assert server.drops[Drop.DTLS_QUEUE_FULL] == 100 - dtls._QUEUE_LENGTH


@pytest.mark.parametrize("seed", range(5))
async def test_noise_does_not_end_a_handshake(seed: int) -> None:
    """Broken records between the good ones are skipped."""
    server, client = pair()
    for _ in range(5):
        server.session.receive(bytes([20 + seed]) + bytes(range(40 + seed)))
    server.session.start(True, [OTHER.fingerprint])
    client.session.start(False, [CERTIFICATE.fingerprint])
    await until(lambda: server.keys is not None and client.keys is not None)
    server.session.close()
    client.session.close()
    await asyncio.sleep(0)


@given(st.lists(st.integers(0, 1_300), min_size=1, max_size=12))
def test_flights_are_cut_between_records(sizes: list[int]) -> None:
    """G43: a flight is cut into datagrams at record borders, none longer than 1,200 bytes unless one record is."""
    records = [b"\x16\xfe\xfd" + bytes(8) + size.to_bytes(2, "big") + bytes(size) for size in sizes]
    datagrams = split_records(b"".join(records))
    assert b"".join(datagrams) == b"".join(records)
    borders = {0}
    for record in records:
        borders.add(max(borders) + len(record))
    position = 0
    for datagram in datagrams:
        assert position in borders
        assert len(datagram) <= 1_200 or len(datagram) in {len(record) for record in records}
        position += len(datagram)


@given(st.binary(max_size=3_000))
def test_cutting_noise_loses_nothing(noise: bytes) -> None:
    """Whatever OpenSSL writes goes out."""
    assert b"".join(split_records(noise)) == noise

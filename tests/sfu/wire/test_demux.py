"""What comes in: to whom it belongs, what is dropped and under which name, and that nothing ever raises."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.demux import OWNED_FOR
from sfu.drops import Drop
from sfu.srtp import MOST_SSRCS
from sfu.transport import Transport
from tests.sfu.wire.far_end import KEYS, REMOTE, Scene, address

HERE, THERE, STRANGER = address(1), address(2), address(9)


@pytest.fixture
def scene() -> Scene:
    scene = Scene()
    scene.connect(HERE)
    return scene


@pytest.mark.parametrize(
    ("datagram", "source", "reason"),
    [
        (b"", HERE, Drop.DATAGRAM_EMPTY),
        (b"\x80", HERE, Drop.DATAGRAM_EMPTY),
        (bytes([128]) * 2_048, HERE, Drop.DATAGRAM_OVERSIZE),
        (b"\x00\x01" + bytes(30), HERE, Drop.STUN_MALFORMED),
        (bytes([64]) + bytes(30), HERE, Drop.DATAGRAM_UNKNOWN_KIND),
        (bytes([100]) + bytes(30), HERE, Drop.DATAGRAM_UNKNOWN_KIND),
        (bytes([200]) + bytes(30), HERE, Drop.DATAGRAM_UNKNOWN_KIND),
        (bytes([22]) + bytes(30), STRANGER, Drop.SOURCE_UNKNOWN),
        (bytes([128, 96]) + bytes(30), STRANGER, Drop.SOURCE_UNKNOWN),
        (bytes([128, 96]) + bytes(4), HERE, Drop.SRTP_TOO_SHORT),
        (bytes([128, 200]) + bytes(2), HERE, Drop.SRTP_TOO_SHORT),
        (bytes([128, 96]) + bytes(60), HERE, Drop.SRTP_AUTHENTICATION),
        (bytes([128, 200]) + bytes(60), HERE, Drop.SRTP_AUTHENTICATION),
    ],
)
def test_each_wrong_datagram_has_its_name(scene: Scene, datagram: bytes, source: bytes, reason: Drop) -> None:
    """F34: the first byte decides (RFC 7983 §7), and what is dropped is counted under one name."""
    before = list(scene.drops.counts)
    assert scene.receive(datagram, source) == []
    changed = {
        Drop(index): now - then
        for index, (now, then) in enumerate(zip(scene.drops.counts, before, strict=True))
        if now != then
    }
    assert changed == {reason: 1}
    assert scene.link.rtp == scene.link.rtcp == []


def test_media_is_decrypted_in_place(scene: Scene) -> None:
    """What the far end protected comes to the media side in plaintext."""
    scene.receive(scene.rtp(payload=b"hello"), HERE)
    (packet,) = scene.link.rtp
    assert packet.endswith(b"hello")
    report = b"\x80\xc9\x00\x01\x00\x00\x12\x34"
    scene.receive(scene.session.protect_rtcp(report), HERE)
    assert scene.link.rtcp == [report]


def test_duplicates_are_rejected(scene: Scene) -> None:
    """G41: a replayed packet is dropped, also one that is 1,000 packets old; a late one that is new is taken."""
    packets = [scene.rtp() for _ in range(1_001)]
    for packet in [packets[0], *packets[2:]]:
        scene.receive(packet, HERE)
    assert len(scene.link.rtp) == 1_000
    scene.receive(packets[0], HERE)
    assert scene.drops[Drop.SRTP_REPLAY] == 1
    scene.receive(packets[1], HERE)
    assert len(scene.link.rtp) == 1_001


def test_the_rollover_counter_is_kept_per_source(scene: Scene) -> None:
    """G40: each SSRC has a rollover counter of its own, also when they alternate across a wrap (RFC 3711 §3.3.1)."""
    for number in range(65_500, 65_600):
        for ssrc in (0xAAAA, 0xBBBB):
            scene.sequence = (number & 0xFFFF) - 1
            scene.receive(scene.rtp(ssrc=ssrc), HERE)
    assert len(scene.link.rtp) == 200
    assert scene.drops[Drop.SRTP_AUTHENTICATION] == scene.drops[Drop.SRTP_REPLAY] == 0


def test_sources_are_bounded(scene: Scene) -> None:
    """libsrtp keeps a context per SSRC for ever, so a far end may use a bounded number of them."""
    for ssrc in range(MOST_SSRCS + 20):
        scene.receive(scene.rtp(ssrc=ssrc), HERE)
    assert len(scene.link.rtp) == MOST_SSRCS
    assert scene.drops[Drop.SRTP_SSRC_LIMIT] == 20


def test_only_proven_addresses_deliver(scene: Scene) -> None:
    """G43: good SRTP from an address that never proved the password goes nowhere."""
    scene.receive(scene.rtp(), STRANGER)
    assert scene.link.rtp == []
    assert scene.drops[Drop.SOURCE_UNKNOWN] == 1


def test_media_on_another_proven_pair_selects_it(scene: Scene) -> None:
    """H51: libwebrtc sends on a pair before it nominates it; media with the right keys moves the selection there."""
    scene.receive(scene.request(), THERE)
    assert [to for to, _ in scene.send_rtp()] == [HERE]
    scene.receive(bytes([128, 96]) + bytes(60), THERE)
    assert [to for to, _ in scene.send_rtp()] == [HERE], "a forged packet must not move anything"
    scene.receive(scene.rtp(), THERE)
    assert [to for to, _ in scene.send_rtp()] == [THERE]
    assert len(scene.link.rtp) == 1


def test_dtls_comes_from_the_selected_pair_only(scene: Scene) -> None:
    """G43: DTLS from a pair that is valid but not selected is dropped."""
    scene.receive(scene.request(), THERE)
    scene.receive(bytes([22]) + bytes(30), THERE)
    assert scene.drops[Drop.PAIR_NOT_SELECTED] == 1


def test_media_before_keys_is_dropped_by_name() -> None:
    """G43: no media before the handshake is complete and the fingerprint was checked."""
    scene = Scene()
    scene.receive(scene.request(nominate=True), HERE)
    scene.receive(scene.rtp(), HERE)
    assert scene.link.rtp == []
    assert scene.drops[Drop.SRTP_NOT_READY] == 1
    scene.transport._keys_ready(KEYS)
    scene.receive(scene.rtp(), HERE)
    assert len(scene.link.rtp) == 1


def test_a_fault_ends_one_connection(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    """An exception of ours while one peer's packet is handled closes that peer; the batch goes on."""
    scene.link.rtp = None  # type: ignore[assignment]
    scene.receive(scene.rtp(), HERE)
    assert scene.drops[Drop.INTERNAL_FAULT] == 1
    assert scene.transport.state == "closed"
    assert scene.link.closed
    assert "the others go on" in caplog.text


def test_a_closed_transport_leaves_nothing_behind(scene: Scene) -> None:
    """After close neither its address nor its fragment leads anywhere."""
    scene.transport.close()
    scene.receive(scene.rtp(), HERE)
    scene.receive(scene.request(), HERE)
    assert scene.drops[Drop.SOURCE_UNKNOWN] == 1
    assert scene.drops[Drop.STUN_USERNAME_UNKNOWN] == 1
    assert scene.states[-1] == "closed"


def test_an_address_taken_over_belongs_to_the_newer_connection(scene: Scene) -> None:
    """A reloaded page may come from the same port: once the old connection is silent, the newer gets what comes."""
    other = Scene()
    other.demultiplexer = scene.demultiplexer
    transport = scene.transport
    newer = type(transport)(transport._resources, other.states.append)
    newer.link = other.link
    scene.clock.advance(OWNED_FOR)
    request = scene.request(local=newer.agent.local, nominate=True)
    scene.receive(request, HERE)
    newer._keys_ready(KEYS)
    scene.receive(scene.rtp(), HERE)
    assert len(other.link.rtp) == 1
    transport.close()
    scene.receive(scene.rtp(), HERE)
    assert len(other.link.rtp) == 2


SHARED = Scene()
SHARED.connect(HERE)


@given(st.binary(max_size=2_000), st.sampled_from([HERE, STRANGER]))
def test_noise_never_raises(noise: bytes, source: bytes) -> None:
    """F34, fuzz: any bytes cost exactly one counter and bring no response and no packet."""
    before = sum(SHARED.drops.counts)
    if noise[:1] and 20 <= noise[0] <= 63 and source == HERE and len(noise) > 1:
        return  # DTLS goes to OpenSSL, which keeps its own counsel
    assert SHARED.receive(noise, source) == []
    assert sum(SHARED.drops.counts) == before + 1
    assert SHARED.link.rtp == SHARED.link.rtcp == []


def test_nobody_takes_the_address_of_a_connection_that_is_heard(scene: Scene) -> None:
    """Checks of another participant come from a forged source: the one who is heard there keeps it."""
    other = Transport(scene.transport._resources, lambda _state: None)
    other.agent.set_remote(REMOTE)
    forged = scene.request(nominate=True, local=other.agent.local)
    scene.receive(forged, HERE)
    assert scene.drops[Drop.ICE_ADDRESS_TAKEN] == 1
    scene.receive(scene.rtp(payload=b"still mine"), HERE)
    assert scene.link.rtp[-1].endswith(b"still mine")
    scene.clock.advance(OWNED_FOR)
    scene.receive(scene.request(nominate=True, local=other.agent.local), HERE)
    scene.receive(scene.rtp(), HERE)
    assert len(scene.link.rtp) == 1, "an address that fell silent may come to another connection"

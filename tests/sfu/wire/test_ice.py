"""ICE-lite in virtual time: nomination, consent, the selected pair, restarts, and nothing for strangers."""

from __future__ import annotations

import pytest

from sfu import ice, stun
from sfu.drops import Drop
from sfu.ice import Credentials
from sfu.transport import CONNECT_TIMEOUT, PeerState
from tests.sfu.wire.far_end import FINGERPRINT, REMOTE, Scene, address

HERE, THERE = address(1), address(2)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_check_is_answered_with_its_source(scene: Scene) -> None:
    """G44: the success response carries the mapped address and the integrity of the local password."""
    ((to, raw),) = scene.receive(scene.request(), HERE)
    response = stun.parse(raw)
    assert to == HERE
    assert response.kind == stun.BINDING_SUCCESS
    assert stun.verify_integrity(response, scene.transport.agent.local.password.encode())
    assert response.attributes[stun.XOR_MAPPED_ADDRESS] == stun.xor_mapped_address(HERE, response.transaction)[1]


@pytest.mark.parametrize("nominate", [False, True])
def test_only_use_candidate_selects(scene: Scene, nominate: bool) -> None:
    """G44: a pair is selected when the far end, which controls, nominates it (RFC 8445 §8.1.2)."""
    scene.receive(scene.request(nominate=nominate), HERE)
    assert (scene.transport.agent.selected is not None) is nominate


def test_the_latest_nomination_counts(scene: Scene) -> None:
    """H51: libwebrtc repeats USE-CANDIDATE on whichever pair it has selected; checks of others change nothing."""
    scene.connect(HERE)
    scene.receive(scene.request(), THERE)
    assert [to for to, _ in scene.send_rtp()] == [HERE]
    assert scene.link.returns == 0
    scene.receive(scene.request(nominate=True), THERE)
    assert [to for to, _ in scene.send_rtp()] == [THERE]
    assert scene.link.returns == 1


def test_strangers_get_nothing(scene: Scene) -> None:
    """G45: without the password there is no response at all, so nobody can be made to answer a forged source."""
    assert scene.receive(scene.request(password="a guess at the password"), HERE) == []
    assert scene.receive(scene.request(local=Credentials("unknown0", "whatever it may be")), HERE) == []
    assert scene.receive(scene.request(remote="someone"), HERE) != []
    scene.transport.agent.set_remote(REMOTE)
    assert scene.receive(scene.request(remote="someone"), HERE) == []
    assert scene.drops[Drop.STUN_INTEGRITY] == 2
    assert scene.drops[Drop.STUN_USERNAME_UNKNOWN] == 1


@pytest.mark.parametrize("more", [[], [(0x0031, b"what is this")]])
@pytest.mark.parametrize("controlled", [False, True])
def test_no_response_is_larger_than_its_request(scene: Scene, controlled: bool, more: list[tuple[int, bytes]]) -> None:
    """G45: also for those who know the password, success and error responses do not amplify."""
    request = scene.request(controlled=controlled, more=more)
    ((_, response),) = scene.receive(request, HERE)
    assert len(response) <= len(request)


def test_a_role_conflict_is_told(scene: Scene) -> None:
    """G44: a lite agent never controls; a far end that thinks so is answered 487 (RFC 8445 §7.3.1.1)."""
    ((_, raw),) = scene.receive(scene.request(controlled=True, nominate=True), HERE)
    response = stun.parse(raw)
    assert response.kind == stun.BINDING_ERROR
    assert response.attributes[stun.ERROR_CODE][2:4] == bytes((4, 87))
    assert scene.transport.agent.selected is None


def test_an_unknown_required_attribute_is_told(scene: Scene) -> None:
    """RFC 8489 §6.3.1: 420 with the list of what was not understood."""
    ((_, raw),) = scene.receive(scene.request(more=[(0x7777, b"1234")]), HERE)
    response = stun.parse(raw)
    assert response.attributes[stun.ERROR_CODE][2:4] == bytes((4, 20))
    assert response.attributes[stun.UNKNOWN_ATTRIBUTES] == b"\x77\x77"


def test_silence_is_noticed_in_10_s_and_ends_in_30(scene: Scene) -> None:
    """G44: silent at 10 s, consent expired and sending stopped at 30 s (RFC 7675 §5.1)."""
    scene.connect(HERE)
    scene.tick(9.5)
    assert scene.transport.state is PeerState.CONNECTED
    scene.tick(1.0)
    assert scene.transport.state is PeerState.SILENT
    assert scene.send_rtp()
    scene.tick(20.0)
    assert scene.transport.state is PeerState.FAILED
    assert not scene.transport.ready
    assert scene.send_rtp() == []
    assert scene.drops[Drop.SEND_NOT_CONNECTED] == 1


def test_a_silent_peer_comes_back(scene: Scene) -> None:
    """A check or a packet within 30 s makes a silent peer connected again."""
    scene.connect(HERE)
    scene.tick(12.0)
    scene.receive(scene.rtp(), HERE)
    scene.tick(0.5)
    assert scene.states[-2:] == [PeerState.SILENT, PeerState.CONNECTED]
    assert scene.link.returns == 1


def test_media_is_no_consent(scene: Scene) -> None:
    """RFC 7675 §5.1: only authenticated checks renew consent, packets do not."""
    scene.connect(HERE)
    for _ in range(31):
        scene.tick(1.0)
        scene.receive(scene.rtp(), HERE)
    assert scene.transport.state is PeerState.FAILED


def test_expired_credentials_stay_expired_until_a_restart(scene: Scene) -> None:
    """RFC 7675 §5.1: after expiry the old credentials are void; a restart brings new ones and keeps the keys."""
    scene.connect(HERE)
    scene.tick(31.0)
    assert scene.receive(scene.request(nominate=True), HERE) == []
    assert scene.drops[Drop.STUN_CONSENT_EXPIRED] == 1
    old = scene.transport.agent.local
    scene.transport.restart_ice(scene.clock.now)
    assert scene.receive(scene.request(nominate=True, local=old), HERE) == []
    scene.transport.agent.set_remote(REMOTE)
    scene.receive(scene.request(nominate=True), THERE)
    assert scene.transport.state is PeerState.CONNECTED
    assert [to for to, _ in scene.send_rtp()] == [THERE]
    scene.receive(scene.rtp(), THERE)
    assert len(scene.link.rtp) == 1


def test_during_a_restart_media_goes_on(scene: Scene) -> None:
    """G44: until a pair of the new generation is nominated the old one serves, and its checks are answered."""
    scene.connect(HERE)
    old = scene.transport.agent.local
    scene.transport.restart_ice(scene.clock.now)
    assert scene.receive(scene.request(nominate=True, local=old), HERE)
    assert [to for to, _ in scene.send_rtp()] == [HERE]
    scene.receive(scene.request(nominate=True), THERE)
    assert [to for to, _ in scene.send_rtp()] == [THERE]
    scene.receive(scene.request(nominate=True, local=old), HERE)
    assert [to for to, _ in scene.send_rtp()] == [THERE], "an old generation cannot take the selection back"


def test_a_rebound_nat_moves_the_pair(scene: Scene) -> None:
    """G44: a far end that does not know of its new address does not nominate; silence on the old one is enough."""
    scene.connect(HERE)
    scene.clock.advance(ice.REBIND_AFTER / 2)
    scene.receive(scene.request(), THERE)
    assert [to for to, _ in scene.send_rtp()] == [HERE]
    scene.clock.advance(ice.REBIND_AFTER)
    scene.receive(scene.request(), THERE)
    assert [to for to, _ in scene.send_rtp()] == [THERE]


def test_pairs_are_bounded(scene: Scene) -> None:
    """The table of remote addresses is bounded, the selected pair stays, and the stalest leaves the routes."""
    scene.connect(HERE)
    for port in range(1_000, 1_100):
        scene.clock.advance(0.01)
        scene.receive(scene.request(), address(3, port))
    assert len(scene.transport.agent.pairs) == ice.MOST_PAIRS
    assert scene.transport.agent.selected in scene.transport.agent.pairs.values()
    assert sum(len(routes) for routes in scene.demultiplexer._by_source) == ice.MOST_PAIRS
    scene.tick(ice.PAIR_EXPIRY)
    scene.transport.tidy(scene.clock.now)
    assert sum(len(routes) for routes in scene.demultiplexer._by_source) == 1


def test_checks_are_rate_limited(scene: Scene) -> None:
    """A far end that floods checks is answered a bounded number of times a second."""
    answered = sum(bool(scene.receive(scene.request(), HERE)) for _ in range(500))
    assert answered <= 200
    assert scene.drops[Drop.STUN_RATE] == 500 - answered
    scene.clock.advance(1.0)
    assert scene.receive(scene.request(), HERE)


def test_what_never_connects_fails(scene: Scene) -> None:
    """A peer with descriptions but no connection fails in bounded time."""
    scene.transport.configure(REMOTE, [FINGERPRINT], dtls_server=True, now=scene.clock.now)
    scene.tick(CONNECT_TIMEOUT - 1.0)
    assert scene.transport.state is PeerState.CONNECTING
    scene.tick(1.5)
    assert scene.transport.state is PeerState.FAILED

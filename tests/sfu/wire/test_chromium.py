"""Real Chromium pages publish to a node and are sent what others publish: decoded frames and audio are the proof."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from sfu.media.publication import Publication
from sfu.node import MediaNode, NodeConfig
from sfu.peer import Peer
from sfu.transport import PeerState
from tests.sfu.wire.conftest import until
from tests.sfu.wire.page import chromium, open_page, page_server

pytestmark = pytest.mark.e2e


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


@pytest.fixture
def url() -> Any:
    with page_server() as url:
        yield url


@pytest.fixture
async def node() -> AsyncIterator[MediaNode]:
    node = MediaNode(NodeConfig(port=0))
    await node.start()
    yield node
    await node.close()


async def publish(node: MediaNode, page: Page, codec: str = "") -> tuple[Peer, list[Publication]]:
    peer = node.open_peer(label="publisher")
    answer = await peer.accept_offer(await page.evaluate("codec => startPublishing(640, 360, codec)", codec))
    await page.evaluate("sdp => takeAnswer(sdp)", answer.sdp)
    return peer, list(answer.publications.values())


async def negotiate(peer: Peer, page: Page, ice_restart: bool = False) -> None:
    answer = await page.evaluate("sdp => takeOffer(sdp)", await peer.create_offer(ice_restart))
    assert await peer.accept_answer(answer) == []


async def stats_where(page: Page, condition: Callable[[dict[str, Any]], bool], seconds: float = 25.0) -> dict[str, Any]:
    """Poll the page's statistics until `condition` holds."""
    found: dict[str, Any] = {}
    try:
        async with asyncio.timeout(seconds):
            while True:
                found = await page.evaluate("stats()")
                if condition(found):
                    return found
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(f"still not so: {found}") from None


def inbound(stats: dict[str, Any], kind: str) -> dict[str, Any]:
    return next((one for one in stats["inbound"] if one["kind"] == kind), {})


def plays(frames: int) -> Callable[[dict[str, Any]], bool]:
    """Whether at least `frames` frames were decoded and something was heard."""

    def check(stats: dict[str, Any]) -> bool:
        decoded: int = inbound(stats, "video").get("framesDecoded", 0)
        return decoded >= frames and inbound(stats, "audio").get("totalAudioEnergy", 0) > 0.001

    return check


@pytest.mark.parametrize("codec", ["video/VP8", "video/H264"])
async def test_one_page_sees_and_hears_another(node: MediaNode, browser: Browser, url: str, codec: str) -> None:
    """G42, G43, H46: ICE-lite, DTLS-SRTP with AES-128-GCM and both descriptions work with a real browser."""
    sender, receiver = await open_page(browser, url), await open_page(browser, url)
    first, publications = await publish(node, sender, codec)
    second = node.open_peer(label="subscriber")
    for publication in publications:
        second.subscribe(publication, stream_id="anna")
    await negotiate(second, receiver)
    found = await stats_where(receiver, plays(40))
    assert inbound(found, "video")["packetsLost"] == 0
    assert found["transport"]["srtpCipher"].endswith("AEAD_AES_128_GCM")
    assert first.state is second.state is PeerState.CONNECTED
    counters = node.counters()
    assert counters["drop_srtp_authentication"] == counters["drop_internal_fault"] == 0


async def test_a_browser_connects_before_there_is_anything_to_send(node: MediaNode, browser: Browser, url: str) -> None:
    """The first offer has only the inactive section that carries the transport; media is added to a live connection."""
    receiver = await open_page(browser, url)
    second = node.open_peer()
    await negotiate(second, receiver)
    await until(lambda: second.state is PeerState.CONNECTED)
    _, publications = await publish(node, await open_page(browser, url))
    for publication in publications:
        second.subscribe(publication, stream_id="anna")
    await negotiate(second, receiver)
    await stats_where(receiver, plays(10))


async def test_sections_are_recycled_under_new_mids(node: MediaNode, browser: Browser, url: str) -> None:
    """H47: a stopped section is taken again only under a new mid, nothing is reordered, and sections do not pile up."""
    receiver, second = await open_page(browser, url), node.open_peer()
    _, publications = await publish(node, await open_page(browser, url))
    mids = set()
    for _ in range(3):
        subscriptions = [second.subscribe(publication, stream_id="anna") for publication in publications]
        await negotiate(second, receiver)
        mids.update(one.section.mid for one in subscriptions)
        before = sum(
            one["framesDecoded"] for one in (await receiver.evaluate("stats()"))["inbound"] if "framesDecoded" in one
        )
        await stats_where(receiver, plays(before + 5))
        for subscription in subscriptions:
            second.unsubscribe(subscription)
        await negotiate(second, receiver)
    assert len(mids) == 6
    assert (await second.create_offer()).count("\r\nm=") == 3


async def test_an_ice_restart_keeps_the_keys(node: MediaNode, browser: Browser, url: str) -> None:
    """G44: after a restart from either end media goes on, on new pairs and with no second DTLS handshake.

    A browser that restarts has new ports before it has the answer. It checks from them with the credentials it knows,
    and stays with a pair that works (libwebrtc), so the new pair may still be one of the old credentials.
    """
    sender, receiver = await open_page(browser, url), await open_page(browser, url)
    first, publications = await publish(node, sender)
    second = node.open_peer()
    for publication in publications:
        second.subscribe(publication, stream_id="anna")
    await negotiate(second, receiver)
    await stats_where(receiver, plays(10))
    agents = [peer.transport.agent for peer in (first, second)]
    old = [agent.selected for agent in agents]
    answer = await first.accept_offer(await sender.evaluate("makeOffer(true)"))
    assert list(answer.publications.values()) == publications
    await sender.evaluate("sdp => takeAnswer(sdp)", answer.sdp)
    await negotiate(second, receiver, ice_restart=True)
    await until(lambda: all(agent.selected is not before for agent, before in zip(agents, old, strict=True)))
    until_now = inbound(await receiver.evaluate("stats()"), "video")["framesDecoded"]
    found = await stats_where(receiver, plays(until_now + 30))
    assert found["transport"]["dtlsState"] == "connected"
    assert inbound(found, "video")["packetsLost"] == 0
    assert first.state is second.state is PeerState.CONNECTED


async def test_a_closed_page_is_noticed_at_once(node: MediaNode, browser: Browser, url: str) -> None:
    """A browser that closes its connection says so (DTLS close_notify); its peer is closed and forgotten."""
    sender = await open_page(browser, url)
    first, _ = await publish(node, sender)
    await until(lambda: first.state is PeerState.CONNECTED)
    await sender.evaluate("connection.close()")
    await until(lambda: first.state is PeerState.CLOSED)
    assert first not in node.peers

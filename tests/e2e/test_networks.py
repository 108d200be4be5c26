"""A participant at the far end of a real line that is switched, cut or lossy; the line is a namespace's."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.e2e.meetings import enter
from tests.e2e.watching import longest_gap_s, say, watch_gap
from tests.support.browser import ANNA, BOHDAN, Look, received, sent, until, wait_decoding, wait_picture, wait_tone
from tests.support.installation import Installation
from tests.support.namespace import Namespace

Visit = Callable[..., Page]
Stopwatch = Callable[[], float]
CUT_S = 12.0
"""Longer than the ten seconds after which both sides take the other for silent."""
LIMIT_S = 60
"""Within which a participant keeps its place."""


@pytest.fixture
def two(
    server: Installation,
    meeting: str,
    visit: Visit,
    visit_from_elsewhere: Callable[[Look], Page],
    elsewhere: Namespace,
) -> tuple[Page, Page]:
    """Anna beside the server and Bohdan at the far end, in a call."""
    anna, bohdan = visit(ANNA), visit_from_elsewhere(BOHDAN)
    enter(anna, server, meeting, "Анна")
    enter(bohdan, server, meeting, "Богдан", url=f"http://{elsewhere.server}:{server.http_port}")
    wait_picture(anna, BOHDAN.colour)
    wait_picture(bohdan, ANNA.colour)
    return anna, bohdan


def all_is_well(anna: Page, bohdan: Page) -> None:
    """They see and hear each other."""
    wait_decoding(bohdan, 1, LIMIT_S)
    wait_decoding(anna, 1, LIMIT_S)
    wait_picture(anna, BOHDAN.colour)
    wait_picture(bohdan, ANNA.colour)
    wait_tone(anna, BOHDAN.tone_hz)
    wait_tone(bohdan, ANNA.tone_hz)


def test_a_switched_network_is_survived(two: tuple[Page, Page], elsewhere: Namespace, stopwatch: Stopwatch) -> None:
    anna, bohdan = two
    own = bohdan.evaluate("() => window.__vikno.self")
    bohdan.get_by_test_id("chat").click()
    watch_gap(bohdan)
    watch_gap(anna)
    switched = stopwatch()
    elsewhere.disconnect(0)
    elsewhere.connect(1)
    say(anna, "Ти вже в іншій мережі?")
    bohdan.get_by_test_id("chat-messages").get_by_text("Ти вже в іншій мережі?").wait_for(timeout=1000 * LIMIT_S)
    signaling = stopwatch() - switched
    all_is_well(anna, bohdan)
    print(
        f"after the switch: signaling {signaling:.1f} s; no picture for {longest_gap_s(bohdan):.1f} s at the one who "
        f"moved, {longest_gap_s(anna):.1f} s at the other; all well after {stopwatch() - switched:.1f} s"
    )
    assert bohdan.evaluate("() => window.__vikno.self") == own
    assert anna.evaluate("() => window.__vikno.participants.length") == 2
    pairs = until(bohdan, _OWN_ADDRESSES)
    assert set(pairs) == {elsewhere.address(1)}


def test_a_line_that_loses_everything_for_a_while(
    two: tuple[Page, Page], elsewhere: Namespace, stopwatch: Stopwatch
) -> None:
    anna, bohdan = two
    own = bohdan.evaluate("() => window.__vikno.self")
    watch_gap(bohdan)
    elsewhere.lose(100)
    until(bohdan, "s => performance.now() - window.__gap.last > 1000 * s", CUT_S, CUT_S + 10)
    bohdan.get_by_test_id("connection-state").first.wait_for(state="visible")
    mended = stopwatch()
    elsewhere.lose(0)
    all_is_well(anna, bohdan)
    gap = longest_gap_s(bohdan)
    print(f"gap {gap:.1f} s with the line cut for {CUT_S:.0f} s; all well {stopwatch() - mended:.1f} s after")
    assert bohdan.evaluate("() => window.__vikno.self") == own
    bohdan.get_by_test_id("connection-state").first.wait_for(state="hidden")


def test_a_line_that_loses_one_packet_in_twenty(two: tuple[Page, Page], elsewhere: Namespace) -> None:
    """Only the far end's line is bad: what it asks for comes again, and what the node asks for it sends again."""
    anna, bohdan = two
    elsewhere.lose(5)
    before = {page: _heard(page) for page in two}
    for page in two:
        watch_gap(page)
        page.evaluate("() => window.__probe.mark()")
    for page in two:
        until(page, "async () => (await window.__probe.growing(150)) === 1", timeout_s=LIMIT_S)
    until(
        bohdan, "async () => (await window.__probe.received()).video.some((one) => one.repaired > 0)", timeout_s=LIMIT_S
    )
    until(bohdan, "async () => (await window.__probe.sent()).some((one) => one.repeated > 0)", timeout_s=LIMIT_S)
    for page, (samples, energy) in before.items():
        assert _heard(page)[0] > samples
        assert _heard(page)[1] > energy
    all_is_well(anna, bohdan)
    for name, page in (("Anna", anna), ("Bohdan", bohdan)):
        (video,) = received(page)["video"]
        (own,) = (stream for stream in sent(page) if stream["kind"] == "video")
        gap = longest_gap_s(page)
        print(
            f"{name}: lost {video['packetsLost']}, repaired {video['repaired']}, repeated {own['repeated']}, "
            f"longest without a new picture {gap:.1f} s"
        )
        assert gap < 5


def _heard(page: Page) -> tuple[int, float]:
    """Samples and energy of what the page has heard."""
    audio = received(page)["audio"]
    return sum(one["samples"] for one in audio), sum(one["energy"] for one in audio)


_OWN_ADDRESSES = """async () => {
  const found = [];
  for (const peer of [window.__vikno.publishConnection, window.__vikno.subscribeConnection]) {
    const stats = await peer.getStats();
    for (const { type, selectedCandidatePairId } of stats.values())
      if (type === "transport") found.push(stats.get(stats.get(selectedCandidatePairId)?.localCandidateId)?.address);
  }
  return found.every((address) => address) && found.length === 2 ? found : null;
}"""

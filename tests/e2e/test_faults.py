"""What breaks heals by itself, and how long nobody saw anything is measured in the page that watches."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page

from tests.e2e.meetings import enter
from tests.e2e.watching import longest_gap_s, say, watch_gap
from tests.support.browser import ANNA, BOHDAN, FAKE_DEVICES, received, until, wait_decoding, wait_picture, wait_tone
from tests.support.installation import Installation
from tests.support.relay import relaying, through

Visit = Callable[..., Page]
CUT_S = 12.0
"""Longer than the ten seconds after which both sides take the other for silent."""


def test_a_dropped_network_is_survived(
    server: Installation, meeting: str, visit: Visit, stopwatch: Callable[[], float]
) -> None:
    anna, bohdan = visit(ANNA), visit(BOHDAN)
    enter(anna, server, meeting, "Анна")
    with relaying(server.http_port, server.media_port) as relay:
        bohdan.add_init_script(through(relay.udp_port))
        enter(bohdan, server, meeting, "Богдан", url=f"http://localhost:{relay.tcp_port}")
        own = bohdan.evaluate("() => window.__vikno.self")
        wait_decoding(bohdan, 1)
        watch_gap(bohdan)
        relay.cut()
        until(bohdan, "s => performance.now() - window.__gap.last > 1000 * s", CUT_S, CUT_S + 10)
        bohdan.get_by_test_id("connection-state").first.wait_for(state="visible")
        mended = stopwatch()
        relay.mend()
        wait_decoding(bohdan, 1)
        wait_decoding(anna, 1)
        wait_picture(anna, BOHDAN.colour)
        wait_tone(bohdan, ANNA.tone_hz)
        healed = stopwatch() - mended
        print(f"gap {longest_gap_s(bohdan):.1f} s with the line cut for {CUT_S:.0f} s; whole {healed:.1f} s after")
        assert bohdan.evaluate("() => window.__vikno.self") == own
        bohdan.get_by_test_id("connection-state").first.wait_for(state="hidden")


def test_a_killed_media_node_is_survived_and_the_chat_is_kept(server: Installation, meeting: str, visit: Visit) -> None:
    anna, bohdan = visit(ANNA), visit(BOHDAN)
    enter(anna, server, meeting, "Анна")
    enter(bohdan, server, meeting, "Богдан")
    wait_decoding(anna, 1)
    wait_decoding(bohdan, 1)
    say(anna, "Це не має зникнути")
    bohdan.get_by_test_id("chat").click()
    bohdan.get_by_test_id("chat-messages").get_by_text("Це не має зникнути").wait_for()
    watch_gap(bohdan)
    server.kill("media")
    until(bohdan, "() => performance.now() - window.__gap.last > 1000")
    wait_decoding(bohdan, 1)
    wait_decoding(anna, 1)
    print(f"gap {longest_gap_s(bohdan):.1f} s after kill -9 of the media node")
    wait_picture(bohdan, ANNA.colour)
    wait_tone(bohdan, ANNA.tone_hz)
    bohdan.get_by_test_id("chat-messages").get_by_text("Це не має зникнути").wait_for()


def test_a_meeting_goes_on_without_the_web_process(server: Installation, meeting: str, visit: Visit) -> None:
    anna, bohdan = visit(ANNA), visit(BOHDAN)
    enter(anna, server, meeting, "Анна")
    enter(bohdan, server, meeting, "Богдан")
    wait_decoding(bohdan, 1)
    own = bohdan.evaluate("() => window.__vikno.self")
    watch_gap(bohdan)
    server.kill("web")
    wait_decoding(bohdan, 1)
    until(bohdan, "() => window.__vikno.connections.signal === 'open'")
    until(anna, "() => window.__vikno.connections.signal === 'open'")
    say(anna, "Ми ще тут")
    bohdan.get_by_test_id("chat").click()
    bohdan.get_by_test_id("chat-messages").get_by_text("Ми ще тут").wait_for()
    gap = longest_gap_s(bohdan)
    print(f"longest gap {gap:.2f} s over kill -9 of the web process")
    assert gap < 5
    assert bohdan.evaluate("() => window.__vikno.self") == own
    server.wait_until_ready()


def test_two_tabs_with_one_token(server: Installation, meeting: str, visit: Visit) -> None:
    first, second = visit(ANNA), visit(ANNA)
    token: dict[str, bytes] = {}

    def keep(route: object) -> None:
        if "body" not in token:
            answer = route.fetch()  # type: ignore[attr-defined]
            token["body"] = answer.body()
        route.fulfill(status=200, content_type="application/json", body=token["body"])  # type: ignore[attr-defined]

    for page in (first, second):
        page.route("**/api/meetings/*/token*", keep)
    enter(first, server, meeting, "Анна")
    enter(second, server, meeting, "Анна")
    first.locator("[data-ending=replaced]").wait_for()
    assert second.evaluate("() => window.__vikno.participants.length") == 1


def test_without_a_camera_one_can_still_join(server: Installation, meeting: str, visit: Visit) -> None:
    page = visit(None, "--use-fake-device-for-media-stream=device-count=0", "--use-fake-ui-for-media-stream")
    page.goto(f"{server.url}/meet/{meeting}")
    problem = page.get_by_test_id("device-problem").first
    problem.wait_for()
    assert len(problem.inner_text()) > 20
    enter(page, server, meeting, "Без камери")
    assert received(page) == {"video": [], "audio": []}


def test_with_devices_refused_one_can_still_join(server: Installation, meeting: str, visit: Visit) -> None:
    bohdan = visit(BOHDAN)
    enter(bohdan, server, meeting, "Богдан")
    page = visit(None, FAKE_DEVICES[0], "--deny-permission-prompts")
    enter(page, server, meeting, "Без дозволу", expect="[data-testid=device-problem]")
    wait_picture(page, BOHDAN.colour)


def test_a_receiver_without_h264_sees_a_named_tile(
    server: Installation, meeting: str, visit: Visit, publisher: Callable[..., None]
) -> None:
    page = visit(ANNA)
    page.add_init_script(_WITHOUT_H264)
    enter(page, server, meeting, "Без H.264")
    publisher(meeting, "Львів", "--codec", "H264", "--name", "lviv")
    tile = page.locator("[data-testid=tile][data-name='Львів'][data-undecodable=true]")
    tile.wait_for()
    assert "Львів" in tile.inner_text()
    assert tile.locator("video").count() == 0
    seeing = visit(BOHDAN)
    enter(seeing, server, meeting, "З H.264")
    wait_decoding(seeing, 2)
    assert "video/H264" in {stream["codec"] for stream in received(seeing)["video"]}


_WITHOUT_H264 = """
(() => {
  const answer = RTCPeerConnection.prototype.createAnswer;
  RTCPeerConnection.prototype.createAnswer = function (...options) {
    const kept = RTCRtpReceiver.getCapabilities("video").codecs.filter((codec) => !/H264/i.test(codec.mimeType));
    for (const transceiver of this.getTransceivers())
      if (transceiver.receiver.track.kind === "video") transceiver.setCodecPreferences(kept);
    return answer.apply(this, options);
  };
})();
"""

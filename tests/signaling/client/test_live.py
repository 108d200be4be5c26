"""A camera and a microphone, published as they happen. FFmpeg's virtual devices stand in for real ones."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest
from aiortc.rtp import RTCP_PSFB_PLI, RtcpPsfbPacket
from typer.testing import CliRunner

from signaling.client import live
from signaling.client.capture import CaptureError, Device, find_camera, find_microphones
from signaling.client.clip import Picture
from signaling.client.encode import VideoCodec
from signaling.client.live import Freshest, LivePlayer, LiveSource, MediaClock, Opened, Pace
from signaling.client.live_encode import PictureEncoder
from signaling.client.receiver import IncomingStream
from tests.signaling.client.test_cli import app
from tests.signaling.client.test_real_node import real_node, taking_part, token, until, whole_frames
from tests.signaling.client.test_stream import AUDIO, VIDEO, outgoing, parsed

CAMERA = "lavfi:testsrc=size=320x240:rate=15"
TONE = "lavfi:sine=frequency=440"
SIZE = (320, 240)

pytestmark = pytest.mark.skipif("lavfi" not in av.formats_available, reason="PyAV without virtual devices")


def source(camera: str = CAMERA, microphone: str = TONE, codec: VideoCodec = "VP8") -> LiveSource:
    return LiveSource.open(find_camera(camera), find_microphones(microphone), codec, lambda _: None)


# ---------------------------------------------------------------- the whole way


@pytest.mark.parametrize("codec", ["VP8", "H264"])
async def test_a_camera_is_published_and_another_records_it(codec: VideoCodec, tmp_path: Path) -> None:
    recording = tmp_path / "got.mkv"
    async with (
        real_node(tmp_path) as url,
        taking_part(url, "kyiv", clip=source(codec=codec)),
        taking_part(url, "lviv", record=recording) as lviv,
    ):
        await until(lambda: whole_frames(lviv) >= 40)
    with av.open(str(recording)) as container:
        pictures = list(container.decode(video=0))
    assert {(picture.width, picture.height) for picture in pictures} == {SIZE}
    assert len({bytes(picture.planes[0]) for picture in pictures}) > 20
    seconds = [picture.time for picture in pictures]
    assert seconds == sorted(set(seconds))
    with av.open(str(recording)) as container:
        loudest = max(abs(frame.to_ndarray()).max() for frame in container.decode(audio=0))
    assert loudest > 0.05  # lavfi's sine has an eighth of full scale


async def test_who_comes_later_need_not_wait_for_the_next_key_frame(tmp_path: Path) -> None:
    async with real_node(tmp_path) as url, taking_part(url, "kyiv", clip=source(microphone="none")) as kyiv:
        assert kyiv.publisher is not None
        player = kyiv.publisher.player
        assert isinstance(player, LivePlayer)
        await until(lambda: player.sent >= 15)
        async with taking_part(url, "lviv", receive=True) as lviv:
            await until(lambda: player.jumps >= 2)  # a key frame was asked for: it is not the next that comes anyway
            await until(lambda: sum(lviv.figures.frames.values()) >= 3)


async def test_an_unplugged_camera_ends_the_participant_with_the_reason(tmp_path: Path) -> None:
    async with real_node(tmp_path) as url:
        result = await asyncio.to_thread(
            CliRunner().invoke,
            app,
            ["--server", url, "--token", token("kyiv"), "--publish", f"camera:{CAMERA}:duration=1", "--stay"],
        )
    assert result.exit_code == 1
    assert "has stopped. Plug it in again" in result.output
    assert "No sound is sent: The microphone" in result.output


# ---------------------------------------------------------------- the command line


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["--token", "t", *words])
    return result.exit_code, result.output


def test_a_missing_camera_is_an_error_with_its_remedy(tmp_path: Path) -> None:
    code, said = run("--publish", f"camera:v4l2:{tmp_path}/video9")
    assert code == 1
    assert "video9 (v4l2)" in said
    assert "Plug it in, or name another" in said or "knows no v4l2 devices" in said


def test_a_microphone_that_is_asked_for_must_be_there() -> None:
    code, said = run("--publish", f"camera:{CAMERA}", "--microphone", "lavfi:no_such_filter")
    assert code == 1
    assert "The microphone no_such_filter (lavfi) cannot be made" in said


def test_a_camera_is_one_participants() -> None:
    code, said = run("--token", "u", "--count", "2", "--publish", f"camera:{CAMERA}")
    assert code == 1
    assert "by one participant, not by 2" in said


def test_an_unknown_codec_is_refused() -> None:
    code, said = run("--publish", f"camera:{CAMERA}", "--codec", "AV2")
    assert code == 2
    assert "VP8 or H264" in said


# ---------------------------------------------------------------- the player


class Playing:
    """A `LivePlayer` whose packets are collected and put together again."""

    def __init__(self, given: LiveSource) -> None:
        self.pictures: list[tuple[float, bytes, bool]] = []
        self.video, self.audio = outgoing(VIDEO)[0], outgoing(AUDIO)[0]
        self.sounds: list[bytes] = []
        incoming = IncomingStream("VP8", 90_000, 7, lambda *frame: self.pictures.append(frame), lambda _: None)
        self.video.send = lambda packet: incoming.receive(parsed(packet), time.monotonic())
        self.audio.send = self.sounds.append
        self.player = LivePlayer(given, self.video, self.audio)
        self.running = asyncio.create_task(self.player.run())

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not condition() and not self.running.done():
                await asyncio.sleep(0.01)
        if self.running.done():
            self.running.result()

    async def stop(self) -> None:
        self.running.cancel()
        await asyncio.wait([self.running])


async def test_a_pli_makes_the_next_picture_a_key_frame() -> None:
    playing = Playing(source())
    await playing.until(lambda: len(playing.pictures) >= 6)
    assert [key for *_, key in playing.pictures[:6]] == [True, False, False, False, False, False]
    ask = RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=1, media_ssrc=playing.video.ssrc)
    seen = len(playing.pictures)
    playing.video.receive_rtcp(ask)
    playing.video.receive_rtcp(ask)
    await playing.until(lambda: len(playing.pictures) >= seen + 8)
    assert [key for *_, key in playing.pictures].count(True) == 2
    assert playing.player.jumps == 1
    await playing.stop()


async def test_encoding_is_left_to_other_threads_which_end(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: set[threading.Thread] = set()
    encode = PictureEncoder.encode

    def watched(self: PictureEncoder, *given: Any, **more: Any) -> list[Picture]:
        threads.add(threading.current_thread())
        return encode(self, *given, **more)

    monkeypatch.setattr(PictureEncoder, "encode", watched)
    playing = Playing(source())
    await playing.until(lambda: len(playing.pictures) >= 3 and len(playing.sounds) >= 10)
    await playing.stop()
    assert len(threads) == 1
    assert threading.main_thread() not in threads
    assert not any(thread.is_alive() for thread in threads)


async def test_sound_goes_in_time_and_with_its_level() -> None:
    began = time.monotonic()
    playing = Playing(source())
    await playing.until(lambda: len(playing.sounds) >= 40)
    assert time.monotonic() - began > 0.6  # 40 packets last 0.8 s
    await playing.stop()
    packets = [parsed(packet) for packet in playing.sounds]
    steps = {(b.timestamp - a.timestamp) & 0xFFFFFFFF for a, b in itertools.pairwise(packets)}
    assert 960 in steps
    assert min(steps) >= 960
    assert 18 <= dict(packets[20].extensions)[1][0] & 0x7F <= 24  # a sine of an eighth of full scale: -21 dBov


async def test_nothing_is_encoded_while_nothing_can_be_sent() -> None:
    playing = Playing(source())
    await playing.until(lambda: len(playing.pictures) >= 3)
    playing.video.muted = True
    sent = playing.player.sent + 1  # one may be on its way
    taken = playing.player._last_taken
    await playing.until(lambda: playing.player._last_taken > taken + 0.5)
    assert playing.player.sent <= sent
    playing.video.muted = False
    before = len(playing.pictures)
    await playing.until(lambda: len(playing.pictures) > before + 1)
    assert True in [key for *_, key in playing.pictures[before : before + 2]]
    await playing.stop()


async def test_a_loop_that_stands_still_gets_no_more_than_may_wait() -> None:
    given = source("lavfi:testsrc=size=64x48:rate=25", "none")
    playing = Playing(given)
    await playing.until(lambda: len(playing.pictures) >= 2)
    seen = playing.player.sent
    time.sleep((live.READY + 15) / 25)  # the loop, kept from running
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert 5 < playing.player.sent - seen <= live.READY + 1
    await playing.until(lambda: playing.player.sent > seen + live.READY + 2)
    await playing.stop()


async def test_a_camera_that_falls_silent_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "SILENT_S", 0.3)
    released = threading.Event()

    class Stuck:
        """A driver that never answers."""

        def __enter__(self) -> Stuck:
            return self

        def __exit__(self, *_: object) -> None:
            return

        def decode(self, **_: object) -> list[av.VideoFrame]:
            released.wait(20)
            return []

    stuck = Opened(Device("camera", "v4l2", "/dev/video0"), Stuck())  # type: ignore[arg-type]
    monkeypatch.setattr(live, "_STOP_S", 0.1)
    with pytest.raises(CaptureError, match=r"/dev/video0 \(v4l2\) has given no picture for"):
        await LivePlayer(LiveSource(stuck, None, "VP8"), outgoing(VIDEO)[0], None).run()
    released.set()


async def test_a_microphone_that_fails_leaves_the_pictures() -> None:
    playing = Playing(source(microphone="lavfi:sine=duration=0.3"))
    await playing.until(lambda: len(playing.sounds) >= 10)
    seen = len(playing.pictures)
    await playing.until(lambda: len(playing.pictures) >= seen + 15)
    assert len(playing.sounds) <= 16
    await playing.stop()


# ---------------------------------------------------------------- its parts


def test_the_freshest_are_kept() -> None:
    queue: Freshest[int] = Freshest(2)
    for number in range(5):
        queue.put(number)
    assert [queue.get(0), queue.get(0), queue.get(0)] == [3, 4, None]
    assert queue.dropped == 3


def test_media_time_is_the_devices_while_that_is_near_ours() -> None:
    clock = MediaClock()
    assert [round(clock.at(1000 + n / 25, 5 + n / 25 + (n % 3) * 0.03), 6) for n in range(6)] == [
        round(5 + n / 25, 6) for n in range(6)
    ]
    assert clock.at(1000.24, 9.0) == 9.0  # frames were lost, the device's clock stood still
    assert clock.at(50.0, 9.04) == pytest.approx(9.04)  # it began anew
    assert clock.at(51.0, 9.08) == pytest.approx(9.08)
    assert clock.at(50.0, 9.08) > 9.08


@pytest.mark.parametrize(("device", "passes"), [(15, 15), (25, 25), (30, 25), (60, 25)])
def test_a_faster_camera_is_thinned(device: int, passes: int) -> None:
    pace = Pace(25)
    assert sum(pace.takes(n / device) for n in range(10 * device)) == pytest.approx(10 * passes, abs=2)


@pytest.mark.parametrize("codec", ["VP8", "H264"])
def test_the_bit_rate_is_bounded_whatever_is_seen(codec: VideoCodec) -> None:
    seconds, rate = 4, 25
    graph = f"testsrc2=size=320x240:rate={rate},noise=alls=60:allf=t:all_seed=1"
    encoder = PictureEncoder(codec, SIZE, rate, 300_000)
    with av.open(graph, format="lavfi") as container:
        frames = zip(range(seconds * rate), container.decode(video=0), strict=False)
        made = [encoder.encode(frame, n / rate, key=n == 50) for n, frame in frames]
    pictures = [picture for each in made for picture in each]
    assert [picture.at for picture in pictures if picture.key] == [0.0, 2.0]
    assert len(pictures) >= 30
    sizes = [sum(map(len, picture.payloads)) * 8 for picture in pictures]
    assert sum(sizes) / seconds < 300_000 * 1.25
    assert max(len(payload) for picture in pictures for payload in picture.payloads) <= 1300


def test_a_large_camera_is_sent_in_720p() -> None:
    frame = av.VideoFrame(1920, 1080, "yuvj422p")
    encoder = PictureEncoder("VP8", live.fitted((frame.width, frame.height), live.LARGEST), 25)
    (picture,) = encoder.encode(frame, 0.0, key=True)
    assert int.from_bytes(picture.payloads[0][6:8], "little") & 0x3FFF == 1280
    assert int.from_bytes(picture.payloads[0][8:10], "little") & 0x3FFF == 720

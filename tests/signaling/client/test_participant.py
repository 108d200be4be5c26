"""The whole participant against a stand-in for the node whose peer connections decode."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import av
import pytest
from aiortc.contrib.media import MediaPlayer

from signaling.client.cli import given_token
from signaling.client.clip import Clip
from signaling.client.participant import Participant, Wishes
from signaling.client.session import RefusedError, SessionLostError
from tests.signaling.client.conftest import SIZE
from tests.signaling.client.fake_node import FakeNode


@asynccontextmanager
async def taking_part(wishes: Wishes) -> AsyncIterator[Participant]:
    person = Participant(wishes)
    running = asyncio.create_task(person.run())
    try:
        yield person
    finally:
        person.leave()
        await asyncio.wait_for(running, 10)


async def received(person: Participant, frames: int) -> None:
    """Wait until so many frames of both the microphone and the camera have come."""
    while min(person.figures.frames.get(f"other-{kind}", 0) for kind in ("audio", "video")) < frames:
        await asyncio.sleep(0.02)


def wishes(node: FakeNode, **more: object) -> Wishes:
    return Wishes(node.url, given_token("first"), **more)  # type: ignore[arg-type]


async def test_a_decoder_sees_moving_pictures_and_hears_sound(clip: Clip) -> None:
    async with FakeNode() as node, taking_part(wishes(node, clip=clip)):
        await node.until(lambda: len(node.received) == 2)
        tracks = {track.kind: track for track in node.received}
        pictures = [await asyncio.wait_for(tracks["video"].recv(), 10) for _ in range(8)]
        assert {(picture.width, picture.height) for picture in pictures} == {SIZE}
        assert len({bytes(picture.planes[0]) for picture in pictures}) > 4
        times = [picture.pts for picture in pictures]
        assert times == sorted(set(times))
        loudest = 0
        for _ in range(120):
            frame = await asyncio.wait_for(tracks["audio"].recv(), 10)
            loudest = max(loudest, max(frame.to_ndarray().flat))
        assert loudest > 4000


async def test_a_key_frame_is_sent_when_one_is_wanted(vp8_clip: Clip) -> None:
    async with FakeNode() as node, taking_part(wishes(node, clip=vp8_clip)) as person:
        await node.until(lambda: len(node.received) == 2)
        video = next(track for track in node.received if track.kind == "video")
        await asyncio.wait_for(video.recv(), 10)
        assert person.publisher is not None
        jumps = person.publisher.player.jumps
        receiver = next(t.receiver for t in node.publish_peers[0].getTransceivers() if t.kind == "video")
        stream = next(track.stream for track in person.publisher.tracks if track.kind == "video")
        while person.publisher.player.jumps == jumps:
            await receiver._send_rtcp_pli(stream.ssrc)
            await video.recv()


async def test_records_what_it_gets(clip_paths: dict[str, Path], tmp_path: Path) -> None:
    player = MediaPlayer(str(clip_paths["VP8"]), loop=True, decode=False)
    recording = tmp_path / "got.mkv"
    async with (
        FakeNode([player.audio, player.video]) as node,
        taking_part(wishes(node, record=recording)) as person,
    ):
        async with asyncio.timeout(60):
            await received(person, 40)
    with av.open(str(recording)) as container:
        titles = {stream.metadata["title"] for stream in container.streams}
        assert titles == {"other (microphone)", "other (camera)"}
        pictures = sum(1 for _ in container.decode(video=0))
    with av.open(str(recording)) as container:
        sounds = sum(frame.samples for frame in container.decode(audio=0))
    assert pictures >= 20
    assert sounds >= 48_000 // 2
    assert not Path(f"{recording}.spool").exists()


async def test_without_recording_asks_for_nothing(vp8_clip: Clip) -> None:
    async with FakeNode() as node, taking_part(wishes(node, clip=vp8_clip)):
        await node.until(lambda: node.asked("publish"))
        assert node.requests[0]["type"] == "receive"
        assert node.requests[0]["videos"] == []
        assert node.requests[0]["audio"] is False


async def test_resumes_as_the_same_participant_and_media_flows_on(vp8_clip: Clip) -> None:
    async with FakeNode() as node, taking_part(wishes(node, clip=vp8_clip)) as person:
        await node.until(lambda: len(node.received) == 2)
        video = next(track for track in node.received if track.kind == "video")
        await asyncio.wait_for(video.recv(), 10)
        first = person.id
        node.sockets[0].transport.abort()
        await node.until(lambda: len(node.hellos) == 2)
        assert node.hellos[1]["resume"] == {"participant": first, "key": "k" * 20}
        assert node.hellos[1]["token"] == "renewed"
        await asyncio.wait_for(person.joined.wait(), 5)
        for _ in range(5):
            await asyncio.wait_for(video.recv(), 5)
        assert (person.id, person.figures.resumes, person.figures.joins) == (first, 1, 1)
        assert len(node.asked("publish")) == 1


async def test_builds_media_anew_when_it_could_not_resume(vp8_clip: Clip) -> None:
    async with FakeNode() as node, taking_part(wishes(node, clip=vp8_clip)) as person:
        await node.until(lambda: len(node.received) == 2)
        node.resumable = False
        node.sockets[0].transport.abort()
        await node.until(lambda: len(node.received) == 4)
        video = [track for track in node.received if track.kind == "video"][-1]
        await asyncio.wait_for(video.recv(), 10)
        assert person.figures.joins == 2


async def test_builds_a_new_connection_when_the_node_drops_it(vp8_clip: Clip) -> None:
    async with FakeNode() as node, taking_part(wishes(node, clip=vp8_clip)) as person:
        await node.until(lambda: len(node.received) == 2)
        video = next(track for track in node.received if track.kind == "video")
        await asyncio.wait_for(video.recv(), 10)
        await node.publish_peers[0].close()
        await node.until(lambda: len(node.received) == 4, 20)
        again = [track for track in node.received if track.kind == "video"][-1]
        await asyncio.wait_for(again.recv(), 10)
        assert person.figures.rebuilds == 1
        assert person.figures.joins == 1


async def test_says_why_when_the_node_refuses(vp8_clip: Clip) -> None:
    async with FakeNode() as node:
        node.refuse = "bad_token"
        with pytest.raises(RefusedError, match="bad_token"):
            await asyncio.wait_for(Participant(wishes(node, clip=vp8_clip, stay=True)).run(), 10)
        assert len(node.hellos) == 1


async def test_says_so_when_nobody_answers() -> None:
    with pytest.raises(SessionLostError, match=r"http://127\.0\.0\.1:9 cannot be reached"):
        await Participant(Wishes("http://127.0.0.1:9", given_token("t"))).run()


async def test_stays_until_the_server_comes_and_leaves_politely() -> None:
    async with FakeNode() as node, taking_part(wishes(node, stay=True)):
        await node.until(lambda: node.asked("receive"))
    assert [request["type"] for request in node.requests][-1] == "leave"

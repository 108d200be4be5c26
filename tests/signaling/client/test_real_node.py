"""Participants meet on the real media node: what one publishes another records, over every kind of trouble."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import av
import pytest
import uvicorn

from signaling.app import create_node_app
from signaling.client.cli import given_token
from signaling.client.clip import Clip
from signaling.client.participant import Participant, Wishes
from signaling.config import NodeAppConfig
from signaling.model import Presence, Role
from signaling.tokens import issue

KEY = bytes(range(32))


def free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def real_node(folder: Path) -> AsyncIterator[str]:
    """A media node on this loop; gives its address."""
    config = NodeAppConfig(
        node=0,
        data_dir=folder,
        media_port=free_port(socket.SOCK_DGRAM),
        media_addresses=["127.0.0.1"],
        token_key=KEY,
        control_key=KEY,
        events_key=KEY,
    )
    port = free_port(socket.SOCK_STREAM)
    server = uvicorn.Server(
        uvicorn.Config(create_node_app(config), host="127.0.0.1", port=port, log_level="warning", lifespan="on")
    )
    running = asyncio.create_task(server.serve())
    await until(lambda: server.started or running.done())
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await running


async def until(condition: Callable[[], bool], timeout_s: float = 20.0) -> None:
    """Wait for a condition; fails after `timeout_s`."""
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.02)


def token(name: str) -> str:
    return issue(
        meeting="m1", identity=f"service:{name}", name=name, role=Role.PRESENTER, presence=Presence.SERVICE
    ).sign(KEY)


@asynccontextmanager
async def taking_part(url: str, name: str, **more: object) -> AsyncIterator[Participant]:
    person = Participant(Wishes(url, given_token(token(name)), **more))  # type: ignore[arg-type]
    running = asyncio.create_task(person.run())
    try:
        await asyncio.wait_for(person.joined.wait(), 10)
        yield person
    finally:
        person.leave()
        await asyncio.wait_for(running, 10)


def whole_frames(person: Participant) -> int:
    """Frames of the publication of which the fewest have come, of at least two."""
    counts = list(person.figures.frames.values())
    return min(counts) if len(counts) >= 2 else 0


async def test_one_publishes_and_another_records(clip: Clip, tmp_path: Path) -> None:
    recording = tmp_path / "got.mkv"
    async with (
        real_node(tmp_path) as url,
        taking_part(url, "kyiv", clip=clip),
        taking_part(url, "lviv", record=recording) as lviv,
    ):
        await until(lambda: whole_frames(lviv) >= 40)
        assert sorted(person.name for person in lviv.present.values()) == ["kyiv", "lviv"]
    with av.open(str(recording)) as container:
        assert sorted(stream.metadata["title"] for stream in container.streams) == [
            "kyiv (camera)",
            "kyiv (microphone)",
        ]
        pictures = [bytes(frame.planes[0]) for frame in container.decode(video=0)]
    assert len(pictures) >= 30
    assert len(set(pictures)) > 20


async def test_finds_a_new_way_by_an_ice_restart(
    vp8_clip: Clip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signaling.client.participant.SILENT_S", 6.5)  # consent is asked for every 4 to 6 s
    async with (
        real_node(tmp_path) as url,
        taking_part(url, "kyiv", clip=vp8_clip) as kyiv,
        taking_part(url, "lviv", receive=True) as lviv,
    ):
        await until(lambda: whole_frames(lviv) >= 10)
        assert kyiv.publisher is not None
        assert kyiv.publisher.transport is not None
        kyiv.publisher.transport.ice.selected = None
        await until(lambda: kyiv.figures.ice_restarts == 1)
        seen = whole_frames(lviv)
        await until(lambda: whole_frames(lviv) >= seen + 20)
        assert (kyiv.figures.ice_restarts, kyiv.figures.rebuilds, kyiv.figures.joins) == (1, 0, 1)


async def test_rebuilds_what_an_ice_restart_cannot_heal(vp8_clip: Clip, tmp_path: Path) -> None:
    async with (
        real_node(tmp_path) as url,
        taking_part(url, "kyiv", clip=vp8_clip) as kyiv,
        taking_part(url, "lviv", receive=True) as lviv,
    ):
        await until(lambda: whole_frames(lviv) >= 10)
        assert kyiv.publisher is not None
        assert kyiv.publisher.transport is not None
        assert lviv.subscriber.transport is not None
        kyiv.publisher.transport.failed = True
        lviv.subscriber.transport.failed = True
        await until(lambda: kyiv.figures.rebuilds == lviv.figures.rebuilds == 1)
        seen = whole_frames(lviv)
        await until(lambda: whole_frames(lviv) >= seen + 20)
        assert (kyiv.figures.joins, lviv.figures.joins) == (1, 1)


async def test_the_active_speaker_is_named(vp8_clip: Clip, tmp_path: Path) -> None:
    async with (
        real_node(tmp_path) as url,
        taking_part(url, "kyiv", clip=vp8_clip) as kyiv,
        taking_part(url, "lviv", receive=True) as lviv,
    ):
        await until(lambda: lviv.speaker == kyiv.id)

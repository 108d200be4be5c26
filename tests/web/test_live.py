"""The public page of a live stream, its files, and how its viewers are counted."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import event, select

from lms.database import Database
from lms.media.models import Recording, RecordingState, Watching
from lms.schedule.models import Access, Kind, Occurrence, Status, Streaming
from lms.streaming.library import Audience
from lms.streaming.models import StreamLine, StreamRun
from recordings.live import wire
from signaling.tokens import verify_program
from tests.lms.facts import NOW
from tests.web.conftest import TOKEN_KEY, Clock
from tests.web.visitor import ADMINISTRATOR, ORGANISER, Visitor
from web.config import WebConfig
from web.main.deleting import Deleter
from web.main.library import FolderLibrary
from web.main.live_following import Follower
from web.main.live_library import LiveFolder
from web.site import build_site

Browser = Callable[..., Visitor]
STREAM = "00000000000000cd"
PLAYLIST = "#EXTM3U\n#EXT-X-VERSION:7\n"
SEGMENT = bytes(range(256)) * 4


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def app(shared_app: FastAPI, config: WebConfig, data: Path) -> FastAPI:
    shared_app.state.site = build_site(replace(config, live=LiveFolder(data)))
    return shared_app


@pytest.fixture
def occurrence(database: Database) -> Occurrence:
    """One that is listed and on now."""
    with database.writing() as session:
        found = session.scalars(
            select(Occurrence).where(
                Occurrence.listed, Occurrence.status == Status.PUBLISHED, Occurrence.kind != "meeting"
            )
        ).first()
        assert found is not None
        found.access, found.status, found.streaming = Access.NETWORK, Status.LIVE, Streaming.ALLOWED
        found.starts_at, found.ends_at = NOW, NOW.replace(hour=NOW.hour + 1)
    return found


def streamed(data: Path, meeting: str, state: str = "live", at: datetime = NOW, **more: Any) -> Path:
    """A stream's folder, as its composer keeps it."""
    folder = wire.folder(data, meeting)
    (folder / f"{STREAM}-0").mkdir(parents=True, exist_ok=True)
    (folder / "index.m3u8").write_text(PLAYLIST)
    (folder / "720p.m3u8").write_text(PLAYLIST)
    (folder / f"{STREAM}-0" / "720p-000001.m4s").write_bytes(SEGMENT)
    (folder / f"{STREAM}-0" / "captions-uk-000001.vtt").write_text("WEBVTT\n")
    began = NOW.timestamp()
    status = wire.Status.model_validate(
        {"stream": STREAM, "meeting": meeting, "state": state, "began_at": began, "at": at.timestamp(), **more}
    )
    wire.write_status(folder / wire.STATUS, status)
    return folder


def change(database: Database, occurrence: Occurrence, **values: Any) -> None:
    """Plan it otherwise."""
    with database.writing() as session:
        found = session.get_one(Occurrence, occurrence.id)
        for name, value in values.items():
            setattr(found, name, value)


async def test_files_of_a_stream_are_for_everybody_and_every_player(
    browser: Browser, data: Path, occurrence: Occurrence
) -> None:
    base = f"/live/{occurrence.meeting}"
    visitor = browser()
    assert (await visitor.get(f"{base}/index.m3u8")).status_code == 404, "nothing is streamed"
    streamed(data, occurrence.meeting)
    visitor = browser()
    for name, kind, kept in (
        ("index.m3u8", "application/vnd.apple.mpegurl", "public, max-age=1"),
        (f"{STREAM}-0/720p-000001.m4s", "video/mp4", "public, max-age=3600, immutable"),
        (f"{STREAM}-0/captions-uk-000001.vtt", "text/vtt", "public, max-age=3600, immutable"),
    ):
        answer = await visitor.get(f"{base}/{name}")
        assert answer.status_code == 200, name
        assert answer.headers["content-type"].startswith(kind)
        assert answer.headers["cache-control"] == kept
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
        assert "set-cookie" not in answer.headers
    part = await visitor.client.get(f"{base}/{STREAM}-0/720p-000001.m4s", headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, SEGMENT[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(SEGMENT)}"


@pytest.mark.parametrize(
    "name",
    [
        "status.json",
        "nothing.m3u8",
        "%2e%2e/other/index.m3u8",
        "..%2fother%2findex.m3u8",
        f"{STREAM}-0/%2e%2e/%2e%2e/secret.m4s",
        f"{STREAM}-0/%00.m4s",
        "link.m4s",
        "folder.m4s",
        "a/b/c/d/e.m4s",
        "x" * 300 + ".m4s",
    ],
)
async def test_what_is_no_file_of_the_stream_is_a_problem_document(
    browser: Browser, data: Path, occurrence: Occurrence, name: str
) -> None:
    folder = streamed(data, occurrence.meeting)
    streamed(data, "other")
    (data / "live" / "secret.m4s").write_bytes(b"secret")
    (folder / "link.m4s").symlink_to(data / "live" / "secret.m4s")
    (folder / "folder.m4s").mkdir()
    visitor = browser()
    answer = await visitor.client.get(f"/live/{occurrence.meeting}/{name}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "stream_unknown"
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    "values",
    [
        {"kind": Kind.MEETING},
        {"access": Access.LINK},
        {"streaming": Streaming.NO},
        {"status": Status.DRAFT},
    ],
)
async def test_what_is_not_for_the_public_is_not_there(
    browser: Browser, data: Path, occurrence: Occurrence, database: Database, values: dict[str, Any]
) -> None:
    change(database, occurrence, **values)
    streamed(data, occurrence.meeting)
    visitor, base = browser(), f"/live/{occurrence.meeting}"
    for path in (base, f"{base}/index.m3u8", f"{base}/{STREAM}-0/720p-000001.m4s", f"{base}/watch"):
        assert (await visitor.get(path)).status_code == 404, path
    assert (await visitor.get(f"{base}/state")).json() == {"state": "none", "viewers": 0}


async def test_a_stream_that_nobody_planned_has_a_page_while_there_is_one(browser: Browser, data: Path) -> None:
    visitor = browser()
    assert (await visitor.get("/live/adhoc")).status_code == 404
    assert (await visitor.get("/live/..%2fetc")).status_code == 404
    streamed(data, "adhoc")
    visitor = browser()
    page = await visitor.get("/live/adhoc")
    assert page.status_code == 200
    assert "Live stream" in page.text


async def test_many_players_cost_the_database_next_to_nothing(
    browser: Browser, data: Path, occurrence: Occurrence, database: Database
) -> None:
    streamed(data, occurrence.meeting)
    visitor = browser()
    said: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *arguments: said.append(arguments[2]))
    for _ in range(20):
        await visitor.get(f"/live/{occurrence.meeting}/720p.m3u8")
        await visitor.get(f"/live/{occurrence.meeting}/state")
    assert len([one for one in said if "occurrence" in one]) == 1


async def test_the_page_says_what_is_the_case(
    browser: Browser, data: Path, occurrence: Occurrence, database: Database, clock: Clock
) -> None:
    visitor, path = browser(), f"/live/{occurrence.meeting}"

    async def shows(sentence: str, stage: str) -> str:
        page = await visitor.get(path)
        assert page.status_code == 200
        assert sentence in page.text
        assert f'data-stage="{stage}"' in page.text
        return page.text

    await shows("Nothing is streamed just now.", "none")
    change(database, occurrence, streaming=Streaming.PLANNED)
    text = await shows("The live stream has not begun yet.", "none")
    assert f"/schedule/{occurrence.slug}.ics" in text
    streamed(data, occurrence.meeting, "starting")
    await shows("It begins in a moment.", "starting")
    streamed(data, occurrence.meeting)
    text = await shows("Live", "live")
    assert f"{path}/index.m3u8" in text, "without a script, a player can have it"
    clock.forward(seconds=11)
    await shows("The picture comes back by itself.", "away")
    streamed(data, occurrence.meeting, "ended")
    await shows("The live stream has ended.", "ended")
    with database.writing() as session:
        session.add(
            Recording(
                code="00000000000000ab", meeting=occurrence.meeting, occurrence_id=occurrence.id, instant=True,
                state=RecordingState.READY, watching=Watching.PUBLIC, began_at=NOW, heard_at=NOW,
            )
        )  # fmt: skip
    assert "/recordings/00000000000000ab" in await shows("The live stream has ended.", "ended")
    change(database, occurrence, status=Status.CANCELLED)
    await shows("This occurrence was cancelled.", "cancelled")


async def test_over_and_never_streamed(browser: Browser, occurrence: Occurrence, clock: Clock) -> None:
    clock.forward(hours=5)
    page = await browser().get(f"/live/{occurrence.meeting}")
    assert "It is over, and was not streamed." in page.text
    assert "data-bar" not in page.text


async def test_a_viewers_token_opens_the_program_and_nothing_else(
    browser: Browser, data: Path, occurrence: Occurrence
) -> None:
    streamed(data, occurrence.meeting)
    told = (await browser().get(f"/live/{occurrence.meeting}/watch")).json()
    assert told["whep"] == f"/whep/{occurrence.meeting}?source=program"
    token = verify_program(told["token"], TOKEN_KEY)
    assert (token.meeting, token.use, token.stream) == (occurrence.meeting, "watch", "")


async def test_viewers_are_counted_once_however_they_ask(
    browser: Browser, app: FastAPI, data: Path, occurrence: Occurrence
) -> None:
    streamed(data, occurrence.meeting)
    base, desk = f"/live/{occurrence.meeting}", app.state.site.live
    moment = [0.0]
    desk._now = lambda: moment[0]
    page = browser()
    ours = {"sec-fetch-site": "same-origin"}
    for number in range(3):
        first = "1" if number == 0 else ""
        await page.get(f"{base}/state", viewer="0123456789abcdef", first=first, way="whep")
        await page.client.get(f"{base}/720p.m3u8", headers=ours)
        await desk.settled()
        moment[0] += 4
    elsewhere = browser(address="198.51.100.7")
    for _ in range(3):
        await elsewhere.get(f"{base}/720p.m3u8")
    await page.get(f"{base}/state", viewer="not a viewer")
    moment[0] += 6
    await page.get(f"{base}/state", viewer="0123456789abcdef", way="whep")
    await desk.settled()
    library = LiveFolder(data)
    assert library.audience(STREAM) == Audience(now=2, views=2, by_files=1)
    other = build_site(app.state.site.config).live  # another web process, to which one of the two has come as well
    other.viewer(occurrence.meeting, "0123456789abcdef", began=False)
    other.viewer(occurrence.meeting, "fedcba9876543210", began=True)
    await other.settled()
    assert library.audience(STREAM).now == 2, "told each few seconds"
    moment[0] += 40
    await elsewhere.get(f"{base}/720p.m3u8")
    await desk.settled()
    assert library.audience(STREAM).now <= 3
    written = "".join(path.read_text() for path in (data / "live-viewers").rglob("*.json"))
    assert "198.51.100.7" not in written
    assert (await page.get(f"{base}/state")).json()["viewers"] >= 1


async def test_one_process_remembers_a_bounded_crowd(
    app: FastAPI, data: Path, occurrence: Occurrence, monkeypatch: pytest.MonkeyPatch
) -> None:
    streamed(data, occurrence.meeting)
    monkeypatch.setattr("web.live.MOST_VIEWERS", 5)
    desk = app.state.site.live
    for number in range(50):
        desk.viewer(occurrence.meeting, f"{number:016x}", began=True)
    await desk.settled()
    assert len(desk._crowds[STREAM].seen) == 5
    assert desk._crowds[STREAM].views == 50


async def test_editors_see_how_the_targets_fare(
    browser: Browser, data: Path, occurrence: Occurrence, database: Database
) -> None:
    with database.writing() as session:
        run = StreamRun(
            code=STREAM, meeting=occurrence.meeting, occurrence_id=occurrence.id, began_at=NOW, heard_at=NOW, views=7,
            most_viewers=4, begun_by="Олена",
        )  # fmt: skip
        session.add(run)
        session.flush()
        line = {"run_id": run.id, "at": NOW, "target": "1", "name": "Сторінка", "detail": "<NetStream.Publish.BadName>"}
        session.add(StreamLine(state="failed", problem="refused", **line))
    streamed(data, occurrence.meeting)
    visitor = browser()
    page = await visitor.get(f"/schedule/{occurrence.slug}")
    assert "Watch the live stream" in page.text
    assert "did not take the key" not in page.text
    await visitor.sign_in(ORGANISER)
    page = await visitor.get(f"/schedule/{occurrence.slug}")
    assert "The server did not take the key." in page.text
    assert "&lt;NetStream.Publish.BadName&gt;" in page.text
    assert "at most 4 at once" in page.text


async def test_the_worker_follows_a_stream_to_its_recording(
    browser: Browser, data: Path, occurrence: Occurrence, database: Database
) -> None:
    counted: list[tuple[str, int]] = []
    follow = Follower(data, lambda *told: counted.append(told))
    target = {"id": "cli", "state": "waiting", "problem": "hung", "detail": "", "since": NOW.timestamp(), "tries": 2}
    streamed(data, occurrence.meeting, targets=[target], live_at=NOW.timestamp())
    LiveFolder(data).tell_audience(STREAM, "1", {"0" * 16: True, "1" * 16: False}, 5)
    assert follow(database, NOW) > 0
    assert follow(database, NOW) == 0
    assert counted == [(occurrence.meeting, 1)] * 2, "those by WebRTC the node counts itself"
    streamed(data, occurrence.meeting, "ended", targets=[target], live_at=NOW.timestamp())
    follow(database, NOW)
    kept = data / "recordings" / "instant" / f"{STREAM}.mp4"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(_film())
    follow(database, NOW)
    with database.reading() as session:
        run = session.scalars(select(StreamRun)).one()
        made = session.scalars(select(Recording).where(Recording.code == STREAM)).one()
    assert (run.most_viewers, run.views, run.settled_at) == (2, 5, NOW)
    assert made.instant
    assert made.duration_s == pytest.approx(1.0, abs=0.1)
    assert not (data / "live-viewers" / STREAM).exists()
    assert follow(database, NOW) == 0
    page = await browser().get(f"/recordings/{STREAM}")
    assert page.status_code == 200
    assert "made while it ran" in page.text


def _film() -> bytes:
    """A second of grey."""
    import io

    import av
    import numpy as np

    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as file:
        stream = file.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 32
        for _ in range(10):
            frame = av.VideoFrame.from_ndarray(np.full((32, 32, 3), 128, np.uint8))
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    return buffer.getvalue()


async def test_a_recording_kept_of_a_stream_plays_and_is_deleted(
    shared_app: FastAPI, browser: Browser, data: Path, config: WebConfig, database: Database, occurrence: Occurrence
) -> None:
    shared_app.state.site = build_site(replace(config, recordings=FolderLibrary(data), live=LiveFolder(data)))
    kept = data / "recordings" / "instant" / f"{STREAM}.mp4"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(_film())
    streamed(data, occurrence.meeting, "ended", live_at=NOW.timestamp())
    follow = Follower(data, lambda *_: None)
    follow(database, NOW)
    visitor = browser()
    page = await visitor.get(f"/recordings/{STREAM}")
    link = re.search(r'src="(/recordings/[^"]+)" type="video/mp4"', page.text)
    assert link, page.text
    assert (await visitor.client.get(link.group(1).replace("&amp;", "&"))).content == kept.read_bytes()
    await visitor.sign_in(ADMINISTRATOR)
    page = await visitor.get(f"/recordings/{STREAM}")
    assert "Make it anew" not in page.text
    assert (await visitor.post(f"/recordings/{STREAM}/rebuild")).status_code == 409
    assert (await visitor.post(f"/recordings/{STREAM}/delete")).status_code == 303
    assert Deleter(FolderLibrary(data))(database, NOW) == 1
    assert not kept.exists()
    assert not wire.folder(data, occurrence.meeting).exists(), "nothing is left of it for players either"


def test_the_page_words_reach_its_script() -> None:
    """Every word that the script asks for is sent along."""
    from web.pages.live import WORDS

    sources = Path(__file__).parents[2] / "web" / "client" / "src" / "site"
    scripts = [path for path in (sources / "live").glob("*.ts") if path.stem != "questions"]
    text = "".join(path.read_text() for path in [sources / "live.ts", *scripts])
    either = re.findall(r'(?:words\[|label\().*\? "(\w+)" : "(\w+)"', text)
    asked = {*re.findall(r'words\["(\w+)"\]', text), *(word for pair in either for word in pair)}
    assert len(asked) > 12
    assert asked <= set(WORDS)

"""A recording's page: who sees it, its links, its terms, its end."""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from lms.database import Database
from lms.media import actions, instant
from lms.media.library import Made, MadeFile
from lms.media.models import Consent, ConsentAnswer, Recording, RecordingState, Rendition, Watching
from lms.schedule.models import Occurrence, Status
from tests.web.visitor import Visitor
from web.config import WebConfig
from web.main.deleting import Deleter
from web.main.library import FolderLibrary
from web.site import build_site

Browser = Callable[..., Visitor]
CODE = "00000000000000ab"
VIDEO = bytes(range(256)) * 40
PLAYBACK = {
    "video": "video.mp4",
    "poster": "",
    "chapters_file": "",
    "captions": [],
    "gaps": [[3.0, 4.5]],
    "chapters": [{"at": 0.0, "title": "Початок", "kind": "start"}, {"at": 65.0, "title": "Практика", "kind": "agenda"}],
    "chat": [{"at": 12.5, "participant": "p1", "name": "ЦНАП", "text": "<b>Чи можна?</b>"}],
    "people": [{"participant": "p1", "name": "ЦНАП", "organisation": "ЦНАП", "role": "participant", "present": []}],
}


@pytest.fixture
def library(tmp_path: Path) -> FolderLibrary:
    """A recording on the shelf, published as processing does."""
    made = FolderLibrary(tmp_path)
    version = made.made(CODE) / "v0001"
    version.mkdir(parents=True)
    made.raw(CODE).mkdir(parents=True)
    (made.raw(CODE) / "timeline.jsonl").write_text("{}\n")
    (version / "video.mp4").write_bytes(VIDEO)
    (version / "playback.json").write_text(json.dumps(PLAYBACK))
    (made.made(CODE) / "current").symlink_to("v0001")
    return made


@pytest.fixture
def app(shared_app: FastAPI, config: WebConfig, library: FolderLibrary) -> FastAPI:
    shared_app.state.site = build_site(replace(config, recordings=library))
    return shared_app


@pytest.fixture
def slug(database: Database) -> str:
    """An occurrence that is over, with its recording."""
    now = datetime(2026, 11, 25, tzinfo=UTC)
    with database.writing() as session:
        occurrence = session.scalars(
            select(Occurrence).where(Occurrence.status == Status.ENDED, Occurrence.listed).limit(1)
        ).one()
        session.add(
            Recording(
                code=CODE,
                meeting=occurrence.meeting,
                occurrence_id=occurrence.id,
                state=RecordingState.QUEUED,
                watching=Watching.NETWORK,
                began_at=occurrence.starts_at,
                heard_at=now,
            )
        )
        session.flush()
        job = actions.claim(session, "w", now)
        assert job is not None
        files = [MadeFile("video.mp4", "video/mp4", len(VIDEO), "0" * 64, 100.0, "composition")]
        actions.finish(session, job.id, Made("v0001", 100.0, files), now)
        return occurrence.slug


async def test_it_is_watched_by_whom_it_is_for(browser: Browser, slug: str) -> None:
    stranger, member = browser(), browser()
    await member.sign_in("staff@vikno.test")
    assert (await stranger.get(f"/recordings/{CODE}")).status_code == 404
    assert f"/recordings/{CODE}" not in (await stranger.get(f"/schedule/{slug}")).text
    assert f"/recordings/{CODE}" in (await member.get(f"/schedule/{slug}")).text
    page = await member.get(f"/recordings/{CODE}")
    assert page.status_code == 200
    assert "Практика" in page.text
    assert "1:05" in page.text
    assert "&lt;b&gt;Чи можна?&lt;/b&gt;" in page.text
    assert "was interrupted once" in page.text
    assert "Legal hold" not in page.text
    assert "&amp;save=1" not in page.text, "not to be downloaded unless its terms say so"


async def test_files_that_are_published_and_not_known_yet_do_no_harm(
    browser: Browser, slug: str, library: FolderLibrary
) -> None:
    newer = {"captions": [{"language": "uk", "file": "captions.uk.vtt"}], "poster": "poster.jpg"}
    path = library.made(CODE) / "v0001" / "playback.json"
    path.write_text(json.dumps(PLAYBACK | newer))
    member = browser()
    await member.sign_in("staff@vikno.test")
    page = await member.get(f"/recordings/{CODE}")
    assert page.status_code == 200
    assert "captions.uk.vtt" not in page.text
    path.write_text(json.dumps(PLAYBACK | {"video": "other.mp4"}))
    assert (await member.get(f"/recordings/{CODE}")).status_code == 200


async def test_questions_captions_and_kinds_of_chapters_stand_beside_the_picture(
    browser: Browser, slug: str, library: FolderLibrary, database: Database
) -> None:
    said = {
        "captions": [{"language": "uk", "file": "captions.uk.vtt"}, {"language": "en", "file": "captions.en.vtt"}],
        "questions": [
            {"at": 70.0, "name": "Олена", "text": "Коли?", "public": False, "votes": 3, "asked": 5.0, "answered": 80.0}
        ],
        "transcript": [
            {"at": 3.0, "until": 5.0, "language": "uk", "name": "Субтитри", "text": "Добрий <день>"},
            {"at": 4.0, "until": 6.0, "language": "en", "name": "Captions", "text": "Good day"},
        ],
    }
    version = library.made(CODE) / "v0001"
    (version / "playback.json").write_text(json.dumps(PLAYBACK | said))
    with database.writing() as session:
        recording = session.scalars(select(Recording).where(Recording.code == CODE)).one()
        for language in ("uk", "en"):
            name = f"captions.{language}.vtt"
            (version / name).write_text("WEBVTT\n")
            session.add(Rendition(recording_id=recording.id, name=name, media_type="text/vtt", size=7, sha256="0" * 64))
        recording.downloadable = True
    member = browser()
    await member.sign_in("staff@vikno.test")
    page = (await member.get(f"/recordings/{CODE}")).text
    assert re.search(r'<track kind="captions" srclang="uk" label="Ukrainian" src="[^"]+captions.uk.vtt', page)
    assert "Добрий &lt;день&gt;" in page
    assert '<option value="en" selected>' in page
    assert re.search(r'data-at="70.0".*?Олена</strong> Коли\?.*?answered.*?3 votes', page, re.DOTALL)
    assert re.search(r"Практика <span[^>]*>agenda</span>", page)
    assert "Captions: English" in page


async def test_files_come_by_a_link_that_works_for_a_while_and_in_ranges(browser: Browser, slug: str) -> None:
    member, player = browser(), browser()
    await member.sign_in("staff@vikno.test")
    page = await member.get(f"/recordings/{CODE}")
    found = re.search(r'<source src="([^"]+)"', page.text)
    assert found
    link = html.unescape(found.group(1))
    whole = await player.get(link)
    assert (whole.status_code, whole.content, whole.headers["content-type"]) == (200, VIDEO, "video/mp4")
    part = await player.client.get(link, headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, VIDEO[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(VIDEO)}"
    beyond = await player.client.get(link, headers={"Range": "bytes=99999999-"})
    assert beyond.status_code == 416
    for wrong in (link[:-3] + "xxx", link.partition("?")[0], link.replace("video.mp4", "playback.json")):
        assert (await player.get(wrong)).status_code == 404
    assert (await player.get(link.replace("video.mp4", "../../raw/" + CODE + "/timeline.jsonl"))).status_code == 404


async def test_its_terms_and_its_end(browser: Browser, slug: str, library: FolderLibrary, database: Database) -> None:
    planner, stranger = browser(), browser()
    await planner.sign_in()
    wrong = await planner.post(f"/recordings/{CODE}/terms", watching="everybody", keep_until="soon")
    assert wrong.status_code == 422
    held = {"watching": "public", "downloadable": "yes", "held": "yes", "keep_until": "2027-01-31"}
    await planner.post(f"/recordings/{CODE}/terms", **held)
    seen = await stranger.get(f"/recordings/{CODE}")
    assert seen.status_code == 200
    assert "&amp;save=1" in seen.text
    assert (await stranger.post(f"/recordings/{CODE}/delete")).status_code == 403
    refused = await planner.post(f"/recordings/{CODE}/delete")
    assert refused.status_code == 409
    assert "Lift the hold first" in refused.text
    await planner.post(f"/recordings/{CODE}/terms", **(held | {"held": ""}))
    await planner.post(f"/recordings/{CODE}/delete")
    assert library.raw(CODE).exists(), "files go once the order is certain"
    assert (await planner.get(f"/recordings/{CODE}")).text.count("its files are being deleted") == 1
    assert Deleter(library)(database, datetime(2026, 11, 26, 9, tzinfo=UTC)) == 1
    assert not library.raw(CODE).exists()
    assert not library.made(CODE).exists()
    assert (await stranger.get(f"/recordings/{CODE}")).status_code == 404
    assert f"/recordings/{CODE}" not in (await planner.get(f"/schedule/{slug}")).text
    gone = (await planner.get(f"/recordings/{CODE}")).text
    assert "This recording has been deleted" in gone
    assert "its files are being deleted" not in gone
    found = re.search(rf"/recordings/{CODE}/deletions/\d+\.txt", gone)
    assert found
    listing = await planner.get(found[0])
    assert f"recordings/raw/{CODE}/timeline.jsonl" in listing.text
    assert hashlib.sha256(listing.content).hexdigest() in gone
    assert (await stranger.get(found[0])).status_code == 404


async def test_who_knew_is_seen_by_those_who_organise(browser: Browser, slug: str, database: Database) -> None:
    with database.writing() as session:
        now = datetime(2026, 11, 25, 9, tzinfo=UTC)
        session.add_all(
            Consent(code=CODE, meeting="demo", identity=identity, name=name, told_at=now, answer=answer,
                    answered_at=answered, notice="2026-11")
            for identity, name, answer, answered in (
                ("person:1", "=Олена", ConsentAnswer.QUIET, now),
                ("guest:k7", "Гість", ConsentAnswer.TOLD, None),
            )
        )  # fmt: skip
    planner, member = browser(), browser()
    await planner.sign_in()
    await member.sign_in("staff@vikno.test")
    page = (await planner.get(f"/recordings/{CODE}")).text
    assert "Who knew that it was recorded" in page
    assert re.search(r"went on without camera and microphone: <strong>1</strong>", page)
    assert "Who knew" not in (await member.get(f"/recordings/{CODE}")).text
    table = (await planner.get(f"/recordings/{CODE}/consents.csv")).content.decode("utf-8-sig")
    assert "'=Олена,person:1,2026-11-25" in table, "no spreadsheet takes a name for a formula"
    assert (await member.get(f"/recordings/{CODE}/consents.csv")).status_code == 403


async def test_what_is_being_made_says_how_far_it_is(browser: Browser, slug: str, database: Database) -> None:
    planner = browser()
    await planner.sign_in()
    await planner.post(f"/recordings/{CODE}/rebuild")
    assert "waits for its turn" in (await planner.get(f"/recordings/{CODE}")).text
    now = datetime(2026, 11, 25, tzinfo=UTC)
    with database.writing() as session:
        job = actions.claim(session, "w", now)
        assert job is not None
        actions.renew(session, job.id, "w", "compose", 0.42, now)
    assert (await planner.get(f"/recordings/{CODE}/state")).json() == {"state": "processing", "progress": 0.42}
    assert 'value="0.42"' in (await planner.get(f"/recordings/{CODE}")).text
    with database.writing() as session:
        actions.fail(session, job.id, "The disk is full. Make room; then rebuild.", now)
    assert "The disk is full. Make room" in (await planner.get(f"/recordings/{CODE}")).text


async def test_a_recording_of_a_stream_in_two_parts_shows_both_with_their_captions(
    browser: Browser, slug: str, library: FolderLibrary, database: Database, tmp_path: Path
) -> None:
    code = "00000000000000cd"
    folder = tmp_path / "recordings" / "instant"
    folder.mkdir(parents=True)
    names = [f"{code}.mp4", f"{code}-2.mp4", f"{code}-2.uk.vtt"]
    for name in names:
        (folder / name).write_bytes(name.encode())
    line = {"at": 1.5, "until": 3.0, "language": "uk", "name": "", "text": "У другій частині"}
    (folder / f"{code}-2.captions").write_text(json.dumps(line) + "\n")
    with database.writing() as session:
        occurrence = session.scalars(select(Occurrence).where(Occurrence.slug == slug)).one()
        kinds = ("composition", "composition", "captions")
        files = [
            MadeFile(name, "video/mp4" if kind == "composition" else "text/vtt", 30, "0" * 64, 60.0, kind, label)
            for name, kind, label in zip(names, kinds, ("1", "2", ""), strict=True)
        ]
        now = datetime(2026, 11, 25, tzinfo=UTC)
        instant.keep(session, code, occurrence.meeting, files, now, now, now)
        session.scalars(select(Recording).where(Recording.code == code)).one().downloadable = True
    visitor = browser()
    first, second = await visitor.get(f"/recordings/{code}"), await visitor.get(f"/recordings/{code}?part=2")
    assert "2:00" in first.text, "both together"
    assert "У другій частині" not in first.text
    assert "У другій частині" in second.text
    for page, name in ((first, names[0]), (second, names[1]), (second, names[2])):
        link = re.search(rf'src="([^"]*/{re.escape(name)}\?[^"]*)"', page.text)
        assert link is not None, name
        assert (await visitor.get(html.unescape(link[1]))).content == name.encode()
    downloads = re.findall(r'save=1" download>([^<]*)', second.text)
    assert [one.strip() for one in downloads] == ["Part 1", "Part 2", "Captions: Ukrainian"]
    assert (await visitor.get(f"/recordings/{code}?part=9")).text.count('aria-current="page"') == 1
    assert {path.name for path in folder.iterdir()} == {Path(path).name for path, _ in library.files(code)}


async def test_who_needs_an_interpreter_chooses_the_language(
    browser: Browser, slug: str, library: FolderLibrary, database: Database
) -> None:
    member = browser()
    await member.sign_in("staff@vikno.test")
    with database.writing() as session:
        recording = session.scalars(select(Recording).where(Recording.code == CODE)).one()
        recording.downloadable = True
        (library.made(CODE) / "v0001" / "video.en.mp4").write_bytes(b"x")
        made = Rendition(
            recording_id=recording.id, name="video.en.mp4", media_type="video/mp4", size=1, sha256="0" * 64
        )
        made.source, made.label = "channel", "en"
        session.add(made)
    page = (await member.get(f"/recordings/{CODE}")).text
    assert re.findall(r'data-quality="([\w-]+)"', page) == ["usual", "in-en"]
    assert re.search(r"Quality and language", page)
    assert re.search(r"Interpretation: English <span", page)
    assert "The whole recording with interpretation: English</a>" in page
    chosen = (await member.get(f"/recordings/{CODE}?quality=in-en")).text
    assert re.search(r'<source src="[^"]+video.en.mp4[^"]+" type="video/mp4">', chosen)


async def test_a_weak_line_may_choose_a_small_picture_or_sound_alone(
    browser: Browser, slug: str, library: FolderLibrary, database: Database
) -> None:
    member = browser()
    await member.sign_in("staff@vikno.test")
    assert "data-quality=" not in (await member.get(f"/recordings/{CODE}")).text, "nothing to choose from"
    with database.writing() as session:
        recording = session.scalars(select(Recording).where(Recording.code == CODE)).one()
        recording.downloadable = True
        for name, kind, source, size in (
            ("small.mp4", "video/mp4", "small", 41_200_000),
            ("sound.m4a", "audio/mp4", "sound", 9_000_000),
        ):
            (library.made(CODE) / "v0001" / name).write_bytes(b"x")
            made = Rendition(recording_id=recording.id, name=name, media_type=kind, size=size, sha256="0" * 64)
            made.source = source
            session.add(made)
    page = (await member.get(f"/recordings/{CODE}")).text
    offered = re.findall(r'data-quality="(\w+)"([^>]*)>', page)
    assert [(kind, "aria-current" in more) for kind, more in offered] == [
        ("usual", True),
        ("small", False),
        ("sound", False),
    ]
    assert re.search(r"Small picture <span[^>]*>42 MB<", page)
    assert re.search(r"whole recording, sound only</a> <span[^>]*>M4A, 9 MB<", page)
    assert "data-asked" not in page
    chosen = (await member.get(f"/recordings/{CODE}?quality=sound")).text
    found = re.search(r'<source src="([^"]+sound.m4a[^"]+)" type="audio/mp4">', chosen)
    assert found
    assert "data-asked" in chosen
    sound = await browser().get(html.unescape(found.group(1)))
    assert (sound.status_code, sound.headers["content-type"]) == (200, "audio/mp4")
    assert "video.mp4" in (await member.get(f"/recordings/{CODE}?quality=other")).text

"""Where streams go to: the page that keeps targets, and what occurrences and series choose."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from sqlalchemy import select

from lms.database import Database
from lms.schedule.models import Occurrence, Status
from lms.sealing import FernetSealer
from lms.streaming.models import StreamTarget
from lms.streaming.queries import planned_targets
from tests.web.visitor import ADMINISTRATOR, Visitor, links

Browser = Callable[..., Visitor]
SERVER = "rtmps://live.example.org/app"
TARGET = {"kind": "facebook", "name": "Сторінка асоціації", "server": SERVER, "key": "s3cret-key", "whose": ""}


@pytest.fixture
async def administrator(browser: Browser) -> Visitor:
    visitor = browser()
    await visitor.sign_in(ADMINISTRATOR)
    return visitor


async def test_a_target_is_kept_and_its_key_never_shown(administrator: Visitor, database: Database) -> None:
    answer = await administrator.post("/streaming", **TARGET)
    assert answer.status_code == 303, answer.text
    page = await administrator.get("/streaming")
    assert "Сторінка асоціації" in page.text
    assert "s3cret" not in page.text
    with database.reading() as session:
        (made,) = session.scalars(select(StreamTarget))
    opened = FernetSealer(b"k" * 32)
    assert opened.open(made.sealed) == f"{SERVER}/s3cret-key"
    assert (await administrator.post(f"/streaming/{made.id}/key", key="an other")).status_code == 422
    assert (await administrator.post(f"/streaming/{made.id}/key", key="another")).status_code == 303
    wrong = await administrator.post(f"/streaming/{made.id}", kind="other", name="Канал", server="https://example.org/")
    assert wrong.status_code == 422
    assert "begins with rtmp" in wrong.text
    assert 'value="Канал"' in wrong.text, "nothing that was typed is lost"
    await administrator.post(f"/streaming/{made.id}", kind="other", name="Канал", server="rtmp://10.0.0.2/app")
    await administrator.post(f"/streaming/{made.id}/switch", enabled="")
    with database.reading() as session:
        kept = session.get_one(StreamTarget, made.id)
    assert (kept.name, kept.enabled, opened.open(kept.sealed)) == ("Канал", False, "rtmp://10.0.0.2/app/another")
    log = await administrator.get("/audit")
    assert "Stream key replaced" in log.text
    assert "another" not in log.text
    await administrator.post(f"/streaming/{made.id}/remove")
    assert "Канал" not in (await administrator.get("/streaming")).text


async def test_what_is_wrong_with_a_target_stands_at_its_field(administrator: Visitor) -> None:
    for field, typed, said in (
        ("server", "rtmp://live.example.org", "lacks its application"),
        ("server", "rtmps://me:pass@live.example.org/app", "no address of a stream server"),
        ("key", "", "Paste the stream key"),
        ("page", "javascript:alert(1)", "begins with https://"),
    ):
        page = await administrator.post("/streaming", **(TARGET | {field: typed}))
        assert page.status_code == 422
        assert said in page.text
        assert "s3cret" not in page.text
    assert "Сторінка" in page.text


async def test_a_date_goes_where_its_series_or_itself_has_chosen(administrator: Visitor, database: Database) -> None:
    await administrator.post("/streaming", **TARGET)
    with database.reading() as session:
        found = session.scalars(
            select(Occurrence).where(Occurrence.series_id.is_not(None), Occurrence.status == Status.PUBLISHED)
        ).first()
        assert found is not None
        target = session.scalars(select(StreamTarget.id)).one()
    page = await administrator.get(f"/schedule/{found.slug}")
    (series,) = {link for link in links(page, "/series/") if re.fullmatch(r"/series/[\w-]+", link)}
    assert "Сторінка асоціації" in (await administrator.get(series)).text
    assert (await administrator.post(f"{series}/streaming", targets=target)).status_code == 303

    def chosen() -> list[str]:
        with database.reading() as session:
            return [each.name for each in planned_targets(session, found.meeting)]

    assert chosen() == ["Сторінка асоціації"]
    where = f"/schedule/{found.slug}/streaming"
    wrong = await administrator.post(where, targets=target, **{f"post-{target}": "not a link"})
    assert wrong.status_code == 422
    assert 'value="not a link"' in wrong.text
    await administrator.post(where)
    assert chosen() == []
    await administrator.post(where, as_series="yes")
    assert chosen() == ["Сторінка асоціації"]


async def test_a_planned_stream_is_announced_to_everybody(browser: Browser, database: Database) -> None:
    with database.writing() as session:
        found = session.scalars(
            select(Occurrence).where(
                Occurrence.listed, Occurrence.status == Status.PUBLISHED, Occurrence.kind != "meeting"
            )
        ).first()
        assert found is not None
        found.streaming = "planned"
        slug, meeting = found.slug, found.meeting
    page = await browser().get(f"/schedule/{slug}")
    assert "It will be streamed live" in page.text
    assert f"/live/{meeting}" in page.text

"""Still pictures of an occurrence: bounded, in order, found in two statements; pixels and nothing else."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from PIL import Image
from sqlalchemy import insert
from sqlalchemy.orm import Session

from lms.audit.models import AuditEntry
from lms.database import Database
from lms.directory.rules import ANONYMOUS, Visitor
from lms.errors import Conflict, NotAllowed, NotFound
from lms.files import MemoryFiles
from lms.images import CleanPicture, Encoded, clean
from lms.schedule import actions, materials, pictures
from lms.schedule.models import Occurrence
from lms.schedule.pictures import Taken
from lms.schedule.plan_models import Material, StillPicture
from tests.lms.facts import NOW, counted, draft, organiser, person

TAKEN = Taken(by="Дмитро", shows="Олена", source="document_camera", caption="  Сканер\n паспортів ")
PICTURE = CleanPicture(Encoded(b"whole", 1920, 1080), Encoded(b"small", 480, 270))


def published(session: Session, planner: Visitor) -> Occurrence:
    made = actions.create(session, planner, draft(), NOW)
    return actions.publish(session, planner, made.slug, NOW)


def fill(session: Session, occurrence_id: int, count: int) -> None:
    for number in range(count):
        row = {"occurrence_id": occurrence_id, "position": 0, "title": f"{number}", "file_digest": "0" * 64}
        row |= {"added_by": "system", "added_at": NOW + timedelta(seconds=number)}
        key = session.execute(insert(Material).values(row)).inserted_primary_key
        assert key is not None
        still = {"material_id": key[0], "taken_by": "", "shows": "", "source": "camera", "width": 1, "height": 1}
        still |= {"thumbnail_digest": "0" * 64, "thumbnail_width": 1, "thumbnail_height": 1}
        session.execute(insert(StillPicture).values(still))


def test_a_picture_is_kept_with_who_when_and_what(session: Session, planner: Visitor) -> None:
    occurrence, store = published(session, planner), MemoryFiles()
    number = pictures.keep(session, planner, occurrence.id, TAKEN, PICTURE, store, NOW)
    (card,), count = pictures.of_occurrence(session, occurrence.id, editor=False)
    assert (card.caption, card.taken_by, card.shows, card.source) == (
        "Сканер паспортів", "Дмитро", "Олена", "document_camera",
    )  # fmt: skip
    assert (card.taken_at, card.width, card.thumbnail_height, card.hidden, count) == (NOW, 1920, 270, False, 1)
    assert pictures.contents(session, ANONYMOUS, occurrence.slug, number, store) == b"whole"
    assert pictures.contents(session, ANONYMOUS, occurrence.slug, number, store, small=True) == b"small"
    with pytest.raises(NotFound, match="not in the store"):
        pictures.contents(session, ANONYMOUS, occurrence.slug, number, MemoryFiles())
    entry = session.query(AuditEntry).filter_by(action="picture.take").one()
    assert (entry.actor, entry.after and entry.after["shows"]) == (planner.actor, "Олена")
    assert materials.of_occurrence(session, occurrence.id) == []


def test_who_may_not_edit_may_not_word_hide_or_remove(session: Session, planner: Visitor) -> None:
    occurrence = published(session, planner)
    number = pictures.keep(session, planner, occurrence.id, TAKEN, PICTURE, MemoryFiles(), NOW)
    somebody = person(session, "somebody@example.org")
    with pytest.raises(NotAllowed):
        pictures.caption(session, somebody, occurrence.slug, number, "Інше", NOW)
    with pytest.raises(NotAllowed):
        pictures.hide(session, somebody, occurrence.slug, number, NOW, hidden=True)
    with pytest.raises(NotAllowed):
        pictures.remove(session, somebody, occurrence.slug, number, NOW)
    other = published(session, planner)
    with pytest.raises(NotFound):
        pictures.remove(session, planner, other.slug, number, NOW)


def test_a_picture_of_a_draft_is_for_its_editors(session: Session, planner: Visitor) -> None:
    made, store = actions.create(session, planner, draft(), NOW), MemoryFiles()
    number = pictures.keep(session, planner, made.id, TAKEN, PICTURE, store, NOW)
    assert pictures.contents(session, planner, made.slug, number, store) == b"whole"
    with pytest.raises(NotFound):
        pictures.contents(session, ANONYMOUS, made.slug, number, store)


def test_two_hundred_at_most_found_in_two_statements(database: Database) -> None:
    with database.writing() as session:
        planner = organiser(session)
        occurrence = published(session, planner)
        fill(session, occurrence.id, pictures.MOST_PICTURES)
        with pytest.raises(Conflict, match="at most 200"):
            pictures.keep(session, planner, occurrence.id, TAKEN, PICTURE, MemoryFiles(), NOW)
        newest = pictures.of_occurrence(session, occurrence.id, editor=True)[0][0]
        pictures.remove(session, planner, occurrence.slug, newest.id, NOW)
        pictures.keep(session, planner, occurrence.id, TAKEN, PICTURE, MemoryFiles(), NOW + timedelta(hours=1))
        for_links = materials.add_link(session, planner, occurrence.slug, "Порядок", "https://example.org/", NOW)
        number, link = occurrence.id, for_links.id
    with database.reading() as session, counted(database) as said:
        shown, count = pictures.of_occurrence(session, number, editor=False, limit=6)
    assert ([card.caption for card in shown[:2]], len(shown), count) == (["Сканер паспортів", "198"], 6, 200)
    assert len(said) == 2
    with database.reading() as session:
        assert [each.id for each in materials.of_occurrence(session, number)] == [link]


def test_what_is_written_anew_stands_upright_and_carries_nothing_else() -> None:
    drawn = Image.new("RGB", (40, 20), "white")
    drawn.paste((255, 0, 0), (0, 0, 40, 10))
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter when it was taken
    exif[0x8825] = {1: "N", 2: (50.0, 27.0, 0.0)}
    written = io.BytesIO()
    drawn.save(written, "JPEG", exif=exif, icc_profile=b"profile", comment=b"words", quality=95)
    found = clean(written.getvalue())
    with Image.open(io.BytesIO(found.whole.contents)) as kept:
        assert kept.size == (found.whole.width, found.whole.height) == (20, 40)
        assert (dict(kept.getexif()), kept.info.get("icc_profile"), kept.info.get("comment")) == ({}, None, None)
        red, _green, blue = kept.convert("RGB").getpixel((15, 20))  # type: ignore[misc]
        assert red > 200 > blue, "what was above is at the right now"
    assert (found.thumbnail.width, found.thumbnail.height) == (20, 40), "nothing is made larger"

"""Anchors: kept once a day, safe, and they show what a chain that was computed anew would hide."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from lms.audit import anchors
from lms.audit.actions import as_link, record
from lms.audit.models import AuditEntry, AuditHead
from lms.audit.queries import entries, object_kinds
from lms.audit.rules import START, digest, link_hash
from lms.database import Database

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)


def write(database: Database, count: int, kind: str = "occurrence") -> None:
    for number in range(count):
        with database.writing() as session:
            record(
                session, f"person:{number % 2}", f"{kind}.edit", kind, number, now=NOW + timedelta(days=number),
                after={"title": str(number)},
            )  # fmt: skip


def rewrite(database: Database, sequence: int) -> None:
    """What somebody with the database in hand would do: change an entry, and compute the whole chain anew."""
    with database.writing() as session:
        previous = START
        for entry in session.scalars(select(AuditEntry).order_by(AuditEntry.sequence)).all():
            if entry.sequence == sequence:
                entry.after = {"title": "інакше"}
                entry.after_digest = digest(entry.after, entry.salt or "")
            entry.previous_hash = previous
            previous = entry.hash = link_hash(replace(as_link(entry), hash=""))
        session.execute(update(AuditHead).values(hash=previous))


def test_an_anchor_is_kept_once_a_day_for_us_alone(database: Database, tmp_path: Path) -> None:
    write(database, 3)
    folder = tmp_path / "audit-anchors"
    assert anchors.anchor_due(folder, NOW)
    with database.reading() as session:
        first = anchors.take(session, NOW)
    anchors.write(folder, first)
    assert not anchors.anchor_due(folder, NOW)
    assert anchors.anchor_due(folder, NOW + timedelta(days=1))
    write(database, 1)
    with database.reading() as session:
        anchors.write(folder, anchors.take(session, NOW))
    assert anchors.read(folder) == [first], "what was kept that day stays"
    kept = folder / "2026-11-25.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert json.loads(kept.read_text()) == {
        "day": "2026-11-25", "at": "2026-11-25T08:00:00+00:00", "length": 3, "hash": first.hash, "first_break": None,
    }  # fmt: skip
    assert sorted(path.name for path in folder.iterdir()) == ["2026-11-25.json"]


def test_a_whole_log_fits_its_anchors_also_after_it_has_grown(database: Database, tmp_path: Path) -> None:
    for number in range(2):
        write(database, 2)
        with database.reading() as session:
            anchors.write(tmp_path, anchors.take(session, NOW + timedelta(days=number)))
    with database.reading() as session:
        verdict = anchors.verify(session, anchors.read(tmp_path))
    assert verdict.whole
    assert (verdict.length, verdict.anchors) == (4, 2)


def test_a_log_computed_anew_holds_in_itself_but_not_against_its_anchor(database: Database, tmp_path: Path) -> None:
    write(database, 3)
    with database.reading() as session:
        anchor = anchors.take(session, NOW)
    anchors.write(tmp_path, anchor)
    write(database, 1)
    rewrite(database, 2)
    with database.reading() as session:
        verdict = anchors.verify(session, anchors.read(tmp_path))
    assert verdict.first_break is None
    assert verdict.disagreeing == (anchor,)
    assert not verdict.whole


def test_a_log_cut_off_before_an_anchor_is_noticed(database: Database, tmp_path: Path) -> None:
    write(database, 3)
    with database.reading() as session:
        anchors.write(tmp_path, anchors.take(session, NOW))
    with database.writing() as session:
        session.execute(delete(AuditEntry).where(AuditEntry.sequence > 1))
        session.execute(update(AuditHead).values(length=1, hash=session.scalars(select(AuditEntry.hash)).one()))
    with database.reading() as session:
        verdict = anchors.verify(session, anchors.read(tmp_path))
    assert (verdict.first_break, len(verdict.disagreeing)) == (None, 1)


def test_the_first_broken_entry_is_named(database: Database) -> None:
    write(database, 3)
    with database.writing() as session:
        session.execute(update(AuditEntry).where(AuditEntry.sequence == 2).values(actor="person:9"))
    with database.reading() as session:
        assert anchors.take(session, NOW).first_break == 2
        assert anchors.verify(session, []).first_break == 2


def test_a_file_that_is_no_anchor_is_named(tmp_path: Path) -> None:
    (tmp_path / "2026-11-25.json").write_text('{"day": "2026-11-25"}')
    with pytest.raises(ValueError, match=r"2026-11-25\.json is no anchor"):
        anchors.read(tmp_path)
    assert anchors.latest(tmp_path) is None
    assert anchors.read(tmp_path / "nothing") == []
    assert anchors.latest(tmp_path / "nothing") is None


def test_the_log_is_read_by_object_actor_action_and_time_page_by_page(database: Database) -> None:
    write(database, 3)
    write(database, 2, kind="person")
    with database.reading() as session:

        def found(**wanted: object) -> list[int | None]:
            return [each.sequence for each in entries(session, **wanted)]  # type: ignore[arg-type]

        assert found() == [5, 4, 3, 2, 1]
        assert found(object_kind="person") == [5, 4]
        assert found(object_kind="occurrence", object_id="1") == [2]
        assert found(actor="person:1") == [5, 2]
        assert found(action="person.edit") == [5, 4]
        day = datetime.combine(date(2026, 11, 26), datetime.min.time(), UTC)
        assert found(begin=day, end=day + timedelta(days=1)) == [5, 2]
        assert found(limit=2) == [5, 4]
        assert found(limit=2, before_sequence=4) == [3, 2]
        assert object_kinds(session) == ["occurrence", "person"]

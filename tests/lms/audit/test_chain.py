"""The audit log: complete, in order, and tampering shows."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from lms.audit.actions import record
from lms.audit.models import AuditEntry
from lms.audit.queries import entries, find_tampering
from lms.audit.rules import START, Link, digest, first_break, link_hash
from lms.database import Database

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)


def write_three(database: Database) -> None:
    for number in range(3):
        with database.writing() as session:
            record(
                session,
                "person:1",
                "occurrence.edit",
                "occurrence",
                number,
                now=NOW + timedelta(minutes=number),
                before={"title": "а"},
                after={"title": "б"},
            )


def test_entries_are_chained_in_order(database: Database) -> None:
    write_three(database)
    with database.reading() as session:
        found = entries(session)
        assert [entry.sequence for entry in found] == [3, 2, 1]
        assert found[2].previous_hash == START
        assert [found[0].previous_hash, found[1].previous_hash] == [found[1].hash, found[2].hash]
        assert find_tampering(session) is None
        assert [entry.object_id for entry in entries(session, object_kind="occurrence", object_id="1")] == ["1"]
        assert [entry.sequence for entry in entries(session, before_sequence=3, limit=1)] == [2]


def test_several_entries_of_one_transaction_keep_their_order(database: Database) -> None:
    with database.writing() as session:
        for action in ("a", "b", "c"):
            record(session, "system", action, "thing", 1, now=NOW)
    with database.reading() as session:
        assert [entry.action for entry in reversed(entries(session))] == ["a", "b", "c"]
        assert find_tampering(session) is None


def test_what_is_rolled_back_leaves_no_trace(database: Database) -> None:
    session = database.open(write=True)
    record(session, "system", "a", "thing", 1, now=NOW)
    session.flush()
    session.rollback()
    record(session, "system", "b", "thing", 1, now=NOW)
    with session.begin_nested():
        record(session, "system", "c", "thing", 1, now=NOW)
    session.commit()
    session.close()
    with database.reading() as reading:
        assert [entry.action for entry in entries(reading)] == ["c", "b"]
        assert find_tampering(reading) is None


@pytest.mark.parametrize(
    ("tamper", "found_at"),
    [
        (lambda: update(AuditEntry).where(AuditEntry.sequence == 2).values(actor="person:9"), 2),
        (lambda: update(AuditEntry).where(AuditEntry.sequence == 2).values(after={"title": "в"}), 2),
        (lambda: update(AuditEntry).where(AuditEntry.sequence == 1).values(at=NOW - timedelta(days=1)), 1),
        (lambda: delete(AuditEntry).where(AuditEntry.sequence == 2), 2),
        (lambda: delete(AuditEntry).where(AuditEntry.sequence == 3), 3),
        (lambda: delete(AuditEntry), 1),
    ],
)
def test_tampering_is_found(database: Database, tamper: Callable[[], object], found_at: int) -> None:
    write_three(database)
    with database.writing() as session:
        session.execute(tamper())  # type: ignore[call-overload]
    with database.reading() as session:
        assert find_tampering(session) == found_at


def test_contents_can_be_erased_without_breaking_the_chain(database: Database) -> None:
    write_three(database)
    with database.writing() as session:
        session.execute(update(AuditEntry).where(AuditEntry.sequence == 2).values(before=None, after=None, salt=None))
    with database.reading() as session:
        assert session.scalar(select(AuditEntry.before_digest).where(AuditEntry.sequence == 2)) is not None
        assert find_tampering(session) is None


def test_many_writers_make_one_chain(database: Database) -> None:
    failures: list[BaseException] = []

    def write(me: int) -> None:
        try:
            for _ in range(5):
                with database.writing() as session:
                    record(session, f"person:{me}", "a", "thing", me, now=NOW)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with database.reading() as session:
        assert len(entries(session)) == 30
        assert find_tampering(session) is None


@given(st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8)), min_size=1, max_size=8), st.data())
def test_any_change_of_any_link_breaks_the_chain(said: list[tuple[str, str]], data: st.DataObject) -> None:
    links: list[Link] = []
    previous = START
    for number, (actor, action) in enumerate(said, start=1):
        open_link = Link(number, NOW, actor, action, "k", "1", digest(None, "s"), digest({"a": 1}, "s"), previous)
        links.append(Link(**{**open_link.__dict__, "hash": link_hash(open_link)}))
        previous = links[-1].hash
    assert first_break(links) is None
    index = data.draw(st.integers(0, len(links) - 1))
    forged = Link(**{**links[index].__dict__, "actor": links[index].actor + "!"})
    assert first_break([*links[:index], forged, *links[index + 1 :]]) == index + 1

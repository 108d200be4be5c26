"""An installation of an earlier version, with data in it, is brought up to date."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from lms.database import Database
from lms.migrations import upgrade
from lms.schedule.models import Mode, Occurrence
from tests.support.postgres import PostgresServer

FILLED = """
INSERT INTO organisation (id, code, kind, name_uk, name_en, territorial_code, status, created_at)
VALUES (1, 'sumy', 'asc', 'ЦНАП м. Сум', '', '', 'active', '2026-11-01 08:00:00');
INSERT INTO person (id, family_name, given_name, patronymic, latin_name, language, time_zone, created_at)
VALUES (1, 'Прізвище', 'Імʼя', '', '', 'uk', 'Europe/Kyiv', '2026-11-01 08:00:00');
INSERT INTO occurrence (id, slug, meeting, uid, sequence, version, kind, title, title_en, description, description_en,
  language, starts_local, zone, duration_minutes, starts_at, ends_at, status, cancel_reason, listed, access,
  created_by, created_at, updated_at)
VALUES (1, 'first', 'aaaa-bbbb-cccc', 'u@vikno', 0, 1, 'consultation', 'Перша', '', '', '', 'uk',
  '2026-11-25 10:00:00', 'Europe/Kyiv', 90, '2026-11-25 08:00:00', '2026-11-25 09:30:00', 'published', '',
  true, 'network', 'person:1', '2026-11-01 08:00:00', '2026-11-01 08:00:00');
INSERT INTO occurrence_party (id, occurrence_id, organisation_id, part, position) VALUES (1, 1, 1, 'organiser', 0);
INSERT INTO speaker (id, occurrence_id, person_id, name, position_title, role, position)
VALUES (1, 1, 1, 'Імʼя Прізвище', '', 'presenter', 0);
INSERT INTO agenda_item (id, occurrence_id, position, kind, title, title_en, minutes)
VALUES (1, 1, 0, 'talk', 'Вступ', '', 10);
INSERT INTO guest_link (id, occurrence_id, speaker_id, name, organisation, role, token_hash, created_by, created_at,
  used_count) VALUES (1, 1, 1, 'Гість', '', 'presenter', 'hash', 'person:1', '2026-11-01 08:00:00', 0);
INSERT INTO outbox_message (id, key, kind, recipient, contents, created_at, due_at, attempts, last_error)
VALUES (1, 'k', 'occurrence.published', 'person:1', '{}', '2026-11-01 08:00:00', '2026-11-01 08:00:00', 0, '');
"""


ESSAYS = """
INSERT INTO person (id, family_name, given_name, patronymic, latin_name, language, time_zone, created_at)
VALUES (1, 'Прізвище', 'Імʼя', '', '', 'uk', 'Europe/Kyiv', '2026-11-01 06:00:00');
INSERT INTO test (id, code, title_uk, title_en, created_by, created_at)
VALUES (1, 't', 'Тест', '', 'person:1', '2026-11-01 06:00:00');
INSERT INTO test_version (id, test_id, number, spec, digest, published_by, published_at)
VALUES (1, 1, 1, '{}', '', 'person:1', '2026-11-01 06:00:00');
INSERT INTO item (id, code, family, language, kind, title, state, latest, lock_version, created_by, created_at,
  updated_at)
VALUES (1, 'i', 'i', 'uk', 'essay', '', 'usable', 1, 1, 'person:1', '2026-11-01 06:00:00', '2026-11-01 06:00:00');
INSERT INTO item_version (id, item_id, number, kind, policy, body, digest, state, written_by, writers, written_at,
  reviewed_by)
VALUES (1, 1, 1, 'essay', '', '{}', '', 'usable', 'person:1', '[]', '2026-11-01 06:00:00', '');
INSERT INTO item_ruling (id, item_version_id, how, reason, by, at)
VALUES (1, 1, 'full', '', 'person:1', '2026-11-01 09:00:00');
INSERT INTO attempt (id, code, test_id, version_id, person_id, number, context, language, seed, writer, state,
  started_at, late_too, total, parts)
VALUES (1, 'a', 1, 1, 1, 1, '', 'uk', '', '', 'graded', '2026-11-01 07:00:00', false, '1', '[]');
INSERT INTO attempt_item (id, attempt_id, position, item_version_id, line, area, "order", weight, share, note,
  ruling_id, comment, marked_by, marked_at)
VALUES (1, 1, 0, 1, 0, '1', '[]', '1', '1/2', '', NULL, '', 'person:1', '2026-11-01 08:00:00'),
  (2, 1, 1, 1, 0, '1', '[]', '1', '1', 'regraded: full', 1, '', 'person:1', '2026-11-01 08:00:00'),
  (3, 1, 2, 1, 0, '1', '[]', '1', '1', '', NULL, '', '', NULL);
INSERT INTO regrade (id, attempt_id, before, after, reason, by, at)
VALUES (1, 1, '{"shares": {"1": null}}', '{}', 'before it was read', 'person:1', '2026-11-01 07:30:00'),
  (2, 1, '{"shares": {"1": "1/4"}}', '{}', 'the ruling', 'person:1', '2026-11-01 09:00:00'),
  (3, 1, '{"shares": {"1": "1"}}', '{}', 'another', 'person:1', '2026-11-01 10:00:00');
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a database without tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'old.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.fresh_database() as url:
        yield url


def fill(url: str, statements: str) -> None:
    """Put rows in."""
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in statements.strip().split(";\n"):
            connection.exec_driver_sql(statement)
    engine.dispose()


def test_what_readers_gave_for_essays_is_found_in_the_history_of_rulings(empty_url: str) -> None:
    upgrade(empty_url, "0041")
    fill(empty_url, ESSAYS)
    upgrade(empty_url, "0042")
    engine = create_engine(empty_url)
    with engine.connect() as connection:
        found = connection.execute(text("SELECT share, read_share FROM attempt_item ORDER BY id")).all()
    engine.dispose()
    assert [tuple(row) for row in found] == [("1/2", "1/2"), ("1", "1/4"), ("1", None)]


def test_what_was_planned_before_is_there_afterwards(empty_url: str) -> None:
    upgrade(empty_url, "0001")
    fill(empty_url, FILLED)
    database = Database(empty_url)
    database.upgrade()
    with database.reading() as session:
        found = session.get_one(Occurrence, 1)
        assert (found.title, found.mode, found.venue, found.series_id) == ("Перша", Mode.ONLINE, "", None)
        kept = session.execute(text("SELECT name, address FROM guest_link")).one()
        assert tuple(kept) == ("Гість", "")
    database.close()

"""An installation of an earlier version, with data in it, is brought up to date."""

from __future__ import annotations

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


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_was_planned_before_is_there_afterwards(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if kind == "sqlite":
        _fill_and_upgrade(f"sqlite:///{tmp_path / 'old.db'}")
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.fresh_database() as url:
        _fill_and_upgrade(url)


def _fill_and_upgrade(url: str) -> None:
    upgrade(url, "0001")
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in FILLED.strip().split(";\n"):
            connection.execute(text(statement))
    engine.dispose()
    database = Database(url)
    database.upgrade()
    with database.reading() as session:
        found = session.get_one(Occurrence, 1)
        assert (found.title, found.mode, found.venue, found.series_id) == ("Перша", Mode.ONLINE, "", None)
        kept = session.execute(text("SELECT name, address FROM guest_link")).one()
        assert tuple(kept) == ("Гість", "")
    database.close()

"""Changes: editors are told all of them, others what concerns them since it was announced."""

from __future__ import annotations

from datetime import datetime

from lms.database import Database
from lms.directory.rules import ANONYMOUS
from lms.schedule import actions, queries
from lms.schedule.drafts import AgendaDraft, SpeakerDraft
from lms.schedule.plan_models import OccurrenceTopic, Topic
from tests.lms.facts import NOW, draft, organiser

BEFORE = draft("Паспорти", datetime(2026, 12, 2, 10, 0))


def test_others_learn_what_changed_since_it_was_announced(database: Database) -> None:
    with database.writing() as session:
        planner = organiser(session)
        made = actions.create(session, planner, BEFORE, NOW)
        renamed = draft("Паспорти та реєстрація", datetime(2026, 12, 2, 10, 0))
        actions.edit(session, planner, made.slug, renamed, NOW, expected_version=made.version, reason="точніше")
        actions.publish(session, planner, made.slug, NOW)
        moved = draft("Паспорти та реєстрація", datetime(2026, 12, 3, 11, 0), description="Новий опис")
        actions.edit(session, planner, made.slug, moved, NOW, expected_version=made.version, reason="Хворий експерт")
        hidden = draft("Паспорти та реєстрація", datetime(2026, 12, 3, 11, 0), description="Ще новіший", listed=True)
        actions.edit(session, planner, made.slug, hidden, NOW, expected_version=made.version, reason="для своїх")
        slug = made.slug
    with database.reading() as session:
        own = queries.occurrence_page(session, planner, slug, NOW).changes
        assert [change.reason for change in own] == ["точніше", "", "Хворий експерт", "для своїх"]
        told = queries.occurrence_page(session, ANONYMOUS, slug, NOW).changes
        assert [change.reason for change in told] == ["Хворий експерт"]
        assert told[0].before == {"starts_local": "2026-12-02T10:00", "status": "published"}
        assert told[0].after == {"starts_local": "2026-12-03T11:00", "status": "moved"}


def test_the_agenda_has_its_times_of_day_and_speakers(database: Database) -> None:
    with database.writing() as session:
        planner = organiser(session)
        made = actions.create(
            session,
            planner,
            draft(
                speakers=[SpeakerDraft("Оксана")],
                agenda=[AgendaDraft("Вступ", 10), AgendaDraft("Доповідь", 45, speaker=0), AgendaDraft("Питання", 35)],
            ),
            NOW,
        )
        topic = Topic(code="own-topic", name_uk="Своя тема")
        session.add(topic)
        session.flush()
        session.add(OccurrenceTopic(occurrence_id=made.id, topic_id=topic.id))
        session.flush()
        page = queries.occurrence_page(session, planner, made.slug, NOW)
    assert [(item.begins_at.strftime("%H:%M"), item.speaker) for item in page.agenda] == [
        ("08:00", ""),
        ("08:10", "Оксана"),
        ("08:55", ""),
    ]
    assert [topic.code for topic in page.topics] == ["own-topic"]

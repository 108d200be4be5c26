"""Languages of interpretation: what is planned, who interprets, and how the room will know them."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from lms.directory.rules import Visitor
from lms.errors import Invalid
from lms.schedule import actions, guests, plan_queries, queries
from lms.schedule.drafts import OccurrenceDraft, SpeakerDraft
from lms.schedule.models import Kind, MeetingRole
from lms.schedule.series_drafts import SeriesDraft, from_contents, to_contents
from tests.lms.facts import NOW, draft, person


def interpreter(name: str, into: str, role: MeetingRole = MeetingRole.INTERPRETER) -> SpeakerDraft:
    return SpeakerDraft(name, role=role, interprets=into)


def test_interpreters_are_known_by_account_or_by_link(session: Session, planner: Visitor) -> None:
    own = person(session, "olena@example.org")
    plan = draft(
        speakers=[
            SpeakerDraft("Олена", person_id=own.person_id, role=MeetingRole.INTERPRETER, interprets="en"),
            interpreter("Jan Tłumacz", "pl"),
            interpreter("Експертка", "de", MeetingRole.PRESENTER),
        ],
        interpretation=("en", "ukl"),
    )
    made = actions.create(session, planner, plan, NOW)
    page = queries.occurrence_page(session, planner, made.slug, NOW)
    assert page.languages == ("en", "ukl", "pl"), "what is planned, then what its interpreters do; each once"
    assert [each.interprets for each in page.card.speakers] == ["en", "pl", ""], "only interpreters interpret"
    assert queries.meeting_door(session, planner, made.meeting, NOW).languages == page.languages
    assert queries.interpreters(session, made.id) == {f"person:{own.person_id}": "en"}
    actions.publish(session, planner, made.slug, NOW)
    known = queries.interpreters(session, made.id)
    speaker = page.card.speakers[1].id
    invited = guests.invite_guest(session, planner, made.slug, name="Jan", speaker_id=speaker, now=NOW)
    assert queries.interpreters(session, made.id) == known | {f"guest:{invited.link_id}": "pl"}
    guests.revoke_guest(session, planner, invited.link_id, NOW)
    assert queries.interpreters(session, made.id) == known
    again = plan_queries.occurrence_draft(session, planner, made.slug)
    assert again.interpretation == plan.interpretation
    actions.edit(session, planner, made.slug, again, expected_version=made.version, now=NOW)
    assert queries.occurrence_page(session, planner, made.slug, NOW).languages == page.languages


@pytest.mark.parametrize(
    ("plan", "code"),
    [
        (draft(interpretation=("xx",)), "interpretation_unknown"),
        (draft(speakers=[interpreter("Олена", "xx")]), "interpretation_unknown"),
        (draft(interpretation=("en", "uk")), "interpretation_own"),
        (draft(interpretation=("en", "pl", "de", "fr", "es", "ro", "lt", "cs", "et")), "interpretation_many"),
    ],
)
def test_languages_that_cannot_be(session: Session, planner: Visitor, plan: OccurrenceDraft, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        actions.create(session, planner, plan, NOW)
    assert caught.value.code == code


def test_a_series_hands_its_interpreters_on() -> None:
    series = SeriesDraft(
        kind=Kind.WEBINAR,
        title="Осінь",
        owner_id=1,
        starts_local=datetime(2026, 11, 25, 10),
        duration_minutes=60,
        speakers=[interpreter("Олена", "en")],
    )
    contents = to_contents(series)
    assert from_contents(contents)["speakers"] == series.speakers
    old = contents | {"speakers": [contents["speakers"][0][:6]]}
    assert from_contents(old)["speakers"][0].interprets == "", "as it was kept before languages were"

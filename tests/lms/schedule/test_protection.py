"""What shields people: the stricter of all levels, who reads which name, and what a pseudonym may be."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.audit.models import AuditEntry
from lms.database import Database
from lms.directory import organisations
from lms.directory.models import Affiliation, Organisation, RoleName, Scope
from lms.directory.queries import visitor_of_person
from lms.directory.register_models import Subscription, SubscriptionKind
from lms.directory.rules import ANONYMOUS, Visitor
from lms.errors import Conflict, Invalid, NotAllowed
from lms.media.actions import Terms, finish, set_terms, take_told
from lms.media.library import Made
from lms.media.models import Recording, Watching
from lms.schedule import (
    actions,
    calendar,
    experts,
    following,
    group_queries,
    guests,
    proposals,
    protecting,
    protection,
    queries,
    registration_lists,
    suggestions,
)
from lms.schedule.drafts import SpeakerDraft
from lms.schedule.models import Access, Occurrence, Part, Streaming
from lms.schedule.plan_models import Series
from lms.schedule.protection import Protection
from lms.schedule.protection_models import Keeping
from tests.lms.facts import NOW, administrator, draft, organisation, organiser, person

SHIELDED = Protection(hide_names=True, pseudonyms=True, keeping=Keeping.VOICES, held=True)


def planned(session: Session, visitor: Visitor, **more: Any) -> Occurrence:
    """An announced occurrence of two centres."""
    centres = [organisation(session, "chongar"), organisation(session, "kalanchak")]
    made = actions.create(session, visitor, draft(parties=[(each, Part.PARTICIPANT) for each in centres], **more), NOW)
    actions.publish(session, visitor, made.slug, NOW)
    return made


def parties(session: Session, visitor: Visitor, slug: str) -> set[str]:
    return {each.code for each in queries.occurrence_page(session, visitor, slug, NOW).card.parties}


def test_the_stricter_of_all_levels_holds(database: Database) -> None:
    with database.writing() as session:
        visitor = organiser(session)
        made = planned(session, visitor)
        assert protection.of(session, made.id) == protection.NOTHING
        protecting.protect(session, visitor, "occurrence", made.slug, Protection(keeping=Keeping.VOICES), NOW)
        series = Series(
            slug="s", owner_id=organisation(session, "owner").id, kind=made.kind, title="S", created_by="x",
            starts_local=made.starts_local, zone=made.zone, duration_minutes=60, created_at=NOW, updated_at=NOW,
        )  # fmt: skip
        session.add(series)
        session.flush()
        made.series_id = series.id
        session.flush()
        session.refresh(made)
        protecting.protect(session, visitor, "series", "s", Protection(hide_names=True, held=True), NOW)
        expected = Protection(hide_names=True, keeping=Keeping.VOICES, held=True)
        assert protection.of(session, made.id) == expected
        assert protecting.above(session, made) == Protection(hide_names=True, held=True)
        logged = session.scalars(select(AuditEntry.action).where(AuditEntry.action.like("%.protect"))).all()
        assert sorted(logged) == ["occurrence.protect", "series.protect"]


def test_lists_of_centres_are_for_organisers_and_for_the_centre_itself(database: Database) -> None:
    with database.writing() as session:
        visitor = organiser(session)
        made = planned(session, visitor)
        home = session.scalars(select(Organisation).where(Organisation.code == "chongar")).one()
        own = person(session, "own@example.org", home=home)
        assert parties(session, ANONYMOUS, made.slug) == {"chongar", "kalanchak"}
        protecting.protect(session, visitor, "occurrence", made.slug, Protection(hide_names=True), NOW)
        assert parties(session, ANONYMOUS, made.slug) == set()
        assert parties(session, own, made.slug) == {"chongar"}
        assert parties(session, visitor, made.slug) == {"chongar", "kalanchak"}
        (line,) = queries.upcoming(session, ANONYMOUS, NOW)
        assert line.parties == ()
        for wanted in (calendar.Wanted(organisation="chongar"), calendar.Wanted(words="chongar")):
            assert calendar.coming(session, ANONYMOUS, NOW, wanted).cards == [], "nor is it found by them"
            assert len(calendar.coming(session, own, NOW, wanted).cards) == 1
        door = queries.meeting_door(session, ANONYMOUS, made.meeting, NOW)
        assert door.card.parties == ()
        reader = person(session, "follows@example.org")
        wish = {"kind": SubscriptionKind.ORGANISATION, "target": str(home.id)}
        session.add(Subscription(person_id=reader.person_id, created_at=NOW, **wish))
        session.flush()
        assert following.tell_followers(session, made, "published", NOW) == 0, "and nobody is told because of them"
        assert suggestions.suggestions(session, reader, NOW) == []
        protecting.protect(session, visitor, "occurrence", made.slug, Protection(), NOW)
        assert following.tell_followers(session, made, "published", NOW) == 1
        assert len(suggestions.suggestions(session, reader, NOW)) == 1
        assert door.entry.protection.hide_names


def test_people_of_a_protected_organisation_are_named_to_organisers_alone(database: Database) -> None:
    with database.writing() as session:
        visitor = organiser(session)
        made = planned(session, visitor)
        home = session.scalars(select(Organisation).where(Organisation.code == "chongar")).one()
        speaker = person(session, "speaker@example.org", home=home)
        assert speaker.person_id is not None
        talk = SpeakerDraft("Олена Справжня", person_id=speaker.person_id)
        session.flush()
        edited = replace(draft(speakers=[talk]), parties=[])
        actions.edit(session, visitor, made.slug, edited, NOW, expected_version=made.version)
        organisations.protect(session, administrator(session), "chongar", NOW, protected=True)
        names = [each.name for each in queries.occurrence_page(session, ANONYMOUS, made.slug, NOW).card.speakers]
        assert names == ["—"]
        assert [each.name for each in queries.occurrence_page(session, visitor, made.slug, NOW).card.speakers] == [
            "Олена Справжня"
        ]
        entry = protection.entry(session, visitor_of_person(session, speaker.person_id, NOW), made)
        assert (entry.hidden, entry.alias) == (True, "")
        with pytest.raises(NotAllowed):
            organisations.protect(session, visitor, "chongar", NOW, protected=False)


@pytest.mark.parametrize(
    ("first", "end", "veiled"),
    [
        ("2026-01-01", None, True),
        ("2026-01-01", "2026-11-26", True),
        ("2026-11-30", "2026-12-01", True),
        ("2026-01-01", "2026-11-25", False),
        ("2026-12-01", None, False),
    ],
    ids=["works there", "leaves before it", "comes for it", "left before", "comes after"],
)
def test_who_is_veiled_works_at_the_protected_place_while_it_is_planned_or_held(
    database: Database, first: str, end: str | None, veiled: bool
) -> None:
    days = date.fromisoformat(first), date.fromisoformat(end) if end else None
    with database.writing() as session:
        visitor = organiser(session)
        home = organisation(session, "chongar")
        home.protected = True
        speaker = person(session, "speaker@example.org")
        assert speaker.person_id is not None
        works = Affiliation(person_id=speaker.person_id, organisation_id=home.id, from_date=days[0], to_date=days[1])
        session.add(works)
        talk = SpeakerDraft("Олена Справжня", person_id=speaker.person_id)
        made = actions.create(session, visitor, draft(starts_local=datetime(2026, 11, 30, 10), speakers=[talk]), NOW)
        actions.publish(session, visitor, made.slug, NOW)
        (shown,) = queries.occurrence_page(session, ANONYMOUS, made.slug, NOW).card.speakers
        assert shown.name == ("—" if veiled else "Олена Справжня")
        found = calendar.coming(session, ANONYMOUS, NOW, calendar.Wanted(words="Справжня")).cards
        assert len(found) == (0 if veiled else 1)
        key = speaker.identity
        today = days[0] <= NOW.date() and (days[1] is None or days[1] > NOW.date())
        assert protection.veiled_keys(session, made.id, [key], NOW) == ({key} if today else set())


def test_a_guest_whom_a_protected_organisation_sends_comes_under_a_number(database: Database) -> None:
    with database.writing() as session:
        visitor = organiser(session)
        home = organisation(session, "chongar")
        talks = [SpeakerDraft("Гостя Справжня", organisation_id=home.id), SpeakerDraft("Гість Відомий")]
        made = actions.create(session, visitor, draft(speakers=talks), NOW)
        home.protected = True
        session.flush()
        links = [
            guests.invite_guest(session, visitor, made.slug, name=each.name, speaker_id=each.id, now=NOW)
            for each in made.speakers
        ]
        comes = [guests.guest_pass(session, each.token, NOW).visitor for each in links]
        assert [protection.entry(session, each, made).hidden for each in comes] == [True, False]
        keys = [each.identity for each in comes]
        assert protection.veiled_keys(session, made.id, keys, NOW) == {keys[0]}


def test_people_of_a_protected_place_are_found_by_organisers_of_the_network_and_of_the_place(
    database: Database,
) -> None:
    with database.writing() as session:
        chief = organiser(session)
        home, other = organisation(session, "chongar"), organisation(session, "lviv")
        hidden = person(session, "hidden@example.org", home=home)
        local, own = (
            person(
                session, f"{each.code}@example.org", RoleName.ORGANISER,
                home=each, scope=Scope.ORGANISATION, scope_id=each.id,
            )
            for each in (other, home)
        )  # fmt: skip
        home.protected = True
        made = actions.create(session, local, draft(parties=[(other, Part.ORGANISER), (home, Part.ORGANISER)]), NOW)
        wanted = proposals.Wanted(search="hidden")
        for who, finds in ((chief, True), (own, True), (local, False)):
            listed = proposals.proposals(session, who, made, wanted, NOW)
            found = {f"person:{each.person_id}" for each in experts.find(session, who, "hidden", NOW.date())}
            seats = registration_lists.find_people(session, who, made.slug, "hidden", NOW)
            seen = [{each.target for each in listed}, found, {f"person:{each.person_id}" for each in seats}]
            assert seen == [{hidden.identity} if finds else set()] * 3


def test_somebody_comes_under_another_name_where_that_is_allowed(database: Database) -> None:
    with database.writing() as session:
        visitor = organiser(session)
        made = planned(session, visitor, speakers=[SpeakerDraft("Іван Франко")])
        home = session.scalars(select(Organisation).where(Organisation.code == "chongar")).one()
        own = person(session, "own@example.org", home=home)
        lead = person(
            session, "lead@example.org", RoleName.CENTRE_LEAD, home=home, scope=Scope.ORGANISATION, scope_id=home.id
        )
        with pytest.raises(Conflict, match="own name"):
            protecting.choose_pseudonym(session, own, made.slug, "Зірка", NOW)
        protecting.protect(session, visitor, "occurrence", made.slug, SHIELDED, NOW)
        protecting.choose_pseudonym(session, lead, made.slug, "", NOW, organisation_id=home.id)
        assert protection.entry(session, own, made).alias == ""
        assert protection.entry(session, own, made).hidden
        protecting.choose_pseudonym(session, own, made.slug, "  Зірка\u202e  степу ", NOW)
        assert protection.entry(session, own, made).alias == "Зірка степу"
        assert [(each.name, each.organisation_id) for each in protecting.choices(session, lead, made.id)] == [
            (None, None),
            ("", home.id),
        ]
        with pytest.raises(Invalid, match="speaks here"):
            protecting.choose_pseudonym(session, own, made.slug, "ІВАН  франко", NOW)
        with pytest.raises(NotAllowed):
            protecting.choose_pseudonym(session, own, made.slug, "x", NOW, organisation_id=home.id)
        protecting.choose_pseudonym(session, own, made.slug, None, NOW)
        protecting.choose_pseudonym(session, lead, made.slug, None, NOW, organisation_id=home.id)
        assert not protection.entry(session, own, made).hidden
        logged = session.scalars(select(AuditEntry.after).where(AuditEntry.action == "occurrence.pseudonym")).all()
        assert "Зірка" not in str(logged), "the log does not join a pseudonym to a person"
        assert group_queries.with_me(session, made.id, 1, NOW) == ()


def test_what_is_never_recorded_cannot_be_planned_to_be(database: Database) -> None:
    with database.writing() as session:
        visitor = organiser(session)
        never = Protection(keeping=Keeping.NEVER)
        made = planned(session, visitor, recorded=True)
        with pytest.raises(Conflict, match="Switch that off"):
            protecting.protect(session, visitor, "occurrence", made.slug, never, NOW)
        actions.edit(session, visitor, made.slug, draft(), NOW, expected_version=made.version)
        protecting.protect(session, visitor, "occurrence", made.slug, never, NOW)
        session.flush()
        version = made.version
        with pytest.raises(Invalid) as refused, session.begin_nested():
            actions.edit(session, visitor, made.slug, draft(recorded=True), NOW, expected_version=version)
        assert (refused.value.code, refused.value.field) == ("recording_forbidden", "recorded")
        streamed = draft(streaming=Streaming.PLANNED, access=Access.OPEN)
        with pytest.raises(Invalid) as refused, session.begin_nested():
            actions.edit(session, visitor, made.slug, streamed, NOW, expected_version=version)
        assert refused.value.code == "streaming_forbidden"
        session.refresh(made)
        made.recorded, made.streaming = True, Streaming.PLANNED
        session.flush()
        door = queries.meeting_door(session, visitor, made.meeting, NOW)
        assert (door.streaming, door.recorded) == (Streaming.NO, False), "however the row came to say so"


@pytest.mark.parametrize(("asked", "watching"), [(Protection(), "public"), (Protection(held=True), "editors")])
def test_a_recording_that_has_to_be_released_is_for_its_organisers_first(
    database: Database, asked: Protection, watching: str
) -> None:
    with database.writing() as session:
        visitor = organiser(session)
        made = planned(session, visitor, access=Access.OPEN)
        protecting.protect(session, visitor, "occurrence", made.slug, asked, NOW)
        at = datetime(2026, 11, 25, 8, tzinfo=UTC).timestamp()
        told = {"type": "recording", "recording": "00" * 8, "status": "on"}
        take_told(session, [{"at": at, "meeting": made.meeting, "data": told}], NOW)
        found = session.scalars(select(Recording)).one()
        assert found.watching is Watching(watching)
        protecting.protect(session, visitor, "occurrence", made.slug, Protection(held=True), NOW)
        finish(session, found.id, Made("v1", 60.0, (), ()), NOW)
        assert found.watching is Watching.EDITORS, "also when it was asked for while it was recorded"
        set_terms(session, visitor, found.code, Terms(Watching.PUBLIC, False, None, False), NOW)
        finish(session, found.id, Made("v2", 60.0, (), ()), NOW)
        assert found.watching is Watching.PUBLIC, "made anew it stays released"

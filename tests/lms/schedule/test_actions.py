"""Planning an occurrence from the draft to its end; every change is kept."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from lms.audit.queries import entries, find_tampering
from lms.database import Database
from lms.directory.models import RoleName, Scope
from lms.directory.rules import ANONYMOUS, Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound
from lms.notify.queries import due
from lms.schedule import actions, queries
from lms.schedule.drafts import AgendaDraft, PartyDraft, SpeakerDraft
from lms.schedule.models import Access, Kind, MeetingRole, Part, Status
from tests.lms.facts import NOW, draft, organisation, organiser, person


def published(session: Session, planner: Visitor, **more: object) -> str:
    occurrence = actions.create(session, planner, draft(**more), NOW)  # type: ignore[arg-type]
    return actions.publish(session, planner, occurrence.slug, NOW).slug


def test_a_draft_becomes_an_occurrence_with_everything(session: Session, planner: Visitor) -> None:
    sumy = organisation(session, "sumy")
    plan = draft(
        title=" Паспорти ",
        parties=[(sumy, Part.ORGANISER), (sumy, Part.EXPERT_BODY)],
        speakers=[SpeakerDraft("Експерт служби", "головний спеціаліст", sumy.id)],
        agenda=[AgendaDraft("Вітання", 5), AgendaDraft("Запитання", 30, title_en="Questions")],
        title_en="Passports",
        description="Про що йдеться",
    )
    made = actions.create(session, planner, plan, NOW)
    page = queries.occurrence_page(session, planner, made.slug, NOW)
    assert made.slug == "2026-11-25-pasporty"
    assert (page.card.title, page.card.status, page.card.may_edit) == ("Паспорти", Status.DRAFT, True)
    assert page.card.ends_at - page.card.starts_at == timedelta(minutes=90)
    assert [(each.code, each.part) for each in page.card.parties] == [
        ("sumy", Part.ORGANISER),
        ("sumy", Part.EXPERT_BODY),
    ]
    assert [(each.name, each.organisation_en) for each in page.card.speakers] == [("Експерт служби", "sumy ASC")]
    assert [(item.title, item.minutes) for item in page.agenda] == [("Вітання", 5), ("Запитання", 30)]


def test_equal_titles_on_one_day_get_their_own_addresses(session: Session, planner: Visitor) -> None:
    slugs = [actions.create(session, planner, draft(title="Те саме"), NOW).slug for _ in range(3)]
    assert slugs == ["2026-11-25-te-same", "2026-11-25-te-same-2", "2026-11-25-te-same-3"]


def test_only_organisers_plan(session: Session) -> None:
    visitor = person(session, "olena@example.org")
    for each in (visitor, ANONYMOUS):
        with pytest.raises(NotAllowed, match="Only an organiser"):
            actions.create(session, each, draft(), NOW)


def test_an_organisation_s_organiser_plans_for_it_and_no_other(session: Session, planner: Visitor) -> None:
    sumy = organisation(session, "sumy")
    lead = person(session, "lead@example.org", RoleName.ORGANISER, scope=Scope.ORGANISATION, scope_id=sumy.id)
    own = actions.create(session, lead, draft(), NOW)
    assert [(party.organisation_id, party.part) for party in own.parties] == [(sumy.id, Part.ORGANISER)]
    foreign = published(session, planner)
    with pytest.raises(NotAllowed) as refused:
        actions.cancel(session, lead, foreign, "чому б ні", NOW)
    assert refused.value.code == "editors_only"
    hidden = actions.create(session, planner, draft(), NOW)
    with pytest.raises(NotFound):
        actions.publish(session, lead, hidden.slug, NOW)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": "  "}, "title"),
        ({"title": "x" * 301}, "title"),
        ({"description": "x" * 20_001}, "description"),
        ({"duration_minutes": 4}, "duration_minutes"),
        ({"duration_minutes": 1441}, "duration_minutes"),
        ({"zone": "Europe/Nowhere"}, "zone"),
        ({"starts_local": datetime(1999, 1, 1)}, "starts_local"),
        ({"starts_local": NOW}, "starts_local"),
        ({"language": "de"}, "language"),
        ({"speakers": [SpeakerDraft(" ")]}, "speakers"),
        ({"agenda": [AgendaDraft("Вступ", -1)]}, "agenda"),
        ({"agenda": [AgendaDraft("Вступ", 1)] * 101}, "agenda"),
    ],
)
def test_what_cannot_be_right_is_refused_by_field(
    session: Session, planner: Visitor, wrong: dict[str, object], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        actions.create(session, planner, draft(**wrong), NOW)  # type: ignore[arg-type]
    assert refused.value.field == field


def test_unknown_organisations_and_people_are_named(session: Session, planner: Visitor) -> None:
    for wrong in ({"speakers": [SpeakerDraft("x", person_id=404)]}, {"speakers": [SpeakerDraft("x", "", 404)]}):
        with pytest.raises(NotFound, match="404"):
            actions.create(session, planner, draft(**wrong), NOW)  # type: ignore[arg-type]
    with pytest.raises(NotFound, match="404"):
        actions.create(session, planner, replace(draft(), parties=[PartyDraft(404, Part.ORGANISER)]), NOW)


def test_an_edit_keeps_what_links_hang_on(session: Session, planner: Visitor) -> None:
    sumy, lviv = organisation(session, "sumy"), organisation(session, "lviv")
    plan = draft(parties=[(sumy, Part.ORGANISER)], speakers=[SpeakerDraft("Перша"), SpeakerDraft("Друга")])
    made = actions.create(session, planner, plan, NOW)
    first, second = (each.id for each in made.speakers)
    changed = draft(
        title="Інша назва",
        parties=[(lviv, Part.ORGANISER), (sumy, Part.ORGANISER)],
        speakers=[SpeakerDraft("Друга"), SpeakerDraft("Перша після шлюбу", id=first), SpeakerDraft("Третя")],
    )
    edited = actions.edit(session, planner, made.slug, changed, NOW, expected_version=made.version)
    assert edited.slug == made.slug
    page = queries.occurrence_page(session, planner, made.slug, NOW)
    assert [each.id for each in page.card.speakers][:2] == [second, first]
    assert [each.name for each in page.card.speakers] == ["Друга", "Перша після шлюбу", "Третя"]
    assert [each.code for each in page.card.parties] == ["lviv", "sumy"]
    assert (page.sequence, page.card.status) == (0, Status.DRAFT)


def test_moving_what_was_announced_raises_the_sequence_and_is_remembered(session: Session, planner: Visitor) -> None:
    slug = published(session, planner)
    page = queries.occurrence_page(session, planner, slug, NOW)
    later = draft(starts_local=datetime(2026, 12, 2, 10, 0))
    actions.edit(session, planner, slug, later, NOW, expected_version=page.version, reason="Експерт хворіє")
    moved = queries.occurrence_page(session, planner, slug, NOW)
    assert (moved.card.status, moved.sequence, moved.uid) == (Status.MOVED, 1, page.uid)
    assert moved.card.starts_at == page.card.starts_at + timedelta(days=7)
    change = moved.changes[-1]
    assert change.before["starts_local"] == "2026-11-25T10:00"
    assert change.after == {"starts_local": "2026-12-02T10:00", "status": "moved"}
    assert change.reason == "Експерт хворіє"
    # A new title is no rescheduling.
    actions.edit(session, planner, slug, replace(later, title="Нова назва"), NOW, expected_version=moved.version)
    assert queries.occurrence_page(session, planner, slug, NOW).sequence == 1


def test_two_editors_do_not_overwrite_each_other(database: Database) -> None:
    with database.writing() as session:
        planner = organiser(session)
        slug = published(session, planner)
        version = queries.occurrence_page(session, planner, slug, NOW).version
    outcomes: list[str] = []
    start = threading.Barrier(2)

    def save(title: str) -> None:
        start.wait()
        try:
            with database.writing() as session:
                actions.edit(session, planner, slug, draft(title=title), NOW, expected_version=version)
            outcomes.append("saved")
        except Conflict as refused:
            outcomes.append(refused.code)

    threads = [threading.Thread(target=save, args=(title,)) for title in ("А", "Б")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["changed_meanwhile", "saved"]


def test_a_change_of_rows_alone_is_seen_by_the_other_editor(session: Session, planner: Visitor) -> None:
    slug = published(session, planner)
    page = queries.occurrence_page(session, planner, slug, NOW)
    with_agenda = draft(agenda=[AgendaDraft("Вітання", 5)])
    actions.edit(session, planner, slug, with_agenda, NOW + timedelta(minutes=1), expected_version=page.version)
    with pytest.raises(Conflict):
        actions.edit(session, planner, slug, draft(), NOW, expected_version=page.version)


def test_start_now_and_end(session: Session, planner: Visitor) -> None:
    slug = published(session, planner, starts_local=datetime(2026, 12, 2, 10, 0))
    actions.start(session, planner, slug, NOW)
    actions.start(session, planner, slug, NOW + timedelta(minutes=5))
    card = queries.occurrence_page(session, planner, slug, NOW).card
    assert (card.status, card.live, card.began_at) == (Status.LIVE, True, NOW)
    version = queries.occurrence_page(session, planner, slug, NOW).version
    with pytest.raises(Conflict, match="begun already"):
        actions.edit(session, planner, slug, draft(), NOW, expected_version=version)
    with pytest.raises(Conflict):
        actions.cancel(session, planner, slug, "пізно", NOW)
    actions.end(session, planner, slug, NOW + timedelta(hours=1))
    actions.end(session, planner, slug, NOW + timedelta(hours=2))
    page = queries.occurrence_page(session, planner, slug, NOW)
    assert (page.card.status, page.join.refusal) == (Status.ENDED, "ended")
    for act in (actions.start, actions.publish):
        with pytest.raises(Conflict):
            act(session, planner, slug, NOW)
    with pytest.raises(Conflict):
        actions.edit(session, planner, slug, draft(), NOW, expected_version=page.version)


def test_a_draft_may_be_started_at_once_but_not_ended_nor_published_twice(session: Session, planner: Visitor) -> None:
    made = actions.create(session, planner, draft(), NOW)
    with pytest.raises(Conflict, match="not begun"):
        actions.end(session, planner, made.slug, NOW)
    actions.start(session, planner, made.slug, NOW)
    with pytest.raises(Conflict):
        actions.publish(session, planner, made.slug, NOW)
    old = actions.create(session, planner, draft(starts_local=datetime(2026, 11, 24, 10, 0)), NOW)
    with pytest.raises(Conflict, match="passed"):
        actions.publish(session, planner, old.slug, NOW)


def test_cancelling_needs_a_reason_and_stays_visible(session: Session, planner: Visitor) -> None:
    slug = published(session, planner)
    with pytest.raises(Invalid):
        actions.cancel(session, planner, slug, "  ", NOW)
    actions.cancel(session, planner, slug, "Немає світла", NOW)
    (card,) = queries.upcoming(session, ANONYMOUS, NOW)
    assert (card.status, card.cancel_reason, card.join.refusal) == (Status.CANCELLED, "Немає світла", "cancelled")
    assert queries.occurrence_page(session, planner, slug, NOW).sequence == 1
    for act in (actions.start, actions.publish):
        with pytest.raises(Conflict):
            act(session, planner, slug, NOW)
    with pytest.raises(Conflict):
        actions.cancel(session, planner, slug, "ще раз", NOW)


def test_speakers_who_can_be_reached_are_told_once_per_change(session: Session, planner: Visitor) -> None:
    expert = person(session, "expert@example.org")
    named = [SpeakerDraft("Експертка", person_id=expert.person_id), SpeakerDraft("Гість")]
    slug = published(session, planner, speakers=named)
    version = queries.occurrence_page(session, planner, slug, NOW).version
    moved = draft(starts_local=datetime(2026, 12, 2, 10, 0), speakers=named)
    actions.edit(session, planner, slug, moved, NOW, expected_version=version)
    actions.cancel(session, planner, slug, "Немає світла", NOW)
    waiting = due(session, NOW)
    assert [(each.kind, each.recipient) for each in waiting] == [
        (f"invitation.{what}", "mailto:expert@example.org") for what in ("invited", "moved", "cancelled")
    ]


def test_every_change_is_in_the_audit_log(database: Database) -> None:
    with database.writing() as session:
        planner = organiser(session)
        slug = published(session, planner)
        actions.start(session, planner, slug, NOW)
        actions.end(session, planner, slug, NOW)
    with database.reading() as session:
        said = [(each.action, each.actor) for each in reversed(entries(session, object_kind="occurrence"))]
        assert said == [(f"occurrence.{verb}", planner.actor) for verb in ("create", "publish", "start", "end")]
        assert find_tampering(session) is None


def test_the_meeting_itself_begins_and_ends_an_occurrence(session: Session, planner: Visitor) -> None:
    slug = published(session, planner)
    number = queries.occurrence_page(session, planner, slug, NOW).card.id
    actions.end_meeting(session, number, "node:0", NOW)
    actions.begin_meeting(session, number, "node:0", NOW)
    assert queries.occurrence_page(session, planner, slug, NOW).card.live
    actions.end_meeting(session, number, "node:0", NOW)
    actions.begin_meeting(session, number, "node:0", NOW)
    assert queries.occurrence_page(session, planner, slug, NOW).card.status is Status.ENDED


def test_guests_come_by_a_personal_link(session: Session, planner: Visitor) -> None:
    slug = published(session, planner, speakers=[SpeakerDraft("Експерт")], listed=False, kind=Kind.MEETING)
    page = queries.occurrence_page(session, planner, slug, NOW)
    invitation = actions.invite_guest(
        session, planner, slug, name=" Експерт ", organisation="Міністерство",
        speaker_id=page.card.speakers[0].id, now=NOW,
    )  # fmt: skip
    assert actions.guest_pass(session, invitation.token, NOW).visitor.identity == f"guest:{invitation.link_id}"
    for _ in range(2):
        passed = actions.use_guest_link(session, invitation.token, NOW)
    assert (passed.slug, passed.meeting, passed.name) == (slug, page.card.meeting, "Експерт")
    door = queries.meeting_door(session, passed.visitor, passed.meeting, NOW)
    assert (door.join.role, door.organisation) == (MeetingRole.PRESENTER, "Міністерство")
    assert queries.occurrence_page(session, passed.visitor, slug, NOW).guest_links == ()
    (link,) = queries.occurrence_page(session, planner, slug, NOW).guest_links
    assert (link.used_count, link.last_used_at, link.works) == (2, NOW, True)
    with pytest.raises(NotFound):
        actions.guest_pass(session, invitation.token + "x", NOW)


def test_a_withdrawn_or_expired_guest_link_opens_nothing(session: Session, planner: Visitor) -> None:
    slug = published(session, planner, listed=False)
    invitation = actions.invite_guest(session, planner, slug, name="Експерт", now=NOW)
    visitor = actions.visitor_of_guest(session, invitation.link_id, NOW)
    end = queries.occurrence_page(session, planner, slug, NOW).guest_links[0].expires_at
    with pytest.raises(NotAllowed) as refused:
        actions.guest_pass(session, invitation.token, end)
    assert refused.value.code == "guest_link_expired"
    assert actions.visitor_of_guest(session, invitation.link_id, end) is ANONYMOUS
    with pytest.raises(NotFound):
        actions.revoke_guest(session, person(session, "outsider@example.org"), invitation.link_id, NOW)
    actions.revoke_guest(session, planner, invitation.link_id, NOW)
    with pytest.raises(NotAllowed) as refused:
        actions.guest_pass(session, invitation.token, NOW)
    assert refused.value.code == "guest_link_revoked"
    page = queries.occurrence_page(session, planner, slug, NOW)
    assert queries.meeting_door(session, visitor, page.card.meeting, NOW).join.refusal == "sign_in_needed"
    with pytest.raises(NotFound):
        queries.occurrence_page(session, visitor, slug, NOW)


def test_invitations_are_checked(session: Session, planner: Visitor) -> None:
    slug = published(session, planner)
    for wrong in ({"name": " "}, {"name": "x", "expires_at": NOW}):
        with pytest.raises(Invalid):
            actions.invite_guest(session, planner, slug, now=NOW, **wrong)  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        actions.invite_guest(session, planner, slug, name="x", speaker_id=404, now=NOW)
    with pytest.raises(NotAllowed):
        actions.invite_guest(session, ANONYMOUS, slug, name="x", now=NOW)
    actions.cancel(session, planner, slug, "Немає світла", NOW)
    with pytest.raises(Conflict):
        actions.invite_guest(session, planner, slug, name="x", now=NOW)
    assert queries.occurrence_page(session, planner, slug, NOW).card.access is Access.NETWORK

"""Booking, moving, cancelling: who gets a time, who is told, what stays between the two."""

from __future__ import annotations

import threading
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.appointments import booking, following_up, hours, queries
from lms.appointments.drafts import BookingDraft, HoursDraft, WindowDraft
from lms.appointments.models import Appointment, AppointmentState, Audience, ConsultationWindow
from lms.audit.models import AuditEntry
from lms.courses.models import Course, CourseVersion, Enrolment, EnrolmentSource, EnrolmentState, VersionState
from lms.database import Database
from lms.directory.models import Organisation, OrganisationKind, RoleName
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal, TooMany
from lms.notify.models import InboundState, OutboxMessage
from lms.notify.replies import CalendarReply
from lms.schedule import actions, audience, calendar, feeds, invitations, reminders
from lms.schedule import queries as schedule
from lms.schedule.audience_models import Invitation, ParticipationStatus
from lms.schedule.drafts import SpeakerDraft
from lms.schedule.models import MeetingRole, Occurrence, Status
from tests.lms.appointments.conftest import FIRST, SECOND, Cast
from tests.lms.facts import NOW, administrator, counted, draft, organisation, organiser, person

S = AppointmentState


def times(session: Session, who: Visitor, cast: Cast, day: date | None = None) -> list[object]:
    return [each.starts_at for each in queries.times(session, who, cast.hours_id, NOW, day).slots]


def letters(session: Session, kind: str) -> list[OutboxMessage]:
    return list(session.scalars(select(OutboxMessage).where(OutboxMessage.kind == kind).order_by(OutboxMessage.id)))


def test_a_time_is_booked_and_both_are_written_to(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        assert times(session, cast.staff, cast)[:2] == [FIRST, SECOND]
        made = cast.book(session, cast.staff)
        assert times(session, cast.other, cast)[:1] == [SECOND], "and nobody else gets it"
        told = {each.recipient for each in letters(session, "invitation.invited")}
        assert told == {"mailto:expert@example.org", "mailto:staff@example.org"}
        rows = session.scalars(select(Invitation)).all()
        assert {each.status for each in rows} == {ParticipationStatus.ACCEPTED}, "nobody is asked whether they come"
        talk = session.get_one(Occurrence, made.occurrence_id)
        assert (talk.starts_at, talk.duration_minutes, talk.private, talk.listed) == (FIRST, 30, True, False)
        assert {each.name for each in reminders.recipients_of(session, talk)} == {
            cast.expert.identity, cast.staff.identity,
        }  # fmt: skip
        with pytest.raises(Conflict, match="taken"):
            cast.book(session, cast.other)
        with pytest.raises(TooMany, match="appointments ahead"):
            cast.book(session, cast.staff, SECOND)
        with pytest.raises(Conflict, match="taken"):
            cast.book(session, cast.other, SECOND + timedelta(minutes=1))
        with pytest.raises(Invalid):
            cast.book(session, cast.other, SECOND, subject=" ")
        assert session.scalar(select(func.count()).select_from(Appointment)) == 1
    with database.reading() as session:
        for who, role in ((cast.expert, MeetingRole.HOST), (cast.staff, MeetingRole.PRESENTER)):
            seen = queries.appointment(session, who, made.id, FIRST)
            assert seen.talk is not None
            assert (seen.talk.join.role, seen.question, bool(seen.talk.meeting)) == (role, "Як видати?", True)
        assert seen.name == cast.expert.name
        early = queries.appointment(session, cast.staff, made.id, NOW).talk
        assert early is not None
        assert early.join.refusal == "too_early"


def test_an_expert_of_a_protected_place_is_not_named_to_those_who_ask(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        made = cast.book(session, cast.staff)
        home = session.scalars(select(Organisation).where(Organisation.code == "ministry")).one()
        home.protected = True
        session.flush()
        (card,) = queries.experts(session, cast.other, NOW).experts
        assert (card.name, card.home) == ("", queries.Home())
        for word in ("expert", "Прізвище", "ЦНАП ministry"):
            assert queries.experts(session, cast.other, NOW, text=word).experts == (), "nor is she found by it"
        assert queries.times(session, cast.other, cast.hours_id, NOW, None).card.name == ""
        seen, own = (queries.appointment(session, who, made.id, NOW) for who in (cast.staff, cast.expert))
        assert (seen.name, seen.home, own.name) == ("", queries.Home(), cast.staff.name)
        names = audience.names_of_two(session, made.occurrence_id, cast.staff.person_id)
        assert names == ("", cast.staff.name), "nor in letters"
        assert audience.names_of_two(session, made.occurrence_id, cast.expert.person_id)[0] == cast.expert.name


def test_of_two_who_take_the_last_time_at_one_instant_one_gets_it(database: Database, cast: Cast) -> None:
    start, said = threading.Barrier(2), []

    def press(who: Visitor) -> None:
        start.wait()
        try:
            with database.writing() as session:
                cast.book(session, who)
            said.append("booked")
        except Refusal as refused:
            said.append(refused.code)

    threads = [threading.Thread(target=press, args=(who,)) for who in (cast.staff, cast.other)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    assert sorted(said) == ["booked", "slot_taken"]
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Appointment)) == 1
        assert session.scalar(select(func.count()).select_from(Occurrence)) == 1


def test_nobody_else_learns_of_it(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        made = cast.book(session, cast.staff, subject="Особиста справа")
        talk = session.get_one(Occurrence, made.occurrence_id)
        lead = person(session, "lead@example.org", RoleName.AUDITOR)
        others = [organiser(session), administrator(session), lead, cast.other]
    with database.reading() as session:
        for who in others:
            assert calendar.nearest(session, who, NOW, mine=5, others=5) == ([], [])
            assert schedule.upcoming(session, who, NOW) == []
            with pytest.raises(NotFound):
                schedule.occurrence_page(session, who, talk.slug, NOW)
            with pytest.raises(NotFound):
                schedule.meeting_door(session, who, talk.meeting, NOW)
            with pytest.raises(NotFound):
                queries.appointment(session, who, made.id, NOW)
            with pytest.raises(NotFound):
                feeds.one(session, who, talk.slug)
            assert queries.of_occurrence(session, who, talk.id) is None
        assert feeds.public(session, NOW) == []
        assert [each.slug for each in schedule.upcoming(session, cast.staff, NOW)] == [talk.slug]
        said = " ".join(str(each.after) for each in session.scalars(select(AuditEntry)))
        assert "Особиста" not in said
        assert "видати" not in said
    with database.writing() as session, pytest.raises(NotFound):
        actions.cancel(session, others[0], talk.slug, "Так", NOW)
    with database.writing() as session, pytest.raises(NotAllowed):
        actions.cancel(session, cast.expert, talk.slug, "Так", NOW)


def test_it_is_moved_and_cancelled_with_a_rising_sequence(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        made = cast.book(session, cast.staff)
        talk = session.get_one(Occurrence, made.occurrence_id)
        booking.move(session, cast.staff, made.id, SECOND, NOW, reason="Пізніше")
        assert (talk.starts_at, talk.sequence, talk.status) == (SECOND, 1, Status.MOVED)
        assert times(session, cast.other, cast)[:1] == [FIRST], "the first one is free again"
        moved = letters(session, "invitation.moved")
        assert [each.contents["sequence"] for each in moved] == [1, 1]
        rows = session.scalars(select(Invitation)).all()
        assert {each.status for each in rows} == {ParticipationStatus.ACCEPTED}
        with pytest.raises(NotFound):
            booking.cancel(session, cast.other, made.id, "", NOW)
        with pytest.raises(Invalid, match="why"):
            booking.cancel(session, cast.expert, made.id, " ", NOW)
        booking.cancel(session, cast.expert, made.id, "Хворію", NOW)
        assert (made.state, talk.status, talk.sequence, talk.cancel_reason) == (
            S.CANCELLED,
            Status.CANCELLED,
            2,
            "Хворію",
        )
        assert len(letters(session, "invitation.cancelled")) == 2
        assert SECOND in times(session, cast.other, cast)
        with pytest.raises(Conflict, match="cancelled"):
            booking.move(session, cast.expert, made.id, FIRST, NOW)


def test_late_is_too_late_for_the_one_who_booked_but_not_for_the_expert(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        made = cast.book(session, cast.staff)
        late = FIRST - timedelta(hours=11)
        with pytest.raises(Conflict, match="too late"):
            booking.cancel(session, cast.staff, made.id, "", late)
        with pytest.raises(Conflict, match="taken"):
            cast.book(session, cast.other, SECOND, now=late)
        booking.move(session, cast.expert, made.id, SECOND, late, reason="Затримуюся")
        assert made.starts_at == SECOND


def test_other_occurrences_take_the_times_of_both(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        planner = organiser(session)
        speaks = [SpeakerDraft("Експерт", person_id=cast.expert.person_id)]
        at = FIRST.replace(tzinfo=None) + timedelta(hours=2)
        actions.create(session, planner, draft(starts_local=at, duration_minutes=35, speakers=speaks), NOW)
        assert times(session, cast.staff, cast)[:1] == [SECOND], "also what is not announced yet"
        mine = [SpeakerDraft("Адміністраторка", person_id=cast.staff.person_id)]
        planned = draft(starts_local=at + timedelta(minutes=30), duration_minutes=60, speakers=mine)
        actions.create(session, planner, planned, NOW)
        with pytest.raises(Conflict, match="something else"):
            cast.book(session, cast.staff, SECOND)
        cast.book(session, cast.other, SECOND)


def test_closing_times_in_which_something_is_booked_is_decided_by_the_expert(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        first, second = cast.book(session, cast.staff), cast.book(session, cast.other, SECOND)
        (window,) = session.scalars(select(ConsultationWindow.id))
        with pytest.raises(Conflict, match="2 appointments"):
            hours.close_window(session, cast.expert, window, NOW)
        day = date(2026, 12, 2)
        with pytest.raises(Conflict, match="2 appointments"):
            hours.be_away(session, cast.expert, day, day, NOW)
        assert hours.be_away(session, cast.expert, day, day, NOW, keep=True) == 0
        assert hours.close_window(session, cast.expert, window, NOW) == 0, "it was decided already"
        assert first.state is second.state is S.BOOKED
        assert times(session, cast.staff, cast) == []
    with database.writing() as session:
        hours.open_window(session, cast.expert, WindowDraft(9 * 60, 12 * 60, weekday=2), NOW)
        (absence,) = session.scalars(select(hours.ConsultationAbsence.id))
        hours.be_back(session, cast.expert, absence, NOW)
        with pytest.raises(hours.BookingsThere, match="why"):
            hours.be_away(session, cast.expert, day, day, NOW, keep=False)
    with database.writing() as session:
        assert hours.be_away(session, cast.expert, day, day, NOW, keep=False, reason="Відрядження") == 2
        assert len(letters(session, "invitation.cancelled")) == 4
        assert set(session.scalars(select(Appointment.state))) == {S.CANCELLED}


def test_what_was_begun_early_is_moved_and_called_off_no_more(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        begun, ahead = cast.book(session, cast.staff), cast.book(session, cast.other, SECOND)
        session.get_one(Occurrence, begun.occurrence_id).status = Status.LIVE
        session.flush()
        free = queries.times(session, cast.staff, cast.hours_id, NOW, FIRST.date()).slots[0].starts_at
        with pytest.raises(Conflict, match="has begun"):
            booking.move(session, cast.expert, begun.id, free, NOW)
        with pytest.raises(Conflict, match="has begun"):
            booking.cancel(session, cast.expert, begun.id, "Хворію", NOW)
        day = date(2026, 12, 2)
        assert hours.be_away(session, cast.expert, day, day, NOW, keep=False, reason="Відрядження") == 1
        assert (begun.state, ahead.state) == (S.BOOKED, S.CANCELLED)


def test_the_expert_says_what_became_of_it_and_answers(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        made = cast.book(session, cast.staff)
        with pytest.raises(Conflict, match="not begun"):
            booking.mark(session, cast.expert, made.id, S.HELD, NOW)
        after = FIRST + timedelta(hours=1)
        assert [each.id for each in queries.undecided(session, cast.expert, after)] == [made.id]
        with pytest.raises(NotAllowed):
            booking.mark(session, cast.staff, made.id, S.HELD, after)
        booking.mark(session, cast.expert, made.id, S.NOT_ATTENDED, after)
        booking.mark(session, cast.expert, made.id, S.HELD, after)
        booking.answer(session, cast.expert, made.id, "Формою № 5.", after)
        assert queries.undecided(session, cast.expert, after) == []
        (seen,) = queries.over(session, cast.staff, after)
        assert (seen.state, seen.answer) == (S.HELD, "Формою № 5.")


def test_who_declines_in_the_calendar_does_not_come(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        made, kept = cast.book(session, cast.staff), cast.book(session, cast.other, SECOND)
        rows = session.scalars(select(Invitation).where(Invitation.occurrence_id == made.occurrence_id))
        mine = next(each for each in rows if each.person_id == cast.staff.person_id)
        talk = session.get_one(Occurrence, made.occurrence_id)
        reply = CalendarReply(talk.uid, mine.address, "declined", at=NOW, comment="Не зможу", sender=mine.address)
        assert invitations.take_reply(session, reply, NOW) is InboundState.APPLIED
    with database.writing() as session:
        assert following_up.due(session, NOW) == [made.id]
        assert following_up.see_to(session, made.id, NOW) == 1
        assert following_up.see_to(session, kept.id, NOW) == 0
    with database.reading() as session:
        assert following_up.due(session, NOW) == []
        gone = queries.appointment(session, cast.expert, made.id, NOW)
        assert (gone.state, gone.reason) == (S.CANCELLED, "Не зможу")
        assert len(letters(session, "invitation.cancelled")) == 2
        assert queries.appointment(session, cast.expert, kept.id, NOW).state is S.BOOKED


def test_hours_are_for_whom_the_expert_says(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        library = person(session, "book@example.org", home=organisation(session, "b", OrganisationKind.LIBRARY))
        course = Course(slug="digital", created_by="system", created_at=NOW)
        session.add(course)
        session.flush()
        version = CourseVersion(
            course_id=course.id, number=1, state=VersionState.PUBLISHED, title_uk="Курс", audience=[], edited_at=NOW
        )
        session.add(version)
        session.flush()
        session.add(
            Enrolment(
                course_id=course.id, version_id=version.id, person_id=cast.other.person_id, enrolled_by="s",
                source=EnrolmentSource.OWN, enrolled_at=NOW, state=EnrolmentState.ACTIVE,
            )
        )  # fmt: skip

        def seen() -> list[bool]:
            everyone = (cast.staff, cast.other, library, cast.expert)
            return [bool(queries.experts(session, who, NOW).experts) for who in everyone]

        assert seen() == [True, True, True, False]
        kind = {"audience": Audience.ORGANISATIONS, "organisation_kind": OrganisationKind.LIBRARY}
        hours.save(session, cast.expert, HoursDraft(**kind), NOW)  # type: ignore[arg-type]
        assert seen() == [False, False, True, False]
        with pytest.raises(NotFound):
            cast.book(session, cast.staff)
        hours.save(session, cast.expert, HoursDraft(audience=Audience.LEARNERS, course_id=course.id), NOW)
        assert seen() == [False, True, False, False]
        hours.save(session, cast.expert, HoursDraft(open=False), NOW)
        assert seen() == [False, False, False, False]
        with pytest.raises(NotAllowed, match="trainers"):
            hours.save(session, cast.staff, HoursDraft(), NOW)
        with pytest.raises(Invalid):
            hours.save(session, cast.expert, HoursDraft(slot_minutes=5), NOW)
        assert booking.MOST_AT_ALL > 0


def test_lists_ask_as_much_for_many_as_for_few(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        cast.book(session, cast.staff)

    def asked() -> list[int]:
        found = []
        with database.reading() as session:
            for look in (queries.experts, queries.ahead, queries.over):
                with counted(database) as said:
                    assert look(session, cast.staff, NOW + timedelta(days=14) if look is queries.over else NOW)
                found.append(len(said))
        return found

    few = asked()
    with database.writing() as session:
        for number in range(6):
            one = person(session, f"more{number}@example.org", RoleName.TRAINER)
            row = hours.save(session, one, HoursDraft(), NOW)
            hours.open_window(session, one, WindowDraft(9 * 60, 12 * 60, weekday=number), NOW)
            at = FIRST + timedelta(days=(number - 2) % 7 + 7)
            booking.book(session, cast.staff, row.id, at, BookingDraft("Ще"), NOW)
    assert asked() == few

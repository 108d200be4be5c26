"""Seats in the database: who gets one, who waits, who is asked next; and who may come through the door."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.audit.models import AuditEntry
from lms.database import Database
from lms.directory.access_models import Endpoint
from lms.directory.models import Affiliation, RoleName, Scope
from lms.directory.queries import visitor_of_endpoint
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound
from lms.notify.models import OutboxMessage
from lms.schedule import actions, book, policies, queries, registering, registrations
from lms.schedule import registration_lists as lists
from lms.schedule import registration_views as views
from lms.schedule.audience_models import (
    Attends,
    Registration,
    RegistrationMode,
    RegistrationPolicy,
    RegistrationState,
    Seat,
)
from lms.schedule.drafts import SpeakerDraft
from lms.schedule.models import Kind, MeetingRole, Mode, Occurrence, Part
from lms.schedule.plan_models import Series
from lms.schedule.policies import PolicyDraft
from lms.schedule.questions import AnswerKind, Question
from lms.schedule.registering import Wish
from tests.lms.facts import NOW, counted, organisation, organiser, person
from tests.lms.schedule.registering import BEGINS, people, planned, take

S = RegistrationState
ONE = PolicyDraft(capacity=1, required=True)


def letters(session: Session, person_id: int | None) -> list[str]:
    query = select(OutboxMessage.kind).where(OutboxMessage.recipient == f"person:{person_id}")
    kinds = session.scalars(query.order_by(OutboxMessage.id))
    return [kind.removeprefix("registration.") for kind in kinds if kind.startswith("registration.")]


def test_the_first_gets_the_seat_the_next_wait_in_line(session: Session, planner: Visitor) -> None:
    slug = planned(session, planner, policy=ONE)
    a, b, c = people(session, 3)
    rows = [take(session, each, slug, NOW + timedelta(minutes=number)) for number, each in enumerate((a, b, c))]
    assert [row.state for row in rows] == [S.CONFIRMED, S.WAITLISTED, S.WAITLISTED]
    assert [views.place_in_line(session, row) for row in rows] == [0, 1, 2]
    registering.cancel(session, a, rows[0].id, NOW + timedelta(hours=1))
    assert [row.state for row in rows] == [S.CANCELLED, S.OFFERED, S.WAITLISTED]
    assert rows[1].offered_until == NOW + timedelta(hours=25)
    registering.accept_offer(session, b, rows[1].id, NOW + timedelta(hours=2))
    registering.accept_offer(session, b, rows[1].id, NOW + timedelta(hours=2))  # clicked twice
    assert rows[1].state is S.CONFIRMED
    assert letters(session, a.person_id) == ["confirmed", "freed"]
    assert letters(session, b.person_id) == ["waitlisted", "offered", "confirmed"]
    assert letters(session, c.person_id) == ["waitlisted"]
    entries = session.scalars(
        select(AuditEntry.action).where(AuditEntry.object_kind == "registration").order_by(AuditEntry.id)
    ).all()
    assert list(entries) == [
        "registration.registered", "registration.registered", "registration.registered",
        "registration.cancelled", "registration.freed", "registration.accepted",
    ]  # fmt: skip


def test_repeated_clicks_change_nothing_and_tell_nothing(session: Session, planner: Visitor) -> None:
    slug = planned(session, planner, policy=ONE)
    (a,) = people(session, 1)
    first = take(session, a, slug)
    again = take(session, a, slug, NOW + timedelta(minutes=5))
    assert (again.id, again.round, again.queued_at) == (first.id, 1, NOW)
    registering.cancel(session, a, first.id, NOW)
    registering.cancel(session, a, first.id, NOW)
    assert letters(session, a.person_id) == ["confirmed", "freed"]
    back = take(session, a, slug, NOW + timedelta(hours=1))
    assert (back.id, back.state, back.round) == (first.id, S.CONFIRMED, 3)


def test_an_offer_that_nobody_takes_goes_to_the_next(session: Session, planner: Visitor) -> None:
    slug = planned(session, planner, policy=ONE)
    a, b, c = people(session, 3)
    rows = [take(session, each, slug, NOW + timedelta(minutes=number)) for number, each in enumerate((a, b, c))]
    registering.cancel(session, a, rows[0].id, NOW)
    assert book.expire_offers(session, NOW + timedelta(hours=23)) == 0
    late = NOW + timedelta(hours=24)
    assert book.expire_offers(session, late) == 2
    assert [row.state for row in rows] == [S.CANCELLED, S.CANCELLED, S.OFFERED]
    assert book.expire_offers(session, late) == 0
    assert letters(session, b.person_id) == ["waitlisted", "offered", "offer_expired"]
    with pytest.raises(Conflict) as refused:
        registering.accept_offer(session, b, rows[1].id, late)
    assert refused.value.code == "offer_ended"
    registering.decline_offer(session, c, rows[2].id, late)
    assert rows[2].state is S.CANCELLED


def test_a_late_yes_is_refused_even_before_the_worker_comes(session: Session, planner: Visitor) -> None:
    slug = planned(session, planner, policy=ONE)
    a, b = people(session, 2)
    first, second = take(session, a, slug), take(session, b, slug)
    registering.cancel(session, a, first.id, NOW)
    with pytest.raises(Conflict) as refused:
        registering.accept_offer(session, b, second.id, NOW + timedelta(hours=24))
    assert refused.value.code == "offer_ended"


def test_the_share_of_an_organisation(session: Session, planner: Visitor) -> None:
    sumy, lviv = organisation(session, "sumy"), organisation(session, "lviv")
    slug = planned(session, planner, policy=PolicyDraft(capacity=3, per_organisation=1))
    a, b = people(session, 2, sumy, "s")
    c, d = people(session, 2, lviv, "l")
    states = [take(session, each, slug).state for each in (a, b, c)]
    assert states == [S.CONFIRMED, S.WAITLISTED, S.CONFIRMED]
    assert take(session, person(session, "free@example.org"), slug).state is S.CONFIRMED
    waiting = take(session, d, slug)
    registering.cancel(session, c, _row(session, c, slug).id, NOW)
    assert waiting.state is S.OFFERED, "who waits longer is of an organisation that has its share"


def test_whoever_has_two_organisations_says_for_which(session: Session, planner: Visitor) -> None:
    sumy, lviv = organisation(session, "sumy"), organisation(session, "lviv")
    slug = planned(session, planner, policy=PolicyDraft(capacity=3, per_organisation=1))
    both = person(session, "both@example.org", home=sumy)
    from lms.directory.models import Affiliation

    session.add(Affiliation(person_id=both.person_id, organisation_id=lviv.id, from_date=NOW.date()))
    session.flush()
    with pytest.raises(Invalid) as refused:
        take(session, both, slug)
    assert (refused.value.code, refused.value.field) == ("organisation_needed", "organisation")
    with pytest.raises(Invalid) as refused:
        take(session, both, slug, organisation_id=organisation(session, "rivne").id)
    assert refused.value.code == "not_your_organisation"
    assert take(session, both, slug, organisation_id=lviv.id).organisation_id == lviv.id


def test_approval(session: Session, planner: Visitor) -> None:
    slug = planned(session, planner, policy=PolicyDraft(mode=RegistrationMode.APPROVAL, capacity=1))
    a, b, c = people(session, 3)
    rows = [take(session, each, slug, NOW + timedelta(minutes=number)) for number, each in enumerate((a, b, c))]
    assert {row.state for row in rows} == {S.PENDING}
    assert views.undecided(session, planner, NOW)[0].count == 3
    with pytest.raises(NotAllowed):
        registering.approve(session, a, slug, [rows[0].id], NOW)
    assert registering.approve(session, planner, slug, [rows[1].id, rows[0].id, 999], NOW) == 2
    assert [row.state for row in rows] == [S.CONFIRMED, S.WAITLISTED, S.PENDING]
    with pytest.raises(Invalid) as refused:
        registering.decline(session, planner, slug, [rows[2].id], "  ", NOW)
    assert refused.value.code == "reason_needed"
    assert registering.decline(session, planner, slug, [rows[2].id, rows[0].id], "Інша тема", NOW) == 1
    assert (rows[2].state, rows[2].reason, rows[0].state) == (S.DECLINED, "Інша тема", S.CONFIRMED)
    assert letters(session, c.person_id) == ["pending", "declined"]
    with pytest.raises(NotAllowed):
        take(session, c, slug)
    assert registering.register(session, planner, slug, Wish(person_id=c.person_id), NOW).state is S.WAITLISTED


def test_more_seats_are_offered_fewer_take_none_away(session: Session, planner: Visitor) -> None:
    slug = planned(session, planner, policy=PolicyDraft(capacity=2))
    rows = [take(session, each, slug) for each in people(session, 4)]
    lowered = policies.set_policy(session, planner, slug, PolicyDraft(capacity=1), NOW)
    assert (lowered.offered, lowered.over) == (0, 1)
    assert [row.state for row in rows] == [S.CONFIRMED, S.CONFIRMED, S.WAITLISTED, S.WAITLISTED]
    registering.cancel(session, planner, rows[0].id, NOW, "Помилка")
    assert rows[2].state is S.WAITLISTED, "one seat, and it is taken"
    raised = policies.set_policy(session, planner, slug, PolicyDraft(capacity=3), NOW)
    assert (raised.offered, raised.over) == (2, 0)


def test_time_bounds(session: Session, planner: Visitor) -> None:
    policy = PolicyDraft(opens_at=NOW + timedelta(days=1), closes_at=NOW + timedelta(days=2))
    slug = planned(session, planner, policy=policy)
    a, b = people(session, 2)
    for moment, code in ((NOW, "registration_early"), (NOW + timedelta(days=2), "registration_closed")):
        with pytest.raises(Conflict) as refused:
            take(session, a, slug, moment)
        assert refused.value.code == code
    assert take(session, a, slug, NOW + timedelta(days=1)).state is S.CONFIRMED
    added = registering.register(session, planner, slug, Wish(person_id=b.person_id), NOW + timedelta(days=3))
    assert added.state is S.CONFIRMED
    actions.cancel(session, planner, slug, "Немає експерта", NOW)
    with pytest.raises(Conflict) as refused:
        registering.register(session, planner, slug, Wish(person_id=planner.person_id), NOW)
    assert refused.value.code == "registration_closed"
    with pytest.raises(Conflict) as refused:
        take(session, a, planned(session, planner))
    assert refused.value.code == "registration_none"


def test_questions_are_answered_and_keep_their_words(session: Session, planner: Visitor) -> None:
    first = Question("q1", "Чого ви чекаєте?", required=True)
    second = Question("q2", "Обід?", kind=AnswerKind.CHOICE, options=("мʼясо", "риба"))
    slug = planned(session, planner, policy=PolicyDraft(questions=(first, second)))
    (a,) = people(session, 1)
    for answers, field in (({}, "question-q1"), ({"q1": "x", "q2": "торт"}, "question-q2")):
        with pytest.raises(Invalid) as refused:
            take(session, a, slug, answers=answers)
        assert refused.value.field == field
    row = take(session, a, slug, answers={"q1": " Прикладів ", "q2": "риба"})
    assert row.answers["q1"] == {"question": "Чого ви чекаєте?", "value": "Прикладів"}
    reworded = PolicyDraft(questions=(Question("q1", "Ваші очікування?"), second))
    policies.set_policy(session, planner, slug, reworded, NOW)
    assert row.answers["q1"]["question"] == "Чого ви чекаєте?"
    for lost in (
        (first,),
        (first, Question("q2", "Обід?")),
        (first, Question("q2", "Обід?", kind=AnswerKind.CHOICE, options=("мʼясо", "торт"))),
    ):
        with pytest.raises(Conflict) as conflict:
            policies.set_policy(session, planner, slug, PolicyDraft(questions=lost), NOW)
        assert conflict.value.code == "question_answered"
    with pytest.raises(Conflict) as conflict:
        policies.drop_policy(session, planner, slug, NOW)
    assert conflict.value.code == "registration_in_use"


def test_a_lead_registers_own_people_and_a_room(session: Session, planner: Visitor) -> None:
    sumy, lviv = organisation(session, "sumy"), organisation(session, "lviv")
    lead = person(
        session, "lead@example.org", RoleName.CENTRE_LEAD, home=sumy, scope=Scope.ORGANISATION, scope_id=sumy.id
    )
    (own,), (other,) = people(session, 1, sumy, "s"), people(session, 1, lviv, "l")
    slug = planned(session, planner, policy=PolicyDraft(capacity=2, questions=(Question("q", "?", required=True),)))
    row = registering.register(session, lead, slug, Wish(person_id=own.person_id), NOW)
    assert (row.state, row.organisation_id, row.answers) == (S.CONFIRMED, sumy.id, {})
    assert letters(session, own.person_id) == ["confirmed"]
    assert views.entrance(session, own, slug, NOW).mine.owes_answers  # type: ignore[union-attr]
    with pytest.raises(NotAllowed) as refused:
        registering.register(session, lead, slug, Wish(person_id=other.person_id), NOW)
    assert refused.value.code == "not_your_person"
    session.add(Affiliation(person_id=own.person_id, organisation_id=lviv.id, from_date=NOW.date()))
    session.flush()
    elsewhere = planned(session, planner, policy=PolicyDraft(capacity=2), title="Інша")
    wish = Wish(person_id=own.person_id, organisation_id=lviv.id)
    with pytest.raises(Invalid) as foreign:
        registering.register(session, lead, elsewhere, wish, NOW)
    assert foreign.value.code == "not_your_organisation", "a lead gives away no seat of another centre"
    room = Wish(seat=Seat.ROOM, head_count=12, answers={"q": "так"})
    made = registering.register(session, lead, slug, room, NOW)
    assert (made.person_id, made.organisation_id, made.head_count, made.state) == (None, sumy.id, 12, S.CONFIRMED)
    assert registering.register(session, lead, slug, room, NOW).id == made.id
    for who, wish, code in (
        (own, room, "rooms_by_leads"),
        (lead, Wish(seat=Seat.ROOM, organisation_id=lviv.id, head_count=3), "rooms_by_leads"),
    ):
        with pytest.raises((NotAllowed, Invalid)) as denied:
            registering.register(session, who, slug, wish, NOW)
        assert denied.value.code == code
    assert [each.name for each in lists.own_people(session, lead, slug, NOW)] == ["lead Прізвище", "s0 Прізвище"]
    with pytest.raises(NotFound):
        registering.cancel(session, other, row.id, NOW)
    registering.cancel(session, lead, row.id, NOW)
    assert row.state is S.CANCELLED


def test_who_may_come_through_the_door(session: Session, planner: Visitor) -> None:
    sumy, body = organisation(session, "sumy"), organisation(session, "body")
    speaker = person(session, "speaker@example.org")
    slug = planned(
        session, planner, policy=PolicyDraft(capacity=1, viewer_capacity=1, required=True),
        parties=[(body, Part.EXPERT_BODY)],
        speakers=[SpeakerDraft("Доповідач", person_id=speaker.person_id)],
    )  # fmt: skip
    a, b, c, d = people(session, 4, sumy)
    expert = person(session, "expert@example.org", home=body)
    at = NOW + timedelta(days=7, minutes=50)

    def join(who: Visitor) -> tuple[MeetingRole | None, str]:
        answer = queries.occurrence_page(session, who, slug, at).join
        return answer.role, answer.refusal

    assert join(a) == (None, "registration_needed")
    take(session, a, slug)
    take(session, b, slug)
    take(session, c, slug, seat=Seat.VIEWER)
    assert join(a) == (MeetingRole.PARTICIPANT, "")
    assert join(b) == (None, "registration_waiting")
    assert queries.occurrence_page(session, b, slug, at).join.place == 1
    assert join(c) == (MeetingRole.VIEWER, "")
    assert join(d) == (None, "registration_needed")
    assert join(speaker)[0] is MeetingRole.PRESENTER
    assert join(expert)[0] is MeetingRole.PRESENTER
    assert join(planner)[0] is MeetingRole.HOST
    registering.cancel(session, a, _row(session, a, slug).id, NOW)
    assert join(b) == (None, "registration_offered")
    assert queries.occurrence_page(session, b, slug, at).join.until is not None
    device = Endpoint(organisation_id=sumy.id, label="Зала", paired_at=NOW, paired_by="x")
    session.add(device)
    session.flush()
    endpoint = visitor_of_endpoint(session, device.id, NOW)
    assert join(endpoint) == (None, "registration_needed")
    registering.decline_offer(session, b, _row(session, b, slug).id, NOW)
    registering.register(session, planner, slug, Wish(seat=Seat.ROOM, organisation_id=sumy.id, head_count=5), NOW)
    assert join(endpoint) == (MeetingRole.PARTICIPANT, "")


def test_doors_of_a_list_take_one_statement(database: Database) -> None:
    with database.writing() as session:
        planner = organiser(session)
        (a,) = people(session, 1)
        planned(session, planner, policy=ONE)
    counts = []
    for _round in range(2):
        with database.reading() as session, counted(database) as said:
            queries.upcoming(session, a, NOW)
            views.upcoming_of(session, a, NOW)
            views.undecided(session, planner, NOW)
        counts.append(len(said))
        with database.writing() as session:
            for _number in range(4):
                take(session, a, planned(session, planner, policy=ONE))
    assert counts[0] <= counts[1] <= counts[0] + 1


def test_the_organisers_list(session: Session, planner: Visitor) -> None:
    sumy = organisation(session, "sumy")
    slug = planned(session, planner, policy=PolicyDraft(capacity=2))
    crowd = people(session, 4, sumy)
    for number, each in enumerate(crowd):
        take(session, each, slug, NOW + timedelta(minutes=number))
    page = lists.listing(session, planner, slug, size=3)
    assert (len(page.lines), page.more, page.counts) == (3, True, {S.CONFIRMED: 2, S.WAITLISTED: 2})
    waiting = lists.listing(session, planner, slug, state=S.WAITLISTED, organisation_id=sumy.id)
    assert [line.name for line in waiting.lines] == ["p2 Прізвище", "p3 Прізвище"]
    with pytest.raises(NotAllowed):
        lists.listing(session, crowd[0], slug)
    found = lists.find_people(session, planner, slug, "прізвище p1", NOW)
    assert [(each.name, each.row.state if each.row else None) for each in found] == [("p1 Прізвище", S.CONFIRMED)]


def test_who_did_not_come_is_marked_and_unmarked(session: Session, planner: Visitor) -> None:
    slug = planned(session, planner, policy=PolicyDraft())
    a, b = people(session, 2)
    first, second = take(session, a, slug), take(session, b, slug)
    number = _id(session, slug)
    assert registrations.mark_no_shows(session, number, {a.person_id or 0}, NOW) == 1
    assert (first.state, second.state) == (S.CONFIRMED, S.NO_SHOW)
    assert registrations.mark_no_shows(session, number, {a.person_id or 0}, NOW) == 0
    assert [each.id for each in registrations.confirmed(session, number)] == [first.id, second.id]
    assert registrations.mark_no_shows(session, number, {a.person_id or 0, b.person_id or 0}, NOW) == 1
    assert letters(session, b.person_id) == ["confirmed"]


def test_on_site_or_online_is_a_choice_only_where_both_are_held(session: Session, planner: Visitor) -> None:
    slug = planned(session, planner, policy=PolicyDraft())
    (a,) = people(session, 1)
    assert take(session, a, slug, attends=Attends.ON_SITE).attends is Attends.ONLINE
    session.get_one(Occurrence, _id(session, slug)).mode = Mode.MIXED
    assert take(session, a, slug, attends=Attends.ON_SITE).attends is Attends.ON_SITE


@pytest.mark.parametrize("capacity", [1, 3])
def test_the_last_seat_taken_at_the_same_instant(database: Database, capacity: int) -> None:
    with database.writing() as session:
        slug = planned(session, organiser(session), policy=PolicyDraft(capacity=capacity))
        crowd = people(session, 6)
    start = threading.Barrier(len(crowd))
    states: list[RegistrationState] = []

    def click(who: Visitor) -> None:
        start.wait()
        with database.writing() as session:
            states.append(take(session, who, slug).state)

    threads = [threading.Thread(target=click, args=(each,)) for each in crowd]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert states.count(S.CONFIRMED) == capacity
    assert states.count(S.WAITLISTED) == len(crowd) - capacity
    with database.reading() as session:
        assert len(session.scalars(select(Registration)).all()) == len(crowd)
        assert len(registrations.confirmed(session, _id(session, slug))) == capacity


def test_one_person_clicking_in_two_windows_has_one_registration(database: Database) -> None:
    with database.writing() as session:
        slug = planned(session, organiser(session), policy=PolicyDraft(capacity=5))
        (a,) = people(session, 1)
    start = threading.Barrier(3)
    failed: list[Exception] = []

    def click() -> None:
        start.wait()
        try:
            with database.writing() as session:
                take(session, a, slug)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=click) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    with database.reading() as session:
        assert [(row.state, row.round) for row in session.scalars(select(Registration))] == [(S.CONFIRMED, 1)]
        assert letters(session, a.person_id) == ["confirmed"]


def _id(session: Session, slug: str) -> int:
    return session.scalars(select(Occurrence.id).where(Occurrence.slug == slug)).one()


def _row(session: Session, who: Visitor, slug: str) -> Registration:
    number = _id(session, slug)
    return registrations.of_person(session, who.person_id or 0, [number])[number]


def test_a_whole_series_has_an_outcome_for_each_date(session: Session, planner: Visitor) -> None:
    owner = organisation(session, "owner")
    series = Series(
        slug="autumn", owner_id=owner.id, kind=Kind.CONSULTATION, title="Осінь", starts_local=BEGINS,
        zone="Europe/Kyiv", duration_minutes=90, created_by="x", created_at=NOW, updated_at=NOW,
    )  # fmt: skip
    session.add(series)
    session.flush()
    slugs = [planned(session, planner, starts_local=BEGINS + timedelta(weeks=week)) for week in range(4)]
    for slug in slugs:
        session.get_one(Occurrence, _id(session, slug)).series_id = series.id
    session.flush()
    closing = NOW + timedelta(days=6)  # a day before the first date
    shared = PolicyDraft(capacity=1, closes_at=closing)
    outcome = policies.set_policy(session, planner, slugs[0], shared, NOW, whole_series=True)
    assert outcome.dates == 4
    second = session.get_one(RegistrationPolicy, _id(session, slugs[1]))
    assert second.closes_at == closing + timedelta(weeks=1)
    a, b = people(session, 2)
    take(session, b, slugs[2])
    actions.cancel(session, planner, slugs[3], "Свято", NOW)
    for _click in range(2):
        results = registering.register_for_series(session, a, "autumn", Wish(), NOW)
        states = [result.registration.state for result in results if result.registration]
        assert states == [S.CONFIRMED, S.CONFIRMED, S.WAITLISTED]
    later = NOW + timedelta(days=6, hours=1)
    results = registering.register_for_series(session, b, "autumn", Wish(), later)
    assert [result.refusal.code if result.refusal else "" for result in results] == ["registration_closed", "", ""]
    found, dates = views.series_dates(session, a, "autumn", NOW)
    assert (found.title, [date.row.state for date in dates if date.row]) == ("Осінь", states)
    with pytest.raises(NotFound):
        registering.register_for_series(session, a, "winter", Wish(), NOW)

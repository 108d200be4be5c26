"""The start page's queries: what is near, what waits for an organiser, how one stands, what is proposed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from sqlalchemy.orm import Session

from lms.database import Database
from lms.directory.access_models import Endpoint
from lms.directory.models import RoleName, Scope
from lms.directory.register_models import Capability, CapabilityKind, Subscription, SubscriptionKind
from lms.directory.rules import ANONYMOUS, Visitor
from lms.notify.models import BouncedAddress, OutboxMessage
from lms.schedule import actions, calendar, waiting
from lms.schedule.audience_models import Invitation, ParticipationStatus, Registration, RegistrationState
from lms.schedule.drafts import SpeakerDraft
from lms.schedule.models import Occurrence, Part
from lms.schedule.plan_models import OccurrenceTopic, Topic
from lms.schedule.suggestions import Because, suggestions
from lms.schedule.waiting import Task
from tests.lms.facts import NOW, administrator, counted, draft, organisation, organiser, person

AT = datetime(2026, 11, 26, 10, 0)


def plan(session: Session, planner: Visitor, title: str, **more: object) -> Occurrence:
    made = actions.create(session, planner, draft(title, AT, **more), NOW)  # type: ignore[arg-type]
    return actions.publish(session, planner, made.slug, NOW)


def invite(session: Session, occurrence: Occurrence, **more: object) -> Invitation:
    made = Invitation(
        occurrence_id=occurrence.id, created_by="system", created_at=NOW, told_at=NOW,
        **{"address": "guest@example.org", **more},
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made


def register(session: Session, occurrence: Occurrence, who: Visitor, state: RegistrationState) -> None:
    session.add(
        Registration(
            occurrence_id=occurrence.id, person_id=who.person_id, organisation_id=who.organisation_id, state=state,
            answers={}, created_by=who.actor, created_at=NOW, queued_at=NOW,
        )
    )  # fmt: skip
    session.flush()


def test_the_nearest_are_neither_drafts_nor_cancelled(database: Database) -> None:
    with database.writing() as session:
        planner = organiser(session)
        sumy = organisation(session, "sumy")
        ours = person(session, "olena@example.org", home=sumy)
        plan(session, planner, "наше", parties=[(sumy, Part.PARTICIPANT)])
        plan(session, planner, "чуже")
        actions.create(session, planner, draft("чернетка", AT), NOW)
        actions.cancel(session, planner, plan(session, planner, "скасоване").slug, "Немає світла", NOW)
    with database.reading() as session:
        for visitor, mine, others in (
            (planner, ["наше", "чуже"], ["наше", "чуже"]),
            (ours, ["наше"], ["наше", "чуже"]),
            (ANONYMOUS, [], ["наше", "чуже"]),
        ):
            own_ids, ids = calendar.nearest(session, visitor, NOW, mine=5, others=5)
            cards = calendar.cards(session, visitor, NOW, [*own_ids, *ids])
            assert [cards[number].title for number in own_ids] == mine
            assert [cards[number].title for number in ids] == others
        assert calendar.nearest(session, ours, NOW, mine=0, others=1) == ([], ids[:1])


def test_drafts_and_silent_experts_wait_for_those_who_may_mend_it(database: Database) -> None:
    with database.writing() as session:
        planner = organiser(session)
        sumy, lviv = organisation(session, "sumy"), organisation(session, "lviv")
        ours = person(
            session, "sumy@example.org", RoleName.ORGANISER, home=sumy, scope=Scope.ORGANISATION, scope_id=sumy.id
        )
        other = person(
            session, "lviv@example.org", RoleName.ORGANISER, home=lviv, scope=Scope.ORGANISATION, scope_id=lviv.id
        )
        actions.create(session, ours, draft("чернетка", AT), NOW)
        speaking = plan(session, ours, "з експертами", speakers=[SpeakerDraft("А"), SpeakerDraft("Б")])
        for number, speaker in enumerate(speaking.speakers):
            invite(session, speaking, address=f"expert{number}@example.org", speaker_id=speaker.id)
        invite(session, speaking, address="listener@example.org")
        staff = person(session, "staff@example.org", home=sumy)
    with database.reading() as session:
        for visitor in (planner, ours):
            found = waiting.waiting(session, visitor, NOW)
            assert [(one.task, one.title, one.count) for one in found] == [
                (Task.UNANSWERED_EXPERTS, "з експертами", 2),
                (Task.RELEASE, "чернетка", 1),
            ]
            assert found[0].starts_at == datetime(2026, 11, 26, 8, 0, tzinfo=UTC)
        for visitor in (other, staff, ANONYMOUS):
            assert waiting.waiting(session, visitor, NOW) == []
        assert waiting.waiting(session, planner, NOW + timedelta(days=2)) == [], "what is over waits for nobody"


def test_an_answer_makes_an_expert_wait_no_more(database: Database) -> None:
    with database.writing() as session:
        planner = organiser(session)
        speaking = plan(session, planner, "з експертом", speakers=[SpeakerDraft("А")])
        asked = invite(session, speaking, speaker_id=speaking.speakers[0].id)
        assert len(waiting.waiting(session, planner, NOW)) == 1
        asked.status = ParticipationStatus.DECLINED
        session.flush()
        assert waiting.waiting(session, planner, NOW) == []


def test_how_the_installation_is_is_told_to_those_whom_it_concerns(database: Database) -> None:
    with database.writing() as session:
        planner, chief = organiser(session), administrator(session)
        sumy = organisation(session, "sumy")
        lead = person(
            session, "lead@example.org", RoleName.CENTRE_LEAD, home=sumy, scope=Scope.ORGANISATION, scope_id=sumy.id
        )
        session.add(BouncedAddress(address="gone@example.org", at=NOW))
        for number, (due, failed) in enumerate(((NOW, None), (NOW - timedelta(hours=1), None), (NOW, NOW))):
            session.add(
                OutboxMessage(
                    key=str(number), kind="x", recipient="mailto:a@example.org", contents={}, created_at=NOW,
                    due_at=due, failed_at=failed,
                )
            )  # fmt: skip
        for seen in (NOW, NOW - timedelta(days=2), None):
            session.add(
                Endpoint(organisation_id=sumy.id, label="Зала", paired_at=NOW, paired_by="system", last_seen_at=seen)
            )
        session.flush()
    with database.reading() as session, counted(database) as said:
        assert waiting.health(session, chief, NOW) == waiting.Health(bounced=1, unsent=2, silent_endpoints=2)
        assert waiting.health(session, planner, NOW) == waiting.Health(bounced=1)
        assert waiting.health(session, lead, NOW) == waiting.Health(incomplete=1)
        assert len(said) == 3, "one statement for each"
        assert waiting.health(session, ANONYMOUS, NOW) == waiting.Health()
        assert len(said) == 3


def test_how_one_stands_and_whose_people_come(database: Database) -> None:
    with database.writing() as session:
        planner = organiser(session)
        sumy, lviv = organisation(session, "sumy"), organisation(session, "lviv")
        olena = person(session, "olena@example.org", home=sumy)
        ivan = person(session, "ivan@example.org", home=sumy)
        lead = person(
            session, "lead@example.org", RoleName.CENTRE_LEAD, home=sumy, scope=Scope.ORGANISATION, scope_id=sumy.id
        )
        stranger = person(
            session, "x@example.org", RoleName.CENTRE_LEAD, home=lviv, scope=Scope.ORGANISATION, scope_id=lviv.id
        )
        first, second, third = (plan(session, planner, f"№ {number}") for number in range(3))
        register(session, first, olena, RegistrationState.CONFIRMED)
        register(session, first, ivan, RegistrationState.CONFIRMED)
        register(session, second, olena, RegistrationState.CANCELLED)
        register(session, third, ivan, RegistrationState.WAITLISTED)
        invite(session, second, address="olena@example.org", person_id=olena.person_id)
        every = [first.id, second.id, third.id]
    with database.reading() as session:
        assert waiting.standing(session, olena, every) == {
            first.id: waiting.Standing(registration=RegistrationState.CONFIRMED),
            second.id: waiting.Standing(invitation=ParticipationStatus.NEEDS_ACTION),
        }
        assert waiting.standing(session, ANONYMOUS, every) == {}
        assert [(one.title, one.people) for one in waiting.people_coming(session, lead, NOW)] == [("№ 0", 2)]
        assert waiting.people_coming(session, stranger, NOW) == []
        assert waiting.people_coming(session, olena, NOW) == []


def test_proposed_is_what_one_follows_or_is_equipped_for_and_does_not_have_already(database: Database) -> None:
    with database.writing() as session:
        planner = organiser(session)
        sumy, lviv = organisation(session, "sumy"), organisation(session, "lviv")
        lviv.oblast = "Львівська"
        me = person(session, "olena@example.org", home=sumy)
        topics = [Topic(code=code, name_uk=code.title()) for code in ("passports", "field_kit")]
        session.add_all([*topics, CapabilityKind(code="field_kit", name_uk="Мобільний кейс")])
        session.flush()
        session.add(Capability(organisation_id=sumy.id, code="field_kit", from_date=date(2026, 1, 1)))
        for kind, target in ((SubscriptionKind.TOPIC, "passports"), (SubscriptionKind.OBLAST, "Львівська")):
            session.add(Subscription(person_id=me.person_id, kind=kind, target=target, created_at=NOW))
        about = plan(session, planner, "паспорти")
        equipment = plan(session, planner, "кейс")
        plan(session, planner, "львівське", parties=[(lviv, Part.PARTICIPANT)])
        mine = plan(session, planner, "і так моє", parties=[(sumy, Part.PARTICIPANT)])
        hidden = plan(session, planner, "закрите", listed=False)
        plan(session, planner, "стороннє")
        for occurrence, topic in (
            (about, topics[0]), (equipment, topics[1]), (mine, topics[0]), (hidden, topics[0]),
        ):  # fmt: skip
            session.add(OccurrenceTopic(occurrence_id=occurrence.id, topic_id=topic.id))
    with database.reading() as session:
        found = [
            (calendar.cards(session, me, NOW, [one.occurrence_id])[one.occurrence_id].title, one.because)
            for one in suggestions(session, me, NOW)
        ]
        assert found == [
            ("паспорти", Because.TOPIC),
            ("кейс", Because.CAPABILITY),
            ("львівське", Because.OBLAST),
        ]
        assert suggestions(session, planner, NOW) == []
        assert suggestions(session, ANONYMOUS, NOW) == []
        assert suggestions(session, me, NOW + timedelta(days=2)) == []

"""Who is invited: people, organisations and their leads, outsiders, speakers; proposals; what the invited may see."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.database import Database
from lms.directory.models import Membership, Organisation, RoleName, Scope
from lms.directory.register_models import Capability, CapabilityKind, Subscription, SubscriptionKind
from lms.directory.rules import ANONYMOUS, Visitor
from lms.errors import Invalid, NotAllowed, NotFound
from lms.notify.models import OutboxMessage
from lms.schedule import actions, audience, following, invitations, personal_links, proposals, queries
from lms.schedule.audience_models import Invitation
from lms.schedule.drafts import SpeakerDraft
from lms.schedule.following import Wishes
from lms.schedule.invitations import Outsider, Targets
from lms.schedule.models import GuestLink, Kind, MeetingRole, Occurrence, Part
from lms.schedule.plan_models import OccurrenceTopic, Topic
from lms.sealing import FernetSealer
from lms.secret import fingerprint
from tests.lms.facts import NOW, counted, draft, organisation, organiser, person

SEALER = FernetSealer(b"k" * 32)


def planned(session: Session, planner: Visitor, *, publish: bool = True, **more: Any) -> str:
    plan = draft(**({"starts_local": datetime(2026, 12, 16, 10, 0)} | more))
    slug = actions.create(session, planner, plan, NOW).slug
    if publish:
        actions.publish(session, planner, slug, NOW)
    return slug


def told(session: Session) -> list[tuple[str, str]]:
    rows = session.scalars(select(OutboxMessage).order_by(OutboxMessage.id))
    return [
        (each.kind.removeprefix("invitation."), each.recipient.removeprefix("mailto:"))
        for each in rows
        if each.kind.startswith("invitation.")
    ]


def test_an_organisation_is_written_to_at_its_address_and_through_its_leads(session: Session, planner: Visitor) -> None:
    sumy = organisation(session, "sumy")
    sumy.email = "Sumy@example.org"
    lead = person(session, "lead@example.org", RoleName.CENTRE_LEAD, scope=Scope.ORGANISATION, scope_id=sumy.id)
    person(session, "worker@example.org", home=sumy)
    silent = organisation(session, "silent")
    slug = planned(session, planner)
    result = invitations.invite(session, planner, slug, Targets(organisations=[sumy.id, silent.id]), NOW)
    assert told(session) == [("invited", "sumy@example.org"), ("invited", "lead@example.org")]
    assert result.unreachable == ["ЦНАП silent"]
    assert len(result.new) == 2
    row = session.scalars(select(Invitation).where(Invitation.person_id == lead.person_id)).one()
    assert row.organisation_id == sumy.id


def test_nobody_is_invited_twice_and_who_is_added_later_is_told(session: Session, planner: Visitor) -> None:
    anna, bohdan = (person(session, f"{name}@example.org") for name in ("anna", "bohdan"))
    assert anna.person_id is not None
    assert bohdan.person_id is not None
    slug = planned(session, planner, publish=False)
    invitations.invite(session, planner, slug, Targets(people=[anna.person_id]), NOW)
    assert told(session) == [], "a draft is announced to nobody"
    actions.publish(session, planner, slug, NOW)
    outsiders = [Outsider("ANNA@example.org"), Outsider("bohdan@example.org")]
    again = invitations.invite(session, planner, slug, Targets(people=[anna.person_id], outsiders=outsiders), NOW)
    assert (len(again.new), len(again.already)) == (1, 1)
    assert told(session) == [("invited", "anna@example.org"), ("invited", "bohdan@example.org")]
    row = session.scalars(select(Invitation).where(Invitation.address == "bohdan@example.org")).one()
    assert row.person_id == bohdan.person_id, "whose address is known is invited as who they are"


def test_an_outsider_gets_a_personal_link_that_later_letters_carry_again(session: Session, planner: Visitor) -> None:
    slug = planned(session, planner)
    targets = Targets(outsiders=[Outsider("expert@example.org", "Експертка", MeetingRole.PRESENTER)])
    invitations.invite(session, planner, slug, targets, NOW)
    assert told(session) == [], "its letter waits for the link"
    assert personal_links.prepare_links(session, SEALER, NOW) == 1
    assert personal_links.prepare_links(session, SEALER, NOW) == 0
    assert told(session) == [("invited", "expert@example.org")]
    row = session.scalars(select(Invitation)).one()
    link = session.get_one(GuestLink, row.guest_link_id)
    assert link.sealed_token is not None
    token = SEALER.open(link.sealed_token)
    assert fingerprint(token) == link.token_hash
    assert actions.guest_pass(session, token, NOW).role is MeetingRole.PRESENTER
    invitations.withdraw(session, planner, slug, row.id, NOW)
    assert told(session)[1:] == [("withdrawn", "expert@example.org")]
    with pytest.raises(NotAllowed):
        actions.guest_pass(session, token, NOW)
    invitations.invite(session, planner, slug, targets, NOW)
    personal_links.prepare_links(session, SEALER, NOW)
    assert told(session)[2:] == [("invited", "expert@example.org")]
    assert row.guest_link_id != link.id, "a withdrawn link stays withdrawn"


def test_speakers_are_invited_by_themselves_and_let_go_with_their_task(session: Session, planner: Visitor) -> None:
    expert = person(session, "expert@example.org")
    slug = planned(session, planner, speakers=[SpeakerDraft("Експертка", person_id=expert.person_id)])
    assert told(session) == [("invited", "expert@example.org")]
    row = session.scalars(select(Occurrence).where(Occurrence.slug == slug)).one()
    plan = draft(starts_local=datetime(2026, 12, 16, 10, 0))
    actions.edit(session, planner, slug, plan, NOW, expected_version=row.version)
    assert told(session)[1:] == [("withdrawn", "expert@example.org")]
    back = replace(plan, speakers=[SpeakerDraft("Експертка", person_id=expert.person_id)])
    actions.edit(session, planner, slug, back, NOW, expected_version=row.version)
    assert told(session)[2:] == [("invited", "expert@example.org")]


def test_a_speaker_withdrawn_by_hand_is_not_invited_again_by_an_edit(session: Session, planner: Visitor) -> None:
    expert = person(session, "expert@example.org")
    named = [SpeakerDraft("Експертка", person_id=expert.person_id)]
    slug = planned(session, planner, speakers=named)
    row = session.scalars(select(Invitation)).one()
    invitations.withdraw(session, planner, slug, row.id, NOW)
    occurrence = session.scalars(select(Occurrence).where(Occurrence.slug == slug)).one()
    moved = draft(starts_local=datetime(2026, 12, 17, 10, 0), speakers=named)
    actions.edit(session, planner, slug, moved, NOW, expected_version=occurrence.version)
    assert [news for news, _ in told(session)] == ["invited", "withdrawn"]


def test_who_is_invited_sees_and_joins_what_is_not_listed(session: Session, planner: Visitor) -> None:
    sumy = organisation(session, "sumy")
    sumy.email = "sumy@example.org"
    guest, worker = person(session, "guest@example.org"), person(session, "worker@example.org", home=sumy)
    stranger = person(session, "stranger@example.org")
    slug = planned(session, planner, listed=False, kind=Kind.MEETING)
    assert guest.person_id is not None
    invitations.invite(session, planner, slug, Targets([guest.person_id], [sumy.id]), NOW)
    during = datetime(2026, 12, 16, 8, 0, tzinfo=NOW.tzinfo)
    for each in (guest, worker):
        page = queries.occurrence_page(session, each, slug, during)
        assert page.join.role is MeetingRole.PARTICIPANT
        assert [card.slug for card in queries.upcoming(session, each, NOW)] == [slug]
    for other in (stranger, ANONYMOUS):
        with pytest.raises(NotFound):
            queries.occurrence_page(session, other, slug, during)
    own = audience.waiting_for_answer(session, guest, NOW)
    assert [each.slug for each in own] == [slug]
    with pytest.raises(NotFound):
        audience.answerable(session, stranger, slug, own[0].id)
    row = session.scalars(select(Invitation).where(Invitation.person_id == guest.person_id)).one()
    invitations.withdraw(session, planner, slug, row.id, NOW)
    with pytest.raises(NotFound):
        queries.occurrence_page(session, guest, slug, during)


def test_addresses_that_cannot_be_right_are_refused(session: Session, planner: Visitor) -> None:
    slug = planned(session, planner)
    wrong = ("", "olena", "a@b", "a b@example.org", "a@b@example.org", "a@example.org\nBcc: x@y.zz", "<a@example.org>")
    for address in wrong:
        with pytest.raises(Invalid):
            invitations.invite(session, planner, slug, Targets(outsiders=[Outsider(address)]), NOW)
    with pytest.raises(Invalid):
        invitations.invite(session, planner, slug, Targets(), NOW)
    with pytest.raises(NotFound):
        invitations.invite(session, planner, slug, Targets(people=[404]), NOW)
    with pytest.raises(NotAllowed):
        invitations.invite(session, person(session, "x@example.org"), slug, Targets(people=[1]), NOW)


def able(session: Session, code: str, capability: str = "") -> Organisation:
    home = organisation(session, code)
    home.email, home.oblast = f"{code}@example.org", "Сумська" if code.startswith("s") else "Львівська"
    session.add(Membership(organisation_id=home.id, network="vikno", from_date=date(2020, 1, 1)))
    if capability:
        session.add(Capability(organisation_id=home.id, code=capability, from_date=date(2026, 1, 1)))
    session.flush()
    return home


def test_proposals_say_why(session: Session, planner: Visitor) -> None:
    session.add(CapabilityKind(code="passport", name_uk="Паспортна робоча станція", name_en="Passport workstation"))
    session.flush()
    sumy, lviv, plain = able(session, "sumy", "passport"), able(session, "lviv", "passport"), able(session, "shostka")
    reader = person(session, "reader@example.org", home=plain)
    topic = Topic(code="passports", name_uk="Паспорти")
    session.add(topic)
    session.flush()
    slug = planned(session, planner, parties=[(plain, Part.PARTICIPANT)])
    occurrence = session.scalars(select(Occurrence).where(Occurrence.slug == slug)).one()
    session.add(OccurrenceTopic(occurrence_id=occurrence.id, topic_id=topic.id))
    following.save(session, reader, Wishes(follows={SubscriptionKind.TOPIC: frozenset({str(topic.id)})}), NOW)

    def found(**wanted: Any) -> list[tuple[str, list[str]]]:
        listed = proposals.proposals(session, planner, occurrence, proposals.Wanted(**wanted), NOW)
        return [(each.target, [reason.code for reason in each.reasons]) for each in listed]

    assert found() == [(f"organisation:{plain.id}", ["part"])]
    assert found(capabilities=("passport",)) == [
        (f"organisation:{lviv.id}", ["capability"]), (f"organisation:{sumy.id}", ["capability"]),
    ]  # fmt: skip
    assert found(capabilities=("passport",), oblast="Сумська") == [
        (f"organisation:{sumy.id}", ["capability", "oblast"])
    ]
    people = [each for each in found(followers=True) if each[0].startswith("person")]
    assert people == [(reader.identity, ["topic"])]
    assert found(search="shostka")[0] == (f"organisation:{plain.id}", ["part", "search"])
    invitations.invite(session, planner, slug, Targets(organisations=[sumy.id]), NOW)
    marked = proposals.proposals(session, planner, occurrence, proposals.Wanted(capabilities=("passport",)), NOW)
    assert [(each.target, each.invited) for each in marked] == [
        (f"organisation:{lviv.id}", False), (f"organisation:{sumy.id}", True),
    ]  # fmt: skip


def test_followers_hear_once_of_what_is_published(session: Session, planner: Visitor) -> None:
    home = organisation(session, "lviv")
    reader, silent = person(session, "reader@example.org"), person(session, "silent@example.org")
    for each, wants in ((reader, True), (silent, False)):
        kept = {SubscriptionKind.ORGANISATION: frozenset({str(home.id)})}
        following.save(session, each, Wishes(announcements=wants, follows=kept), NOW)
    slug = planned(session, planner, parties=[(home, Part.EXPERT_BODY)])
    occurrence = session.scalars(select(Occurrence).where(Occurrence.slug == slug)).one()
    following.tell_followers(session, occurrence, "published", NOW)
    kind = OutboxMessage.kind == following.ANNOUNCED
    assert session.scalars(select(OutboxMessage.recipient).where(kind)).all() == [reader.identity]
    assert session.scalars(select(Subscription)).all()


def test_the_list_costs_the_same_whatever_its_length(database: Database) -> None:
    with database.writing() as session:
        planner = organiser(session)
        slug = planned(session, planner)
        invitations.invite(session, planner, slug, Targets(outsiders=[Outsider("a@example.org")]), NOW)
    with database.reading() as session, counted(database) as few:
        audience.audience_page(session, planner, slug, NOW)
    with database.writing() as session:
        more = [Outsider(f"a{number}@example.org") for number in range(20)]
        invitations.invite(session, planner, slug, Targets(outsiders=more), NOW + timedelta(minutes=1))
    with database.reading() as session, counted(database) as many:
        page = audience.audience_page(session, planner, slug, NOW)
    assert len(page.rows) == 21
    assert len(many) == len(few)

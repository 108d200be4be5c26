"""Group work in the data layer: groups are kept, drawn, copied, opened and closed."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.audit.models import AuditEntry
from lms.database import Database
from lms.directory.access_models import Endpoint
from lms.directory.models import OrganisationKind
from lms.directory.rules import ANONYMOUS, Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound
from lms.schedule import actions, group_actions, group_queries, series
from lms.schedule.drafts import SpeakerDraft
from lms.schedule.group_actions import GroupDraft, GroupsDraft
from lms.schedule.group_rules import CLOSING, Somebody, Way, entry_refusal, meeting_name, parse_meeting, spread
from lms.schedule.models import MeetingRole, Occurrence, Part
from tests.lms.facts import NOW, draft, organisation, organiser, person

TWO = [GroupDraft("Обладнання", "Скласти перелік"), GroupDraft("Люди")]


class Training:
    """An organiser and a training for two centres; a person of each speaks, so that they are known."""

    def __init__(self, session: Session) -> None:
        self.planner = organiser(session)
        self.kyiv, self.lviv = organisation(session, "kyiv"), organisation(session, "lviv")
        self.olena = person(session, "olena@example.org", home=self.kyiv)
        self.petro = person(session, "petro@example.org", home=self.lviv)
        self.slug = self.plan(session)

    def plan(self, session: Session, starts_local: datetime = datetime(2026, 11, 25, 10, 0)) -> str:
        speakers = [
            SpeakerDraft(name=one.name, role=MeetingRole.PARTICIPANT, person_id=one.person_id)
            for one in (self.olena, self.petro)
        ]
        parties = [(self.kyiv, Part.PARTICIPANT), (self.lviv, Part.PARTICIPANT)]
        made = actions.create(
            session, self.planner, draft(starts_local=starts_local, speakers=speakers, parties=parties), NOW
        )
        return actions.publish(session, self.planner, made.slug, NOW).slug

    def occurrence(self, session: Session) -> Occurrence:
        return session.scalars(select(Occurrence).where(Occurrence.slug == self.slug)).one()

    def keys(self) -> tuple[str, str]:
        return f"person:{self.olena.person_id}", f"person:{self.petro.person_id}"


@pytest.fixture
def training(database: Database) -> Training:
    with database.writing() as session:
        return Training(session)


def test_groups_are_kept_with_their_members(database: Database, training: Training) -> None:
    olena, petro = training.keys()
    with database.writing() as session:
        saved = GroupsDraft(TWO, {olena: 1, petro: 2, f"organisation:{training.kyiv.id}": 2}, choose=True)
        group_actions.save(session, training.planner, training.slug, saved, NOW)
    with database.reading() as session:
        found = group_queries.view(session, training.occurrence(session).id, NOW)
        assert [(one.name, one.task, [who.key for who in one.members]) for one in found.groups] == [
            ("Обладнання", "Скласти перелік", [olena]),
            ("Люди", "", [f"organisation:{training.kyiv.id}", petro]),
        ]
        assert found.choose
        assert [one.key for one in found.unassigned] == [f"organisation:{training.lviv.id}"]
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "groups.save")).one()
        assert (entry.after or {})["groups"][0]["members"] == [olena]


def test_fewer_groups_leave_people_without_one_and_names_stay(database: Database, training: Training) -> None:
    olena, petro = training.keys()
    with database.writing() as session:
        group_actions.save(session, training.planner, training.slug, GroupsDraft(TWO, {olena: 1, petro: 2}), NOW)
        group_actions.save(session, training.planner, training.slug, GroupsDraft(TWO[:1], {olena: 1, petro: 2}), NOW)
    with database.reading() as session:
        found = group_queries.view(session, training.occurrence(session).id, NOW)
        assert [one.name for one in found.groups] == ["Обладнання"]
        assert petro in {one.key for one in found.unassigned}


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (GroupsDraft([GroupDraft()] * 41), "groups_many"),
        (GroupsDraft([GroupDraft("н" * 121)]), "group_name_long"),
        (GroupsDraft([GroupDraft(task="т" * 1001)]), "group_task_long"),
        (GroupsDraft(TWO, {"person:999": 1}), "group_member_unknown"),
    ],
)
def test_what_cannot_be_is_refused(database: Database, training: Training, wanted: GroupsDraft, code: str) -> None:
    with database.writing() as session, pytest.raises(Invalid) as refused:
        group_actions.save(session, training.planner, training.slug, wanted, NOW)
    assert refused.value.code == code


def test_only_editors_change_them(database: Database, training: Training) -> None:
    with database.writing() as session, pytest.raises(NotAllowed):
        group_actions.save(session, training.olena, training.slug, GroupsDraft(TWO), NOW)


def test_a_draw_can_be_repeated_by_its_seed(database: Database, training: Training) -> None:
    with database.writing() as session:
        number = training.occurrence(session).id
        group_actions.draw(session, training.planner, training.slug, GroupsDraft(TWO), Way.RANDOM, NOW)
        first = group_queries.view(session, number, NOW)
        assert len(first.seed) == 8
        assert not first.unassigned
        again = group_actions.draw(
            session, training.planner, training.slug, GroupsDraft(TWO), Way.RANDOM, NOW, seed=first.seed, anew=True
        )
        assert group_queries.view(session, again.id, NOW).groups == first.groups


def test_the_next_date_of_a_series_takes_the_same_groups(database: Database, training: Training) -> None:
    olena, petro = training.keys()
    with database.writing() as session:
        later = training.plan(session, datetime(2026, 12, 2, 10, 0))
        with pytest.raises(NotFound):
            group_actions.copy(session, training.planner, later, training.slug, NOW)
        made = series.create(session, training.planner, _series(training), NOW)
        for each in session.scalars(select(Occurrence).where(Occurrence.slug.in_([training.slug, later]))):
            each.series_id = made.id
        group_actions.save(session, training.planner, training.slug, GroupsDraft(TWO, {olena: 1, petro: 2}), NOW)
        copied = group_actions.copy(session, training.planner, later, training.slug, NOW)
        found = group_queries.view(session, copied.id, NOW)
        assert [(one.name, [who.key for who in one.members]) for one in found.groups] == [
            ("Обладнання", [olena]),
            ("Люди", [petro]),
        ]
        assert [one.slug for one in group_queries.earlier(session, copied.id)] == [training.slug]


def _series(training: Training):  # type: ignore[no-untyped-def]
    from lms.schedule.series_drafts import SeriesDraft

    return SeriesDraft(
        title="Серія",
        kind=draft().kind,
        starts_local=datetime(2027, 1, 6, 10, 0),
        zone="Europe/Kyiv",
        duration_minutes=90,
        dates=(datetime(2027, 1, 6, 10, 0),),
        owner_id=training.kyiv.id,
    )


def test_rooms_open_and_close_with_a_minute_to_finish(database: Database, training: Training) -> None:
    olena, _petro = training.keys()
    with database.writing() as session:
        number = training.occurrence(session).id
        with pytest.raises(Invalid):
            group_actions.open_groups(session, "person:1", number, NOW)
        group_actions.save(session, training.planner, training.slug, GroupsDraft(TWO, {olena: 2}), NOW)
        group_actions.open_groups(session, "person:1", number, NOW)
        seen = group_queries.door(session, training.olena, number, 2, NOW)
        assert (seen.known, seen.opened, seen.own) == (True, True, 2)
        group_actions.close_groups(session, "person:1", number, NOW)
        group_actions.close_groups(session, "person:1", number, NOW + timedelta(seconds=30))
        assert group_queries.door(session, training.olena, number, 2, NOW + CLOSING / 2).opened
        assert not group_queries.door(session, training.olena, number, 2, NOW + CLOSING).opened
        assert not group_queries.door(session, training.olena, number, 3, NOW).known
        actions.cancel(session, training.planner, training.slug, "Свято", NOW)
        with pytest.raises(Conflict):
            group_actions.open_groups(session, "person:1", number, NOW)


def test_an_endpoint_belongs_where_its_organisation_does(database: Database, training: Training) -> None:
    with database.writing() as session:
        device = Endpoint(organisation_id=training.kyiv.id, label="Зала", paired_at=NOW, paired_by="system")
        session.add(device)
        session.flush()
        members = {f"organisation:{training.kyiv.id}": 1, training.keys()[0]: 2}
        made = group_actions.save(session, training.planner, training.slug, GroupsDraft(TWO, members), NOW)
        room = Visitor(endpoint_id=device.id, organisation_id=training.kyiv.id)
        own = group_queries.own_group(session, room, made.id)
        assert own is not None
        assert own.number == 1
        assert group_queries.own_group(session, ANONYMOUS, made.id) is None
        told = group_queries.rooms(session, made)
        assert [(one.meeting, one.identities) for one in told] == [
            (f"{made.meeting}.g1", (f"endpoint:{device.id}",)),
            (f"{made.meeting}.g2", (training.keys()[0],)),
        ]


def test_whoever_chooses_a_group_belongs_to_it(database: Database, training: Training) -> None:
    with database.writing() as session:
        made = group_actions.save(session, training.planner, training.slug, GroupsDraft(TWO, choose=True), NOW)
        group_actions.keep_choice(session, training.olena, made.id, 2, NOW)
        group_actions.keep_choice(session, training.olena, made.id, 1, NOW)
        own = group_queries.own_group(session, training.olena, made.id)
        assert own is not None
        assert own.number == 2
        group_actions.keep_choice(session, ANONYMOUS, made.id, 1, NOW)


def test_the_page_asks_a_constant_number_of_queries(database: Database, training: Training) -> None:
    from tests.lms.facts import counted

    with database.writing() as session:
        number = training.occurrence(session).id
        for each in range(12):
            person(session, f"more{each}@example.org", home=organisation(session, f"o{each}", OrganisationKind.ASC))
        everybody = [f"person:{each}" for each in range(1, 15)]
        with counted(database) as few:
            group_queries.view(session, number, NOW)
        with counted(database) as many:
            assert len(group_queries.view(session, number, NOW, everybody).people) > 10
        assert len(many) <= len(few) + 1


# ------------------------------------------------------------ rules


_PERSON = st.tuples(st.integers(1, 500), st.none() | st.integers(1, 6))
PEOPLE = st.lists(_PERSON, max_size=60, unique_by=lambda one: one[0])


def somebodies(pairs: list[tuple[int, int | None]]) -> list[Somebody]:
    return [Somebody(f"person:{number}", home) for number, home in pairs]


@given(PEOPLE, st.integers(1, 40), st.sampled_from(Way), st.text(max_size=8))
def test_everybody_is_in_one_group_and_a_seed_repeats(
    pairs: list[tuple[int, int | None]], count: int, way: Way, seed: str
) -> None:
    people = somebodies(pairs)
    placed = spread(people, range(1, count + 1), way, seed)
    assert placed.keys() == {one.key for one in people}
    assert placed == spread(list(reversed(people)), range(1, count + 1), way, seed)
    if way is not Way.TOGETHER:
        sizes = Counter(placed.values())
        assert max(sizes.values(), default=0) - min((sizes[each] for each in range(1, count + 1)), default=0) <= 1


@given(PEOPLE, st.integers(1, 12), st.text(max_size=8))
def test_colleagues_stay_together_or_are_mixed(pairs: list[tuple[int, int | None]], count: int, seed: str) -> None:
    people = somebodies(pairs)
    together = spread(people, range(1, count + 1), Way.TOGETHER, seed)
    mixed = spread(people, range(1, count + 1), Way.MIXED, seed)
    for home in {one.organisation_id for one in people} - {None}:
        colleagues = [one.key for one in people if one.organisation_id == home]
        assert len({together[key] for key in colleagues}) == 1
        assert max(Counter(mixed[key] for key in colleagues).values()) <= -(-len(colleagues) // count)


@given(PEOPLE, st.integers(1, 9), st.sampled_from(Way), st.data())
def test_who_was_placed_by_hand_stays(
    pairs: list[tuple[int, int | None]], count: int, way: Way, data: st.DataObject
) -> None:
    people = somebodies(pairs)
    kept = {one.key: data.draw(st.integers(1, count)) for one in people[: len(people) // 2]}
    placed = spread(people, range(1, count + 1), way, "s", kept)
    assert {key: placed[key] for key in kept} == kept


def test_names_of_rooms_are_found_back() -> None:
    assert parse_meeting(meeting_name("k7mq-x2vd-9hbn", 12)) == ("k7mq-x2vd-9hbn", 12)
    assert parse_meeting("k7mq-x2vd-9hbn") == ("k7mq-x2vd-9hbn", None)
    assert parse_meeting("demo.g0") == ("demo.g0", None)
    assert parse_meeting("demo.g100") == ("demo.g100", None)


@pytest.mark.parametrize(
    ("role", "own", "choose", "opened", "refusal"),
    [
        (MeetingRole.PARTICIPANT, 2, False, True, ""),
        (MeetingRole.PARTICIPANT, 1, True, True, "group_foreign"),
        (MeetingRole.PARTICIPANT, None, False, True, "group_foreign"),
        (MeetingRole.PARTICIPANT, None, True, True, ""),
        (MeetingRole.HOST, None, False, True, ""),
        (MeetingRole.MODERATOR, 1, False, True, ""),
        (MeetingRole.HOST, None, False, False, "groups_closed"),
    ],
)
def test_who_may_go_in(role: MeetingRole, own: int | None, choose: bool, opened: bool, refusal: str) -> None:
    assert entry_refusal(role=role, own=own, wanted=2, known=True, opened=opened, choose=choose) == refusal
    assert entry_refusal(role=role, own=own, wanted=2, known=False, opened=opened, choose=choose) == "group_unknown"

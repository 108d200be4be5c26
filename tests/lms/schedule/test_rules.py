"""Planned time across clock changes, and the matrix of who joins in which role."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.directory.models import RoleName, Scope
from lms.directory.rules import ANONYMOUS, Grant, Visitor
from lms.errors import Invalid
from lms.schedule.drafts import check
from lms.schedule.models import Access, MeetingRole, Part, Status
from lms.schedule.rules import (
    OPENS_BEFORE,
    OPENS_BEFORE_FOR_SPEAKERS,
    WAITS_AFTER,
    GuestFacts,
    OccurrenceFacts,
    day_bounds,
    exists,
    guest_link_expired,
    join_role,
    may_edit,
    may_see,
    to_utc,
)
from lms.slugs import LONGEST_SLUG, new_meeting_name, slug_for, transliterate
from tests.lms.facts import draft

KYIV = "Europe/Kyiv"
START = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
HOST, PRESENTER, PARTICIPANT = MeetingRole.HOST, MeetingRole.PRESENTER, MeetingRole.PARTICIPANT


def test_a_weekly_series_keeps_its_wall_time_across_the_end_of_summer_time() -> None:
    """The vector of the series: five Wednesdays, 10:00 in Kyiv, from 21.10.2026."""
    first = datetime(2026, 10, 21, 10, 0)
    instants = [to_utc(first + timedelta(weeks=week), KYIV) for week in range(5)]
    assert [f"{each:%d.%m %H:%M}" for each in instants] == [
        "21.10 07:00",
        "28.10 08:00",
        "04.11 08:00",
        "11.11 08:00",
        "18.11 08:00",
    ]


@pytest.mark.parametrize(
    ("local", "utc", "there"),
    [
        (datetime(2026, 10, 25, 3, 30), datetime(2026, 10, 25, 0, 30), True),  # comes twice: the first one
        (datetime(2026, 10, 25, 2, 59), datetime(2026, 10, 24, 23, 59), True),
        (datetime(2026, 10, 25, 4, 0), datetime(2026, 10, 25, 2, 0), True),
        (datetime(2027, 3, 28, 2, 59), datetime(2027, 3, 28, 0, 59), True),
        (datetime(2027, 3, 28, 3, 0), datetime(2027, 3, 28, 1, 0), False),  # skipped: offset before the change
        (datetime(2027, 3, 28, 3, 59), datetime(2027, 3, 28, 1, 59), False),
        (datetime(2027, 3, 28, 4, 0), datetime(2027, 3, 28, 1, 0), True),
        (datetime(2027, 10, 31, 3, 0), datetime(2027, 10, 31, 0, 0), True),
        (datetime(2026, 3, 29, 3, 30), datetime(2026, 3, 29, 1, 30), False),
    ],
)
def test_both_clock_changes_of_the_year(local: datetime, utc: datetime, there: bool) -> None:
    assert to_utc(local, KYIV) == utc.replace(tzinfo=UTC)
    assert exists(local, KYIV) is there


def test_the_old_name_of_the_zone_is_the_same_zone() -> None:
    assert to_utc(datetime(2026, 7, 1, 10), "Europe/Kiev") == to_utc(datetime(2026, 7, 1, 10), KYIV)


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)),
    st.sampled_from(sorted(available_timezones() - {"localtime"})),
)
def test_a_time_that_exists_comes_back_as_planned(local: datetime, zone: str) -> None:
    back = to_utc(local, zone).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    assert (back == local.replace(fold=0)) is exists(local, zone)


@pytest.mark.parametrize("zone", ["Europe/Nowhere", "", "../../etc/passwd", "Europe/Kyiv\0", "x" * 300])
def test_zones_that_are_none(zone: str) -> None:
    with pytest.raises(Invalid) as refused:
        to_utc(datetime(2026, 1, 1), zone)
    assert refused.value.field == "zone"


def test_an_aware_time_is_no_wall_time() -> None:
    with pytest.raises(ValueError, match="no zone of its own"):
        to_utc(START, KYIV)


@pytest.mark.parametrize(("day", "hours"), [((2026, 10, 25), 25), ((2027, 3, 28), 23), ((2026, 11, 25), 24)])
def test_days_have_23_to_25_hours(day: tuple[int, int, int], hours: int) -> None:
    noon = datetime(*day, 12, 0, tzinfo=ZoneInfo(KYIV))
    begin, end = day_bounds(noon, KYIV)
    assert end - begin == timedelta(hours=hours)
    assert begin.astimezone(ZoneInfo(KYIV)).hour == 0


def test_a_skipped_time_cannot_be_planned() -> None:
    with pytest.raises(Invalid) as refused:
        check(draft(starts_local=datetime(2027, 3, 28, 3, 30)))
    assert refused.value.code == "time_skipped"


def facts(**more: object) -> OccurrenceFacts:
    known: dict[str, object] = {
        "id": 7,
        "status": Status.PUBLISHED,
        "access": Access.NETWORK,
        "listed": True,
        "starts_at": START,
        "ends_at": START + timedelta(minutes=90),
        "created_by": "person:1",
        "parties": frozenset({(1, Part.ORGANISER), (2, Part.EXPERT_BODY), (3, Part.PARTICIPANT)}),
        "speaker_roles": {50: MeetingRole.INTERPRETER},
    }
    return OccurrenceFacts(**{**known, **more})  # type: ignore[arg-type]


def somebody(number: int = 99, *organisations: int, grants: tuple[Grant, ...] = ()) -> Visitor:
    return Visitor(
        person_id=number,
        name="Ім’я",
        organisation_ids=frozenset(organisations),
        in_network=True,
        grants=frozenset(grants),
    )


ORGANISER = somebody(10, grants=(Grant(RoleName.ORGANISER),))
OURS = somebody(11, grants=(Grant(RoleName.ORGANISER, Scope.ORGANISATION, 1),))
OTHERS = somebody(12, grants=(Grant(RoleName.ORGANISER, Scope.ORGANISATION, 9),))
HANDED = somebody(13, grants=(Grant(RoleName.ORGANISER, Scope.OCCURRENCE, 7),))
ENDPOINT = Visitor(endpoint_id=4, name="ЦНАП", organisation_ids=frozenset({3}), in_network=True)
GUEST = Visitor(guest_link_id=8, name="Експерт")


@pytest.mark.parametrize(
    ("visitor", "editor"),
    [
        (ORGANISER, True),
        (OURS, True),
        (OTHERS, False),
        (HANDED, True),
        (somebody(1, grants=(Grant(RoleName.ORGANISER, Scope.ORGANISATION, 9),)), True),  # made it
        (somebody(1), False),  # made it, and is no organiser any more
        (somebody(14, 1), False),  # works there, plans nothing
        (somebody(15, grants=(Grant(RoleName.ADMINISTRATOR),)), True),
        (somebody(16, grants=(Grant(RoleName.ADMINISTRATOR, Scope.ORGANISATION, 1),)), False),
        (ENDPOINT, False),
        (GUEST, False),
        (ANONYMOUS, False),
    ],
)
def test_who_edits(visitor: Visitor, editor: bool) -> None:
    assert may_edit(facts(), visitor) is editor


@pytest.mark.parametrize(
    ("visitor", "access", "listed", "role", "refusal"),
    [
        (ORGANISER, Access.NETWORK, True, HOST, ""),
        (OURS, Access.NETWORK, False, HOST, ""),
        (somebody(50), Access.NETWORK, False, MeetingRole.INTERPRETER, ""),
        (somebody(60, 2), Access.NETWORK, False, PRESENTER, ""),
        (ENDPOINT, Access.NETWORK, False, PARTICIPANT, ""),
        (somebody(), Access.NETWORK, True, PARTICIPANT, ""),
        (somebody(), Access.NETWORK, False, None, "not_invited"),
        (somebody(), Access.LINK, False, PARTICIPANT, ""),
        (ANONYMOUS, Access.NETWORK, True, None, "sign_in_needed"),
        (ANONYMOUS, Access.LINK, False, PARTICIPANT, "name_needed"),
        (ANONYMOUS, Access.OPEN, True, PARTICIPANT, "name_needed"),
        (GUEST, Access.NETWORK, False, PRESENTER, ""),
        (Visitor(guest_link_id=9, name="Інший"), Access.NETWORK, True, None, "sign_in_needed"),
        (Visitor(guest_link_id=9, name="Інший"), Access.OPEN, True, PARTICIPANT, ""),
    ],
)
def test_who_joins_as_what(
    visitor: Visitor, access: Access, listed: bool, role: MeetingRole | None, refusal: str
) -> None:
    guest = GuestFacts(8, 7, PRESENTER)
    answer = join_role(facts(access=access, listed=listed), visitor, START, guest=guest)
    assert (answer.role, answer.refusal) == (role, refusal)


def test_a_link_for_another_occurrence_opens_nothing_here() -> None:
    answer = join_role(facts(), GUEST, START, guest=GuestFacts(8, 6, PRESENTER))
    assert (answer.role, answer.refusal) == (None, "sign_in_needed")


@pytest.mark.parametrize("status", list(Status))
def test_status_decides_before_everything_else(status: Status) -> None:
    answers = [join_role(facts(status=status, access=Access.OPEN), each, START) for each in (ORGANISER, ANONYMOUS)]
    expected = {
        Status.DRAFT: ("", "not_published"),
        Status.ENDED: ("ended", "ended"),
        Status.ARCHIVED: ("ended", "ended"),
        Status.CANCELLED: ("cancelled", "cancelled"),
    }.get(status, ("", "name_needed"))
    assert tuple(each.refusal for each in answers) == expected


def test_doors_open_half_an_hour_before_and_earlier_for_experts() -> None:
    second = timedelta(seconds=1)
    for visitor, guest, before in (
        (somebody(), None, OPENS_BEFORE),
        (GUEST, GuestFacts(8, 7, PRESENTER), OPENS_BEFORE_FOR_SPEAKERS),
    ):
        opens = START - before
        early = join_role(facts(), visitor, opens - second, guest=guest)
        assert (early.role, early.refusal, early.opens_at) == (None, "too_early", opens)
        assert join_role(facts(), visitor, opens, guest=guest).allowed
        # "Start now" opens the door at any time.
        assert join_role(facts(status=Status.LIVE), visitor, opens - timedelta(days=3), guest=guest).allowed
    assert join_role(facts(), ORGANISER, START - timedelta(days=3)).role is HOST


def test_what_nobody_started_is_over_some_hours_later_but_its_host_may_still_come() -> None:
    late = START + timedelta(minutes=90) + WAITS_AFTER
    assert join_role(facts(), somebody(), late - timedelta(seconds=1)).allowed
    assert join_role(facts(), somebody(), late).refusal == "ended"
    assert join_role(facts(), ORGANISER, late).role is HOST
    assert join_role(facts(status=Status.LIVE), somebody(), late).allowed


def test_who_sees() -> None:
    draft_facts, private = facts(status=Status.DRAFT), facts(listed=False)
    assert [may_see(draft_facts, each) for each in (ORGANISER, somebody(1), ENDPOINT, ANONYMOUS)] == [
        True,
        False,
        False,
        False,
    ]
    seen = [may_see(private, each) for each in (ENDPOINT, somebody(50), somebody(), ANONYMOUS)]
    assert seen == [True, True, False, False]
    assert may_see(facts(), ANONYMOUS)


def test_a_guest_link_lives_a_day_longer_than_the_occurrence_and_as_long_as_it_is_live() -> None:
    end = START + timedelta(minutes=90)
    day = timedelta(days=1)
    assert not guest_link_expired(None, Status.PUBLISHED, end, end + day - timedelta(seconds=1))
    assert guest_link_expired(None, Status.PUBLISHED, end, end + day)
    assert not guest_link_expired(None, Status.LIVE, end, end + day)
    assert guest_link_expired(START, Status.LIVE, end, START)


@pytest.mark.parametrize(
    ("ukrainian", "latin"),
    [
        # The examples of resolution 55 of 27.01.2010.
        ("Алушта", "alushta"), ("Згорани", "zghorany"), ("Ґалаґан", "galagan"), ("Єнакієве", "yenakiieve"),
        ("Гаєвич", "haievych"), ("Їжакевич", "yizhakevych"), ("Кадиївка", "kadyivka"), ("Йосипівка", "yosypivka"),
        ("Стрий", "stryi"), ("Щербухи", "shcherbukhy"), ("Юрій", "yurii"), ("Корюківка", "koriukivka"),
        ("Яготин", "yahotyn"), ("Костянтин", "kostiantyn"), ("Знам'янка", "znamianka"), ("Феодосія", "feodosiia"),
        ("ґанок Яготина", "ganok yahotyna"),
    ],
)  # fmt: skip
def test_transliteration(ukrainian: str, latin: str) -> None:
    assert transliterate(ukrainian) == latin


@given(st.text(max_size=400))
def test_slugs_are_safe_in_addresses(title: str) -> None:
    slug = slug_for(title, START.date())
    assert slug.startswith("2026-11-25")
    assert len(slug) <= LONGEST_SLUG
    assert all(character.isascii() and (character.isalnum() or character == "-") for character in slug)


def test_meeting_names_are_not_guessed() -> None:
    names = {new_meeting_name() for _ in range(1000)}
    assert len(names) == 1000
    assert all(len(name) == 14 for name in names)

"""Recurrence on the clock of the wall: vectors of the design, both clock changes, properties."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.errors import Invalid
from lms.schedule.recurrence import MOST_DATES, ClockNote, Frequency, Rule, dates_of, expand, parse, place
from lms.schedule.rule_words import in_words

KYIV = "Europe/Kyiv"
ZONES = st.sampled_from([KYIV, "Europe/Warsaw", "Europe/London", "America/New_York", "Asia/Tokyo", "UTC"])
STARTS = st.datetimes(datetime(2024, 1, 1), datetime(2030, 12, 31)).map(lambda at: at.replace(second=0, microsecond=0))


def weekly(count: int = 5, **more: object) -> Rule:
    return Rule(Frequency.WEEKLY, count=count, **more)  # type: ignore[arg-type]


def test_five_wednesdays_across_the_end_of_summer_time() -> None:
    dates = dates_of("FREQ=WEEKLY;BYDAY=WE;COUNT=5", datetime(2026, 10, 21, 10, 0))
    assert [place(each, KYIV).at for each in dates] == [
        datetime(2026, 10, 21, 7, 0, tzinfo=UTC),
        datetime(2026, 10, 28, 8, 0, tzinfo=UTC),
        datetime(2026, 11, 4, 8, 0, tzinfo=UTC),
        datetime(2026, 11, 11, 8, 0, tzinfo=UTC),
        datetime(2026, 11, 18, 8, 0, tzinfo=UTC),
    ]


def test_irregular_dates_need_no_rule() -> None:
    days = [datetime(2019, 9, 11, 10), datetime(2019, 8, 19, 10), datetime(2019, 8, 22, 10)]
    found = dates_of("", days[1], added=days)
    assert [(each.date().isoformat(), each.weekday()) for each in found] == [
        ("2019-08-19", 0),
        ("2019-08-22", 3),
        ("2019-09-11", 2),
    ]


def test_dates_are_added_and_left_out() -> None:
    found = dates_of(
        "FREQ=WEEKLY;COUNT=3",
        datetime(2026, 10, 21, 10),
        added=[datetime(2026, 10, 23, 14)],
        left_out=[datetime(2026, 10, 28, 10)],
    )
    assert found == [datetime(2026, 10, 21, 10), datetime(2026, 10, 23, 14), datetime(2026, 11, 4, 10)]


def test_the_hour_that_is_skipped_is_shifted_and_said() -> None:
    placed = [place(each, KYIV) for each in expand(weekly(2), datetime(2026, 3, 22, 3, 30))]
    assert [(one.local, one.note) for one in placed] == [
        (datetime(2026, 3, 22, 3, 30), ClockNote.NONE),
        (datetime(2026, 3, 29, 4, 30), ClockNote.SKIPPED),
    ]
    assert placed[1].at == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_of_the_hour_that_comes_twice_it_is_the_first_one() -> None:
    placed = place(datetime(2026, 10, 25, 3, 30), KYIV)
    assert (placed.note, placed.at) == (ClockNote.DOUBLED, datetime(2026, 10, 25, 0, 30, tzinfo=UTC))


def test_the_second_wednesday_and_the_last_day_of_the_month() -> None:
    second = parse("FREQ=MONTHLY;BYDAY=2WE;COUNT=3")
    assert second == parse("FREQ=MONTHLY;BYDAY=WE;BYSETPOS=2;COUNT=3")
    assert [each.date() for each in expand(second, datetime(2026, 9, 1, 10))] == [
        date(2026, 9, 9),
        date(2026, 10, 14),
        date(2026, 11, 11),
    ]
    last = parse("FREQ=MONTHLY;BYMONTHDAY=-1;UNTIL=20270228")
    assert [each.day for each in expand(last, datetime(2026, 12, 1, 9))] == [31, 31, 28]
    thirty_first = parse("FREQ=MONTHLY;BYMONTHDAY=31;COUNT=2")
    assert [each.month for each in expand(thirty_first, datetime(2026, 9, 1, 9))] == [10, 12]


def test_until_takes_its_own_day_in() -> None:
    found = expand(Rule(Frequency.DAILY, until=date(2026, 11, 27)), datetime(2026, 11, 25, 23, 59))
    assert [each.day for each in found] == [25, 26, 27]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "rule_invalid"),
        ("every week", "rule_invalid"),
        ("FREQ=YEARLY;COUNT=2", "rule_invalid"),
        ("FREQ=WEEKLY;BYHOUR=9;COUNT=2", "rule_invalid"),
        ("FREQ=WEEKLY;COUNT=2;COUNT=3", "rule_invalid"),
        ("FREQ=WEEKLY;BYDAY=XX;COUNT=2", "rule_invalid"),
        ("FREQ=WEEKLY;INTERVAL=0;COUNT=2", "rule_invalid"),
        ("FREQ=MONTHLY;COUNT=2", "rule_invalid"),
        ("FREQ=MONTHLY;BYMONTHDAY=32;COUNT=2", "rule_invalid"),
        ("FREQ=WEEKLY;COUNT=2;UNTIL=20261231", "rule_invalid"),
        ("FREQ=WEEKLY;UNTIL=tomorrow", "rule_invalid"),
        ("FREQ=WEEKLY", "rule_endless"),
        ("FREQ=DAILY;COUNT=201", "too_many_dates"),
        ("FREQ=DAILY;UNTIL=20400101", "too_many_dates"),
        ("FREQ=WEEKLY;UNTIL=20200101", "no_dates"),
    ],
)
def test_what_cannot_be_planned_by_is_refused(text: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        expand(parse(text), datetime(2026, 11, 25, 10))
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("text", "uk", "en"),
    [
        ("FREQ=WEEKLY;BYDAY=WE;COUNT=5", "щосереди, 5 разів", "every Wednesday, 5 times"),
        ("FREQ=WEEKLY;BYDAY=MO,FR;COUNT=2", "щопонеділка та щоп’ятниці, 2 рази", "every Monday and Friday, 2 times"),
        (
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=TH;UNTIL=20261231",
            "кожні 2 тижні у четвер, до 31.12.2026",
            "every 2 weeks on Thursday, until 31.12.2026",
        ),
        ("FREQ=DAILY;COUNT=21", "щодня, 21 раз", "every day, 21 times"),
        (
            "FREQ=MONTHLY;BYDAY=2WE;COUNT=3",
            "щомісяця, другої середи, 3 рази",
            "every month on the second Wednesday, 3 times",
        ),
        ("FREQ=MONTHLY;BYMONTHDAY=5;COUNT=1", "щомісяця, 5-го числа, 1 раз", "every month on day 5, once"),
    ],
)
def test_a_rule_in_words(text: str, uk: str, en: str) -> None:
    assert (in_words(parse(text), "uk"), in_words(parse(text), "en")) == (uk, en)


RULES = st.one_of(
    st.builds(
        Rule,
        frequency=st.just(Frequency.WEEKLY),
        interval=st.integers(1, 4),
        weekdays=st.sets(st.integers(0, 6)).map(lambda days: tuple(sorted(days))),
        count=st.integers(1, 60),
    ),
    st.builds(Rule, frequency=st.just(Frequency.DAILY), interval=st.integers(1, 30), count=st.integers(1, 60)),
    st.builds(
        Rule,
        frequency=st.just(Frequency.MONTHLY),
        weekdays=st.integers(0, 6).map(lambda day: (day,)),
        position=st.sampled_from([1, 2, 3, 4, -1]),
        count=st.integers(1, 24),
    ),
)


@given(rule=RULES, starts=STARTS)
def test_dates_are_ordered_counted_on_their_weekdays_and_read_back(rule: Rule, starts: datetime) -> None:
    found = expand(rule, starts)
    assert len(found) == rule.count <= MOST_DATES
    assert found == sorted(set(found))
    assert all(starts <= each and each.time() == starts.time() for each in found)
    assert not rule.weekdays or {each.weekday() for each in found} <= set(rule.weekdays)
    assert parse(rule.text()) == rule


@given(starts=STARTS, zone=ZONES, count=st.integers(1, 60))
def test_the_wall_time_stays_the_same_whatever_the_zone_does(starts: datetime, zone: str, count: int) -> None:
    for each in expand(weekly(count), starts):
        placed = place(each, zone)
        back = placed.at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        assert back == placed.local
        if placed.note is ClockNote.SKIPPED:
            assert timedelta(0) < placed.local - each <= timedelta(hours=1)
        else:
            assert placed.local == each


@given(starts=STARTS, zone=ZONES, count=st.integers(2, 60))
def test_instants_keep_the_order_of_a_weekly_series(starts: datetime, zone: str, count: int) -> None:
    instants = [place(each, zone).at for each in expand(weekly(count), starts)]
    assert instants == sorted(instants)
    assert all(timedelta(days=6) < after - before < timedelta(days=8) for before, after in pairwise(instants))

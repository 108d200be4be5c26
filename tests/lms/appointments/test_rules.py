"""Times of consultation hours: pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from lms.appointments.rules import Away, Plan, Span, Window, days_from, fits, free_slots, slots_of
from lms.schedule.rules import to_utc, zone_of

KYIV = "Europe/Kyiv"
SPRING, AUTUMN = date(2027, 3, 28), date(2026, 10, 25)
"""Clocks go from 03:00 to 04:00, and from 04:00 back to 03:00."""


def shown(plan: Plan, day: date) -> list[str]:
    return [f"{each.starts_at.astimezone(zone_of(plan.zone)):%H:%M}" for each in slots_of(plan, day)]


def hours(begins: int, ends: int, **more: object) -> Window:
    return Window(begins * 60, ends * 60, **{"weekday": 2, **more})  # type: ignore[arg-type]


def test_slots_follow_each_other_with_the_pause_between_and_end_within_the_window() -> None:
    wednesday = date(2026, 11, 25)
    plan = Plan(KYIV, 30, 10, [hours(9, 11)])
    assert shown(plan, wednesday) == ["09:00", "09:40", "10:20"]
    assert shown(plan, wednesday + timedelta(days=1)) == []
    crossing = Plan(KYIV, 30, 10, [hours(9, 10), hours(9, 11)])
    assert shown(crossing, wednesday) == ["09:00", "09:40", "10:20"], "windows that overlap give no time twice"
    until = Plan(KYIV, 60, 0, [hours(23, 24)])
    assert shown(until, wednesday) == ["23:00"], "a window may end at midnight"


def test_single_days_seasons_and_absences() -> None:
    day = date(2026, 11, 26)
    single = Plan(KYIV, 60, 0, [Window(9 * 60, 10 * 60, day=day)])
    assert [each for each in days_from(date(2026, 11, 20), date(2026, 12, 10)) if shown(single, each)] == [day]
    season = [hours(9, 10, from_day=date(2026, 12, 1), to_day=date(2026, 12, 16))]
    away = [Away(date(2026, 12, 8), date(2026, 12, 9))]
    days = list(days_from(date(2026, 11, 1), date(2026, 12, 31)))
    assert [each.day for each in days if shown(Plan(KYIV, 60, 0, season), each)] == [2, 9, 16]
    assert [each.day for each in days if shown(Plan(KYIV, 60, 0, season, away), each)] == [2, 16]


def test_the_nights_when_clocks_change() -> None:
    night = Plan(KYIV, 30, 0, [Window(2 * 60, 5 * 60, day=SPRING), Window(2 * 60, 5 * 60, day=AUTUMN)])
    assert shown(night, SPRING) == ["02:00", "02:30", "04:00", "04:30"], "an hour is missing"
    assert shown(night, AUTUMN) == ["02:00", "02:30", "03:00", "03:30", "04:00", "04:30"], "each wall time once"
    skipped = Plan(KYIV, 30, 0, [Window(3 * 60, 4 * 60, day=SPRING)])
    assert shown(skipped, SPRING) == []


def test_what_is_taken_and_what_is_too_soon_is_not_free() -> None:
    day = date(2026, 11, 25)
    plan = Plan(KYIV, 30, 0, [hours(9, 11)])
    at = [datetime(2026, 11, 25, 7, 0, tzinfo=UTC) + timedelta(minutes=30 * n) for n in range(4)]
    taken = [Span(at[1] + timedelta(minutes=5), at[1] + timedelta(minutes=10))]
    assert [each.starts_at for each in free_slots(plan, [day], taken, at[0])] == [at[0], at[2], at[3]]
    assert [each.starts_at for each in free_slots(plan, [day], [], at[2])] == at[2:]
    touching = [Span(at[0], at[1])]
    assert free_slots(plan, [day], touching, at[0])[0].starts_at == at[1], "one may begin when the other ends"
    assert fits(plan, Span(at[3], at[3] + timedelta(minutes=30)))
    assert not fits(plan, Span(at[3], at[3] + timedelta(minutes=31)))


windows = st.builds(
    lambda begins, length, weekday: Window(begins, min(begins + length, 1440), weekday),
    st.integers(0, 1380), st.integers(10, 900), st.integers(0, 6),
)  # fmt: skip


@given(
    st.lists(windows, min_size=1, max_size=6), st.integers(10, 180), st.integers(0, 120),
    st.sampled_from([SPRING, AUTUMN]), st.sampled_from([KYIV, "Europe/London", "UTC", "America/St_Johns"]),
)  # fmt: skip
def test_slots_never_meet_and_each_can_be_planned(
    several: list[Window], length: int, pause: int, change: date, zone: str
) -> None:
    plan = Plan(zone, length, pause, several)
    for day in days_from(change - timedelta(days=3), change + timedelta(days=3)):
        found = list(slots_of(plan, day))
        for one in found:
            local = one.starts_at.astimezone(zone_of(zone)).replace(tzinfo=None)
            assert local.date() == day
            assert to_utc(local, zone) == one.starts_at, "an occurrence at this wall time begins then"
            assert one.ends_at - one.starts_at == timedelta(minutes=length)
            assert fits(plan, one)
        for one, after in pairwise(found):
            assert after.starts_at - one.ends_at >= plan.pause

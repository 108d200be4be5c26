"""Calendar objects, read back by `icalendar` and by a foreign parser, `ical.js`."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from dateutil.rrule import rrulestr
from icalendar import Calendar, Event

from lms.schedule import ics
from lms.schedule.audience_models import ParticipationStatus
from lms.schedule.ics import Attendee, CalendarEvent, Organiser
from lms.schedule.models import MeetingRole
from lms.schedule.rules import to_utc

ROOT = Path(__file__).parents[3]
ICAL_JS = ROOT / "web" / "client" / "node_modules" / "ical.js" / "dist" / "ical.js"
NOW = datetime(2026, 10, 1, 9, 30, tzinfo=UTC)
ORGANISER = Organiser("vikno@example.org", "Асоціація ЦНАП")
GUEST = Attendee("olena@example.org", 'Олена "Пані", Експертка', MeetingRole.PRESENTER)
TITLE = "Реєстрація місця проживання: що змінилося, кого стосується; і як це пояснити відвідувачам ЦНАП"
TEXT = "Перший рядок, з комою; з крапкою з комою\nдругий \\ рядок\n\nп’ятий: «лапки»"


def event(starts_local: datetime, zone: str = "Europe/Kyiv", uid: str = "a1@vikno", **more: Any) -> CalendarEvent:
    starts = to_utc(starts_local, zone)
    return CalendarEvent(
        **{
            "uid": uid,
            "sequence": 2,
            "starts_at": starts,
            "ends_at": starts + timedelta(minutes=90),
            "zone": zone,
            "summary": TITLE,
            "changed_at": NOW,
            "created_at": NOW,
            "description": TEXT,
            "location": "Суми, вул. Горького, 21",
            "url": "https://vikno.example/schedule/x",
            "conference": "https://vikno.example/guest/x",
            "categories": ("Консультація, очна",),
            **more,
        }
    )


def foreign(*objects: bytes) -> list[dict[str, Any]]:
    """What `ical.js` understands."""
    node = shutil.which("node")
    if node is None or not ICAL_JS.exists():
        pytest.fail("The foreign parser is missing: npm ci in web/client")
    script = ROOT / "tests" / "conformance" / "ical.mjs"
    given = json.dumps([each.decode() for each in objects])
    done = subprocess.run([node, script, ICAL_JS], input=given, capture_output=True, text=True, check=True)
    answer: list[dict[str, Any]] = json.loads(done.stdout)
    return answer


def own(content: bytes) -> Event:
    """The one event as `icalendar` reads it; nothing in it may be faulty."""
    calendar = Calendar.from_ical(content)
    for component in calendar.walk():
        assert component.errors == []
    (found,) = calendar.walk("VEVENT")
    assert isinstance(found, Event)
    return found


def at(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def test_a_request_says_everything_to_its_addressee_alone() -> None:
    content = ics.request(event(datetime(2026, 12, 16, 10, 0)), GUEST, ORGANISER, NOW)
    ((here,), seen) = (foreign(content), own(content))
    (there,) = here["events"]
    assert here["method"] == "REQUEST"
    assert here["zones"] == ["Europe/Kyiv"]
    assert (there["uid"], there["sequence"], there["status"]) == ("a1@vikno", 2, "CONFIRMED")
    assert (there["summary"], there["description"]) == (TITLE, TEXT)
    assert there["location"] == "Суми, вул. Горького, 21"
    assert there["attendees"] == ["mailto:olena@example.org"]
    assert there["attendee"] == {
        "name": "Олена Пані, Експертка", "role": "REQ-PARTICIPANT", "partstat": "NEEDS-ACTION", "rsvp": "TRUE",
    }  # fmt: skip
    assert there["organizer"] == "mailto:vikno@example.org"
    assert there["categories"] == ["Консультація, очна"]
    assert there["conference"] == "https://vikno.example/guest/x"
    assert at(there["starts"]) == datetime(2026, 12, 16, 8, 0, tzinfo=UTC)
    assert at(there["ends"]) == datetime(2026, 12, 16, 9, 30, tzinfo=UTC)
    assert at(there["stamp"]) == NOW
    assert (str(seen["SUMMARY"]), str(seen["DESCRIPTION"])) == (TITLE, TEXT)
    assert seen["DTSTART"].params["TZID"] == "Europe/Kyiv"
    assert "VALARM" not in content.decode()


def test_a_cancellation() -> None:
    guest = Attendee("olena@example.org", "Олена", status=ParticipationStatus.ACCEPTED)
    content = ics.cancel(event(datetime(2026, 12, 16, 10, 0), cancelled=True), guest, ORGANISER, NOW)
    (here,) = foreign(content)
    assert here["method"] == "CANCEL"
    assert here["events"][0]["status"] == "CANCELLED"
    assert here["events"][0]["attendee"]["rsvp"] == "FALSE"
    assert own(content)["STATUS"] == "CANCELLED"


def test_lines_are_folded_within_75_octets_and_end_as_they_must() -> None:
    content = ics.request(event(datetime(2026, 12, 16, 10, 0)), GUEST, ORGANISER, NOW)
    assert content.endswith(b"\r\n")
    assert b"\n" not in content.replace(b"\r\n", b"")
    lines = content.split(b"\r\n")
    assert max(len(line) for line in lines) <= 75
    for line in lines:
        line.decode()  # no letter is cut in two


@pytest.mark.parametrize(
    ("first", "hours"),
    [
        # D3: weekly, Wednesday 10:00 in Kyiv from 21.10.2026; summer time ends on 25.10.
        (datetime(2026, 10, 21, 10, 0), [7, 8, 8, 8, 8]),
        # Summer time begins on 29.03.2026.
        (datetime(2026, 3, 18, 10, 0), [8, 8, 7, 7, 7]),
    ],
)
def test_a_series_across_a_clock_change_is_right_for_both_parsers(first: datetime, hours: list[int]) -> None:
    dates = list(rrulestr("FREQ=WEEKLY;COUNT=5", dtstart=first))
    events = [event(each, uid=f"{number}@vikno") for number, each in enumerate(dates)]
    single = [ics.request(each, GUEST, ORGANISER, NOW) for each in events]
    feed = ics.publish([(each, ORGANISER) for each in events], "Консультації")
    understood = foreign(*single, feed)
    instants = [each["events"][0]["starts"] for each in understood[:-1]]
    assert [at(each).hour for each in instants] == hours
    assert [each["starts"] for each in understood[-1]["events"]] == instants
    mine = [each["DTSTART"].dt.astimezone(UTC).hour for each in Calendar.from_ical(feed).walk("VEVENT")]
    assert mine == hours
    assert len({each["events"][0]["uid"] for each in understood[:-1]}) == 5, "each date has its own UID"


@pytest.mark.parametrize(
    ("day", "times"),
    [
        (
            datetime(2026, 10, 25),
            {(2, 30): "2026-10-24T23:30", (4, 30): "2026-10-25T02:30", (9, 0): "2026-10-25T07:00"},
        ),
        (datetime(2026, 3, 29), {(2, 30): "2026-03-29T00:30", (4, 30): "2026-03-29T01:30", (9, 0): "2026-03-29T06:00"}),
    ],
)
def test_the_very_day_of_a_clock_change(day: datetime, times: dict[tuple[int, int], str]) -> None:
    events = [event(day.replace(hour=hour, minute=minute)) for hour, minute in times]
    understood = foreign(*(ics.request(each, GUEST, ORGANISER, NOW) for each in events))
    assert [at(each["events"][0]["starts"]) for each in understood] == [
        datetime.fromisoformat(instant).replace(tzinfo=UTC) for instant in times.values()
    ]
    assert all(
        at(each["events"][0]["ends"]) - at(each["events"][0]["starts"]) == timedelta(minutes=90) for each in understood
    )


@pytest.mark.parametrize(
    ("zone", "hour"), [("Europe/London", 9), ("America/New_York", 14), ("Asia/Tokyo", 0), ("UTC", 9)]
)
def test_an_organiser_in_another_zone(zone: str, hour: int) -> None:
    content = ics.request(event(datetime(2026, 10, 28, 9, 0), zone), GUEST, ORGANISER, NOW)
    (here,) = foreign(content)
    expected = to_utc(datetime(2026, 10, 28, 9, 0), zone)
    assert at(here["events"][0]["starts"]) == expected
    assert own(content)["DTSTART"].dt.astimezone(UTC) == expected
    assert here["zones"] == ([] if zone == "UTC" else [zone])


def test_a_feed_has_a_name_no_attendees_and_stays_the_same() -> None:
    events = [(event(datetime(2026, 12, 16, 10, 0)), ORGANISER)]
    feed = ics.publish(events, "Розклад, «Вікно»")
    assert feed == ics.publish(events, "Розклад, «Вікно»")
    (here,) = foreign(feed)
    assert (here["method"], here["name"]) == ("PUBLISH", "Розклад, «Вікно»")
    assert here["events"][0]["attendees"] == []
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT1H" in feed
    assert foreign(ics.publish([], "Порожній"))[0]["events"] == []


def test_text_of_others_cannot_break_out() -> None:
    nasty = "x\r\nATTENDEE:mailto:evil@example.org\r\nEND:VEVENT\x00\x07"
    guest = Attendee("olena@example.org", 'a":mailto:evil@example.org\r\nX-EVIL:1')
    content = ics.request(
        event(datetime(2026, 12, 16, 10, 0), summary=nasty, location=nasty, categories=(nasty,)), guest, ORGANISER, NOW
    )
    (here,) = foreign(content)
    assert here["events"][0]["attendees"] == ["mailto:olena@example.org"]
    assert len(here["events"]) == 1
    assert "X-EVIL:1\r\n" not in content.decode()
    assert own(content)["UID"] == "a1@vikno"

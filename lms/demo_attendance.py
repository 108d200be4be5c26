"""Demo data of attendance: a training of the network last Wednesday, with three rooms and made-up people in them."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms import demo_directory
from lms.directory.access_models import Endpoint
from lms.directory.models import Account, Organisation
from lms.directory.rules import Visitor
from lms.meetings import computing, roll_call
from lms.meetings.actions import apply_events
from lms.meetings.attendance_models import RosterEntry, StreamMetric
from lms.meetings.roll_call import RollCallChange, Seat
from lms.meetings.sheets import sheet_of
from lms.schedule import actions, rules
from lms.schedule.drafts import AgendaDraft, OccurrenceDraft, PartyDraft
from lms.schedule.models import AgendaKind, Kind, Occurrence, Part, Status

MEETING = "demo-held"
TITLE = "Тренування мережі: перевірка обладнання та перекличка"
TITLE_EN = "Training of the network: trying the equipment, and the roll-call"
ZONE = "Europe/Kyiv"
WEBINAR = datetime(2020, 4, 29, 11, 0)
_WEDNESDAY = 2
_MADE_UP = {
    "kyiv": ("Учасниця Перша", "Учасниця Друга", "Учасник Третій", "Учасниця Четверта"),
    "sumy": ("Слухачка Перша", "Слухач Другий"),
}
"""By centre: names of nobody."""
_HEADS = {"kyiv": 6, "lviv": 3, "sumy": 2}


def seed(session: Session, planner: Visitor, now: datetime) -> None:
    """Put it in once. The organisations, the demo's people and its endpoints must be there already."""
    _viewers(session, planner, now)
    if session.scalar(select(Occurrence.id).where(Occurrence.meeting == MEETING)) is not None:
        return
    homes = {home.code: home for home in session.scalars(select(Organisation))}
    begin = _last_wednesday(now)
    held = _plan(session, planner, homes, begin, now)
    apply_events(session, _events(session, planner, homes, begin), begin + timedelta(minutes=92))
    after = begin + timedelta(hours=2)
    for code, heads in _HEADS.items():
        change = RollCallChange(_seats(session, homes, code, begin), head_count=heads)
        roll_call.save(session, planner, held, homes[code].id, change, after, editor=True)
    _confirm(session, demo_directory.STAFF, held.id, after)
    sheet_of(session, held.id).breaks = [[_at(begin, 45).isoformat(), _at(begin, 50).isoformat()]]
    computing.compute(session, held.id, after)


def _plan(
    session: Session, planner: Visitor, homes: dict[str, Organisation], begin: datetime, now: datetime
) -> Occurrence:
    local = begin.astimezone(rules.zone_of(ZONE)).replace(tzinfo=None)
    draft = OccurrenceDraft(
        kind=Kind.TRAINING,
        title=TITLE,
        title_en=TITLE_EN,
        description="Демонстраційний захід: люди в переліку вигадані.",
        description_en="A demonstration: the people listed are made up.",
        starts_local=local,
        duration_minutes=90,
        zone=ZONE,
        listed=False,
        parties=[
            PartyDraft(homes["association"].id, Part.ORGANISER),
            *(PartyDraft(homes[code].id, Part.PARTICIPANT) for code in _HEADS),
        ],
        agenda=[
            AgendaDraft("Перевірка обладнання", 45, title_en="Trying the equipment"),
            AgendaDraft("Перерва", 5, title_en="Break", kind=AgendaKind.BREAK),
            AgendaDraft("Перекличка та запитання", 40, title_en="Roll-call and questions"),
        ],
    )
    held = actions.create(session, planner, draft, now, meeting=MEETING)
    held.status = Status.PUBLISHED
    session.flush()
    return held


def _events(
    session: Session, planner: Visitor, homes: dict[str, Organisation], begin: datetime
) -> list[dict[str, Any]]:
    """What the media node would have told: three rooms, one of which fell out for a while, and three own devices."""
    rooms = {code: f"endpoint:{_room(session, homes[code])}" for code in _HEADS}
    lead, expert = _person(session, demo_directory.LEAD), _person(session, demo_directory.EXPERT)
    stays = [
        (planner.identity, "Організатор Демо", "host", -8, 91),
        (rooms["kyiv"], homes["kyiv"].name_uk, "participant", -5, 91),
        (rooms["lviv"], homes["lviv"].name_uk, "participant", 1, 38),
        (rooms["lviv"], homes["lviv"].name_uk, "participant", 43, 91),
        (rooms["sumy"], homes["sumy"].name_uk, "participant", 2, 91),
        (f"person:{expert}", "Експертка Демо", "presenter", -3, 72),
        (f"person:{lead}", "Керівник Демо", "participant", 30, 60),
    ]
    told: list[tuple[float, dict[str, Any]]] = [(-10, {"type": "opened", "title": TITLE}), (0, {"type": "began"})]
    for number, (identity, name, role, came, went) in enumerate(stays):
        kind = identity.partition(":")[0]
        who = {"participant": f"p{number}", "identity": identity, "name": name, "organisation": ""}
        told.append((came, {"type": "joined", **who, "role": role, "presence": kind}))
        if went < 91:
            told.append((went, {"type": "left", "participant": f"p{number}", "reason": "left"}))
    told += [(90, {"type": "ended"}), (91, {"type": "closed", "reason": "ended"})]
    ordered = sorted(told, key=lambda each: each[0])
    return [
        {
            "id": f"{MEETING}-{number}",
            "node": 0,
            "meeting": MEETING,
            "opening": MEETING,
            "sequence": number,
            "at": _at(begin, minute).timestamp(),
            "data": data,
        }
        for number, (minute, data) in enumerate(ordered, start=1)
    ]


def _seats(session: Session, homes: dict[str, Organisation], code: str, begin: datetime) -> list[Seat]:
    if code != "lviv":
        names = _MADE_UP[code]
        return [*(Seat(name=name) for name in names[:-1]), Seat(name=names[-1], present_from=_at(begin, 20))]
    emails = (demo_directory.LEAD, demo_directory.STAFF, demo_directory.STAFF_TWO_PLACES)
    return [Seat(_person(session, email)) for email in emails]


def _confirm(session: Session, email: str, occurrence_id: int, now: datetime) -> None:
    person_id = _person(session, email)
    entry = session.scalar(
        select(RosterEntry.id).where(RosterEntry.occurrence_id == occurrence_id, RosterEntry.person_id == person_id)
    )
    if entry is not None:
        roll_call.answer(session, person_id, entry, here=True, via="page", now=now)


def _viewers(session: Session, planner: Visitor, now: datetime) -> None:
    """Over 1,250 people watched the webinar of 29 April 2020: a lower bound, and never attendance."""
    webinar = session.scalar(select(Occurrence.id).where(Occurrence.starts_local == WEBINAR))
    if webinar is None:
        return
    if session.scalar(select(StreamMetric.id).where(StreamMetric.occurrence_id == webinar)) is not None:
        return
    session.add(
        StreamMetric(
            occurrence_id=webinar,
            at=datetime(2020, 4, 29, 10, 0, tzinfo=UTC),
            source="YouTube, канал DIIA",
            total=1250,
            evidence="«Понад 1250 осіб», за повідомленням організаторів: нижня межа.",
            entered_by=planner.actor,
            entered_at=now,
        )
    )
    session.flush()


def _person(session: Session, email: str) -> int:
    return session.scalars(select(Account.person_id).where(Account.subject == email)).one()


def _room(session: Session, home: Organisation) -> int:
    rooms = select(Endpoint.id).where(Endpoint.organisation_id == home.id, Endpoint.paired_by == "demo")
    return session.scalars(rooms).one()


def _at(begin: datetime, minute: float) -> datetime:
    return begin + timedelta(minutes=minute)


def _last_wednesday(now: datetime) -> datetime:
    """10:00 in Kyiv on the last Wednesday that is over."""
    day = (now - timedelta(hours=12)).astimezone(rules.zone_of(ZONE)).date()
    day -= timedelta(days=(day.weekday() - _WEDNESDAY) % 7)
    begin = rules.to_utc(datetime.combine(day, time(10, 0)), ZONE)
    return begin if begin + timedelta(hours=3) < now else begin - timedelta(days=7)

"""Demo data of protection: the centres at two crossing points, and a consultation that shields their people."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms import demo_accounts
from lms.directory import organisations
from lms.directory.models import Account, Organisation, OrganisationKind
from lms.directory.queries import visitor_of_person
from lms.directory.rules import Visitor
from lms.schedule import actions, protecting, rules
from lms.schedule.drafts import AgendaDraft, OccurrenceDraft, PartyDraft
from lms.schedule.models import AgendaKind, Kind, Occurrence, Part
from lms.schedule.protection import Protection
from lms.schedule.protection_models import Keeping

CENTRES: Final = (
    ("chonhar", "ЦНАП на пункті в’їзду-виїзду «Чонгар»", "ASC at the Chonhar crossing point", "Чонгар"),
    ("kalanchak", "ЦНАП на пункті в’їзду-виїзду «Каланчак»", "ASC at the Kalanchak crossing point", "Каланчак"),
)
TITLE: Final = "Послуги на пунктах в’їзду-виїзду: які документи просять найчастіше"
_TITLE_EN: Final = "Services at crossing points: the documents that people ask for most"
_ASKED: Final = Protection(hide_names=True, pseudonyms=True, keeping=Keeping.VOICES, held=True)
_ZONE: Final = "Europe/Kyiv"
_AHEAD: Final = timedelta(days=9)
_FRIDAY: Final = 4


def seed(session: Session, now: datetime) -> None:
    """Put in what is missing; a consultation that is over is followed by another one."""
    homes = {code: _centre(session, code, uk, en, place, now) for code, uk, en, place in CENTRES}
    planner = _visitor(session, demo_accounts.ORGANISER, now)
    ahead = select(Occurrence.id).where(Occurrence.title == TITLE, Occurrence.ends_at > now)
    if session.scalar(ahead) is not None:
        return
    others = session.scalars(select(Organisation).where(Organisation.code.in_(("association", "migration-service"))))
    homes |= {home.code: home for home in others}
    day = now.astimezone(rules.zone_of(_ZONE)).date() + _AHEAD
    day += timedelta(days=-day.weekday() % 7 if day.weekday() > _FRIDAY else 0)
    made = actions.create(session, planner, _draft(homes, datetime.combine(day, time(11, 0))), now)
    # Asked for before it is announced: whoever reads of it reads no name.
    protecting.protect(session, planner, "occurrence", made.slug, _ASKED, now)
    actions.publish(session, planner, made.slug, now)


def _draft(homes: dict[str, Organisation], starts_local: datetime) -> OccurrenceDraft:
    return OccurrenceDraft(
        kind=Kind.CONSULTATION,
        title=TITLE,
        title_en=_TITLE_EN,
        description="Довідки, посвідчення, заяви людей, які виїжджають і повертаються.",
        description_en="Certificates, identity papers, requests of people who leave and return.",
        starts_local=starts_local,
        duration_minutes=60,
        zone=_ZONE,
        parties=[
            PartyDraft(homes["association"].id, Part.ORGANISER),
            PartyDraft(homes["migration-service"].id, Part.EXPERT_BODY),
            *(PartyDraft(homes[code].id, Part.PARTICIPANT) for code, *_names in CENTRES),
        ],
        agenda=[
            AgendaDraft("Про захист учасників", 5, "How participants are protected"),
            AgendaDraft("Документи: практика двох центрів", 25, "Documents: the practice of two centres"),
            AgendaDraft("Запитання", 30, "Questions", AgendaKind.QUESTIONS),
        ],
    )


def _centre(session: Session, code: str, uk: str, en: str, settlement: str, now: datetime) -> Organisation:
    found = session.scalar(select(Organisation).where(Organisation.code == code))
    if found is not None:
        return found
    made = Organisation(
        code=code,
        kind=OrganisationKind.ASC,
        name_uk=uk,
        name_en=en,
        oblast="Херсонська область",
        settlement=settlement,
        created_at=now,
    )
    session.add(made)
    session.flush()
    organisations.protect(session, _visitor(session, demo_accounts.ADMINISTRATOR, now), code, now, protected=True)
    return made


def _visitor(session: Session, email: str, now: datetime) -> Visitor:
    account = session.scalars(select(Account.person_id).where(Account.subject == email)).one()
    return visitor_of_person(session, account, now)

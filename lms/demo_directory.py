"""Demo data of the directory: where the centres are, what they have, made-up workload, and plainly fictional staff."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms import demo_accounts
from lms.directory import accounts, passwords
from lms.directory.models import Account, Affiliation, Organisation, RoleName, Scope
from lms.directory.register_models import Capability, WorkloadSample

LEAD = demo_accounts.LEAD
STAFF = demo_accounts.STAFF
STAFF_TWO_PLACES = demo_accounts.STAFF_TWO_PLACES
EXPERT = demo_accounts.EXPERT
_ACTOR = "demo"
_SOURCE = "Демонстраційні дані"
_SINCE = date(2019, 12, 31)

PLACES = {
    "kyiv": ("місто Київ", "Київ"),
    "lviv": ("Львівська область", "Львів"),
    "lutsk": ("Волинська область", "Луцьк"),
    "sumy": ("Сумська область", "Суми"),
    "vinnytsia": ("Вінницька область", "Вінниця"),
    "rivne": ("Рівненська область", "Рівне"),
    "kharkiv": ("Харківська область", "Харків"),
    "lysychansk": ("Луганська область", "Лисичанськ"),
    "severodonetsk": ("Луганська область", "Сєвєродонецьк"),
    "ivano-frankivsk": ("Івано-Франківська область", "Івано-Франківськ"),
    "kremenchuk": ("Полтавська область", "Кременчук"),
}
"""Code of a centre → oblast and settlement."""

CAPABILITIES = {
    "passport_workstation": ("kyiv", "lviv", "lutsk", "sumy", "vinnytsia", "kharkiv", "ivano-frankivsk"),
    "mobile_case": ("lysychansk", "severodonetsk", "lutsk"),
    "remote_workplaces": ("vinnytsia", "lutsk"),
    "video_endpoint": ("kyiv", "lviv", "lutsk", "sumy", "vinnytsia", "kharkiv", "lysychansk", "ivano-frankivsk"),
}

_DAYS = (1.15, 1.1, 1.0, 0.95, 0.6)
"""Monday to Friday against the average: Friday is the quietest day."""
_HOURS = {9: 22.0, 10: 28.0, 11: 30.0, 12: 24.0, 13: 16.0, 14: 20.0, 15: 21.0, 16: 18.0, 17: 12.0}
_SIZES = {"kyiv": 2.2, "lviv": 1.6, "kharkiv": 1.9, "lutsk": 0.8, "sumy": 0.9, "vinnytsia": 1.1, "rivne": 0.8}


@dataclass(frozen=True, slots=True)
class _Somebody:
    email: str
    given_name: str
    family_name: str
    latin_name: str
    places: tuple[tuple[str, str], ...]
    """Organisation's code, and position there."""
    role: RoleName | None = None


PEOPLE = (
    _Somebody(LEAD, "Керівник", "Демо", "Kerivnyk Demo", (("lviv", "Керівник центру"),), RoleName.CENTRE_LEAD),
    _Somebody(STAFF, "Адміністраторка", "Демо", "Administratorka Demo", (("lviv", "Адміністраторка центру"),)),
    _Somebody(
        STAFF_TWO_PLACES,
        "Спеціаліст",
        "Демо",
        "Spetsialist Demo",
        (("lviv", "Спеціаліст мобільного офісу"), ("lutsk", "Спеціаліст за сумісництвом")),
    ),
    _Somebody(EXPERT, "Експертка", "Демо", "Ekspertka Demo", (("migration-service", "Експертка"),)),
)


def seed(session: Session, now: datetime, *, password: str = "") -> None:
    """Put it in, or leave what is there. The organisations must be there already."""
    homes = {home.code: home for home in session.scalars(select(Organisation))}
    for code, (oblast, settlement) in PLACES.items():
        if not homes[code].oblast:
            homes[code].oblast, homes[code].settlement = oblast, settlement
    _capabilities(session, homes)
    _workload(session, homes)
    for somebody in PEOPLE:
        _person(session, homes, somebody, password, now)
    session.flush()


def _capabilities(session: Session, homes: dict[str, Organisation]) -> None:
    known = {(home, code) for home, code in session.execute(select(Capability.organisation_id, Capability.code))}
    session.add_all(
        Capability(organisation_id=homes[home].id, code=code, from_date=_SINCE, note=_SOURCE)
        for code, places in CAPABILITIES.items()
        for home in places
        if (homes[home].id, code) not in known
    )


def _workload(session: Session, homes: dict[str, Organisation]) -> None:
    known = set(session.scalars(select(WorkloadSample.organisation_id).where(WorkloadSample.source == _SOURCE)))
    session.add_all(
        WorkloadSample(
            organisation_id=homes[code].id, weekday=weekday, hour=hour, count=round(size * day * count), source=_SOURCE
        )
        for code, size in _SIZES.items()
        if homes[code].id not in known
        for weekday, day in enumerate(_DAYS)
        for hour, count in _HOURS.items()
    )


def _person(
    session: Session, homes: dict[str, Organisation], somebody: _Somebody, password: str, now: datetime
) -> None:
    account = session.scalar(select(Account).where(Account.provider == "password", Account.subject == somebody.email))
    if account is None:
        person = accounts.create_person(
            session,
            _ACTOR,
            family_name=somebody.family_name,
            given_name=somebody.given_name,
            latin_name=somebody.latin_name,
            email=somebody.email,
            now=now,
        )
        session.add_all(
            Affiliation(person_id=person.id, organisation_id=homes[code].id, position=position, from_date=now.date())
            for code, position in somebody.places
        )
        if somebody.role is not None:
            home = homes[somebody.places[0][0]]
            accounts.give_role(
                session,
                _ACTOR,
                person_id=person.id,
                role=somebody.role,
                scope=Scope.ORGANISATION,
                scope_id=home.id,
                now=now,
            )
        account = session.scalars(select(Account).where(Account.person_id == person.id)).one()
    if password and not passwords.matches(password, account.secret):
        account.secret = passwords.make(password)

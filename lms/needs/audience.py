"""Who is asked: people with an account who work at an organisation of the survey's audience."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from lms.directory.models import Account, Affiliation, Organisation, OrganisationStatus, Person
from lms.directory.queries import in_force
from lms.needs.models import NeedsOrganisation, NeedsSurvey


@dataclass(frozen=True, slots=True)
class Reach:
    """How many a survey would ask today, at how many organisations; and how many there cannot be asked."""

    people: int
    organisations: int
    without_account: int


def includes(survey: NeedsSurvey) -> ColumnElement[bool]:
    """SQL: the organisation is in the survey's audience."""
    alive = and_(Organisation.status != OrganisationStatus.CLOSED, Organisation.merged_into_id.is_(None))
    named = select(NeedsOrganisation.organisation_id).where(NeedsOrganisation.survey_id == survey.id)
    some = exists(named)
    by_kind = Organisation.kind.in_(survey.kinds) if survey.kinds else None
    by_oblast = Organisation.oblast.in_(survey.oblasts) if survey.oblasts else None
    narrowed = [each for each in (by_kind, by_oblast) if each is not None]
    if narrowed:
        return and_(alive, or_(and_(*narrowed), Organisation.id.in_(named)))
    return and_(alive, or_(~some, Organisation.id.in_(named)))


def has_account() -> ColumnElement[bool]:
    """SQL: the person can sign in."""
    return exists().where(Account.person_id == Person.id, Account.disabled_at.is_(None))


def working(survey: NeedsSurvey, day: date) -> Select[int, int]:
    """SQL: people who can answer, with the organisation at which they have worked longest of those in the audience."""
    return (
        select(Person.id, func.min(Affiliation.id).label("affiliation"))
        .join(Affiliation, Affiliation.person_id == Person.id)
        .join(Organisation, Organisation.id == Affiliation.organisation_id)
        .where(
            Person.merged_into_id.is_(None),
            in_force(Affiliation.from_date, Affiliation.to_date, day),
            includes(survey),
            has_account(),
        )
        .group_by(Person.id)
    )


def places(session: Session, survey: NeedsSurvey, person_id: int, day: date) -> list[Organisation]:
    """Where somebody works, as far as it is in the audience; for whom one may answer."""
    rows = session.scalars(
        select(Organisation)
        .join(Affiliation, Affiliation.organisation_id == Organisation.id)
        .where(
            Affiliation.person_id == person_id,
            in_force(Affiliation.from_date, Affiliation.to_date, day),
            includes(survey),
        )
        .order_by(Affiliation.id)
    )
    return list(dict.fromkeys(rows))


def reach(session: Session, survey: NeedsSurvey, day: date) -> Reach:
    """One query."""
    able = has_account()
    there = (
        select(Person.id.label("person"), Affiliation.organisation_id.label("home"), able.label("able"))
        .join(Affiliation, Affiliation.person_id == Person.id)
        .join(Organisation, Organisation.id == Affiliation.organisation_id)
        .where(
            Person.merged_into_id.is_(None),
            in_force(Affiliation.from_date, Affiliation.to_date, day),
            includes(survey),
        )
        .subquery()
    )
    person = there.c.person.distinct()
    row = session.execute(
        select(
            func.count(person).filter(there.c.able),
            func.count(there.c.home.distinct()).filter(there.c.able),
            func.count(person).filter(~there.c.able),
        )
    ).one()
    return Reach(*row)

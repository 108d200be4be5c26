"""Certificates that rest on the result of a test: nothing touches them silently when the result changes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.courses.models import Course
from lms.credentials.models import AwardRule, Certificate, CertificateState


@dataclass(frozen=True, slots=True)
class Resting:
    """A certificate in force, of somebody whose result would not be enough any more."""

    number: str
    person_id: int
    name: str
    name_en: str
    awarded_at: datetime


def on_courses(session: Session, results: Collection[tuple[int, str]]) -> list[Resting]:
    """Certificates in force that these people (by number) have of these courses (by name in addresses)."""
    wanted = {(person, slug) for person, slug in results if slug}
    if not wanted:
        return []
    rows = session.execute(
        select(Certificate, AwardRule, Course.slug)
        .join(AwardRule, AwardRule.id == Certificate.rule_id)
        .join(Course, Course.id == AwardRule.course_id)
        .where(
            Course.slug.in_({slug for _, slug in wanted}),
            Certificate.person_id.in_({person for person, _ in wanted}),
            Certificate.state == CertificateState.ISSUED,
        )
        .order_by(Certificate.number)
    )
    return [
        Resting(one.number, one.person_id, rule.name, rule.name_en, one.awarded_at)
        for one, rule, slug in rows
        if one.person_id is not None and (one.person_id, slug) in wanted
    ]

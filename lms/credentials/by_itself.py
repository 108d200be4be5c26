"""Certificates that are issued without a press: whoever turned it on for a rule has approved what is earned by it.

Only what a machine can find out is awarded so: a completed course, a passed test. Attendance is approved by a person,
and by another one than who corrected it. It is done in the name of whoever made the present version of the rule, with
their rights of this moment: who may not certify any more, or corrected a result, ends it, and the rule's page says so.
A certificate that was revoked does not come back by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.credentials import awarding, earning
from lms.credentials.earning import Earned
from lms.credentials.issuing import MOST_AT_ONCE, issue, latest, step_of
from lms.credentials.keys import Issuer
from lms.credentials.models import AwardRule, Certificate, CertificateState
from lms.credentials.rules import Step
from lms.directory.queries import visitor_of_person
from lms.directory.rules import ANONYMOUS, Visitor


def due(session: Session, now: datetime, /, *, without: Collection[int] = ()) -> list[int]:
    """Rules by which somebody gets a certificate now."""
    query = select(AwardRule).where(
        AwardRule.by_itself.is_(True), AwardRule.retired_at.is_(None), AwardRule.id.not_in(without)
    )
    found = []
    for rule in session.scalars(query.order_by(AwardRule.id)).all():
        visitor, earned = approver(session, rule, now), earning.earned(session, rule)
        if hindrance(session, rule, visitor, earned) == "" and _waiting(session, rule, earned, visitor, now):
            found.append(rule.id)
    return found


def see_to(issuer: Issuer) -> Callable[[Session, int, datetime], int]:
    """What the worker does with each: issue to the first ones who wait; how many it were."""

    def act(session: Session, rule_id: int, now: datetime) -> int:
        rule = session.get(AwardRule, rule_id)
        if rule is None or not rule.by_itself or (issuer.local and not issuer.demo):
            return 0
        visitor, earned = approver(session, rule, now), earning.earned(session, rule)
        waiting = _waiting(session, rule, earned, visitor, now)[:MOST_AT_ONCE]
        if not waiting or hindrance(session, rule, visitor, earned):
            return 0
        done = issue(session, issuer, visitor, rule_id, waiting, now)
        return len(done.certificates) + len(done.renewed)

    return act


def approver(session: Session, rule: AwardRule, now: datetime) -> Visitor:
    """In whose name it is done, with the rights that they have now."""
    kind, _, number = rule.created_by.partition(":")
    return visitor_of_person(session, int(number), now) if kind == "person" and number.isdecimal() else ANONYMOUS


def hindrance(session: Session, rule: AwardRule, visitor: Visitor, earned: Earned) -> str:
    """Why nothing is issued by itself, as the code of a refusal; empty if nothing is in the way."""
    if not awarding.may_certify(session, visitor, rule):
        return "by_itself_rights"
    return "by_itself_corrected" if visitor.actor in earned.correctors else ""


def _waiting(session: Session, rule: AwardRule, earned: Earned, visitor: Visitor, now: datetime) -> list[int]:
    """Who has earned it and has none, or has earned it again; not whoever approves, and nobody whose was revoked."""
    standing = {each.person_id: each for each in earned.standings if each.earned}
    standing.pop(visitor.person_id or 0, None)
    revoked = select(Certificate.person_id).join(AwardRule, AwardRule.id == Certificate.rule_id)
    barred = set(
        session.scalars(
            revoked.where(
                AwardRule.code == rule.code,
                Certificate.state == CertificateState.REVOKED,
                Certificate.person_id.in_(standing),
            )
        )
    )
    held = latest(session, rule.code, standing)
    return [
        number
        for number, each in standing.items()
        if number not in barred and step_of(held.get(number), each, now) is not Step.NONE
    ]

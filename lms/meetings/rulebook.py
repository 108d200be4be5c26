"""By which rules presence counts: versions are added and retired, never changed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.database import lock
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotAllowed
from lms.meetings.access import is_auditor
from lms.meetings.attendance_models import AttendanceRule, AttendanceSheet
from lms.meetings.presence import WHOLE
from lms.meetings.sheets import DEFAULT_CODE
from lms.statements import once

_CODE = re.compile(r"[a-z][a-z0-9-]{0,39}")
MOST_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class RuleDraft:
    """A new version of a rule. `min_share` in hundredths of a percent; one of the two thresholds, or both."""

    code: str
    name_uk: str
    name_en: str = ""
    min_share: int | None = None
    min_minutes: int | None = None
    counts_unconfirmed: bool = False


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A version, and how many sheets use it."""

    rule: AttendanceRule
    sheets: int
    newest: bool


def rules(session: Session, visitor: Visitor) -> list[RuleRow]:
    """Every version, by code, newest first. For organisers and auditors; raises `NotAllowed`."""
    if not (visitor.is_organiser or is_auditor(visitor)):
        raise NotAllowed("organisers_only", "The rules are for organisers. Ask an administrator for this role.")
    used = select(AttendanceSheet.rule_id, func.count().label("number")).group_by(AttendanceSheet.rule_id).subquery()
    rows = session.execute(
        select(AttendanceRule, func.coalesce(used.c.number, 0))
        .join(used, used.c.rule_id == AttendanceRule.id, isouter=True)
        .order_by(AttendanceRule.code != DEFAULT_CODE, AttendanceRule.code, AttendanceRule.version.desc())
        .limit(200)
    )
    found, seen = [], set()
    for rule, number in rows:
        newest = rule.retired_at is None and rule.code not in seen
        seen |= {rule.code} if newest else set()
        found.append(RuleRow(rule, number, newest))
    return found


def choosable(session: Session, chosen: int | None = None) -> Sequence[AttendanceRule]:
    """The rules in force, and the one that is chosen already."""
    return list(session.scalars(*_choosable(chosen)))


@once
def _choosable(chosen: int | None) -> Select[AttendanceRule]:
    return (
        select(AttendanceRule)
        .where((AttendanceRule.retired_at.is_(None)) | (AttendanceRule.id == chosen))
        .order_by(AttendanceRule.code != DEFAULT_CODE, AttendanceRule.code, AttendanceRule.version.desc())
        .limit(100)
    )


def add_version(session: Session, visitor: Visitor, draft: RuleDraft, now: datetime) -> AttendanceRule:
    """A new rule, or the next version of one. Sheets keep the version that they use.

    Raises `NotAllowed` or `Invalid` (rule_code_invalid, title_needed, share_invalid, minutes_invalid, rule_empty).
    """
    _require(visitor)
    _check(draft)
    latest = session.scalar(select(func.max(AttendanceRule.version)).where(AttendanceRule.code == draft.code))
    made = AttendanceRule(
        code=draft.code,
        version=(latest or 0) + 1,
        name_uk=draft.name_uk.strip(),
        name_en=draft.name_en.strip(),
        min_share=draft.min_share,
        min_minutes=draft.min_minutes,
        counts_unconfirmed=draft.counts_unconfirmed,
        created_by=visitor.actor,
        created_at=now,
    )
    session.add(made)
    session.flush()
    after = {
        "code": made.code,
        "version": made.version,
        "min_share": made.min_share,
        "min_minutes": made.min_minutes,
        "counts_unconfirmed": made.counts_unconfirmed,
    }
    record(session, visitor.actor, "attendance_rule.add", "attendance_rule", made.id, now=now, after=after)
    return made


def retire(session: Session, visitor: Visitor, rule_id: int, now: datetime) -> None:
    """It is offered no more; sheets that use it go on using it. Raises `NotFound`, `NotAllowed` or `Conflict`."""
    _require(visitor)
    rule = lock(session, AttendanceRule, rule_id)
    if rule.retired_at is not None:
        return
    others = select(func.count()).where(
        AttendanceRule.code == rule.code, AttendanceRule.retired_at.is_(None), AttendanceRule.id != rule.id
    )
    if rule.code == DEFAULT_CODE and not session.scalar(others):
        raise Conflict("rule_last", "New sheets need a default rule. Add a new version of it first.")
    rule.retired_at = now
    record(session, visitor.actor, "attendance_rule.retire", "attendance_rule", rule.id, now=now)


def _require(visitor: Visitor) -> None:
    if not visitor.organises_everything:
        raise NotAllowed("rules_network", "The rules hold for the whole network: its organisers change them.")


def _check(draft: RuleDraft) -> None:
    if not _CODE.fullmatch(draft.code):
        raise Invalid("rule_code_invalid", "A code is a short word of Latin letters, digits and dashes.", "code")
    if not draft.name_uk.strip() or len(draft.name_uk) > 200 or len(draft.name_en) > 200:
        raise Invalid("title_needed", "Give it a title.", "name_uk")
    if draft.min_share is not None and not 1 <= draft.min_share <= WHOLE:
        raise Invalid("share_invalid", "A share lies between 0.01 and 100 percent.", "min_share")
    if draft.min_minutes is not None and not 1 <= draft.min_minutes <= MOST_MINUTES:
        raise Invalid("rule_minutes_invalid", "From 1 minute to a whole day (1440).", "min_minutes")
    if draft.min_share is None and draft.min_minutes is None:
        raise Invalid("rule_empty", "A rule needs a share, or minutes, or both.", "min_share")

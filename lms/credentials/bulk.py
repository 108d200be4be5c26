"""Issuing and revoking for many, by the worker: a few in each transaction, with progress for who asked.

A line is marked in the transaction that does it, so that nothing is done twice and nothing is left out when the work is
interrupted. Each transaction looks anew: at the rights of who asked, and at what was earned.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.credentials import awarding, changing, issuing
from lms.credentials.bulk_models import BatchKind, CertificateBatch, CertificateBatchLine, LineState
from lms.credentials.documents import Snapshot, from_dict
from lms.credentials.keys import Issuer
from lms.credentials.models import AwardRule, Certificate, CertificateEdition, CertificateState
from lms.database import lock
from lms.directory.queries import names_of_people, visitor_of_person
from lms.directory.rules import Visitor
from lms.errors import Invalid, NotAllowed, NotFound, Refusal

MOST = 5000
STEP = 20
"""Signing takes about 20 ms each; nobody else writes to SQLite meanwhile."""
EXPORTED = 500
"""Certificates in one archive: a document takes about 120 ms."""


@dataclass(frozen=True, slots=True)
class BatchPage:
    """How far it is."""

    code: str
    kind: BatchKind
    rule_id: int
    rule: tuple[str, str]
    total: int
    done: int
    nothing: int
    refused: int
    finished: bool
    refusals: tuple[tuple[str, str], ...]
    """Of whom or what, and the code of the refusal; the first hundred."""

    @property
    def seen_to(self) -> int:
        """Lines that do not wait any more."""
        return self.done + self.nothing + self.refused


@dataclass(frozen=True, slots=True)
class Exported:
    """One certificate as files are made of it."""

    number: str
    snapshot: Snapshot
    edition: int
    credential: str
    token: str


def ask_to_issue(
    session: Session, issuer: Issuer, visitor: Visitor, rule_id: int, people: Sequence[int], now: datetime, reason: str
) -> CertificateBatch:
    """Have certificates issued to many. Raises as `issuing.issue`: what is wrong now is said now."""
    issuing.approve(session, issuer, visitor, rule_id, people, reason)
    subjects = [str(each) for each in dict.fromkeys(people)]
    return _begin(session, visitor, rule_id, BatchKind.ISSUE, subjects, reason.strip(), now)


def ask_to_revoke(
    session: Session, visitor: Visitor, rule_id: int, numbers: Sequence[str], because: str, now: datetime
) -> CertificateBatch:
    """Have certificates of a rule revoked, in whatever version; of all numbers those count that are its own.

    Raises `NotFound`, `NotAllowed` (certify_not_yours) or `Invalid` (reason_missing, nobody_chosen).
    """
    rule = _certified(session, visitor, rule_id)
    if not because.strip() or len(because) > 500:
        raise Invalid("reason_missing", "Say why, in at most 500 characters.", "reason")
    own = select(Certificate.number).where(
        Certificate.rule_id.in_(select(AwardRule.id).where(AwardRule.code == rule.code)),
        Certificate.state == CertificateState.ISSUED,
        Certificate.number.in_(numbers),
    )
    found = list(session.scalars(own.order_by(Certificate.id).limit(MOST)))
    if not found:
        raise Invalid("nobody_chosen", "Choose at least one certificate.", "number")
    return _begin(session, visitor, rule.id, BatchKind.REVOKE, found, because.strip(), now)


def due(session: Session, _now: datetime, /, *, without: Collection[int] = ()) -> list[int]:
    """Batches that are not finished."""
    query = select(CertificateBatch.id).where(
        CertificateBatch.finished_at.is_(None), CertificateBatch.id.not_in(without)
    )
    return list(session.scalars(query.order_by(CertificateBatch.id).limit(20)))


def step_by(issuer: Issuer) -> Callable[[Session, int, datetime], int]:
    """`step` with this issuer, as the worker wants it."""
    return lambda session, number, now: step(session, issuer, number, now)


def step(session: Session, issuer: Issuer, batch_id: int, now: datetime) -> int:
    """See to the next lines of a batch; how many."""
    batch = lock(session, CertificateBatch, batch_id)
    waiting = session.scalars(
        select(CertificateBatchLine)
        .where(CertificateBatchLine.batch_id == batch.id, CertificateBatchLine.state == LineState.WAITING)
        .order_by(CertificateBatchLine.id)
        .limit(STEP)
    ).all()
    visitor = visitor_of_person(session, batch.person_id, now)
    for line in waiting:
        try:
            with session.begin_nested():
                line.state, line.note = _do(session, issuer, visitor, batch, line, now), ""
        except Refusal as refused:
            line.state, line.note = LineState.REFUSED, refused.code[:64]
    if len(waiting) < STEP:
        batch.finished_at = now
        after = {"kind": batch.kind.value, "rule": batch.rule_id, **_counts(session, batch.id)}
        record(session, visitor.actor, "certificate.batch_end", "certificate_batch", batch.id, now=now, after=after)
    session.flush()
    return len(waiting)


def page_of(session: Session, visitor: Visitor, code: str) -> BatchPage:
    """For those who may certify by its rule. Raises `NotFound` or `NotAllowed`."""
    batch = session.scalar(select(CertificateBatch).where(CertificateBatch.code == code))
    if batch is None:
        raise NotFound("batch_unknown", "There is no such work.")
    rule = _certified(session, visitor, batch.rule_id)
    counts = _counts(session, batch.id)
    lines = session.execute(
        select(CertificateBatchLine.subject, CertificateBatchLine.note)
        .where(CertificateBatchLine.batch_id == batch.id, CertificateBatchLine.state == LineState.REFUSED)
        .order_by(CertificateBatchLine.id)
        .limit(100)
    ).all()
    names = names_of_people(session, [int(subject) for subject, _ in lines]) if batch.kind is BatchKind.ISSUE else {}
    return BatchPage(
        code,
        batch.kind,
        rule.id,
        (rule.name, rule.name_en),
        sum(counts.values()),
        counts[LineState.DONE],
        counts[LineState.NOTHING],
        counts[LineState.REFUSED],
        batch.finished_at is not None,
        tuple((names.get(f"person:{subject}", subject), note) for subject, note in lines),
    )


def export(session: Session, visitor: Visitor, rule_id: int, now: datetime, *, page: int = 0) -> list[Exported]:
    """Certificates in force by any version of a rule, `EXPORTED` at a time. Raises `NotFound` or `NotAllowed`."""
    rule = _certified(session, visitor, rule_id)
    rows = session.execute(
        select(Certificate, CertificateEdition)
        .join(CertificateEdition, CertificateEdition.certificate_id == Certificate.id)
        .where(
            Certificate.rule_id.in_(select(AwardRule.id).where(AwardRule.code == rule.code)),
            Certificate.state == CertificateState.ISSUED,
            CertificateEdition.number == Certificate.edition,
        )
        .order_by(Certificate.id)
        .limit(EXPORTED)
        .offset(page * EXPORTED)
    ).all()
    after = {"certificates": len(rows), "page": page}
    record(session, visitor.actor, "certificate.export", "award_rule", rule.id, now=now, after=after)
    return [
        Exported(certificate.number, from_dict(edition.snapshot), edition.number, edition.credential, edition.token)
        for certificate, edition in rows
    ]


def _do(
    session: Session,
    issuer: Issuer,
    visitor: Visitor,
    batch: CertificateBatch,
    line: CertificateBatchLine,
    now: datetime,
) -> LineState:
    if batch.kind is BatchKind.REVOKE:
        if session.scalar(select(Certificate.state).where(Certificate.number == line.subject)) == (
            CertificateState.REVOKED
        ):
            return LineState.NOTHING
        changing.revoke(session, issuer, visitor, line.subject, batch.reason, now)
        return LineState.DONE
    given = issuing.issue(session, issuer, visitor, batch.rule_id, [int(line.subject)], now, reason=batch.reason)
    return LineState.DONE if given.certificates or given.renewed else LineState.NOTHING


def _begin(
    session: Session,
    visitor: Visitor,
    rule_id: int,
    kind: BatchKind,
    subjects: Sequence[str],
    reason: str,
    now: datetime,
) -> CertificateBatch:
    if visitor.person_id is None:
        raise NotAllowed("certify_not_yours", "Certificates are approved by a certifier, or by those who organise it.")
    if len(subjects) > MOST:
        raise Invalid("batch_large", "At most 5,000 at once.", "people")
    batch = CertificateBatch(
        code=secrets.token_hex(8), rule_id=rule_id, kind=kind, reason=reason, person_id=visitor.person_id, asked_at=now
    )
    session.add(batch)
    session.flush()
    session.add_all(CertificateBatchLine(batch_id=batch.id, subject=each) for each in subjects)
    session.flush()
    after = {"kind": kind.value, "rule": rule_id, "lines": len(subjects), "reason": reason}
    record(session, visitor.actor, "certificate.batch", "certificate_batch", batch.id, now=now, after=after)
    return batch


def _counts(session: Session, batch_id: int) -> dict[str, int]:
    rows = session.execute(
        select(CertificateBatchLine.state, func.count())
        .where(CertificateBatchLine.batch_id == batch_id)
        .group_by(CertificateBatchLine.state)
    )
    return {state.value: 0 for state in LineState} | {state.value: count for state, count in rows}


def _certified(session: Session, visitor: Visitor, rule_id: int) -> AwardRule:
    rule = session.get(AwardRule, rule_id)
    if rule is None:
        raise NotFound("award_rule_unknown", "There is no such rule of award.")
    if not awarding.may_certify(session, visitor, rule):
        raise NotAllowed("certify_not_yours", "Certificates are approved by a certifier, or by those who organise it.")
    return rule

"""Letters about results of tests: to who took one, and to those who may answer an appeal."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.assessment.attempts import telling
from lms.assessment.attempts.correcting import APPEAL_TERM, LATE_REFUSED
from lms.assessment.attempts.models import Appeal, Attempt, AttemptEvent, Regrade, Test
from lms.assessment.attempts.states import AttemptState
from lms.notify.models import OutboxMessage
from web.i18n import mark as _
from web.i18n import translate
from web.mail.letters import Desk, Letter, Unwanted, renders
from web.mail.recipients import resolve
from web.mail.writing import write

_SUBJECTS = {
    telling.JUDGED: _("Your result is there"),
    telling.CHANGED: _("Your result was judged anew"),
    telling.VOIDED: _("Your attempt does not count"),
    telling.LATE_REFUSED: _("Answers that came after the end"),
    telling.ANSWERED: _("Your appeal was answered"),
    telling.APPEALED: _("An appeal waits for an answer"),
}


@renders(telling.JUDGED)
def judged(session: Session, message: OutboxMessage, desk: Desk) -> Letter:
    """Everything has been read. Without the score: a mailbox is not the place for it."""
    attempt = _attempt(session, message)
    if attempt.state is AttemptState.VOIDED:
        raise Unwanted("The attempt was declared void since.")
    return _letter(session, message, desk, attempt)


@renders(telling.CHANGED)
def changed(session: Session, message: OutboxMessage, desk: Desk) -> Letter:
    """A result was put right, with the last reason."""
    attempt = _attempt(session, message)
    if attempt.state is AttemptState.VOIDED:
        raise Unwanted("The attempt was declared void since.")
    return _letter(session, message, desk, attempt, reason=_last_reason(session, attempt))


@renders(telling.VOIDED)
def voided(session: Session, message: OutboxMessage, desk: Desk) -> Letter:
    """It does not count, and uses up no attempt."""
    attempt = _attempt(session, message)
    return _letter(session, message, desk, attempt, reason=_last_reason(session, attempt))


@renders(telling.LATE_REFUSED)
def late_refused(session: Session, message: OutboxMessage, desk: Desk) -> Letter:
    """What came after the end does not count, and why."""
    attempt = _attempt(session, message)
    data = session.scalar(
        select(AttemptEvent.data)
        .where(AttemptEvent.attempt_id == attempt.id, AttemptEvent.kind == LATE_REFUSED)
        .order_by(AttemptEvent.id.desc())
        .limit(1)
    )
    return _letter(session, message, desk, attempt, reason=str((data or {}).get("reason", "")))


@renders(telling.ANSWERED)
def answered(session: Session, message: OutboxMessage, desk: Desk) -> Letter:
    """The answer stands beside the result."""
    attempt = _attempt(session, message)
    made = session.scalar(select(Appeal).where(Appeal.attempt_id == attempt.id))
    if made is None or made.answered_at is None:
        raise Unwanted("There is no answer.")
    return _letter(session, message, desk, attempt, reason=made.answer, granted=bool(made.granted))


@renders(telling.APPEALED)
def appealed(session: Session, message: OutboxMessage, desk: Desk) -> Letter:
    """To those who may answer; dropped when one of them has."""
    attempt = _attempt(session, message)
    made = session.scalar(select(Appeal).where(Appeal.attempt_id == attempt.id))
    if made is None or made.answered_at is not None:
        raise Unwanted("The appeal was answered already.")
    url = f"{desk.public_url}/tests/{attempt.test_id}/attempts/{attempt.code}#appeal"
    return _letter(session, message, desk, attempt, url=url, until=made.made_at + APPEAL_TERM)


def _attempt(session: Session, message: OutboxMessage) -> Attempt:
    attempt = session.get(Attempt, int(message.contents["attempt"]))
    if attempt is None:
        raise Unwanted("The attempt is gone.")
    return attempt


def _last_reason(session: Session, attempt: Attempt) -> str:
    query = select(Regrade.reason).where(Regrade.attempt_id == attempt.id).order_by(Regrade.id.desc())
    return session.scalar(query.limit(1)) or ""


def _letter(
    session: Session,
    message: OutboxMessage,
    desk: Desk,
    attempt: Attempt,
    *,
    reason: str = "",
    url: str = "",
    **more: object,
) -> Letter:
    whom = resolve(session, message.recipient)
    test = session.get_one(Test, attempt.test_id)
    title = test.title_en if whom.language == "en" and test.title_en else test.title_uk
    subject = translate(whom.language, _SUBJECTS[message.kind])
    text, html = write(
        desk,
        "attempt",
        whom.language,
        name=whom.name,
        title=title,
        subject=subject,
        what=message.kind,
        reason=reason,
        url=url or f"{desk.public_url}/attempts/{attempt.code}/result",
        **({"granted": None, "until": None} | more),
    )
    return Letter(whom.address, f"{subject}: {title}", text, html, whom.name, whom.language)

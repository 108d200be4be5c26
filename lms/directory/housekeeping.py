"""Deletes what has expired."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, or_
from sqlalchemy.orm import Session

from lms.directory.access_models import OneTimeLink, Pairing, SignInFailure, SignInSession
from lms.directory.eid.models import EidAttempt

KEPT = timedelta(days=1)
"""For so long expired rows stay, for whoever wants to know what happened yesterday."""


def purge(session: Session, now: datetime) -> int:
    """Delete sign-in sessions, links, ways to eID services, pairings and failures that are over; how many."""
    then = now - KEPT
    deletions = (
        delete(SignInSession).where(or_(SignInSession.expires_at < then, SignInSession.revoked_at < then)),
        delete(OneTimeLink).where(OneTimeLink.expires_at < then),
        delete(EidAttempt).where(EidAttempt.expires_at < then),
        delete(Pairing).where(Pairing.expires_at < then),
        delete(SignInFailure).where(SignInFailure.at < then),
    )
    return sum(session.execute(each).rowcount for each in deletions)  # type: ignore[attr-defined]

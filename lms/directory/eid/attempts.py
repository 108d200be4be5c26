"""One way to a service and back: begun in a browser, taken once by the same browser, and what was found there."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.database import lock
from lms.directory.eid.models import EidAttempt, EidPurpose
from lms.directory.eid.provider import Identity, Journey
from lms.directory.eid.rules import Marker
from lms.errors import Conflict, NotAllowed, NotFound
from lms.sealing import Sealer
from lms.secret import fingerprint, new_secret

LIFETIME = timedelta(minutes=15)
"""To find the telephone, the app and the password of one's key."""
FOUND_LIFETIME = timedelta(minutes=30)
"""To remember the password of one's account."""
_NAME_LENGTH = 100


@dataclass(frozen=True, slots=True)
class Attempt:
    """A way that was begun; `next` is where it leads at last, `invitation` the token of a one-time link."""

    id: int
    provider: str
    purpose: EidPurpose
    journey: Journey
    next: str = "/"
    invitation: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """Who came back, as far as we need it: marks in place of numbers."""

    provider: str
    mark: str
    number_mark: str | None
    method: str
    name: str
    """For the page that asks; not kept after it."""
    email: str = ""
    """Verified by the service, in lower case; empty otherwise."""


def new_journey(redirect_uri: str) -> Journey:
    """Fresh random numbers. A verifier has 43 to 128 characters (RFC 7636, 4.1)."""
    return Journey(redirect_uri, state=new_secret(), nonce=new_secret(), verifier=new_secret())


def begin(
    session: Session,
    sealer: Sealer,
    journey: Journey,
    *,
    provider: str,
    purpose: EidPurpose,
    browser: str,
    now: datetime,
    next_path: str = "/",
    invitation: str = "",
) -> None:
    """Remember that this browser went to the service."""
    kept = {"journey": asdict(journey), "next": next_path[:1000], "invitation": invitation}
    session.add(
        EidAttempt(
            state_hash=fingerprint(journey.state),
            browser_hash=fingerprint(browser),
            provider=provider,
            purpose=purpose,
            sealed=sealer.seal(json.dumps(kept)),
            created_at=now,
            expires_at=now + LIFETIME,
        )
    )
    session.flush()


def take(session: Session, sealer: Sealer, *, state: str, provider: str, browser: str, now: datetime) -> Attempt:
    """The way that ends here; nobody takes it twice. Raises `NotFound` (eid_state), `NotAllowed` or `Conflict`."""
    number = session.scalar(select(EidAttempt.id).where(EidAttempt.state_hash == fingerprint(state)))
    row = lock(session, EidAttempt, number) if number is not None else None
    if row is None or row.provider != provider or row.browser_hash != fingerprint(browser):
        raise NotFound("eid_state", "This answer does not belong to a sign-in that was begun in this browser.")
    if row.used_at is not None:
        raise Conflict("eid_used", "This answer was taken already.")
    if row.expires_at <= now:
        raise NotAllowed("eid_expired", "It took too long. Begin again.")
    row.used_at = now
    kept = json.loads(sealer.open(row.sealed))
    row.sealed = b""
    return Attempt(row.id, row.provider, row.purpose, Journey(**kept["journey"]), kept["next"], kept["invitation"])


def understand(marker: Marker, provider: str, identity: Identity) -> Found:
    """What of an identity we go on with."""
    name = " ".join(filter(None, (identity.given_name, identity.patronymic, identity.family_name)))
    return Found(
        provider=provider,
        mark=marker.subject(provider, identity.subject),
        number_mark=marker.tax_number(identity.tax_number) if identity.tax_number else None,
        method=identity.method[:32],
        name=name[:_NAME_LENGTH],
        email=identity.email.strip().lower()[:254] if identity.email_verified else "",
    )


def hold(session: Session, sealer: Sealer, attempt_id: int, found: Found, next_path: str, now: datetime) -> str:
    """Keep who came until they say what to do with it; the handle of the page that asks."""
    row, handle = lock(session, EidAttempt, attempt_id), new_secret()
    row.handle_hash = fingerprint(handle)
    row.found = sealer.seal(json.dumps({"found": asdict(found), "next": next_path}))
    row.expires_at = now + FOUND_LIFETIME
    session.flush()
    return handle


def held(session: Session, sealer: Sealer, *, handle: str, browser: str, now: datetime) -> tuple[int, Found, str]:
    """The attempt, who came and where they were going. Raises `NotFound` (eid_state) or `NotAllowed` (eid_expired)."""
    row = session.scalar(select(EidAttempt).where(EidAttempt.handle_hash == fingerprint(handle)))
    if row is None or row.found is None or row.browser_hash != fingerprint(browser):
        raise NotFound("eid_state", "This page does not belong to a sign-in that was begun in this browser.")
    if row.done_at is not None or row.expires_at <= now:
        raise NotAllowed("eid_expired", "It took too long. Begin again.")
    kept = json.loads(sealer.open(row.found))
    return row.id, Found(**kept["found"]), kept["next"]


def finish(session: Session, attempt_id: int, now: datetime) -> None:
    """What was found is used: it opens nothing any more. Raises `NotAllowed` when that was so already."""
    row = lock(session, EidAttempt, attempt_id)
    if row.done_at is not None:
        raise NotAllowed("eid_expired", "This was used already. Begin again.")
    row.done_at, row.found = now, None

"""Endpoints: pairing like a television, then a long-lived device key.

The device asks for a code, shows it, and polls with a secret of its own. An administrator types the code once and
chooses the organisation. The device then fetches its key; should the answer get lost, it may fetch again until it
has used the key for the first time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.database import lock
from lms.directory.access_models import Endpoint, Pairing
from lms.directory.models import Organisation, OrganisationStatus
from lms.directory.queries import require_administrator
from lms.directory.rules import Visitor, new_pairing_code, shown_code, typed_code
from lms.errors import Invalid, NotFound, TooMany
from lms.secret import fingerprint, new_secret

PAIRING_LIFETIME = timedelta(minutes=10)
PAIRINGS_PER_ADDRESS = 20
"""Waiting at the same time; a whole centre may stand behind one address."""
PAIRINGS_IN_ALL = 2000
POLL_SECONDS = 3
SEEN = timedelta(minutes=1)
"""`last_seen_at` is written at most so often."""


@dataclass(frozen=True, slots=True)
class PairingStarted:
    """What the device shows (`code`) and keeps for itself (`secret`)."""

    code: str
    secret: str
    expires_at: datetime
    poll_seconds: int = POLL_SECONDS


@dataclass(frozen=True, slots=True)
class PairingPoll:
    """What the device learns; with `paired` come its key and number."""

    state: Literal["waiting", "paired", "expired"]
    device_key: str | None = None
    endpoint_id: int | None = None


def request_pairing(session: Session, *, address: str, now: datetime) -> PairingStarted:
    """A code for a device that is not paired. Raises `TooMany` (pairing_limit)."""
    waiting = select(func.count()).select_from(Pairing).where(Pairing.expires_at > now)
    here = waiting.where(Pairing.address == address[:64])
    if session.scalars(here).one() >= PAIRINGS_PER_ADDRESS or session.scalars(waiting).one() >= PAIRINGS_IN_ALL:
        raise TooMany(
            "pairing_limit", "Too many devices wait for pairing. Wait ten minutes and start the device again."
        )
    secret = new_secret()
    pairing = Pairing(
        code=_unused_code(session),
        secret_hash=fingerprint(secret),
        address=address[:64],
        created_at=now,
        expires_at=now + PAIRING_LIFETIME,
    )
    session.add(pairing)
    session.flush()
    return PairingStarted(shown_code(pairing.code), secret, pairing.expires_at)


def approve_pairing(
    session: Session, visitor: Visitor, *, code: str, organisation_id: int, label: str, now: datetime
) -> Endpoint:
    """Make the device that shows `code` an endpoint of the organisation. For administrators.

    Raises `NotAllowed`, `NotFound` (pairing_code_unknown, organisation_unknown) or `Invalid` (label_needed).
    """
    require_administrator(visitor)
    label = label.strip()
    if not label:
        raise Invalid("label_needed", "Give the device a label, for example the room it stands in.", "label")
    pairing = session.scalar(
        select(Pairing)
        .where(Pairing.code == typed_code(code), Pairing.expires_at > now, Pairing.endpoint_id.is_(None))
        .with_for_update()
    )
    if pairing is None:
        raise NotFound(
            "pairing_code_unknown", "No device shows this code now. Compare it with the device's screen.", "code"
        )
    home = session.get(Organisation, organisation_id)
    if home is None or home.status is OrganisationStatus.CLOSED:
        raise NotFound("organisation_unknown", f"There is no organisation {organisation_id}.", "organisation")
    endpoint = Endpoint(organisation_id=home.id, label=label[:120], paired_at=now, paired_by=visitor.actor)
    session.add(endpoint)
    session.flush()
    pairing.endpoint_id = endpoint.id
    pairing.expires_at = now + PAIRING_LIFETIME
    record(
        session,
        visitor.actor,
        "endpoint.pair",
        "endpoint",
        endpoint.id,
        now=now,
        after={"organisation": home.code, "label": label},
    )
    return endpoint


def poll_pairing(session: Session, secret: str, now: datetime) -> PairingPoll:
    """What became of the pairing to which the device's secret belongs; once approved, a device key."""
    pairing = session.scalar(select(Pairing).where(Pairing.secret_hash == fingerprint(secret)))
    if pairing is None or pairing.expires_at <= now:
        return PairingPoll("expired")
    if pairing.endpoint_id is None:
        return PairingPoll("waiting")
    endpoint = lock(session, Endpoint, pairing.endpoint_id)
    if endpoint.last_seen_at is not None or endpoint.revoked_at is not None:
        return PairingPoll("expired")
    key = new_secret()
    endpoint.key_hash = fingerprint(key)
    return PairingPoll("paired", key, endpoint.id)


def identify(session: Session, device_key: str) -> int | None:
    """The number of the endpoint that holds this key, unless it was revoked. Only reads."""
    return session.scalar(
        select(Endpoint.id).where(Endpoint.key_hash == fingerprint(device_key), Endpoint.revoked_at.is_(None))
    )


def authenticate(session: Session, device_key: str, now: datetime) -> int | None:
    """As `identify`, and remembers that the device was seen."""
    number = identify(session, device_key)
    if number is None:
        return None
    endpoint = session.get_one(Endpoint, number)
    if endpoint.last_seen_at is None or now - endpoint.last_seen_at >= SEEN:
        endpoint.last_seen_at = now
    return number


def rename(session: Session, visitor: Visitor, endpoint_id: int, label: str, now: datetime) -> None:
    """Change the label. For administrators; raises `NotAllowed`, `NotFound` or `Invalid`."""
    require_administrator(visitor)
    label = label.strip()[:120]
    if not label:
        raise Invalid("label_needed", "Give the device a label, for example the room it stands in.", "label")
    endpoint = lock(session, Endpoint, endpoint_id)
    change = {"before": {"label": endpoint.label}, "after": {"label": label}}
    endpoint.label = label
    record(session, visitor.actor, "endpoint.rename", "endpoint", endpoint_id, now=now, **change)


def revoke(session: Session, visitor: Visitor, endpoint_id: int, now: datetime) -> None:
    """The device's key stops working at once. For administrators; raises `NotAllowed` or `NotFound`."""
    require_administrator(visitor)
    endpoint = lock(session, Endpoint, endpoint_id)
    if endpoint.revoked_at is None:
        endpoint.revoked_at = now
        record(session, visitor.actor, "endpoint.revoke", "endpoint", endpoint_id, now=now)


def _unused_code(session: Session) -> str:
    while True:
        code = new_pairing_code()
        if session.scalar(select(Pairing.id).where(Pairing.code == code)) is None:
            return code

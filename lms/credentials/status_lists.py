"""Status lists: a place for each certificate at random among 131,072, a bit that is set once, the list signed anew."""

from __future__ import annotations

import json
import secrets
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from lms.credentials import bits, documents, integrity
from lms.credentials.keys import Issuer, Signers, signers
from lms.credentials.models import StatusList
from lms.database import lock

FULL = bits.LENGTH * 9 // 10
"""Places taken from which on the next list is begun: finding a free one by chance stays quick, and some are spare."""
DECOYS = 512
"""Places that belong to nobody: how many are taken does not show how many certificates there are."""
REVOKED_DECOYS = 64
"""Of these so many are set from the beginning, so that a list never shows how few were revoked."""
TTL_MS = 300_000
"""How long others may keep a list before they ask again."""


def take_place(session: Session, issuer: Issuer, now: datetime) -> tuple[StatusList, int]:
    """A free place, the caller's from now on. The list that is written to is locked until the transaction ends.

    The caller holds the keys already (`signers`).
    """
    newest = session.scalars(
        select(StatusList.id).where(StatusList.issuer == issuer.id).order_by(StatusList.id.desc()).limit(1)
    ).first()
    held = lock(session, StatusList, newest) if newest is not None else None
    if held is None or held.full:
        held = _begin(session, issuer, now)
    taken = held.taken
    index = _free(taken)
    held.taken = bits.with_bit(taken, index)
    held.used += 1
    held.full = held.used >= FULL
    session.flush()
    return held, index


def set_bit(session: Session, issuer: Issuer, list_id: int, index: int, now: datetime) -> None:
    """Revoked, for good: the bit is set and the list signed."""
    own = issuer.at(session.scalars(select(StatusList.issuer).where(StatusList.id == list_id)).one())
    keys = signers(session, own, now)
    held = lock(session, StatusList, list_id)
    held.bits = bits.with_bit(held.bits, index)
    _sign(held, own, keys, now)
    session.flush()


def sign_all(session: Session, issuer: Issuer, now: datetime) -> int:
    """Every list with the key that signs now; how many. After a rotation."""
    keys = signers(session, issuer, now)
    numbers = session.scalars(select(StatusList.id).where(StatusList.issuer == issuer.id)).all()
    for number in numbers:
        _sign(lock(session, StatusList, number), issuer, keys, now)
    session.flush()
    return len(numbers)


def address(issuer_id: str, list_id: int) -> str:
    """Where it is served."""
    return f"{issuer_id.removesuffix('/issuer')}/status/{list_id}"


def served(session: Session, list_id: int) -> StatusList | None:
    """A list with its signed text."""
    query = select(StatusList).where(StatusList.id == list_id).options(undefer(StatusList.credential))
    return session.scalar(query)


def _begin(session: Session, issuer: Issuer, now: datetime) -> StatusList:
    taken = bytearray(bits.SIZE)
    revoked = bytearray(bits.SIZE)
    for number in range(DECOYS):
        index = _free(taken)
        taken[index >> 3] |= 0x80 >> (index & 7)
        if number < REVOKED_DECOYS:
            revoked[index >> 3] |= 0x80 >> (index & 7)
    made = StatusList(
        issuer=issuer.id, bits=bytes(revoked), taken=bytes(taken), used=DECOYS, credential="", signed_at=now
    )
    session.add(made)
    session.flush()
    _sign(made, issuer, signers(session, issuer, now), now)
    return made


def _free(taken: bytes | bytearray) -> int:
    while True:
        index = secrets.randbelow(bits.LENGTH)
        if not bits.get(taken, index):
            return index


def _sign(held: StatusList, issuer: Issuer, keys: Signers, now: datetime) -> None:
    plain = documents.status_list(issuer.facts, address(issuer.id, held.id), held.bits, integrity.instant(now), TTL_MS)
    held.credential = json.dumps(integrity.sign(plain, keys.embedded, now), ensure_ascii=False)
    held.signed_at = now

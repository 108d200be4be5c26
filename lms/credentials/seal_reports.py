"""What seals and signatures a PDF bears: by whom, whole or not, trusted or unknown.

Files come from anybody: a PDF is read in a process of its own with little time and memory
(`lms.credentials.seal_child`). Nothing is fetched, so whether a signer's certificate was revoked since is not told.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from lms.credentials import confined

_PATIENCE_S = 30
_MARK = b"/ByteRange"
"""Stands in the open in each PDF that was ever signed (ISO 32000-2 table 255)."""


class Sealing(StrEnum):
    """How a document stands as a whole."""

    NONE = "none"
    TRUSTED = "trusted"
    """Whole, and by somebody whom this installation knows."""
    UNKNOWN = "unknown"
    """Whole, but whether the signer is who it says cannot be told here."""
    UNTOLD = "untold"
    """Of a kind that this verifier cannot compute (DSTU 4145): nothing is known of whether it was changed."""
    BROKEN = "broken"
    """Changed since, or a seal that does not hold."""


@dataclass(frozen=True, slots=True)
class Seal:
    """One seal or signature."""

    signer: str
    """Common name and organisation, as its certificate says."""
    authority: str
    """Who issued that certificate, as it says."""
    fingerprint: str
    """SHA-256 of the certificate."""
    signed_at: datetime | None
    """As the signer's clock said."""
    stamped_at: datetime | None
    """As a time-stamp server attests."""
    intact: bool | None
    """It holds, and nothing was changed since but what it allows (ISO 32000-2 section 12.8.2.2).

    None: it is of a kind that cannot be computed here.
    """
    trusted: bool
    """Its certificate leads to an authority that is trusted here, and was in force: at the time stamp, else now."""
    stamp_trusted: bool
    """Whether the server's certificate leads to such an authority."""
    whole: bool
    """It is over the whole file: nothing at all was added since."""


@dataclass(frozen=True, slots=True)
class SealReport:
    """What was found. `ours`: whether all of it was made with certificates that documents are sealed with here."""

    sealing: Sealing
    seals: tuple[Seal, ...] = ()
    ours: bool = False


def look(data: bytes, authorities: Sequence[str], now: datetime) -> SealReport:
    """Look at a PDF. `authorities`: certificates that are trusted, PEM. Never raises for what is in it."""
    if _MARK not in data:
        return SealReport(Sealing.NONE)
    seals = read_apart(data, authorities, now)
    # None in a file that was signed once: it cannot be read any more, or the signature was taken out of its fields.
    if not seals or any(each.intact is False for each in seals):
        return SealReport(Sealing.BROKEN, seals)
    if any(each.intact is None for each in seals):
        return SealReport(Sealing.UNTOLD, seals)
    return SealReport(Sealing.TRUSTED if all(each.trusted for each in seals) else Sealing.UNKNOWN, seals)


def read_apart(data: bytes, authorities: Sequence[str], now: datetime) -> tuple[Seal, ...]:
    """What `seal_child` finds, in a process of its own; nothing in a file that it cannot read, or not soon."""
    head = json.dumps({"authorities": list(authorities), "now": now.isoformat()}).encode()
    try:
        told = confined.ask("lms.credentials.seal_child", len(head).to_bytes(4, "big") + head + data, _PATIENCE_S)
    except (confined.TookTooLong, confined.NotDone):
        return ()
    return tuple(seal_of(each) for each in json.loads(told))


def seal_of(told: dict[str, Any]) -> Seal:
    """As `seal_child` tells it."""
    return Seal(
        told["signer"],
        told["authority"],
        told["fingerprint"],
        _moment(told["signed_at"]),
        _moment(told["stamped_at"]),
        told["intact"],
        told["trusted"],
        told["stamp_trusted"],
        told["whole"],
    )


def _moment(told: str | None) -> datetime | None:
    return datetime.fromisoformat(told) if told else None

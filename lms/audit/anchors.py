"""Anchors: once a day the log's length and hash go to a file, out of reach of whoever rewrites the database.

`audit-anchors/2026-11-25.json` holds `{"day", "at", "length", "hash", "first_break"}`. A copy of the folder that is
kept elsewhere proves what stood in the log on each of those days.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.audit.models import AuditEntry, AuditHead
from lms.audit.queries import find_tampering

FOLDER = "audit-anchors"
"""Within the folder of data."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """How the log was on a day. `first_break`: the first entry that did not hold then; None for a whole log."""

    day: date
    at: datetime
    length: int
    hash: str
    first_break: int | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check of the whole log found."""

    length: int
    first_break: int | None
    """The first entry that was changed, removed or slipped in."""
    disagreeing: tuple[Anchor, ...]
    """Anchors that the log does not fit, earliest first: it was rewritten up to there, or cut off before."""
    anchors: int

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong."""
        return self.first_break is None and not self.disagreeing


def anchor_due(folder: Path, now: datetime) -> bool:
    """Whether the day of `now` (UTC) has no anchor yet."""
    return not _file(folder, now.astimezone(UTC).date()).exists()


def take(session: Session, now: datetime) -> Anchor:
    """The anchor of this moment, with a check of the whole log."""
    moment = now.astimezone(UTC)
    first_break = find_tampering(session)
    head = session.scalar(select(AuditHead).where(AuditHead.id == 1))
    return Anchor(moment.date(), moment, head.length if head else 0, head.hash if head else "", first_break)


def write(folder: Path, anchor: Anchor) -> None:
    """Keep it, safe against a loss of power, readable by us alone. What is there for that day already stays."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = _file(folder, anchor.day)
    contents = asdict(anchor) | {"day": anchor.day.isoformat(), "at": anchor.at.isoformat()}
    unfinished = path.with_suffix(".tmp")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(contents, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(unfinished, path)
    except FileExistsError:
        return
    finally:
        unfinished.unlink()
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def read(folder: Path) -> list[Anchor]:
    """All anchors, earliest first. Raises `ValueError` for a file that is none, with its name."""
    if not folder.is_dir():
        return []
    return [_read(path) for path in sorted(folder.glob("*.json"))]


def latest(folder: Path) -> Anchor | None:
    """The last one that can be read."""
    for path in sorted(folder.glob("*.json"), reverse=True) if folder.is_dir() else []:
        try:
            return _read(path)
        except ValueError:
            continue
    return None


def verify(session: Session, anchors: Sequence[Anchor]) -> Verdict:
    """Check the whole log against itself and against the anchors."""
    first_break = find_tampering(session)
    head = session.scalar(select(AuditHead).where(AuditHead.id == 1))
    anchored = select(AuditEntry.sequence, AuditEntry.hash).where(
        AuditEntry.sequence.in_([anchor.length for anchor in anchors])
    )
    hashes = dict(session.execute(anchored).all())
    wrong = tuple(anchor for anchor in anchors if anchor.length and hashes.get(anchor.length) != anchor.hash)
    return Verdict(head.length if head else 0, first_break, wrong, len(anchors))


def _file(folder: Path, day: date) -> Path:
    return folder / f"{day.isoformat()}.json"


def _read(path: Path) -> Anchor:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return Anchor(
            date.fromisoformat(found["day"]),
            datetime.fromisoformat(found["at"]),
            int(found["length"]),
            str(found["hash"]),
            found["first_break"],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is no anchor of the audit log: {error}") from error

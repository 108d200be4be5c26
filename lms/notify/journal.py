"""Which mails the server has taken, noted outside the database the moment it says so.

Between the server's "250 taken" and the commit of `sent_at` a worker may die, or the database may be gone. Without a
note, the message would be sent a second time. So the taking is written to the disk first: one small file for each
message, synced with its folder, removed once `sent_at` is committed. Whoever claims a message looks here before
sending. What remains is the moment within the acknowledgement itself: the server has taken the mail, and its answer
has not been read (RFC 1047); then the mail goes out again, under the same Message-ID.

Workers on several machines need a folder that all of them see.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Taken:
    """A mail that the server has taken."""

    message_id: str
    at: datetime
    answer: str
    to: str
    subject: str


class Journal:
    """The notes, one file each in `folder`, which is made when it is first needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def note(self, taken: Taken) -> None:
        """Write it down; on return it survives a power cut."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._path(taken.message_id)
        draft = path.with_suffix(".new")
        words = {
            "message_id": taken.message_id,
            "at": taken.at.isoformat(),
            "answer": taken.answer,
            "to": taken.to,
            "subject": taken.subject,
        }
        with open(draft, "w", encoding="utf-8") as file:
            json.dump(words, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
        self._sync_folder()

    def find(self, message_id: str) -> Taken | None:
        """What is noted of a message, if anything is."""
        return _read(self._path(message_id))

    def all(self) -> list[Taken]:
        """Everything that is noted: what was taken and perhaps not yet committed."""
        return [taken for path in sorted(self._folder.glob("*.taken")) if (taken := _read(path)) is not None]

    def forget(self, message_id: str) -> None:
        """The database knows of it now."""
        self._path(message_id).unlink(missing_ok=True)

    def _path(self, message_id: str) -> Path:
        return self._folder / f"{hashlib.sha256(message_id.encode()).hexdigest()[:40]}.taken"

    def _sync_folder(self) -> None:
        descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _read(path: Path) -> Taken | None:
    try:
        words = json.loads(path.read_text(encoding="utf-8"))
        return Taken(
            words["message_id"],
            datetime.fromisoformat(words["at"]),
            words["answer"],
            words["to"],
            words["subject"],
        )
    except FileNotFoundError:
        return None

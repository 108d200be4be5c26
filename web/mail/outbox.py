"""The outbox folder: mails as files, for an installation without a mail server; the pages of `/mail` show them."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from lms.notify.mailer import Mail, Unavailable


def file_name(message_id: str) -> str:
    """The file of a mail: the same for the same Message-ID, so that a mail is there once however often it is sent."""
    return f"{hashlib.sha256(message_id.encode()).hexdigest()[:32]}.eml"


class OutboxFolder:
    """`lms.notify.mailer.Mailer` that writes each mail to a file of its own, whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def send(self, mail: Mail) -> str:
        """Write the file and sync it."""
        name = file_name(mail.message_id)
        draft = self.folder / f".{name}.{os.getpid()}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(mail.content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(draft, self.folder / name)
        except OSError as error:
            raise Unavailable(f"The outbox folder cannot be written to: {error.strerror}.") from error
        return f"written to {name}"

    def close(self) -> None:
        """Nothing is open."""

    def read(self, message_id: str) -> bytes | None:
        """A mail as it was sent; None if it was not sent here."""
        try:
            return (self.folder / file_name(message_id)).read_bytes()
        except OSError:
            return None

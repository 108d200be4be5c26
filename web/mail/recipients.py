"""To whom a message of the outbox goes."""

from __future__ import annotations

from sqlalchemy.orm import Session

from lms.directory import addresses
from lms.directory.addresses import MailAddress


class NoAddress(Exception):  # noqa: N818 - an answer, not a failure
    """Nobody knows an e-mail address of the recipient; the message fails, and administrators see it."""


def resolve(session: Session, recipient: str) -> MailAddress:
    """Of `person:12`, `organisation:5` or `mailto:name@example.org`, with name and language. Raises `NoAddress`."""
    kind, _, rest = recipient.partition(":")
    if kind == "mailto" and "@" in rest:
        return MailAddress(rest.strip().lower(), "")
    look = {"person": addresses.of_people, "organisation": addresses.of_organisations}.get(kind)
    if look is None or not rest.isdecimal():
        raise NoAddress(f"{recipient} is no recipient.")
    found = look(session, [int(rest)]).get(int(rest))
    if found is None:
        raise NoAddress(f"No e-mail address of {recipient} is known.")
    return found

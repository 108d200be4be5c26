"""Reports on mails that did not arrive, or not yet (RFC 3464), and the older forms that name the recipient only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from email import message_from_string
from email.message import Message
from email.utils import parseaddr

_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_NOT_THE_ADDRESS = ("5.7.", "5.6.", "5.2.2", "5.2.3", "5.3.4")
"""Not permitted, content, mailbox full, too large: the mail was refused, but somebody is there."""
_MOST_RECIPIENTS = 50


@dataclass(frozen=True, slots=True)
class Report:
    """What a server says of one recipient of one mail."""

    recipient: str
    """In lower case."""
    failed: bool
    """Given up; else it is still being tried."""
    status: str = ""
    """RFC 3463: `5.1.1`."""
    said: str = ""
    original_id: str = ""
    """Message-ID of the mail, if it was returned."""

    @property
    def address_is_dead(self) -> bool:
        """Whether nothing should be sent there any more."""
        return self.failed and not self.status.startswith("4.") and not self.status.startswith(_NOT_THE_ADDRESS)


def find(message: Message, parts: Sequence[Message]) -> tuple[Report, ...]:
    """The reports in a mail; none if it is no report, or one of success."""
    original = _original_id(parts)
    for part in parts:
        if part.get_content_type() in ("message/delivery-status", "message/global-delivery-status"):
            return tuple(_reports(part, original))
    # Exim names those who were not reached in a header, and wrote no report for years.
    failed = str(message.get("X-Failed-Recipients", ""))
    addresses = [parseaddr(each)[1].lower() for each in failed.split(",")[:_MOST_RECIPIENTS]]
    return tuple(Report(each, True, original_id=original) for each in addresses if "@" in each)


def _reports(part: Message, original: str) -> list[Report]:
    blocks = part.get_payload()
    found = []
    for block in blocks if isinstance(blocks, list) else _blocks(str(part.get_payload(decode=False) or "")):
        if not isinstance(block, Message):
            continue
        action = str(block.get("Action", "")).strip().lower()
        recipient = _address(block.get("Original-Recipient")) or _address(block.get("Final-Recipient"))
        if not recipient or action in ("delivered", "relayed", "expanded"):
            continue
        status = _STATUS.search(str(block.get("Status", "")))
        said = " ".join(str(block.get("Diagnostic-Code", "")).partition(";")[2].split())
        code = status.group() if status else ""
        failed = action == "failed" or (not action and code.startswith("5."))
        found.append(Report(recipient, failed, code, said[:300], original))
        if len(found) == _MOST_RECIPIENTS:
            break
    return found


def _blocks(text: str) -> list[Message]:
    return [message_from_string(block) for block in re.split(r"\r?\n\r?\n", text)[:_MOST_RECIPIENTS]]


def _address(field: object) -> str:
    """Of `rfc822; name@example.org`."""
    text = str(field or "").partition(";")[2].strip().strip("<>").lower()
    return text[:320] if "@" in text else ""


def _original_id(parts: Sequence[Message]) -> str:
    for part in parts:
        if part.get_content_type() in ("message/rfc822", "message/global"):
            inner = part.get_payload()
            if isinstance(inner, list) and inner and isinstance(inner[0], Message):
                return str(inner[0].get("Message-ID", "")).strip()[:200]
        if part.get_content_type() in ("text/rfc822-headers", "message/global-headers"):
            content = part.get_payload(decode=True)
            text = content.decode("utf-8", "replace") if isinstance(content, bytes) else str(part.get_payload())
            return str(message_from_string(text.lstrip()).get("Message-ID", "")).strip()[:200]
    return ""

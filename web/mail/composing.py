"""From a message of the outbox to the mail that goes out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from lms.notify.mailer import Hopeless, Mail
from lms.notify.models import OutboxMessage, Reason
from lms.sealing import UnsealError
from web.mail.addresses import AddressError, Sender, one_line
from web.mail.letters import RENDERERS, Desk, Unwanted
from web.mail.mime import build
from web.mail.recipients import NoAddress, resolve


@dataclass(frozen=True, slots=True)
class LetterWriter:
    """`lms.notify.mailer.Composer`: finds the renderer of the message's kind and builds the MIME."""

    sender: Sender
    desk: Callable[[datetime], Desk]

    def __call__(self, session: Session, message: OutboxMessage, now: datetime) -> Mail | Hopeless:
        """The mail, or why there is none."""
        renderer = RENDERERS.get(message.kind)
        if renderer is None:
            return Hopeless(Reason.UNREADABLE, f"Nobody knows how to write a letter of the kind {message.kind!r}.")
        try:
            resolve(session, message.recipient)
            letter = renderer(session, message, self.desk(now))
            assert message.message_id is not None
            content, utf8 = build(letter, self.sender, message.message_id, now)
        except Unwanted as answer:
            return Hopeless(Reason.UNWANTED, str(answer))
        except (NoAddress, AddressError) as error:
            return Hopeless(Reason.NO_ADDRESS, str(error))
        except UnsealError as error:
            return Hopeless(Reason.UNREADABLE, f"What is sealed in it cannot be opened. {error}")
        return Mail(message.message_id, self.sender.address, letter.to.strip(), one_line(letter.subject), content, utf8)

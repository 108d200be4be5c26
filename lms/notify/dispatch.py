"""Sending what is due: claim, write the letter, hand it over, note it, commit; one message after the other."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from lms.database import Database
from lms.notify import queries, sending
from lms.notify.journal import Journal, Taken
from lms.notify.mailer import Composer, Deferred, Hopeless, Mail, Mailer, Refused, Unavailable
from lms.notify.models import OutboxMessage, Reason
from lms.notify.sending import Claim

_log = logging.getLogger(__name__)

BATCH = 100
"""Messages of one run; then the worker looks after its other duties."""


@dataclass(frozen=True, slots=True)
class Dispatcher:
    """One worker's sending. Any number of them may work on one database."""

    database: Database
    mailer: Mailer
    compose: Composer
    journal: Journal
    host: str
    """Right side of the Message-IDs."""
    clock: Callable[[], datetime]
    per_minute: int = 300

    def run(self, limit: int = BATCH) -> int:
        """Send what is due, at most `limit` messages; how many it has dealt with. Nothing a server does raises."""
        self.recall()
        done = 0
        try:
            while done < limit and (claimed := self._claim()) is not None:
                self._deal_with(claimed)
                done += 1
        finally:
            self.mailer.close()
        return done

    def recall(self) -> None:
        """Write down what was taken by the server and never committed, because a worker died in between."""
        for taken in self.journal.all():
            with self.database.writing() as session:
                if sending.sent_earlier(session, taken, self.clock()):
                    _log.warning("a mail had been taken before its worker died: %s", taken.message_id)
            self.journal.forget(taken.message_id)

    def _claim(self) -> Claim | None:
        with self.database.writing() as session:
            return sending.claim(session, self.clock(), host=self.host, per_minute=self.per_minute)

    def _deal_with(self, claimed: Claim) -> None:
        taken = self.journal.find(claimed.message_id)
        if taken is None:
            mail = self._mail(claimed)
            taken = self._hand_over(claimed, mail) if mail is not None else None
        if taken is not None:
            with self.database.writing() as session:
                sending.sent(session, claimed, taken, self.clock())
            self.journal.forget(claimed.message_id)

    def _mail(self, claimed: Claim) -> Mail | None:
        """The mail to send; None when there is none, which is written down."""
        try:
            with self.database.reading() as session:
                message = session.get_one(OutboxMessage, claimed.id)
                made = self.compose(session, message, self.clock())
                known = queries.bounced(session, [made.to]) if isinstance(made, Mail) else {}
        except Exception as error:
            _log.exception("a letter could not be written, message %d", claimed.id)
            with self.database.writing() as session:
                sending.deferred(
                    session, claimed, f"The letter could not be written: {error}", self.clock(), server=False
                )
            return None
        with self.database.writing() as session:
            if isinstance(made, Mail):
                sending.addressed(session, claimed, made.to, made.subject)
                if not known:
                    return made
                made = Hopeless(Reason.BOUNCED, next(iter(known.values())).reason)
            if made.dropped:
                sending.dropped(session, claimed, made.detail, self.clock())
            else:
                sending.failed(session, claimed, made.reason, made.detail, self.clock())
        return None

    def _hand_over(self, claimed: Claim, mail: Mail) -> Taken | None:
        """Give it to the server; what was taken is noted on the disk before anything else happens."""
        try:
            answer = self.mailer.send(mail)
        except Unavailable as error:
            _log.warning("the mail server takes nothing: %s", error)
            with self.database.writing() as session:
                sending.unavailable(session, claimed, str(error), self.clock())
            return None
        except Deferred as error:
            with self.database.writing() as session:
                sending.deferred(session, claimed, str(error), self.clock(), server=error.broken)
            return None
        except Refused as error:
            with self.database.writing() as session:
                sending.failed(session, claimed, Reason.REFUSED, str(error), self.clock())
                if error.address:
                    sending.bounce(session, mail.to, str(error), claimed.id, self.clock())
            return None
        taken = Taken(claimed.message_id, self.clock(), answer, mail.to, mail.subject)
        self.journal.note(taken)
        return taken

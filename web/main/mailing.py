"""Binds the mail: from the settings to a mailer, a writer of letters and the worker's duties."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from lms.database import Database
from lms.notify.dispatch import Dispatcher
from lms.notify.inbox import read_inbox
from lms.notify.journal import Journal
from lms.notify.mailer import Mailer
from lms.schedule.invitations import take_reply
from lms.sealing import FernetSealer
from web import vocabulary
from web.assets import Assets
from web.config import STATIC
from web.links import Links
from web.mail import smtp
from web.mail.addresses import smtp_of
from web.mail.composing import LetterWriter
from web.mail.inboxes import open_inbox
from web.mail.letters import Desk, load_all
from web.mail.outbox import OutboxFolder
from web.main.secrets import derive, master_key
from web.main.settings import Settings
from web.templating import Templates


def mailer(settings: Settings) -> Mailer:
    """The mail server of the settings; without one, the outbox folder."""
    if settings.outbox is not None:
        return OutboxFolder(settings.outbox)
    return smtp.SmtpMailer(smtp_of(settings.mail_url), ehlo=settings.sender.host)


def letter_writer(settings: Settings) -> LetterWriter:
    """Writes every kind of letter there is."""
    load_all()
    master = master_key(settings.data)
    templates = Templates(Assets(STATIC), public_url=settings.site_url, demo=settings.demo, vocabulary=vocabulary)
    links, sealer = Links(derive(master, "session")), FernetSealer(derive(master, "sealing"))

    def desk(now: datetime) -> Desk:
        return Desk(now, settings.site_url, settings.sender.address, templates, links, sealer)

    return LetterWriter(settings.sender, desk)


def journal(settings: Settings) -> Journal:
    """Notes which mails the server has taken."""
    return Journal(settings.data / "mail" / "taken")


def send_mail(settings: Settings) -> Callable[[Database, datetime], int]:
    """The duty of sending what is due."""
    writer, hands, notes = letter_writer(settings), mailer(settings), journal(settings)

    def act(database: Database, _now: datetime) -> int:
        dispatcher = Dispatcher(
            database,
            hands,
            writer,
            notes,
            settings.sender.host,
            lambda: datetime.now(UTC),
            settings.mail_per_minute,
        )
        return dispatcher.run()

    return act


def read_mail(settings: Settings) -> Callable[[Database, datetime], int]:
    """The duty of reading the inbox; it does nothing where none is set."""

    def act(database: Database, now: datetime) -> int:
        if not settings.mail_inbox:
            return 0
        return read_inbox(database, open_inbox(settings.mail_inbox), take_reply, now)

    return act

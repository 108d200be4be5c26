"""What is done before the web process starts: the database's tables, demo data, the first administrator's link."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from sqlalchemy.exc import OperationalError

from lms.database import Database
from lms.directory import accounts
from lms.frameworks.loading import load_shipped
from web.main import logs
from web.main.child import EXIT_UNUSABLE
from web.main.demo import seed_demo
from web.main.settings import Settings


def run(settings: Settings) -> None:
    """Brings the database up to date and says how to sign in. May be repeated at will."""
    logs.configure(settings.log_format, settings.log_level, process="prepare")
    database = upgraded(settings)
    with database.writing() as session:
        load_shipped(session, datetime.now(UTC))
    if settings.demo:
        seed_demo(settings, database)
    link = administrator_link(settings)
    if link:
        print(f"There is no administrator yet. This link makes the first one, once:\n  {link}")
    database.close()


def administrator_link(settings: Settings, *, even_if_there_is_one: bool = False) -> str:
    """A one-time link for the first administrator; empty when there is one already."""
    database = upgraded(settings)
    with database.writing() as session:
        token = accounts.administrator_link(session, datetime.now(UTC), force=even_if_there_is_one)
    database.close()
    return f"{settings.site_url}/welcome/{token}" if token else ""


def upgraded(settings: Settings) -> Database:
    """The database, brought up to date; ends the process with a sentence if it cannot be used."""
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = Database(settings.sqlalchemy_url)
    try:
        database.upgrade()
    except OperationalError as error:
        print(
            f"The database cannot be used: {str(error.orig).strip()}. Check VIKNO_DATABASE_URL, that the server runs, "
            "and that the data folder may be written to.",
            file=sys.stderr,
        )
        sys.exit(EXIT_UNUSABLE)
    return database

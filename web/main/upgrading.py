"""The database as whoever needs it first finds it: made, and up to date."""

from __future__ import annotations

import sys

from sqlalchemy.exc import OperationalError

from lms.database import Database
from web.main.child import EXIT_UNUSABLE
from web.main.settings import Settings


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

"""What is done before the web process starts: the database's tables, demo data, the first administrator's link."""

from __future__ import annotations

from datetime import UTC, datetime

from lms.directory import accounts
from lms.frameworks.loading import load_shipped
from web.main import logs
from web.main.settings import Settings
from web.main.upgrading import upgraded


def run(settings: Settings) -> None:
    """Brings the database up to date and says how to sign in. May be repeated at will."""
    logs.configure(settings.log_format, settings.log_level, process="prepare")
    database = upgraded(settings)
    with database.writing() as session:
        load_shipped(session, datetime.now(UTC))
    if settings.demo:
        from web.main.demo import seed_demo  # here, because it loads most of what there is

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

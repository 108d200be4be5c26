"""Fixtures of the data layer's tests: every one runs on SQLite and on PostgreSQL."""

import pytest

from tests.support.postgres import database, database_url, postgres, postgres_template, sqlite_template
from tests.support.seeding import cheap_passwords

__all__ = ["database", "database_url", "postgres", "postgres_template", "sqlite_template"]


@pytest.fixture(autouse=True)
def _cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    cheap_passwords(monkeypatch)

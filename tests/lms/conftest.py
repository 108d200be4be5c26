"""Fixtures of the data layer's tests: every one runs on SQLite and on PostgreSQL."""

from tests.support.postgres import database, database_url, postgres, postgres_template, sqlite_template

__all__ = ["database", "database_url", "postgres", "postgres_template", "sqlite_template"]

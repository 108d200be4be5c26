"""Alembic migrations, and the way to run them at start."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, make_url

LOCK = 0x56_49_4B_4E_4F
"""The advisory lock of PostgreSQL under which tables are changed ("VIKNO")."""

_PRAGMAS = ("busy_timeout = 60000", "journal_mode = WAL", "synchronous = FULL", "foreign_keys = OFF")


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database at `url` to `revision`, in one transaction, under a lock that other processes wait for.

    Foreign keys of SQLite are off meanwhile (a table is altered there by copying it) and checked before the commit.
    """
    sqlite = make_url(url).get_backend_name() == "sqlite"
    engine = create_engine(url, **({"connect_args": {"isolation_level": None}} if sqlite else {}))
    try:
        with engine.connect() as connection:
            if sqlite:
                for pragma in _PRAGMAS:
                    connection.exec_driver_sql(f"PRAGMA {pragma}")
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
            command.upgrade(configuration(connection), revision)
            if sqlite:
                _check_foreign_keys(connection)
                connection.exec_driver_sql("COMMIT")
            connection.commit()
    finally:
        engine.dispose()


def configuration(connection: Connection) -> Config:
    """Alembic's configuration, working on this connection."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config


def _check_foreign_keys(connection: Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if broken:
        raise RuntimeError(f"The migration would leave {len(broken)} rows without the row they refer to: {broken[:5]}")

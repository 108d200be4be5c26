"""Run by Alembic: migrate on the connection that `lms.migrations.configuration` was given."""

from __future__ import annotations

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import TypeDecorator

from lms.tables import metadata


def plain_type(kind: str, item: object, autogenerate: AutogenContext) -> str | Literal[False]:
    """Our own column types as the plain ones beneath them: a migration must not change when the code does."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl!r}"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    transaction_per_migration=False,
    render_as_batch=True,
    compare_type=True,
    render_item=plain_type,
)
# No begin_transaction: the caller's transaction, which holds the lock, is the one that counts.
context.run_migrations()

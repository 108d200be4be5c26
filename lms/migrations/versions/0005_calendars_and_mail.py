"""Calendars and mail

Revision 0005 after 0004, 2026-11-25.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Change the tables."""
    with op.batch_alter_table("invitation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("told_method", sa.String(length=16), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("told_facts", sa.JSON(none_as_null=True), nullable=True))
        batch_op.add_column(sa.Column("asked_sequence", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("of_speaker", sa.Boolean(), nullable=False, server_default=sa.false()))
    _mail()


def _mail() -> None:
    op.create_table(
        "mail_server",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("down_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("last_sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("window_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("window_count", sa.Integer(), nullable=False),
        sa.Column("inbox_down_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("inbox_error", sa.Text(), nullable=False),
        sa.Column("inbox_read_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_server")),
    )
    op.execute("INSERT INTO mail_server (id, failures, last_error, window_count, inbox_error) VALUES (1, 0, '', 0, '')")
    op.create_table(
        "mail_attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("outbox_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=32), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["outbox_id"], ["outbox_message.id"], name=op.f("fk_mail_attempt_outbox_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_attempt")),
    )
    op.create_index(op.f("ix_mail_attempt_outbox_id"), "mail_attempt", ["outbox_id"])
    with op.batch_alter_table("outbox_message") as batch:
        batch.add_column(sa.Column("reason", sa.String(length=32), nullable=False, server_default=""))
        batch.add_column(sa.Column("deferred_since", sa.DateTime(timezone=True), nullable=True))
    waiting = sa.text("sent_at IS NULL AND dropped_at IS NULL AND failed_at IS NULL")
    op.create_index(
        "ix_outbox_message_waiting",
        "outbox_message",
        ["due_at", "id"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    trouble = sa.text("failed_at IS NOT NULL OR bounced_at IS NOT NULL")
    op.create_index(
        "ix_outbox_message_trouble", "outbox_message", ["id"], sqlite_where=trouble, postgresql_where=trouble
    )

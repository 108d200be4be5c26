"""Questions, how long recordings are kept, that they were deleted, and who knew of them

Revision 0018 after 0017, 2026-11-26.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lms.base import Instant

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Change the tables."""
    for table in ("occurrence", "series"):
        with op.batch_alter_table(table, schema=None) as batch:
            batch.add_column(sa.Column("questions", sa.Boolean(), nullable=False, server_default=sa.true()))
            batch.add_column(sa.Column("public_questions", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("series", schema=None) as batch:
        batch.add_column(sa.Column("keep_for", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("keep_unit", sa.String(length=32), nullable=False, server_default="months"))
        batch.add_column(sa.Column("keep_ending", sa.String(length=32), nullable=False, server_default="everything"))
    with op.batch_alter_table("recording", schema=None) as batch:
        batch.add_column(sa.Column("ending", sa.String(length=32), nullable=False, server_default="everything"))
        batch.add_column(sa.Column("own_terms", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch.add_column(sa.Column("ruled_at", Instant(), nullable=True))
        batch.add_column(sa.Column("warned_for", sa.Date(), nullable=True))
        batch.add_column(sa.Column("warned_at", Instant(), nullable=True))
        batch.add_column(sa.Column("raw_deleted_at", Instant(), nullable=True))
    op.execute("UPDATE recording SET own_terms = (keep_until IS NOT NULL)")
    op.execute("UPDATE recording SET raw_deleted_at = withdrawn_at")
    _make_tables()


def _make_tables() -> None:
    op.create_table(
        "recording_deletion",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("recording_id", sa.Integer(), nullable=False),
        sa.Column("scope", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("ordered_by", sa.String(length=64), nullable=False),
        sa.Column("ordered_at", Instant(), nullable=False),
        sa.Column("listing", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("done_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["recording_id"], ["recording.id"], name="fk_recording_deletion_recording_id"),
        sa.PrimaryKeyConstraint("id", name="pk_recording_deletion"),
    )
    for column in ("recording_id", "done_at"):
        op.create_index(f"ix_recording_deletion_{column}", "recording_deletion", [column])
    op.create_table(
        "recording_consent",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("meeting", sa.String(length=64), nullable=False),
        sa.Column("identity", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("told_at", Instant(), nullable=False),
        sa.Column("answer", sa.String(length=32), nullable=False),
        sa.Column("answered_at", Instant(), nullable=True),
        sa.Column("notice", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_recording_consent"),
        sa.UniqueConstraint("code", "identity", name="uq_recording_consent_code_identity"),
    )
    op.create_index("ix_recording_consent_meeting", "recording_consent", ["meeting"])

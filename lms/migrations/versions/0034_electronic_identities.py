"""Electronic identities: ways to a service and back, what is linked, whose tax number it is

Revision 0034 after 0033, 2026-11-26.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lms.base import Instant

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    """Change the tables."""
    op.create_table(
        "eid_attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("state_hash", sa.String(length=64), nullable=False),
        sa.Column("browser_hash", sa.String(length=64), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("used_at", Instant(), nullable=True),
        sa.Column("handle_hash", sa.String(length=64), nullable=True),
        sa.Column("found", sa.LargeBinary(), nullable=True),
        sa.Column("done_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_eid_attempt"),
        sa.UniqueConstraint("handle_hash", name="uq_eid_attempt_handle_hash"),
        sa.UniqueConstraint("state_hash", name="uq_eid_attempt_state_hash"),
    )
    op.create_index("ix_eid_attempt_expires_at", "eid_attempt", ["expires_at"])
    op.create_table(
        "eid_number",
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_eid_number_person_id"),
        sa.PrimaryKeyConstraint("mark", name="pk_eid_number"),
    )
    op.create_index("ix_eid_number_person_id", "eid_number", ["person_id"])
    op.create_table(
        "eid_identity",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("method", sa.String(length=32), nullable=False),
        sa.Column("number_mark", sa.String(length=64), nullable=True),
        sa.Column("linked_by", sa.String(length=32), nullable=False),
        sa.Column("linked_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_eid_identity_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_eid_identity"),
        sa.UniqueConstraint("account_id", name="uq_eid_identity_account_id"),
    )
    op.create_index("ix_eid_identity_number_mark", "eid_identity", ["number_mark"])

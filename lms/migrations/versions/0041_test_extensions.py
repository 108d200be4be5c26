"""More time at a test for everybody at once, or for one centre

Revision 0041 after 0040, 2026-11-27.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lms.base import Instant

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    """Change the tables."""
    op.create_table(
        "test_extension",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("test_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("closes_at", Instant(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("given_by", sa.String(length=64), nullable=False),
        sa.Column("given_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name="fk_test_extension_organisation_id"),
        sa.ForeignKeyConstraint(["test_id"], ["test.id"], name="fk_test_extension_test_id"),
        sa.PrimaryKeyConstraint("id", name="pk_test_extension"),
    )
    for column in ("organisation_id", "test_id"):
        op.create_index(f"ix_test_extension_{column}", "test_extension", [column])

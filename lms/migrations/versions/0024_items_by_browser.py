"""Files of items sent in by the browser; drafts that wait for a review

Revision 0024 after 0023, 2026-11-26.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lms.base import Instant

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """Change the tables. Until now every draft waited for a review, so those that are there go on waiting."""
    op.create_table(
        "item_import",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("format", sa.String(length=16), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("report", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("done_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_item_import"),
    )
    op.create_index("ix_item_import_created_by_state", "item_import", ["created_by", "state"])
    op.execute("UPDATE item SET state = 'offered' WHERE state = 'draft'")
    op.execute("UPDATE item_version SET state = 'offered' WHERE state = 'draft'")

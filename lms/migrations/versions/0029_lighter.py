"""Recordings: when versions for weak lines were made

Revision 0029 after 0028, 2026-11-26.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lms.base import Instant

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    """Change the tables."""
    with op.batch_alter_table("recording") as batch:
        batch.add_column(sa.Column("lighter_at", Instant(), nullable=True))

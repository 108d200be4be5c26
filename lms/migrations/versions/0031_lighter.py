"""Recordings: when versions for weak lines were made

Revision 0031 after 0030, 2026-11-26.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lms.base import Instant

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    """Change the tables."""
    with op.batch_alter_table("recording") as batch:
        batch.add_column(sa.Column("lighter_at", Instant(), nullable=True))

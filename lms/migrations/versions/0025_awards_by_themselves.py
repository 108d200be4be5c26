"""Rules that award by themselves

Revision 0025 after 0024, 2026-11-26.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """Change the tables."""
    with op.batch_alter_table("award_rule") as table:
        table.add_column(sa.Column("by_itself", sa.Boolean(), nullable=False, server_default=sa.false()))

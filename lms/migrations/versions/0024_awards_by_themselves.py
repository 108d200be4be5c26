"""Rules that award by themselves

Revision 0024 after 0023, 2026-11-26.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """Change the tables."""
    with op.batch_alter_table("award_rule") as table:
        table.add_column(sa.Column("by_itself", sa.Boolean(), nullable=False, server_default=sa.false()))

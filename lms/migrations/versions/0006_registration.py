"""Registration: from where somebody attends, and how many sit in a room.

Revision 0006 after 0005, 2026-11-25.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Change the tables."""
    with op.batch_alter_table("registration") as table:
        table.add_column(sa.Column("attends", sa.String(32), nullable=False, server_default="online"))
        table.add_column(sa.Column("head_count", sa.Integer(), nullable=False, server_default="0"))

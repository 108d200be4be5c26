"""Notes of frames in Ukrainian

Revision 0040 after 0039, 2026-11-26.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"


def upgrade() -> None:
    """Change the tables."""
    with op.batch_alter_table("framework_version") as table:
        table.add_column(sa.Column("note_uk", sa.String(length=2000), nullable=False, server_default=""))

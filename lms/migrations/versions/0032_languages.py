"""Languages of interpretation, and who interprets into which

Revision 0032 after 0031, 2026-11-26.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    """Change the tables."""
    with op.batch_alter_table("occurrence", schema=None) as batch:
        batch.add_column(sa.Column("interpretation", sa.JSON(), nullable=False, server_default="[]"))
    with op.batch_alter_table("speaker", schema=None) as batch:
        batch.add_column(sa.Column("interprets", sa.String(length=12), nullable=False, server_default=""))

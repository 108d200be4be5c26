"""Calendars and mail

Revision 0005 after 0004, 2026-11-25.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Change the tables."""
    with op.batch_alter_table("invitation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("told_method", sa.String(length=16), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("told_facts", sa.JSON(none_as_null=True), nullable=True))
        batch_op.add_column(sa.Column("asked_sequence", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("of_speaker", sa.Boolean(), nullable=False, server_default=sa.false()))

"""Rules of award of courses

Revision 0020 after 0019, 2026-11-26.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Change the tables."""
    with op.batch_alter_table("award_rule") as table:
        table.add_column(sa.Column("course_id", sa.Integer(), nullable=True))
        table.create_foreign_key("fk_award_rule_course_id", "course", ["course_id"], ["id"])
        table.create_index("ix_award_rule_course_id", ["course_id"])

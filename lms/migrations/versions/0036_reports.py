"""Reports: the community that an organisation serves, and an index of what is counted

Revision 0036 after 0035, 2026-11-26.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    """Change the tables."""
    with op.batch_alter_table("organisation") as table:
        table.add_column(sa.Column("community", sa.String(length=120), server_default="", nullable=False))
        table.add_column(sa.Column("community_code", sa.String(length=32), server_default="", nullable=False))
    op.create_index(
        "ix_attendance_counted",
        "attendance",
        ["occurrence_id", "generation", "verdict", "person_id", "organisation_id", "subject"],
    )
    op.create_index("ix_enrolment_enrolled_at", "enrolment", ["enrolled_at"])
    op.create_index("ix_enrolment_completed_at", "enrolment", ["completed_at"])
    op.create_index("ix_attempt_finished_at", "attempt", ["finished_at"])
    op.create_index("ix_certificate_awarded_at", "certificate", ["awarded_at"])

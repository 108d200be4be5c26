"""Attendance

Revision 0007 after 0006, 2026-11-25.
"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Change the tables, give the network its first rule, and a sheet to what was held before there were sheets."""
    with op.batch_alter_table("attendance_rule", schema=None) as batch_op:
        batch_op.add_column(sa.Column("counts_unconfirmed", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("attendance_sheet", schema=None) as batch_op:
        batch_op.add_column(sa.Column("approved_generation", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("notes", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("windows", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.create_index(batch_op.f("ix_attendance_sheet_state"), ["state"], unique=False)
    op.bulk_insert(
        _RULE,
        [
            {
                "code": "default",
                "version": 1,
                "name_uk": "Присутність на заході",
                "name_en": "Presence at an occurrence",
                "min_share": 8500,
                "created_by": "system",
                "created_at": datetime(2026, 11, 25, tzinfo=UTC),
            }
        ],
    )
    empty = "'[]'::json" if op.get_bind().dialect.name == "postgresql" else "'[]'"
    op.execute(
        "INSERT INTO attendance_sheet (occurrence_id, rule_id, state, breaks, generation, stale, approved_by)"  # noqa: S608
        f" SELECT held.number, attendance_rule.id, 'open', {empty}, 0, true, '' FROM attendance_rule,"
        " (SELECT DISTINCT occurrence_id AS number FROM meeting WHERE occurrence_id IS NOT NULL) AS held"
    )


_RULE = sa.table(
    "attendance_rule",
    sa.column("code", sa.String),
    sa.column("version", sa.Integer),
    sa.column("name_uk", sa.String),
    sa.column("name_en", sa.String),
    sa.column("min_share", sa.Integer),
    sa.column("created_by", sa.String),
    sa.column("created_at", sa.DateTime(timezone=True)),
)

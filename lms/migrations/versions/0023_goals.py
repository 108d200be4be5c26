"""Goals of programmes

Revision 0023 after 0022, 2026-11-26.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lms.base import Instant

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Change the tables."""
    op.create_table(
        "goal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("title_en", sa.String(length=300), nullable=False),
        sa.Column("counting", sa.String(length=32), nullable=False),
        sa.Column("wanted", sa.BigInteger(), nullable=False),
        sa.Column("unit", sa.String(length=40), nullable=False),
        sa.Column("from_date", sa.Date(), nullable=False),
        sa.Column("to_date", sa.Date(), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name="fk_goal_programme_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_goal"),
    )
    op.create_index("ix_goal_programme_id", "goal", ["programme_id"])
    op.create_table(
        "goal_course",
        sa.Column("goal_id", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name="fk_goal_course_course_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["goal_id"], ["goal.id"], name="fk_goal_course_goal_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("goal_id", "course_id", name="pk_goal_course"),
    )
    op.create_index("ix_goal_course_course_id", "goal_course", ["course_id"])
    op.create_table(
        "goal_figure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("goal_id", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("estimated", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(length=500), nullable=False),
        sa.Column("entered_by", sa.String(length=64), nullable=False),
        sa.Column("entered_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["goal_id"], ["goal.id"], name="fk_goal_figure_goal_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_goal_figure"),
    )
    op.create_index("ix_goal_figure_goal_id", "goal_figure", ["goal_id"])

"""Courses done again, and essays that two people read

Revision 0033 after 0032, 2026-11-26.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lms.base import Instant

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    """Change the tables."""
    op.create_table(
        "course_round",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("began_at", Instant(), nullable=False),
        sa.Column("completed_at", Instant(), nullable=True),
        sa.Column("progress", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["enrolment.id"], name="fk_course_round_enrolment_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["version_id"], ["course_version.id"], name="fk_course_round_version_id"),
        sa.PrimaryKeyConstraint("id", name="pk_course_round"),
        sa.UniqueConstraint("enrolment_id", "number", name="uq_course_round_enrolment_id_number"),
    )
    op.create_index("ix_course_round_version_id", "course_round", ["version_id"])
    op.create_table(
        "essay_mark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("attempt_item_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("share", sa.String(length=64), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attempt_item_id"], ["attempt_item.id"], name="fk_essay_mark_attempt_item_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_essay_mark"),
        sa.UniqueConstraint("attempt_item_id", "number", name="uq_essay_mark_attempt_item_id_number"),
    )
    with op.batch_alter_table("enrolment") as table:
        table.add_column(sa.Column("again_at", Instant(), nullable=True))

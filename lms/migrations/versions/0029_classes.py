"""Classes: somebody teaches people in a library or a training centre, on computers that they share

Revision 0029 after 0028, 2026-11-26.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lms.base import Instant

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    """Change the tables."""
    op.create_table(
        "course_class",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("facilitator_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("room", sa.String(length=200), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name="fk_course_class_course_id"),
        sa.ForeignKeyConstraint(["facilitator_id"], ["person.id"], name="fk_course_class_facilitator_id"),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name="fk_course_class_organisation_id"),
        sa.PrimaryKeyConstraint("id", name="pk_course_class"),
    )
    op.create_index("ix_course_class_course_id", "course_class", ["course_id"])
    op.create_index("ix_course_class_facilitator_id", "course_class", ["facilitator_id"])
    op.create_index("ix_course_class_organisation_id", "course_class", ["organisation_id"])
    op.create_table(
        "class_member",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("class_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("added_at", Instant(), nullable=False),
        sa.Column("removed_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["class_id"], ["course_class.id"], name="fk_class_member_class_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_class_member_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_class_member"),
        sa.UniqueConstraint("class_id", "person_id", name="uq_class_member_class_id_person_id"),
    )
    op.create_index("ix_class_member_person_id", "class_member", ["person_id"])
    op.create_table(
        "class_sitting",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("class_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("lesson_key", sa.String(length=60), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["class_id"], ["course_class.id"], name="fk_class_sitting_class_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_class_sitting"),
        sa.UniqueConstraint("code", name="uq_class_sitting_code"),
    )
    op.create_index("ix_class_sitting_class_id", "class_sitting", ["class_id"])
    op.create_table(
        "class_seat",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sitting_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=True),
        sa.Column("taken_at", Instant(), nullable=True),
        sa.Column("left_at", Instant(), nullable=True),
        sa.Column("present", sa.Boolean(), nullable=True),
        sa.Column("marked_by", sa.String(length=64), nullable=False),
        sa.Column("marked_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["member_id"], ["class_member.id"], name="fk_class_seat_member_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["sitting_id"], ["class_sitting.id"], name="fk_class_seat_sitting_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_class_seat"),
        sa.UniqueConstraint("sitting_id", "member_id", name="uq_class_seat_sitting_id_member_id"),
        sa.UniqueConstraint("token_hash", name="uq_class_seat_token_hash"),
    )
    op.create_index("ix_class_seat_member_id", "class_seat", ["member_id"])

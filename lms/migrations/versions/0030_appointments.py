"""Consultation hours and appointments; occurrences that are private

Revision 0030 after 0029, 2026-11-26.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lms.base import Instant

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    """Change the tables."""
    op.create_table(
        "consultation_hours",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("expert_id", sa.Integer(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("about_en", sa.Text(), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("slot_minutes", sa.Integer(), nullable=False),
        sa.Column("pause_minutes", sa.Integer(), nullable=False),
        sa.Column("notice_minutes", sa.Integer(), nullable=False),
        sa.Column("change_minutes", sa.Integer(), nullable=False),
        sa.Column("most_each", sa.Integer(), nullable=False),
        sa.Column("horizon_days", sa.Integer(), nullable=False),
        sa.Column("audience", sa.String(length=32), nullable=False),
        sa.Column("organisation_kind", sa.String(length=32), nullable=True),
        sa.Column("course_id", sa.Integer(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name="fk_consultation_hours_course_id"),
        sa.ForeignKeyConstraint(["expert_id"], ["person.id"], name="fk_consultation_hours_expert_id"),
        sa.PrimaryKeyConstraint("id", name="pk_consultation_hours"),
        sa.UniqueConstraint("expert_id", name="uq_consultation_hours_expert_id"),
    )
    op.create_index("ix_consultation_hours_course_id", "consultation_hours", ["course_id"])
    op.create_table(
        "consultation_absence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("hours_id", sa.Integer(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("to_day", sa.Date(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["hours_id"], ["consultation_hours.id"], name="fk_consultation_absence_hours_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_consultation_absence"),
    )
    op.create_index("ix_consultation_absence_hours_id", "consultation_absence", ["hours_id"])
    op.create_table(
        "consultation_topic",
        sa.Column("hours_id", sa.Integer(), nullable=False),
        sa.Column("topic_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["hours_id"], ["consultation_hours.id"], name="fk_consultation_topic_hours_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["topic_id"], ["topic.id"], name="fk_consultation_topic_topic_id"),
        sa.PrimaryKeyConstraint("hours_id", "topic_id", name="pk_consultation_topic"),
    )
    op.create_index("ix_consultation_topic_topic_id", "consultation_topic", ["topic_id"])
    op.create_table(
        "consultation_window",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("hours_id", sa.Integer(), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=True),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("begins", sa.Integer(), nullable=False),
        sa.Column("ends", sa.Integer(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=True),
        sa.Column("to_day", sa.Date(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["hours_id"], ["consultation_hours.id"], name="fk_consultation_window_hours_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_consultation_window"),
    )
    op.create_index("ix_consultation_window_hours_id", "consultation_window", ["hours_id"])
    op.create_table(
        "appointment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("hours_id", sa.Integer(), nullable=False),
        sa.Column("expert_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("occurrence_id", sa.Integer(), nullable=False),
        sa.Column("topic_id", sa.Integer(), nullable=True),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("starts_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("state_by", sa.String(length=64), nullable=False),
        sa.Column("state_at", Instant(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_at", Instant(), nullable=True),
        sa.Column("booked_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["expert_id"], ["person.id"], name="fk_appointment_expert_id"),
        sa.ForeignKeyConstraint(["hours_id"], ["consultation_hours.id"], name="fk_appointment_hours_id"),
        sa.ForeignKeyConstraint(["occurrence_id"], ["occurrence.id"], name="fk_appointment_occurrence_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_appointment_person_id"),
        sa.ForeignKeyConstraint(["topic_id"], ["topic.id"], name="fk_appointment_topic_id"),
        sa.PrimaryKeyConstraint("id", name="pk_appointment"),
        sa.UniqueConstraint("occurrence_id", name="uq_appointment_occurrence_id"),
    )
    op.create_index("ix_appointment_expert_id_state_starts_at", "appointment", ["expert_id", "state", "starts_at"])
    op.create_index("ix_appointment_hours_id_state_starts_at", "appointment", ["hours_id", "state", "starts_at"])
    op.create_index("ix_appointment_person_id_state_starts_at", "appointment", ["person_id", "state", "starts_at"])
    op.add_column("occurrence", sa.Column("private", sa.Boolean(), server_default=sa.false(), nullable=False))

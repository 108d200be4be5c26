"""Tests and attempts at them

Revision 0019 after 0018, 2026-11-26.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lms.base import Instant

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Change the tables."""
    op.create_table(
        "test",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=160), nullable=False),
        sa.Column("title_uk", sa.String(length=300), nullable=False),
        sa.Column("title_en", sa.String(length=300), nullable=False),
        sa.Column("current_id", sa.Integer(), nullable=True),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_test"),
        sa.UniqueConstraint("code", name="uq_test_code"),
    )
    op.create_index("ix_test_current_id", "test", ["current_id"])
    op.create_table(
        "accommodation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("test_id", sa.Integer(), nullable=True),
        sa.Column("multiplier", sa.String(length=16), nullable=False),
        sa.Column("added_minutes", sa.Integer(), nullable=False),
        sa.Column("added_close_minutes", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("granted_by", sa.String(length=64), nullable=False),
        sa.Column("granted_at", Instant(), nullable=False),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_accommodation_person_id"),
        sa.ForeignKeyConstraint(["test_id"], ["test.id"], name="fk_accommodation_test_id"),
        sa.PrimaryKeyConstraint("id", name="pk_accommodation"),
    )
    op.create_index("ix_accommodation_person_id", "accommodation", ["person_id"])
    op.create_index("ix_accommodation_test_id", "accommodation", ["test_id"])
    op.create_table(
        "test_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("test_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("spec", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("published_by", sa.String(length=64), nullable=False),
        sa.Column("published_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["test_id"], ["test.id"], name="fk_test_version_test_id"),
        sa.PrimaryKeyConstraint("id", name="pk_test_version"),
        sa.UniqueConstraint("test_id", "number", name="uq_test_version_test_id_number"),
    )
    op.create_table(
        "attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("test_id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("context", sa.String(length=160), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("seed", sa.String(length=32), nullable=False),
        sa.Column("writer", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("deadline", Instant(), nullable=True),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.Column("late_too", sa.Boolean(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.Column("total", sa.String(length=64), nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("told_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_attempt_person_id"),
        sa.ForeignKeyConstraint(["test_id"], ["test.id"], name="fk_attempt_test_id"),
        sa.ForeignKeyConstraint(["version_id"], ["test_version.id"], name="fk_attempt_version_id"),
        sa.PrimaryKeyConstraint("id", name="pk_attempt"),
        sa.UniqueConstraint("code", name="uq_attempt_code"),
        sa.UniqueConstraint("test_id", "person_id", "number", name="uq_attempt_test_id_person_id_number"),
    )
    op.create_index("ix_attempt_person_id_state", "attempt", ["person_id", "state"])
    op.create_index("ix_attempt_state_deadline", "attempt", ["state", "deadline"])
    op.create_index("ix_attempt_state_told_at", "attempt", ["state", "told_at"])
    op.create_index("ix_attempt_version_id", "attempt", ["version_id"])
    op.create_table(
        "appeal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=True),
        sa.Column("answered_by", sa.String(length=64), nullable=False),
        sa.Column("answered_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name="fk_appeal_attempt_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_appeal"),
        sa.UniqueConstraint("attempt_id", name="uq_appeal_attempt_id"),
    )
    op.create_table(
        "attempt_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("data", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name="fk_attempt_event_attempt_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_attempt_event"),
    )
    op.create_index("ix_attempt_event_attempt_id", "attempt_event", ["attempt_id"])
    op.create_table(
        "attempt_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("item_version_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("area", sa.String(length=16), nullable=False),
        sa.Column("order", sa.JSON(), nullable=False),
        sa.Column("weight", sa.String(length=32), nullable=False),
        sa.Column("share", sa.String(length=64), nullable=True),
        sa.Column("response_id", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name="fk_attempt_item_attempt_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["item_version_id"], ["item_version.id"], name="fk_attempt_item_item_version_id"),
        sa.PrimaryKeyConstraint("id", name="pk_attempt_item"),
        sa.UniqueConstraint("attempt_id", "position", name="uq_attempt_item_attempt_id_position"),
    )
    op.create_index("ix_attempt_item_item_version_id", "attempt_item", ["item_version_id"])
    op.create_table(
        "regrade",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column("before", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("after", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name="fk_regrade_attempt_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_regrade"),
    )
    op.create_index("ix_regrade_attempt_id", "regrade", ["attempt_id"])
    op.create_table(
        "response",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("attempt_item_id", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("writer", sa.String(length=32), nullable=False),
        sa.Column("data", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("saved_at", Instant(), nullable=False),
        sa.Column("lateness", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["attempt_item_id"], ["attempt_item.id"], name="fk_response_attempt_item_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_response"),
        sa.UniqueConstraint(
            "attempt_item_id", "sequence", "writer", name="uq_response_attempt_item_id_sequence_writer"
        ),
    )

"""Certificates in bulk

Revision 0027 after 0026, 2026-11-26.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lms.base import Instant

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    """Change the tables."""
    op.create_table(
        "certificate_batch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("rule_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_certificate_batch_person_id"),
        sa.ForeignKeyConstraint(["rule_id"], ["award_rule.id"], name="fk_certificate_batch_rule_id"),
        sa.PrimaryKeyConstraint("id", name="pk_certificate_batch"),
        sa.UniqueConstraint("code", name="uq_certificate_batch_code"),
    )
    op.create_index("ix_certificate_batch_finished_at", "certificate_batch", ["finished_at"])
    op.create_index("ix_certificate_batch_person_id", "certificate_batch", ["person_id"])
    op.create_index("ix_certificate_batch_rule_id", "certificate_batch", ["rule_id"])
    op.create_table(
        "certificate_batch_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("note", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["certificate_batch.id"], name="fk_certificate_batch_line_batch_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_certificate_batch_line"),
        sa.UniqueConstraint("batch_id", "subject", name="uq_certificate_batch_line_batch_id_subject"),
    )
    op.create_index("ix_certificate_batch_line_batch_id_state", "certificate_batch_line", ["batch_id", "state"])

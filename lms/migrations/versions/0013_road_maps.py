"""Road maps: steps of centres, and everything that happened to them

Revision 0013 after 0012, 2026-11-26.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lms.base import Instant

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Change the tables."""
    op.create_table(
        "roadmap",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("occurrence_id", sa.Integer(), nullable=True),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("follow_up_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["occurrence_id"], ["occurrence.id"], name="fk_roadmap_occurrence_id_occurrence", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name="fk_roadmap_organisation_id_organisation"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_roadmap"),
    )
    for column in ("organisation_id", "occurrence_id", "follow_up_on"):
        op.create_index(f"ix_roadmap_{column}", "roadmap", [column])
    op.create_table(
        "roadmap_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("roadmap_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("owner_name", sa.String(length=200), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("note", sa.String(length=1000), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["person.id"], name="fk_roadmap_step_owner_id_person"),
        sa.ForeignKeyConstraint(
            ["roadmap_id"], ["roadmap.id"], name="fk_roadmap_step_roadmap_id_roadmap", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_roadmap_step"),
    )
    for column in ("roadmap_id", "owner_id"):
        op.create_index(f"ix_roadmap_step_{column}", "roadmap_step", [column])
    op.create_index("ix_roadmap_step_due_on_state", "roadmap_step", ["due_on", "state"])
    op.create_table(
        "roadmap_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("roadmap_id", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("step", sa.String(length=500), nullable=False),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.Column("after", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(
            ["roadmap_id"], ["roadmap.id"], name="fk_roadmap_change_roadmap_id_roadmap", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_roadmap_change"),
    )
    op.create_index("ix_roadmap_change_roadmap_id_at", "roadmap_change", ["roadmap_id", "at"])

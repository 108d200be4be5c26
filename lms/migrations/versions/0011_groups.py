"""Group work: groups of an occurrence and who belongs to them

Revision 0011 after 0010, 2026-11-26.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lms.base import Instant

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Change the tables."""
    op.create_table(
        "group_work",
        sa.Column("occurrence_id", sa.Integer(), nullable=False),
        sa.Column("choose", sa.Boolean(), nullable=False),
        sa.Column("seed", sa.String(length=40), nullable=False),
        sa.Column("opened_at", Instant(), nullable=True),
        sa.Column("closes_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["occurrence_id"], ["occurrence.id"], name="fk_group_work_occurrence_id_occurrence", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("occurrence_id", name="pk_group_work"),
    )
    op.create_table(
        "work_group",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("occurrence_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("task", sa.String(length=1000), nullable=False),
        sa.ForeignKeyConstraint(
            ["occurrence_id"], ["occurrence.id"], name="fk_work_group_occurrence_id_occurrence", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_work_group"),
        sa.UniqueConstraint("occurrence_id", "number", name="uq_work_group_occurrence_id_number"),
    )
    op.create_table(
        "work_group_member",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("occurrence_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("guest_link_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["group_id"], ["work_group.id"], name="fk_work_group_member_group_id_work_group", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["guest_link_id"],
            ["guest_link.id"],
            name="fk_work_group_member_guest_link_id_guest_link",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["occurrence_id"],
            ["occurrence.id"],
            name="fk_work_group_member_occurrence_id_occurrence",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name="fk_work_group_member_organisation_id_organisation"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_work_group_member_person_id_person"),
        sa.PrimaryKeyConstraint("id", name="pk_work_group_member"),
        sa.UniqueConstraint("occurrence_id", "guest_link_id", name="uq_work_group_member_occurrence_id_guest_link_id"),
        sa.UniqueConstraint(
            "occurrence_id", "organisation_id", name="uq_work_group_member_occurrence_id_organisation_id"
        ),
        sa.UniqueConstraint("occurrence_id", "person_id", name="uq_work_group_member_occurrence_id_person_id"),
    )
    for column in ("group_id", "person_id", "organisation_id", "guest_link_id"):
        op.create_index(f"ix_work_group_member_{column}", "work_group_member", [column])

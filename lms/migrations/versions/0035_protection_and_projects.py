"""What shields the people of an occurrence, and tags of projects

Revision 0035 after 0034, 2026-11-26.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lms.base import Instant

revision = "0035"
down_revision = "0034"

TAGGED = ("award_rule", "course", "occurrence", "programme", "series")


def upgrade() -> None:
    """Change the tables."""
    _protection()
    _projects()
    with op.batch_alter_table("organisation") as table:
        table.add_column(sa.Column("protected", sa.Boolean(), server_default=sa.false(), nullable=False))
    for name in TAGGED:
        with op.batch_alter_table(name) as table:
            table.add_column(sa.Column("project_id", sa.Integer(), nullable=True))
            table.create_foreign_key(f"fk_{name}_project_id", "project", ["project_id"], ["id"])
            table.create_index(f"ix_{name}_project_id", ["project_id"])


def _protection() -> None:
    op.create_table(
        "protection_rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("occurrence_id", sa.Integer(), nullable=True),
        sa.Column("series_id", sa.Integer(), nullable=True),
        sa.Column("programme_id", sa.Integer(), nullable=True),
        sa.Column("hide_names", sa.Boolean(), nullable=False),
        sa.Column("pseudonyms", sa.Boolean(), nullable=False),
        sa.Column("keeping", sa.String(length=32), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["occurrence_id"], ["occurrence.id"], name="fk_protection_rule_occurrence_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["programme_id"], ["programme.id"], name="fk_protection_rule_programme_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name="fk_protection_rule_series_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_protection_rule"),
        sa.UniqueConstraint("occurrence_id", name="uq_protection_rule_occurrence_id"),
        sa.UniqueConstraint("programme_id", name="uq_protection_rule_programme_id"),
        sa.UniqueConstraint("series_id", name="uq_protection_rule_series_id"),
    )
    op.create_table(
        "pseudonym",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("occurrence_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(
            ["occurrence_id"], ["occurrence.id"], name="fk_pseudonym_occurrence_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name="fk_pseudonym_organisation_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_pseudonym_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_pseudonym"),
        sa.UniqueConstraint("occurrence_id", "organisation_id", name="uq_pseudonym_occurrence_id_organisation_id"),
        sa.UniqueConstraint("occurrence_id", "person_id", name="uq_pseudonym_occurrence_id_person_id"),
    )
    op.create_index("ix_pseudonym_organisation_id", "pseudonym", ["organisation_id"])
    op.create_index("ix_pseudonym_person_id", "pseudonym", ["person_id"])


def _projects() -> None:
    op.create_table(
        "project",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("name_en", sa.String(length=300), nullable=False),
        sa.Column("number", sa.String(length=80), nullable=False),
        sa.Column("statement", sa.String(length=300), nullable=False),
        sa.Column("statement_en", sa.String(length=300), nullable=False),
        sa.Column("logo", sa.String(length=64), nullable=False),
        sa.Column("logo_alt", sa.String(length=300), nullable=False),
        sa.Column("logo_alt_en", sa.String(length=300), nullable=False),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["organisation.id"], name="fk_project_owner_id"),
        sa.PrimaryKeyConstraint("id", name="pk_project"),
        sa.UniqueConstraint("slug", name="uq_project_slug"),
    )
    op.create_index("ix_project_owner_id", "project", ["owner_id"])
    op.create_table(
        "project_funder",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name="fk_project_funder_organisation_id"),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name="fk_project_funder_project_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_project_funder"),
        sa.UniqueConstraint("project_id", "organisation_id", name="uq_project_funder_project_id_organisation_id"),
    )
    op.create_index("ix_project_funder_organisation_id", "project_funder", ["organisation_id"])

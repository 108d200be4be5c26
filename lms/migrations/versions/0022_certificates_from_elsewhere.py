"""Certificates from elsewhere, declared by people

Revision 0022 after 0021, 2026-11-26.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lms.base import Instant

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Change the tables."""
    op.create_table(
        "external_certificate",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("issuer", sa.String(length=300), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("file_digest", sa.String(length=64), nullable=False),
        sa.Column("file_name", sa.String(length=160), nullable=False),
        sa.Column("areas", sa.JSON(), nullable=False),
        sa.Column("found", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("seen_by", sa.String(length=64), nullable=False),
        sa.Column("seen_at", Instant(), nullable=True),
        sa.Column("seen_note", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("removed_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_external_certificate_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_external_certificate"),
        sa.UniqueConstraint("code", name="uq_external_certificate_code"),
    )
    op.create_index("ix_external_certificate_person_id", "external_certificate", ["person_id"])

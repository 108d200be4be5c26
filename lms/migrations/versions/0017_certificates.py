"""Certificates: rules of award, what was issued in editions, status lists, the issuer's keys

Revision 0017 after 0016, 2026-11-26.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lms.base import Instant

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Change the tables."""
    op.create_table(
        "issuer_key",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("issuer", sa.String(length=300), nullable=False),
        sa.Column("method", sa.String(length=400), nullable=False),
        sa.Column("public", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("ended", sa.String(length=32), nullable=True),
        sa.Column("compromised_since", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_issuer_key"),
        sa.UniqueConstraint("method", name="uq_issuer_key_method"),
    )
    op.create_index("ix_issuer_key_issuer", "issuer_key", ["issuer"])
    op.create_table(
        "status_list",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("issuer", sa.String(length=300), nullable=False),
        sa.Column("bits", sa.LargeBinary(), nullable=False),
        sa.Column("taken", sa.LargeBinary(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("credential", sa.Text(), nullable=False),
        sa.Column("signed_at", Instant(), nullable=False),
        sa.Column("full", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_status_list"),
    )
    op.create_table(
        "award_rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("series_id", sa.Integer(), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("name_en", sa.String(length=300), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("description_en", sa.Text(), nullable=False),
        sa.Column("criteria", sa.Text(), nullable=False),
        sa.Column("criteria_en", sa.Text(), nullable=False),
        sa.Column("achievement_kind", sa.String(length=64), nullable=False),
        sa.Column("hours", sa.String(length=10), nullable=False),
        sa.Column("credits", sa.String(length=10), nullable=False),
        sa.Column("min_share", sa.Integer(), nullable=True),
        sa.Column("valid_months", sa.Integer(), nullable=True),
        sa.Column("signatory", sa.String(length=200), nullable=False),
        sa.Column("signatory_position", sa.String(length=300), nullable=False),
        sa.Column("signatory_position_en", sa.String(length=300), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("retired_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name="fk_award_rule_organisation_id"),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name="fk_award_rule_series_id"),
        sa.PrimaryKeyConstraint("id", name="pk_award_rule"),
        sa.UniqueConstraint("code", "version", name="uq_award_rule_code_version"),
    )
    op.create_index("ix_award_rule_organisation_id", "award_rule", ["organisation_id"])
    op.create_index("ix_award_rule_series_id", "award_rule", ["series_id"])
    op.create_table(
        "certificate",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("rule_id", sa.Integer(), nullable=True),
        sa.Column("series_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("awarded_at", Instant(), nullable=False),
        sa.Column("valid_until", Instant(), nullable=True),
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("list_index", sa.Integer(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("issued_by", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.Column("revoked_by", sa.String(length=64), nullable=False),
        sa.Column("revoked_because", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(["list_id"], ["status_list.id"], name="fk_certificate_list_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_certificate_person_id"),
        sa.ForeignKeyConstraint(["rule_id"], ["award_rule.id"], name="fk_certificate_rule_id"),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name="fk_certificate_series_id"),
        sa.PrimaryKeyConstraint("id", name="pk_certificate"),
        sa.UniqueConstraint("list_id", "list_index", name="uq_certificate_list_id_list_index"),
        sa.UniqueConstraint("number", name="uq_certificate_number"),
    )
    op.create_index("ix_certificate_person_id", "certificate", ["person_id"])
    op.create_index("ix_certificate_rule_id", "certificate", ["rule_id"])
    op.create_index("ix_certificate_rule_id_person_id", "certificate", ["rule_id", "person_id"])
    op.create_index("ix_certificate_series_id", "certificate", ["series_id"])
    op.create_index("ix_certificate_valid_until", "certificate", ["valid_until"])
    op.create_table(
        "certificate_edition",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("certificate_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("snapshot", sa.JSON(), nullable=False),
        sa.Column("credential", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("issued_at", Instant(), nullable=False),
        sa.Column("issued_by", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["certificate_id"], ["certificate.id"], name="fk_certificate_edition_certificate_id"),
        sa.PrimaryKeyConstraint("id", name="pk_certificate_edition"),
        sa.UniqueConstraint("certificate_id", "number", name="uq_certificate_edition_certificate_id_number"),
    )

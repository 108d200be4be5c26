"""What came of sealing the documents of certificates

Revision 0038 after 0037, 2026-11-26.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lms.base import Instant

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    """Change the tables."""
    op.create_table(
        "certificate_seal",
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("certificate_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("sealed_at", Instant(), nullable=True),
        sa.Column("signer", sa.String(length=300), nullable=False),
        sa.Column("signer_digest", sa.String(length=64), nullable=False),
        sa.Column("stamped", sa.Boolean(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("tried_at", Instant(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("says", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(
            ["certificate_id"], ["certificate.id"], name=op.f("fk_certificate_seal_certificate_id")
        ),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["certificate_edition.id"], name=op.f("fk_certificate_seal_edition_id")
        ),
        sa.PrimaryKeyConstraint("edition_id", name=op.f("pk_certificate_seal")),
    )
    for column in ("certificate_id", "code", "signer_digest"):
        op.create_index(op.f(f"ix_certificate_seal_{column}"), "certificate_seal", [column], unique=False)

"""Results of tests: rulings on items, words on essays, who looks after a test, answers about oneself

Revision 0028 after 0027, 2026-11-26.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lms.base import Instant

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    """Change the tables."""
    op.create_table(
        "item_ruling",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("item_version_id", sa.Integer(), nullable=False),
        sa.Column("how", sa.String(length=16), nullable=False),
        sa.Column("key_version_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("done_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["item_version_id"], ["item_version.id"], name="fk_item_ruling_item_version_id"),
        sa.ForeignKeyConstraint(["key_version_id"], ["item_version.id"], name="fk_item_ruling_key_version_id"),
        sa.PrimaryKeyConstraint("id", name="pk_item_ruling"),
    )
    op.create_index("ix_item_ruling_item_version_id", "item_ruling", ["item_version_id"])
    op.create_index("ix_item_ruling_done_at", "item_ruling", ["done_at"])
    op.create_table(
        "background_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("age_band", sa.String(length=16), nullable=False),
        sa.Column("sex", sa.String(length=16), nullable=False),
        sa.Column("settlement", sa.String(length=16), nullable=False),
        sa.Column("consent", sa.String(length=16), nullable=False),
        sa.Column("consented_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_background_answer_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_background_answer"),
    )
    op.create_index("ix_background_answer_person_id", "background_answer", ["person_id"])
    with op.batch_alter_table("test") as table:
        table.add_column(sa.Column("organisation_id", sa.Integer(), nullable=True))
        table.add_column(sa.Column("audience", sa.String(length=200), server_default="", nullable=False))
        table.create_foreign_key("fk_test_organisation_id", "organisation", ["organisation_id"], ["id"])
        table.create_index("ix_test_organisation_id", ["organisation_id"])
    with op.batch_alter_table("attempt") as table:
        table.add_column(sa.Column("seen_at", Instant(), nullable=True))
    with op.batch_alter_table("attempt_item") as table:
        table.add_column(sa.Column("ruling_id", sa.Integer(), nullable=True))
        table.add_column(sa.Column("comment", sa.Text(), server_default="", nullable=False))
        table.add_column(sa.Column("marked_by", sa.String(length=64), server_default="", nullable=False))
        table.add_column(sa.Column("marked_at", Instant(), nullable=True))
        table.create_foreign_key("fk_attempt_item_ruling_id", "item_ruling", ["ruling_id"], ["id"])
    # A lesson's test is named after its course: it belongs to whom the course belongs to.
    op.execute(
        "UPDATE test SET organisation_id = (SELECT course.organisation_id FROM course "
        "WHERE test.code LIKE course.slug || '/%')"
    )

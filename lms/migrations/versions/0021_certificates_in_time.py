"""Rules of award with a test and a funder, and certificates whose holders are reminded

Revision 0021 after 0020, 2026-11-26.
"""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from alembic import op

from lms.base import Instant

revision = "0021"
down_revision = "0020"

_REMIND = timedelta(days=30)


def upgrade() -> None:
    """Change the tables. Who holds a certificate with an end is reminded of it from now on."""
    with op.batch_alter_table("award_rule") as table:
        table.add_column(sa.Column("test_id", sa.Integer(), nullable=True))
        table.add_column(sa.Column("remind_days", sa.Integer(), nullable=True))
        table.add_column(sa.Column("funder", sa.String(length=300), nullable=False, server_default=""))
        table.add_column(sa.Column("funder_en", sa.String(length=300), nullable=False, server_default=""))
        table.create_foreign_key("fk_award_rule_test_id", "test", ["test_id"], ["id"])
        table.create_index("ix_award_rule_test_id", ["test_id"])
    with op.batch_alter_table("certificate") as table:
        table.add_column(sa.Column("earned_at", Instant(), nullable=True))
        table.add_column(sa.Column("remind_at", Instant(), nullable=True))
        table.create_index("ix_certificate_remind_at", ["remind_at"])
    held = sa.table(
        "certificate", sa.column("id", sa.Integer), sa.column("valid_until", Instant), sa.column("remind_at", Instant)
    )
    connection = op.get_bind()
    for number, until in connection.execute(
        sa.select(held.c.id, held.c.valid_until).where(held.c.valid_until.is_not(None))
    ).all():
        connection.execute(sa.update(held).where(held.c.id == number).values(remind_at=until - _REMIND))

"""What a reader gave for an essay, beside what it counts after a ruling

Revision 0042 after 0041, 2026-11-27.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"

_ITEMS = sa.table(
    "attempt_item",
    sa.column("id", sa.Integer),
    sa.column("attempt_id", sa.Integer),
    sa.column("position", sa.Integer),
    sa.column("share", sa.String),
    sa.column("read_share", sa.String),
    sa.column("ruling_id", sa.Integer),
    sa.column("marked_at", sa.String),
)
_REGRADES = sa.table(
    "regrade", sa.column("id", sa.Integer), sa.column("attempt_id", sa.Integer), sa.column("before", sa.JSON)
)


def upgrade() -> None:
    """Change the tables. Of essays that were ruled on, what was given stands in the history before the first ruling."""
    with op.batch_alter_table("attempt_item") as table:
        table.add_column(sa.Column("read_share", sa.String(length=64), nullable=True))
    bind, items = op.get_bind(), _ITEMS.c
    read = items.marked_at.is_not(None)
    bind.execute(sa.update(_ITEMS).where(read, items.ruling_id.is_(None)).values(read_share=items.share))
    ruled = sa.select(items.id, items.attempt_id, items.position).where(read, items.ruling_id.is_not(None))
    for number, attempt, position in bind.execute(ruled).all():
        history = sa.select(_REGRADES.c.before).where(_REGRADES.c.attempt_id == attempt).order_by(_REGRADES.c.id)
        given = [before["shares"].get(str(position)) for (before,) in bind.execute(history).all()]
        share = next((each for each in given if each is not None), None)
        bind.execute(sa.update(_ITEMS).where(items.id == number).values(read_share=share))

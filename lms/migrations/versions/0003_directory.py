"""Directory

Revision 0003 after 0002, 2026-11-25.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

CAPABILITIES = (
    ("passport_workstation", "Робоча станція для оформлення паспортів", "Passport workstation"),
    ("mobile_case", "Мобільний кейс", "Mobile case"),
    ("mobile_office", "Мобільний офіс", "Mobile office"),
    ("video_endpoint", "Обладнання для відеозв’язку", "Video equipment"),
    ("remote_workplaces", "Віддалені робочі місця", "Remote workplaces"),
    ("sign_language", "Переклад жестовою мовою", "Sign-language interpreting"),
    ("training_room", "Зала для навчання", "Training room"),
)


def upgrade() -> None:
    """Pairs that are no duplicates; the kinds of capability that every network knows."""
    op.create_table(
        "told_apart",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("lower_id", sa.Integer(), nullable=False),
        sa.Column("higher_id", sa.Integer(), nullable=False),
        sa.Column("said_by", sa.String(length=64), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_told_apart")),
        sa.UniqueConstraint("kind", "lower_id", "higher_id", name=op.f("uq_told_apart_kind_lower_id_higher_id")),
    )
    kinds = sa.table(
        "capability_kind",
        sa.column("code", sa.String),
        sa.column("name_uk", sa.String),
        sa.column("name_en", sa.String),
        sa.column("position", sa.Integer),
    )
    op.bulk_insert(
        kinds,
        [
            {"code": code, "name_uk": uk, "name_en": en, "position": place}
            for place, (code, uk, en) in enumerate(CAPABILITIES)
        ],
    )

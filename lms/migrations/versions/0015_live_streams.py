"""Live streams: their targets, which occurrences go there, and how they fared

Revision 0015 after 0014, 2026-11-26.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lms.base import Instant

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Change the tables."""
    for table in ("occurrence", "series"):
        with op.batch_alter_table(table, schema=None) as batch:
            batch.add_column(sa.Column("streaming", sa.String(length=32), nullable=False, server_default="allowed"))
    with op.batch_alter_table("recording", schema=None) as batch:
        batch.add_column(sa.Column("instant", sa.Boolean(), nullable=False, server_default=sa.false()))
    _make_targets()
    _make_runs()


def _make_targets() -> None:
    op.create_table(
        "stream_target",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("server", sa.String(length=500), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("key_set_at", Instant(), nullable=False),
        sa.Column("page", sa.String(length=500), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("programme_id", sa.Integer(), nullable=True),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["organisation.id"], name="fk_stream_target_owner_id"),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name="fk_stream_target_programme_id"),
        sa.PrimaryKeyConstraint("id", name="pk_stream_target"),
    )
    for column in ("owner_id", "programme_id"):
        op.create_index(f"ix_stream_target_{column}", "stream_target", [column])
    op.create_table(
        "stream_choice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("occurrence_id", sa.Integer(), nullable=True),
        sa.Column("series_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["occurrence_id"], ["occurrence.id"], name="fk_stream_choice_occurrence_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name="fk_stream_choice_series_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_stream_choice"),
        sa.UniqueConstraint("occurrence_id", name="uq_stream_choice_occurrence_id"),
        sa.UniqueConstraint("series_id", name="uq_stream_choice_series_id"),
    )
    op.create_table(
        "stream_chosen_target",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("choice_id", sa.Integer(), nullable=False),
        sa.Column("target_id", sa.Integer(), nullable=False),
        sa.Column("post", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(
            ["choice_id"], ["stream_choice.id"], name="fk_stream_chosen_target_choice_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["target_id"], ["stream_target.id"], name="fk_stream_chosen_target_target_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_stream_chosen_target"),
        sa.UniqueConstraint("choice_id", "target_id", name="uq_stream_chosen_target_choice_id_target_id"),
    )
    op.create_index("ix_stream_chosen_target_target_id", "stream_chosen_target", ["target_id"])


def _make_runs() -> None:
    op.create_table(
        "stream_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("meeting", sa.String(length=64), nullable=False),
        sa.Column("occurrence_id", sa.Integer(), nullable=True),
        sa.Column("began_at", Instant(), nullable=False),
        sa.Column("live_at", Instant(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("stopped_at", Instant(), nullable=True),
        sa.Column("begun_by", sa.String(length=120), nullable=False),
        sa.Column("ended_by", sa.String(length=120), nullable=False),
        sa.Column("heard_at", Instant(), nullable=False),
        sa.Column("settled_at", Instant(), nullable=True),
        sa.Column("most_viewers", sa.Integer(), nullable=False),
        sa.Column("views", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["occurrence_id"], ["occurrence.id"], name="fk_stream_run_occurrence_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_stream_run"),
        sa.UniqueConstraint("code", name="uq_stream_run_code"),
    )
    for column in ("meeting", "occurrence_id", "settled_at"):
        op.create_index(f"ix_stream_run_{column}", "stream_run", [column])
    op.create_table(
        "stream_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("target", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("problem", sa.String(length=16), nullable=False),
        sa.Column("detail", sa.String(length=200), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["stream_run.id"], name="fk_stream_line_run_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_stream_line"),
    )
    op.create_index("ix_stream_line_run_id_target", "stream_line", ["run_id", "target"])

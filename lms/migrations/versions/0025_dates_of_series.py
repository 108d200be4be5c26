"""Dates of a series are found in their order

Revision 0025 after 0024, 2026-11-26.
"""

from __future__ import annotations

from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """Change the tables."""
    op.create_index("ix_occurrence_series_id_starts_at", "occurrence", ["series_id", "starts_at"])

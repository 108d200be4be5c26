"""Dates of a series are found in their order

Revision 0026 after 0025, 2026-11-26.
"""

from __future__ import annotations

from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    """Change the tables."""
    op.create_index("ix_occurrence_series_id_starts_at", "occurrence", ["series_id", "starts_at"])

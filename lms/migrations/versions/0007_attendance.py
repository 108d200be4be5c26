"""Attendance

Revision 0007 after 0006, 2026-11-25.
"""

from __future__ import annotations

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Change the tables."""

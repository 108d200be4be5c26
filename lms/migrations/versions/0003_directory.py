"""Directory

Revision 0003 after 0002, 2026-11-25.
"""

from __future__ import annotations

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Change the tables."""

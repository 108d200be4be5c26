"""Planning

Revision 0004 after 0003, 2026-11-25.
"""

from __future__ import annotations

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Change the tables."""

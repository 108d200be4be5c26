"""Registration

Revision 0006 after 0005, 2026-11-25.
"""

from __future__ import annotations

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Change the tables."""

"""Calendars and mail

Revision 0005 after 0004, 2026-11-25.
"""

from __future__ import annotations

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Change the tables."""

"""Answers of calendars that came in, without the words of what was planned

Their subject and text tell it over again, also where it is between two people. Revision 0037 after 0036, 2026-11-26.
"""

from __future__ import annotations

from alembic import op

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    """Change the rows."""
    op.execute("UPDATE inbound_message SET subject = '' WHERE kind = 'calendar_reply'")
    op.execute("UPDATE inbound_message SET raw = NULL WHERE kind = 'calendar_reply' AND state = 'outdated'")

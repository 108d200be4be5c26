"""Found quickly: indexes for what start pages and the log of changes ask

Revision 0008 after 0007, 2026-11-26.
"""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Change the tables."""
    op.create_index("ix_invitation_speaker_id", "invitation", ["speaker_id"])
    op.create_index("ix_audit_entry_actor", "audit_entry", ["actor"])
    op.create_index("ix_audit_entry_action", "audit_entry", ["action"])
    op.create_index("ix_audit_entry_at", "audit_entry", ["at"])

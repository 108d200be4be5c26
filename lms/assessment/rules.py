"""Who may do what with the bank: pure."""

from __future__ import annotations

from lms.directory.models import RoleName
from lms.directory.rules import Grant, Visitor


def may_write(visitor: Visitor) -> bool:
    """Trainers and organisers of the network write items."""
    return visitor.organises_everything or Grant(RoleName.TRAINER) in visitor.grants


def may_review(visitor: Visitor) -> bool:
    """Reviewers of items, and administrators; never of what they wrote themselves."""
    return visitor.is_administrator or Grant(RoleName.ITEM_REVIEWER) in visitor.grants


def may_read(visitor: Visitor) -> bool:
    """Whoever writes or reviews, and auditors. The bank holds the answers: it is shown to nobody else."""
    return may_write(visitor) or may_review(visitor) or visitor.audits

"""Who may do what with the bank: pure."""

from __future__ import annotations

from lms.directory.models import RoleName, Scope
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


def trained_organisations(visitor: Visitor) -> frozenset[int]:
    """Organisations whose tests the visitor looks after, as their organiser or trainer."""
    return visitor.organised_organisations | frozenset(
        grant.scope_id
        for grant in visitor.grants
        if grant.role is RoleName.TRAINER and grant.scope is Scope.ORGANISATION and grant.scope_id is not None
    )


def may_keep(visitor: Visitor, organisation_id: int | None) -> bool:
    """Whether the visitor sees a test's results with names, and puts them right: its trainers and organisers."""
    return may_write(visitor) or organisation_id in trained_organisations(visitor)


def keeps_tests(visitor: Visitor) -> bool:
    """Whether the visitor looks after any test at all."""
    return may_write(visitor) or bool(trained_organisations(visitor))

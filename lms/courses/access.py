"""Who may edit courses, and who may learn them."""

from __future__ import annotations

from sqlalchemy import ColumnElement, false, or_, true

from lms.courses.models import Course
from lms.directory.models import RoleName, Scope
from lms.directory.rules import Grant, Visitor


def teaches_everything(visitor: Visitor) -> bool:
    """Trainers and organisers of the whole network."""
    return visitor.organises_everything or Grant(RoleName.TRAINER) in visitor.grants


def taught_organisations(visitor: Visitor) -> frozenset[int]:
    """Organisations on whose behalf the visitor teaches."""
    trained = {
        grant.scope_id
        for grant in visitor.grants
        if grant.role is RoleName.TRAINER and grant.scope is Scope.ORGANISATION and grant.scope_id is not None
    }
    return visitor.organised_organisations | trained


def teaches(visitor: Visitor) -> bool:
    """Whether the visitor may make a course at all."""
    return teaches_everything(visitor) or bool(taught_organisations(visitor))


def may_edit(visitor: Visitor, organisation_id: int | None) -> bool:
    """Whether the visitor edits the courses of an organisation; those of none are the network's."""
    return teaches_everything(visitor) or organisation_id in taught_organisations(visitor)


def edited_by(visitor: Visitor) -> ColumnElement[bool]:
    """The same as a condition."""
    if teaches_everything(visitor):
        return true()
    homes = taught_organisations(visitor)
    return Course.organisation_id.in_(homes) if homes else false()


def visible_to(visitor: Visitor, published: ColumnElement[bool]) -> ColumnElement[bool]:
    """Published courses are for everybody, drafts and archived ones for who edits them."""
    return or_(published & Course.archived_at.is_(None), edited_by(visitor))

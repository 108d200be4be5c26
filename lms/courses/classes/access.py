"""Who holds classes, and who sees them."""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists, false, select, true
from sqlalchemy.orm import Session

from lms.courses.access import taught_organisations, teaches_everything
from lms.courses.classes.models import ClassMember, CourseClass
from lms.directory.models import Account
from lms.directory.rules import Visitor
from lms.errors import NotAllowed, NotFound


def has_account() -> ColumnElement[bool]:
    """SQL, over members: whether they have an account, and so no seat without a password. One that was shut counts."""
    return exists().where(Account.person_id == ClassMember.person_id)


def holds_classes(visitor: Visitor) -> bool:
    """Trainers, organisers, and leads of an organisation, who teach on its behalf."""
    return visitor.person_id is not None and (teaches_everything(visitor) or bool(homes(visitor)))


def homes(visitor: Visitor) -> frozenset[int]:
    """Organisations at which the visitor may hold a class; trainers of the network may anywhere."""
    return taught_organisations(visitor) | visitor.led_organisations


def held_by(visitor: Visitor) -> ColumnElement[bool]:
    """A facilitator sees her own classes and nobody else's; organisers of the network see to all."""
    if visitor.organises_everything:
        return true()
    return CourseClass.facilitator_id == visitor.person_id if holds_classes(visitor) else false()


def expect_holder(visitor: Visitor) -> int:
    """The visitor's person. Raises `NotAllowed` (class_not_yours)."""
    if visitor.person_id is None or not holds_classes(visitor):
        raise NotAllowed("class_not_yours", "Classes are held by trainers, organisers, and leads of organisations.")
    return visitor.person_id


def held(session: Session, visitor: Visitor, class_id: int, *, locked: bool = False) -> CourseClass:
    """A class of the visitor's. Raises `NotFound`, `NotAllowed`."""
    expect_holder(visitor)
    query = select(CourseClass).where(CourseClass.id == class_id, held_by(visitor))
    found = session.scalar(query.with_for_update() if locked else query)
    if found is None:
        raise NotFound("class_unknown", "There is no such class of yours.")
    return found

"""Putting together what was entered twice: one entry stays, everything that points to the other moves to it.

References are found in the tables themselves: every foreign key to the entry, every text that holds its identity
(`person:12`). Where both entries have a row that may exist once (both are registered for one occurrence), one of the
two rows stays: the one in the better state (a confirmed seat goes before a place in the waiting list), then the one of
the entry that stays; the other is deleted and stands in the log. What such a row points from is moved first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Column, String, Table, UniqueConstraint, delete, select, update
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.base import Base, Word
from lms.database import lock
from lms.directory.models import Affiliation, Membership, Organisation, OrganisationStatus, Person, RoleGrant, Scope
from lms.directory.queries import require_administrator
from lms.directory.register_models import Capability, Duplicable, Subscription, SubscriptionKind, ToldApart
from lms.directory.rules import Visitor
from lms.errors import Conflict

BETTER_FIRST = (
    "confirmed", "accepted", "approved", "offered", "pending", "tentative", "waitlisted", "needs-action", "declined",
    "no_show", "cancelled", "complete", "begun", "asked",
)  # fmt: skip
"""States of a row, the better ones first."""
_UNTOUCHED = frozenset({"audit_entry", "audit_head", "told_apart", "alembic_version"})
_ENDED = ("removed_at", "withdrawn_at", "revoked_at", "denied_at")


def merge_people(session: Session, visitor: Visitor, keep_id: int, drop_id: int, now: datetime) -> None:
    """`drop` was `keep` all along. For administrators; raises `NotFound` or `Conflict` (merge_same, merged_already)."""
    require_administrator(visitor)
    keep, drop = _two(session, Person, keep_id, drop_id)
    lost = move(session, Person.__table__, drop.id, keep.id)  # type: ignore[arg-type]
    moved = _rename(session, f"person:{drop.id}", f"person:{keep.id}")
    for name in ("patronymic", "latin_name"):
        if not getattr(keep, name):
            setattr(keep, name, getattr(drop, name))
    drop.merged_into_id = keep.id
    session.flush()
    _join_periods(
        session, Affiliation, Affiliation.person_id == keep.id, ("organisation_id",), ("from_date", "to_date")
    )
    _join_periods(
        session, RoleGrant, RoleGrant.person_id == keep.id, ("role", "scope", "scope_id"), ("from_at", "to_at")
    )
    _log(session, visitor, "person", keep.id, drop.id, drop.display_name, lost, moved, now)


def merge_organisations(session: Session, visitor: Visitor, keep_id: int, drop_id: int, now: datetime) -> None:
    """As `merge_people`. The organisation that goes is closed; its code leads to the one that stays."""
    require_administrator(visitor)
    keep, drop = _two(session, Organisation, keep_id, drop_id)
    lost = move(session, Organisation.__table__, drop.id, keep.id)  # type: ignore[arg-type]
    session.execute(
        update(RoleGrant)
        .where(RoleGrant.scope == Scope.ORGANISATION, RoleGrant.scope_id == drop.id)
        .values(scope_id=keep.id)
    )
    _move_subscriptions(session, keep, drop)
    places = ("oblast", "settlement", "community", "community_code", "territorial_code")
    for name in ("name_en", *places, "email", "phone", "website"):
        if not getattr(keep, name):
            setattr(keep, name, getattr(drop, name))
    keep.protected = keep.protected or drop.protected
    drop.merged_into_id, drop.status = keep.id, OrganisationStatus.CLOSED
    session.flush()
    days = ("from_date", "to_date")
    _join_periods(session, Membership, Membership.organisation_id == keep.id, ("network",), days)
    _join_periods(session, Capability, Capability.organisation_id == keep.id, ("code",), days)
    _join_periods(session, Affiliation, Affiliation.organisation_id == keep.id, ("person_id",), days)
    scoped = (RoleGrant.scope == Scope.ORGANISATION) & (RoleGrant.scope_id == keep.id)
    _join_periods(session, RoleGrant, scoped, ("person_id", "role"), ("from_at", "to_at"))
    _log(session, visitor, "organisation", keep.id, drop.id, drop.name_uk, lost, 0, now)


def tell_apart(session: Session, visitor: Visitor, kind: Duplicable, one: int, other: int, now: datetime) -> None:
    """These two resemble each other and are not the same: they are not suggested again."""
    require_administrator(visitor)
    lower, higher = sorted((one, other))
    known = select(ToldApart.id).where(
        ToldApart.kind == kind, ToldApart.lower_id == lower, ToldApart.higher_id == higher
    )
    if session.scalar(known) is None:
        session.add(ToldApart(kind=kind, lower_id=lower, higher_id=higher, said_by=visitor.actor, said_at=now))
        record(session, visitor.actor, f"{kind.value}.tell_apart", kind.value, lower, now=now, after={"other": higher})


def move(session: Session, target: Table, old: int, new: int) -> list[dict[str, Any]]:
    """Let every foreign key to row `old` of a table point to row `new`; the rows that gave way to another."""
    lost: list[dict[str, Any]] = []
    for table, column in referencing(target):
        for keys in _unique(table, column):
            lost += _give_way(session, table, column, keys, old, new)
        session.execute(update(table).where(column == old).values({column.name: new}))
    session.expire_all()
    return lost


def referencing(target: Table) -> Iterator[tuple[Table, Column[Any]]]:
    """Every column of every table that points to the rows of `target`."""
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if any(key.column.table is target for key in column.foreign_keys):
                yield table, column


def _unique(table: Table, column: Column[Any]) -> Iterator[list[Column[Any]]]:
    """The columns of each promise of uniqueness in which `column` takes part, without itself."""
    promises = [list(one.columns) for one in table.constraints if isinstance(one, UniqueConstraint)]
    promises += [[*index.columns] for index in table.indexes if index.unique]
    promises.append(list(table.primary_key.columns))
    for columns in promises:
        if column in columns:
            yield [one for one in columns if one is not column]


def _give_way(
    session: Session, table: Table, column: Column[Any], keys: list[Column[Any]], old: int, new: int
) -> list[dict[str, Any]]:
    theirs, ours = table.alias("theirs"), table.alias("ours")
    same = [theirs.c[key.name] == ours.c[key.name] for key in keys]
    query = select(theirs, ours).where(
        theirs.c[column.name] == old,
        ours.c[column.name] == new,
        ours.c[column.name] != theirs.c[column.name],
        *same,
    )
    width, lost = len(table.columns), []
    for row in session.execute(query).all():
        names = [one.name for one in table.columns]
        their_row, our_row = dict(zip(names, row[:width], strict=True)), dict(zip(names, row[width:], strict=True))
        worse, better = (our_row, their_row) if _rank(their_row) < _rank(our_row) else (their_row, our_row)
        primary = list(table.primary_key.columns)
        if len(primary) == 1 and primary[0] is not column:
            number = primary[0].name
            lost += move(session, table, worse[number], better[number])
        session.execute(delete(table).where(*(one == worse[one.name] for one in primary)))
        lost.append({"table": table.name, **{name: _plain(value) for name, value in worse.items()}})
    return lost


def _rank(row: Mapping[str, Any]) -> tuple[bool, int, bool]:
    """Lower is better: not taken back, in a better state, confirmed."""
    ended = any(row.get(name) is not None for name in _ENDED)
    state = str(row.get("state") or row.get("status") or "")
    place = BETTER_FIRST.index(state) if state in BETTER_FIRST else len(BETTER_FIRST)
    return ended, place, "confirmed_at" in row and row["confirmed_at"] is None


def _plain(value: Any) -> Any:
    """As JSON holds it; secrets are bytes or hashes and are not among the columns of rows that give way."""
    return value if value is None or isinstance(value, (bool, int, float, dict, list)) else str(value)[:500]


def _rename(session: Session, old: str, new: str) -> int:
    """Let every text that holds this identity hold the other; how many rows. The log of changes stays as it is.

    Where that would break a promise of uniqueness (attendance that was computed for both) the row stays as it was.
    """
    renamed = 0
    for table in Base.metadata.sorted_tables:
        if table.name in _UNTOUCHED:
            continue
        for column in table.columns:
            if not isinstance(column.type, String) or isinstance(column.type, Word) or column.foreign_keys:
                continue
            if column.type.length is not None and column.type.length < max(len(old), len(new)):
                continue  # it holds no identity: a language, say
            change = update(table).where(column == old)
            for keys in _unique(table, column):
                other = table.alias("other")
                same = [other.c[key.name] == table.c[key.name] for key in keys]
                change = change.where(~select(other).where(other.c[column.name] == new, *same).exists())
            renamed += session.execute(change.values({column.name: new})).rowcount  # type: ignore[attr-defined]
    session.expire_all()
    return renamed


def _join_periods(
    session: Session, table: type[Any], where: Any, keys: tuple[str, ...], period: tuple[str, str]
) -> None:
    """Entries of the same thing whose periods overlap or touch become one entry, over both periods."""
    begins, ends = period
    kept: dict[tuple[Any, ...], Any] = {}
    for row in session.scalars(select(table).where(where).order_by(getattr(table, begins), table.id)).all():
        key = tuple(getattr(row, name) for name in keys)
        last = kept.get(key)
        if last is None or (getattr(last, ends) is not None and getattr(last, ends) < getattr(row, begins)):
            kept[key] = row
            continue
        later: list[date | None] = [getattr(last, ends), getattr(row, ends)]
        setattr(last, ends, None if None in later else max(day for day in later if day is not None))
        if getattr(row, "position", None) and not getattr(last, "position", None):
            last.position = row.position
        session.delete(row)
    session.flush()


def _move_subscriptions(session: Session, keep: Organisation, drop: Organisation) -> None:
    pairs = ((str(drop.id), str(keep.id)), (drop.code, keep.code))
    for old, new in pairs:
        here = (Subscription.kind == SubscriptionKind.ORGANISATION, Subscription.target == old)
        has = select(Subscription.person_id).where(
            Subscription.kind == SubscriptionKind.ORGANISATION, Subscription.target == new
        )
        session.execute(delete(Subscription).where(*here, Subscription.person_id.in_(has)))
        session.execute(update(Subscription).where(*here).values(target=new))


def _two(session: Session, table: type[Any], keep_id: int, drop_id: int) -> tuple[Any, Any]:
    if keep_id == drop_id:
        raise Conflict("merge_same", "These are one and the same entry.")
    found = {number: lock(session, table, number) for number in sorted((keep_id, drop_id))}
    if any(row.merged_into_id is not None for row in found.values()):
        raise Conflict("merged_already", "One of the two was merged already.")
    return found[keep_id], found[drop_id]


def _log(
    session: Session,
    visitor: Visitor,
    kind: str,
    keep_id: int,
    drop_id: int,
    name: str,
    lost: list[dict[str, Any]],
    moved: int,
    now: datetime,
) -> None:
    told = {"merged": drop_id, "name": name, "gave_way": lost[:200], "identities": moved}
    record(session, visitor.actor, f"{kind}.merge", kind, keep_id, now=now, after=told)
    record(session, visitor.actor, f"{kind}.merged_into", kind, drop_id, now=now, after={"into": keep_id})

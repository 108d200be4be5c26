"""Group work: making groups, putting people into them, opening and closing their rooms."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.database import lock
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotFound
from lms.schedule.actions import editable
from lms.schedule.group_models import Group, GroupMember, GroupWork
from lms.schedule.group_queries import key_of, own_group, view
from lms.schedule.group_rules import CLOSING, MOST_GROUPS, Way, is_open, spread
from lms.schedule.models import Occurrence, Status

LONGEST_NAME, LONGEST_TASK = 120, 1000


@dataclass(frozen=True, slots=True)
class GroupDraft:
    """A group as somebody typed it; its number is its place in the list, from 1."""

    name: str = ""
    task: str = ""


@dataclass(frozen=True, slots=True)
class GroupsDraft:
    """All groups of an occurrence, and who is in which: `person:12`, `organisation:3`, `guest:7` to a number."""

    groups: Sequence[GroupDraft]
    members: Mapping[str, int] = field(default_factory=dict)
    choose: bool = False


def save(
    session: Session,
    visitor: Visitor,
    slug: str,
    draft: GroupsDraft,
    now: datetime,
    present: Collection[str] = (),
    *,
    seed: str = "",
) -> Occurrence:
    """Make the groups what the draft says. Raises `NotFound`, `NotAllowed`, `Invalid` (groups_many, group_name_long,
    group_task_long, group_member_unknown)."""
    occurrence = editable(session, visitor, slug)
    _check(draft)
    known = {one.key for one in view(session, occurrence.id, now, present).people}
    strange = sorted(set(draft.members) - known)
    if strange:
        raise Invalid("group_member_unknown", f"{strange[0]} has no part in this occurrence.")
    before = _state(session, occurrence.id)
    work = _work(session, occurrence.id)
    work.choose = draft.choose
    work.seed = seed or work.seed
    _write(session, occurrence.id, draft)
    after = _state(session, occurrence.id)
    if before != after:
        record(session, visitor.actor, "groups.save", "occurrence", occurrence.id, now=now, before=before, after=after)
    return occurrence


def draw(
    session: Session,
    visitor: Visitor,
    slug: str,
    draft: GroupsDraft,
    way: Way,
    now: datetime,
    present: Collection[str] = (),
    *,
    anew: bool = False,
    seed: str = "",
) -> Occurrence:
    """Spread people over the groups; `anew` also those who have one. The seed is kept and shown.

    Raises as `save`, and `Invalid` (groups_none).
    """
    occurrence = editable(session, visitor, slug)
    if not draft.groups:
        raise Invalid("groups_none", "Make groups first.")
    people = [one.somebody for one in view(session, occurrence.id, now, present).people]
    chosen = seed.strip()[:40] or secrets.token_hex(4)
    kept = {} if anew else draft.members
    members = spread(people, range(1, len(draft.groups) + 1), way, chosen, kept)
    return save(session, visitor, slug, GroupsDraft(draft.groups, members, draft.choose), now, present, seed=chosen)


def copy(session: Session, visitor: Visitor, slug: str, source: str, now: datetime) -> Occurrence:
    """The same groups as at an earlier occurrence: names, tasks and members. Raises `NotFound` (groups_source)."""
    occurrence = editable(session, visitor, slug)
    earlier = session.scalar(
        select(Occurrence).where(
            Occurrence.slug == source,
            Occurrence.series_id == occurrence.series_id,
            Occurrence.series_id.is_not(None),
            Occurrence.id != occurrence.id,
        )
    )
    if earlier is None:
        raise NotFound("groups_source", "That occurrence is not one of this series.")
    found = view(session, earlier.id, now)
    if not found.groups:
        raise NotFound("groups_source", "That occurrence had no groups.")
    before = _state(session, occurrence.id)
    _work(session, occurrence.id).choose = found.choose
    members = {one.key: one.group for one in found.people if one.group is not None and not one.key.startswith("guest:")}
    drafts = {one.number: GroupDraft(one.name, one.task) for one in found.groups}
    groups = [drafts.get(number, GroupDraft()) for number in range(1, max(drafts) + 1)]
    _write(session, occurrence.id, GroupsDraft(groups, members, found.choose))
    after = _state(session, occurrence.id) | {"from": earlier.slug}
    record(session, visitor.actor, "groups.copy", "occurrence", occurrence.id, now=now, before=before, after=after)
    return occurrence


def open_groups(session: Session, actor: str, occurrence_id: int, now: datetime) -> Occurrence:
    """From now on people may go into their groups. Whoever asks must lead the meeting (`web.api.groups`).

    Raises `Conflict` (groups_not_live) or `Invalid` (groups_none).
    """
    occurrence = lock(session, Occurrence, occurrence_id)
    if occurrence.status in (Status.ENDED, Status.ARCHIVED, Status.CANCELLED):
        raise Conflict("groups_not_live", "The meeting is over.")
    if session.scalar(select(Group.id).where(Group.occurrence_id == occurrence_id).limit(1)) is None:
        raise Invalid("groups_none", "Make groups first.")
    work = _work(session, occurrence_id)
    if not is_open(work.opened_at, work.closes_at, now) or work.closes_at is not None:
        work.opened_at, work.closes_at = now, None
        record(session, actor, "groups.open", "occurrence", occurrence_id, now=now)
    return occurrence


def close_groups(
    session: Session, actor: str, occurrence_id: int, now: datetime, *, at_once: bool = False
) -> Occurrence:
    """In a minute, or at once, everybody is brought back. Nothing changes where no groups are open."""
    occurrence = lock(session, Occurrence, occurrence_id)
    work = _work(session, occurrence_id)
    if is_open(work.opened_at, work.closes_at, now) and (work.closes_at is None or at_once):
        work.closes_at = now if at_once else now + CLOSING
        record(session, actor, "groups.close", "occurrence", occurrence_id, now=now)
    return occurrence


def keep_choice(session: Session, visitor: Visitor, occurrence_id: int, number: int, now: datetime) -> None:
    """Somebody without a group goes into one: they belong to it from now on. Nameless guests are not kept."""
    member = GroupMember(
        occurrence_id=occurrence_id,
        person_id=visitor.person_id,
        organisation_id=visitor.organisation_id if visitor.endpoint_id is not None else None,
        guest_link_id=visitor.guest_link_id if visitor.person_id is None else None,
    )
    if (member.person_id, member.organisation_id, member.guest_link_id) == (None, None, None):
        return
    lock(session, Occurrence, occurrence_id)
    group = session.scalar(select(Group).where(Group.occurrence_id == occurrence_id, Group.number == number))
    if group is None or own_group(session, visitor, occurrence_id) is not None:
        return
    member.group_id = group.id
    session.add(member)
    said = {"member": key_of(member), "group": number}
    record(session, visitor.actor, "groups.choose", "occurrence", occurrence_id, now=now, after=said)


def _check(draft: GroupsDraft) -> None:
    if len(draft.groups) > MOST_GROUPS:
        raise Invalid("groups_many", f"At most {MOST_GROUPS} groups.", "count")
    for number, one in enumerate(draft.groups, 1):
        if len(one.name) > LONGEST_NAME:
            raise Invalid("group_name_long", f"A name has at most {LONGEST_NAME} characters.", f"name-{number}")
        if len(one.task) > LONGEST_TASK:
            raise Invalid("group_task_long", f"A task has at most {LONGEST_TASK} characters.", f"task-{number}")


def _write(session: Session, occurrence_id: int, draft: GroupsDraft) -> None:
    session.execute(delete(GroupMember).where(GroupMember.occurrence_id == occurrence_id))
    rows = {row.number: row for row in session.scalars(select(Group).where(Group.occurrence_id == occurrence_id))}
    for number, one in enumerate(draft.groups, 1):
        if number not in rows:
            rows[number] = Group(occurrence_id=occurrence_id, number=number)
            session.add(rows[number])
        rows[number].name, rows[number].task = one.name.strip(), one.task.strip()
    for number in [each for each in rows if each > len(draft.groups)]:
        session.delete(rows.pop(number))
    session.flush()
    for key, number in sorted(draft.members.items()):
        if number in rows:
            kind, _, text = key.partition(":")
            session.add(
                GroupMember(
                    occurrence_id=occurrence_id,
                    group_id=rows[number].id,
                    person_id=int(text) if kind == "person" else None,
                    organisation_id=int(text) if kind == "organisation" else None,
                    guest_link_id=int(text) if kind == "guest" else None,
                )
            )
    session.flush()


def _work(session: Session, occurrence_id: int) -> GroupWork:
    found = session.get(GroupWork, occurrence_id)
    if found is None:
        found = GroupWork(occurrence_id=occurrence_id, choose=False, seed="")
        session.add(found)
        session.flush()
    return found


def _state(session: Session, occurrence_id: int) -> dict[str, Any]:
    """For the log: names, and who is where."""
    groups = session.scalars(select(Group).where(Group.occurrence_id == occurrence_id).order_by(Group.number)).all()
    members = session.scalars(
        select(GroupMember).where(GroupMember.occurrence_id == occurrence_id).order_by(GroupMember.id)
    ).all()
    where: dict[int, list[str]] = {}
    for one in members:
        where.setdefault(one.group_id, []).append(key_of(one))
    work = session.get(GroupWork, occurrence_id)
    return {
        "choose": bool(work and work.choose),
        "groups": [
            {"number": one.number, "name": one.name, "task": one.task, "members": sorted(where.get(one.id, []))}
            for one in groups
        ],
    }

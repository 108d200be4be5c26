"""The catalogue of topics: administrative services, as a tree. Entries are retired, never deleted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.database import lock
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound
from lms.schedule.plan_models import OccurrenceTopic, Topic
from lms.transliteration import transliterate

MOST_TOPICS = 1000


@dataclass(frozen=True, slots=True)
class TopicRow:
    """An entry of the tree, with its depth from 0 and how many occurrences are about it."""

    id: int
    code: str
    name_uk: str
    name_en: str
    parent_id: int | None
    depth: int
    retired: bool
    used: int


def tree(session: Session, *, with_retired: bool = False) -> list[TopicRow]:
    """All topics, each after its parent, by name. Two queries."""
    query = select(Topic).order_by(Topic.name_uk, Topic.id).limit(MOST_TOPICS)
    if not with_retired:
        query = query.where(Topic.retired_at.is_(None))
    used = dict(
        session.execute(select(OccurrenceTopic.topic_id, func.count()).group_by(OccurrenceTopic.topic_id)).all()
    )
    return ordered(session.scalars(query).all(), used)


def ordered(topics: Sequence[Topic], used: dict[int, int]) -> list[TopicRow]:
    """Depth first. A topic whose parent is not in the list stands at the top. Pure."""
    known = {topic.id for topic in topics}
    children: dict[int | None, list[Topic]] = {}
    for topic in topics:
        children.setdefault(topic.parent_id if topic.parent_id in known else None, []).append(topic)
    found: list[TopicRow] = []

    def walk(parent: int | None, depth: int) -> None:
        for topic in children.get(parent, ()):
            found.append(
                TopicRow(
                    topic.id,
                    topic.code,
                    topic.name_uk,
                    topic.name_en,
                    topic.parent_id,
                    depth,
                    topic.retired_at is not None,
                    used.get(topic.id, 0),
                )
            )
            walk(topic.id, depth + 1)

    walk(None, 0)
    return found


def create(
    session: Session, visitor: Visitor, name_uk: str, now: datetime, *, name_en: str = "", parent_id: int | None = None
) -> Topic:
    """A new entry. Raises `NotAllowed`, `Invalid` (title_needed), `NotFound` (topic_unknown), `Conflict`."""
    _require_organiser(visitor)
    name_uk = _name(name_uk)
    if parent_id is not None and session.get(Topic, parent_id) is None:
        raise NotFound("topic_unknown", f"There is no topic {parent_id}.", "parent")
    if (session.scalar(select(func.count()).select_from(Topic)) or 0) >= MOST_TOPICS:
        raise Conflict("too_many_topics", f"The catalogue holds at most {MOST_TOPICS} topics.")
    same = select(Topic.id).where(Topic.name_uk == name_uk, Topic.retired_at.is_(None))
    if session.scalar(same.limit(1)) is not None:
        raise Conflict("topic_there", "There is a topic of this name already.", "name_uk")
    made = Topic(code=_free_code(session, name_uk), name_uk=name_uk, name_en=name_en.strip()[:200], parent_id=parent_id)
    session.add(made)
    session.flush()
    after = {"code": made.code, "name_uk": name_uk, "name_en": made.name_en, "parent_id": parent_id}
    record(session, visitor.actor, "topic.create", "topic", made.id, now=now, after=after)
    return made


def edit(
    session: Session,
    visitor: Visitor,
    topic_id: int,
    name_uk: str,
    now: datetime,
    *,
    name_en: str = "",
    parent_id: int | None = None,
) -> Topic:
    """Rename it, or hang it elsewhere. Raises as `create`, `Conflict` (topic_circle: under itself)."""
    _require_organiser(visitor)
    found = lock(session, Topic, topic_id)
    parents: dict[int, int | None] = dict(session.execute(select(Topic.id, Topic.parent_id)).all())
    if parent_id is not None and parent_id not in parents:
        raise NotFound("topic_unknown", f"There is no topic {parent_id}.", "parent")
    above = parent_id
    while above is not None:
        if above == topic_id:
            raise Conflict("topic_circle", "A topic cannot stand under itself.", "parent")
        above = parents[above]
    before = {"name_uk": found.name_uk, "name_en": found.name_en, "parent_id": found.parent_id}
    found.name_uk, found.name_en, found.parent_id = _name(name_uk), name_en.strip()[:200], parent_id
    session.flush()
    after = {"name_uk": found.name_uk, "name_en": found.name_en, "parent_id": parent_id}
    record(session, visitor.actor, "topic.edit", "topic", topic_id, now=now, before=before, after=after)
    return found


def retire(session: Session, visitor: Visitor, topic_id: int, now: datetime, *, back: bool = False) -> Topic:
    """Nothing new is tagged with it any more; what is keeps it. `back` takes it in again. Raises `NotAllowed`."""
    _require_organiser(visitor)
    found = lock(session, Topic, topic_id)
    if (found.retired_at is None) == back:
        return found
    found.retired_at = None if back else now
    session.flush()
    record(session, visitor.actor, "topic.take_back" if back else "topic.retire", "topic", topic_id, now=now)
    return found


def _require_organiser(visitor: Visitor) -> None:
    if not visitor.is_organiser:
        raise NotAllowed("organisers_only", "Only organisers and administrators keep the catalogue.")


def _name(text: str) -> str:
    text = text.strip()
    if not text or len(text) > 200:
        raise Invalid("title_needed", "Give it a name of at most 200 characters.", "name_uk")
    return text


def _free_code(session: Session, name: str) -> str:
    wanted = "-".join(re.findall(r"[a-z0-9]+", transliterate(name)))[:56] or "topic"
    taken = set(session.scalars(select(Topic.code).where(Topic.code.startswith(wanted, autoescape=True))))
    code, number = wanted, 1
    while code in taken:
        number += 1
        code = f"{wanted}-{number}"
    return code

"""Writing, reviewing, releasing and withdrawing items. A reviewed version never changes; each change is logged.

Who wrote any of a version never approves it, whatever roles they have.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from lms.assessment.content import dump
from lms.assessment.drafts import ItemDraft, check, code_of, digest_of, family_of, shown_title
from lms.assessment.models import EDITABLE, Item, ItemReview, ItemTag, ItemVersion, Verdict, VersionState
from lms.assessment.rules import may_review, may_write
from lms.assessment.tags import Tag
from lms.audit.actions import record
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound

MOST_REASON = 500


def create(session: Session, visitor: Visitor, draft: ItemDraft, now: datetime) -> Item:
    """A new item, its first version a draft. Raises `NotAllowed`, `Invalid`, or `Conflict` (item_code_taken)."""
    _writer(visitor)
    return add(session, visitor.actor, draft, now)


def add(session: Session, actor: str, draft: ItemDraft, now: datetime) -> Item:
    """The same for whoever has been let in already."""
    check(draft)
    code = code_of(draft)
    if session.scalar(select(Item.id).where(Item.code == code)) is not None:
        raise Conflict("item_code_taken", f"There is an item {code} already.", "code")
    return add_all(session, actor, [draft], now)[0]


def add_all(
    session: Session, actor: str, drafts: Sequence[ItemDraft], now: datetime, *, offered: bool = False
) -> list[Item]:
    """Several whose codes are known to be free, written together: whoever else writes waits for a moment only.

    `offered`: they wait for a review at once.
    """
    items = [_item(draft, actor, now) for draft in drafts]
    if offered:
        for item in items:
            item.state = item.versions[0].state = VersionState.OFFERED
    session.add_all(items)
    session.flush()
    for item in items:
        record(session, actor, "item.create", "item", item.id, now=now, after=_told(item))
        if offered:
            record(session, actor, "item.offer", "item", item.id, now=now, after={"version": 1})
    return items


def _item(draft: ItemDraft, actor: str, now: datetime) -> Item:
    return Item(
        code=code_of(draft),
        family=family_of(draft),
        language=draft.language,
        kind=draft.body.kind,
        title=shown_title(draft.body),
        state=VersionState.DRAFT,
        created_by=actor,
        created_at=now,
        updated_at=now,
        latest=1,
        versions=[_version(draft, 1, actor, now)],
        tags=[ItemTag(scheme=tag.scheme, value=tag.value) for tag in draft.tags],
    )


def save(
    session: Session, visitor: Visitor, code: str, draft: ItemDraft, now: datetime, *, expected_version: int
) -> Item:
    """Make its latest version what the draft says: in place while it is a draft, else as a new version.

    Raises `NotFound`, `NotAllowed`, `Invalid`, `Conflict` (changed_meanwhile).
    """
    _writer(visitor)
    item = locked(session, code)
    if item.lock_version != expected_version:
        raise Conflict("changed_meanwhile", "Somebody else has saved it since you opened it.")
    change(session, visitor.actor, item, draft, now)
    return item


def change(session: Session, actor: str, item: Item, draft: ItemDraft, now: datetime) -> bool:
    """Bring a locked item up to a draft; whether anything changed. The code stays. Raises `Invalid`."""
    check(draft)
    before = _told(item)
    latest = item.versions[-1]
    if digest_of(draft.body) != latest.digest:
        if latest.state in EDITABLE and latest.used_at is None:
            _fill(latest, draft, actor, now)
            latest.state = VersionState.DRAFT
        else:
            item.latest += 1
            item.versions.append(_version(draft, item.latest, actor, now))
        item.state = VersionState.DRAFT
        item.kind, item.title = draft.body.kind, shown_title(draft.body)
    _retag(item, draft.tags)
    item.language = draft.language
    item.family = draft.family or item.family
    session.flush()
    after = _told(item)
    if after == before:
        return False
    item.updated_at = now
    session.flush()
    record(session, actor, "item.change", "item", item.id, now=now, before=before, after=after)
    return True


def offer(session: Session, visitor: Visitor, code: str, now: datetime) -> Item:
    """Ask a second person to read it; a withdrawn item comes back as its next version.

    Raises `NotFound`, `NotAllowed`, `Conflict` (item_offered).
    """
    _writer(visitor)
    item = locked(session, code)
    offer_locked(session, visitor.actor, item, now)
    return item


def offer_locked(session: Session, actor: str, item: Item, now: datetime) -> None:
    """The same for whoever has been let in already."""
    version = item.versions[-1]
    if version.state is VersionState.WITHDRAWN:
        item.latest += 1
        again = ItemVersion(
            number=item.latest,
            kind=version.kind,
            policy=version.policy,
            body=version.body,
            digest=version.digest,
            state=VersionState.DRAFT,
            written_by=actor,
            written_at=now,
            writers=version.writers | {actor: now.isoformat()},
        )
        item.versions.append(again)
        version = again
    if version.state is not VersionState.DRAFT:
        raise Conflict("item_offered", "Its latest version was sent to review already.")
    version.state = item.state = VersionState.OFFERED
    item.updated_at = now
    session.flush()
    record(session, actor, "item.offer", "item", item.id, now=now, after={"version": version.number})


def review(
    session: Session, visitor: Visitor, code: str, verdict: Verdict, comment: str, now: datetime, *, digest: str
) -> Item:
    """A second person's word on the latest version. `digest` is of what was read.

    Raises `NotFound`, `NotAllowed` (item_own_review for whoever wrote any of it), `Conflict` (item_not_offered,
    changed_meanwhile), `Invalid` (item_comment: who returns something says why).
    """
    if not may_review(visitor):
        raise NotAllowed("item_not_reviewer", "Items are reviewed by reviewers of items.")
    item = locked(session, code)
    version = item.versions[-1]
    if version.state is not VersionState.OFFERED:
        raise Conflict("item_not_offered", "Its latest version does not wait for a review.")
    if version.digest != digest:
        raise Conflict("changed_meanwhile", "It has changed since you read it. Read it again.")
    if visitor.actor in version.writers:
        raise NotAllowed("item_own_review", "You wrote some of it: somebody else must review it.")
    comment = comment.strip()
    if len(comment) > 2000 or (verdict is Verdict.RETURNED and not comment):
        raise Invalid("item_comment", "Say in at most 2000 characters what has to change.", "comment")
    session.add(
        ItemReview(
            version_id=version.id, digest=digest, reviewer=visitor.actor, verdict=verdict, comment=comment, at=now
        )
    )
    version.state = item.state = VersionState.DRAFT
    if verdict is Verdict.GOOD:
        version.state = item.state = VersionState.REVIEWED
        version.reviewed_by, version.reviewed_at = visitor.actor, now
    item.updated_at = now
    session.flush()
    told = {"version": version.number, "verdict": verdict.value, "comment": comment}
    record(session, visitor.actor, "item.review", "item", item.id, now=now, after=told)
    return item


def release(session: Session, visitor: Visitor, code: str, now: datetime) -> Item:
    """Let tests draw the reviewed version; an earlier one is replaced. Raises `Conflict` (item_not_reviewed)."""
    if not (may_write(visitor) or may_review(visitor)):
        raise NotAllowed("item_not_yours", "Items are released by trainers and reviewers.")
    item = locked(session, code)
    version = item.versions[-1]
    if version.state is not VersionState.REVIEWED:
        raise Conflict("item_not_reviewed", "A second person has to review it first.")
    for earlier in item.versions[:-1]:
        if earlier.state in {VersionState.USABLE, VersionState.REVIEWED}:
            earlier.state = VersionState.REPLACED
    version.state = item.state = VersionState.USABLE
    item.usable_id = version.id
    item.updated_at = now
    session.flush()
    record(session, visitor.actor, "item.release", "item", item.id, now=now, after={"version": version.number})
    return item


def withdraw(session: Session, visitor: Visitor, code: str, reason: str, now: datetime) -> Item:
    """Draw it no more. Attempts that have it keep it. Raises `Invalid` (item_reason), `Conflict` (item_withdrawn)."""
    if not (may_write(visitor) or may_review(visitor)):
        raise NotAllowed("item_not_yours", "Items are withdrawn by trainers and reviewers.")
    reason = reason.strip()
    if not reason or len(reason) > MOST_REASON:
        raise Invalid("item_reason", f"Say in at most {MOST_REASON} characters why.", "reason")
    item = locked(session, code)
    if item.state is VersionState.WITHDRAWN:
        raise Conflict("item_withdrawn", "It is withdrawn already.")
    before = {"state": item.state.value}
    for version in item.versions:
        if version.state is not VersionState.REPLACED:
            version.state = VersionState.WITHDRAWN
    item.state, item.usable_id, item.updated_at = VersionState.WITHDRAWN, None, now
    session.flush()
    after = {"state": item.state.value, "reason": reason}
    record(session, visitor.actor, "item.withdraw", "item", item.id, now=now, before=before, after=after)
    return item


def mark_used(session: Session, version_ids: set[int], now: datetime) -> None:
    """A person was given these versions."""
    for version in session.scalars(
        select(ItemVersion).where(ItemVersion.id.in_(version_ids), ItemVersion.used_at.is_(None))
    ):
        version.used_at = now
    session.flush()


def locked(session: Session, code: str) -> Item:
    """The item with its versions and tags, nobody else's until the transaction ends. Raises `NotFound`."""
    item = session.scalar(
        select(Item)
        .where(Item.code == code)
        .options(selectinload(Item.versions), selectinload(Item.tags))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if item is None:
        raise NotFound("item_unknown", f"There is no item {code}.")
    return item


def _writer(visitor: Visitor) -> None:
    if not may_write(visitor):
        raise NotAllowed("item_not_yours", "Items are written by trainers and organisers.")


def _version(draft: ItemDraft, number: int, actor: str, now: datetime) -> ItemVersion:
    version = ItemVersion(number=number, state=VersionState.DRAFT, writers={})
    _fill(version, draft, actor, now)
    return version


def _fill(version: ItemVersion, draft: ItemDraft, actor: str, now: datetime) -> None:
    version.kind, version.policy = draft.body.kind, draft.body.policy
    version.body, version.digest = dump(draft.body), digest_of(draft.body)
    version.written_by, version.written_at = actor, now
    version.writers = version.writers | {actor: now.isoformat()}


def _retag(item: Item, tags: tuple[Tag, ...]) -> None:
    known = {(tag.scheme, tag.value): tag for tag in item.tags}
    item.tags = [
        known.get((tag.scheme, tag.value)) or ItemTag(scheme=tag.scheme, value=tag.value) for tag in sorted(set(tags))
    ]


def _told(item: Item) -> dict[str, Any]:
    latest = item.versions[-1]
    return {
        "code": item.code,
        "language": item.language,
        "family": item.family,
        "kind": item.kind.value,
        "version": latest.number,
        "digest": latest.digest,
        "tags": sorted(f"{tag.scheme}:{tag.value}" for tag in item.tags),
    }

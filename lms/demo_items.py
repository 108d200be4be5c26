"""The demo's bank: the items of `lms/content/items`, written by the organiser and reviewed by the administrator.

They are put in ready for tests, in one go: a start of the demo must not wait for a review of each.
"""

from __future__ import annotations

from datetime import datetime
from importlib.resources import files

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.assessment.content import dump
from lms.assessment.drafts import ItemDraft, code_of, digest_of, family_of, shown_title
from lms.assessment.exchange import importing
from lms.assessment.models import Item, ItemReview, ItemTag, ItemVersion, Verdict, VersionState
from lms.audit.actions import record
from lms.directory.models import Account
from lms.directory.queries import visitor_of_person
from lms.frameworks.loading import load_shipped
from lms.frameworks.queries import schemes


def seed(session: Session, now: datetime, *, author: str, reviewer: str) -> int:
    """Put in what the bank has not got; how many items. `author` and `reviewer` are e-mail addresses."""
    load_shipped(session, now)
    known = set(session.scalars(select(Item.code)))
    frames = schemes(session)
    drafts = [draft for draft in _drafts(frames) if code_of(draft) not in known]
    if not drafts:
        return 0
    writer, second = (_actor(session, email, now) for email in (author, reviewer))
    items = [_item(draft, writer, second, now) for draft in drafts]
    session.add_all(items)
    session.flush()
    for item in items:
        (version,) = item.versions
        item.usable_id = version.id
        session.add(
            ItemReview(version_id=version.id, digest=version.digest, reviewer=second, verdict=Verdict.GOOD, at=now)
        )
        record(session, writer, "item.create", "item", item.id, now=now, after={"code": item.code})
    session.flush()
    return len(items)


def _drafts(frames: frozenset[str]) -> list[ItemDraft]:
    folder = files("lms") / "content" / "items"
    found: list[ItemDraft] = []
    for file in sorted(folder.iterdir(), key=lambda each: each.name):
        content = file.read_bytes()
        told = importing.read(content, importing.format_of(file.name, content))
        found += [importing.draft_of(each, frames, "uk")[0] for each in told if each.body is not None]
    return found


def _item(draft: ItemDraft, writer: str, second: str, now: datetime) -> Item:
    version = ItemVersion(
        number=1,
        kind=draft.body.kind,
        policy=draft.body.policy,
        body=dump(draft.body),
        digest=digest_of(draft.body),
        state=VersionState.USABLE,
        written_by=writer,
        writers={writer: now.isoformat()},
        written_at=now,
        reviewed_by=second,
        reviewed_at=now,
    )
    return Item(
        code=code_of(draft),
        family=family_of(draft),
        language=draft.language,
        kind=draft.body.kind,
        title=shown_title(draft.body),
        state=VersionState.USABLE,
        created_by=writer,
        created_at=now,
        updated_at=now,
        versions=[version],
        tags=[ItemTag(scheme=tag.scheme, value=tag.value) for tag in draft.tags],
    )


def _actor(session: Session, email: str, now: datetime) -> str:
    account = session.scalars(select(Account).where(Account.provider == "password", Account.subject == email)).one()
    return visitor_of_person(session, account.person_id, now).actor

"""Reading the bank of items. Who may see it is part of every query; every list is bounded."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session, selectinload

from lms.assessment.content import Body, ItemKind, parse
from lms.assessment.differences import Change, between
from lms.assessment.drafts import Stored
from lms.assessment.models import Item, ItemReview, ItemTag, ItemVersion, Verdict, VersionState
from lms.assessment.rules import may_read, may_review, may_write
from lms.assessment.tags import AUDIENCE, LEVEL, Tag
from lms.directory.queries import names_of_people
from lms.directory.rules import Visitor
from lms.errors import NotAllowed, NotFound

PAGE = 50
MOST_EXPORTED = 5_000
MOST_VERSIONS = 20
"""Of an item's history."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which items; what is empty does not narrow."""

    scheme: str = ""
    number: str = ""
    """A competence, or an area with all that stands in it."""
    level: str = ""
    audience: str = ""
    language: str = ""
    kind: str = ""
    state: str = ""
    words: str = ""
    codes: tuple[str, ...] = ()
    """Items that were chosen one by one."""
    usable: bool = False
    """Those that tests may draw."""


@dataclass(frozen=True, slots=True)
class ItemCard:
    """A line of the list."""

    code: str
    family: str
    language: str
    kind: ItemKind
    title: str
    state: VersionState
    usable: bool
    version: int
    tags: tuple[Tag, ...]
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A version. Who wrote and who reviewed it, by name."""

    number: int
    state: VersionState
    written_by: str
    written_at: datetime
    reviewed_by: str
    reviewed_at: datetime | None
    used_at: datetime | None
    changes: tuple[Change, ...]
    """Against the version before."""


@dataclass(frozen=True, slots=True)
class ReviewLine:
    """One reading."""

    version: int
    reviewer: str
    """By name."""
    verdict: Verdict
    comment: str
    at: datetime
    of_this_text: bool
    """Whether it is about the version as it stands now."""


@dataclass(frozen=True, slots=True)
class ItemPage:
    """An item, whole, as its latest version."""

    card: ItemCard
    body: Body
    digest: str
    lock_version: int
    versions: tuple[VersionLine, ...]
    reviews: tuple[ReviewLine, ...]
    translations: tuple[tuple[str, str], ...]
    """(code, language) of the others of its family."""
    may_edit: bool
    may_offer: bool
    may_review: bool
    may_release: bool


def listed(session: Session, visitor: Visitor, which: Filter, page: int = 0) -> tuple[list[ItemCard], int]:
    """A page of the bank, those changed last first; and how many there are. Raises `NotAllowed`."""
    expect_reader(visitor)
    conditions = conditions_of(which)
    total = session.scalar(select(func.count()).select_from(Item).where(*conditions)) or 0
    rows = session.scalars(
        select(Item)
        .where(*conditions)
        .options(selectinload(Item.tags))
        .order_by(Item.updated_at.desc(), Item.id.desc())
        .limit(PAGE)
        .offset(min(page, 10_000) * PAGE)
    )
    return [_card(row) for row in rows], total


def awaiting_review(session: Session, visitor: Visitor) -> list[ItemCard]:
    """What this visitor may review, the oldest first."""
    if not may_review(visitor):
        return []
    rows = session.execute(
        select(Item, ItemVersion.writers)
        .join(ItemVersion, (ItemVersion.item_id == Item.id) & (ItemVersion.number == Item.latest))
        .where(Item.state == VersionState.OFFERED)
        .options(selectinload(Item.tags))
        .order_by(Item.updated_at, Item.id)
        .limit(4 * PAGE)
    )
    return [_card(row) for row, writers in rows if visitor.actor not in writers][:PAGE]


def item_page(session: Session, visitor: Visitor, code: str) -> ItemPage:
    """An item with its history. Raises `NotAllowed`, `NotFound`."""
    expect_reader(visitor)
    item = session.scalar(
        select(Item).where(Item.code == code).options(selectinload(Item.versions), selectinload(Item.tags))
    )
    if item is None:
        raise NotFound("item_unknown", f"There is no item {code}.")
    latest = item.versions[-1]
    others = session.execute(
        select(Item.code, Item.language).where(Item.family == item.family, Item.id != item.id).limit(20)
    )
    offered = latest.state is VersionState.OFFERED
    return ItemPage(
        card=_card(item),
        body=parse(latest.body),
        digest=latest.digest,
        lock_version=item.lock_version,
        versions=_history(session, item),
        reviews=_reviews(session, item),
        translations=tuple((other, language) for other, language in others),
        may_edit=may_write(visitor),
        may_offer=latest.state in {VersionState.DRAFT, VersionState.WITHDRAWN} and may_write(visitor),
        may_review=offered and may_review(visitor) and visitor.actor not in latest.writers,
        may_release=latest.state is VersionState.REVIEWED and (may_write(visitor) or may_review(visitor)),
    )


def body_of(session: Session, visitor: Visitor, code: str, number: int) -> Body:
    """What one version asks. Raises `NotAllowed`, `NotFound`."""
    expect_reader(visitor)
    found = session.scalar(
        select(ItemVersion.body)
        .join(Item, Item.id == ItemVersion.item_id)
        .where(Item.code == code, ItemVersion.number == number)
    )
    if found is None:
        raise NotFound("item_unknown", f"There is no version {number} of item {code}.")
    return parse(found)


def is_family(session: Session, code: str) -> bool:
    """Whether items belong to a family of this name."""
    return session.scalar(select(Item.id).where(or_(Item.family == code, Item.code == code)).limit(1)) is not None


def counted(session: Session, visitor: Visitor, scheme: str) -> dict[tuple[str, str], int]:
    """How many usable items there are of each number of a frame, by language: (number, language) → count."""
    expect_reader(visitor)
    rows = session.execute(
        select(ItemTag.value, Item.language, func.count())
        .join(Item, Item.id == ItemTag.item_id)
        .where(ItemTag.scheme == scheme, Item.usable_id.is_not(None))
        .group_by(ItemTag.value, Item.language)
    )
    return {(number, language): count for number, language, count in rows}


def stored(session: Session, which: Filter, *, usable_only: bool = False) -> Iterator[Stored]:
    """Items as they are, by code: at most `MOST_EXPORTED`. For whoever has been let in already."""
    for chunk in _chunks(session, _latest(which, usable_only=usable_only)):
        tags = _tags(session, [item.id for item, _ in chunk])
        for item, version in chunk:
            yield Stored(
                item.id, version.id, item.code, item.family, item.language, parse(version.body), tags.get(item.id, ())
            )


def _latest(which: Filter, *, usable_only: bool) -> Select[Item, ItemVersion]:
    joined = (
        ItemVersion.id == Item.usable_id
        if usable_only
        else (ItemVersion.item_id == Item.id) & (ItemVersion.number == Item.latest)
    )
    return select(Item, ItemVersion).join(ItemVersion, joined).where(*conditions_of(which)).order_by(Item.code)


def _chunks(
    session: Session, query: Select[Item, ItemVersion], size: int = 200
) -> Iterator[Sequence[tuple[Item, ItemVersion]]]:
    for offset in range(0, MOST_EXPORTED, size):
        rows = session.execute(query.limit(size).offset(offset)).all()
        if not rows:
            return
        yield rows


def _tags(session: Session, item_ids: Collection[int]) -> dict[int, tuple[Tag, ...]]:
    found: dict[int, tuple[Tag, ...]] = {}
    rows = session.scalars(select(ItemTag).where(ItemTag.item_id.in_(item_ids)).order_by(ItemTag.scheme, ItemTag.value))
    for row in rows:
        found[row.item_id] = (*found.get(row.item_id, ()), Tag(row.scheme, row.value))
    return found


def conditions_of(which: Filter) -> list[ColumnElement[bool]]:
    """A filter as conditions on `Item`."""
    found: list[ColumnElement[bool]] = []
    if which.scheme and which.number:
        found.append(tagged(which.scheme, which.number, within=True))
    if which.level:
        found.append(tagged(LEVEL, which.level))
    if which.audience:
        found.append(tagged(AUDIENCE, which.audience))
    if which.language:
        found.append(Item.language == which.language)
    if which.kind in set(ItemKind):
        found.append(Item.kind == ItemKind(which.kind))
    if which.state in set(VersionState):
        found.append(Item.state == VersionState(which.state))
    if which.codes:
        found.append(Item.code.in_(which.codes))
    if which.usable:
        found.append(Item.usable_id.is_not(None))
    if which.words.strip():
        wanted = which.words.strip().lower()[:100]
        found.append(or_(Item.code.contains(wanted, autoescape=True), _in_title(wanted)))
    return found


def tagged(scheme: str, value: str, *, within: bool = False) -> ColumnElement[bool]:
    """Whether an item has a tag; `within`: or one of what stands in that area."""
    fits = ItemTag.value == value
    if within:
        fits = fits | ItemTag.value.startswith(f"{value}.", autoescape=True)
    return select(ItemTag.id).where(ItemTag.item_id == Item.id, ItemTag.scheme == scheme, fits).exists()


def _in_title(wanted: str) -> ColumnElement[bool]:
    return func.lower(Item.title).contains(wanted, autoescape=True)


def expect_reader(visitor: Visitor) -> None:
    """Raises `NotAllowed` for whoever neither writes nor reviews items."""
    if not may_read(visitor):
        raise NotAllowed("items_not_yours", "The bank of items is for those who write and review them.")


def _card(item: Item) -> ItemCard:
    return ItemCard(
        code=item.code,
        family=item.family,
        language=item.language,
        kind=item.kind,
        title=item.title,
        state=item.state,
        usable=item.usable_id is not None,
        version=item.latest,
        tags=tuple(Tag(tag.scheme, tag.value) for tag in item.tags),
        updated_at=item.updated_at,
    )


def _history(session: Session, item: Item) -> tuple[VersionLine, ...]:
    """The last versions, the newest first, each with what it changed."""
    shown = item.versions[-MOST_VERSIONS:]
    names = _names(session, {who for each in shown for who in (each.written_by, each.reviewed_by)})
    bodies = [parse(each.body) for each in item.versions[-MOST_VERSIONS - 1 :]]
    before = [*([None] if len(bodies) == len(shown) else []), *bodies]
    told = [
        VersionLine(
            each.number,
            each.state,
            names.get(each.written_by, ""),
            each.written_at,
            names.get(each.reviewed_by, ""),
            each.reviewed_at,
            each.used_at,
            tuple(between(was, now)) if was is not None else (),
        )
        for each, was, now in zip(shown, before, bodies[-len(shown) :], strict=False)
    ]
    return tuple(reversed(told))


def _names(session: Session, actors: Collection[str]) -> dict[str, str]:
    numbers = [who.partition(":")[2] for who in actors if who.startswith("person:")]
    return names_of_people(session, [int(each) for each in numbers if each.isdecimal()])


def _reviews(session: Session, item: Item) -> tuple[ReviewLine, ...]:
    by_id: dict[int, Any] = {version.id: version for version in item.versions}
    rows = session.scalars(
        select(ItemReview)
        .where(ItemReview.version_id.in_(by_id))
        .order_by(ItemReview.at.desc(), ItemReview.id.desc())
        .limit(50)
    ).all()
    names = _names(session, {row.reviewer for row in rows})
    return tuple(
        ReviewLine(
            by_id[row.version_id].number,
            names.get(row.reviewer, ""),
            row.verdict,
            row.comment,
            row.at,
            row.digest == by_id[row.version_id].digest,
        )
        for row in rows
    )

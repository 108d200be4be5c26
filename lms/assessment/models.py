"""Tables of the bank of items."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, ForeignKey, Index, LargeBinary, String, UniqueConstraint, event, inspect
from sqlalchemy.orm import Mapped, Mapper, mapped_column, relationship

from lms.assessment.content import ItemKind
from lms.base import Base, Word


class VersionState(StrEnum):
    """How far a version of an item is."""

    DRAFT = "draft"
    OFFERED = "offered"
    """Written; waits for a second person to read it. An edit makes it a draft again."""
    REVIEWED = "reviewed"
    """Read and found good by a second person."""
    USABLE = "usable"
    """Tests may draw it."""
    REPLACED = "replaced"
    """A later version is usable."""
    WITHDRAWN = "withdrawn"


EDITABLE = frozenset({VersionState.DRAFT, VersionState.OFFERED})
"""What may still be changed in place, as long as nobody was given it."""


class Item(Base):
    """A question in one language, whatever its version."""

    __tablename__ = "item"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(64), unique=True)
    family: Mapped[str] = mapped_column(String(64), index=True)
    """The code of the item of which this one is a translation, or its own: the same for all languages."""
    language: Mapped[str] = mapped_column(String(8))
    kind: Mapped[ItemKind] = mapped_column(Word(ItemKind))
    """Of its latest version."""
    title: Mapped[str] = mapped_column(String(300), default="")
    """Of its latest version, or the beginning of its text: for lists."""
    state: Mapped[VersionState] = mapped_column(Word(VersionState))
    """Of its latest version."""
    usable_id: Mapped[int | None] = mapped_column(index=True)
    """The version that tests draw; none while there is none, and when the item is withdrawn."""
    latest: Mapped[int] = mapped_column(default=1)
    """The number of its latest version."""
    lock_version: Mapped[int] = mapped_column()
    """Refuses an edit of what has changed meanwhile."""
    created_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    versions: Mapped[list[ItemVersion]] = relationship(
        lazy="raise", order_by="ItemVersion.number", cascade="all, delete-orphan"
    )
    tags: Mapped[list[ItemTag]] = relationship(
        lazy="raise", order_by="ItemTag.scheme, ItemTag.value", cascade="all, delete-orphan"
    )

    __mapper_args__ = {"version_id_col": lock_version}
    __table_args__ = (Index(None, "state", "updated_at"), Index(None, "language", "usable_id"))


class ItemVersion(Base):
    """What an item asks. From its review on it never changes: the mapper refuses it."""

    __tablename__ = "item_version"

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id", ondelete="CASCADE"))
    number: Mapped[int]
    kind: Mapped[ItemKind] = mapped_column(Word(ItemKind))
    policy: Mapped[str] = mapped_column(String(32))
    body: Mapped[dict[str, Any]]
    """JSON of `lms.assessment.content`."""
    digest: Mapped[str] = mapped_column(String(64), index=True)
    """SHA-256 of the body: whether a file brings anything new."""
    state: Mapped[VersionState] = mapped_column(Word(VersionState), default=VersionState.DRAFT)
    written_by: Mapped[str] = mapped_column(String(64))
    """Whoever changed it last; who wrote any of it is in the log of changes, and may not review it."""
    writers: Mapped[dict[str, Any]]
    """Everybody who wrote any of it, by actor."""
    written_at: Mapped[datetime]
    reviewed_by: Mapped[str] = mapped_column(String(64), default="")
    reviewed_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    """When a person was given it first."""

    __table_args__ = (UniqueConstraint("item_id", "number"),)


class ItemTag(Base):
    """What an item is about and whom it is for.

    `scheme` is a frame's version (`digcomp22` with `1.1`), `level` (1 to 8), `audience`, or `topic` for free words.
    """

    __tablename__ = "item_tag"

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id", ondelete="CASCADE"))
    scheme: Mapped[str] = mapped_column(String(32))
    value: Mapped[str] = mapped_column(String(64))

    __table_args__ = (UniqueConstraint("item_id", "scheme", "value"), Index(None, "scheme", "value", "item_id"))


class Verdict(StrEnum):
    """What a second person says of a version."""

    GOOD = "good"
    RETURNED = "returned"


class ItemReview(Base):
    """One reading by a second person; rows are only added."""

    __tablename__ = "item_review"

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("item_version.id", ondelete="CASCADE"), index=True)
    digest: Mapped[str] = mapped_column(String(64))
    """Of what was read: a draft may have changed since."""
    reviewer: Mapped[str] = mapped_column(String(64))
    verdict: Mapped[Verdict] = mapped_column(Word(Verdict))
    comment: Mapped[str] = mapped_column(String(2000), default="")
    at: Mapped[datetime]


class ImportState(StrEnum):
    """What became of a file."""

    UPLOADED = "uploaded"
    TAKEN = "taken"
    DISCARDED = "discarded"


class ItemImport(Base):
    """A file of items that was sent in: kept until it is taken or thrown away, so that the preview is of its bytes."""

    __tablename__ = "item_import"

    id: Mapped[int] = mapped_column(primary_key=True)
    file_name: Mapped[str] = mapped_column(String(200))
    """Empty for text that was pasted."""
    format: Mapped[str] = mapped_column(String(16))
    language: Mapped[str] = mapped_column(String(8))
    """Of items that do not say theirs."""
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    report: Mapped[dict[str, Any]]
    """What became of it, once it is taken."""
    state: Mapped[ImportState] = mapped_column(Word(ImportState))
    created_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]

    __table_args__ = (Index(None, "created_by", "state"),)


_CONTENT = ("kind", "policy", "body", "digest", "item_id", "number")


@event.listens_for(ItemVersion, "before_update")
def _never_changes(_mapper: Mapper[ItemVersion], _connection: Connection, version: ItemVersion) -> None:
    """Whatever code is wrong: results point to what was asked, so it stays as it was asked."""
    state = inspect(version)
    was = state.attrs.state.history.deleted or [version.state]
    changed = [name for name in _CONTENT if state.attrs[name].history.has_changes()]
    if changed and (was[0] not in EDITABLE or version.used_at is not None):
        raise RuntimeError(f"Version {version.number} of item {version.item_id} is fixed; make a new version.")

"""The table of certificates from elsewhere."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from lms.base import Base


class ExternalCertificate(Base):
    """A certificate of another issuer that somebody declares: evidence of theirs, not a word of ours."""

    __tablename__ = "external_certificate"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(24), unique=True)
    """In addresses; says nothing."""
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    title: Mapped[str] = mapped_column(String(300))
    issuer: Mapped[str] = mapped_column(String(300))
    issued_on: Mapped[date | None]
    valid_until: Mapped[date | None]
    url: Mapped[str] = mapped_column(String(500), default="")
    file_digest: Mapped[str] = mapped_column(String(64), default="")
    file_name: Mapped[str] = mapped_column(String(160), default="")
    areas: Mapped[list[str]] = mapped_column(JSON)
    """Areas of the Ukrainian frame (`digcomp-ua`) that it is about, as the person says."""
    found: Mapped[dict[str, Any] | None]
    """What our verifier found in the file, where it holds a credential: `external_files.Found` as JSON."""
    shared: Mapped[bool] = mapped_column(default=False)
    """Whether those who lead or organise the person's organisation see it."""
    seen_by: Mapped[str] = mapped_column(String(64), default="")
    seen_at: Mapped[datetime | None]
    seen_note: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]

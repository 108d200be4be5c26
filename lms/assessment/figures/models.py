"""Table of what people say of themselves for statistics."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from lms.base import Base


class BackgroundAnswer(Base):
    """What somebody says of themselves, with consent of its own; gone when the consent is taken back.

    An empty answer is one that was not given. The newest row of a person counts: two may be there when two entries of
    one person were merged.
    """

    __tablename__ = "background_answer"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    age_band: Mapped[str] = mapped_column(String(16), default="")
    sex: Mapped[str] = mapped_column(String(16), default="")
    settlement: Mapped[str] = mapped_column(String(16), default="")
    consent: Mapped[str] = mapped_column(String(16))
    """Which wording of the consent was agreed to."""
    consented_at: Mapped[datetime]

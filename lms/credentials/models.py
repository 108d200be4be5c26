"""Tables of certificates. What was issued never changes: a new name or a new term is a new edition beside the old."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from lms.base import Base, Word


class KeyKind(StrEnum):
    """What a key of the issuer signs with: embedded proofs, or tokens."""

    ED25519 = "ed25519"
    RSA = "rsa"


class KeyEnd(StrEnum):
    """Why a key signs no more. What it signed stays genuine, unless it was in other hands."""

    ROTATED = "rotated"
    LOST = "lost"
    COMPROMISED = "compromised"


class IssuerKey(Base):
    """A key of the issuer, listed for ever at `/issuer`. The private half is sealed, and destroyed once it ended."""

    __tablename__ = "issuer_key"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[KeyKind] = mapped_column(Word(KeyKind))
    issuer: Mapped[str] = mapped_column(String(300), index=True)
    """The issuer's id at that time; a site that moves to another address begins with keys of its own."""
    method: Mapped[str] = mapped_column(String(400), unique=True)
    """The address by which credentials name it."""
    public: Mapped[str] = mapped_column(Text)
    """Multikey of Ed25519, JWK of RSA."""
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended: Mapped[KeyEnd | None] = mapped_column(Word(KeyEnd))
    compromised_since: Mapped[datetime | None]


class RuleKind(StrEnum):
    """By what somebody earns it."""

    ATTENDANCE = "attendance"
    """A share of the dates of a series that took place."""
    COURSE = "course"
    """Completing a course, its tests and tasks included."""
    TEST = "test"
    """Passing one test, whether it belongs to a course or not."""
    MANUAL = "manual"
    """An authorised person says so, with a reason."""


class AwardRule(Base):
    """For what a certificate is given, and in which words. Never changed: a new version is a new row."""

    __tablename__ = "award_rule"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(64))
    version: Mapped[int]
    kind: Mapped[RuleKind] = mapped_column(Word(RuleKind))
    series_id: Mapped[int | None] = mapped_column(ForeignKey("series.id"), index=True)
    course_id: Mapped[int | None] = mapped_column(ForeignKey("course.id"), index=True)
    test_id: Mapped[int | None] = mapped_column(ForeignKey("test.id"), index=True)
    """The test that must be passed: the rule's own, or one besides the course or the attendance."""
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    """On whose behalf it is given."""
    name: Mapped[str] = mapped_column(String(300))
    name_en: Mapped[str] = mapped_column(String(300), default="")
    description: Mapped[str] = mapped_column(Text, default="")
    description_en: Mapped[str] = mapped_column(Text, default="")
    criteria: Mapped[str] = mapped_column(Text)
    criteria_en: Mapped[str] = mapped_column(Text, default="")
    achievement_kind: Mapped[str] = mapped_column(String(64), default="CertificateOfCompletion")
    hours: Mapped[str] = mapped_column(String(10), default="")
    credits: Mapped[str] = mapped_column(String(10), default="")
    min_share: Mapped[int | None]
    """Of the dates that took place, in percent; for attendance."""
    valid_months: Mapped[int | None]
    remind_days: Mapped[int | None]
    """So many days before its end the holder is reminded; None: as `rules.REMIND_DAYS` says."""
    funder: Mapped[str] = mapped_column(String(300), default="")
    """The project or funder with whose support it is given, in its own words."""
    funder_en: Mapped[str] = mapped_column(String(300), default="")
    project_id: Mapped[int | None] = mapped_column(ForeignKey("project.id"), index=True)
    """Its own tag; else that of the series or the course for which it is given, as it is when it is issued."""
    by_itself: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether it is issued without a press to whoever has earned it (`lms.credentials.by_itself`)."""
    signatory: Mapped[str] = mapped_column(String(200), default="")
    signatory_position: Mapped[str] = mapped_column(String(300), default="")
    signatory_position_en: Mapped[str] = mapped_column(String(300), default="")
    created_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("code", "version"),)


class StatusList(Base):
    """One bit for each certificate, and the signed list as served. `taken` also has bits that belong to nobody."""

    __tablename__ = "status_list"

    id: Mapped[int] = mapped_column(primary_key=True)
    issuer: Mapped[str] = mapped_column(String(300))
    bits: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    taken: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    used: Mapped[int]
    """Bits of `taken`."""
    credential: Mapped[str] = mapped_column(Text, default="", deferred=True)
    signed_at: Mapped[datetime]
    full: Mapped[bool] = mapped_column(default=False)


class CertificateState(StrEnum):
    """How a certificate stands. Whether it has expired is a question of the day."""

    ISSUED = "issued"
    REVOKED = "revoked"


class Certificate(Base):
    """A certificate by its number. What it says stands in its editions; `edition` is the current one.

    Nothing makes a person's certificate under a rule unique in the table: two entries of one person may be merged, and
    no certificate may be lost by it. `issuing` looks before it issues, under the rule's lock.
    """

    __tablename__ = "certificate"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(16), unique=True)
    rule_id: Mapped[int | None] = mapped_column(ForeignKey("award_rule.id"), index=True)
    series_id: Mapped[int | None] = mapped_column(ForeignKey("series.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    state: Mapped[CertificateState] = mapped_column(Word(CertificateState), default=CertificateState.ISSUED)
    edition: Mapped[int] = mapped_column(default=1)
    awarded_at: Mapped[datetime] = mapped_column(index=True)
    valid_until: Mapped[datetime | None] = mapped_column(index=True)
    earned_at: Mapped[datetime | None]
    """When that was done for which it was given last; whoever does it again has it renewed."""
    remind_at: Mapped[datetime | None] = mapped_column(index=True)
    """When the holder is to be reminded of its end; empty once that is done."""
    list_id: Mapped[int] = mapped_column(ForeignKey("status_list.id"))
    list_index: Mapped[int]
    shared: Mapped[bool] = mapped_column(default=True)
    """Whether strangers who have the number see it; the holder decides."""
    demo: Mapped[bool] = mapped_column(default=False)
    issued_by: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(500), default="")
    """Why it was given, where somebody decided it."""
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str] = mapped_column(String(64), default="")
    revoked_because: Mapped[str] = mapped_column(String(500), default="")

    __table_args__ = (UniqueConstraint("list_id", "list_index"), Index(None, "rule_id", "person_id"))


class EditionReason(StrEnum):
    """Why there is this edition."""

    ISSUED = "issued"
    RENAMED = "renamed"
    NAMED = "named"
    RENEWED = "renewed"
    REISSUED = "reissued"
    """Signed anew, because the key of the former edition may have been in other hands."""


class CertificateEdition(Base):
    """A certificate as it was issued: what it says, and the credential as it was signed. Rows are only added."""

    __tablename__ = "certificate_edition"

    id: Mapped[int] = mapped_column(primary_key=True)
    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"))
    number: Mapped[int]
    reason: Mapped[EditionReason] = mapped_column(Word(EditionReason))
    snapshot: Mapped[dict[str, Any]]
    credential: Mapped[str] = mapped_column(Text)
    token: Mapped[str] = mapped_column(Text)
    issued_at: Mapped[datetime]
    issued_by: Mapped[str] = mapped_column(String(64))

    __table_args__ = (UniqueConstraint("certificate_id", "number"),)


class CertificateSeal(Base):
    """What came of sealing an edition's document: the sealed one, which is kept for good, or why there is none."""

    __tablename__ = "certificate_seal"

    edition_id: Mapped[int] = mapped_column(ForeignKey("certificate_edition.id"), primary_key=True)
    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"), index=True)
    digest: Mapped[str] = mapped_column(String(64), default="")
    """The sealed document among the files; empty while there is none."""
    sealed_at: Mapped[datetime | None]
    signer: Mapped[str] = mapped_column(String(300), default="")
    signer_digest: Mapped[str] = mapped_column(String(64), default="", index=True)
    """SHA-256 of the certificate that sealed it."""
    stamped: Mapped[bool] = mapped_column(default=False)
    """Whether a time-stamp server attests when."""
    tries: Mapped[int] = mapped_column(default=0)
    tried_at: Mapped[datetime]
    code: Mapped[str] = mapped_column(String(40), default="", index=True)
    """Why the last attempt failed, in a word; empty where none did."""
    says: Mapped[str] = mapped_column(String(500), default="")
    """The same as a sentence for administrators."""

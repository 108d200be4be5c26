"""Tables of organisations, people and roles. A person is not an account, an account is not a role."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.base import Base, Word


class OrganisationKind(StrEnum):
    """What an organisation is."""

    ASC = "asc"
    MINISTRY = "ministry"
    STATE_ENTERPRISE = "state_enterprise"
    ASSOCIATION = "association"
    PROJECT = "project"
    LIBRARY = "library"
    TRAINING_CENTRE = "training_centre"


class OrganisationStatus(StrEnum):
    """Whether an organisation works, and where."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    RELOCATED = "relocated"
    CLOSED = "closed"


class RoleName(StrEnum):
    """What a person may be in the system. (What somebody is in a meeting: `lms.schedule.models.MeetingRole`.)"""

    ADMINISTRATOR = "administrator"
    ORGANISER = "organiser"
    CENTRE_LEAD = "centre_lead"
    TRAINER = "trainer"
    ITEM_REVIEWER = "item_reviewer"
    PROGRAMME_MANAGER = "programme_manager"
    CERTIFIER = "certifier"
    DATA_IMPORTER = "data_importer"
    DATA_PROTECTION_OFFICER = "data_protection_officer"
    AUDITOR = "auditor"
    OPERATOR = "operator"
    API_CLIENT = "api_client"


class Scope(StrEnum):
    """How far a role reaches: the whole network, one organisation, a programme, a series, or one occurrence."""

    NETWORK = "network"
    ORGANISATION = "organisation"
    PROGRAMME = "programme"
    SERIES = "series"
    OCCURRENCE = "occurrence"


class Organisation(Base):
    """A member of the network, or one that sends experts. Never deleted: it is closed, and its membership ends.

    `territorial_code` is of the national classifier KATOTTG, where known; `oblast` is the region's Ukrainian name.
    What was merged into another organisation keeps its row and says into which.
    """

    __tablename__ = "organisation"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[OrganisationKind] = mapped_column(Word(OrganisationKind))
    name_uk: Mapped[str] = mapped_column(String(300))
    name_en: Mapped[str] = mapped_column(String(300), default="")
    territorial_code: Mapped[str] = mapped_column(String(32), default="")
    oblast: Mapped[str] = mapped_column(String(64), default="", index=True)
    settlement: Mapped[str] = mapped_column(String(120), default="")
    community: Mapped[str] = mapped_column(String(120), default="", server_default="")
    """The territorial community (hromada) that it serves."""
    community_code: Mapped[str] = mapped_column(String(32), default="", server_default="")
    """Of that community, of KATOTTG."""
    email: Mapped[str] = mapped_column(String(254), default="")
    phone: Mapped[str] = mapped_column(String(64), default="")
    website: Mapped[str] = mapped_column(String(300), default="")
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    status: Mapped[OrganisationStatus] = mapped_column(Word(OrganisationStatus), default=OrganisationStatus.ACTIVE)
    protected: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Its people and devices are named to nobody but those who organise (`lms.schedule.protection`)."""
    created_at: Mapped[datetime]

    memberships: Mapped[list[Membership]] = relationship(lazy="raise", order_by="Membership.from_date")


class Membership(Base):
    """An organisation belongs to a network in `[from_date, to_date)`; without an end it still does."""

    __tablename__ = "membership"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    network: Mapped[str] = mapped_column(String(64))
    from_date: Mapped[date]
    to_date: Mapped[date | None]


def shown_name(given_name: str, family_name: str) -> str:
    """Given name, then family name, as shown under a picture."""
    return f"{given_name} {family_name}".strip()


class Person(Base):
    """A human. `latin_name` is how the name is written in English documents.

    Who was merged into another person keeps the row, and nothing else points to it any more.
    """

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    family_name: Mapped[str] = mapped_column(String(100))
    given_name: Mapped[str] = mapped_column(String(100))
    patronymic: Mapped[str] = mapped_column(String(100), default="")
    latin_name: Mapped[str] = mapped_column(String(200), default="")
    language: Mapped[str] = mapped_column(String(8), default="uk")
    time_zone: Mapped[str] = mapped_column(String(64), default="Europe/Kyiv")
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]

    __table_args__ = (Index(None, "family_name", "given_name"),)

    accounts: Mapped[list[Account]] = relationship(lazy="raise", back_populates="person")
    affiliations: Mapped[list[Affiliation]] = relationship(lazy="raise")

    @property
    def display_name(self) -> str:
        """As shown under a picture."""
        return shown_name(self.given_name, self.family_name)


class Account(Base):
    """A way to sign in. For provider `password`: subject is the e-mail in lower case, `secret` an Argon2id hash."""

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    provider: Mapped[str] = mapped_column(String(32))
    subject: Mapped[str] = mapped_column(String(320))
    secret: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime]
    last_sign_in_at: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(lazy="raise", back_populates="accounts")

    __table_args__ = (UniqueConstraint("provider", "subject"),)


class Affiliation(Base):
    """A person works at an organisation in `[from_date, to_date)`."""

    __tablename__ = "affiliation"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    position: Mapped[str] = mapped_column(String(200), default="")
    from_date: Mapped[date]
    to_date: Mapped[date | None]


class RoleGrant(Base):
    """A person has a role, as far as the scope reaches, in `[from_at, to_at)`. `scope_id` is empty for the network."""

    __tablename__ = "role_grant"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    role: Mapped[RoleName] = mapped_column(Word(RoleName))
    scope: Mapped[Scope] = mapped_column(Word(Scope))
    scope_id: Mapped[int | None]
    from_at: Mapped[datetime]
    to_at: Mapped[datetime | None]
    granted_by: Mapped[str] = mapped_column(String(64))

    __table_args__ = (Index(None, "role", "scope", "scope_id"),)

"""Meetings for the browser tests, planned straight in the server's database, and how a page gets into one."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page
from sqlalchemy import select

from lms import demo
from lms.database import Database
from lms.directory import accounts, endpoints
from lms.directory.models import Account, Organisation, RoleName, Scope
from lms.directory.queries import organisation_by_code, visitor_of_person
from lms.directory.rules import Grant, Visitor
from lms.meetings.queries import connected_now
from lms.schedule import actions, protecting
from lms.schedule.drafts import OccurrenceDraft, PartyDraft
from lms.schedule.models import Access, Kind, Occurrence, Part
from lms.schedule.protection import Protection
from tests.support.browser import until
from tests.support.installation import Installation

PASSWORD = "correct horse battery staple"
"""Of the demo's organiser and administrator on the test server."""


@dataclass(frozen=True)
class Planner:
    """Plans in the database of a server that runs."""

    database: Database

    def seed(self) -> demo.DemoFacts:
        """Demo organisations and accounts."""
        with self.database.writing() as session:
            return demo.seed(session, datetime.now(UTC), password=PASSWORD)

    def person(self, email: str, given_name: str, family_name: str, home: str, role: RoleName | None = None) -> None:
        """Somebody of an organisation with the tests' password, maybe with a role there."""
        now = datetime.now(UTC)
        with self.database.writing() as session:
            organisation = organisation_by_code(session, home)
            made = accounts.create_person(
                session,
                "system",
                given_name=given_name,
                family_name=family_name,
                email=email,
                organisation_id=organisation.id,
                now=now,
            )
            account = session.scalars(select(Account).where(Account.person_id == made.id)).one()
            accounts.set_password(session, "system", account.id, PASSWORD, now)
            if role is not None:
                accounts.give_role(
                    session,
                    "system",
                    person_id=made.id,
                    role=role,
                    scope=Scope.ORGANISATION,
                    scope_id=organisation.id,
                    now=now,
                )

    def connected(self, slug: str) -> set[str]:
        """The identities of who is in an occurrence's meeting, as far as the database knows."""
        with self.database.reading() as session:
            number = session.scalars(select(Occurrence.id).where(Occurrence.slug == slug)).one()
            return connected_now(session, number, datetime.now(UTC))

    def pair(self, code: str, home: str) -> None:
        """An administrator types in the code that a device shows."""
        chief = Visitor(person_id=1, grants=frozenset({Grant(RoleName.ADMINISTRATOR)}))
        with self.database.writing() as session:
            organisation = organisation_by_code(session, home)
            endpoints.approve_pairing(
                session, chief, code=code, organisation_id=organisation.id, label="Зала", now=datetime.now(UTC)
            )

    def open_meeting(self, title: str = "Пробна зустріч") -> str:
        """A meeting that is live and open to anyone with a name; gives its id."""
        meeting = f"test-{uuid.uuid4().hex[:10]}"
        now = datetime.now(UTC)
        with self.database.writing() as session:
            planner = session.scalars(select(Account).where(Account.subject == demo.ORGANISER)).one()
            visitor = visitor_of_person(session, planner.person_id, now)
            home = session.scalars(select(Organisation).where(Organisation.code == "association")).one()
            draft = OccurrenceDraft(
                kind=Kind.CONSULTATION,
                title=title,
                starts_local=(now + timedelta(minutes=5)).replace(tzinfo=None, microsecond=0),
                duration_minutes=60,
                zone="UTC",
                access=Access.OPEN,
                parties=[PartyDraft(home.id, Part.ORGANISER)],
            )
            made = actions.create(session, visitor, draft, now, meeting=meeting)
            actions.publish(session, visitor, made.slug, now)
            actions.start(session, visitor, made.slug, now)
        return meeting

    def protect(self, meeting: str, wanted: Protection) -> None:
        """Ask for the protection of whoever comes, before anybody does."""
        with self.database.writing() as session:
            slug = session.scalars(select(Occurrence.slug).where(Occurrence.meeting == meeting)).one()
            chief = Visitor(person_id=1, grants=frozenset({Grant(RoleName.ORGANISER)}))
            protecting.protect(session, chief, "occurrence", slug, wanted, datetime.now(UTC))


def enter(page: Page, server: Installation, meeting: str, name: str, *, url: str = "", expect: str = "") -> None:
    """Open the room, see what is expected before joining (a selector), and press Join; returns when in."""
    page.goto(f"{url or server.url}/meet/{meeting}")
    if expect:
        page.locator(expect).first.wait_for()
    page.get_by_test_id("name").fill(name)
    page.get_by_test_id("join").click()
    in_meeting(page)


def in_meeting(page: Page) -> None:
    """Wait until the room says that it is in."""
    until(page, "() => window.__vikno?.phase === 'in'")

"""What most tests of the schedule begin with: a writing transaction, an organiser, an organisation that plans."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session

from lms.database import Database
from lms.directory.models import Organisation, OrganisationKind
from lms.directory.rules import Visitor
from tests.lms.facts import organisation, organiser


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """One transaction for the whole test."""
    with database.writing() as opened:
        yield opened


@pytest.fixture
def planner(session: Session) -> Visitor:
    """An organiser of the network."""
    return organiser(session)


@pytest.fixture
def home(session: Session) -> Organisation:
    """An association that plans."""
    return organisation(session, "association", OrganisationKind.ASSOCIATION)

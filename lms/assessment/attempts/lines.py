"""Tests that are one test to people: a lesson's, through all versions of its course."""

from __future__ import annotations

import re

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from lms.assessment.attempts.models import Test

LESSON = re.compile(r"([^/]+)/[0-9]+/([^/]+)")


def line_of(test: Test) -> ColumnElement[bool]:
    """A lesson's test in every version of its course; any other test by itself. As a condition on `Test`."""
    found = LESSON.fullmatch(test.code)
    if found is None:
        return Test.id == test.id
    return Test.code.startswith(f"{found[1]}/", autoescape=True) & Test.code.endswith(f"/{found[2]}", autoescape=True)


def of_line(session: Session, test_id: int) -> Select[int]:
    """The numbers of the tests that are one with this one, as a query to choose from."""
    return select(Test.id).where(line_of(session.get_one(Test, test_id)))

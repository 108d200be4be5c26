"""Statements that are put together once: every call asks with its own values, and for its own visitor."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from itertools import count

import pytest
from sqlalchemy import Select, select
from sqlalchemy.exc import StatementError

from lms.database import Database
from lms.directory.models import Organisation, OrganisationKind, RoleName, Scope
from lms.directory.rules import ANONYMOUS, Grant, Visitor
from lms.statements import fetch, once
from tests.lms.facts import organisation

built = count()


@once
def codes_of(numbers: Collection[int], *, kind: OrganisationKind | None = None) -> Select[str]:
    next(built)
    query = select(Organisation.code).order_by(Organisation.code)
    if kind is not None:
        query = query.where(Organisation.kind == kind)
    return query.where(Organisation.id.in_(numbers) if numbers else Organisation.code == "")


@once
def of_visitor(visitor: Visitor) -> Select[str]:
    query = select(Organisation.code).order_by(Organisation.code)
    if visitor.is_administrator:
        return query
    return query.where(Organisation.id.in_(visitor.organisation_ids), Organisation.id == visitor.organisation_id)


def test_each_call_asks_with_its_own_values(database: Database) -> None:
    with database.writing() as session:
        numbers = [organisation(session, code).id for code in ("a", "b", "c")]
    with database.reading() as session:

        def found(some: Collection[int], **more: OrganisationKind) -> list[str]:
            return [code for (code,) in fetch(session, *codes_of(some, **more))]

        before = next(built)
        assert found(numbers[:1]) == ["a"]
        assert found(set(numbers[1:])) == ["b", "c"]
        assert found(numbers[2:]) == ["c"]
        assert next(built) - before <= 2, "three lists, one statement"
        assert found([]) == []
        assert found(numbers, kind=OrganisationKind.MINISTRY) == []
        assert found(numbers, kind=OrganisationKind.ASC) == ["a", "b", "c"]
        assert session.scalars(*codes_of(numbers[:2])).all() == ["a", "b"]


def test_nobody_sees_with_the_eyes_of_another(database: Database) -> None:
    with database.writing() as session:
        a, b = (organisation(session, code).id for code in ("a", "b"))
    administrator = Visitor(person_id=9, grants=frozenset({Grant(RoleName.ADMINISTRATOR)}))
    leads = [
        Visitor(
            person_id=number,
            organisation_id=home,
            organisation_ids=frozenset({home}),
            grants=frozenset({Grant(RoleName.CENTRE_LEAD, Scope.ORGANISATION, home)}),
        )
        for number, home in ((1, a), (2, b))
    ]
    with database.reading() as session:

        def seen(visitor: Visitor) -> list[str]:
            return [code for (code,) in fetch(session, *of_visitor(visitor))]

        assert [seen(each) for each in (*leads, administrator, *leads)] == [["a"], ["b"], ["a", "b"], ["a"], ["b"]]
        assert seen(ANONYMOUS) == []


def test_a_kept_statement_never_answers_without_values(database: Database) -> None:
    """A value forgotten must not become the value of whoever asked before."""
    statement, _ = of_visitor(Visitor(person_id=1, organisation_id=1, organisation_ids=frozenset({1})))
    with database.reading() as session, pytest.raises(StatementError):
        session.execute(statement)


def test_what_cannot_be_a_parameter_is_refused() -> None:
    @once
    def strange(value: object) -> Select[int]:
        return select(Organisation.id)

    with pytest.raises(TypeError):
        strange(object())
    assert strange(date(2026, 11, 25))[1] == {"value": date(2026, 11, 25)}

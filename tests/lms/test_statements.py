"""Statements that are put together once: every call asks with its own values, and for its own visitor."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

import pytest
from sqlalchemy import Select, and_, literal, or_, select
from sqlalchemy.exc import StatementError

from lms.database import Database
from lms.directory.models import Organisation, OrganisationKind, RoleName, Scope
from lms.directory.rules import ANONYMOUS, Grant, Visitor
from lms.errors import Invalid
from lms.statements import Fixed, fetch, once
from tests.lms.facts import counted, organisation

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


def test_values_and_columns_pass_through_their_types(database: Database) -> None:
    """Words, instants, signs that mean something to a driver, lists and what is not in them."""

    @once
    def described(kinds: Collection[OrganisationKind], since: datetime) -> Select[*tuple[Any, ...]]:
        columns = (Organisation.code, Organisation.kind, Organisation.created_at, literal("100 % :x").label("signs"))
        others = Organisation.kind.not_in(kinds), Organisation.code.not_in(("50%", "x:y"))
        found = select(*columns).where(Organisation.created_at >= since).order_by(Organisation.code)
        return found.where(or_(Organisation.kind.in_(kinds), and_(Organisation.code == "c", *others)))

    asc, ministry, association = OrganisationKind.ASC, OrganisationKind.MINISTRY, OrganisationKind.ASSOCIATION
    with database.writing() as session:
        for code, kind in (("a", asc), ("b", ministry), ("c", association)):
            created = organisation(session, code, kind).created_at
    with database.reading() as session:
        for kinds, codes in (([asc], "ac"), ([ministry, asc], "abc"), ([asc, association], "ac")):
            lines = fetch(session, *described(kinds, created))
            assert "".join(line.code for line in lines) == codes
            assert {line.kind for line in lines} <= {*kinds, association}
            assert all(line.created_at == created and line.created_at.tzinfo is UTC for line in lines)
            assert {line.signs for line in lines} == {"100 % :x"}


def test_numbers_that_decide_the_form_are_no_parameters(database: Database) -> None:
    @once
    def first(most: int) -> Select[str]:
        return select(Organisation.code).order_by(Organisation.code).limit(most)

    with database.writing() as session:
        for code in ("a", "b", "c"):
            organisation(session, code)
    with database.reading() as session, counted(database) as said:
        assert [len(fetch(session, *first(Fixed(most)))) for most in (1, 2, 1)] == [1, 2, 1]
        assert [len(fetch(session, *first(most))) for most in (1, 2)] == [1, 2]
    assert [said[0], said[1]] != [said[1], said[2]]
    assert said[3] == said[4]
    assert "LIMIT 1" in said[0]


def test_wrong_input_is_told_as_everywhere(database: Database) -> None:
    @once
    def numbered(number: int) -> Select[int]:
        return select(Organisation.id).where(Organisation.id == number)

    with database.writing() as session:
        there = organisation(session, "a").id
    for _ in range(3):
        with database.reading() as session, pytest.raises(Invalid):
            fetch(session, *numbered(2**70))
    with database.reading() as session:
        assert [number for (number,) in fetch(session, *numbered(there))] == [there]


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

"""Certificates from elsewhere: declared, checked as far as that goes, private until shown, seen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from lms.credentials import documents, external_actions, external_files, external_queries
from lms.credentials.external_actions import ExternalDraft
from lms.credentials.external_files import Looked
from lms.credentials.trust import KnownKey
from lms.credentials.verdicts import State
from lms.database import Database
from lms.directory.models import RoleName, Scope
from lms.directory.rules import ANONYMOUS, Visitor
from lms.errors import Invalid, NotAllowed, NotFound
from lms.files import MemoryFiles
from lms.frameworks import loading
from tests.lms.credentials import samples
from tests.lms.credentials.samples import Known
from tests.lms.facts import NOW, counted, organisation, organiser, person

DRAFT = ExternalDraft(title="Цифрограм", issuer="Міністерство", issued_on=date(2026, 3, 1), areas=("2", "9", "1"))
PDF = ("мій.pdf.exe", b"%PDF-1.7 and nothing in it")
LATER = NOW + timedelta(days=1)


class Strangers(Known):
    """Knows nobody."""

    def keys(self, issuer: str) -> Sequence[KnownKey] | None:
        return None


def looked(session: Session, visitor: Visitor, name: str, contents: bytes, trust: Any = None) -> Looked:
    return external_files.look(session, visitor, name, contents, trust or Known(), samples.NOW)


def declare(session: Session, visitor: Visitor, draft: ExternalDraft, file: tuple[str, bytes] | None) -> None:
    external_actions.declare(
        session, visitor, draft, looked(session, visitor, *file) if file else None, MemoryFiles(), NOW
    )


def test_declared_private_shown_seen_removed(database: Database) -> None:
    store = MemoryFiles()
    with database.writing() as session:
        loading.load_shipped(session, NOW)
        home, other = organisation(session, "lviv"), organisation(session, "odesa")
        olena = person(session, "olena@example.org", home=home)
        lead = person(session, "lead@example.org", RoleName.CENTRE_LEAD, scope=Scope.ORGANISATION, scope_id=home.id)
        strange = person(session, "far@example.org", RoleName.CENTRE_LEAD, scope=Scope.ORGANISATION, scope_id=other.id)
        made = external_actions.declare(session, olena, DRAFT, looked(session, olena, *PDF), store, NOW)
        assert (made.found, made.file_name, made.areas) == (None, "мій.pdf.pdf", ["1", "2"])
        assert external_queries.file_of(session, olena, made.code, store, NOW)[1:] == ("application/pdf", PDF[1])
        for visitor in (lead, strange, ANONYMOUS):
            with pytest.raises(NotFound):
                external_queries.page_of(session, visitor, made.code, NOW)
        with pytest.raises(NotFound):
            external_actions.share(session, lead, made.code, NOW, open_=True)
        external_actions.share(session, olena, made.code, NOW, open_=True)
        assert [each.code for each in external_queries.shown_to(session, lead, NOW)] == [made.code]
        assert external_queries.shown_to(session, strange, NOW) == []
        assert external_queries.shown_to(session, organiser(session), NOW)
        with pytest.raises(NotAllowed):
            external_queries.shown_to(session, olena, NOW)
        with pytest.raises(NotAllowed):
            external_actions.note_seen(session, olena, made.code, "Бачила", NOW)
        external_actions.note_seen(session, lead, made.code, "Зараховано", LATER)
        page = external_queries.page_of(session, olena, made.code, LATER)
        assert (page.row.seen_note, page.mine, page.found) == ("Зараховано", True, None)
        assert [(each.number, [one[0] for one in each.there]) for each in page.areas] == [("1", ["5.1"]), ("2", ["1"])]
        with pytest.raises(NotFound):
            external_queries.page_of(session, strange, made.code, NOW)
        with counted(database) as said:
            external_queries.shown_to(session, lead, NOW)
        assert len(said) <= 2
        external_actions.share(session, olena, made.code, LATER, open_=False)
        with pytest.raises(NotFound):
            external_queries.file_of(session, lead, made.code, store, NOW)
        external_actions.remove(session, olena, made.code, LATER)
        assert external_queries.mine(session, olena) == []


def credential(email: str) -> bytes:
    told = samples.snapshot(email_hash=documents.email_hash(email, "salt"))
    return json.dumps(samples.signed(told)).encode()


@pytest.mark.parametrize(
    ("email", "trust", "state", "hers", "checked"),
    [
        ("olena@example.org", Known(), State.VALID, "yes", True),
        ("petro@example.org", Known(), State.VALID, "no", False),
        ("olena@example.org", Strangers(), State.UNKNOWN_ISSUER, "yes", False),
        ("olena@example.org", Known(lists={samples.LIST: samples.status_list(4711)}), State.REVOKED, "yes", False),
    ],
)
def test_a_credential_is_checked_and_fills_in_what_it_says(
    database: Database, email: str, trust: Any, state: State, hers: str, checked: bool
) -> None:
    with database.writing() as session:
        olena = person(session, "olena@example.org")
        file = looked(session, olena, "c.json", credential(email), trust)
        made = external_actions.declare(session, olena, ExternalDraft(), file, MemoryFiles(), samples.NOW)
        page = external_queries.page_of(session, olena, made.code, NOW)
        assert (made.title, made.issuer, made.issued_on) == (
            "Мобільний цифровий кейс",
            samples.ISSUER.name,
            date(2026, 11, 20),
        )
        assert page.found is not None
        assert (page.found.state, page.found.hers, page.found.checked) == (state.value, hers, checked)
        grand = replace(DRAFT, title="Доктор наук", issuer="Академія", valid_until=date(2050, 1, 1))
        made = external_actions.declare(session, olena, grand, file, MemoryFiles(), samples.NOW)
        told = (made.title, made.issuer, made.valid_until)
        # What is called checked is what the credential says, whatever was typed beside it.
        own = ("Мобільний цифровий кейс", samples.ISSUER.name, None)
        assert told == (own if checked else ("Доктор наук", "Академія", date(2050, 1, 1)))


def test_what_is_refused(database: Database) -> None:
    with database.writing() as session:
        olena = person(session, "olena@example.org")
        for changes, file, code in (
            ({}, None, "external_needs_proof"),
            ({"url": "javascript:alert(1)"}, None, "url_invalid"),
            ({"title": ""}, PDF, "external_title"),
            ({"issuer": " "}, PDF, "external_issuer"),
            ({"issued_on": date(2030, 1, 1)}, PDF, "external_day"),
            ({"valid_until": date(2020, 1, 1)}, PDF, "external_end"),
            ({}, ("a.pdf", b"MZ"), "external_file"),
            ({}, ("a.pdf", b""), "external_file"),
            ({}, ("a.svg", b"<svg onload='alert(1)'/>"), "external_file"),
        ):
            with pytest.raises(Invalid) as refused:
                declare(session, olena, replace(DRAFT, **changes), file)
            assert refused.value.code == code
        with pytest.raises(NotAllowed):
            external_actions.declare(session, ANONYMOUS, DRAFT, Looked(*PDF), MemoryFiles(), NOW)
        with pytest.raises(NotAllowed):
            looked(session, ANONYMOUS, *PDF)

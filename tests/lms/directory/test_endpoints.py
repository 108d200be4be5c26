"""Pairing: a code on the screen, typed once; then a key that only the device knows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from lms.audit.queries import entries
from lms.database import Database
from lms.directory import endpoints, queries
from lms.directory.organisation_queries import Wanted, organisation_list
from lms.directory.people_queries import people_list
from lms.directory.rules import ANONYMOUS, CODE_ALPHABET, CODE_LENGTH, new_pairing_code, shown_code, typed_code
from lms.errors import Invalid, NotAllowed, NotFound, TooMany
from tests.lms.facts import NOW, administrator, counted, organisation, organiser

ADDRESS = "192.0.2.9"


def start(database: Database, address: str = ADDRESS) -> endpoints.PairingStarted:
    with database.writing() as session:
        return endpoints.request_pairing(session, address=address, now=NOW)


def paired(database: Database) -> tuple[str, int]:
    """A device key and the number of its endpoint."""
    started = start(database)
    with database.writing() as session:
        home = organisation(session, "sumy")
        endpoints.approve_pairing(
            session,
            administrator(session),
            code=started.code,
            organisation_id=home.id,
            label="Зала",
            now=NOW,
        )
        poll = endpoints.poll_pairing(session, started.secret, NOW)
    assert poll.state == "paired"
    assert poll.device_key is not None
    assert poll.endpoint_id is not None
    return poll.device_key, poll.endpoint_id


def test_a_device_is_paired_once_and_known_from_then_on(database: Database) -> None:
    started = start(database)
    with database.writing() as session:
        assert endpoints.poll_pairing(session, started.secret, NOW).state == "waiting"
        home = organisation(session, "sumy")
        boss = administrator(session)
        made = endpoints.approve_pairing(
            session, boss, code=started.code.lower(), organisation_id=home.id, label=" Зала ", now=NOW
        )
        assert made.label == "Зала"
        with pytest.raises(NotFound):
            endpoints.approve_pairing(session, boss, code=started.code, organisation_id=home.id, label="Зала", now=NOW)
    with database.writing() as session:
        poll = endpoints.poll_pairing(session, started.secret, NOW)
    assert poll.device_key is not None
    with database.writing() as session:
        assert endpoints.authenticate(session, poll.device_key, NOW) == made.id
        visitor = queries.visitor_of_endpoint(session, made.id, NOW)
        assert (visitor.identity, visitor.name, visitor.in_network) == (f"endpoint:{made.id}", "ЦНАП sumy", True)
        assert entries(session, object_kind="endpoint")[0].after == {"organisation": "sumy", "label": "Зала"}


def test_a_lost_answer_is_asked_for_again_until_the_key_was_used(database: Database) -> None:
    """The power may fail between the answer and the device's disk."""
    started = start(database)
    with database.writing() as session:
        home = organisation(session, "sumy")
        boss = administrator(session)
        endpoints.approve_pairing(session, boss, code=started.code, organisation_id=home.id, label="Зала", now=NOW)
        lost = endpoints.poll_pairing(session, started.secret, NOW).device_key
        again = endpoints.poll_pairing(session, started.secret, NOW).device_key
        assert lost is not None
        assert again is not None
        assert endpoints.identify(session, lost) is None
        assert endpoints.authenticate(session, again, NOW) is not None
        assert endpoints.poll_pairing(session, started.secret, NOW).state == "expired"


def test_codes_expire(database: Database) -> None:
    started = start(database)
    later = started.expires_at
    with database.writing() as session:
        assert endpoints.poll_pairing(session, started.secret, later).state == "expired"
        home = organisation(session, "sumy")
        with pytest.raises(NotFound, match="No device shows this code"):
            endpoints.approve_pairing(
                session, administrator(session), code=started.code, organisation_id=home.id, label="x", now=later
            )
        assert endpoints.poll_pairing(session, "guessed", NOW).state == "expired"


def test_waiting_devices_are_bounded_per_address(database: Database) -> None:
    for _ in range(endpoints.PAIRINGS_PER_ADDRESS):
        start(database)
    with pytest.raises(TooMany):
        start(database)
    start(database, "198.51.100.1")
    with database.writing() as session:
        endpoints.request_pairing(session, address=ADDRESS, now=NOW + endpoints.PAIRING_LIFETIME)


def test_only_an_administrator_pairs_and_sees_endpoints(database: Database) -> None:
    started = start(database)
    with database.writing() as session:
        home = organisation(session, "sumy")
        for visitor in (ANONYMOUS, organiser(session)):
            with pytest.raises(NotAllowed):
                endpoints.approve_pairing(
                    session, visitor, code=started.code, organisation_id=home.id, label="x", now=NOW
                )
            with pytest.raises(NotAllowed):
                queries.endpoints(session, visitor)
        boss = administrator(session)
        with pytest.raises(Invalid):
            endpoints.approve_pairing(session, boss, code=started.code, organisation_id=home.id, label=" ", now=NOW)
        with pytest.raises(NotFound):
            endpoints.approve_pairing(session, boss, code=started.code, organisation_id=999, label="x", now=NOW)


def test_a_revoked_device_is_out_at_once(database: Database) -> None:
    key, number = paired(database)
    with database.writing() as session:
        boss = queries.visitor_of_person(session, 1, NOW)
        endpoints.rename(session, boss, number, "Кабінет 5", NOW)
        assert [row.label for row in queries.endpoints(session, boss)] == ["Кабінет 5"]
        endpoints.revoke(session, boss, number, NOW)
        assert endpoints.authenticate(session, key, NOW) is None
        assert queries.visitor_of_endpoint(session, number, NOW) is ANONYMOUS


def test_last_seen_is_written_once_a_minute_and_the_key_only_as_hash(database: Database) -> None:
    key, _ = paired(database)
    seen = []
    for seconds in (0, 30, 61):
        with database.writing() as session:
            endpoints.authenticate(session, key, NOW + timedelta(seconds=seconds))
        with database.reading() as session:
            (row,) = queries.endpoints(session, queries.visitor_of_person(session, 1, NOW))
            seen.append(row.last_seen_at)
            assert key not in str(session.execute(text("SELECT * FROM endpoint")).all())
    assert seen == [NOW, NOW, NOW + timedelta(seconds=61)]


def test_lists_take_a_fixed_number_of_queries(database: Database) -> None:
    with database.writing() as session:
        boss = administrator(session)
    sizes = []
    for round_number in range(2):
        with database.writing() as session:
            for number in range(3):
                organisation(session, f"asc-{round_number}-{number}")
        with database.reading() as session, counted(database) as said:
            organisation_list(session, boss, Wanted(), NOW.date())
            people_list(session, boss, NOW)
            queries.endpoints(session, boss)
        sizes.append(len(said))
    assert sizes[0] == sizes[1] == 10


def test_codes_are_read_off_a_screen_without_doubt() -> None:
    assert len(CODE_ALPHABET) == 32
    assert not set("01OI") & set(CODE_ALPHABET)
    code = new_pairing_code()
    assert len(code) == CODE_LENGTH
    assert typed_code(shown_code(code)) == code
    assert shown_code("ABCDEFGH") == "ABCD-EFGH"
    assert typed_code("  авсе-nрхм ") == "ABCENPXM"


@given(st.text(max_size=200))
def test_anything_may_be_typed(text: str) -> None:
    assert len(typed_code(text)) <= 2 * CODE_LENGTH

"""Who knew that they were recorded: as nodes tell, in any order, for those who organise."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from lms.database import Database
from lms.errors import NotAllowed
from lms.media import actions, consents
from lms.media.actions import Terms
from lms.media.models import ConsentAnswer, Watching
from tests.lms.facts import NOW, organiser, person
from tests.lms.media.test_recordings import CODE, made_ready, recorded


def said(identity: str, answer: str, after_s: float = 0.0, **more: Any) -> dict[str, Any]:
    data = {
        "type": "consented",
        "recording": CODE,
        "participant": "p1",
        "identity": identity,
        "name": identity.upper(),
        "answer": answer,
        "notice": "none" if answer == "told" else "2026-11",
    }
    return {"meeting": "demo", "at": (NOW + timedelta(seconds=after_s)).timestamp(), "data": data | more}


def test_told_then_answered_in_any_order_and_repeatedly(database: Database) -> None:
    events = [said("person:1", "told"), said("person:1", "quiet", 5), said("person:1", "understood", 9)]
    for order in (events, events[::-1], [*events, *events]):
        with database.writing() as session:
            assert consents.take_told(session, order) == len(order)
        with database.reading() as session:
            (kept,) = session.query(consents.Consent)
            assert (kept.told_at, kept.answer, kept.notice) == (NOW, ConsentAnswer.UNDERSTOOD, "2026-11")
            assert kept.answered_at == NOW + timedelta(seconds=9)


def test_those_who_organise_see_who_knew(database: Database) -> None:
    with database.writing() as session:
        planner = organiser(session)
        recorded(session, planner)
        made_ready(session)
        actions.set_terms(session, planner, CODE, Terms(Watching.NETWORK, False, None, False), NOW)
        consents.take_told(session, [said("person:2", "told"), said("guest:k7", "joined"), said("person:1", "quiet")])
        consents.take_told(session, [said("person:9", "joined", recording="00000000000000ff")])
        _see(session, planner)


def _see(session: Session, planner: Any) -> None:
    found = consents.of_recording(session, planner, CODE, NOW)
    assert [(one.identity, one.answer) for one in found] == [
        ("guest:k7", ConsentAnswer.JOINED),
        ("person:1", ConsentAnswer.QUIET),
        ("person:2", ConsentAnswer.TOLD),
    ]
    colleague = person(session, "colleague@example.org")
    with pytest.raises(NotAllowed):
        consents.of_recording(session, colleague, CODE, NOW)

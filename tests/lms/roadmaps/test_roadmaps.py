"""Road maps in the data layer: made, edited, moved on, reported, followed up; and who may."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.audit.models import AuditEntry
from lms.database import Database
from lms.directory.models import RoleName, Scope
from lms.directory.rules import ANONYMOUS
from lms.errors import Conflict, Invalid, NotAllowed, NotFound
from lms.notify.models import OutboxMessage
from lms.roadmaps import actions, following_up, queries, reports
from lms.roadmaps.drafts import RoadmapDraft, StepDraft
from lms.roadmaps.models import Roadmap, RoadmapState, StepState
from lms.roadmaps.rules import Progress, StepFacts, due_notice, is_overdue, progress
from lms.schedule import actions as schedule
from lms.schedule.models import Part
from tests.lms.facts import NOW, counted, draft, organisation, organiser, person

TODAY = date(2026, 11, 25)


class Centres:
    """An organiser, and two centres with a lead and staff each."""

    def __init__(self, session: Session) -> None:
        self.planner = organiser(session)
        self.kyiv, self.lviv = organisation(session, "kyiv"), organisation(session, "lviv")
        self.lead = person(
            session,
            "lead@example.org",
            RoleName.CENTRE_LEAD,
            home=self.kyiv,
            scope=Scope.ORGANISATION,
            scope_id=self.kyiv.id,
        )
        self.olena = person(session, "olena@example.org", home=self.kyiv)
        self.petro = person(session, "petro@example.org", home=self.lviv)

    def steps(self) -> list[StepDraft]:
        return [
            StepDraft("Призначити людину", owner_id=self.olena.person_id, due_on=TODAY - timedelta(days=1)),
            StepDraft("Купити обладнання", owner_name="Технік", due_on=TODAY, state=StepState.UNDER_WAY),
            StepDraft("Розповісти мешканцям", state=StepState.DONE),
        ]

    def made(self, session: Session, **more: Any) -> Roadmap:
        wanted = RoadmapDraft("Дорожня карта міста", steps=self.steps(), **more)
        return actions.create(session, self.lead, self.kyiv.id, wanted, NOW)


@pytest.fixture
def centres(database: Database) -> Centres:
    with database.writing() as session:
        return Centres(session)


def test_a_lead_makes_one_and_all_of_the_centre_see_it(database: Database, centres: Centres) -> None:
    with database.writing() as session:
        number = centres.made(session).id
    with database.reading() as session:
        page = queries.roadmap_page(session, centres.olena, number, TODAY)
        assert [(step.text, step.late, step.mine) for step in page.steps] == [
            ("Призначити людину", True, True),
            ("Купити обладнання", False, False),
            ("Розповісти мешканцям", False, False),
        ]
        assert page.card.progress == Progress(planned=1, under_way=1, done=1, overdue=1)
        assert page.card.progress.share == 33
        assert not page.may_edit
        for stranger in (centres.petro, ANONYMOUS):
            with pytest.raises(NotFound):
                queries.roadmap_page(session, stranger, number, TODAY)
        assert queries.listed(session, centres.petro, TODAY) == ([], 0)
        assert queries.listed(session, centres.planner, TODAY)[1] == 1


def test_only_leads_and_organisers_make_and_change_them(database: Database, centres: Centres) -> None:
    with database.writing() as session:
        with pytest.raises(NotAllowed):
            actions.create(session, centres.olena, centres.kyiv.id, RoadmapDraft("Моя"), NOW)
        with pytest.raises(NotAllowed):
            actions.create(session, centres.lead, centres.lviv.id, RoadmapDraft("Чужа"), NOW)
        made = centres.made(session)
        with pytest.raises(NotAllowed):
            actions.save(session, centres.olena, made.id, RoadmapDraft("Інша"), NOW, expected_version=made.version)
        with pytest.raises(NotFound):
            actions.save(session, centres.petro, made.id, RoadmapDraft("Інша"), NOW, expected_version=made.version)


def test_an_edit_keeps_reorders_adds_and_removes_steps_and_each_is_told(database: Database, centres: Centres) -> None:
    with database.writing() as session:
        made = centres.made(session)
        first, second, third = made.steps
        wanted = RoadmapDraft(
            "Дорожня карта міста",
            follow_up_on=date(2026, 12, 20),
            steps=[
                StepDraft(third.text, id=third.id, state=StepState.DONE),
                StepDraft(first.text, id=first.id, owner_name="Хтось інший", due_on=first.due_on),
                StepDraft("Новий крок"),
            ],
        )
        saved = actions.save(session, centres.lead, made.id, wanted, NOW, expected_version=made.version)
        assert [step.text for step in saved.steps] == ["Розповісти мешканцям", "Призначити людину", "Новий крок"]
        assert [step.id for step in saved.steps[:2]] == [third.id, first.id]
        page = queries.roadmap_page(session, centres.lead, made.id, TODAY)
        told = {(line.kind, line.step) for line in page.changes}
        assert {
            ("edited", ""),
            ("changed", "Призначити людину"),
            ("added", "Новий крок"),
            ("removed", second.text),
        } <= told
        assert ("changed", "Розповісти мешканцям") not in told
        changed = next(line for line in page.changes if line.step == "Призначити людину" and line.kind == "changed")
        assert changed.after == {"owner": "Хтось інший"}
        assert session.scalars(select(AuditEntry).where(AuditEntry.action == "roadmap.edit")).one().before


def test_two_leads_at_once_the_second_is_told(database: Database, centres: Centres) -> None:
    with database.writing() as session:
        made = centres.made(session)
        old = made.version
        actions.save(session, centres.lead, made.id, RoadmapDraft("Перша"), NOW, expected_version=old)
        with pytest.raises(Conflict) as refused:
            actions.save(session, centres.planner, made.id, RoadmapDraft("Друга"), NOW, expected_version=old)
        assert refused.value.code == "changed_meanwhile"


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (RoadmapDraft(" "), "roadmap_title"),
        (RoadmapDraft("К", steps=[StepDraft("")]), "roadmap_step_text"),
        (RoadmapDraft("К", steps=[StepDraft("К" * 501)]), "roadmap_step_text"),
        (RoadmapDraft("К", steps=[StepDraft("К")] * 101), "roadmap_steps"),
        (RoadmapDraft("К", steps=[StepDraft("К", owner_id=999)]), "roadmap_owner_unknown"),
        (RoadmapDraft("К", steps=[StepDraft("К", note="н" * 1001)]), "roadmap_note"),
        (RoadmapDraft("К", steps=[StepDraft("К", owner_name="н" * 201)]), "roadmap_owner"),
    ],
)
def test_what_cannot_be_is_refused(database: Database, centres: Centres, wanted: RoadmapDraft, code: str) -> None:
    with database.writing() as session, pytest.raises(Invalid) as refused:
        actions.create(session, centres.lead, centres.kyiv.id, wanted, NOW)
    assert refused.value.code == code


def test_the_owner_moves_a_step_on_and_nobody_elses(database: Database, centres: Centres) -> None:
    with database.writing() as session:
        made = centres.made(session)
        own, other = made.steps[0], made.steps[1]
        actions.set_state(session, centres.olena, made.id, own.id, StepState.DONE, "Призначено", NOW)
        with pytest.raises(NotAllowed):
            actions.set_state(session, centres.olena, made.id, other.id, StepState.DONE, "", NOW)
        page = queries.roadmap_page(session, centres.olena, made.id, TODAY)
        assert (page.steps[0].state, page.steps[0].note) == (StepState.DONE, "Призначено")
        assert page.changes[0].after == {"state": "done", "note": "Призначено"}


def test_each_centre_of_a_training_gets_its_own_once(database: Database, centres: Centres) -> None:
    with database.writing() as session:
        parties = [(centres.kyiv, Part.PARTICIPANT), (centres.lviv, Part.PARTICIPANT)]
        training = schedule.create(session, centres.planner, draft(parties=parties), NOW)
        made = actions.create_for_centres(session, centres.planner, training.slug, "Дорожня карта", NOW)
        assert [one.organisation_id for one in made] == [centres.kyiv.id, centres.lviv.id]
        with pytest.raises(Conflict):
            actions.create_for_centres(session, centres.planner, training.slug, "Дорожня карта", NOW)
        assert len(queries.of_occurrence(session, centres.planner, training.id, TODAY)) == 2
        assert len(queries.of_occurrence(session, centres.olena, training.id, TODAY)) == 1
        page = queries.roadmap_page(session, centres.petro, made[1].id, TODAY)
        assert page.slug == training.slug


def test_a_report_says_what_changed_since_a_day_for_each_centre_and_over_all(
    database: Database, centres: Centres
) -> None:
    later = NOW + timedelta(days=10)
    with database.writing() as session:
        first = centres.made(session)
        actions.create(session, centres.planner, centres.lviv.id, RoadmapDraft("Львів", steps=[StepDraft("Крок")]), NOW)
        gone = RoadmapDraft("Припинена", state=RoadmapState.DROPPED, steps=[StepDraft("Крок")])
        actions.create(session, centres.planner, centres.lviv.id, gone, NOW)
        actions.set_state(session, centres.lead, first.id, first.steps[0].id, StepState.DONE, "", later)
    with database.reading() as session:
        since = NOW + timedelta(days=5)
        found = reports.report(session, centres.planner, since.date(), since, TODAY + timedelta(days=10))
        assert [(one.organisation_id, one.progress.share) for one in found.centres] == [
            (centres.kyiv.id, 66),
            (centres.lviv.id, 0),
        ]
        assert (found.total.done, found.total.counted, found.total.overdue) == (2, 4, 1)
        assert [step.text for step in found.late] == ["Купити обладнання"]
        assert [(number, line.step, line.after) for number, _t, _u, _e, line in found.changes] == [
            (first.id, "Призначити людину", {"state": "done"})
        ]
        own = reports.report(session, centres.petro, since.date(), since, TODAY)
        assert [one.organisation_id for one in own.centres] == [centres.lviv.id]


def test_lists_and_reports_ask_a_constant_number_of_queries(database: Database, centres: Centres) -> None:
    with database.writing() as session:
        centres.made(session)
    with database.reading() as session, counted(database) as few:
        queries.listed(session, centres.planner, TODAY)
        reports.report(session, centres.planner, TODAY, NOW, TODAY)
    with database.writing() as session:
        for _each in range(12):
            centres.made(session)
    with database.reading() as session, counted(database) as many:
        assert len(queries.listed(session, centres.planner, TODAY)[0]) == 13
        reports.report(session, centres.planner, TODAY, NOW, TODAY)
    assert len(many) == len(few)


def test_a_lead_sees_what_is_overdue_or_to_be_looked_back_on(database: Database, centres: Centres) -> None:
    with database.writing() as session:
        assert queries.overdue_of(session, centres.lead, TODAY) == []
        centres.made(session)
        ((card, late),) = queries.overdue_of(session, centres.lead, TODAY)
        assert (card.progress.overdue, [step.text for step in late]) == (1, ["Призначити людину"])
        assert queries.overdue_of(session, centres.olena, TODAY) == []


def queued(session: Session) -> list[tuple[str, str]]:
    rows = session.scalars(select(OutboxMessage).where(OutboxMessage.kind == following_up.KIND))
    return sorted((row.recipient, row.key.split(":")[3]) for row in rows)


def test_its_people_are_written_to_a_week_before_and_on_the_day_once(database: Database, centres: Centres) -> None:
    follow_up = TODAY + timedelta(days=7)
    lead, olena = f"person:{centres.lead.person_id}", f"person:{centres.olena.person_id}"
    with database.writing() as session:
        number = centres.made(session, follow_up_on=follow_up).id
        assert following_up.due(session, NOW - timedelta(days=1)) == []
        assert following_up.due(session, NOW) == [number]
        assert following_up.queue_for(session, number, NOW) == 2
        assert following_up.queue_for(session, number, NOW + timedelta(days=3)) == 0
        assert queued(session) == sorted([(lead, "week"), (olena, "week")])
        assert following_up.queue_for(session, number, NOW + timedelta(days=7)) == 2
        assert following_up.queue_for(session, number, NOW + timedelta(days=9)) == 0
        assert following_up.due(session, NOW + timedelta(days=30)) == []
        told = following_up.told(session, number, follow_up.isoformat(), NOW)
        assert told is not None
        assert [(text, late) for text, _owner, _due, late in told.steps] == [
            ("Призначити людину", True),
            ("Купити обладнання", False),
        ]


def test_a_letter_about_another_day_or_a_finished_one_has_lost_its_point(database: Database, centres: Centres) -> None:
    with database.writing() as session:
        made = centres.made(session, follow_up_on=TODAY)
        assert following_up.told(session, made.id, "2026-11-24", NOW) is None
        actions.save(
            session,
            centres.lead,
            made.id,
            RoadmapDraft("К", TODAY, RoadmapState.DONE),
            NOW,
            expected_version=made.version,
        )
        assert following_up.told(session, made.id, TODAY.isoformat(), NOW) is None
        assert following_up.due(session, NOW) == []


# ------------------------------------------------------------ rules

STEPS = st.lists(
    st.builds(StepFacts, st.sampled_from(StepState), st.none() | st.dates(date(2026, 1, 1), date(2027, 12, 31))),
    max_size=40,
)


@given(STEPS, st.dates(date(2026, 1, 1), date(2027, 12, 31)))
def test_figures_hold_together(steps: list[StepFacts], today: date) -> None:
    found = progress(steps, today)
    assert found.counted + found.dropped == len(steps)
    assert 0 <= found.share <= 100
    assert (found.share == 100) == (found.counted > 0 and found.done == found.counted)
    assert found.overdue <= found.planned + found.under_way
    halves = progress(steps[: len(steps) // 2], today) + progress(steps[len(steps) // 2 :], today)
    assert halves == found


def test_the_day_itself_is_in_time() -> None:
    assert not is_overdue(StepState.PLANNED, TODAY, TODAY)
    assert is_overdue(StepState.PLANNED, TODAY, TODAY + timedelta(days=1))
    assert not is_overdue(StepState.DONE, TODAY, TODAY + timedelta(days=1))


@pytest.mark.parametrize(("days", "notice"), [(-8, ""), (-7, "week"), (-1, "week"), (0, "day"), (7, "day"), (8, "")])
def test_which_letter_is_due(days: int, notice: str) -> None:
    assert due_notice(TODAY, TODAY + timedelta(days=days)) == notice
    assert due_notice(None, TODAY) == ""


def test_the_day_is_the_networks() -> None:
    assert following_up.day_of(datetime(2026, 11, 25, 22, 30, tzinfo=UTC)) == date(2026, 11, 26)

"""Series: dates of their own, changed one by one or from now on, by whoever it was handed to."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.audit.models import AuditEntry
from lms.database import Database
from lms.directory.models import Organisation, OrganisationKind, RoleName, Scope
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound
from lms.schedule import actions, queries, rescheduling, rows, series
from lms.schedule.drafts import AgendaDraft, PartyDraft, SpeakerDraft
from lms.schedule.models import Kind, Occurrence, OccurrenceChange, Part, Status
from lms.schedule.plan_models import SeriesDate
from lms.schedule.rescheduling import Schedule, Step
from lms.schedule.series_drafts import SeriesDraft
from tests.lms.facts import NOW, organisation, organiser, person

RULE = "FREQ=WEEKLY;BYDAY=WE;COUNT=4"
FIRST = datetime(2026, 12, 2, 10, 0)


def plan(home: Organisation, **more: object) -> SeriesDraft:
    return SeriesDraft(  # type: ignore[arg-type]
        **{
            "kind": Kind.CONSULTATION,
            "title": "Консультації",
            "owner_id": home.id,
            "starts_local": FIRST,
            "duration_minutes": 90,
            "rule": RULE,
            "agenda": [AgendaDraft("Запитання", 30)],
            **more,
        }
    )


def dates(session: Session, number: int) -> list[Occurrence]:
    query = select(Occurrence).where(Occurrence.series_id == number).order_by(Occurrence.starts_at)
    return list(session.scalars(query.execution_options(populate_existing=True)))


def days(session: Session, number: int) -> list[str]:
    return [f"{each.starts_local:%d.%m %H:%M}" for each in dates(session, number)]


def published(session: Session, planner: Visitor, number: int) -> None:
    for each in dates(session, number):
        actions.publish(session, planner, each.slug, NOW)


def test_each_date_becomes_an_occurrence_of_its_own(session: Session, planner: Visitor, home: Organisation) -> None:
    made = series.create(session, planner, plan(home, speakers=[SpeakerDraft("Експерт")]), NOW)
    found = dates(session, made.id)
    assert days(session, made.id) == ["02.12 10:00", "09.12 10:00", "16.12 10:00", "23.12 10:00"]
    assert {each.status for each in found} == {Status.DRAFT}
    assert len({each.uid for each in found}) == len({each.meeting for each in found}) == 4
    assert all(each.planned_local == each.starts_local for each in found)
    page = queries.occurrence_page(session, planner, found[2].slug, NOW)
    assert [(party.organisation_id, party.part) for party in page.card.parties] == [(home.id, Part.ORGANISER)]
    assert [item.title for item in page.agenda] == ["Запитання"]
    assert [speaker.name for speaker in page.card.speakers] == ["Експерт"]


def test_wednesdays_across_the_clock_change_keep_their_hour(
    session: Session, planner: Visitor, home: Organisation
) -> None:
    before = datetime(2026, 10, 1, tzinfo=UTC)
    draft = plan(home, starts_local=datetime(2026, 10, 21, 10), rule="FREQ=WEEKLY;BYDAY=WE;COUNT=5")
    made = series.create(session, planner, draft, before)
    assert [f"{each.starts_at:%d.%m %H}Z" for each in dates(session, made.id)] == [
        "21.10 07Z",
        "28.10 08Z",
        "04.11 08Z",
        "11.11 08Z",
        "18.11 08Z",
    ]


def test_a_date_in_the_skipped_hour_is_planned_after_the_gap(
    session: Session, planner: Visitor, home: Organisation
) -> None:
    draft = plan(home, starts_local=datetime(2027, 3, 21, 3, 30), rule="FREQ=WEEKLY;COUNT=2")
    made = series.create(session, planner, draft, NOW)
    later = dates(session, made.id)[1]
    assert (later.planned_local, later.starts_local) == (datetime(2027, 3, 28, 3, 30), datetime(2027, 3, 28, 4, 30))
    wanted = Schedule(draft.rule, draft.starts_local, draft.zone, 90)
    assert [one.step for one in rescheduling.preview(session, planner, made.slug, wanted, NOW)] == [Step.STAY] * 2


def test_past_dates_go_in_only_when_somebody_says_that_they_took_place(
    session: Session, planner: Visitor, home: Organisation
) -> None:
    leadership = tuple(datetime(2019, month, day, 10) for month, day in ((8, 19), (8, 22), (9, 11)))
    draft = plan(home, title="Надихаюче лідерство", rule="", dates=leadership, starts_local=leadership[0])
    with pytest.raises(Invalid) as refused:
        series.create(session, planner, draft, NOW)
    assert refused.value.code == "date_past"
    made = series.create(session, planner, draft, NOW, took_place=True)
    assert days(session, made.id) == ["19.08 10:00", "22.08 10:00", "11.09 10:00"]
    assert {each.status for each in dates(session, made.id)} == {Status.ENDED}


def test_dates_take_topics_and_experts_of_an_earlier_series(
    session: Session, planner: Visitor, home: Organisation
) -> None:
    body = organisation(session, "dms", OrganisationKind.MINISTRY)
    first = series.create(session, planner, plan(home), NOW)
    row = dates(session, first.id)[0]
    series.fill_row(
        session,
        planner,
        first.slug,
        row.slug,
        NOW,
        expected_version=row.version,
        title="Паспорти",
        bodies=[body.id],
        expert="Експерт служби",
        email="expert@example.org",
    )
    models = [rows.draft_of(actions.editable(session, planner, each.slug)) for each in dates(session, first.id)]
    again = plan(home, starts_local=datetime(2027, 2, 3, 10), rule="FREQ=WEEKLY;COUNT=6")
    made = series.create(session, planner, again, NOW, models=models)
    found = dates(session, made.id)
    assert [each.title for each in found] == ["Паспорти"] + ["Консультації"] * 5
    page = queries.occurrence_page(session, planner, found[0].slug, NOW)
    assert (body.id, Part.EXPERT_BODY) in {(each.organisation_id, each.part) for each in page.card.parties}
    assert [each.name for each in page.card.speakers] == ["Експерт служби"]


def test_a_line_of_the_planner_changes_one_date_and_keeps_the_rest_of_it(
    session: Session, planner: Visitor, home: Organisation
) -> None:
    made = series.create(session, planner, plan(home), NOW)
    first, second = dates(session, made.id)[:2]
    series.fill_row(
        session, planner, made.slug, first.slug, NOW, expected_version=first.version, title="Паспорти", expert="Один"
    )
    draft = rows.draft_of(actions.editable(session, planner, first.slug))
    assert (draft.title, [each.name for each in draft.speakers], len(draft.agenda)) == ("Паспорти", ["Один"], 1)
    assert dates(session, made.id)[1].version == second.version
    with pytest.raises(Conflict) as refused:
        series.fill_row(session, planner, made.slug, first.slug, NOW, expected_version=1, title="Інше")
    assert refused.value.code == "changed_meanwhile"


def test_one_date_is_moved_and_the_others_are_not_touched(
    session: Session, planner: Visitor, home: Organisation
) -> None:
    made = series.create(session, planner, plan(home), NOW)
    published(session, planner, made.id)
    before = {each.id: (each.version, each.sequence) for each in dates(session, made.id)}
    moved = dates(session, made.id)[1]
    uid = moved.uid
    series.move_date(
        session,
        planner,
        made.slug,
        moved.slug,
        datetime(2026, 12, 10, 14),
        NOW,
        expected_version=moved.version,
        reason="Зал зайнятий",
    )
    assert days(session, made.id) == ["02.12 10:00", "10.12 14:00", "16.12 10:00", "23.12 10:00"]
    after = dates(session, made.id)
    assert (moved.status, moved.uid, moved.sequence) == (Status.MOVED, uid, 1)
    assert moved.planned_local == datetime(2026, 12, 9, 10)
    assert [each.id for each in after if before[each.id] != (each.version, each.sequence)] == [moved.id]
    change = session.scalars(select(OccurrenceChange).where(OccurrenceChange.occurrence_id == moved.id)).all()[-1]
    assert (change.reason, change.sequence, change.before["starts_local"]) == ("Зал зайнятий", 1, "2026-12-09T10:00")


def test_a_date_is_left_out_and_another_added(session: Session, planner: Visitor, home: Organisation) -> None:
    made = series.create(session, planner, plan(home), NOW)
    series.leave_out(session, planner, made.slug, dates(session, made.id)[3].slug, "", NOW)
    series.add_date(session, planner, made.slug, datetime(2026, 12, 18, 14), NOW)
    assert days(session, made.id) == ["02.12 10:00", "09.12 10:00", "16.12 10:00", "18.12 14:00"]
    kept = {(each.starts_local, each.excluded) for each in session.scalars(select(SeriesDate))}
    assert kept == {(datetime(2026, 12, 23, 10), True), (datetime(2026, 12, 18, 14), False)}
    with pytest.raises(Conflict) as refused:
        series.add_date(session, planner, made.slug, datetime(2026, 12, 18, 14), NOW)
    assert refused.value.code == "date_taken"


def test_what_was_announced_is_cancelled_for_a_reason_and_stays(
    session: Session, planner: Visitor, home: Organisation
) -> None:
    made = series.create(session, planner, plan(home), NOW)
    published(session, planner, made.id)
    last = dates(session, made.id)[3]
    with pytest.raises(Invalid, match="Say why"):
        series.leave_out(session, planner, made.slug, last.slug, " ", NOW)
    series.leave_out(session, planner, made.slug, last.slug, "Канікули", NOW)
    found = dates(session, made.id)
    assert [each.status for each in found] == [Status.PUBLISHED] * 3 + [Status.CANCELLED]
    assert (found[3].cancel_reason, found[3].sequence) == ("Канікули", 1)


def test_the_future_moves_to_thursdays_with_a_preview(session: Session, planner: Visitor, home: Organisation) -> None:
    made = series.create(session, planner, plan(home), NOW)
    published(session, planner, made.id)
    first, second, third, fourth = dates(session, made.id)
    series.move_date(
        session, planner, made.slug, third.slug, datetime(2026, 12, 15, 9), NOW, expected_version=third.version
    )
    later = datetime(2026, 12, 3, tzinfo=UTC)
    wanted = Schedule("FREQ=WEEKLY;BYDAY=TH;COUNT=2", datetime(2026, 12, 10, 11), "Europe/Kyiv", 60)
    told = rescheduling.preview(session, planner, made.slug, wanted, later)
    assert [(one.step, one.occurrence.slug if one.occurrence else "") for one in told] == [
        (Step.MOVE, second.slug),
        (Step.BY_HAND, third.slug),
        (Step.MOVE, fourth.slug),
    ]
    assert days(session, made.id) == ["02.12 10:00", "09.12 10:00", "15.12 09:00", "23.12 10:00"]
    done = rescheduling.apply(
        session, planner, made.slug, wanted, later, expected_version=made.version, reason="Зручніше"
    )
    assert done == told
    assert days(session, made.id) == ["02.12 10:00", "10.12 11:00", "15.12 09:00", "17.12 11:00"]
    assert [each.status for each in dates(session, made.id)][1:] == [Status.MOVED] * 3
    assert first.duration_minutes == 90
    assert dates(session, made.id)[3].duration_minutes == 60


def test_fewer_dates_drop_and_more_dates_add(session: Session, planner: Visitor, home: Organisation) -> None:
    made = series.create(session, planner, plan(home), NOW)
    series.leave_out(session, planner, made.slug, dates(session, made.id)[1].slug, "", NOW)
    longer = Schedule("FREQ=WEEKLY;COUNT=6", datetime(2026, 12, 2, 11), "Europe/Kyiv", 90)
    told = rescheduling.apply(session, planner, made.slug, longer, NOW, expected_version=made.version)
    assert [one.step for one in told] == [Step.MOVE, Step.MOVE, Step.MOVE, Step.ADD, Step.ADD]
    assert [each[:5] for each in days(session, made.id)] == ["02.12", "16.12", "23.12", "30.12", "06.01"]
    shorter = replace(longer, rule="FREQ=WEEKLY;COUNT=3")
    told = rescheduling.apply(session, planner, made.slug, shorter, NOW, expected_version=made.version)
    assert [one.step for one in told] == [Step.STAY, Step.STAY, Step.DROP, Step.DROP, Step.DROP]
    assert days(session, made.id) == ["02.12 11:00", "16.12 11:00"]


def test_rights_reach_as_far_as_their_scope(session: Session, planner: Visitor, home: Organisation) -> None:
    made = series.create(session, planner, plan(home), NOW)
    other = series.create(session, planner, plan(home, title="Інша"), NOW)
    helper = person(session, "helper@example.org", RoleName.ORGANISER, scope=Scope.SERIES, scope_id=made.id)
    slug = dates(session, made.id)[0].slug
    assert queries.occurrence_page(session, helper, slug, NOW).may_edit
    series.add_date(session, helper, made.slug, datetime(2027, 1, 13, 10), NOW)
    with pytest.raises(NotFound):
        series.add_date(session, helper, other.slug, datetime(2027, 1, 13, 10), NOW)
    with pytest.raises(NotFound):
        queries.occurrence_page(session, helper, dates(session, other.id)[0].slug, NOW)
    with pytest.raises(NotAllowed):
        series.create(session, helper, plan(home), NOW)
    published(session, planner, other.id)
    with pytest.raises(NotAllowed):
        series.add_date(session, helper, other.slug, datetime(2027, 1, 13, 10), NOW)


def test_every_change_of_a_series_is_logged(session: Session, planner: Visitor, home: Organisation) -> None:
    made = series.create(session, planner, plan(home), NOW)
    series.add_date(session, planner, made.slug, datetime(2027, 1, 13, 10), NOW)
    series.leave_out(session, planner, made.slug, dates(session, made.id)[0].slug, "", NOW)
    told = session.scalars(select(AuditEntry.action).where(AuditEntry.object_kind == "series"))
    assert sorted(told) == ["series.add_date", "series.create", "series.leave_out"]


def test_two_organisers_who_reschedule_at_once_do_it_once(database: Database) -> None:
    with database.writing() as session:
        planner = organiser(session)
        made = series.create(session, planner, plan(organisation(session, "a")), NOW)
    version = made.version
    outcomes: list[str] = []
    together = threading.Barrier(2)

    def work(hour: int) -> None:
        wanted = Schedule(RULE, FIRST.replace(hour=hour), "Europe/Kyiv", 90)
        together.wait()
        try:
            with database.writing() as mine:
                rescheduling.apply(mine, planner, made.slug, wanted, NOW, expected_version=version)
            outcomes.append("done")
        except Conflict as refused:
            outcomes.append(refused.code)

    threads = [threading.Thread(target=work, args=(hour,)) for hour in (11, 12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["changed_meanwhile", "done"]
    with database.reading() as session:
        assert len({each.starts_local.hour for each in dates(session, made.id)}) == 1


def test_defaults_are_what_new_dates_begin_with(session: Session, planner: Visitor, home: Organisation) -> None:
    centre = organisation(session, "kyiv")
    made = series.create(session, planner, plan(home), NOW)
    draft = replace(series.draft_of(session, made), parties=[PartyDraft(centre.id, Part.PARTICIPANT)], title="Нова")
    series.edit(session, planner, made.slug, draft, NOW, expected_version=made.version)
    added = series.add_date(session, planner, made.slug, datetime(2027, 1, 13, 10), NOW)
    page = queries.occurrence_page(session, planner, added.slug, NOW)
    assert [(each.organisation_id, each.part) for each in page.card.parties] == [
        (home.id, Part.ORGANISER),
        (centre.id, Part.PARTICIPANT),
    ]
    assert [each.title for each in dates(session, made.id)] == ["Консультації"] * 4 + ["Нова"]

"""Making, opening and closing a survey, asking by letter, answering it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.audit.models import AuditEntry
from lms.directory import merging, queries
from lms.directory.models import Affiliation, Organisation, OrganisationKind, RoleName, Scope
from lms.directory.register_models import NotificationPreference
from lms.directory.rules import ANONYMOUS, Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound
from lms.needs import answering, asking, own_queries, surveys
from lms.needs.drafts import Answers, Ratings, SurveyDraft
from lms.needs.models import NeedsAnswer, NeedsResponse, NeedsSurvey, ResponseState, SurveyState
from lms.needs.queries import draft_of
from lms.notify.models import OutboxMessage
from tests.lms.facts import NOW, administrator, organisation, person
from tests.lms.needs.asked import OPEN_AT, TEAM, draft, opened, questions, say


@pytest.fixture
def centre(session: Session) -> Organisation:
    """A centre."""
    return organisation(session, "lviv")


def letters(session: Session, kind: str) -> list[str]:
    """To whom letters of a kind were queued."""
    return list(session.scalars(select(OutboxMessage.recipient).where(OutboxMessage.kind == kind)))


def run(session: Session, now: object = OPEN_AT) -> int:
    """What the worker does until there is nothing more to do."""
    done = 0
    while numbers := asking.due(session, now):  # type: ignore[arg-type]
        done += sum(asking.see_to(session, number, now) for number in numbers)  # type: ignore[arg-type]
    return done


def test_only_organisers_ask_and_only_on_behalf_of_their_own(
    session: Session, planner: Visitor, home: Organisation, centre: Organisation
) -> None:
    surveys.create(session, planner, draft(home), NOW)
    ours = person(session, "a@x.ua", RoleName.ORGANISER, home=home, scope=Scope.ORGANISATION, scope_id=home.id)
    made = surveys.create(session, ours, draft(home), NOW)
    lead = person(session, "l@x.ua", RoleName.CENTRE_LEAD, home=centre, scope=Scope.ORGANISATION, scope_id=centre.id)
    for visitor in (lead, ANONYMOUS):
        with pytest.raises(NotAllowed):
            surveys.create(session, visitor, draft(home), NOW)
        with pytest.raises(NotAllowed):
            surveys.open_survey(session, visitor, made.slug, NOW)
    with pytest.raises(NotAllowed):
        surveys.create(session, ours, draft(centre), NOW)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"title": " "}, "title_needed"),
        ({"last_day": date(2026, 11, 24)}, "survey_period"),
        ({"last_day": date(2028, 11, 24)}, "survey_long"),
        ({"reminder_days": 31}, "reminder_days_invalid"),
        ({"kinds": ("castle",)}, "kind_unknown"),
        ({"oblasts": ("Атлантида",)}, "oblast_unknown"),
        ({"free_topics": (TEAM, TEAM)}, "topic_twice"),
        ({"free_topics": tuple(type(TEAM)(str(n)) for n in range(31))}, "questions_too_many"),
    ],
)
def test_what_cannot_be_right_is_refused(
    session: Session, planner: Visitor, home: Organisation, change: dict[str, object], code: str
) -> None:
    with pytest.raises(Invalid) as refused:
        surveys.create(session, planner, draft(home, **change), NOW)
    assert refused.value.code == code


def test_it_opens_with_topics_and_people_alone(
    session: Session, planner: Visitor, home: Organisation, centre: Organisation
) -> None:
    empty = surveys.create(session, planner, draft(home, free_topics=()), NOW)
    lonely = surveys.create(session, planner, draft(home), NOW)
    late = surveys.create(session, planner, draft(home, first_day=date(2026, 1, 1), last_day=date(2026, 1, 9)), NOW)
    for survey, code in ((empty, "survey_empty"), (lonely, "survey_nobody"), (late, "survey_end_past")):
        with pytest.raises(Conflict) as refused:
            surveys.open_survey(session, planner, survey.slug, NOW)
        assert refused.value.code == code
    person(session, "one@x.ua", home=centre)
    surveys.open_survey(session, planner, lonely.slug, NOW)
    with pytest.raises(Conflict):
        surveys.remove(session, planner, lonely.slug, NOW)
    surveys.remove(session, planner, empty.slug, NOW)
    assert session.scalar(select(func.count()).select_from(NeedsSurvey)) == 2


def test_the_audience_is_kinds_and_oblasts_and_those_chosen_besides(
    session: Session, planner: Visitor, home: Organisation, centre: Organisation
) -> None:
    kyiv, library = organisation(session, "kyiv"), organisation(session, "lib", OrganisationKind.LIBRARY)
    centre.oblast, kyiv.oblast = "Львівська область", "місто Київ"
    for number, place in enumerate((centre, kyiv, library, home)):
        person(session, f"{number}@x.ua", home=place)
    wanted = {
        "everybody": ({"kinds": ()}, 4),
        "centres": ({}, 2),
        "an oblast": ({"oblasts": ("Львівська область",)}, 1),
        "one besides": ({"oblasts": ("Львівська область",), "organisation_ids": (library.id,)}, 2),
        "one alone": ({"kinds": (), "organisation_ids": (library.id,)}, 1),
    }
    for name, (change, count) in wanted.items():
        opened(session, planner, home, title=name, **change)
        run(session)
        asked = select(func.count()).join(NeedsSurvey, NeedsSurvey.id == NeedsResponse.survey_id)
        assert session.scalar(asked.select_from(NeedsResponse).where(NeedsSurvey.title == name)) == count, name


def test_everybody_is_asked_once_and_reminded_once(
    session: Session, planner: Visitor, home: Organisation, centre: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "BATCH", 2)
    asked = [person(session, f"{number}@x.ua", home=centre) for number in range(5)]
    survey = opened(session, planner, home)
    assert asking.due(session, NOW - timedelta(days=2)) == []
    assert asking.see_to(session, survey.id, NOW) == 2, "a bounded number at once"
    assert run(session) == 3
    assert sorted(letters(session, asking.INVITED)) == sorted(each.identity for each in asked)
    say(session, survey, asked[0], (1, 2))
    session.add(
        NotificationPreference(person_id=asked[1].person_id, reminders=False, announcements=True, changed_at=NOW)
    )
    newcomer = person(session, "new@x.ua", home=centre)
    almost = survey.closes_at - timedelta(days=2)
    assert run(session, almost) == 5, "the newcomer is asked, four are considered"
    run(session, survey.closes_at - timedelta(hours=1))
    assert sorted(letters(session, asking.REMINDER)) == sorted(each.identity for each in [*asked[2:], newcomer])
    assert len(letters(session, asking.INVITED)) == 6
    assert asking.due(session, survey.closes_at - timedelta(hours=1)) == []


def test_the_worker_writes_the_end_down(
    session: Session, planner: Visitor, home: Organisation, centre: Organisation
) -> None:
    person(session, "one@x.ua", home=centre)
    survey = opened(session, planner, home)
    run(session)
    assert run(session, survey.closes_at) == 1
    assert survey.state is SurveyState.CLOSED
    with pytest.raises(Conflict):
        surveys.close(session, planner, survey.slug, survey.closes_at)
    assert asking.due(session, survey.closes_at + timedelta(days=9)) == []


def test_an_answer_is_kept_incomplete_and_replaced_until_the_close(
    session: Session, planner: Visitor, home: Organisation, centre: Organisation
) -> None:
    visitor = person(session, "one@x.ua", home=centre)
    survey = opened(session, planner, home)
    say(session, survey, visitor, (1, 3), (2, None), more=" Жестова мова ")
    response, ratings = answering.own_answers(session, survey.id, visitor.person_id or 0)
    first, second = questions(session, survey)
    assert response is not None
    assert (response.state, response.rated, response.more) == (ResponseState.BEGUN, 1, "Жестова мова")
    assert ratings == {first: Ratings(1, 3), second: Ratings(2, None)}
    assert [each.rated for each in own_queries.to_answer(session, visitor, OPEN_AT)] == [1]
    say(session, survey, visitor, (0, 2), (2, 2))
    response, ratings = answering.own_answers(session, survey.id, visitor.person_id or 0)
    assert response is not None
    assert (response.state, response.rated, response.more) == (ResponseState.COMPLETE, 2, "")
    assert ratings == {first: Ratings(0, 2), second: Ratings(2, 2)}
    assert own_queries.to_answer(session, visitor, OPEN_AT) == []
    assert session.scalar(select(func.count()).select_from(NeedsResponse)) == 1
    with pytest.raises(Conflict) as refused:
        say(session, survey, visitor, (3, 3), at=survey.closes_at)
    assert refused.value.code == "survey_closed"
    early = opened(session, planner, home, title="Пізніше", first_day=date(2026, 11, 28))
    with pytest.raises(Conflict) as refused:
        say(session, early, visitor, (3, 3))
    assert refused.value.code == "survey_not_open"


def test_the_log_says_that_somebody_answered_and_not_what(
    session: Session, planner: Visitor, home: Organisation, centre: Organisation
) -> None:
    visitor = person(session, "one@x.ua", home=centre)
    survey = opened(session, planner, home)
    say(session, survey, visitor, (1, 3), (0, 2), more="Таємниця")
    said = select(AuditEntry).where(AuditEntry.action == "needs_response.save")
    entry = session.scalars(said).one()
    assert entry.after == {"survey": survey.id, "organisation_id": centre.id, "state": "complete"}
    assert entry.before is None


def test_a_person_of_two_organisations_answers_for_the_one_she_chooses(
    session: Session, planner: Visitor, home: Organisation, centre: Organisation
) -> None:
    other, foreign = organisation(session, "lutsk"), organisation(session, "sumy")
    number = person(session, "two@x.ua", home=centre).person_id or 0
    session.add(Affiliation(person_id=number, organisation_id=other.id, from_date=date(2026, 1, 1)))
    session.flush()
    visitor = queries.visitor_of_person(session, number, NOW)
    survey = opened(session, planner, home)
    run(session)
    row = select(NeedsResponse.organisation_id).where(NeedsResponse.person_id == number)
    assert session.scalars(row).all() == [centre.id], "asked once, and counted where she has worked longer"
    shown = own_queries.questionnaire(session, visitor, survey.slug, OPEN_AT)
    assert [each.id for each in shown.places] == [centre.id, other.id]
    assert shown.organisation_id is None, "nothing is chosen for her"
    for wrong in (0, foreign.id):
        with pytest.raises(Invalid) as refused:
            say(session, survey, visitor, (1, 2), organisation_id=wrong)
        assert refused.value.code == "survey_organisation"
    say(session, survey, visitor, (1, 2), organisation_id=other.id)
    assert session.scalars(row).all() == [other.id]


def test_nobody_answers_without_an_account_or_without_being_asked(
    session: Session, planner: Visitor, home: Organisation, centre: Organisation
) -> None:
    person(session, "one@x.ua", home=centre)
    survey = opened(session, planner, home)
    with pytest.raises(NotAllowed):
        answering.answer(session, ANONYMOUS, survey.slug, Answers(centre.id), OPEN_AT)
    device = Visitor(endpoint_id=1, in_network=True, organisation_ids=frozenset({centre.id}))
    with pytest.raises(NotAllowed):
        answering.answer(session, device, survey.slug, Answers(centre.id), OPEN_AT)
    with pytest.raises(NotFound):
        answering.answer(session, person(session, "s@x.ua", home=home), survey.slug, Answers(home.id), OPEN_AT)
    with pytest.raises(NotFound):
        own_queries.questionnaire(session, person(session, "t@x.ua", home=home), survey.slug, OPEN_AT)
    draft_only = surveys.create(session, planner, draft(home, title="Чернетка"), NOW)
    with pytest.raises(NotFound):
        say(session, draft_only, queries.visitor_of_person(session, 2, NOW), (1, 1))


def test_marks_outside_the_scales_and_foreign_topics_count_for_nothing(
    session: Session, planner: Visitor, home: Organisation, centre: Organisation
) -> None:
    visitor = person(session, "one@x.ua", home=centre)
    survey, other = opened(session, planner, home), opened(session, planner, home, title="Інше")
    with pytest.raises(Invalid):
        say(session, survey, visitor, (4, 1))
    foreign = Answers(centre.id, {questions(session, other)[0]: Ratings(1, 1)})
    answering.answer(session, visitor, survey.slug, foreign, OPEN_AT)
    assert session.scalar(select(func.count()).select_from(NeedsAnswer)) == 0


def test_an_open_survey_changes_its_words_and_its_end_alone(
    session: Session, planner: Visitor, home: Organisation, centre: Organisation
) -> None:
    person(session, "one@x.ua", home=centre)
    survey = opened(session, planner, home)
    asked = questions(session, survey)
    wanted = draft(home, title="Інакше", free_topics=(), kinds=(), last_day=date(2026, 12, 9))
    surveys.edit(session, planner, survey.slug, wanted, NOW, expected_version=survey.version)
    assert questions(session, survey) == asked
    kept = draft_of(session, planner, survey.slug)
    assert (kept.title, kept.kinds, kept.last_day) == ("Інакше", ("asc",), date(2026, 12, 9))
    with pytest.raises(Conflict):
        surveys.edit(session, planner, survey.slug, wanted, NOW, expected_version=1)
    over = draft(home, first_day=date(2026, 11, 1), last_day=date(2026, 11, 20))
    with pytest.raises(Invalid) as refused:
        surveys.edit(session, planner, survey.slug, over, NOW, expected_version=survey.version)
    assert refused.value.code == "survey_end_past"


def test_a_draft_comes_back_as_it_was_made(session: Session, planner: Visitor, home: Organisation) -> None:
    wanted: SurveyDraft = draft(home, title_en="What to learn", oblasts=("Львівська область",), reminder_days=0)
    made = surveys.create(session, planner, wanted, NOW)
    assert draft_of(session, planner, made.slug) == wanted
    again = draft(home, free_topics=(TEAM,), organisation_ids=(home.id,))
    surveys.edit(session, planner, made.slug, again, NOW, expected_version=made.version)
    assert draft_of(session, planner, made.slug) == again


def test_of_two_entries_of_one_person_the_answers_stay(
    session: Session, planner: Visitor, home: Organisation, centre: Organisation
) -> None:
    keep, drop = person(session, "one@x.ua", home=centre), person(session, "again@x.ua", home=centre)
    survey = opened(session, planner, home)
    run(session)
    say(session, survey, drop, (1, 3), (0, 2))
    merging.merge_people(session, administrator(session), keep.person_id or 0, drop.person_id or 0, OPEN_AT)
    rows = session.scalars(select(NeedsResponse).where(NeedsResponse.survey_id == survey.id)).all()
    assert [(row.person_id, row.state) for row in rows] == [(keep.person_id, ResponseState.COMPLETE)]
    assert len(answering.own_answers(session, survey.id, keep.person_id or 0)[1]) == 2
    assert run(session, survey.closes_at - timedelta(hours=1)) == 0, "nobody is asked anew"

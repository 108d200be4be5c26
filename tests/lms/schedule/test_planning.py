"""Around the dates: warnings, releases, programmes, topics, materials, legal acts, quiet hours."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.database import Database
from lms.directory.models import Organisation, OrganisationKind, OrganisationStatus, RoleName, Scope
from lms.directory.queries import WorkloadFigure, visitor_of_person
from lms.directory.rules import ANONYMOUS, Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound
from lms.files import FileStore, FolderFiles, MemoryFiles, media_type_of, safe_name
from lms.notify.models import OutboxMessage
from lms.schedule import actions, acts, materials, plan_queries, programmes, queries, releases, series, slots, topics
from lms.schedule.acts import ActDraft
from lms.schedule.audience_models import Registration, RegistrationState
from lms.schedule.drafts import AgendaDraft, PartyDraft, SpeakerDraft
from lms.schedule.models import Kind, Occurrence, Part, Status
from lms.schedule.plan_models import ActState
from lms.schedule.programmes import ProgrammeDraft
from lms.schedule.releases import Difference
from lms.schedule.series_drafts import SeriesDraft
from lms.schedule.warnings import Concern, PartyFacts, PlanFacts, SpeakerFacts, warnings_of
from tests.lms.facts import NOW, counted, draft, organisation, organiser, person

BASE = PlanFacts(
    id=1,
    slug="a",
    title="Паспорти",
    title_en="",
    kind=Kind.CONSULTATION,
    status=Status.PUBLISHED,
    starts_at=datetime(2026, 12, 16, 8, tzinfo=UTC),
    ends_at=datetime(2026, 12, 16, 9, 30, tzinfo=UTC),
    starts_local=datetime(2026, 12, 16, 10),
    zone="Europe/Kyiv",
    parties=(PartyFacts(1, Part.EXPERT_BODY, "Служба", "Service"), PartyFacts(2, Part.PARTICIPANT, "Центр", "")),
    speakers=(SpeakerFacts("Експерт", email="e@example.org"),),
)


def weekly(home: Organisation, **more: object) -> SeriesDraft:
    return SeriesDraft(  # type: ignore[arg-type]
        **{
            "kind": Kind.CONSULTATION,
            "title": "Консультації",
            "owner_id": home.id,
            "starts_local": datetime(2026, 12, 2, 10),
            "duration_minutes": 90,
            "rule": "FREQ=WEEKLY;COUNT=3",
            **more,
        }
    )


def slugs(session: Session, number: int) -> list[str]:
    return list(
        session.scalars(select(Occurrence.slug).where(Occurrence.series_id == number).order_by(Occurrence.starts_at))
    )


def concerns_of(facts: PlanFacts, *others: PlanFacts, now: datetime = NOW) -> list[Concern]:
    return [each.concern for each in warnings_of(facts, others, now)]


def test_what_is_planned_well_has_no_warnings() -> None:
    assert concerns_of(BASE) == []


@pytest.mark.parametrize(
    ("change", "concern"),
    [
        ({"parties": ()}, Concern.NO_EXPERT_BODY),
        ({"speakers": ()}, Concern.NO_EXPERT),
        ({"speakers": (SpeakerFacts("Експерт", reachable=False),)}, Concern.NO_ADDRESS),
        ({"own_topic": False}, Concern.NO_TOPIC),
        ({"agenda_minutes": 100}, Concern.AGENDA_LONG),
        ({"starts_local": datetime(2026, 12, 16, 6, 30)}, Concern.ODD_HOUR),
        ({"starts_local": datetime(2026, 12, 16, 19, 0)}, Concern.ODD_HOUR),
    ],
)
def test_each_lack_is_named(change: dict[str, object], concern: Concern) -> None:
    assert concern in concerns_of(replace(BASE, **change))  # type: ignore[arg-type]


def test_a_relocated_centre_and_a_late_draft_are_named() -> None:
    away = PartyFacts(3, Part.PARTICIPANT, "ЦНАП м. Лисичанська", "", OrganisationStatus.RELOCATED)
    facts = replace(BASE, parties=(*BASE.parties, away), status=Status.DRAFT)
    assert concerns_of(facts, now=datetime(2026, 12, 10, tzinfo=UTC)) == [Concern.PARTY_AWAY, Concern.DRAFT_SOON]
    assert Concern.DRAFT_PAST in concerns_of(facts, now=datetime(2026, 12, 17, tzinfo=UTC))


def test_the_same_centre_or_expert_at_two_places_at_once_is_an_overlap() -> None:
    other = replace(BASE, id=2, slug="b", title="Інше", parties=BASE.parties[1:], speakers=())
    (told,) = warnings_of(BASE, [other], NOW)
    assert (told.concern, told.names_uk, told.title) == (Concern.OVERLAP, ("Центр",), "Інше")
    expert = replace(other, parties=(), speakers=BASE.speakers, known=False)
    (told,) = warnings_of(BASE, [expert], NOW)
    assert (told.names_uk, told.title, told.slug) == (("Експерт",), "", "")
    after = replace(other, starts_at=BASE.ends_at, ends_at=datetime(2026, 12, 16, 11, tzinfo=UTC))
    assert concerns_of(BASE, after, replace(other, status=Status.CANCELLED)) == []


def test_a_doubled_and_a_skipped_hour_are_told() -> None:
    doubled = replace(BASE, starts_local=datetime(2026, 10, 25, 3, 30))
    assert Concern.CLOCK_DOUBLED in concerns_of(doubled)
    skipped = replace(BASE, starts_local=datetime(2027, 3, 28, 4, 30), planned_local=datetime(2027, 3, 28, 3, 30))
    assert Concern.CLOCK_SKIPPED in concerns_of(skipped)


def test_overlaps_are_found_across_series_in_a_constant_number_of_queries(database: Database) -> None:
    with database.writing() as session:
        planner, home = organiser(session), organisation(session, "a", OrganisationKind.ASSOCIATION)
        kyiv = organisation(session, "kyiv")
        parties = [PartyDraft(kyiv.id, Part.PARTICIPANT)]
        one = series.create(session, planner, weekly(home, parties=parties), NOW)
        series.create(session, planner, weekly(home, title="Інша", parties=parties, rule="FREQ=WEEKLY;COUNT=8"), NOW)
        slug = one.slug
        long = series.create(session, planner, weekly(home, title="Довга", rule="FREQ=WEEKLY;COUNT=20"), NOW).slug
    asked = []
    for each in (slug, long):
        with database.reading() as session, counted(database) as said:
            page = plan_queries.series_page(session, planner, each, NOW)
        asked.append(len(said))
        if each == slug:
            told = [warning.names_en for warning in page.rows[0].warnings if warning.concern is Concern.OVERLAP]
            assert told == [("kyiv ASC",)]
    assert asked[0] == asked[1]
    with database.reading() as session, counted(database) as said:
        assert len(plan_queries.series_list(session, planner)) == 3
    assert len(said) == 1


def test_releases_are_numbered_and_say_what_is_new(session: Session, planner: Visitor, home: Organisation) -> None:
    made = series.create(session, planner, weekly(home), NOW)
    first, second, third = slugs(session, made.id)
    releases.release(session, planner, made.slug, NOW, chosen=[first, second], note="Дві дати")
    assert queries.occurrence_page(session, ANONYMOUS, first, NOW).card.status is Status.PUBLISHED
    with pytest.raises(NotFound):
        queries.occurrence_page(session, ANONYMOUS, third, NOW)
    with pytest.raises(Conflict) as refused:
        releases.release(session, planner, made.slug, NOW, chosen=[])
    assert refused.value.code == "nothing_to_release"
    version = actions.editable(session, planner, first).version
    moved = datetime(2026, 12, 3, 11)
    series.move_date(session, planner, made.slug, first, moved, NOW, expected_version=version)
    series.leave_out(session, planner, made.slug, second, "Свято", NOW)
    assert releases.release(session, planner, made.slug, NOW).number == 2
    latest, oldest = releases.releases(session, made.id)
    assert [change.difference for change in latest.changes] == [
        Difference.MOVED,
        Difference.CANCELLED,
        Difference.NEW,
    ]
    assert (oldest.number, oldest.note, len(oldest.dates)) == (1, "Дві дати", 2)
    assert oldest.dates[0]["starts_local"] == "2026-12-02T10:00"


def test_a_programme_is_handed_over_with_what_lies_ahead(
    session: Session, planner: Visitor, home: Organisation
) -> None:
    new = organisation(session, "new", OrganisationKind.ASSOCIATION)
    manager = person(session, "m@example.org", RoleName.PROGRAMME_MANAGER)
    programme = programmes.create(
        session, planner, ProgrammeDraft("Програма", home.id, date(2026, 9, 1), date(2027, 9, 1)), NOW
    )
    inside = series.create(session, planner, weekly(home, programme_id=programme.id), NOW)
    grant = person(session, "p@example.org", RoleName.PROGRAMME_MANAGER, scope=Scope.PROGRAMME, scope_id=programme.id)
    slug = slugs(session, inside.id)[0]
    assert queries.occurrence_page(session, grant, slug, NOW).may_edit
    assert queries.occurrence_page(session, manager, slug, NOW).may_edit
    programmes.hand_over(session, planner, programme.slug, new.id, NOW)
    assert (programme.owner_id, inside.owner_id) == (new.id, new.id)
    page = queries.occurrence_page(session, planner, slug, NOW)
    assert [(each.organisation_id, each.part) for each in page.card.parties] == [(new.id, Part.ORGANISER)]
    with pytest.raises(Invalid, match="already"):
        programmes.hand_over(session, planner, programme.slug, new.id, NOW)
    with pytest.raises(Invalid):
        programmes.create(session, planner, ProgrammeDraft("x", home.id, date(2026, 9, 1), date(2026, 9, 1)), NOW)


def test_topics_are_a_tree_without_circles_and_are_retired(session: Session, planner: Visitor) -> None:
    above = topics.create(session, planner, "Цивільний стан", NOW)
    below = topics.create(session, planner, "Шлюб", NOW, parent_id=above.id)
    assert [(row.code, row.depth) for row in topics.tree(session)] == [("tsyvilnyi-stan", 0), ("shliub", 1)]
    with pytest.raises(Conflict) as refused:
        topics.edit(session, planner, above.id, "Цивільний стан", NOW, parent_id=below.id)
    assert refused.value.code == "topic_circle"
    with pytest.raises(Conflict):
        topics.create(session, planner, "Шлюб", NOW)
    topics.retire(session, planner, above.id, NOW)
    assert [(row.code, row.depth) for row in topics.tree(session)] == [("shliub", 0)]
    with pytest.raises(NotAllowed):
        topics.create(session, person(session, "o@example.org"), "Чуже", NOW)
    with pytest.raises(NotFound):
        actions.create(session, planner, draft(topic_ids=(999_999,)), NOW)


def test_an_occurrence_keeps_mode_venue_addresses_and_topics(session: Session, planner: Visitor) -> None:
    topic = topics.create(session, planner, "Паспорти", NOW)
    plan = draft(
        mode="mixed",
        venue="Суми, зала 2",
        topic_ids=(topic.id,),
        reminder_offsets=(1440, 60),
        speakers=[SpeakerDraft("Гість", email="Guest@Example.org")],
        agenda=[AgendaDraft("Виступ", 30, speaker=0)],
    )
    made = actions.create(session, planner, plan, NOW)
    kept = plan_queries.occurrence_draft(session, planner, made.slug)
    assert (kept.mode, kept.venue, kept.topic_ids, kept.reminder_offsets) == (
        "mixed",
        "Суми, зала 2",
        (topic.id,),
        (1440, 60),
    )
    assert (kept.speakers[0].email, kept.agenda[0].speaker) == ("guest@example.org", 0)
    for wrong in (
        {"mode": "on_site", "venue": ""},
        {"reminder_offsets": (0,)},
        {"agenda": [AgendaDraft("x", 5, speaker=4)]},
    ):
        with pytest.raises(Invalid):
            actions.create(session, planner, draft(**wrong), NOW)  # type: ignore[arg-type]


def test_whoever_had_a_seat_or_attended_is_told_once_that_the_act_has_changed(
    session: Session, planner: Visitor
) -> None:
    made = actions.create(session, planner, draft(), NOW)
    actions.publish(session, planner, made.slug, NOW)
    act = acts.create(
        session, planner, ActDraft("5203-VI", "Про адміністративні послуги", date(2012, 9, 6), NOW.date()), NOW
    )
    acts.attach(session, planner, made.slug, act.id, "ст. 9", NOW)
    seated, came, stranger = (person(session, f"{name}@example.org") for name in ("a", "b", "c"))
    session.add(
        Registration(
            occurrence_id=made.id,
            person_id=seated.person_id,
            state=RegistrationState.CONFIRMED,
            answers={},
            created_by="system",
            created_at=NOW,
            queued_at=NOW,
        )
    )
    session.flush()
    assert [each.outdated for each in acts.explained(session, made.id)] == [False]
    assert came.person_id is not None
    day, attended = date(2026, 12, 1), {made.id: {came.person_id}}
    for expected in (2, 0):
        told = acts.change(session, planner, act.id, ActState.CHANGED, day, "Нова редакція", NOW, attended=attended)
        assert told == expected
    messages = session.scalars(select(OutboxMessage.recipient).where(OutboxMessage.kind == "act.changed"))
    assert set(messages) == {seated.identity, came.identity}
    assert stranger.identity not in {seated.identity, came.identity}
    assert [each.outdated for each in acts.explained(session, made.id)] == [True]
    assert acts.outdated(session, [made.id]) == {made.id}
    with pytest.raises(Invalid):
        acts.change(session, planner, act.id, ActState.REPEALED, day, " ", NOW)


@pytest.fixture(params=["folder", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> FileStore:
    return FolderFiles(tmp_path / "files") if request.param == "folder" else MemoryFiles()


def test_files_are_kept_by_their_contents(store: FileStore) -> None:
    digest = store.put(b"zrazok")
    assert (store.put(b"zrazok"), store.get(digest), len(digest)) == (digest, b"zrazok", 64)
    for wrong in ("0" * 64, "../../etc/passwd", ""):
        with pytest.raises(FileNotFoundError):
            store.get(wrong)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Temp\\Звіт.PDF", "Звіт.pdf"),
        ('a"b\r\nc.docx', "a b c.docx"),
        ("...", "file"),
        ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
    ],
)
def test_names_of_files_are_harmless(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_only_kinds_that_no_browser_runs_are_taken(session: Session, planner: Visitor) -> None:
    assert [media_type_of(name) != "" for name in ("a.pdf", "a.html", "a.svg", "a.exe", "a")] == [True] + [False] * 4
    made = actions.create(session, planner, draft(), NOW)
    with pytest.raises(Invalid):
        materials.add_link(session, planner, made.slug, "x", "javascript:alert(1)", NOW)
    with pytest.raises(Invalid):
        materials.add_file(session, planner, made.slug, "", "a.pdf", b"x" * (25 * 1024 * 1024 + 1), MemoryFiles(), NOW)


def figures(*rows: tuple[int, int, int, float]) -> list[WorkloadFigure]:
    return [WorkloadFigure(*row) for row in rows]


def test_the_calmest_window_wins_whichever_weekday_it_is() -> None:
    found = slots.heat(
        figures((1, 2, 10, 30), (1, 2, 11, 30), (1, 6, 10, 5), (1, 6, 11, 7), (1, 4, 10, 1), (2, 2, 10, 9)), [1], 90
    )
    assert [(slot.weekday, slot.hour, slot.hours, slot.load) for slot in found.ranked] == [
        (6, 10, 2, 12),
        (2, 10, 2, 60),
    ]
    assert (found.asked, found.heard, found.hours) == (1, 1, (10, 11))


def test_an_hour_without_figures_is_not_a_calm_hour() -> None:
    found = slots.heat(figures((1, 2, 10, 30), (2, 2, 10, 30), (1, 3, 10, 1)), [1, 2, 3], 60)
    assert [(slot.weekday, slot.centres) for slot in found.ranked] == [(2, 2), (3, 1)]
    assert slots.heat(figures((1, 2, -1, 300)), [1], 60).days[2].load == 300


@given(
    rows=st.dictionaries(
        st.tuples(st.integers(1, 3), st.integers(0, 6), st.integers(8, 17)), st.integers(0, 500), max_size=60
    ),
    minutes=st.integers(5, 300),
)
def test_ranking_is_by_load_among_windows_of_equal_knowledge(
    rows: dict[tuple[int, int, int], int], minutes: int
) -> None:
    found = slots.heat([WorkloadFigure(*where, float(count)) for where, count in rows.items()], [1, 2, 3], minutes)
    keys = [(-slot.centres, slot.load) for slot in found.ranked]
    assert keys == sorted(keys)
    assert all(slot.hours * 60 >= minutes > (slot.hours - 1) * 60 for slot in found.ranked)
    assert sum(cell.load for cell in found.cells.values()) == sum(rows.values())


def test_a_decision_keeps_the_figures_that_were_seen(session: Session, planner: Visitor, home: Organisation) -> None:
    made = series.create(session, planner, weekly(home), NOW)
    found = slots.heat(figures((1, 4, 10, 3)), [1, 2], 60)
    slots.decide(session, planner, made.slug, weekday=4, hour=10, found=found, reason="Найменше людей", now=NOW)
    (kept,) = slots.decisions(session, made.id)
    assert (kept.weekday, kept.reason, kept.figures["cells"]) == (4, "Найменше людей", [[4, 10, 3.0, 1]])
    assert kept.actor == planner.actor
    with pytest.raises(Invalid):
        slots.decide(session, planner, made.slug, weekday=7, hour=10, found=found, reason="", now=NOW)


def test_the_form_proposes_a_day_on_which_nothing_is_planned(session: Session, planner: Visitor) -> None:
    assert plan_queries.free_start(session, NOW, "Europe/Kyiv") == datetime(2026, 12, 2, 10)
    actions.create(session, planner, draft(starts_local=datetime(2026, 12, 2, 11)), NOW)
    assert plan_queries.free_start(session, NOW, "Europe/Kyiv") == datetime(2026, 12, 3, 10)
    assert visitor_of_person(session, planner.person_id or 0, NOW).plans

"""Rules are versions: added, chosen, retired, never changed; and a stream's viewers are never attendance."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from lms.database import Database
from lms.errors import Conflict, Invalid, NotAllowed
from lms.meetings import rulebook, sheet_actions
from lms.meetings.attendance_models import Attendance, StreamMetric, Verdict
from lms.meetings.rulebook import RuleDraft
from lms.meetings.sheet_actions import MetricDraft
from lms.meetings.sheet_queries import attendance_view, to_approve
from lms.meetings.sheets import newest_rule
from tests.lms.meetings.attending import Network, Story, at, computed, tell


@pytest.fixture
def network(database: Database) -> Network:
    with database.writing() as session:
        made = Network(session)
        tell(session, Story().began(0).joined(0, made.olena.identity).left(40, made.olena.identity).ended(90))
        return made


def test_the_first_rule_is_85_percent(database: Database) -> None:
    with database.reading() as session:
        rule = newest_rule(session)
        assert (rule.code, rule.version, rule.min_share, rule.min_minutes) == ("default", 1, 8500, None)


def test_a_sheet_keeps_the_version_by_which_it_was_counted(database: Database, network: Network) -> None:
    with database.writing() as session:
        computed(session, network.id)
        draft = RuleDraft("default", "Присутність", min_share=8500, min_minutes=30)
        second = rulebook.add_version(session, network.organiser, draft, at(100))
        assert second.version == 2
        assert newest_rule(session).id == second.id
        assert computed(session, network.id).rule_id != second.id
        sheet_actions.choose_rule(session, network.organiser, network.slug, second.id, at(101))
        computed(session, network.id)
    with database.reading() as session:
        rows = session.execute(select(Attendance.generation, Attendance.verdict).order_by(Attendance.generation)).all()
        assert [tuple(each) for each in rows] == [(1, Verdict.PARTLY), (2, Verdict.ATTENDED)]


def test_retiring(database: Database, network: Network) -> None:
    with database.writing() as session:
        first = newest_rule(session)
        with pytest.raises(Conflict) as refused:
            rulebook.retire(session, network.organiser, first.id, at(100))
        assert refused.value.code == "rule_last"
        rulebook.add_version(session, network.organiser, RuleDraft("default", "Нове", min_minutes=30), at(100))
        rulebook.retire(session, network.organiser, first.id, at(101))
        rulebook.retire(session, network.organiser, first.id, at(102))
        other = rulebook.add_version(session, network.organiser, RuleDraft("short", "Коротке", min_minutes=5), at(103))
        rulebook.retire(session, network.organiser, other.id, at(104))
        with pytest.raises(Conflict) as refused:
            sheet_actions.choose_rule(session, network.organiser, network.slug, other.id, at(105))
        assert refused.value.code == "rule_retired"
        newest = [
            (each.rule.code, each.rule.version) for each in rulebook.rules(session, network.organiser) if each.newest
        ]
        assert newest == [("default", 2)]


@pytest.mark.parametrize(
    ("draft", "code"),
    [
        (RuleDraft("Довге", "Назва", min_share=1), "rule_code_invalid"),
        (RuleDraft("x", " ", min_share=1), "title_needed"),
        (RuleDraft("x", "Назва"), "rule_empty"),
        (RuleDraft("x", "Назва", min_share=0), "share_invalid"),
        (RuleDraft("x", "Назва", min_share=10_001), "share_invalid"),
        (RuleDraft("x", "Назва", min_minutes=0), "rule_minutes_invalid"),
        (RuleDraft("x", "Назва", min_minutes=1441), "rule_minutes_invalid"),
    ],
)
def test_rules_that_make_no_sense(database: Database, network: Network, draft: RuleDraft, code: str) -> None:
    with database.writing() as session, pytest.raises(Invalid) as refused:
        rulebook.add_version(session, network.organiser, draft, at(100))
    assert refused.value.code == code


def test_only_the_networks_organisers_change_rules(database: Database, network: Network) -> None:
    with database.writing() as session:
        for visitor in (network.kyiv_lead, network.olena):
            with pytest.raises(NotAllowed):
                rulebook.add_version(session, visitor, RuleDraft("x", "Назва", min_share=1), at(100))
            with pytest.raises(NotAllowed):
                rulebook.rules(session, visitor)


def test_viewers_of_a_stream_are_never_attendance(database: Database, network: Network) -> None:
    with database.writing() as session:
        computed(session, network.id)
        before = session.scalar(select(func.count()).select_from(Attendance))
        draft = MetricDraft(at(80), "YouTube", total=1250, evidence="Понад 1250")
        sheet_actions.add_metric(session, network.organiser, network.slug, draft, at(200))
        assert not computed(session, network.id).stale
        assert session.scalar(select(func.count()).select_from(Attendance)) == before
        view = attendance_view(session, network.organiser, network.slug, at(201))
        assert (view.totals.people, [each.total for each in view.metrics]) == (1, [1250])
        for wrong, code in (
            (MetricDraft(at(80), " ", total=1), "source_needed"),
            (MetricDraft(at(80), "YouTube"), "viewers_needed"),
            (MetricDraft(at(80), "YouTube", total=-1), "viewers_invalid"),
            (MetricDraft(at(201), "YouTube", total=1), "metric_future"),
        ):
            with pytest.raises(Invalid) as refused:
                sheet_actions.add_metric(session, network.organiser, network.slug, wrong, at(200))
            assert refused.value.code == code
        with pytest.raises(NotAllowed):
            sheet_actions.add_metric(session, network.kyiv_lead, network.slug, draft, at(200))
        assert session.scalar(select(func.count()).select_from(StreamMetric)) == 1


def test_sheets_to_approve_wait_for_their_organisers(database: Database, network: Network) -> None:
    with database.writing() as session:
        sheet = computed(session, network.id)
        assert to_approve(session, network.kyiv_lead) == ([], 0)
        waiting, total = to_approve(session, network.second)
        assert ([each.slug for each in waiting], total) == ([network.slug], 1)
        sheet_actions.approve(session, network.second, network.slug, sheet.generation, at(100) + timedelta(days=1))
        assert to_approve(session, network.second) == ([], 0)

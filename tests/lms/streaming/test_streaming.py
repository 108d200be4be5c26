"""Live streams in the database: targets and their keys, what is chosen, and what runs leave behind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.audit.models import AuditEntry
from lms.database import Database
from lms.directory.models import RoleName, Scope
from lms.directory.rules import ANONYMOUS, Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal
from lms.media import actions as recordings
from lms.media import queries as media
from lms.media.library import Made, MadeFile
from lms.media.models import Recording, Watching
from lms.meetings.attendance_models import Attendance, StreamMetric
from lms.schedule.actions import create, publish
from lms.schedule.drafts import PartyDraft
from lms.schedule.group_rules import meeting_name
from lms.schedule.models import Access, Kind, Occurrence, Part, Streaming
from lms.sealing import FernetSealer, UnsealError
from lms.streaming import choosing, following, queries, rules, targets
from lms.streaming.library import Audience, LiveStatus, TargetNow
from lms.streaming.models import StreamRun, StreamTarget, TargetKind
from lms.streaming.targets import TargetDraft
from tests.lms.facts import NOW, administrator, counted, draft, organisation, organiser, person

SEALER = FernetSealer(b"k" * 32)
SERVER = "rtmps://live.example.org:443/app"
CODE = "00000000000000cd"
KEPT = MadeFile(f"{CODE}.mp4", "video/mp4", 1234, "b" * 64, 60.0, "composition")


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """One transaction for the whole test."""
    with database.writing() as opened:
        yield opened


@pytest.fixture
def admin(session: Session) -> Visitor:
    return administrator(session)


def target(session: Session, admin: Visitor, name: str = "Канал", **more: object) -> StreamTarget:
    """A target with a key."""
    made = replace(TargetDraft(name, TargetKind.YOUTUBE, SERVER, "https://example.org/channel"), **more)  # type: ignore[arg-type]
    return targets.add(session, admin, made, "key-1", SEALER, NOW)


def planned(session: Session, admin: Visitor, **more: object) -> Occurrence:
    """A published occurrence."""
    made = create(session, admin, draft(**more), NOW)  # type: ignore[arg-type]
    publish(session, admin, made.slug, NOW)
    return made


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("https://live.example.org/app", "server_scheme"),
        ("live.example.org/app", "server_scheme"),
        ("rtmp://live.example.org", "server_app"),
        ("rtmp://live.example.org/", "server_app"),
        ("rtmp:///app", "server_wrong"),
        ("rtmp://live.example.org:0/app", "server_wrong"),
        ("rtmp://live.example.org:99999/app", "server_wrong"),
        ("rtmp://user:secret@live.example.org/app", "server_wrong"),
        ("rtmp://live.example.org/app?key=1", "server_wrong"),
        ("rtmp://live.example.org/a pp", "server_wrong"),
        ("rtmp://live.example.org/a\napp", "server_wrong"),
        ("rtmp://приклад.укр/app", "server_wrong"),
        ("rtmp://[::zz]/app", "server_wrong"),
        ("rtmp://live.example.org/" + "a" * 500, "server_wrong"),
    ],
)
def test_what_is_no_stream_server_is_refused_with_its_reason(text: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        rules.server_of(text)
    assert (refused.value.code, refused.value.field) == (code, "server")


def test_what_is_a_stream_server_is_taken_as_it_is() -> None:
    assert rules.server_of(" RTMPS://Live.example.org:443/app/ ") == "rtmps://Live.example.org:443/app"
    assert rules.server_of("rtmp://[2001:db8::1]:1935/live/sub") == "rtmp://[2001:db8::1]:1935/live/sub"


@pytest.mark.parametrize(
    ("server", "inside"),
    [
        ("rtmp://10.1.2.3/app", True),
        ("rtmp://127.0.0.1:1935/app", True),
        ("rtmp://[fd00::1]/app", True),
        ("rtmp://169.254.169.254/app", True),
        ("rtmp://localhost/app", True),
        ("rtmp://media/app", True),
        ("rtmp://nginx.internal/app", True),
        ("rtmps://live-api-s.facebook.com:443/rtmp", False),
        ("rtmp://8.8.8.8/app", False),
    ],
)
def test_addresses_within_our_own_networks_are_known(server: str, inside: bool) -> None:
    assert rules.is_inside(server) is inside


@pytest.mark.parametrize(("key", "code"), [("", "key_needed"), ("a b", "key_wrong"), ("x" * 501, "key_wrong")])
def test_what_is_no_key_is_refused(session: Session, admin: Visitor, key: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        targets.add(session, admin, TargetDraft("Канал", TargetKind.OTHER, SERVER), key, SEALER, NOW)
    assert refused.value.code == code


def test_a_key_is_sealed_and_in_no_log(session: Session, admin: Visitor) -> None:
    made = target(session, admin)
    assert b"key-1" not in made.sealed
    assert SEALER.open(made.sealed) == f"{SERVER}/key-1"
    with pytest.raises(UnsealError):
        FernetSealer(b"x" * 32).open(made.sealed)
    targets.set_key(session, admin, made.id, "key-2", SEALER, NOW)
    targets.edit(
        session, admin, made.id, TargetDraft("Новий", TargetKind.OTHER, "rtmp://other.example.org/x"), SEALER, NOW
    )
    assert SEALER.open(made.sealed) == "rtmp://other.example.org/x/key-2", "the key goes with it to the new server"
    logged = session.scalars(select(AuditEntry).where(AuditEntry.object_kind == "stream_target")).all()
    assert [each.action for each in logged] == ["stream_target.add", "stream_target.set_key", "stream_target.edit"]
    assert not any("key-" in str((each.before, each.after)) for each in logged)
    (card,) = queries.targets(session, admin)
    assert not any("key-" in str(getattr(card, name)) for name in card.__slots__)


def test_who_keeps_which_targets(session: Session, admin: Visitor) -> None:
    ours, other = organisation(session, "ours"), organisation(session, "other")
    local = person(
        session, "local@example.org", RoleName.ORGANISER, home=ours, scope=Scope.ORGANISATION, scope_id=ours.id
    )
    network = organiser(session)
    target(session, admin, "Спільний")
    target(session, admin, "Чужий", owner_id=other.id)
    mine = target(session, local, "Наш", owner_id=ours.id)
    names = {who: [each.name for each in queries.targets(session, who)] for who in (admin, network, local, ANONYMOUS)}
    assert names[admin] == ["Наш", "Спільний", "Чужий"]
    assert names[network] == ["Наш", "Чужий"]
    assert names[local] == ["Наш"]
    assert names[ANONYMOUS] == []
    for who, more in ((network, {}), (local, {}), (local, {"owner_id": other.id})):
        with pytest.raises(NotAllowed):
            target(session, who, "Ще", **more)
    with pytest.raises(NotFound):
        targets.remove(session, person(session, "nobody@example.org"), mine.id, NOW)
    with pytest.raises(Invalid) as refused:
        target(session, local, "Усередині", owner_id=ours.id, server="rtmp://10.0.0.5/app")
    assert refused.value.code == "server_inside"
    assert target(session, admin, "Усередині", server="rtmp://10.0.0.5/app").server == "rtmp://10.0.0.5/app"
    targets.remove(session, local, mine.id, NOW)
    assert queries.targets(session, local) == []


def test_an_occurrence_goes_to_what_it_or_its_series_has_chosen(session: Session, admin: Visitor) -> None:
    ours, other = organisation(session, "ours"), organisation(session, "other")
    shared, own, foreign = (
        target(session, admin, "Спільний"),
        target(session, admin, "Наш", owner_id=ours.id),
        target(session, admin, "Чужий", owner_id=other.id),
    )
    made = planned(session, admin, parties=[(ours, Part.ORGANISER)])
    assert queries.planned_targets(session, made.meeting) == ()
    with pytest.raises(Invalid):
        choosing.choose(session, admin, made.slug, {foreign.id: ""}, NOW)
    with pytest.raises(Invalid) as refused:
        choosing.choose(session, admin, made.slug, {own.id: "javascript:alert(1)"}, NOW)
    assert refused.value.code == "link_wrong"
    choosing.choose(session, admin, made.slug, {shared.id: "https://example.org/post/7", own.id: ""}, NOW)
    found = queries.planned_targets(session, made.meeting)
    assert [each.name for each in found] == ["Наш", "Спільний"]
    assert SEALER.open(found[0].sealed.encode()) == f"{SERVER}/key-1"
    links = queries.public_stream(session, made.meeting).links
    assert [each.address for each in links] == ["https://example.org/channel", "https://example.org/post/7"]
    targets.enable(session, admin, shared.id, NOW, enabled=False)
    assert [each.name for each in queries.planned_targets(session, made.meeting)] == ["Наш"]
    targets.remove(session, admin, own.id, NOW)
    assert queries.planned_targets(session, made.meeting) == ()
    choosing.choose(session, admin, made.slug, None, NOW)


def test_series_choose_for_dates_that_do_not(session: Session, admin: Visitor) -> None:
    from lms.schedule import series
    from lms.schedule.series_drafts import SeriesDraft

    ours = organisation(session, "ours")
    own = target(session, admin, "Наш", owner_id=ours.id)
    base = draft()
    made = series.create(
        session,
        admin,
        SeriesDraft(
            kind=Kind.CONSULTATION,
            title="Серія",
            owner_id=ours.id,
            starts_local=base.starts_local + timedelta(days=1),
            duration_minutes=60,
            rule="FREQ=WEEKLY;COUNT=2",
            parties=[PartyDraft(ours.id, Part.ORGANISER)],
            streaming=Streaming.PLANNED,
        ),
        NOW,
    )
    choosing.choose_for_series(session, admin, made.slug, [own.id], NOW)
    first, second = session.scalars(
        select(Occurrence).where(Occurrence.series_id == made.id).order_by(Occurrence.starts_at)
    )
    assert first.streaming is Streaming.PLANNED
    assert [each.id for each in queries.planned_targets(session, first.meeting)] == [str(own.id)]
    choosing.choose(session, admin, first.slug, {}, NOW)
    assert queries.planned_targets(session, first.meeting) == ()
    assert [each.id for each in queries.planned_targets(session, second.meeting)] == [str(own.id)]
    choosing.choose(session, admin, first.slug, None, NOW)
    assert [each.id for each in queries.planned_targets(session, first.meeting)] == [str(own.id)]


def test_what_is_private_is_never_streamed(session: Session, admin: Visitor) -> None:
    for more, code in (
        ({"kind": Kind.MEETING}, "stream_private"),
        ({"access": Access.LINK}, "stream_link"),
    ):
        with pytest.raises(Refusal) as refused:
            create(session, admin, draft(streaming=Streaming.PLANNED, **more), NOW)
        assert (refused.value.code, refused.value.field) == (code, "streaming")
        private = planned(session, admin, **more)
        assert private.streaming is Streaming.ALLOWED, "what was not thought of is left alone, and does not hold"
        assert not queries.may_be_watched(session, private.meeting)
        with pytest.raises(NotFound):
            queries.public_stream(session, private.meeting)
    off = planned(session, admin, streaming=Streaming.NO)
    assert not queries.may_be_watched(session, off.meeting)
    hidden = create(session, admin, draft(), NOW)
    assert not queries.may_be_watched(session, hidden.meeting), "a draft"
    shown = planned(session, admin)
    assert queries.may_be_watched(session, shown.meeting)
    assert not queries.may_be_watched(session, meeting_name(shown.meeting, 2)), "a group of a divided meeting"
    assert queries.may_be_watched(session, "nobody-planned-it")


def status(meeting: str, *, minutes: float = 0, state: str = "live", **more: object) -> LiveStatus:
    """What a composer wrote so long after its beginning."""
    at = NOW + timedelta(minutes=minutes)
    return LiveStatus(CODE, meeting, state, NOW, at, NOW + timedelta(seconds=6), **more)  # type: ignore[arg-type]


def fares(state: str, problem: str = "", *, minutes: float = 0, tries: int = 1, number: str = "7") -> TargetNow:
    """How a target fares."""
    return TargetNow(number, state, problem, "NetStream.Publish.BadName", NOW + timedelta(minutes=minutes), tries)


def test_a_run_is_followed_from_what_its_composer_wrote(session: Session, admin: Visitor) -> None:
    made = planned(session, admin)
    number = str(target(session, admin).id)
    one, two = fares("connecting", number=number), fares("waiting", "refused", minutes=1, number=number)
    assert following.follow(session, status(made.meeting, targets=(one,)), Audience(3, 5), NOW) == 2
    assert following.follow(session, status(made.meeting, targets=(one,)), Audience(2, 6), NOW) == 0, "nothing new"
    later = NOW + timedelta(minutes=2)
    following.follow(session, status(made.meeting, minutes=2, targets=(two,)), Audience(9, 12), later)
    (run,) = queries.runs_of(session, made.id)
    assert [(line.name, line.state, line.problem) for line in run.lines] == [
        ("Канал", "connecting", ""),
        ("Канал", "waiting", "refused"),
    ]
    assert (run.most_viewers, run.views, run.ended_at) == (9, 12, None)
    assert not following.settle(session, CODE, [KEPT], later), "it runs"
    end = NOW + timedelta(minutes=30)
    following.follow(session, status(made.meeting, minutes=30, state="ended"), Audience(1, 12), end)
    assert run.ended_at == end
    assert not following.settle(session, CODE, [], end), "what was kept is not whole yet"
    assert following.settle(session, CODE, [KEPT], end)
    assert not following.settle(session, CODE, [KEPT], end), "once"
    (figure,) = session.scalars(select(StreamMetric).where(StreamMetric.occurrence_id == made.id))
    assert (figure.concurrent, figure.total, figure.source) == (9, 12, "Vikno")
    assert session.scalars(select(Attendance)).all() == [], "viewers are not attendance"
    assert following.unsettled(session, [CODE, "00000000000000ee"]) == {"00000000000000ee"}


def test_a_lost_composer_ends_its_run_and_may_come_back(session: Session, admin: Visitor) -> None:
    made = planned(session, admin)
    following.follow(session, status(made.meeting), Audience(), NOW)
    run = session.scalars(select(StreamRun)).one()
    following.follow(session, status(made.meeting), Audience(), NOW + rules.LOST)
    assert run.ended_at is None
    following.follow(session, status(made.meeting), Audience(), NOW + rules.LOST + timedelta(seconds=1))
    assert run.ended_at == NOW
    back = status(made.meeting, minutes=20)
    following.follow(session, back, Audience(), back.at)
    assert run.ended_at is None


def test_what_was_kept_stands_in_until_the_recording_is_ready(session: Session, admin: Visitor) -> None:
    made = planned(session, admin)
    event = {"id": "o1-1", "node": 0, "meeting": made.meeting, "opening": "o1", "sequence": 1, "at": NOW.timestamp()}
    data = {"type": "recording", "recording": "00000000000000ab", "by": "Олена"}
    recordings.take_told(session, [event | {"data": data | {"status": "on"}}], NOW)
    end = NOW + timedelta(minutes=30)
    following.follow(session, status(made.meeting, minutes=30, state="ended"), Audience(), end)
    following.settle(session, CODE, [KEPT], end)
    (seen,) = media.of_occurrence(session, ANONYMOUS, made.id, end)
    assert (seen.code, seen.instant, seen.watching) == (CODE, True, Watching.PUBLIC)
    assert queries.public_stream(session, made.meeting).recording == CODE
    with pytest.raises(Conflict):
        recordings.rebuild(session, CODE, "system", end)
    recordings.take_told(session, [event | {"at": end.timestamp(), "data": data | {"status": "off"}}], end)
    job = recordings.claim(session, "w", end)
    assert job is not None
    recordings.finish(session, job.id, Made("v0001", 1800.0, []), end)
    whole = session.scalars(select(Recording).where(Recording.instant.is_(False))).one()
    assert [each.code for each in media.of_occurrence(session, ANONYMOUS, made.id, end)] == [CODE], "not yet released"
    whole.watching = Watching.PUBLIC
    session.flush()
    assert [each.code for each in media.of_occurrence(session, ANONYMOUS, made.id, end)] == [whole.code]
    assert queries.public_stream(session, made.meeting).recording == whole.code


def test_the_number_of_targets_adds_no_queries(database: Database) -> None:
    with database.writing() as session:
        admin = administrator(session)
        made = planned(session, admin)
        first = target(session, admin, "Перший")
        choosing.choose(session, admin, made.slug, {first.id: ""}, NOW)
    counts = []
    for more in (0, 8):
        with database.writing() as session:
            numbers = [target(session, admin, f"Ще {number}").id for number in range(more)]
            choosing.choose(session, admin, made.slug, dict.fromkeys([first.id, *numbers], ""), NOW)
        with database.reading() as session, counted(database) as said:
            queries.planned_targets(session, made.meeting)
            queries.public_stream(session, made.meeting)
            queries.targets(session, admin)
        counts.append(len(said))
    assert counts[0] == counts[1]


def test_what_nodes_tell_is_noted_once_and_in_any_order(session: Session, admin: Visitor) -> None:
    made = planned(session, admin)

    def told(state: str, minutes: float) -> dict[str, object]:
        at = (NOW + timedelta(minutes=minutes)).timestamp()
        data = {"type": "streaming", "stream": CODE, "status": state, "by": "Олена"}
        return {"meeting": made.meeting, "at": at, "data": data}

    for state, minutes in (("off", 9), ("on", 0), ("on", 0), ("off", 9)):
        assert following.take_told(session, [told(state, minutes)], NOW) == 1
    assert following.take_told(session, [{"at": 1.0, "data": {"type": "left"}}], NOW) == 0
    run = session.scalars(select(StreamRun)).one()
    end = NOW + timedelta(minutes=9)
    assert (run.begun_by, run.ended_by, run.ended_at, run.occurrence_id) == ("Олена", "Олена", end, made.id)
    late = status(made.meeting, minutes=9)
    following.follow(session, late, Audience(), late.at)
    assert run.ended_at == end, "its composer has not heard of it yet"
    logged = session.scalars(select(AuditEntry.action).where(AuditEntry.object_kind == "stream")).all()
    assert sorted(logged) == ["stream.begin", "stream.end"]

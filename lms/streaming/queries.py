"""Reading live streams: targets, what was chosen, runs with their lines, and what the public page says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Row, and_, exists, false, or_, select, true
from sqlalchemy.orm import Session, selectinload

from lms.directory.models import Organisation
from lms.directory.rules import ANONYMOUS, Visitor
from lms.errors import NotFound
from lms.media.models import Recording, RecordingState, Watching
from lms.schedule.cards import OccurrencePage
from lms.schedule.group_rules import parse_meeting
from lms.schedule.models import Kind, Occurrence, Part, Status, Streaming
from lms.schedule.plan_models import Programme, Series
from lms.schedule.queries import visible_to
from lms.schedule.rules import streaming_of
from lms.streaming import rules
from lms.streaming.models import ChosenTarget, StreamChoice, StreamLine, StreamRun, StreamTarget, TargetKind

MOST_LINES = 100


@dataclass(frozen=True, slots=True)
class TargetCard:
    """A target, without its key."""

    id: int
    name: str
    kind: TargetKind
    server: str
    page: str
    enabled: bool
    key_set_at: datetime
    owner_id: int | None
    programme_id: int | None
    whose_uk: str
    """Of an organisation or a programme; empty for a general one."""
    whose_en: str
    chosen_by: int
    """How many occurrences and series have chosen it."""


@dataclass(frozen=True, slots=True)
class Option:
    """A target that an occurrence may have, and whether it does."""

    id: int
    name: str
    kind: TargetKind
    enabled: bool
    chosen: bool
    page: str
    post: str


@dataclass(frozen=True, slots=True)
class Choice:
    """What an occurrence has chosen, or would have by its series."""

    options: tuple[Option, ...]
    own: bool
    """Whether it has chosen by itself."""


@dataclass(frozen=True, slots=True)
class PlannedTarget:
    """A target as the media node is told of it: its address and key stay sealed."""

    id: str
    name: str
    sealed: str


@dataclass(frozen=True, slots=True)
class PublicLink:
    """Where else the public sees the stream."""

    name: str
    kind: TargetKind
    address: str


@dataclass(frozen=True, slots=True)
class PublicStream:
    """What the public page says of a meeting. Empty texts and no times: a meeting that nobody planned."""

    meeting: str
    slug: str = ""
    occurrence_id: int | None = None
    title: str = ""
    title_en: str = ""
    language: str = "uk"
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    cancelled: bool = False
    streaming: Streaming = Streaming.ALLOWED
    links: tuple[PublicLink, ...] = ()
    recording: str = ""
    """Its recording that everybody may watch."""
    page_public: bool = False
    """Whether everybody may see the occurrence's page."""
    questions: bool = False
    """Whether those who watch may ask."""


def targets(session: Session, visitor: Visitor) -> list[TargetCard]:
    """The targets that the visitor keeps."""
    query = (
        select(StreamTarget, Organisation.name_uk, Organisation.name_en, Programme.title, Programme.title_en)
        .outerjoin(Organisation, Organisation.id == StreamTarget.owner_id)
        .outerjoin(Programme, Programme.id == StreamTarget.programme_id)
        .where(_kept_by(visitor))
        .order_by(StreamTarget.name, StreamTarget.id)
    )
    rows = session.execute(query).all()
    chosen = session.scalars(
        select(ChosenTarget.target_id).where(ChosenTarget.target_id.in_([row[0].id for row in rows]))
    ).all()
    return [_card(row, chosen.count(row[0].id)) for row in rows]


def _card(row: Row[StreamTarget, str, str, str, str], chosen_by: int) -> TargetCard:
    found, name_uk, name_en, title, title_en = row
    return TargetCard(
        id=found.id,
        name=found.name,
        kind=found.kind,
        server=found.server,
        page=found.page,
        enabled=found.enabled,
        key_set_at=found.key_set_at,
        owner_id=found.owner_id,
        programme_id=found.programme_id,
        whose_uk=title or name_uk or "",
        whose_en=title_en or name_en or "",
        chosen_by=chosen_by,
    )


def _kept_by(visitor: Visitor) -> ColumnElement[bool]:
    """SQL for `rules.manages`."""
    if visitor.is_administrator:
        return true()
    if visitor.organises_everything:
        return or_(StreamTarget.owner_id.is_not(None), StreamTarget.programme_id.is_not(None))
    if not visitor.plans:
        return false()
    ours = visitor.organised_organisations
    return or_(
        and_(StreamTarget.programme_id.is_(None), StreamTarget.owner_id.in_(ours)),
        StreamTarget.programme_id.in_(visitor.organised_programmes),
        and_(StreamTarget.programme_id.is_not(None), Programme.owner_id.in_(ours)),
    )


def choice_of(session: Session, page: OccurrencePage) -> Choice:
    """What an occurrence may have, and has; for those who edit it."""
    organisers = [party.organisation_id for party in page.card.parties if party.part is Part.ORGANISER]
    found = _choice_for(session, page.card.id, page.series_id)
    own = found is not None and found.occurrence_id is not None
    return _options(session, found, organisers, page.programme_id, own=own)


def choice_of_series(session: Session, series_id: int) -> Choice:
    """What each date of a series goes to; for those who edit it."""
    series = session.get_one(Series, series_id)
    found = _choice(session, StreamChoice.series_id == series_id)
    return _options(session, found, [series.owner_id], series.programme_id, own=found is not None)


def _options(
    session: Session, choice: StreamChoice | None, organisers: Sequence[int], programme: int | None, *, own: bool
) -> Choice:
    chosen = {each.target_id: each.post for each in choice.targets} if choice else {}
    offered = or_(
        StreamTarget.id.in_(chosen),
        StreamTarget.programme_id == programme if programme is not None else false(),
        and_(
            StreamTarget.programme_id.is_(None),
            or_(StreamTarget.owner_id.is_(None), StreamTarget.owner_id.in_(organisers)),
        ),
    )
    found = session.scalars(select(StreamTarget).where(offered).order_by(StreamTarget.name, StreamTarget.id))
    return Choice(
        tuple(
            Option(each.id, each.name, each.kind, each.enabled, each.id in chosen, each.page, chosen.get(each.id, ""))
            for each in found
            if each.id in chosen or rules.serves(each, organisers, programme)
        ),
        own,
    )


def _choice(session: Session, which: ColumnElement[bool]) -> StreamChoice | None:
    return session.scalar(select(StreamChoice).where(which).options(selectinload(StreamChoice.targets)))


def _choice_for(session: Session, occurrence_id: int, series_id: int | None) -> StreamChoice | None:
    """The occurrence's own, else that of its series."""
    which = StreamChoice.occurrence_id == occurrence_id
    if series_id is not None:
        which = or_(which, StreamChoice.series_id == series_id)
    own_first = StreamChoice.occurrence_id.is_(None)
    return session.scalar(
        select(StreamChoice).where(which).order_by(own_first).limit(1).options(selectinload(StreamChoice.targets))
    )


def _chosen(session: Session, occurrence_id: int, series_id: int | None) -> list[tuple[StreamTarget, str]]:
    """The targets to which an occurrence goes, that are switched on, with their own posts."""
    found = _choice_for(session, occurrence_id, series_id)
    if found is None or not found.targets:
        return []
    posts = {each.target_id: each.post for each in found.targets}
    rows = session.scalars(
        select(StreamTarget)
        .where(StreamTarget.id.in_(posts), StreamTarget.enabled.is_(True))
        .order_by(StreamTarget.name, StreamTarget.id)
    )
    return [(each, posts[each.id]) for each in rows]


def planned_targets(session: Session, meeting: str) -> tuple[PlannedTarget, ...]:
    """What the media node is told of the targets of a meeting; for the system, which asks nobody."""
    place = session.execute(
        select(Occurrence.id, Occurrence.series_id).where(Occurrence.meeting == meeting)
    ).one_or_none()
    if place is None:
        return ()
    return tuple(
        PlannedTarget(str(each.id), each.name, each.sealed.decode("ascii"))
        for each, _post in _chosen(session, place.id, place.series_id)
    )


def may_be_watched(session: Session, meeting: str) -> bool:
    """Whether the stream of a meeting is for the public: what nobody planned is public by being streamed."""
    main, group = parse_meeting(meeting)
    if group is not None:
        return False
    found = session.execute(
        select(Occurrence.kind, Occurrence.access, Occurrence.streaming, Occurrence.status).where(
            Occurrence.meeting == main
        )
    ).one_or_none()
    if found is None:
        return True
    hidden = found.status in (Status.DRAFT, Status.CANCELLED)
    return not hidden and streaming_of(found.streaming, found.kind, found.access) is not Streaming.NO


def public_stream(session: Session, meeting: str) -> PublicStream:
    """What the public page says. Raises `NotFound` (stream_unknown) where nothing is for the public."""
    _main, group = parse_meeting(meeting)
    found = session.scalar(select(Occurrence).where(Occurrence.meeting == meeting))
    if group is not None or (found is not None and not _public(found)):
        raise NotFound("stream_unknown", "There is no live stream here.")
    return PublicStream(meeting) if found is None else _told(session, found)


def is_offered(page: OccurrencePage) -> bool:
    """Whether an occurrence is for the public to watch, for whoever may see its page."""
    return page.card.status is not Status.DRAFT and page.streaming is not Streaming.NO


def any_run(occurrence_id: int) -> ColumnElement[bool]:
    """SQL: whether an occurrence was streamed live."""
    return exists().where(StreamRun.occurrence_id == occurrence_id)


def _told(session: Session, found: Occurrence) -> PublicStream:
    query = select(Occurrence.id).where(Occurrence.id == found.id, visible_to(ANONYMOUS))
    return PublicStream(
        meeting=found.meeting,
        slug=found.slug,
        occurrence_id=found.id,
        title=found.title,
        title_en=found.title_en,
        language=found.language,
        starts_at=found.starts_at,
        ends_at=found.ends_at,
        cancelled=found.status is Status.CANCELLED,
        streaming=streaming_of(found.streaming, found.kind, found.access),
        links=public_links(session, found.id, found.series_id),
        recording=_recording(session, found.id),
        page_public=session.scalar(query) is not None,
        questions=found.public_questions,
    )


def _public(found: Occurrence) -> bool:
    if found.status is Status.DRAFT or found.kind is Kind.MEETING:
        return False
    return streaming_of(found.streaming, found.kind, found.access) is not Streaming.NO


def public_links(session: Session, occurrence_id: int, series_id: int | None) -> tuple[PublicLink, ...]:
    """Where else the public sees it: the post of this broadcast, else the target's own page."""
    chosen = _chosen(session, occurrence_id, series_id)
    return tuple(PublicLink(each.name, each.kind, post or each.page) for each, post in chosen if post or each.page)


def _recording(session: Session, occurrence_id: int) -> str:
    query = (
        select(Recording.code)
        .where(
            Recording.occurrence_id == occurrence_id,
            Recording.state == RecordingState.READY,
            Recording.watching == Watching.PUBLIC,
        )
        .order_by(Recording.instant, Recording.began_at.desc())
    )
    return session.scalar(query.limit(1)) or ""


def runs_of(session: Session, occurrence_id: int) -> list[StreamRun]:
    """The live streams of an occurrence with what happened to their targets, latest first."""
    query = select(StreamRun).where(StreamRun.occurrence_id == occurrence_id).options(selectinload(StreamRun.lines))
    return list(session.scalars(query.order_by(StreamRun.began_at.desc()).limit(20)))


def lines_of(run: StreamRun) -> list[StreamLine]:
    """The latest lines of a run, newest first."""
    return list(reversed(run.lines[-MOST_LINES:]))

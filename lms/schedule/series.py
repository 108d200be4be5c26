"""Planning a series: created at once with its dates, then dates added, left out and filled in one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.database import lock
from lms.directory.models import Organisation
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound
from lms.schedule import actions, rows
from lms.schedule.drafts import OccurrenceDraft, PartyDraft, SpeakerDraft
from lms.schedule.models import MeetingRole, Occurrence, Part, Status
from lms.schedule.plan_models import Programme, Series, SeriesDate, SeriesDefaults
from lms.schedule.planners import may_edit_series, may_plan_for, may_see_series
from lms.schedule.recurrence import MOST_DATES, place
from lms.schedule.series_drafts import SeriesDraft, check_series, from_contents, to_contents
from lms.slugs import free_slug, slug_for

_PLAIN = (
    "kind",
    "title",
    "title_en",
    "description",
    "description_en",
    "language",
    "rule",
    "starts_local",
    "zone",
    "duration_minutes",
    "listed",
    "recorded",
    "streaming",
    "questions",
    "public_questions",
    "keep_for",
    "keep_unit",
    "keep_ending",
    "access",
)
_ALIVE = (Status.DRAFT, Status.PUBLISHED, Status.MOVED)


def create(
    session: Session,
    visitor: Visitor,
    draft: SeriesDraft,
    now: datetime,
    *,
    models: Sequence[OccurrenceDraft] = (),
    took_place: bool = False,
) -> Series:
    """A series with a draft for each of its dates. The first date takes title, experts and agenda of the first of
    `models`, and so on: the occurrences of an earlier series. `took_place`: dates of the past go in as over.

    Raises `NotAllowed`, `NotFound` (an organisation, a person, a topic, the programme), `Invalid` (in_the_past: a date
    is past and nobody said that it took place; and what `recurrence` and `drafts` refuse).
    """
    if not may_plan_for(visitor, draft.owner_id, draft.programme_id):
        raise NotAllowed("organisers_only", "Only an organiser of the organisation plans for it.")
    placed = check_series(draft)
    if placed[0].at <= now and not took_place:
        raise Invalid("date_past", "The first date has passed. Choose a later one, or say that it took place.", "day")
    _require(session, draft)
    series = Series(
        slug=free_slug(session, Series.slug, slug_for(draft.title, placed[0].local.date())),
        created_by=visitor.actor,
        created_at=now,
    )
    _fill(series, draft, now)
    session.add(series)
    session.flush()
    session.add(
        SeriesDefaults(
            series_id=series.id, contents=to_contents(draft), reminder_offsets=_offsets(draft.reminder_offsets)
        )
    )
    _note_dates(session, series.id, draft)
    record(session, visitor.actor, "series.create", "series", series.id, now=now, after=state(series))
    for number, each in enumerate(placed):
        beginning = draft.occurrence(each.local)
        if number < len(models):
            beginning = like(beginning, models[number])
        made = _plan(session, visitor, series, beginning, each.planned, now)
        if took_place and made.ends_at <= now:
            actions.record_past(session, visitor, made.slug, now)
    return series


def edit(
    session: Session, visitor: Visitor, slug: str, draft: SeriesDraft, now: datetime, *, expected_version: int
) -> Series:
    """Change what the series says of itself and what new dates begin with; dates that exist stay as they are.

    Rule, times and zone change by `rescheduling.apply` alone. Raises `NotFound`, `NotAllowed`, `Invalid`, `Conflict`
    (changed_meanwhile).
    """
    series = editable(session, visitor, slug)
    _same_version(series, expected_version)
    if series.owner_id != draft.owner_id:
        raise Invalid("owner_stays", "A series goes to another organisation by handing it over.", "owner_id")
    if draft.programme_id != series.programme_id and not may_plan_for(visitor, series.owner_id, draft.programme_id):
        raise NotAllowed("programme_not_yours", "This programme is planned by others. Ask them to take the series in.")
    kept = replace(
        draft,
        rule=series.rule,
        starts_local=series.starts_local,
        zone=series.zone,
        duration_minutes=series.duration_minutes,
        dates=(series.starts_local,),
        left_out=(),
    )
    check_series(kept)
    _require(session, kept)
    before = state(series)
    _fill(series, kept, now)
    defaults = session.get_one(SeriesDefaults, series.id)
    defaults.contents, defaults.reminder_offsets = to_contents(kept), _offsets(kept.reminder_offsets)
    session.flush()
    _log(session, visitor, series, "edit", before, now)
    return series


def add_date(
    session: Session, visitor: Visitor, slug: str, starts_local: datetime, now: datetime, *, took_place: bool = False
) -> Occurrence:
    """One more date besides the rule, as a draft; the others are not touched.

    Raises `NotFound`, `NotAllowed`, `Invalid` (date_past, time_skipped ...), `Conflict` (date_taken, too_many_dates).
    """
    series = editable(session, visitor, slug)
    at = place(starts_local, series.zone)
    if at.at <= now and not took_place:
        raise Invalid("date_past", "This date has passed. Choose a later one, or say that it took place.", "day")
    ours = list(session.scalars(select(Occurrence).where(Occurrence.series_id == series.id)))
    if any(each.starts_at == at.at and each.status is not Status.CANCELLED for each in ours):
        raise Conflict("date_taken", "The series has this date already.", "day")
    if len(ours) >= MOST_DATES:
        raise Conflict("too_many_dates", f"A series has at most {MOST_DATES} dates; plan the rest as another one.")
    made = _plan(session, visitor, series, draft_of(session, series).occurrence(starts_local), starts_local, now)
    known = _date(session, series.id, starts_local)
    if known is None:
        session.add(SeriesDate(series_id=series.id, starts_local=starts_local))
    else:
        known.excluded = False
    _touch(series, now)
    record(session, visitor.actor, "series.add_date", "series", series.id, now=now, after=_day(starts_local))
    if took_place and made.ends_at <= now:
        actions.record_past(session, visitor, made.slug, now)
    return made


def leave_out(session: Session, visitor: Visitor, slug: str, occurrence: str, reason: str, now: datetime) -> None:
    """One date does not take place: a draft goes, what was announced is cancelled for a reason that people are told.

    Raises `NotFound`, `NotAllowed`, `Invalid` (reason_needed) or `Conflict` (not_cancellable).
    """
    series = editable(session, visitor, slug)
    found = of_series(session, visitor, series, occurrence)
    planned = found.planned_local or found.starts_local
    drop(session, visitor, found, reason, now)
    known = _date(session, series.id, planned)
    if known is None:
        session.add(SeriesDate(series_id=series.id, starts_local=planned, excluded=True, reason=reason.strip()[:300]))
    else:
        known.excluded, known.reason = True, reason.strip()[:300]
    _touch(series, now)
    record(session, visitor.actor, "series.leave_out", "series", series.id, now=now, after=_day(planned))


def move_date(
    session: Session,
    visitor: Visitor,
    slug: str,
    occurrence: str,
    starts_local: datetime,
    now: datetime,
    *,
    expected_version: int,
    reason: str = "",
) -> Occurrence:
    """One date at another time; the series still knows it by the first one. Raises as `actions.edit` does."""
    found = of_series(session, visitor, editable(session, visitor, slug), occurrence)
    draft = replace(rows.draft_of(found), starts_local=starts_local)
    return actions.edit(session, visitor, found.slug, draft, now, expected_version=expected_version, reason=reason)


def fill_row(
    session: Session,
    visitor: Visitor,
    slug: str,
    occurrence: str,
    now: datetime,
    *,
    expected_version: int,
    title: str,
    title_en: str | None = None,
    bodies: Sequence[int] = (),
    expert: str = "",
    email: str = "",
    person_id: int | None = None,
) -> Occurrence:
    """A line of the planner: the date's own title, the bodies that send experts, and the first expert.

    What else the occurrence has stays. Raises as `actions.edit` does.
    """
    found = of_series(session, visitor, editable(session, visitor, slug), occurrence)
    draft = rows.draft_of(found)
    others = [party for party in draft.parties if party.part is not Part.EXPERT_BODY]
    wanted = [PartyDraft(number, Part.EXPERT_BODY) for number in dict.fromkeys(bodies)]
    draft = replace(
        draft,
        title=title,
        title_en=draft.title_en if title_en is None else title_en,
        parties=[*others, *wanted],
        speakers=_with_expert(draft.speakers, expert.strip(), email, person_id, bodies),
        agenda=draft.agenda
        if expert.strip() or not draft.speakers
        else [replace(item, speaker=None) for item in draft.agenda],
    )
    return actions.edit(session, visitor, found.slug, draft, now, expected_version=expected_version)


def editable(session: Session, visitor: Visitor, slug: str) -> Series:
    """The series, locked, for a visitor who may change it. Raises `NotFound` or `NotAllowed`."""
    number = session.scalar(select(Series.id).where(Series.slug == slug))
    if number is None:
        raise NotFound("series_unknown", "There is no such series.")
    series = lock(session, Series, number)
    if not may_edit_series(series, visitor):
        if not may_see_series(session, series, visitor):
            raise NotFound("series_unknown", "There is no such series.")
        raise NotAllowed("editors_only", "Only those who organise it may change it.")
    return series


def draft_of(session: Session, series: Series) -> SeriesDraft:
    """The series as a draft: what new dates begin with."""
    defaults = session.get_one(SeriesDefaults, series.id)
    dates = session.scalars(select(SeriesDate).where(SeriesDate.series_id == series.id)).all()
    offsets = defaults.reminder_offsets
    return SeriesDraft(
        **{name: getattr(series, name) for name in _PLAIN},
        owner_id=series.owner_id,
        programme_id=series.programme_id,
        dates=tuple(each.starts_local for each in dates if not each.excluded),
        left_out=tuple(each.starts_local for each in dates if each.excluded),
        reminder_offsets=tuple(offsets) if offsets is not None else None,
        **from_contents(defaults.contents),
    )


def like(beginning: OccurrenceDraft, model: OccurrenceDraft) -> OccurrenceDraft:
    """A date that takes over from an earlier occurrence what is said, who speaks and what is on the agenda."""
    bodies = [party for party in model.parties if party.part is Part.EXPERT_BODY]
    others = [party for party in beginning.parties if party.part is not Part.EXPERT_BODY]
    return replace(
        beginning,
        title=model.title,
        title_en=model.title_en,
        description=model.description,
        description_en=model.description_en,
        parties=[*others, *bodies] if bodies else beginning.parties,
        speakers=[replace(each, id=None) for each in model.speakers],
        agenda=list(model.agenda),
        topic_ids=model.topic_ids or beginning.topic_ids,
    )


def of_series(session: Session, visitor: Visitor, series: Series, occurrence: str) -> Occurrence:
    """An occurrence of the series, locked, with everything that `rows` needs. Raises `NotFound`."""
    found = actions.editable(session, visitor, occurrence)
    if found.series_id != series.id:
        raise NotFound("occurrence_unknown", "There is no such date in this series.")
    return found


def drop(session: Session, visitor: Visitor, occurrence: Occurrence, reason: str, now: datetime) -> None:
    """A date that is not wanted any more: nobody knew of a draft, so it goes; what was announced is cancelled.

    A draft in whose room somebody has been already is cancelled as well: its meeting is history.
    """
    if occurrence.status is not Status.DRAFT:
        actions.cancel(session, visitor, occurrence.slug, reason, now)
        return
    before, number = rows.state(occurrence), occurrence.id
    try:
        with session.begin_nested():
            session.execute(delete(Occurrence).where(Occurrence.id == number))
    except IntegrityError:
        actions.cancel(session, visitor, occurrence.slug, reason or "—", now)
        return
    session.expunge(occurrence)
    record(session, visitor.actor, "occurrence.drop", "occurrence", number, now=now, before=before)


def plan_date(session: Session, visitor: Visitor, series: Series, planned: datetime, now: datetime) -> Occurrence:
    """A draft for a date that the rule gives. Where clocks skip the hour, it is later by the gap."""
    local = place(planned, series.zone).local
    return _plan(session, visitor, series, draft_of(session, series).occurrence(local), planned, now)


def state(series: Series) -> dict[str, Any]:
    """The series as JSON values, for the audit log."""
    found = {name: getattr(series, name) for name in (*_PLAIN, "owner_id", "programme_id")}
    return found | {"starts_local": series.starts_local.isoformat(timespec="minutes")}


def _plan(
    session: Session, visitor: Visitor, series: Series, draft: OccurrenceDraft, planned: datetime, now: datetime
) -> Occurrence:
    parties = draft.parties
    if not any(party.part is Part.ORGANISER for party in parties):
        parties = [PartyDraft(series.owner_id, Part.ORGANISER), *parties]
    return actions.plan(session, visitor, draft, parties, now, series_id=series.id, planned_local=planned)


def _with_expert(
    speakers: list[SpeakerDraft], name: str, email: str, person_id: int | None, bodies: Sequence[int]
) -> list[SpeakerDraft]:
    """The first speaker as the planner's line says; the others stay. Without a name the first one goes."""
    if not name:
        return speakers[1:]
    body = bodies[0] if len(bodies) == 1 else None
    if not speakers:
        return [SpeakerDraft(name, "", body, person_id, MeetingRole.PRESENTER, email=email)]
    first = speakers[0]
    same = first.name == name
    changed = replace(
        first,
        name=name,
        email=email,
        person_id=person_id if person_id is not None or not same else first.person_id,
        organisation_id=first.organisation_id if same else body,
        position=first.position if same else "",
    )
    return [changed, *speakers[1:]]


def _fill(series: Series, draft: SeriesDraft, now: datetime) -> None:
    for name in (*_PLAIN, "owner_id", "programme_id"):
        setattr(series, name, getattr(draft, name))
    series.title = draft.title.strip()
    series.updated_at = now


def _require(session: Session, draft: SeriesDraft) -> None:
    if session.get(Organisation, draft.owner_id) is None:
        raise NotFound("organisation_unknown", f"There is no organisation {draft.owner_id}.", "owner_id")
    if draft.programme_id is not None and session.get(Programme, draft.programme_id) is None:
        raise NotFound("programme_unknown", f"There is no programme {draft.programme_id}.", "programme_id")


def _note_dates(session: Session, series_id: int, draft: SeriesDraft) -> None:
    for excluded, dates in ((False, draft.dates), (True, draft.left_out)):
        session.add_all(
            SeriesDate(series_id=series_id, starts_local=each, excluded=excluded) for each in sorted(set(dates))
        )
    session.flush()


def _date(session: Session, series_id: int, starts_local: datetime) -> SeriesDate | None:
    return session.scalar(
        select(SeriesDate).where(SeriesDate.series_id == series_id, SeriesDate.starts_local == starts_local)
    )


def _touch(series: Series, now: datetime) -> None:
    """A change of its dates is a change of the series: its version rises."""
    series.updated_at = now


def _same_version(series: Series, expected: int) -> None:
    if series.version != expected:
        raise Conflict("changed_meanwhile", "Somebody else has changed it meanwhile. Read it again, then change it.")


def _log(session: Session, visitor: Visitor, series: Series, verb: str, before: dict[str, Any], now: datetime) -> None:
    after = state(series)
    changed = [key for key in after if after[key] != before[key]]
    record(
        session,
        visitor.actor,
        f"series.{verb}",
        "series",
        series.id,
        now=now,
        before={key: before[key] for key in changed},
        after={key: after[key] for key in changed},
    )


def _offsets(offsets: tuple[int, ...] | None) -> list[int] | None:
    return list(offsets) if offsets is not None else None


def _day(local: datetime) -> dict[str, Any]:
    return {"date": local.isoformat(timespec="minutes")}

"""Making and changing road maps. Every change is logged, and kept as a row that reports are made from."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload
from sqlalchemy.orm.attributes import flag_modified

from lms.audit.actions import record
from lms.directory.models import Affiliation, Organisation, OrganisationKind, Person
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound
from lms.roadmaps.drafts import RoadmapDraft, StepDraft, check
from lms.roadmaps.models import Roadmap, RoadmapChange, RoadmapState, RoadmapStep, StepState
from lms.roadmaps.queries import may_edit, visible_to
from lms.roadmaps.rules import differences
from lms.schedule.actions import editable
from lms.schedule.models import OccurrenceParty, Part


def create(
    session: Session,
    visitor: Visitor,
    organisation_id: int,
    draft: RoadmapDraft,
    now: datetime,
    *,
    occurrence_id: int | None = None,
) -> Roadmap:
    """A new road map of an organisation. Raises `NotFound`, `NotAllowed` (roadmap_not_yours) or `Invalid`."""
    home = session.get(Organisation, organisation_id)
    if home is None:
        raise NotFound("organisation_unknown", "There is no such organisation.", "organisation")
    if not may_edit(visitor, organisation_id):
        raise NotAllowed("roadmap_not_yours", "Road maps are made by the centre's lead or an organiser.")
    return _create(session, visitor, organisation_id, draft, now, occurrence_id)


def create_for_centres(session: Session, visitor: Visitor, slug: str, title: str, now: datetime) -> list[Roadmap]:
    """One for each centre that takes part in an occurrence and has none from it; for who edits the occurrence.

    Raises `NotFound`, `NotAllowed`, `Invalid`, or `Conflict` (roadmaps_made: each has one, or no centre takes part).
    """
    occurrence = editable(session, visitor, slug)
    has_one = select(Roadmap.organisation_id).where(Roadmap.occurrence_id == occurrence.id)
    centres = session.scalars(
        select(Organisation.id)
        .join(OccurrenceParty, OccurrenceParty.organisation_id == Organisation.id)
        .where(
            OccurrenceParty.occurrence_id == occurrence.id,
            OccurrenceParty.part == Part.PARTICIPANT,
            Organisation.kind == OrganisationKind.ASC,
            Organisation.id.not_in(has_one),
        )
        .order_by(OccurrenceParty.position)
    ).all()
    if not centres:
        raise Conflict("roadmaps_made", "Each centre that takes part has its road map already, or none takes part.")
    return [_create(session, visitor, each, RoadmapDraft(title), now, occurrence.id) for each in centres]


def save(
    session: Session, visitor: Visitor, roadmap_id: int, draft: RoadmapDraft, now: datetime, *, expected_version: int
) -> Roadmap:
    """Make it what the draft says. Raises `NotFound`, `NotAllowed`, `Invalid`, `Conflict` (changed_meanwhile)."""
    roadmap = _editable(session, visitor, roadmap_id)
    if roadmap.version != expected_version:
        raise Conflict("changed_meanwhile", "Somebody else has saved it since you opened it.")
    check(draft)
    owners = _owners(session, draft, roadmap)
    before = _head(roadmap)
    roadmap.title, roadmap.follow_up_on, roadmap.state = draft.title.strip(), draft.follow_up_on, draft.state
    was, became = differences(before, _head(roadmap))
    if became:
        _note(session, roadmap, visitor, "edited", "", was, became, now)
    _write_steps(session, visitor, roadmap, draft, owners, now)
    roadmap.updated_at = now
    flag_modified(roadmap, "updated_at")  # a change of steps alone is a new version, too
    session.flush()
    after = _state(roadmap)
    record(session, visitor.actor, "roadmap.edit", "roadmap", roadmap.id, now=now, before=before, after=after)
    return roadmap


def set_state(
    session: Session, visitor: Visitor, roadmap_id: int, step_id: int, state: StepState, note: str, now: datetime
) -> Roadmap:
    """Say how far a step has come: for its owner as well. Raises `NotFound`, `NotAllowed`, `Invalid` (roadmap_note)."""
    roadmap = _seen(session, visitor, roadmap_id)
    step = next((each for each in roadmap.steps if each.id == step_id), None)
    if step is None:
        raise NotFound("roadmap_step_unknown", "There is no such step.")
    own = step.owner_id is not None and step.owner_id == visitor.person_id
    if not own and not may_edit(visitor, roadmap.organisation_id):
        raise NotAllowed("roadmap_not_yours", "A step is moved on by its owner, the centre's lead, an organiser.")
    if len(note) > 1000:
        raise Invalid("roadmap_note", "At most 1000 characters.", "note")
    before = _step(step)
    step.state, step.note = state, note.strip()
    was, became = differences(before, _step(step))
    if became:
        _note(session, roadmap, visitor, "changed", step.text, was, became, now)
        roadmap.updated_at = now
        flag_modified(roadmap, "updated_at")
        session.flush()
        record(session, visitor.actor, "roadmap.step", "roadmap", roadmap.id, now=now, before=was, after=became)
    return roadmap


def _create(
    session: Session,
    visitor: Visitor,
    organisation_id: int,
    draft: RoadmapDraft,
    now: datetime,
    occurrence_id: int | None,
) -> Roadmap:
    check(draft)
    roadmap = Roadmap(
        organisation_id=organisation_id,
        occurrence_id=occurrence_id,
        title=draft.title.strip(),
        state=draft.state,
        follow_up_on=draft.follow_up_on,
        created_by=visitor.actor,
        created_at=now,
        updated_at=now,
        steps=[],
    )
    session.add(roadmap)
    session.flush()
    owners = _owners(session, draft, roadmap)
    _note(session, roadmap, visitor, "made", "", None, _head(roadmap), now)
    _write_steps(session, visitor, roadmap, draft, owners, now)
    session.flush()
    record(session, visitor.actor, "roadmap.create", "roadmap", roadmap.id, now=now, after=_state(roadmap))
    return roadmap


def _write_steps(
    session: Session,
    visitor: Visitor,
    roadmap: Roadmap,
    draft: RoadmapDraft,
    owners: dict[int, Person],
    now: datetime,
) -> None:
    known = {step.id: step for step in roadmap.steps}
    kept: list[RoadmapStep] = []
    for position, one in enumerate(draft.steps):
        step = known.pop(one.id, None) if one.id is not None else None
        before = _step(step) if step is not None else None
        step = step or RoadmapStep(text="")
        _fill(step, one, position, owners)
        kept.append(step)
        after = _step(step)
        if before is None:
            _note(session, roadmap, visitor, "added", step.text, None, after, now)
            continue
        was, became = differences(before, after)
        if became:
            _note(session, roadmap, visitor, "changed", step.text, was, became, now)
    for gone in known.values():
        _note(session, roadmap, visitor, "removed", gone.text, _step(gone), None, now)
    roadmap.steps = kept


def _fill(step: RoadmapStep, one: StepDraft, position: int, owners: dict[int, Person]) -> None:
    step.position, step.text = position, one.text.strip()
    step.owner_id = one.owner_id
    owner = owners.get(one.owner_id) if one.owner_id is not None else None
    step.owner_name = owner.display_name if owner is not None else one.owner_name.strip()
    step.due_on, step.state, step.note = one.due_on, one.state, one.note.strip()


def _owners(session: Session, draft: RoadmapDraft, roadmap: Roadmap) -> dict[int, Person]:
    """The owners, who work at the organisation or owned a step before. Raises `Invalid` (roadmap_owner_unknown)."""
    wanted = {step.owner_id for step in draft.steps if step.owner_id is not None}
    before = {step.owner_id for step in roadmap.steps}
    works = select(Affiliation.person_id).where(Affiliation.organisation_id == roadmap.organisation_id)
    found = session.scalars(
        select(Person).where(Person.id.in_(wanted), (Person.id.in_(works)) | (Person.id.in_(before - {None})))
    )
    owners = {person.id: person for person in found}
    if wanted - owners.keys():
        raise Invalid("roadmap_owner_unknown", "The owner of a step does not work at this organisation.", "owner")
    return owners


def _seen(session: Session, visitor: Visitor, roadmap_id: int) -> Roadmap:
    roadmap = session.scalar(
        select(Roadmap)
        .where(Roadmap.id == roadmap_id, visible_to(visitor))
        .options(selectinload(Roadmap.steps))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if roadmap is None:
        raise NotFound("roadmap_unknown", "There is no such road map, or it is not for you.")
    return roadmap


def _editable(session: Session, visitor: Visitor, roadmap_id: int) -> Roadmap:
    roadmap = _seen(session, visitor, roadmap_id)
    if not may_edit(visitor, roadmap.organisation_id):
        raise NotAllowed("roadmap_not_yours", "Road maps are changed by the centre's lead or an organiser.")
    return roadmap


def _note(
    session: Session,
    roadmap: Roadmap,
    visitor: Visitor,
    kind: str,
    step: str,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
    now: datetime,
) -> None:
    session.add(
        RoadmapChange(
            roadmap_id=roadmap.id, at=now, actor=visitor.actor, kind=kind, step=step, before=before, after=after
        )
    )


def _head(roadmap: Roadmap) -> dict[str, Any]:
    return {
        "title": roadmap.title,
        "state": RoadmapState(roadmap.state).value,
        "follow_up_on": roadmap.follow_up_on.isoformat() if roadmap.follow_up_on else None,
    }


def _step(step: RoadmapStep) -> dict[str, Any]:
    return {
        "text": step.text,
        "owner": step.owner_name,
        "due_on": step.due_on.isoformat() if step.due_on else None,
        "state": StepState(step.state).value,
        "note": step.note,
    }


def _state(roadmap: Roadmap) -> dict[str, Any]:
    return _head(roadmap) | {"steps": [_step(step) for step in roadmap.steps]}

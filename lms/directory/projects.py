"""Projects and grants: who keeps them, who pays, how their support is to be named, and by which picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from lms import images
from lms.audit.actions import record
from lms.database import lock
from lms.directory.models import Organisation
from lms.directory.project_models import Project, ProjectFunder
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound
from lms.files import FileStore
from lms.slugs import free_slug, slug_of

MOST_FUNDERS = 10
MOST = 300
_LENGTHS = {
    "name": 300, "name_en": 300, "number": 80, "statement": 300, "statement_en": 300, "logo_alt": 300,
    "logo_alt_en": 300,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ProjectDraft:
    """A project as somebody typed it. `funders` are numbers of organisations, in order."""

    name: str
    owner_id: int
    name_en: str = ""
    number: str = ""
    statement: str = ""
    statement_en: str = ""
    logo_alt: str = ""
    logo_alt_en: str = ""
    funders: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ProjectTag:
    """A project as it is shown with what bears its tag."""

    id: int
    slug: str
    name: str
    name_en: str
    number: str
    statement: str
    statement_en: str
    logo: str
    logo_alt: str
    logo_alt_en: str
    owner_id: int
    closed: bool
    funders: tuple[tuple[int, str, str], ...]
    """Number and names of each organisation that pays."""


def create(session: Session, visitor: Visitor, draft: ProjectDraft, now: datetime) -> Project:
    """A project. Raises `NotAllowed` (organisers_only), `NotFound` (organisation_unknown), `Invalid`."""
    _require(visitor, draft.owner_id)
    slug = free_slug(session, Project.slug, slug_of(draft.name) or "project")
    made = Project(slug=slug, created_by=visitor.actor, created_at=now, funders=[])
    _fill(session, made, draft)
    session.add(made)
    session.flush()
    record(session, visitor.actor, "project.create", "project", made.id, now=now, after=_state(made))
    return made


def edit(session: Session, visitor: Visitor, slug: str, draft: ProjectDraft, now: datetime) -> Project:
    """Change it; certificates that were issued keep what they say. Raises as `create` does, and `NotFound`."""
    found = editable(session, visitor, slug)
    _require(visitor, draft.owner_id)
    before = _state(found)
    _fill(session, found, draft)
    session.flush()
    record(session, visitor.actor, "project.edit", "project", found.id, now=now, before=before, after=_state(found))
    return found


def close(session: Session, visitor: Visitor, slug: str, now: datetime, *, closed: bool) -> None:
    """Choose it no more, or again; what bears it keeps it. Raises `NotFound`, `NotAllowed`."""
    found = editable(session, visitor, slug)
    if (found.closed_at is not None) == closed:
        return
    found.closed_at = now if closed else None
    record(session, visitor.actor, "project.close", "project", found.id, now=now, after={"closed": closed})


def set_logo(session: Session, visitor: Visitor, slug: str, contents: bytes, store: FileStore, now: datetime) -> None:
    """The funder's sign; empty: none. Decoded and written anew as PNG, so that nothing but pixels is kept.

    Raises `NotFound`, `NotAllowed`, `Invalid` (logo_large, logo_kind, logo_words: it has no words yet for who does
    not see it).
    """
    found = editable(session, visitor, slug)
    if contents and not found.logo_alt:
        raise Invalid("logo_words", "Say what the picture shows, for people who do not see it.", "logo_alt")
    digest = store.put(images.logo(contents)) if contents else ""
    if digest == found.logo:
        return
    change = {"before": {"logo": found.logo}, "after": {"logo": digest}}
    found.logo = digest
    record(session, visitor.actor, "project.logo", "project", found.id, now=now, **change)


def editable(session: Session, visitor: Visitor, slug: str) -> Project:
    """The project, locked, for a visitor who keeps it. Raises `NotFound` or `NotAllowed`."""
    number = session.scalar(select(Project.id).where(Project.slug == slug))
    if number is None:
        raise NotFound("project_unknown", "There is no such project.")
    lock(session, Project, number)
    query = select(Project).where(Project.id == number).options(selectinload(Project.funders))
    found = session.scalars(query.execution_options(populate_existing=True)).one()
    _require(visitor, found.owner_id)
    return found


def keeps(visitor: Visitor, owner_id: int) -> bool:
    """Whether the visitor plans on behalf of the organisation that runs a project."""
    return visitor.organises_everything or owner_id in visitor.organised_organisations


def _require(visitor: Visitor, owner_id: int) -> None:
    if not keeps(visitor, owner_id):
        raise NotAllowed("organisers_only", "Only an organiser of the organisation keeps its projects.")


def _fill(session: Session, found: Project, draft: ProjectDraft) -> None:
    for field, longest in _LENGTHS.items():
        text = str(getattr(draft, field)).strip()
        if field == "name" and not text:
            raise Invalid("title_needed", "Give it a name.", "name")
        if len(text) > longest:
            raise Invalid("text_long", f"This is longer than {longest} characters; shorten it.", field)
        setattr(found, field, text)
    if found.logo and not found.logo_alt:
        raise Invalid("logo_words", "Say what the picture shows, for people who do not see it.", "logo_alt")
    funders = list(dict.fromkeys(draft.funders))
    if len(funders) > MOST_FUNDERS:
        raise Invalid("too_many_rows", f"At most {MOST_FUNDERS} organisations pay for a project.", "funders")
    known = set(session.scalars(select(Organisation.id).where(Organisation.id.in_([*funders, draft.owner_id]))))
    if not known.issuperset([*funders, draft.owner_id]):
        raise NotFound("organisation_unknown", "There is no such organisation.", "funders")
    found.owner_id = draft.owner_id
    there = {row.organisation_id: row for row in found.funders}
    rows = []
    for place, number in enumerate(funders):
        row = there.get(number) or ProjectFunder(organisation_id=number)
        row.position = place
        rows.append(row)
    found.funders = rows


def _state(found: Project) -> dict[str, Any]:
    told: dict[str, Any] = {field: getattr(found, field) for field in _LENGTHS}
    return told | {"owner_id": found.owner_id, "funders": [row.organisation_id for row in found.funders]}


# Reading.


def tags(session: Session, numbers: Sequence[int] | None = None, *, closed: bool = True) -> list[ProjectTag]:
    """Projects by name: these, or all; without the closed ones if so wanted. Two queries."""
    query = select(Project).order_by(Project.name, Project.id).limit(MOST)
    query = query.options(selectinload(Project.funders).joinedload(ProjectFunder.organisation))
    if numbers is not None:
        query = query.where(Project.id.in_(numbers))
    if not closed:
        query = query.where(Project.closed_at.is_(None))
    return [_tag(each) for each in session.scalars(query)]


def tag(session: Session, slug: str) -> ProjectTag:
    """One project. Raises `NotFound`."""
    number = session.scalar(select(Project.id).where(Project.slug == slug))
    if number is None:
        raise NotFound("project_unknown", "There is no such project.")
    return tags(session, [number])[0]


def tag_of(session: Session, number: int | None) -> ProjectTag | None:
    """The project of this number; None for none."""
    return next(iter(tags(session, [number])), None) if number is not None else None


def chosen(session: Session, slug: str, *, kept: int | None = None) -> int | None:
    """The number of a project that may be put on something: an open one, or the one that it bears (`kept`).

    None for no project.

    Raises `NotFound`, `Conflict` (project_closed).
    """
    if not slug:
        return None
    found = tag(session, slug)
    if found.closed and found.id != kept:
        raise Conflict("project_closed", "This project is closed. Choose another one.", "project")
    return found.id


def _tag(found: Project) -> ProjectTag:
    payers = [(row.organisation_id, row.organisation.name_uk, row.organisation.name_en) for row in found.funders]
    names, names_en = ", ".join(uk for _n, uk, _e in payers), ", ".join(en or uk for _n, uk, en in payers)
    return ProjectTag(
        id=found.id,
        slug=found.slug,
        name=found.name,
        name_en=found.name_en,
        number=found.number,
        statement=found.statement or (f"За підтримки: {names}" if names else ""),
        statement_en=found.statement_en or (f"With the support of: {names_en}" if names_en else ""),
        logo=found.logo,
        logo_alt=found.logo_alt,
        logo_alt_en=found.logo_alt_en,
        owner_id=found.owner_id,
        closed=found.closed_at is not None,
        funders=tuple(payers),
    )

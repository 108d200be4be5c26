"""`/projects`: with whose money things are held, taught and given; and the tag that occurrences and courses bear."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.datastructures import FormData, UploadFile
from starlette.responses import FileResponse, Response
from wtforms import SelectField, SelectMultipleField, StringField

from lms import images
from lms.courses import tagging
from lms.directory import projects
from lms.directory.models import Organisation
from lms.directory.projects import ProjectDraft, ProjectTag
from lms.directory.queries import organisations
from lms.errors import Conflict, Invalid, NotFound
from lms.schedule import tags
from lms.schedule.cards import OccurrencePage
from web import forms, panels
from web.errors import status_of
from web.forms import VisitForm, at_most, required, stripped
from web.guards import organisers_only
from web.i18n import mark as _
from web.pages import occurrence as occurrence_page
from web.problems import Problem
from web.visits import Acting, Reading, Uploading, Visit, before_upload, see_other

router = APIRouter()
_REFUSED = (Conflict, Invalid, NotFound)
_FIELDS = ("name", "name_en", "number", "statement", "statement_en", "logo_alt", "logo_alt_en")


class ProjectForm(VisitForm):
    """A project as it is typed; the picture comes beside it."""

    name = StringField(_("Name in Ukrainian"), [required(_("Give it a name.")), at_most(300)], filters=[stripped])
    name_en = StringField(_("Name in English"), [at_most(300)], filters=[stripped])
    number = StringField(_("Number or reference"), [at_most(80)], filters=[stripped])
    owner = SelectField(_("Organisation that runs it"), coerce=int)
    funders = SelectMultipleField(_("Who pays"), coerce=int)
    statement = StringField(_("How the support is named"), [at_most(300)], filters=[stripped])
    statement_en = StringField(_("The same in English"), [at_most(300)], filters=[stripped])
    logo_alt = StringField(_("What the logo shows, in words"), [at_most(300)], filters=[stripped])
    logo_alt_en = StringField(_("The same in English"), [at_most(300)], filters=[stripped])

    def draft(self) -> ProjectDraft:
        """What the domain takes."""
        texts = {name: self.value(name) for name in _FIELDS}
        return ProjectDraft(owner_id=self.owner.data, funders=tuple(self.funders.data or ()), **texts)


@router.get("/projects")
def index(visit: Reading) -> Response:
    """All of them."""
    return visit.page("projects.html", projects=projects.tags(visit.session))


@router.get("/projects/new")
def new(visit: Reading) -> Response:
    """An empty form."""
    organisers_only(visit)
    return _form_page(visit, _form(visit, None))


@router.post("/projects/new", dependencies=[before_upload(organisers_only)])
def create(visit: Uploading) -> Response:
    """A project."""
    organisers_only(visit)
    return _save(visit, None)


@router.get("/projects/{slug}")
def show(slug: str, visit: Reading) -> Response:
    """A project, for everybody."""
    found = projects.tag(visit.session, slug)
    return visit.page("project.html", project=found, may_edit=projects.keeps(visit.visitor, found.owner_id))


@router.get("/projects/{slug}/logo")
def logo(slug: str, visit: Reading) -> Response:
    """Its picture."""
    found = projects.tag(visit.session, slug)
    if not found.logo:
        raise NotFound("project_unknown", "It has no logo.")
    headers = {"Cache-Control": "public, max-age=3600"}
    return FileResponse(visit.config.files.path(found.logo), media_type="image/png", headers=headers)


@router.get("/projects/{slug}/edit")
def edit(slug: str, visit: Reading) -> Response:
    """The form, filled."""
    found = _kept(visit, slug)
    values = {name: getattr(found, name) for name in _FIELDS}
    funders = [number for number, _uk, _en in found.funders]
    return _form_page(visit, _form(visit, None, found, owner=found.owner_id, funders=funders, **values), found)


@router.post(
    "/projects/{slug}/edit", dependencies=[before_upload(lambda visit: _kept(visit, visit.request.path_params["slug"]))]
)
def save(slug: str, visit: Uploading) -> Response:
    """Save it."""
    return _save(visit, _kept(visit, slug))


@router.post("/projects/{slug}/close")
def close(slug: str, visit: Acting) -> Response:
    """Choose it no more, or again."""
    projects.close(visit.session, visit.visitor, slug, visit.now, closed=not forms.text(visit.form, "back"))
    return see_other(f"/projects/{slug}?done=saved")


@router.post("/schedule/{slug}/project")
def tag_occurrence(slug: str, visit: Acting) -> Response:
    """Which project an occurrence bears."""
    try:
        with visit.session.begin_nested():
            tags.put(visit.session, visit.visitor, "occurrence", slug, forms.text(visit.form, "project"), visit.now)
    except Conflict as refused:
        return occurrence_page.show(visit, slug, status=409, failure=forms.sentence(visit, refused))
    return see_other(f"/schedule/{slug}?done=saved#project")


@router.post("/series/{slug}/project")
def tag_series(slug: str, visit: Acting) -> Response:
    """Which project a series bears, and each of its dates that bears none of its own."""
    tags.put(visit.session, visit.visitor, "series", slug, forms.text(visit.form, "project"), visit.now)
    return see_other(f"/series/{slug}?done=saved#project")


@router.post("/programmes/{slug}/project")
def tag_programme(slug: str, visit: Acting) -> Response:
    """Which project a programme bears, and what is in it."""
    tags.put(visit.session, visit.visitor, "programme", slug, forms.text(visit.form, "project"), visit.now)
    return see_other(f"/programmes/{slug}?done=saved#project")


@router.post("/courses/{slug}/project")
def tag_course(slug: str, visit: Acting) -> Response:
    """Which project a course bears."""
    tagging.put(visit.session, visit.visitor, slug, forms.text(visit.form, "project"), visit.now)
    return see_other(f"/courses/{slug}?done=saved#project")


def _choice_of_project(visit: Visit, page: OccurrencePage) -> dict[str, Any] | None:
    return block(visit, None, None, _address(page), edits=True) if page.may_edit else None


def _address(page: OccurrencePage) -> str:
    return f"/schedule/{page.card.slug}/project"


@panels.OCCURRENCE.register("project", place=32, column="side", given=tags.any_of, otherwise=_choice_of_project)
def project_panel(visit: Visit, page: OccurrencePage) -> dict[str, Any] | None:
    """For everybody the tag; for editors the choice."""
    own, shown = tags.of_occurrence(visit.session, page.card.id)
    return block(visit, own, shown, _address(page), edits=page.may_edit)


def block(visit: Visit, own: int | None, shown: int | None, address: str, *, edits: bool) -> dict[str, Any] | None:
    """What `project_tag.html` shows of something that bears a tag or may bear one; None for nothing."""
    tag = projects.tag_of(visit.session, shown)
    open_ones = projects.tags(visit.session, closed=False) if edits else []
    if tag is None and not open_ones:
        return None
    if own is not None and tag is not None and tag.closed:
        open_ones = [tag, *open_ones]
    return {"tag": tag, "own": own, "address": address, "options": open_ones}


def _kept(visit: Visit, slug: str) -> ProjectTag:
    found = projects.tag(visit.session, slug)
    if not projects.keeps(visit.visitor, found.owner_id):
        raise Problem(403, "organisers_only", _("Only an organiser of the organisation that runs it changes it."))
    return found


def _save(visit: Visit, found: ProjectTag | None) -> Response:
    form = _form(visit, visit.form, found)
    if not form.validate():
        return _form_page(visit, form, found, status=422)
    sent = visit.form.get("logo")
    try:
        with visit.session.begin_nested():
            slug = _write(visit, form, found)
            if isinstance(sent, UploadFile) and sent.filename:
                contents = sent.file.read(images.LARGEST_LOGO + 1)
                projects.set_logo(visit.session, visit.visitor, slug, contents, visit.config.files, visit.now)
            elif forms.text(visit.form, "no_logo"):
                projects.set_logo(visit.session, visit.visitor, slug, b"", visit.config.files, visit.now)
    except _REFUSED as refused:
        said = "" if form.refuse(refused) else forms.sentence(visit, refused)
        return _form_page(visit, form, found, status=status_of(refused), failure=said)
    return see_other(f"/projects/{slug}?done=saved")


def _write(visit: Visit, form: ProjectForm, found: ProjectTag | None) -> str:
    given = (visit.session, visit.visitor)
    if found is None:
        return projects.create(*given, form.draft(), visit.now).slug
    return projects.edit(*given, found.slug, form.draft(), visit.now).slug


def _form(visit: Visit, data: FormData | None, found: ProjectTag | None = None, **values: Any) -> ProjectForm:
    """Centres do not pay, but one that was entered as a funder stays."""
    paying = {number for number, _uk, _en in found.funders} if found else set()
    form = ProjectForm(visit, data, **values)
    every = organisations(visit.session)
    form.owner.choices = [_named(visit, each) for each in every if projects.keeps(visit.visitor, each.id)]
    form.funders.choices = [_named(visit, each) for each in every if each.kind.value != "asc" or each.id in paying]
    return form


def _named(visit: Visit, each: Organisation) -> tuple[int, str]:
    return each.id, each.name_en if visit.language == "en" and each.name_en else each.name_uk


def _form_page(
    visit: Visit, form: ProjectForm, found: ProjectTag | None = None, *, status: int = 200, failure: str = ""
) -> Response:
    back = f"/projects/{found.slug}" if found else "/projects"
    return visit.page("project_form.html", status=status, form=form, project=found, back=back, failure=failure)

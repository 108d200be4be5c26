"""`/programmes`: what organisations run over a year or longer, with the series in it."""

from __future__ import annotations

from datetime import date
from typing import Any

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.responses import Response
from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import Optional

from lms.directory import queries as directory
from lms.errors import Conflict, Invalid, NotFound
from lms.evidence import queries as goals
from lms.schedule import plan_queries, programmes, tags
from lms.schedule.plan_queries import ProgrammeCard
from lms.schedule.programmes import ProgrammeDraft
from web import forms
from web.errors import status_of
from web.forms import VisitForm, at_most, required, stripped
from web.guards import organisers_only
from web.i18n import mark as _
from web.occurrence_form import NO_DATE, DayField
from web.pages.projects import block
from web.problems import Problem
from web.visits import Acting, Reading, Visit, see_other

router = APIRouter(prefix="/programmes")


class ProgrammeForm(VisitForm):
    """What is said of a programme."""

    title = StringField(_("Title in Ukrainian"), [required(_("Give it a title.")), at_most(300)], filters=[stripped])
    title_en = StringField(_("Title in English"), [at_most(300)], filters=[stripped])
    description = TextAreaField(_("What it is about"), [at_most(8000)], filters=[stripped])
    description_en = TextAreaField(_("The same in English"), [at_most(8000)], filters=[stripped])
    owner = SelectField(_("Organisation that runs it"), coerce=int)
    from_date = DayField(_("From"), [required(NO_DATE)])
    to_date = DayField(_("Until (may stay open)"), [Optional()])

    def draft(self) -> ProgrammeDraft:
        """What the domain takes."""
        assert self.from_date.data is not None
        return ProgrammeDraft(
            title=self.value("title"),
            title_en=self.value("title_en"),
            description=self.value("description"),
            description_en=self.value("description_en"),
            owner_id=self.owner.data,
            from_date=self.from_date.data,
            to_date=self.to_date.data,
        )


@router.get("")
def programme_list(visit: Reading) -> Response:
    """All of them."""
    return visit.page("programmes.html", programmes=plan_queries.programmes(visit.session, visit.visitor))


@router.get("/new")
def new(visit: Reading) -> Response:
    """An empty form, for this year."""
    organisers_only(visit)
    today = visit.now.date()
    return _form_page(visit, _form(visit, None, from_date=today, to_date=date(today.year + 1, 1, 1)))


@router.post("/new")
def create(visit: Acting) -> Response:
    """A programme."""
    organisers_only(visit)
    form = _form(visit, visit.form)
    if not form.validate():
        return _form_page(visit, form, status=422)
    try:
        made = programmes.create(visit.session, visit.visitor, form.draft(), visit.now)
    except (Invalid, Conflict) as refused:
        said = "" if form.refuse(refused) else forms.sentence(visit, refused)
        return _form_page(visit, form, status=status_of(refused), failure=said)
    return see_other(f"/programmes/{made.slug}?done=saved")


@router.get("/{slug}")
def page(slug: str, visit: Reading) -> Response:
    """A programme with its series."""
    return _page(visit, slug)


@router.get("/{slug}/edit")
def edit(slug: str, visit: Reading) -> Response:
    """The form, filled."""
    card = _editable(visit, slug)
    names = ("title", "title_en", "description", "description_en", "from_date", "to_date")
    values = {name: getattr(card, name) for name in names}
    return _form_page(visit, _form(visit, None, card, owner=card.owner_id, **values), card)


@router.post("/{slug}/edit")
def save(slug: str, visit: Acting) -> Response:
    """Save it; the organisation changes by handing over alone."""
    card = _editable(visit, slug)
    form = _form(visit, visit.form, card)
    form.owner.data = card.owner_id
    if not form.validate():
        return _form_page(visit, form, card, status=422)
    try:
        programmes.edit(visit.session, visit.visitor, slug, form.draft(), visit.now)
    except (Invalid, Conflict) as refused:
        said = "" if form.refuse(refused) else forms.sentence(visit, refused)
        return _form_page(visit, form, card, status=status_of(refused), failure=said)
    return see_other(f"/programmes/{slug}?done=saved")


@router.post("/{slug}/hand-over")
def hand_over(slug: str, visit: Acting) -> Response:
    """Another organisation runs it from now on."""
    owner = forms.text(visit.form, "owner")
    try:
        with visit.session.begin_nested():
            programmes.hand_over(
                visit.session,
                visit.visitor,
                slug,
                int(owner) if owner.isdecimal() and len(owner) < 10 else 0,
                visit.now,
            )
    except (Invalid, NotFound, Conflict) as refused:
        return _page(visit, slug, status=status_of(refused), failure=forms.sentence(visit, refused))
    return see_other(f"/programmes/{slug}?done=handed_over")


def _page(visit: Visit, slug: str, *, status: int = 200, failure: str = "") -> Response:
    shown = plan_queries.programme_page(visit.session, visit.visitor, slug)
    return visit.page(
        "programme.html",
        status=status,
        page=shown,
        card=shown.card,
        tagged=_tagged(visit, slug, edits=shown.card.may_edit),
        goals=goals.goals(visit.session, shown.card.id),
        failure=failure,
        organisations=_organisations(visit) if shown.card.may_edit else [],
    )


def _tagged(visit: Visit, slug: str, *, edits: bool) -> dict[str, Any] | None:
    own = tags.of_programme(visit.session, slug)
    return block(visit, own, own, f"/programmes/{slug}/project", edits=edits)


def _editable(visit: Visit, slug: str) -> ProgrammeCard:
    card = plan_queries.programme_page(visit.session, visit.visitor, slug).card
    if not card.may_edit:
        raise Problem(403, "not_yours", _("This programme is run by others. Ask its organisation."))
    return card


def _organisations(visit: Visit) -> list[tuple[int, str]]:
    english = visit.language == "en"
    return [
        (each.id, each.name_en if english and each.name_en else each.name_uk)
        for each in directory.organisations(visit.session)
    ]


def _form(visit: Visit, data: FormData | None, card: ProgrammeCard | None = None, **values: Any) -> ProgrammeForm:
    form = ProgrammeForm(visit, data, **values)
    visitor = visit.visitor
    mine = [
        one
        for one in _organisations(visit)
        if visitor.organises_everything
        or one[0] in visitor.organised_organisations
        or (card is not None and one[0] == card.owner_id)
    ]
    form.owner.choices = sorted(mine, key=lambda one: one[0] not in visitor.organisation_ids)
    return form


def _form_page(
    visit: Visit, form: ProgrammeForm, card: ProgrammeCard | None = None, *, status: int = 200, failure: str = ""
) -> Response:
    return visit.page("programme_form.html", status=status, form=form, card=card, failure=failure)

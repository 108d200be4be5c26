"""What administrators do with organisations: enter, change, close, membership, equipment and its catalogue."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter
from starlette.responses import Response

from lms.days import day_of
from lms.directory import organisation_queries as queries
from lms.directory import organisations as actions
from lms.directory.organisation_queries import NETWORK, OrganisationPage
from lms.errors import Conflict, Invalid, NotFound, Refusal
from web import directory_forms as forms
from web.errors import status_of
from web.forms import VisitForm, sentence, text
from web.guards import administrators_only
from web.i18n import mark as _
from web.i18n import translate
from web.pages.organisation_view import view
from web.visits import Acting, Reading, Visit, see_other
from web.vocabulary import ORGANISATION_KINDS, ORGANISATION_STATES, choices

router = APIRouter(prefix="/organisations")
_TEXTS = (
    "name_uk", "name_en", "code", "oblast", "settlement", "community", "community_code", "territorial_code", "email",
    "phone", "website",
)  # fmt: skip


@router.get("/new")
def new(visit: Reading) -> Response:
    """An empty form."""
    administrators_only(visit)
    return _form_page(visit, _form(visit, kind="asc", status="active"))


@router.post("/new")
def create(visit: Acting) -> Response:
    """Enter it."""
    administrators_only(visit)
    form = _form(visit)
    if not form.validate():
        return _form_page(visit, form, status=422)
    try:
        made = actions.create(visit.session, visit.visitor, form.draft(), visit.now)
    except (Invalid, Conflict) as refused:
        return _form_refused(visit, form, refused)
    return see_other(f"/organisations/{made.code}?done=saved")


@router.get("/capabilities")
def catalogue(visit: Reading) -> Response:
    """The kinds of capability, and the form for one more."""
    administrators_only(visit)
    return _catalogue(visit, forms.CapabilityKindForm(visit, None))


@router.post("/capabilities")
def extend_catalogue(visit: Acting) -> Response:
    """One more kind."""
    administrators_only(visit)
    form = forms.CapabilityKindForm(visit, visit.form)
    if not form.validate():
        return _catalogue(visit, form, status=422)
    try:
        actions.add_capability_kind(
            visit.session,
            visit.visitor,
            name_uk=form.value("name_uk"),
            name_en=form.value("name_en"),
            now=visit.now,
        )
    except (Invalid, Conflict) as refused:
        form.refuse(refused)
        return _catalogue(visit, form, status=status_of(refused))
    return see_other("/organisations/capabilities?done=saved")


@router.get("/{code}/edit")
def edit(code: str, visit: Reading) -> Response:
    """The form, filled."""
    administrators_only(visit)
    page = _page(visit, code)
    given = {name: getattr(page.organisation, name) for name in _TEXTS}
    form = _form(visit, kind=page.organisation.kind.value, status=page.organisation.status.value, **given)
    return _form_page(visit, form, page)


@router.post("/{code}/edit")
def save(code: str, visit: Acting) -> Response:
    """Save it."""
    administrators_only(visit)
    page = _page(visit, code)
    form = _form(visit)
    if not form.validate():
        return _form_page(visit, form, page, status=422)
    try:
        actions.edit(visit.session, visit.visitor, code, form.draft(), visit.now)
    except (Invalid, Conflict) as refused:
        return _form_refused(visit, form, refused, page)
    return see_other(f"/organisations/{code}?done=saved")


@router.post("/{code}/close")
def close(code: str, visit: Acting) -> Response:
    """It stays in the books, and leaves every list."""
    administrators_only(visit)
    actions.close(visit.session, visit.visitor, code, day_of(visit.now), visit.now)
    return see_other(f"/organisations/{code}?done=organisation_closed")


@router.post("/{code}/protection")
def protect(code: str, visit: Acting) -> Response:
    """Its people are named to nobody but those who organise, or again to everybody."""
    administrators_only(visit)
    wanted = text(visit.form, "protected") == "yes"
    actions.protect(visit.session, visit.visitor, code, visit.now, protected=wanted)
    return see_other(f"/organisations/{code}?done=saved")


@router.post("/{code}/memberships")
def join_network(code: str, visit: Acting) -> Response:
    """A period of membership begins."""
    form = forms.MembershipForm(visit, visit.form)
    return _take(
        visit,
        code,
        form,
        lambda: actions.join_network(
            visit.session, visit.visitor, code, NETWORK, forms.day_in(form, "from_date"), visit.now
        ),
    )


@router.post("/{code}/memberships/{membership_id}/end")
def leave_network(code: str, membership_id: int, visit: Acting) -> Response:
    """It ends."""
    form = forms.EndForm(visit, visit.form)
    return _take(
        visit,
        code,
        form,
        lambda: actions.leave_network(
            visit.session, visit.visitor, membership_id, forms.day_in(form, "to_date"), visit.now
        ),
    )


@router.post("/{code}/capabilities")
def add_capability(code: str, visit: Acting) -> Response:
    """It has one thing more."""
    form = forms.CapabilityForm(visit, visit.form)
    form.capability.choices = [(one.code, one.name_uk) for one in queries.capability_kinds(visit.session)]
    return _take(
        visit,
        code,
        form,
        lambda: actions.add_capability(
            visit.session,
            visit.visitor,
            code,
            capability=form.value("capability"),
            quantity=form.quantity.data or 1,
            from_date=forms.day_in(form, "from_date"),
            note=form.value("note"),
            now=visit.now,
        ),
    )


@router.post("/{code}/capabilities/{capability_id}/end")
def end_capability(code: str, capability_id: int, visit: Acting) -> Response:
    """It has it no longer."""
    form = forms.EndForm(visit, visit.form)
    return _take(
        visit,
        code,
        form,
        lambda: actions.end_capability(
            visit.session, visit.visitor, capability_id, forms.day_in(form, "to_date"), visit.now
        ),
    )


def _take(visit: Visit, code: str, form: VisitForm, act: Callable[[], object]) -> Response:
    """Do it; what is wrong is said on the organisation's page, with what was typed."""
    administrators_only(visit)
    page = _page(visit, code)
    if not form.validate():
        errors = [error for name in form.errors for error in form.errors_of(str(name))]
        return view(visit, page, status=422, failure=errors[0] if isinstance(form, forms.EndForm) else "", wrong=form)
    try:
        act()
    except (Invalid, Conflict, NotFound) as refused:
        shown = form.refuse(refused) and not isinstance(form, forms.EndForm)
        failure = "" if shown else sentence(visit, refused)
        return view(visit, page, status=status_of(refused), failure=failure, wrong=form)
    return see_other(f"/organisations/{code}?done=saved")


def _page(visit: Visit, code: str) -> OrganisationPage:
    return queries.organisation_page(visit.session, visit.visitor, code, day_of(visit.now))


def _form(visit: Visit, **given: str) -> forms.OrganisationForm:
    form = forms.OrganisationForm(visit, visit.form or None, **given)
    form.kind.choices = choices(ORGANISATION_KINDS, visit.language)
    form.status.choices = choices(ORGANISATION_STATES, visit.language)
    form.oblast.choices = forms.oblast_choices(visit.language, translate(visit.language, _("none or not known")))
    return form


def _form_page(
    visit: Visit,
    form: forms.OrganisationForm,
    page: OrganisationPage | None = None,
    *,
    status: int = 200,
    failure: str = "",
) -> Response:
    return visit.page("organisation_form.html", form=form, page=page, failure=failure, status=status)


def _form_refused(
    visit: Visit, form: forms.OrganisationForm, refused: Refusal, page: OrganisationPage | None = None
) -> Response:
    failure = "" if form.refuse(refused) else sentence(visit, refused)
    return _form_page(visit, form, page, status=status_of(refused), failure=failure)


def _catalogue(visit: Visit, form: forms.CapabilityKindForm, *, status: int = 200) -> Response:
    kinds = queries.capability_kinds(visit.session)
    return visit.page("capabilities.html", kinds=kinds, form=form, status=status)

"""`/people/{id}`: one person: name, addresses, places of work, roles, account."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from starlette.responses import Response

from lms.days import day_of
from lms.directory import accounts, people, people_queries
from lms.directory.eid import queries as eid_queries
from lms.directory.models import OrganisationKind, RoleName, Scope
from lms.directory.people_queries import PersonPage, person_page
from lms.directory.register_models import ChannelKind
from lms.errors import Conflict, Invalid, NotFound, Refusal
from lms.schedule.queries import ZONE
from web import directory_forms as forms
from web.eid import words as eid_words
from web.errors import status_of
from web.forms import VisitForm, sentence, text
from web.guards import administrators_only, people_keepers_only, people_readers_only
from web.i18n import mark as _
from web.i18n import translate
from web.removing import remove_account
from web.visits import Acting, Reading, Visit, see_other
from web.vocabulary import CHANNELS, SYSTEM_ROLES, choices

router = APIRouter(prefix="/people")
_NAMES = ("family_name", "given_name", "patronymic", "latin_name", "language", "time_zone")


@router.get("/new")
def new(visit: Reading, organisation: str = "") -> Response:
    """An empty form."""
    people_keepers_only(visit)
    return _form_page(visit, _new_form(visit, organisation=organisation, language="uk", time_zone="Europe/Kyiv"))


@router.post("/new")
def create(visit: Acting) -> Response:
    """Enter the person. Somebody of the same name at the same place is pointed out first."""
    people_keepers_only(visit)
    form = _new_form(visit)
    if not form.validate():
        return _form_page(visit, form, status=422)
    chosen = form.value("organisation")
    try:
        made = people.create(
            visit.session,
            visit.visitor,
            draft_of(form),
            visit.now,
            email=form.value("email"),
            phone=form.value("phone"),
            organisation_id=int(chosen) if chosen else None,
            position=form.value("position"),
            sure=text(visit.form, "sure") == "y",
        )
    except (Invalid, Conflict, NotFound) as refused:
        resembles = refused.code == "person_resembles"
        failure = sentence(visit, refused) if resembles or not form.refuse(refused) else ""
        return _form_page(visit, form, status=status_of(refused), failure=failure, resembles=resembles)
    return see_other(f"/people/{made.id}?done=saved")


@router.get("/{person_id}")
def show(person_id: int, visit: Reading) -> Response:
    """The page. Whoever was merged leads to the one who stays."""
    people_readers_only(visit)
    page = person_page(visit.session, visit.visitor, person_id, visit.now)
    if page.person.id != person_id:
        return see_other(f"/people/{page.person.id}?done=merged")
    return _view(visit, page)


@router.get("/{person_id}/edit")
def edit(person_id: int, visit: Reading) -> Response:
    """The form, filled."""
    people_readers_only(visit)
    page = _editable(visit, person_id)
    given = {name: getattr(page.person, name) for name in _NAMES}
    return _form_page(visit, forms.PersonForm(visit, None, **given), page)


@router.post("/{person_id}/edit")
def save(person_id: int, visit: Acting) -> Response:
    """Save it."""
    people_readers_only(visit)
    page = _editable(visit, person_id)
    form = forms.PersonForm(visit, visit.form)
    if not form.validate():
        return _form_page(visit, form, page, status=422)
    try:
        people.edit(visit.session, visit.visitor, person_id, draft_of(form), visit.now)
    except Invalid as refused:
        form.refuse(refused)
        return _form_page(visit, form, page, status=422)
    return see_other(f"/people/{person_id}?done=saved")


@router.post("/{person_id}/affiliations")
def affiliate(person_id: int, visit: Acting) -> Response:
    """One more place of work."""
    form = _place_form(visit, visit.form)
    return _take(
        visit,
        person_id,
        form,
        lambda: people.affiliate(
            visit.session,
            visit.visitor,
            person_id,
            organisation_id=int(form.value("organisation")),
            position=form.value("position"),
            from_date=forms.day_in(form, "from_date"),
            now=visit.now,
        ),
    )


@router.post("/{person_id}/affiliations/{affiliation_id}/end")
def end_affiliation(person_id: int, affiliation_id: int, visit: Acting) -> Response:
    """The person leaves. A lead does not see who has left."""
    form = forms.EndForm(visit, visit.form)
    answer = _take(
        visit,
        person_id,
        form,
        lambda: people.end_affiliation(
            visit.session, visit.visitor, affiliation_id, forms.day_in(form, "to_date"), visit.now
        ),
    )
    return (
        see_other("/people?done=saved") if answer.status_code == 303 and not visit.visitor.reads_everybody else answer
    )


@router.post("/{person_id}/channels")
def add_channel(person_id: int, visit: Acting) -> Response:
    """One more way to reach the person."""
    form = channel_form(visit, visit.form)
    return _take(
        visit,
        person_id,
        form,
        lambda: people.add_channel(
            visit.session,
            visit.visitor,
            person_id,
            ChannelKind(form.value("kind")),
            form.value("address"),
            visit.now,
        ),
    )


@router.post("/{person_id}/channels/{channel_id}/remove")
def remove_channel(person_id: int, channel_id: int, visit: Acting) -> Response:
    """One way less."""
    return _take(
        visit, person_id, None, lambda: people.remove_channel(visit.session, visit.visitor, channel_id, visit.now)
    )


@router.post("/{person_id}/roles")
def grant(person_id: int, visit: Acting) -> Response:
    """Give a role, for the whole network or for one organisation, maybe until a day."""
    form = _role_form(visit, visit.form)

    def act() -> None:
        home, until = form.value("organisation"), form.to_date.data
        accounts.grant_role(
            visit.session,
            visit.visitor,
            person_id=person_id,
            role=RoleName(form.value("role")),
            scope=Scope.ORGANISATION if home else Scope.NETWORK,
            scope_id=int(home) if home else None,
            to_at=datetime.combine(until, time(), ZoneInfo(ZONE)) if until else None,
            now=visit.now,
        )

    return _take(visit, person_id, form, act)


@router.post("/{person_id}/roles/{grant_id}/revoke")
def revoke(person_id: int, grant_id: int, visit: Acting) -> Response:
    """The role ends now."""
    return _take(
        visit, person_id, None, lambda: accounts.revoke_role(visit.session, visit.visitor, grant_id, visit.now)
    )


@router.post("/{person_id}/account")
def give_account(person_id: int, visit: Acting) -> Response:
    """Let the person sign in by an e-mail."""
    email = text(visit.form, "email")
    return _take(
        visit, person_id, None, lambda: people.give_account(visit.session, visit.visitor, person_id, email, visit.now)
    )


@router.post("/{person_id}/invite")
def invite(person_id: int, visit: Acting) -> Response:
    """A one-time link to choose a password. It is shown once: we keep only its digest."""
    people_readers_only(visit)
    page = _editable(visit, person_id)
    try:
        token = people.invite(visit.session, visit.visitor, person_id, visit.now)
    except NotFound as refused:
        return _view(visit, page, status=404, failure=sentence(visit, refused))
    return _view(visit, page, status=201, link=f"{visit.config.public_url}/welcome/{token}")


@router.post("/{person_id}/disable")
def disable(person_id: int, visit: Acting) -> Response:
    """Nobody signs in with the person's accounts any more; from meetings that they are in they are shown out."""

    def disable() -> None:
        accounts.disable_account(visit.session, visit.visitor, person_id, visit.now)
        remove_account(visit, person_id)

    return _take(visit, person_id, None, disable)


@router.post("/{person_id}/enable")
def enable(person_id: int, visit: Acting) -> Response:
    """The person may sign in again."""
    return _take(
        visit, person_id, None, lambda: accounts.enable_account(visit.session, visit.visitor, person_id, visit.now)
    )


def draft_of(form: VisitForm) -> people.PersonDraft:
    """What was typed about a person, for the domain."""
    return people.PersonDraft(**{name: form.value(name) for name in _NAMES})


def channel_form(visit: Visit, data: object = None) -> forms.ChannelForm:
    """The form for one more way to reach somebody."""
    form = forms.ChannelForm(visit, data or None, kind="email")  # type: ignore[arg-type]
    form.kind.choices = choices(CHANNELS, visit.language)
    return form


def _take(visit: Visit, person_id: int, form: VisitForm | None, act: Callable[[], object]) -> Response:
    """Do it; what is wrong is said on the person's page, with what was typed."""
    people_keepers_only(visit)
    page = person_page(visit.session, visit.visitor, person_id, visit.now)
    if form is not None and not form.validate():
        errors = [error for name in form.errors for error in form.errors_of(str(name))]
        return _view(visit, page, status=422, failure=errors[0] if isinstance(form, forms.EndForm) else "", wrong=form)
    try:
        act()
    except (Invalid, Conflict, NotFound) as refused:
        return _view(visit, page, status=status_of(refused), failure=_failure(visit, form, refused), wrong=form)
    return see_other(f"/people/{page.person.id}?done=saved")


def _failure(visit: Visit, form: VisitForm | None, refused: Refusal) -> str:
    shown = form is not None and not isinstance(form, forms.EndForm) and form.refuse(refused)
    return "" if shown else sentence(visit, refused)


def _editable(visit: Visit, person_id: int) -> PersonPage:
    page = person_page(visit.session, visit.visitor, person_id, visit.now)
    if not page.may_edit:
        administrators_only(visit)
    return page


def _view(
    visit: Visit,
    page: PersonPage,
    *,
    status: int = 200,
    failure: str = "",
    link: str = "",
    wrong: VisitForm | None = None,
) -> Response:
    place = wrong if isinstance(wrong, forms.AffiliationForm) else _place_form(visit)
    role = wrong if isinstance(wrong, forms.RoleForm) else _role_form(visit)
    channel = wrong if isinstance(wrong, forms.ChannelForm) else channel_form(visit)
    return visit.page(
        "person.html",
        page=page,
        person=page.person,
        place_form=place,
        role_form=role,
        channel_form=channel,
        wrong=wrong,
        today=day_of(visit.now),
        identities=eid_queries.of_person(visit.session, page.person.id) if visit.visitor.is_administrator else [],
        services=visit.config.eid,
        methods=eid_words.METHODS,
        link=link,
        failure=failure,
        status=status,
    )


def _homes(visit: Visit) -> list[tuple[int, str]]:
    """Organisations that the visitor may choose, centres first."""
    found = people_queries.manageable_organisations(visit.session, visit.visitor)
    found.sort(key=lambda home: home.kind is not OrganisationKind.ASC)
    english = visit.language == "en"
    return [(home.id, home.name_en if english and home.name_en else home.name_uk) for home in found]


def _new_form(visit: Visit, **given: str) -> forms.NewPersonForm:
    form = forms.NewPersonForm(visit, visit.form or None, **given)
    nowhere = [("", translate(visit.language, _("none")))] if visit.visitor.is_administrator else []
    form.organisation.choices = [*nowhere, *((str(number), name) for number, name in _homes(visit))]
    return form


def _place_form(visit: Visit, data: object = None) -> forms.AffiliationForm:
    form = forms.AffiliationForm(visit, data or None, from_date=day_of(visit.now))  # type: ignore[arg-type]
    form.organisation.choices = _homes(visit)
    return form


def _role_form(visit: Visit, data: object = None) -> forms.RoleForm:
    form = forms.RoleForm(visit, data or None, role="centre_lead")  # type: ignore[arg-type]
    form.role.choices = choices(SYSTEM_ROLES, visit.language)
    network = translate(visit.language, _("the whole network"))
    form.organisation.choices = [("", network), *((str(number), name) for number, name in _homes(visit))]
    return form


def _form_page(
    visit: Visit,
    form: forms.PersonForm,
    page: PersonPage | None = None,
    *,
    status: int = 200,
    failure: str = "",
    resembles: bool = False,
) -> Response:
    return visit.page("person_form.html", form=form, page=page, failure=failure, resembles=resembles, status=status)

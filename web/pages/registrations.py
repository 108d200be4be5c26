"""For those who organise: who has registered, deciding, adding people, the policy; and a centre lead's own people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from starlette.responses import Response

from lms.errors import Conflict, Invalid, Refusal
from lms.schedule import policies, registering, registration_lists
from lms.schedule.audience_models import RegistrationState, Seat
from lms.schedule.questions import value_of
from lms.schedule.registering import Wish
from lms.schedule.registration_lists import Listing
from web import forms, spreadsheets, vocabulary
from web.errors import status_of
from web.i18n import mark as _
from web.i18n import translate
from web.problems import Problem
from web.registration_form import PolicyForm, policy_values
from web.removing import remove_seats
from web.visits import Acting, Reading, Visit, see_other

MOST_EXPORTED = 20_000
State = Annotated[str, Query(max_length=32)]
Organisation = Annotated[str, Query(max_length=12)]

router = APIRouter(prefix="/schedule/{slug}")


@router.get("/registrations")
def registrations(
    slug: str,
    visit: Reading,
    state: State = "",
    organisation: Organisation = "",
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
    find: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """The list, filtered by state and organisation; and people found by name, to add them."""
    return _list(visit, slug, state=state, organisation=organisation, page=page, find=find)


@router.post("/registrations/decide")
def decide(slug: str, visit: Acting) -> Response:
    """Approve, decline or cancel those that were ticked."""
    numbers = [each for each in map(forms.whole, visit.form.getlist("number")) if each is not None][:500]
    act, reason = forms.text(visit.form, "act"), forms.text(visit.form, "reason")
    if not numbers:
        return _list(visit, slug, status=422, failure=translate(visit.language, _("Tick somebody in the list first.")))
    try:
        if act == "approve":
            registering.approve(visit.session, visit.visitor, slug, numbers, visit.now)
        elif act == "decline":
            registering.decline(visit.session, visit.visitor, slug, numbers, reason, visit.now)
        else:
            _cancel(visit, numbers, reason)
    except Invalid as refused:
        sentence = forms.sentence(visit, refused)
        return _list(visit, slug, status=422, failure=sentence, chosen=set(numbers), reason=reason)
    return see_other(f"/schedule/{slug}/registrations?done=decided")


@router.post("/registrations/add")
def add(slug: str, visit: Acting) -> Response:
    """Register somebody whom the organiser has found."""
    registration_lists.edited(visit.session, visit.visitor, slug)
    person = forms.whole(forms.text(visit.form, "person"))
    find = forms.text(visit.form, "find")
    if person is None:
        raise Problem(422, "person_unknown", "")
    seat = Seat.VIEWER if forms.text(visit.form, "seat") == Seat.VIEWER else Seat.INTERACTIVE
    try:
        row = registering.register(visit.session, visit.visitor, slug, Wish(person_id=person, seat=seat), visit.now)
    except (Conflict, Invalid) as refused:
        return _list(visit, slug, status=status_of(refused), failure=forms.sentence(visit, refused), find=find)
    return see_other(f"/schedule/{slug}/registrations?done=added_{row.state.value}")


@router.get("/registrations.{kind}")
def export(slug: str, kind: str, visit: Reading) -> Response:
    """Everybody as CSV or XLSX."""
    if kind not in ("csv", "xlsx"):
        raise Problem(404, "not_found", "")
    found = registration_lists.listing(visit.session, visit.visitor, slug, size=MOST_EXPORTED)
    header, rows = _table(visit, found)
    if kind == "csv":
        return spreadsheets.download(spreadsheets.csv_bytes(header, rows), "text/csv", f"{slug}-registrations.csv")
    content = spreadsheets.xlsx_bytes(translate(visit.language, _("Registrations")), header, rows)
    return spreadsheets.download(content, spreadsheets.XLSX_TYPE, f"{slug}-registrations.xlsx")


@router.get("/registration-policy")
def policy(slug: str, visit: Reading) -> Response:
    """The form, filled with what is set."""
    found = registration_lists.listing(visit.session, visit.visitor, slug, size=1)
    given = policy_values(found.policy, found.questions, found.occurrence.zone) if found.policy else {}
    return _policy_page(visit, found, PolicyForm(visit, None, **given))


@router.post("/registration-policy")
def set_policy(slug: str, visit: Acting) -> Response:
    """Set it, ask one question more, or let people come without registering."""
    found = registration_lists.listing(visit.session, visit.visitor, slug, size=1)
    form = PolicyForm(visit, visit.form)
    if "more" in visit.form:
        form.more()
        return _policy_page(visit, found, form)
    try:
        if "drop" in visit.form:
            policies.drop_policy(visit.session, visit.visitor, slug, visit.now)
            return see_other(f"/schedule/{slug}?done=registration_dropped")
        if not form.validate():
            return _policy_page(visit, found, form, status=422)
        outcome = policies.set_policy(
            visit.session,
            visit.visitor,
            slug,
            form.draft(found.occurrence.zone),
            visit.now,
            whole_series=bool(form.whole_series.data),
        )
    except (Conflict, Invalid) as refused:
        shown = refused.field not in ("", "questions") and form.refuse(refused)
        failure = "" if shown else forms.sentence(visit, refused)
        return _policy_page(visit, found, form, status=status_of(refused), failure=failure)
    done = "policy_over" if outcome.over else "policy_offered" if outcome.offered else "policy_set"
    return see_other(f"/schedule/{slug}/registrations?done={done}")


@router.get("/register-people")
def own_people(slug: str, visit: Reading) -> Response:
    """A lead's people, with what they have."""
    return _own_page(visit, slug, [])


@router.post("/register-people")
def register_people(slug: str, visit: Acting) -> Response:
    """Register those who were ticked; each has their own outcome."""
    numbers = [each for each in map(forms.whole, visit.form.getlist("person")) if each is not None][:300]
    seat = Seat.VIEWER if forms.text(visit.form, "seat") == Seat.VIEWER else Seat.INTERACTIVE
    refusals: list[str] = []
    if not numbers:
        refusals.append(translate(visit.language, _("Tick somebody in the list first.")))
    for number in numbers:
        try:
            registering.register(visit.session, visit.visitor, slug, Wish(person_id=number, seat=seat), visit.now)
        except Refusal as refused:
            refusals.append(forms.sentence(visit, refused))
    if refusals:
        return _own_page(visit, slug, list(dict.fromkeys(refusals)), status=422)
    return see_other(f"/schedule/{slug}/register-people?done=people_registered")


def _cancel(visit: Visit, numbers: Iterable[int], reason: str) -> None:
    rows = [registering.cancel(visit.session, visit.visitor, number, visit.now, reason) for number in numbers]
    remove_seats(visit, rows)


def _own_page(visit: Visit, slug: str, refusals: list[str], *, status: int = 200) -> Response:
    people = registration_lists.own_people(visit.session, visit.visitor, slug, visit.now)
    return visit.page(
        "registration_people.html",
        status=status,
        slug=slug,
        people=people,
        refusals=refusals,
        occurrence=registration_lists.seen(visit.session, visit.visitor, slug),
    )


def _list(
    visit: Visit,
    slug: str,
    *,
    state: str = "",
    organisation: str = "",
    page: int = 1,
    find: str = "",
    status: int = 200,
    failure: str = "",
    chosen: set[int] | None = None,
    reason: str = "",
) -> Response:
    found = registration_lists.listing(
        visit.session,
        visit.visitor,
        slug,
        state=RegistrationState(state) if state in list(RegistrationState) else None,
        organisation_id=forms.whole(organisation),
        page=page,
    )
    people = registration_lists.find_people(visit.session, visit.visitor, slug, find, visit.now) if find else []
    kept = {"state": state, "organisation": organisation}
    return visit.page(
        "registrations.html",
        status=status,
        failure=failure,
        found=found,
        occurrence=found.occurrence,
        state=state,
        organisation=organisation,
        find=find,
        people=people,
        chosen=chosen or set(),
        reason=reason,
        english={each.id: each.text_en for each in found.questions},
        address=lambda number: f"/schedule/{slug}/registrations?{urlencode({**kept, 'page': number})}",
    )


def _policy_page(visit: Visit, found: Listing, form: PolicyForm, *, status: int = 200, failure: str = "") -> Response:
    return visit.page(
        "registration_policy.html",
        status=status,
        failure=failure,
        found=found,
        occurrence=found.occurrence,
        form=form,
    )


def _table(visit: Visit, found: Listing) -> tuple[list[str], list[list[Any]]]:
    def say(sentence: str) -> str:
        return translate(visit.language, sentence)

    asked = found.questions
    header = [
        say(_("Name")),
        say(_("Organisation")),
        say(_("State")),
        say(_("How")),
        say(_("Where")),
        say(_("People in the room")),
        say(_("Registered")),
        *(each.text for each in asked),
    ]
    rows = [
        [
            line.name,
            line.organisation_uk,
            say(vocabulary.REGISTRATION_STATES[line.row.state]),
            say(vocabulary.SEATS[line.row.seat]),
            say(vocabulary.ATTENDS[line.row.attends]),
            line.row.head_count or None,
            line.row.created_at,
            *(value_of(line.row.answers, each.id) for each in asked),
        ]
        for line in found.lines
    ]
    return header, rows

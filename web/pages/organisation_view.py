"""The page of one organisation, with its forms for those who may change it."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from lms.days import day_of
from lms.directory import organisation_queries
from lms.directory.organisation_queries import OrganisationPage
from lms.schedule import calendar
from web import directory_forms as forms
from web.forms import VisitForm
from web.visits import Visit

COMING = 5


def view(
    visit: Visit, page: OrganisationPage, *, status: int = 200, failure: str = "", wrong: VisitForm | None = None
) -> Response:
    """The page. `wrong` is a form on it that could not be taken; it is shown again with what was typed."""
    context: dict[str, Any] = {"membership_form": None, "capability_form": None}
    if page.may_edit:
        kinds = organisation_queries.capability_kinds(visit.session)
        membership, capability = _membership_form(visit, wrong), _capability_form(visit, wrong)
        capability.capability.choices = [  # type: ignore[attr-defined]
            (one.code, one.name_en if visit.language == "en" and one.name_en else one.name_uk) for one in kinds
        ]
        context = {"membership_form": membership, "capability_form": capability}
    wanted = calendar.Wanted(organisation=page.organisation.code)
    coming = calendar.coming(visit.session, visit.visitor, visit.now, wanted).cards
    return visit.page(
        "organisation.html",
        page=page,
        organisation=page.organisation,
        coming=coming[:COMING],
        today=day_of(visit.now),
        failure=failure,
        wrong=wrong,
        status=status,
        **context,
    )


def _membership_form(visit: Visit, wrong: VisitForm | None) -> VisitForm:
    if isinstance(wrong, forms.MembershipForm):
        return wrong
    return forms.MembershipForm(visit, None, from_date=day_of(visit.now), prefix="")


def _capability_form(visit: Visit, wrong: VisitForm | None) -> VisitForm:
    if isinstance(wrong, forms.CapabilityForm):
        return wrong
    return forms.CapabilityForm(visit, None, from_date=day_of(visit.now), quantity=1)

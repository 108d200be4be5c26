"""`/schedule/{slug}`: one occurrence; announced, joined and managed in one place."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from lms.appointments.queries import of_occurrence
from lms.schedule import queries
from web import forms, occurrence_changes, panels
from web.visits import Reading, Visit, see_other
from web.vocabulary import role_choices

router = APIRouter()


@router.get("/schedule/{slug}")
def occurrence(slug: str, visit: Reading) -> Response:
    """The page."""
    return show(visit, slug)


def show(visit: Visit, slug: str, *, status: int = 200, failure: str = "", guest_token: str = "") -> Response:
    """The page, perhaps with what went wrong, or with a guest's link that is shown this once."""
    page = queries.occurrence_page(visit.session, visit.visitor, slug, visit.now)
    appointment = of_occurrence(visit.session, visit.visitor, page.card.id) if page.card.private else None
    if appointment is not None:
        return see_other(f"/appointments/{appointment}")
    guest_form = forms.GuestLink(visit, visit.form if failure else None, role="presenter")
    guest_form.role.choices = role_choices(visit.language)
    shown = panels.OCCURRENCE.shown(visit, page)
    return visit.page(
        "occurrence.html",
        status=status,
        page=page,
        card=page.card,
        changes=occurrence_changes.lines(page, visit.language),
        failure=failure,
        main_panels=shown["main"],
        side_panels=shown["side"],
        guest_form=guest_form,
        guest_url=f"{visit.config.public_url}/guest/{guest_token}" if guest_token else "",
        link=f"{visit.config.public_url}/schedule/{slug}",
    )

"""`/slots`: when the chosen centres have the fewest visitors, with the figures shown."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from lms.directory import queries as directory
from lms.directory.models import OrganisationKind
from lms.schedule import slots
from web.guards import organisers_only
from web.i18n import mark as _
from web.i18n import translate
from web.visits import Reading

LONG_DAYS = (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"))
SUGGESTED = 5

router = APIRouter(prefix="/slots")


@router.get("")
def quiet_hours(
    visit: Reading,
    centre: Annotated[list[int] | None, Query(max_length=500)] = None,
    duration: Annotated[int, Query(ge=5, le=1440)] = 90,
) -> Response:
    """The table of loads for the chosen centres (all, as long as none is chosen), and the calmest windows."""
    organisers_only(visit)
    english = visit.language == "en"
    centres = [
        (each.id, each.name_en if english and each.name_en else each.name_uk)
        for each in directory.organisations(visit.session)
        if each.kind is OrganisationKind.ASC
    ]
    known = {number for number, _name in centres}
    chosen = [number for number in centre or [] if number in known] or sorted(known)
    found = slots.heat(directory.workload(visit.session, chosen), chosen, duration)
    days = sorted({weekday for weekday, _hour in found.cells} | set(found.days))
    return visit.page(
        "slots.html",
        centres=centres,
        chosen=set(centre or []),
        asked=chosen if centre else [],
        duration=duration,
        found=found,
        days=days,
        best=found.ranked[:SUGGESTED],
        day_name=lambda number: translate(visit.language, LONG_DAYS[number]),
    )

"""HTML pages: a view model per page, then a template."""

from fastapi import APIRouter

from web.pages import (
    endpoint_screen,
    endpoints,
    guest,
    health,
    information,
    manage,
    me,
    meet,
    occurrence,
    occurrence_acts,
    occurrence_form,
    organisation_acts,
    organisations,
    people,
    person,
    schedule,
    sign_in,
    start,
    welcome,
)

router = APIRouter(include_in_schema=False)
for part in (
    start,
    sign_in,
    welcome,
    schedule,
    occurrence_form,
    occurrence,
    occurrence_acts,
    guest,
    me,
    meet,
    organisation_acts,
    organisations,
    endpoints,
    people,
    person,
    manage,
    endpoint_screen,
    information,
    health,
):
    router.include_router(part.router)

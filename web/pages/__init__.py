"""HTML pages: a view model per page, then a template."""

from fastapi import APIRouter

from web.pages import (
    endpoint_screen,
    endpoints,
    guest,
    health,
    information,
    mail,
    manage,
    meet,
    occurrence,
    occurrence_acts,
    occurrence_form,
    organisations,
    people,
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
    meet,
    organisations,
    endpoints,
    people,
    mail,
    manage,
    endpoint_screen,
    information,
    health,
):
    router.include_router(part.router)

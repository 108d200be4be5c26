"""HTML pages: a view model per page, then a template."""

from fastapi import APIRouter

from web.pages import (
    acts,
    endpoint_screen,
    endpoints,
    guest,
    health,
    information,
    manage,
    materials,
    meet,
    occurrence,
    occurrence_acts,
    occurrence_form,
    organisations,
    people,
    programmes,
    schedule,
    series,
    series_acts,
    sign_in,
    slots,
    start,
    topics,
    welcome,
)

router = APIRouter(include_in_schema=False)
for part in (
    start,
    sign_in,
    welcome,
    schedule,
    occurrence_form,
    materials,
    series,
    series_acts,
    programmes,
    topics,
    acts,
    slots,
    occurrence,
    occurrence_acts,
    guest,
    meet,
    organisations,
    endpoints,
    people,
    manage,
    endpoint_screen,
    information,
    health,
):
    router.include_router(part.router)

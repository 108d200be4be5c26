"""HTML pages: a view model per page, then a template."""

from fastapi import APIRouter

from web.pages import (
    attendance,
    attendance_acts,
    attendance_panels,
    attendance_rules,
    audit,
    endpoint_screen,
    endpoints,
    guest,
    health,
    information,
    invitations,
    manage,
    meet,
    occurrence,
    occurrence_acts,
    occurrence_form,
    organisation_acts,
    organisations,
    people,
    presence,
    roll_call,
    rsvp,
    schedule,
    sign_in,
    start,
    welcome,
)

PANELS = (attendance_panels,)
"""Modules that only add panels to other pages."""

router = APIRouter(include_in_schema=False)
for part in (
    start,
    sign_in,
    welcome,
    schedule,
    occurrence_form,
    occurrence,
    occurrence_acts,
    attendance,
    attendance_acts,
    attendance_rules,
    roll_call,
    presence,
    guest,
    invitations,
    rsvp,
    meet,
    organisation_acts,
    organisations,
    endpoints,
    people,
    manage,
    audit,
    endpoint_screen,
    information,
    health,
):
    router.include_router(part.router)

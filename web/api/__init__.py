"""The JSON API; errors are problem documents (RFC 9457)."""

from fastapi import APIRouter

from web.api import endpoint, events, groups, pictures, roll_call, token

router = APIRouter()
for part in (token, endpoint, events, groups, roll_call, pictures):
    router.include_router(part.router)

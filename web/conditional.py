"""Conditional requests (RFC 9110 sections 13.1.2 and 13.1.3): what a program has already is not sent again."""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime

from starlette.requests import Request


def is_known(request: Request, tag: str, changed: datetime | None = None) -> bool:
    """Whether who asks has it already; a tag goes before a date. Then the answer is 304."""
    tags = request.headers.get("if-none-match")
    if tags is not None:
        return tags.strip() == "*" or tag in {each.strip().removeprefix("W/") for each in tags.split(",")}
    since = request.headers.get("if-modified-since")
    if since is None or changed is None:
        return False
    try:
        return changed.replace(microsecond=0) <= parsedate_to_datetime(since)
    except (ValueError, TypeError):
        return False

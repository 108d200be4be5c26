"""Tokens for programs, and where a meeting lives."""

from __future__ import annotations

import re
import uuid
import zlib

from pydantic import ValidationError

from signaling.model import Presence, Role
from signaling.tokens import issue
from web.main.secrets import derive, master_key
from web.main.settings import Settings


def node_of(meeting: str, nodes: int) -> int:
    """The media node that holds a meeting: the same answer in every process, without asking anybody."""
    return zlib.crc32(meeting.encode()) % nodes


def for_service(settings: Settings, meeting: str, role: str, name: str, identity: str, lifetime_s: int) -> str:
    """A signed token for a program. Raises `ValueError` with a sentence about what is wrong with it."""
    if role not in list(Role):
        raise ValueError(f'There is no role "{role}". Allowed: {", ".join(Role)}.')
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:24] or "program"
    try:
        token = issue(
            meeting=meeting,
            identity=identity or f"service:{slug}-{uuid.uuid4().hex[:8]}",
            name=name,
            role=Role(role),
            presence=Presence.SERVICE,
            node=node_of(meeting, settings.media_nodes),
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"The {first['loc'][0]} cannot be used: {first['msg']}.") from None
    return token.sign(derive(master_key(settings.data), "token"), lifetime_s=lifetime_s)

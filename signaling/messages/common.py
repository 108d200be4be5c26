"""What messages of both directions share."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from signaling.model import Shape

VERSION = 1
MAX_FRAME_BYTES = 262_144

RequestId = Annotated[int, Field(ge=0, le=2**31 - 1)]


class Problem(Shape):
    """What went wrong, why, and what to do (the members of RFC 9457 that travel here).

    `code` is stable and for machines; the client shows its own sentence for it, in the person's language.
    """

    code: str
    title: str
    detail: str = ""
    retry: bool = False
    """Whether the same request may succeed later."""

"""What the domain says no with. Pages translate `code`; `detail` is for logs and for the API."""

from __future__ import annotations


class Refusal(Exception):  # noqa: N818 - an answer, not a failure
    """Something that the domain does not allow. `field` names the input that is wrong, if it is one."""

    def __init__(self, code: str, detail: str, field: str = "") -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.field = field


class NotFound(Refusal):
    """There is no such thing, or this visitor may not know of it."""


class NotAllowed(Refusal):
    """The visitor is known, and may not."""


class Invalid(Refusal):
    """The input cannot be right."""


class Conflict(Refusal):
    """The state of the thing has changed, or does not permit it."""


class TooMany(Refusal):
    """A bound was reached; later it may work."""

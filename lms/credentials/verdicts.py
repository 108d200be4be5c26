"""What the verifier answers: the state in a word, each check with its sentence, the report; and how a check ends it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from lms.credentials.seal_reports import Sealing, SealReport


class State(StrEnum):
    """The answer in one word."""

    VALID = "valid"
    EXPIRED = "expired"
    NOT_YET = "not_yet"
    REVOKED = "revoked"
    SUSPENDED = "suspended"
    REPLACED = "replaced"
    STATUS_UNKNOWN = "status_unknown"
    UNKNOWN_ISSUER = "unknown_issuer"
    UNSUPPORTED = "unsupported"
    """Of somebody else, in words or with signatures that this verifier does not know: it may be genuine or not."""
    NOT_GENUINE = "not_genuine"
    UNREADABLE = "unreadable"


class Name(StrEnum):
    """The checks, in their order."""

    FILE = "file"
    FORM = "form"
    ISSUER = "issuer"
    SIGNATURE = "signature"
    DATES = "dates"
    STATUS = "status"
    SEAL = "seal"
    """Of a PDF that bears one: whether the document itself was changed. The credential in it is another matter."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check. `ok` is None where it could not be made."""

    name: Name
    ok: bool | None
    code: str
    """`ok`, or what is wrong in a word: pages have a sentence for it."""
    says: str
    """The same in English, with particulars."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was found. `credential` is what the file says, to be believed only as far as the checks go."""

    state: State
    checks: tuple[Check, ...]
    form: str = ""
    credential: dict[str, Any] = field(default_factory=dict)
    sealing: SealReport | None = None
    """Seals and signatures on a PDF; None for another file, and where they were not looked at."""

    @property
    def genuine(self) -> bool:
        """Whether the issuer, known here, signed exactly this."""
        passed = {check.name for check in self.checks if check.ok}
        return {Name.FILE, Name.FORM, Name.ISSUER, Name.SIGNATURE} <= passed and not self.seal_broken

    @property
    def valid(self) -> bool:
        """Whether it is genuine and counts now."""
        return self.state is State.VALID

    @property
    def seal_broken(self) -> bool:
        """Whether the file is a PDF that was changed after it was sealed."""
        return self.sealing is not None and self.sealing.sealing is Sealing.BROKEN

    @property
    def failed(self) -> Check | None:
        """The first check that did not pass. A seal of somebody unknown takes nothing from a valid credential."""
        if self.valid:
            return None
        return next((check for check in self.checks if not check.ok), None)


class Failure(Exception):  # noqa: N818 - an answer about somebody's file
    """The check that ends it, and the state that follows."""

    def __init__(self, state: State, check: Check) -> None:
        self.state, self.check = state, check


def fails(name: Name, code: str, says: str) -> Failure:
    """It is not genuine."""
    return Failure(State.NOT_GENUINE, Check(name, False, code, says))


def many(value: Any) -> list[Any]:
    """One or several, as JSON-LD allows."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]

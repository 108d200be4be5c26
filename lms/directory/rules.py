"""Who asks, and what roles allow: pure data and functions."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import cached_property

from lms.directory.models import RoleName, Scope

CODE_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Letters and figures that nobody takes for one another: no 0 and O, no 1 and I."""
CODE_LENGTH = 8
_LOOKALIKES = str.maketrans("АВЕКМНРСТХУ", "ABEKMHPCTXY")
"""Cyrillic capitals that look like Latin ones: the administrator's keyboard may be Ukrainian."""


_PLANNERS = (RoleName.ORGANISER, RoleName.PROGRAMME_MANAGER)
"""Roles that plan, as far as their scope reaches."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A role, as far as it reaches."""

    role: RoleName
    scope: Scope = Scope.NETWORK
    scope_id: int | None = None


@dataclass(frozen=True)
class Visitor:
    """Who asks: a person, an endpoint, a guest with a personal link, or nobody known.

    What follows from the roles is asked for every line of a list, and worked out once.
    """

    person_id: int | None = None
    endpoint_id: int | None = None
    guest_link_id: int | None = None
    name: str = ""
    """As shown in a meeting."""
    organisation: str = ""
    """Its Ukrainian name, as shown in a meeting."""
    organisation_en: str = ""
    organisation_id: int | None = None
    """The endpoint's organisation, or the person's first one."""
    organisation_ids: frozenset[int] = frozenset()
    """Organisations to which the visitor belongs now."""
    in_network: bool = False
    """Whether the visitor belongs to the network: a person with an account, or a paired endpoint."""
    grants: frozenset[Grant] = frozenset()
    language: str = "uk"

    @cached_property
    def identity(self) -> str:
        """Stable name in tokens and in the audit log: `person:12`, `endpoint:3`, `guest:7` or `anonymous`."""
        for kind, number in (
            ("person", self.person_id),
            ("endpoint", self.endpoint_id),
            ("guest", self.guest_link_id),
        ):
            if number is not None:
                return f"{kind}:{number}"
        return "anonymous"

    @cached_property
    def actor(self) -> str:
        """Whom the audit log names."""
        return self.identity

    @cached_property
    def is_administrator(self) -> bool:
        """Administrator of the whole network."""
        return Grant(RoleName.ADMINISTRATOR) in self.grants

    @cached_property
    def keeps_mail(self) -> bool:
        """Whether the visitor looks after the mail that goes out and comes in."""
        return self.is_administrator or Grant(RoleName.OPERATOR) in self.grants

    @cached_property
    def organises_everything(self) -> bool:
        """May plan and change every occurrence."""
        return self.is_administrator or any(Grant(role) in self.grants for role in _PLANNERS)

    @cached_property
    def organised_organisations(self) -> frozenset[int]:
        """Organisations on whose behalf the visitor plans."""
        return self._planned(Scope.ORGANISATION)

    @cached_property
    def organised_programmes(self) -> frozenset[int]:
        """Programmes whose series and occurrences the visitor plans."""
        return self._planned(Scope.PROGRAMME)

    @cached_property
    def organised_series(self) -> frozenset[int]:
        """Series whose occurrences the visitor plans."""
        return self._planned(Scope.SERIES)

    @cached_property
    def organised_occurrences(self) -> frozenset[int]:
        """Single occurrences that were handed to the visitor."""
        return self._planned(Scope.OCCURRENCE)

    @cached_property
    def is_organiser(self) -> bool:
        """Whether the visitor may plan something new: for the network, or on behalf of an organisation."""
        return self.organises_everything or bool(self.organised_organisations)

    @cached_property
    def plans(self) -> bool:
        """Whether the visitor plans anything at all, be it one series or one programme that others began."""
        return self.is_organiser or bool(self.organised_programmes or self.organised_series)

    def _planned(self, scope: Scope) -> frozenset[int]:
        return frozenset(
            grant.scope_id
            for grant in self.grants
            if grant.role in _PLANNERS and grant.scope is scope and grant.scope_id is not None
        )

    @cached_property
    def led_organisations(self) -> frozenset[int]:
        """Organisations whose people the visitor looks after, as their lead."""
        return self._organisations_as(RoleName.CENTRE_LEAD)

    @cached_property
    def imports_everything(self) -> bool:
        """May import organisations, people and figures of the whole network."""
        return self.is_administrator or Grant(RoleName.DATA_IMPORTER) in self.grants

    @cached_property
    def imported_organisations(self) -> frozenset[int]:
        """Organisations for which the visitor may import people and figures."""
        return self.led_organisations | self._organisations_as(RoleName.DATA_IMPORTER)

    @cached_property
    def reads_everybody(self) -> bool:
        """May look at every person's entry: administrators, auditors and the data-protection officer of the network."""
        readers = (RoleName.AUDITOR, RoleName.DATA_PROTECTION_OFFICER)
        return self.is_administrator or any(Grant(role) in self.grants for role in readers)

    @cached_property
    def audits(self) -> bool:
        """Reads everything that was announced and what came of it, changes nothing."""
        return Grant(RoleName.AUDITOR) in self.grants

    def _organisations_as(self, role: RoleName) -> frozenset[int]:
        return frozenset(
            grant.scope_id
            for grant in self.grants
            if grant.role is role and grant.scope is Scope.ORGANISATION and grant.scope_id is not None
        )


ANONYMOUS = Visitor()


def new_pairing_code() -> str:
    """A code to be read off a screen and typed once."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))


def shown_code(code: str) -> str:
    """In two halves: `ABCD-EFGH`."""
    return f"{code[: CODE_LENGTH // 2]}-{code[CODE_LENGTH // 2 :]}"


def typed_code(text: str) -> str:
    """What somebody typed, as a code: any case, with spaces or dashes, also with Cyrillic lookalikes."""
    plain = "".join(character for character in text.upper() if character.isalnum())
    return plain.translate(_LOOKALIKES)[: 2 * CODE_LENGTH]


def normal_email(text: str) -> str:
    """An address as an account's subject: without spaces around, in lower case."""
    return text.strip().lower()


_ALPHABET = {letter: place for place, letter in enumerate("абвгґдеєжзиіїйклмнопрстуфхцчшщьюя")}


def ukrainian_order(text: str) -> list[tuple[int, str]]:
    """Key by which names stand in the order of the Ukrainian alphabet (code points put і, ї and є after я)."""
    return [(_ALPHABET.get(letter, -1), letter) for letter in text.lower() if letter.isalnum() or letter == " "]

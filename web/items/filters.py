"""Which items a page is about, as it stands in its address."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends

from lms.assessment.queries import Filter


@dataclass(frozen=True, slots=True)
class ItemFilter:
    """A filter of the bank; what is empty does not narrow."""

    competence: str = ""
    """`digcomp22:1.1`, or an area."""
    level: str = ""
    audience: str = ""
    language: str = ""
    kind: str = ""
    state: str = ""
    words: str = ""
    usable: str = ""
    """`yes`: the versions in use, not the latest ones."""

    def narrowing(self, codes: tuple[str, ...] = ()) -> Filter:
        """For the domain."""
        scheme, _, number = self.competence.partition(":")
        return Filter(
            scheme=scheme,
            number=number,
            level=self.level,
            audience=self.audience,
            language=self.language,
            kind=self.kind,
            state=self.state,
            words=self.words,
            codes=codes,
            usable=self.usable == "yes",
        )

    def query(self, codes: tuple[str, ...] = ()) -> str:
        """As the query of an address, without what is empty."""
        told = [(name, value) for name, value in asdict(self).items() if value]
        return urlencode([*told, *(("code", code) for code in codes)])


def _of_address(
    competence: str = "",
    level: str = "",
    audience: str = "",
    language: str = "",
    kind: str = "",
    state: str = "",
    words: str = "",
    usable: str = "",
) -> ItemFilter:
    return ItemFilter(competence, level, audience, language, kind, state, words, usable)


Filtering = Annotated[ItemFilter, Depends(_of_address)]

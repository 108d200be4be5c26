"""Routes sorted by what their addresses look like, so that few have to be tried for a page.

The framework tries one route after the other, and a page would wait for two hundred. A section holds the routes whose
addresses begin with the same word and have the same number of parts; a request that looks otherwise passes it by.
"""

from __future__ import annotations

from collections.abc import Iterable

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Scope

from web.visits import in_one_thread

Look = tuple[str, int]
ANY = 0
"""The number of parts of an address that ends with a whole path."""


def look_of(path: str) -> Look:
    """How an address begins, and of how many parts it is."""
    parts = path.split("/", 3)
    return parts[1], path.count("/")


class Section(APIRouter):
    """Routes that look alike."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As every router, but for requests that look otherwise."""
        word, parts = look_of(scope["path"])
        if word != self._look[0] or self._look[1] not in (parts, ANY):
            return Match.NONE, {}
        return super().matches(scope)


def sections(parts: Iterable[APIRouter]) -> list[APIRouter]:
    """The routes of all parts in sections; within one they keep their order, by which the first that fits answers."""
    found: dict[Look, Section] = {}
    for part in parts:
        for route in part.routes:
            assert isinstance(route, APIRoute), f"{route} is not a page"
            word, parts_of_it = look_of(route.path)
            assert "{" not in word, f"{route.path} must begin with a word"
            look = (word, ANY if ":path}" in route.path else parts_of_it)
            section = found.setdefault(look, Section(look))
            endpoint = in_one_thread(route.endpoint)
            if endpoint is route.endpoint:
                section.routes.append(route)
            else:
                section.add_api_route(route.path, endpoint, methods=sorted(route.methods or ()), name=route.name)
    return [section for _, section in sorted(found.items(), key=lambda each: each[0][1] == ANY)]

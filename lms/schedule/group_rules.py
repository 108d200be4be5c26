"""Group work: names of rooms, who goes where, and how people are spread. Pure functions over plain data."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from lms.schedule.models import MeetingRole

MOST_GROUPS = 40
MOST_PEOPLE = 800
"""In one form; a node takes 300 in a room."""
CLOSING = timedelta(seconds=60)
"""So long people in groups have to finish what they are saying."""

_NAME = re.compile(r"(?P<main>.+)\.g(?P<number>[1-9]\d?)")
LEADS = frozenset({MeetingRole.HOST, MeetingRole.MODERATOR})
"""They open and close groups, and go into any."""


class Way(StrEnum):
    """How people are spread."""

    RANDOM = "random"
    TOGETHER = "together"
    """Colleagues in one group."""
    MIXED = "mixed"
    """Colleagues in different groups, as far as there are enough."""


@dataclass(frozen=True, slots=True)
class Somebody:
    """Whom to put into a group: `person:12`, `organisation:3` or `guest:7`, and where they belong."""

    key: str
    organisation_id: int | None = None


def meeting_name(main: str, number: int) -> str:
    """The meeting of a group: no meeting of an occurrence has a dot in its name (`slugs.new_meeting_name`)."""
    return f"{main}.g{number}"


def parse_meeting(name: str) -> tuple[str, int | None]:
    """The occurrence's meeting, and the number of the group if the name is a group's."""
    found = _NAME.fullmatch(name)
    return (found["main"], int(found["number"])) if found else (name, None)


def is_open(opened_at: datetime | None, closes_at: datetime | None, now: datetime) -> bool:
    """Whether one may go into the groups."""
    return opened_at is not None and opened_at <= now and (closes_at is None or now < closes_at)


def entry_refusal(
    *, role: MeetingRole | None, own: int | None, wanted: int, known: bool, opened: bool, choose: bool
) -> str:
    """Why somebody may not go into a group: `group_unknown`, `groups_closed`, `group_foreign`; empty if they may."""
    if not known:
        return "group_unknown"
    if not opened:
        return "groups_closed"
    if role in LEADS or own == wanted or (own is None and choose):
        return ""
    return "group_foreign"


def spread(
    people: Sequence[Somebody],
    numbers: Sequence[int],
    way: Way,
    seed: str,
    kept: Mapping[str, int] | None = None,
) -> dict[str, int]:
    """Everybody's group. The same people, groups, way and seed give the same result.

    `kept` stay where they are; they count when the others are dealt to the smallest groups. Groups end up equally
    large, give or take one, but for colleagues who stay together.
    """
    placed = {key: number for key, number in (kept or {}).items() if number in numbers}
    sizes = dict.fromkeys(numbers, 0)
    for number in placed.values():
        sizes[number] += 1
    if not numbers:
        return {}
    chance = random.Random(seed)  # noqa: S311 - a draw that can be repeated, no secret
    order = sorted((one for one in people if one.key not in placed), key=lambda one: one.key)
    chance.shuffle(order)
    homes = {one.key: one.organisation_id for one in people}
    for block in _blocks(order, way):
        number = _roomiest(sizes, placed, homes, block, way)
        placed |= {one.key: number for one in block}
        sizes[number] += len(block)
    return placed


def _blocks(order: Sequence[Somebody], way: Way) -> list[list[Somebody]]:
    """Who goes together, in the order in which they are placed: the largest first."""
    if way is Way.RANDOM:
        return [[one] for one in order]
    homes: dict[object, list[Somebody]] = {}
    for one in order:
        homes.setdefault(one.key if one.organisation_id is None else one.organisation_id, []).append(one)
    largest = sorted(homes.values(), key=len, reverse=True)
    return largest if way is Way.TOGETHER else [[one] for home in largest for one in home]


def _roomiest(
    sizes: Mapping[int, int],
    placed: Mapping[str, int],
    homes: Mapping[str, int | None],
    block: Sequence[Somebody],
    way: Way,
) -> int:
    """The smallest group; among equals the one with fewest colleagues where these are mixed, with any where not."""
    home = block[0].organisation_id
    colleagues = dict.fromkeys(sizes, 0)
    if home is not None and way is not Way.RANDOM:
        for key, number in placed.items():
            if homes.get(key) == home:
                colleagues[number] += 1
    if way is Way.TOGETHER and any(colleagues.values()):
        return max(sizes, key=lambda number: (colleagues[number], -number))
    if way is Way.MIXED:
        least = min(sizes.values())
        level = [number for number, size in sizes.items() if size == least]
        return min(level, key=lambda number: (colleagues[number], number))
    return min(sizes, key=lambda number: (sizes[number], number))


def numbers_in(keys: Iterable[str], kind: str) -> set[int]:
    """The numbers of the keys of one kind."""
    parts = (key.partition(":") for key in keys)
    return {int(number) for found, _, number in parts if found == kind and number.isdecimal() and len(number) < 10}

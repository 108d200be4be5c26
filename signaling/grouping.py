"""A meeting and its groups: rooms of one node between which people go, and where each of them is.

The main room's state holds which groups there are and whether they are open; each group is a meeting of its own, which
knows its main room by its plan.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from typing import TYPE_CHECKING

from signaling.meeting import facts, orders
from signaling.meeting.faces import public_name
from signaling.meeting.plan import GroupRoom, Groups, Plan
from signaling.meeting.state import Member
from signaling.messages import GroupsChanged, GroupsTold
from signaling.model import ChatMessage, GroupSeen, GroupsSeen
from signaling.problems import RefusedError
from signaling.tokens import Token

if TYPE_CHECKING:
    from signaling.live import LiveMeeting
    from signaling.node import Node


class Grouping:
    """Which meetings of a node belong together."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._stale: set[str] = set()
        """Main rooms whose people have to be told who is where."""

    # ------------------------------------------------------------ who belongs to whom

    def main_of(self, meeting: LiveMeeting) -> LiveMeeting | None:
        """The main room of a group, or the meeting itself; None for a group whose main room is closed."""
        if meeting.state.plan.main is None:
            return meeting
        return self._node.meetings.get(meeting.state.plan.main)

    def groups_of(self, main: LiveMeeting) -> list[LiveMeeting]:
        """The groups of a main room in which anybody is or lately was."""
        return [
            each for each in self._node.meetings.values() if each.state.plan.main == main.state.id and not each.closed
        ]

    def busy(self, main: LiveMeeting) -> bool:
        """Whether people are in the main room's groups: then it waits for them, empty as it is."""
        return any(each.state.members for each in self.groups_of(main))

    def goes_on(self, meeting: LiveMeeting) -> bool:
        """Whether this is a group that closes while its main room does not."""
        if meeting.state.plan.main is None:
            return False
        main = self.main_of(meeting)
        return main is not None and not main.closed

    # ------------------------------------------------------------ the door

    def enter(self, token: Token, main_id: str) -> LiveMeeting:
        """The group that a token is for, opened if need be. Raises `RefusedError`.

        Whoever was not let into the main room (lock, lobby, ban) does not get in by a side door.
        """
        main = self._node.running(main_id)
        room = self._room(main, token.meeting)
        if main is None or room is None:
            raise RefusedError("group_over")
        if token.identity not in main.state.welcome:
            raise RefusedError("not_allowed", "Come into the main room first.")
        group = self._node.running(room.meeting) or self._node.open(room.meeting, _plan(main, room))
        if token.identity not in group.state.welcome:
            group.commit([facts.Admitted(at=group.now(), identity=token.identity)])
        return group

    def _room(self, main: LiveMeeting | None, meeting_id: str) -> GroupRoom | None:
        groups = main.state.groups if main is not None else None
        if groups is None or not groups.open:
            return None
        return next((room for room in groups.rooms if room.meeting == meeting_id), None)

    # ------------------------------------------------------------ what changes

    def changed(self, main: LiveMeeting) -> None:
        """The groups were opened, changed or closed."""
        for group in self.groups_of(main):
            room = self._room(main, group.state.id)
            if room is not None:
                with contextlib.suppress(RefusedError):
                    group.plan(_plan(main, room))
        self._tell(main)
        self._end_what_is_over(main)

    def moved(self, meeting: LiveMeeting) -> None:
        """Somebody came or went."""
        main_id = meeting.state.plan.main or meeting.state.id
        main = self._node.meetings.get(main_id)
        if main is not None and main.state.groups is not None and main.state.groups.open:
            self._stale.add(main_id)

    def close_groups_of(self, main: LiveMeeting) -> None:
        """The main room has closed; its groups with it."""
        for group in self.groups_of(main):
            group.shut("ended")

    def tick(self) -> None:
        """To be called about twice a second: closes groups whose time is up, tells who is where."""
        for meeting in list(self._node.meetings.values()):
            groups = meeting.state.groups
            if groups is not None and groups.closes_at is not None and groups.closes_at <= meeting.now():
                meeting.commit_surely(orders.close_groups(meeting.state, now=meeting.now()))
            main = meeting.state.plan.main
            if main is not None and main not in self._node.meetings:
                meeting.shut("ended")
        stale, self._stale = self._stale, set()
        for main_id in stale:
            if main_room := self._node.meetings.get(main_id):
                self._tell(main_room)

    def _end_what_is_over(self, main: LiveMeeting) -> None:
        for group in self.groups_of(main):
            if self._room(main, group.state.id) is None:
                group.shut("ordered")

    # ------------------------------------------------------------ telling

    def tell(self, meeting: LiveMeeting, actor: Member | None, text: str) -> None:
        """A host's word to all rooms. Raises `RefusedError`."""
        if actor is not None and not actor.moderates:
            raise RefusedError("not_allowed", "Only hosts and moderators may do this.")
        main = self.main_of(meeting)
        if main is None or main.state.groups is None or not main.state.groups.open:
            raise RefusedError("bad_action", "No groups are open.")
        said = text.strip()
        if not said:
            raise RefusedError("bad_message", "The text is empty.")
        public = public_name(meeting.state, actor.id, actor.name) if actor is not None else ""
        name = (public or main.state.plan.title or main.state.id)[:120]
        for room in self._rooms(main):
            line = ChatMessage(
                id=f"c{secrets.token_hex(8)}",
                at=room.now(),
                participant=actor.id if actor is not None else "host",
                name=name,
                text=said,
            )
            room.commit([facts.Said(at=line.at, message=line)])
            room.tell(GroupsTold(name=name, text=said))

    def seen(self, meeting: LiveMeeting, member: Member) -> GroupsSeen | None:
        """The groups as a member of a meeting sees them."""
        main = self.main_of(meeting)
        if main is None or main.state.groups is None:
            return None
        where = {room.state.id: _names(room) for room in self._rooms(main)}
        return _seen(main, main.state.groups, where, meeting, member)

    def _rooms(self, main: LiveMeeting) -> Iterator[LiveMeeting]:
        yield main
        yield from self.groups_of(main)

    def _tell(self, main: LiveMeeting) -> None:
        groups = main.state.groups
        if groups is None:
            return
        rooms = list(self._rooms(main))
        where = {room.state.id: _names(room) for room in rooms}
        for room in rooms:
            for member in room.state.members.values():
                room.send_to(member.id, GroupsChanged(groups=_seen(main, groups, where, room, member)))


def _plan(main: LiveMeeting, room: GroupRoom) -> Plan:
    return Plan(
        title=room.title,
        language=main.state.plan.language,
        roles=main.state.roles,
        protection=main.state.plan.protection,
        main=main.state.id,
        group=room.number,
    )


def _names(room: LiveMeeting) -> list[str]:
    return [member.name for member in room.state.members.values() if not member.away]


def _seen(
    main: LiveMeeting, groups: Groups, where: dict[str, list[str]], meeting: LiveMeeting, member: Member
) -> GroupsSeen:
    mine = groups.of(member.identity)
    chooses = groups.choose and mine is None
    here = meeting.state.plan.group
    shown = [
        room
        for room in groups.rooms
        if member.moderates or chooses or room.number == here or (mine is not None and room.number == mine.number)
    ]
    return GroupsSeen(
        main=main.state.id,
        title=main.state.plan.title,
        here=here,
        mine=mine.number if mine is not None else None,
        open=groups.open,
        closes_at=groups.closes_at,
        choose=groups.choose,
        rooms=[
            GroupSeen(
                number=room.number,
                meeting=room.meeting,
                name=room.name,
                task=room.task,
                present=len(where.get(room.meeting, ())),
                people=where.get(room.meeting, []) if member.moderates else [],
            )
            for room in groups.rooms
            if room in shown
        ],
        present=len(where[main.state.id]),
        people=where[main.state.id] if member.moderates else [],
    )

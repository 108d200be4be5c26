"""Every problem that signaling tells a client or a caller: one stable code, one sentence, one place.

The browser client shows its own sentence for a code, in the person's language; these are for logs and programs.
"""

from __future__ import annotations

from signaling.messages import Problem

TITLES = {
    "account_disabled": "Your account was disabled.",
    "already_joined": "This token is already in use in the meeting.",
    "already_streaming": "The meeting is being streamed already.",
    "bad_action": "This is not possible for this participant.",
    "bad_description": "The session description cannot be used.",
    "bad_message": "The message is not one this server understands.",
    "bad_token": "The token is not genuine or is damaged.",
    "banned": "You have been removed from this meeting and cannot come back.",
    "chat_off": "The chat is switched off.",
    "cannot_record": "This server cannot record now.",
    "cannot_stream": "This server cannot stream now.",
    "denied": "You have not been let in.",
    "ended": "The meeting has ended.",
    "endpoint_disconnected": "This device was disconnected from its organisation.",
    "full": "The meeting is full.",
    "group_over": "The group is closed; the main room goes on.",
    "invitation_withdrawn": "Your invitation was withdrawn.",
    "kind_mismatch": "The section's kind does not fit its source.",
    "link_withdrawn": "Your personal link was withdrawn.",
    "locked": "The meeting is locked.",
    "may_not_stream": "This meeting is not meant to be streamed.",
    "media_failed": "The media connection failed.",
    "muted_by_host": "A host has muted you; only a host can lift it.",
    "no_hello": "No hello came in time.",
    "node_stopping": "The media node is stopping.",
    "node_unavailable": "The media node cannot be reached.",
    "not_allowed": "You are not allowed to do this.",
    "not_streaming": "The meeting is not being streamed.",
    "pictures_forbidden": "No pictures of this are taken in this meeting.",
    "questions_off": "Questions are switched off.",
    "recording_forbidden": "This meeting is not recorded.",
    "removed": "You have been removed from the meeting.",
    "replaced": "You joined in another window.",
    "seat_cancelled": "Your registration was cancelled.",
    "source_taken": "You already publish this source.",
    "stale_revision": "This answers an offer that is no longer the latest.",
    "storage_full": "The server cannot store this: its disk is full.",
    "streaming_forbidden": "This meeting is not streamed.",
    "token_expired": "The token has expired.",
    "too_large": "The message is too large.",
    "too_many_connections": "The server has too many connections that have not said hello.",
    "too_many_messages": "Too many messages in a short time.",
    "too_many_questions": "There are too many questions already.",
    "too_many_publications": "You publish as much as is allowed already.",
    "too_slow": "The connection is too slow for the messages; come back.",
    "unknown_channel": "The meeting is not interpreted so.",
    "unknown_chat_message": "There is no such chat message.",
    "unknown_meeting": "There is no such meeting here.",
    "unknown_participant": "There is no such participant.",
    "unknown_publication": "There is no such publication.",
    "unknown_question": "There is no such question any more.",
    "unknown_target": "There is no such target of the stream.",
    "version": "This version of the protocol is not supported.",
    "waiting_room": "This meeting has a waiting room, in which this kind of client cannot wait.",
    "wrong_meeting": "The token is for another meeting.",
}
RETRY = frozenset(
    {
        "cannot_record",
        "cannot_stream",
        "full",
        "locked",
        "media_failed",
        "no_hello",
        "node_stopping",
        "node_unavailable",
        "stale_revision",
        "storage_full",
        "token_expired",
        "too_many_connections",
        "too_many_messages",
        "too_many_questions",
        "too_slow",
    }
)
"""Codes after which the same request may succeed later."""


def problem(code: str, detail: str = "") -> Problem:
    """The problem of this code. `detail` adds the cause or the remedy of this very case."""
    return Problem(code=code, title=TITLES[code], detail=detail, retry=code in RETRY)


class RefusedError(Exception):
    """A request that has no effect; carries the problem to answer with."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail or TITLES[code]}")
        self.problem = problem(code, detail)

"""Events: what a media node tells the web process, and how the receiver makes sure of the sender.

Delivered at least once, as `POST {"events": [...]}` with a short-lived JWT. An event's `id` is the same in every
delivery and after a restart of the node, so that applying it twice can be avoided; within one opening of a
meeting `sequence` grows. Times are UTC in seconds since the epoch.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import Annotated, Literal

import jwt
from pydantic import Field

from signaling.model import ChatMessage, Id, Presence, Question, QuestionStatus, Role, Shape

AUDIENCE = "vikno-events"
ISSUER = "vikno-node"
LIFETIME_S = 60
LEEWAY_S = 30
_ALGORITHM = "HS256"


class Opened(Shape):
    """The meeting's first participant is about to come in, or it was opened again."""

    type: Literal["opened"] = "opened"
    title: str


class Joined(Shape):
    type: Literal["joined"] = "joined"
    participant: Id
    identity: Id
    name: str
    organisation: str
    role: Role
    presence: Presence


class Away(Shape):
    """The participant's connection is lost; `back` or `left` follows."""

    type: Literal["away"] = "away"
    participant: Id


class Back(Shape):
    type: Literal["back"] = "back"
    participant: Id


class Left(Shape):
    type: Literal["left"] = "left"
    participant: Id
    reason: Literal["left", "lost", "removed", "replaced", "ended"]


class Renamed(Shape):
    type: Literal["renamed"] = "renamed"
    participant: Id
    name: str


class RoleChanged(Shape):
    type: Literal["role_changed"] = "role_changed"
    participant: Id
    role: Role


class Roster(Shape):
    """Everybody who is connected now, every 15 s: attendance can be counted from these alone."""

    type: Literal["roster"] = "roster"
    participants: list[Id]


class Began(Shape):
    """The official begin."""

    type: Literal["began"] = "began"


class Ended(Shape):
    """The official end."""

    type: Literal["ended"] = "ended"


class Spoke(Shape):
    """The participant was the active speaker from `since` until the event's own time."""

    type: Literal["spoke"] = "spoke"
    participant: Id
    since: float


class Said(Shape):
    """A line of public chat. Private chat never leaves the node."""

    type: Literal["said"] = "said"
    message: ChatMessage


class ChatErased(Shape):
    type: Literal["chat_erased"] = "chat_erased"
    message: Id


class Asked(Shape):
    """A question was put."""

    type: Literal["asked"] = "asked"
    question: Question


class QuestionMoved(Shape):
    """What became of a question."""

    type: Literal["question_moved"] = "question_moved"
    question: Id
    status: QuestionStatus


class Consented(Shape):
    """Somebody was told that they are recorded, or has answered to that."""

    type: Literal["consented"] = "consented"
    recording: Id
    participant: Id
    identity: Id
    name: str
    answer: Literal["told", "joined", "understood", "quiet"]
    notice: str


class Recording(Shape):
    """A recording began or goes on (`on`), is paused, or has ended (`off`): then it can be processed."""

    type: Literal["recording"] = "recording"
    recording: Id
    status: Literal["on", "paused", "off"]
    by: str = ""


class Streaming(Shape):
    """A stream to the public began (`on`) or has ended (`off`)."""

    type: Literal["streaming"] = "streaming"
    stream: Id
    status: Literal["on", "off"]
    by: str = ""


class Closed(Shape):
    """The meeting is over on the node; nothing follows for this opening."""

    type: Literal["closed"] = "closed"
    reason: Literal["ended", "empty", "ordered"]


EventData = Annotated[
    Opened
    | Joined
    | Away
    | Back
    | Left
    | Renamed
    | RoleChanged
    | Roster
    | Began
    | Ended
    | Spoke
    | Said
    | ChatErased
    | Asked
    | QuestionMoved
    | Consented
    | Recording
    | Streaming
    | Closed,
    Field(discriminator="type"),
]


class Event(Shape):
    """One thing that happened in a meeting."""

    id: Annotated[str, Field(max_length=100)]
    """The same in every delivery: `<opening>-<sequence>`."""
    node: int
    meeting: Id
    opening: Id
    """Which opening of the meeting: an occurrence may be opened, closed and opened again."""
    sequence: int
    """Grows within an opening, with gaps."""
    at: float
    data: EventData


class EventBatch(Shape):
    """The body of a delivery."""

    events: Annotated[list[Event], Field(max_length=1000)]


class DeliveryError(Exception):
    """A delivery that does not come from a media node."""


def sign_delivery(body: bytes, key: bytes, *, node: int, now: float | None = None) -> str:
    """The value of the `Authorization` header for this very body."""
    issued = int(time.time() if now is None else now)
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "node": node,
        "iat": issued,
        "exp": issued + LIFETIME_S,
        "body": hashlib.sha256(body).hexdigest(),
    }
    return f"Bearer {jwt.encode(claims, key, algorithm=_ALGORITHM)}"


def verify_delivery(authorization: str | None, body: bytes, key: bytes) -> EventBatch:
    """The events of a genuine delivery. Raises `DeliveryError`, or pydantic's `ValidationError` for a strange body."""
    scheme, _, compact = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not compact:
        raise DeliveryError("The delivery carries no bearer token.")
    try:
        claims = jwt.decode(
            compact,
            key,
            algorithms=[_ALGORITHM],
            audience=AUDIENCE,
            issuer=ISSUER,
            leeway=LEEWAY_S,
            options={"require": ["exp", "iat", "body"]},
        )
    except jwt.InvalidTokenError as error:
        raise DeliveryError(f"The delivery's token is not good: {error}.") from error
    if not hmac.compare_digest(str(claims["body"]), hashlib.sha256(body).hexdigest()):
        raise DeliveryError("The delivery's body is not the one that was signed.")
    return EventBatch.model_validate_json(body)

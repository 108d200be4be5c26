"""The control API of a node, for the web process: plans, orders, and what runs. `signaling.control_client` calls it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from signaling.control_tokens import is_control
from signaling.http_problems import problem_response
from signaling.live import LiveMeeting
from signaling.meeting.faces import alias
from signaling.meeting.plan import Plan
from signaling.messages import OrderAction, StreamSeen, WaitingParticipant
from signaling.model import Id, MeetingState, Participant
from signaling.node import Node
from signaling.problems import RefusedError, problem

MAX_BODY_BYTES = 256 * 1024
_ORDER: TypeAdapter[OrderAction] = TypeAdapter(OrderAction)
_ID: TypeAdapter[str] = TypeAdapter(Id)


class MeetingSummary(BaseModel):
    """A running meeting in a list."""

    id: str
    opening: str
    title: str
    began_at: float | None
    ended_at: float | None
    participants: int
    present: int
    waiting: int


class MeetingDetail(BaseModel):
    """A running meeting whole."""

    opening: str
    meeting: MeetingState
    participants: list[Participant]
    waiting: list[WaitingParticipant]
    hands: list[str]
    speaker: str | None
    stream: StreamSeen


def summary(meeting: LiveMeeting) -> MeetingSummary:
    """What the list of meetings says of one."""
    state = meeting.state
    return MeetingSummary(
        id=state.id,
        opening=state.opening,
        title=state.plan.title,
        began_at=state.began_at,
        ended_at=state.ended_at,
        participants=len(state.members),
        present=sum(not member.away for member in state.members.values()),
        waiting=len(meeting.entrance.guests),
    )


def detail(meeting: LiveMeeting) -> MeetingDetail:
    """What is known of one meeting."""
    state = meeting.state
    return MeetingDetail(
        opening=state.opening,
        meeting=state.as_meeting(),
        participants=[each.model_copy(update={"alias": alias(state, each.id)}) for each in state.roster()],
        waiting=meeting.entrance.waiting(),
        hands=list(state.hands),
        speaker=meeting.media.speaker,
        stream=meeting.streamer.seen(),
    )


def routes(node: Node) -> list[Route]:
    """The control API's routes."""
    api = _Control(node)
    return [
        Route("/meetings", api.guarded(api.index), methods=["GET"]),
        Route("/meetings/{meeting}", api.guarded(api.show), methods=["GET"]),
        Route("/meetings/{meeting}", api.guarded(api.put), methods=["PUT"]),
        Route("/meetings/{meeting}", api.guarded(api.delete), methods=["DELETE"]),
        Route("/meetings/{meeting}/orders", api.guarded(api.order), methods=["POST"]),
    ]


class _Control:
    def __init__(self, node: Node) -> None:
        self._node = node

    def guarded(self, endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        """Only for bearers of a control token; problems become documents."""

        async def guard(request: Request) -> Response:
            scheme, _, compact = request.headers.get("authorization", "").partition(" ")
            if scheme.lower() != "bearer" or not is_control(compact.strip(), self._node.config.control_key):
                return problem_response(problem("bad_token", "Sign a control token with the control key."), 401)
            try:
                return await endpoint(request)
            except RefusedError as refused:
                return problem_response(refused.problem)
            except ValidationError as error:
                fault = error.errors(include_url=False, include_input=False, include_context=False)[0]
                place = ".".join(str(part) for part in fault["loc"])
                return problem_response(problem("bad_message", f"{place}: {fault['msg']}"), 422)

        return guard

    def _running(self, request: Request) -> LiveMeeting:
        meeting = self._node.running(request.path_params["meeting"])
        if meeting is None:
            raise RefusedError("unknown_meeting", "It does not run now.")
        return meeting

    async def index(self, _request: Request) -> Response:
        running = [meeting for meeting in self._node.meetings.values() if not meeting.closed]
        return JSONResponse({"meetings": [summary(meeting).model_dump() for meeting in running]})

    async def show(self, request: Request) -> Response:
        return JSONResponse(detail(self._running(request)).model_dump(mode="json"))

    async def put(self, request: Request) -> Response:
        meeting_id = _ID.validate_python(request.path_params["meeting"])
        self._node.plan(meeting_id, Plan.model_validate_json(await _body(request)))
        return Response(status_code=204)

    async def delete(self, request: Request) -> Response:
        self._node.forget(_ID.validate_python(request.path_params["meeting"]))
        return Response(status_code=204)

    async def order(self, request: Request) -> Response:
        action = _ORDER.validate_json(await _body(request))
        self._running(request).order(None, action)
        return Response(status_code=204)


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise RefusedError("too_large", f"At most {MAX_BODY_BYTES} bytes.")
    return bytes(body)

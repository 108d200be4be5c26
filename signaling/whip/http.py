"""The HTTP side of WHIP (RFC 9725 §4) and WHEP."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from signaling.http_problems import problem_response
from signaling.media.program import INTERPRETATION
from signaling.messages import IceServer
from signaling.model import Permission
from signaling.node import Node
from signaling.problems import RefusedError, problem
from signaling.tokens import ProgramToken, Token, TokenError, verify, verify_program
from signaling.whip.descriptions import credentials, fragment
from signaling.whip.ingest import Ingest
from signaling.whip.paths import new_resource
from signaling.whip.playback import ACTIVE, Playback
from signaling.whip.program import PROGRAM, ProgramIngest, ProgramPlayback, owner
from signaling.whip.resource import Resource

SDP = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"
MAX_BODY_BYTES = 131_072
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Location, ETag, Link, Accept-Patch, Accept-Post",
}
_PUBLISHES = (Permission.PUBLISH_AUDIO, Permission.PUBLISH_VIDEO, Permission.PUBLISH_SCREEN)


class _StatusError(Exception):
    """A request that HTTP itself has an answer for: status, detail, headers."""

    def __init__(self, status: int, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.headers = headers or {}


def routes(node: Node) -> list[Route]:
    """`POST /whip/{meeting}`, `POST /whep/{meeting}?source=` and their resources."""
    api = _Api(node)
    found: list[Route] = []
    for protocol in ("whip", "whep"):
        found.append(Route(f"/{protocol}/{{meeting}}", _answered(api.endpoint), methods=_METHODS))
        found.append(Route(f"/{protocol}/{{meeting}}/{{name}}", _answered(api.resource), methods=_METHODS))
    return found


_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def _answered(endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """Problems become documents; every answer may be read by a page of another origin (RFC 9725 §4.1)."""

    async def answer(request: Request) -> Response:
        try:
            response = await endpoint(request)
        except TokenError as error:
            response = problem_response(problem(error.code, str(error)), 403 if error.code == "wrong_meeting" else 401)
        except RefusedError as refused:
            response = problem_response(refused.problem)
        except _StatusError as error:
            response = problem_response(problem("bad_message", str(error)), error.status)
            response.headers.update(error.headers)
        response.headers.update(_CORS)
        return response

    return answer


class _Api:
    def __init__(self, node: Node) -> None:
        self._node = node

    # ------------------------------------------------------------ endpoints

    async def endpoint(self, request: Request) -> Response:
        """An offer makes a resource."""
        if request.method == "OPTIONS":
            return _options("POST, OPTIONS", {"Accept-Post": SDP})
        if request.method != "POST":
            raise _StatusError(405, "Post an offer.", {"Allow": "POST, OPTIONS"})
        token = self._bearer(request)
        if token.meeting != request.path_params["meeting"]:
            raise TokenError("wrong_meeting", "The token is for another meeting.")
        _require_type(request, SDP, {"Accept-Post": SDP})
        _require_accept(request, SDP)
        body = await _body(request)
        if isinstance(token, ProgramToken):
            resource = self._program(request, token, body)
        else:
            resource = self._make(request, token, body)
        try:
            answer = await resource.open()
        except RefusedError:
            resource.release()
            raise
        headers = {"Location": resource.path, "ETag": resource.etag, "Accept-Patch": FRAGMENT}
        response = Response(answer, status_code=201, media_type=SDP, headers=headers)
        for server in self._node.ice_servers:
            response.headers.append("Link", _ice_link(server))
        return response

    def _make(self, request: Request, token: Token, offer: str) -> Resource:
        if self._node.stopping:
            raise RefusedError("node_stopping")
        name = new_resource(self._node.config.node)
        source = request.query_params.get("source")
        if request.url.path.startswith("/whip/"):
            if not any(permission in token.permissions for permission in _PUBLISHES):
                raise RefusedError("not_allowed", "The token does not allow publishing.")
            meeting = self._node.meeting_for(token)
            return Ingest(name, token, meeting, self._node.resources, offer, what=source or "camera")
        meeting = self._node.meeting_for(token)
        return Playback(name, token, meeting, self._node.resources, offer, source=source or ACTIVE)

    def _program(self, request: Request, token: ProgramToken, offer: str) -> Resource:
        if self._node.stopping:
            raise RefusedError("node_stopping")
        if request.query_params.get("source") != PROGRAM:
            raise RefusedError("not_allowed", "The token is for `source=program`.")
        meeting = self._node.running(token.meeting)
        if meeting is None:
            raise RefusedError("not_streaming", "The meeting does not run now.")
        name = new_resource(self._node.config.node)
        if request.url.path.startswith("/whip/"):
            return ProgramIngest(name, token, meeting, self._node.resources, offer)
        for other in [each for each in self._node.resources.values() if each.owner == owner(token)]:
            other.end("replaced")  # the same token watches once
        if self._node.program_viewers >= self._node.config.limits.program_viewers:
            raise RefusedError("full", "As many watch by WebRTC as may; the playlist has room.")
        interpreted = request.query_params.get("sound") == INTERPRETATION
        return ProgramPlayback(name, token, meeting, self._node.resources, offer, interpreted=interpreted)

    # ------------------------------------------------------------ resources

    async def resource(self, request: Request) -> Response:
        """ICE restart and trickle by PATCH, the end by DELETE."""
        if request.method == "OPTIONS":
            return _options("PATCH, DELETE, OPTIONS", {"Accept-Patch": FRAGMENT})
        if request.method not in ("PATCH", "DELETE"):
            raise _StatusError(405, "A resource takes PATCH and DELETE.", {"Allow": "PATCH, DELETE, OPTIONS"})
        resource = self._found(request)
        if request.method == "DELETE":
            resource.end("left")
            return Response(status_code=200)
        _require_type(request, FRAGMENT, {"Accept-Patch": FRAGMENT})
        return await self._patch(request, resource, await _body(request))

    def _found(self, request: Request) -> Resource:
        """The resource, for the identity that made it; the token may have expired meanwhile (RFC 9725 §4.2)."""
        token = self._bearer(request, expired=True)
        resource = self._node.resources.get(request.path_params["name"])
        ours = resource is not None and request.url.path == resource.path
        if resource is None or not ours:
            raise _StatusError(404, "There is no such resource; it may have ended.")
        bearer = owner(token) if isinstance(token, ProgramToken) else token.identity
        if bearer != resource.owner or token.meeting != resource.meeting.state.id:
            raise RefusedError("not_allowed", "The resource is somebody else's.")
        return resource

    async def _patch(self, request: Request, resource: Resource, body: str) -> Response:
        match = request.headers.get("if-match")
        if match is None:
            raise _StatusError(428, "Send `If-Match` with the resource's ETag, or `*` for an ICE restart.")
        if match not in ("*", resource.etag):
            raise _StatusError(412, "The ETag is not the resource's: there was an ICE restart.")
        found = credentials(body)
        if found is None and match == "*":
            raise _StatusError(400, "The fragment has no `a=ice-ufrag` and `a=ice-pwd`.")
        if found is None or found == resource.credentials:
            # Trickled candidates: the node is ICE-lite and needs none (RFC 8445 §2.5).
            return Response(status_code=204, headers={"ETag": resource.etag})
        if match != "*":
            raise _StatusError(412, "An ICE restart has `If-Match: *`.")
        answer = await resource.restart(found)
        return Response(fragment(answer), status_code=200, media_type=FRAGMENT, headers={"ETag": resource.etag})

    def _bearer(self, request: Request, *, expired: bool = False) -> Token | ProgramToken:
        scheme, _, compact = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not compact.strip():
            raise TokenError("bad_token", "Send the token as `Authorization: Bearer ...`.")
        token = _either(compact.strip(), self._node.config.token_key, expired=expired)
        if token.node != self._node.config.node:
            raise TokenError("wrong_meeting", f"The meeting is on node {token.node}.")
        return token


def _either(compact: str, key: bytes, *, expired: bool) -> Token | ProgramToken:
    """The claims of a participant's token or of a program's. Raises `TokenError`."""
    try:
        return verify(compact, key, allow_expired=expired)
    except TokenError as error:
        if error.code != "bad_token":
            raise
    return verify_program(compact, key, allow_expired=expired)


def _options(allow: str, headers: dict[str, str]) -> Response:
    """CORS preflight and discovery (RFC 9725 §4.1)."""
    preflight = {
        "Allow": allow,
        "Access-Control-Allow-Methods": allow,
        "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match",
        "Access-Control-Max-Age": "86400",
    }
    return Response(status_code=200, headers=headers | preflight)


def _require_type(request: Request, wanted: str, headers: dict[str, str]) -> None:
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if sent != wanted:
        raise _StatusError(415, f"The body is to be {wanted}.", headers)


def _require_accept(request: Request, wanted: str) -> None:
    accepted = request.headers.get("accept", "*/*") or "*/*"
    ranges = {part.partition(";")[0].strip().lower() for part in accepted.split(",")}
    if not ranges & {wanted, "application/*", "*/*"}:
        raise _StatusError(406, f"The answer is {wanted}.")


async def _body(request: Request) -> str:
    """The body as text. Raises `RefusedError` (413), `_StatusError` (400)."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise RefusedError("too_large", f"At most {MAX_BODY_BYTES} bytes.")
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise _StatusError(400, "The body is not UTF-8.") from error
    if not text.strip():
        raise _StatusError(400, "The body is empty.")
    return text


def _ice_link(server: IceServer) -> str:
    """One ICE server as a Link header's value (RFC 9725 §4.6)."""
    parts = [f'<{url}>; rel="ice-server"' for url in server.urls]
    secret = ""
    if server.username is not None and server.credential is not None:
        secret = f'; username="{server.username}"; credential="{server.credential}"; credential-type="password"'
    return ", ".join(part + secret for part in parts)

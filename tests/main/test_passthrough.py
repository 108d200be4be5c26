"""The web process passes signaling, WHIP and WHEP on to the node that the token names."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette

from signaling.messages import MAX_FRAME_BYTES
from signaling.model import Role
from signaling.tokens import ProgramToken
from tests.signaling.support import TOKEN_KEY, Client, NodeServer, config, ticket, until
from tests.support.fake_media import offer
from web.main.passthrough import routes

PEOPLE = 50


class Web:
    """Two nodes behind one web process."""

    def __init__(self, data_dir: Path) -> None:
        self.nodes = [NodeServer(config(data_dir, node=number)) for number in range(2)]
        self._app = Starlette(routes=routes(TOKEN_KEY, lambda number: self.nodes[number].url))
        self.port = 0

    async def start(self) -> None:
        for node in self.nodes:
            await node.start()
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.bind(("127.0.0.1", 0))
        self.port = listening.getsockname()[1]
        settings = uvicorn.Config(
            self._app, log_config=None, ws_max_size=2 * MAX_FRAME_BYTES, ws_per_message_deflate=False
        )
        self._server = uvicorn.Server(settings)
        self._task = asyncio.create_task(self._server.serve(sockets=[listening]))
        await until(lambda: self._server.started)

    async def stop(self) -> None:
        self._server.should_exit = True
        await self._task
        for node in self.nodes:
            await node.stop()

    async def join(self, *args: object, **hello: object) -> Client:
        client = await self.connect()
        await client.hello(*args, **hello)  # type: ignore[arg-type]
        return client

    async def connect(self) -> Client:
        return await Client.open(f"ws://127.0.0.1:{self.port}/signal")

    def http(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", trust_env=False)


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[Web]:
    running = Web(tmp_path)
    await running.start()
    yield running
    await running.stop()


async def test_fifty_people_meet_and_chat(web: Web) -> None:
    names = [f"Учасник {number}" for number in range(PEOPLE)]
    people = await asyncio.gather(*(web.join(ticket(name)) for name in names))
    assert len(web.nodes[0].meeting().state.members) == PEOPLE
    sdp = offer(("0", "audio"))
    await asyncio.gather(*(p.request("publish", sdp=sdp, sources={"0": "microphone"}) for p in people))
    await asyncio.gather(*(p.answer_offers() for p in people))
    answers = await asyncio.gather(*(p.request("chat", text=p.id) for p in people))
    assert {answer["type"] for answer in answers} == {"ok"}
    for person in people:
        await until(lambda p=person: sum(m["type"] == "chat" for m in p.got) == PEOPLE)
        said = [message["message"]["text"] for message in person.got if message["type"] == "chat"]
        assert said == [m["message"]["text"] for m in people[0].got if m["type"] == "chat"], "one order for everybody"
        peer = web.nodes[0].media.peer(f"{person.id}/subscribe")
        await until(lambda each=peer: len(each.subscriptions) == PEOPLE - 1 and not each.negotiation_needed)
    await asyncio.gather(*(person.close() for person in people))
    await until(lambda: all(member.away for member in web.nodes[0].meeting().state.members.values()))


async def test_the_token_names_the_node(web: Web) -> None:
    await web.join(ticket("Олена", node=1))
    assert list(web.nodes[1].node.meetings) == ["demo"]
    assert web.nodes[0].node.meetings == {}
    lost = await web.join(ticket("Олена", node=7))
    assert lost.closing == "node_unavailable"


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("nonsense", "bad_message"),
        ("[" * 50_000, "bad_message"),
        ('{"type":"hello","version":1}', "bad_message"),
        ('{"type":"hello","version":1,"token":"x"}', "bad_token"),
        (b"\x00", "bad_message"),
        ("x" * (MAX_FRAME_BYTES + 1), "too_large"),
    ],
)
async def test_bad_first_frames_reach_no_node(web: Web, frame: str | bytes, code: str) -> None:
    client = await web.connect()
    await client.websocket.send(frame)
    assert await client.ended() == 4000
    assert client.closing == code


async def test_expired_token_is_told_by_the_node(web: Web) -> None:
    client = await web.join(ticket().sign(TOKEN_KEY, lifetime_s=-100))
    assert client.closing == "token_expired"
    assert await client.ended() == 4001


async def test_closing_and_its_code_come_through(web: Web) -> None:
    host, olena = await web.join(ticket("Ведуча", Role.HOST)), await web.join(ticket("Олена"))
    await host.order("remove", participant=olena.id)
    assert await olena.ended() == 4000
    assert olena.closing == "removed"


async def test_a_dead_node_is_told_and_a_new_one_resumes(web: Web) -> None:
    olena = await web.join(ticket("Олена"))
    await web.nodes[0].stop()
    assert await olena.ended() in (1012, 4001)
    down = await web.join(ticket("Тарас"))
    assert down.closing == "node_unavailable"
    assert await down.ended() == 4001
    problem = next(m["problem"] for m in down.got if m["type"] == "closing")
    assert problem["retry"] is True
    async with web.http() as http:
        refused = await http.post(
            "/whip/demo", content="x", headers={"Authorization": f"Bearer {ticket().sign(TOKEN_KEY)}"}
        )
        assert refused.status_code == 503
        assert refused.headers["content-type"] == "application/problem+json"

    web.nodes[0] = NodeServer(web.nodes[0].config)
    await web.nodes[0].start()
    again = await web.join(olena.welcome["token"], resume={"participant": olena.id, "key": olena.welcome["resume_key"]})
    assert again.id == olena.id


async def test_a_node_that_vanishes_in_mid_sentence(web: Web) -> None:
    olena = await web.join(ticket("Олена"))
    for connection in list(web.nodes[0].connections()):
        connection.transport.abort()
    assert await olena.ended() == 4001
    assert olena.closing == "node_unavailable"


async def test_a_viewer_of_the_public_page_reaches_the_node_of_its_token(web: Web) -> None:
    token = ProgramToken(meeting="demo", node=1).sign(TOKEN_KEY)
    await web.join(ticket("Ведуча", Role.HOST, node=1))
    async with web.http() as http:
        answer = await http.post(
            "/whep/demo?source=program",
            content=offer(("0", "video"), direction="recvonly"),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/sdp"},
        )
    assert (answer.status_code, answer.json()["code"]) == (404, "not_streaming"), "so the node says"


async def test_whip_through_the_web_process(web: Web) -> None:
    token = ticket("Кодер", node=1).sign(TOKEN_KEY)
    bearer = {"Authorization": f"Bearer {token}"}
    async with web.http() as http:
        made = await http.post(
            "/whip/demo", content=offer(("0", "video")), headers=bearer | {"Content-Type": "application/sdp"}
        )
        assert made.status_code == 201
        assert made.headers["content-type"] == "application/sdp"
        assert made.headers["location"].startswith("/whip/demo/1-")
        assert made.headers["etag"] == '"1"'
        assert (await http.options("/whip/demo")).headers["accept-post"] == "application/sdp"
        gone = await http.delete(made.headers["location"], headers=bearer)
        assert gone.status_code == 200
        assert web.nodes[1].meeting().state.members == {}
        assert (await http.post("/whip/demo", content="x")).status_code == 401
        big = await http.post("/whip/demo", content="x" * 300_000, headers=bearer)
        assert big.status_code == 413


@pytest.mark.parametrize(
    "path", ["/whip/..%2fmetrics", "/whep/%2e%2e", "/whip/demo%2f..%2f..%2fhealthz", "/whip/a%3fb=c", "/whip/"]
)
async def test_no_path_leads_elsewhere_on_a_node(web: Web, path: str) -> None:
    async with web.http() as http:
        for method in ("GET", "POST"):
            answer = await http.request(method, path, headers={"Authorization": f"Bearer {ticket().sign(TOKEN_KEY)}"})
            assert answer.status_code == 404
            assert "vikno_signaling" not in answer.text
    reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
    writer.write(b"GET /whip/../metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert (await reader.readline()).split()[1] == b"404"
    writer.close()

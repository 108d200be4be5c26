"""Hello, welcome, chat and media negotiation over a real WebSocket, with the fake SFU."""

from __future__ import annotations

from tests.signaling.support import NodeServer, ticket, until
from tests.support.fake_media import offer


async def test_join_publish_receive_and_chat(node: NodeServer) -> None:
    olena = await node.join(ticket("Олена"))
    assert olena.welcome["resumed"] is False
    taras = await node.join(ticket("Тарас"))
    assert [each["name"] for each in taras.welcome["participants"]] == ["Олена", "Тарас"]
    await olena.next("participant", start=1)

    early = await taras.next("offer", revision=1)
    assert early["sections"] == {}, "the connection comes up before there is anything to receive"
    assert (await taras.request("answer", revision=1, sdp=early["sdp"]))["type"] == "ok"

    sdp = offer(("0", "audio"), ("1", "video"))
    published = await olena.request("publish", sdp=sdp, sources={"0": "microphone", "1": "camera"})
    assert published["publications"] == {"0": f"{olena.id}:microphone", "1": f"{olena.id}:camera"}
    assert published["rejected"] == {}

    offered = await taras.first(lambda message: message["type"] == "offer" and len(message["sections"]) == 2)
    assert {each["source"] for each in offered["sections"].values()} == {"microphone", "camera"}
    assert {each["participant"] for each in offered["sections"].values()} == {olena.id}
    assert (await taras.request("answer", revision=offered["revision"], sdp=offered["sdp"]))["type"] == "ok"
    streams = {each.stream_id for each in node.media.peer(f"{taras.id}/subscribe").subscriptions}
    assert streams == {olena.id}

    assert (await taras.request("chat", text=" Добрий день "))["type"] == "ok"
    said = await olena.next("chat")
    assert said["message"]["text"] == "Добрий день"
    assert said["message"]["name"] == "Тарас"
    await olena.close()
    await taras.close()


async def test_codec_is_told_with_the_first_packet(node: NodeServer) -> None:
    olena = await node.join(ticket("Олена"))
    await olena.request("publish", sdp=offer(("1", "video")), sources={"1": "camera"})
    taras = await node.join(ticket("Тарас"))
    assert taras.welcome["participants"][0]["publications"][0]["codec"] == ""
    node.media.peer(f"{olena.id}/publish").publications["1"].first_packet("VP8")
    told = await taras.next("participant")
    assert told["participant"]["publications"][0]["codec"] == "VP8"


async def test_leaving_ends_peers_and_is_told(node: NodeServer) -> None:
    olena = await node.join(ticket("Олена"))
    taras = await node.join(ticket("Тарас"))
    await olena.answer_offers()
    await taras.request("publish", sdp=offer(("0", "audio")), sources={"0": "microphone"})
    await olena.first(lambda message: message["type"] == "offer" and message["sections"])
    assert (await taras.request("leave"))["type"] == "ok"
    assert await taras.ended() == 1000
    assert (await olena.next("left"))["reason"] == "left"
    assert node.media.peer(f"{taras.id}/publish").state == "closed"
    await until(lambda: not node.media.peer(f"{olena.id}/subscribe").subscriptions)

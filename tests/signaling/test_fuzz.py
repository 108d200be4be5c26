"""Anything may be said to a node: it refuses, and goes on."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from signaling.config import Limits
from signaling.media.offers import silent_sections
from signaling.messages import CLIENT_MESSAGE
from signaling.whip import descriptions
from tests.signaling.support import NodeServer, ticket

KINDS = [
    "publish",
    "answer",
    "restart",
    "receive",
    "mute",
    "chat",
    "hand",
    "rename",
    "order",
    "ping",
    "hello",
    "leave?",
]
MEMBERS = ["sdp", "sources", "muted", "revision", "videos", "audio", "publication", "text", "to", "action", "name"]
DEEDS = ["mute", "remove", "admit", "deny", "set", "spotlight", "role", "lower_hand", "delete_chat", "end"]
plain = st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.floats(allow_nan=False)
anything = st.recursive(
    plain | st.fixed_dictionaries({"do": st.sampled_from(DEEDS)}, optional={"participant": plain, "role": plain}),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
almost = st.fixed_dictionaries(
    {"type": st.sampled_from(KINDS), "id": st.integers(-1, 50) | plain},
    optional=dict.fromkeys(MEMBERS, anything),
)


@given(st.lists(almost | anything, max_size=5))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_validation_raises_nothing_else(told: list[Any]) -> None:
    for message in told:
        try:
            CLIENT_MESSAGE.validate_json(json.dumps(message))
        except ValidationError:
            continue


async def test_a_node_outlives_any_message(serve: Callable[..., Awaitable[NodeServer]], rng: Any) -> None:
    node = await serve(limits=Limits(messages_per_second=10**6, message_burst=10**6))
    examples: list[Any] = []

    @given(almost | anything)
    @settings(max_examples=200, database=None)
    def collect(message: Any) -> None:
        examples.append(message)

    collect()
    rng.shuffle(examples)
    witness = await node.join(ticket("Свідок"))
    noisy = await node.join(ticket("Шум"))
    for message in examples:
        frame = json.dumps(message)
        await noisy.websocket.send(frame)
        assert noisy.closed_with is None, frame
    for _ in range(3):
        await noisy.websocket.send('{"type": "chat", "id": 1, "text": ' + "[" * 5000)
    await noisy.send({"type": "ping", "id": 1000})
    await noisy.next("pong", id=1000)
    assert (await witness.request("ping"))["type"] == "pong"
    refused = [message for message in noisy.got if message["type"] == "refused"]
    assert len(refused) > len(examples) // 2
    assert {message["problem"]["code"] for message in refused} >= {"bad_message"}


LINES = ["m=audio 9 X 0", "a=mid:0", "a=ice-ufrag:x", "a=ice-pwd:y", "m=", "a="]


@given(st.text(max_size=300) | st.lists(st.sampled_from(LINES)).map("\r\n".join))
def test_descriptions_are_read_without_fear(text: str) -> None:
    mids = descriptions.sections(text)
    found = descriptions.credentials(text)
    if found is not None:
        assert descriptions.credentials(descriptions.with_credentials(text, ("new", "secret"))) == ("new", "secret")
    assert descriptions.fragment(text).endswith("a=end-of-candidates\r\n")
    assert all(mid for mid, _ in mids)


@given(st.text(max_size=300))
def test_silent_sections_of_noise(text: str) -> None:
    assert all(mid for mid in silent_sections(text))


def test_silent_sections() -> None:
    sections = [
        ("m=audio 9 UDP/TLS/RTP/SAVPF 111", "0", "a=sendonly"),
        ("m=video 9 UDP/TLS/RTP/SAVPF 96", "1", "a=inactive"),
        ("m=video 0 UDP/TLS/RTP/SAVPF 96", "2", "a=sendonly"),
        ("m=video 9 UDP/TLS/RTP/SAVPF 96", "3", "a=recvonly"),
        ("m=video 9 UDP/TLS/RTP/SAVPF 96", "4", "a=sendrecv"),
    ]
    lines = [line for section, mid, direction in sections for line in (section, f"a=mid:{mid}", direction)]
    assert silent_sections("v=0\r\n" + "\r\n".join(lines)) == {"1", "2", "3"}
    bundled = "v=0\r\nm=video 0 UDP/TLS/RTP/SAVPF 96\r\na=bundle-only\r\na=mid:0\r\na=sendonly\r\n"
    assert silent_sections(bundled) == frozenset()

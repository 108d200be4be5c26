"""Live streams from the command line."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import urlsplit

from signaling.control_client import ControlClient
from signaling.meeting.plan import StreamTarget
from signaling.messages import Stream
from web.main.secrets import derive, master_key, target_sealer
from web.main.settings import Settings
from web.main.tokens import node_of


def start(settings: Settings, meeting: str, urls: list[str]) -> None:
    """Begin to stream a running meeting. Raises `ControlError`, and `ValueError` for an address that is none."""
    others = [_target(settings, url) for url in urls]
    with_client(
        settings, meeting, lambda client: client.order(meeting, Stream(do="stream", status="on", others=others))
    )


def stop(settings: Settings, meeting: str) -> None:
    """End the stream. Raises `ControlError`."""
    with_client(settings, meeting, lambda client: client.order(meeting, Stream(do="stream", status="off")))


def status(settings: Settings, meeting: str) -> dict[str, Any]:
    """`signaling.messages.StreamSeen` as a dictionary. Raises `ControlError`."""
    found: dict[str, Any] = with_client(settings, meeting, lambda client: client.meeting(meeting))["stream"]
    return found


def described(found: dict[str, Any]) -> str:
    """The status in lines for people."""
    lines = [f"{found['state']}, {found['viewers']} viewers, {found['late_frames']} pictures left out"]
    for target in found["targets"]:
        state = (target["state"] or "not known yet") if target["on"] else "off"
        why = " ".join(filter(None, (target["problem"], target["detail"])))
        lines.append(f"{target['name'] or target['id']}: {state}{f' ({why})' if why else ''}")
    return "\n".join(lines)


def with_client(settings: Settings, meeting: str, act: Any) -> Any:
    """What `act` does with the control API of the meeting's node."""
    client = ControlClient(
        settings.node_url(node_of(meeting, settings.media_nodes)), derive(master_key(settings.data), "control")
    )
    try:
        return act(client)
    finally:
        client.close()


def _target(settings: Settings, url: str) -> StreamTarget:
    parts = urlsplit(url)
    if parts.scheme not in ("rtmp", "rtmps") or not parts.hostname:
        raise ValueError("An address to stream to is rtmp://HOST/APPLICATION/KEY, or rtmps:// the same.")
    sealed = target_sealer(master_key(settings.data)).seal(url).decode()
    return StreamTarget(id=f"to-{secrets.token_hex(4)}", name=parts.hostname, sealed=sealed)

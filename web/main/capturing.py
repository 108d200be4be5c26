"""The capture process, and the orders to record from the command line. It needs no database."""

from __future__ import annotations

import signal
import sys
import threading
from typing import Literal

from recordings.capture import process
from recordings.capture.ring import RingError
from web.main import logs
from web.main.child import EXIT_UNUSABLE, loaded, tell_ready
from web.main.secrets import derive, master_key
from web.main.settings import Settings
from web.main.tokens import node_of


def run_capture(settings: Settings, node: int) -> None:
    """Write what media node `node` records, until SIGTERM or SIGINT."""
    logs.configure(settings.log_format, settings.log_level, process=f"capture-{node}")
    stopping = threading.Event()
    loaded()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    try:
        process.run(settings.data, node, stopping, tell_ready)
    except RingError as error:
        print(error, file=sys.stderr)
        sys.exit(EXIT_UNUSABLE)


def order(settings: Settings, meeting: str, status: Literal["on", "paused", "off"]) -> None:
    """Begin, pause or end the recording of a running meeting. Raises `ControlError`."""
    from signaling.control_client import ControlClient
    from signaling.messages import Record

    node = node_of(meeting, settings.media_nodes)
    client = ControlClient(settings.node_url(node), derive(master_key(settings.data), "control"))
    try:
        client.order(meeting, Record(do="record", status=status))
    finally:
        client.close()

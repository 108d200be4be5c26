"""The live composer's process: plain, synchronous, and awake when something is due."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from recordings.capture.ring import Ring
from recordings.live.engine import Engine, Settings
from recordings.live.formats import Output
from recordings.live.wire import Order


def run(
    ring: Path,
    outputs: Callable[[Order], Sequence[Output]],
    stopping: threading.Event,
    ready: Callable[[], None],
    settings: Settings | None = None,
) -> bool:
    """Compose the stream that a node writes into `ring`, until it is stopped or `stopping` is set; outputs are closed
    then. `outputs` is called once, with the first order in the ring, and may name any number of outputs; those that
    have more methods than `Output` (`formats.TakesOrders`, `TakesFigures`, `WantsKeyFrames`) get those called too.
    `ready` is called when the ring is open.

    Whether the stream is over for good: then the ring is removed, and nobody needs to run this again for it. If not,
    run it again as long as the ring is there. Raises `RingError`, and `LeftBehindError` where a new process does
    better. Outputs are not closed when it ends otherwise, or by an error: the stream goes on with the next run, and
    nobody who watches must be told that it is over.
    """
    memory = Ring(ring)
    engine = Engine(memory, outputs, monotonic=time.monotonic, wall=time.time, settings=settings)
    ready()
    while not engine.over and not engine.abandoned and not stopping.is_set():
        stopping.wait(engine.step())
    if not engine.abandoned:
        engine.close()
    if engine.over:
        memory.remove()
    memory.close()
    return engine.over

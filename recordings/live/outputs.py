"""All outputs of a stream, put together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from recordings.live.formats import Output, Unseal
from recordings.live.hls import Hls
from recordings.live.instant import Instant
from recordings.live.sending import Pace
from recordings.live.status import StatusFile
from recordings.live.targets import Targets
from recordings.live.wire import Order, folder


def outputs(
    data: Path,
    order: Order,
    unseal: Unseal,
    *,
    extra_ca: Path | None = None,
    inner: bool = False,
    pace: Pace | None = None,
) -> Sequence[Output]:
    """What writes the stream of `order` to where it is wanted. Closed in this order, they end with the status that
    says so. `extra_ca`: a file (PEM) of authorities that are trusted for RTMPS besides the system's. `inner`: whether
    names of targets may lead into private networks. Raises ValueError for no name of a meeting.
    """
    place = folder(data, order.meeting)
    hls = Hls(place, order.stream)
    targets = Targets(order, unseal, extra_ca=extra_ca, inner=inner, pace=pace)
    instant = Instant(data, order.stream, order.title)
    return [hls, targets, instant, StatusFile(place, order, hls, targets, instant)]

"""What a node tells Prometheus: its meetings, its events, and every counter of its SFU, drops by reason."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from signaling.node import Node

_DROP = "drop_"
_GAUGES = ("peers",)


class NodeCollector(Collector):
    """Reads the node when it is asked; nothing is counted twice."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def collect(self) -> Iterator[Metric]:
        """The metrics of this moment."""
        yield from self._signaling()
        yield from self._media()

    def _signaling(self) -> Iterator[Metric]:
        meetings = [meeting for meeting in self._node.meetings.values() if not meeting.closed]
        members = [member for meeting in meetings for member in meeting.state.members.values()]
        delivery = self._node.delivery
        for name, text, value in (
            ("meetings", "Meetings that run on this node.", len(meetings)),
            ("participants", "Participants, those away included.", len(members)),
            ("participants_away", "Participants whose connection is lost.", sum(member.away for member in members)),
            ("lobby", "People who wait to be let in.", sum(len(meeting.entrance.guests) for meeting in meetings)),
            ("streams", "Meetings that are streamed.", sum(meeting.state.stream is not None for meeting in meetings)),
            ("program_viewers", "People who watch a stream by WebRTC.", self._node.program_viewers),
            ("whip_resources", "WHIP and WHEP resources.", len(self._node.resources)),
            ("journal_bytes", "Size of all journals.", sum(meeting.journal.size for meeting in meetings)),
            ("events_pending_bytes", "Journal not yet told to the web process.", delivery.pending),
            ("events_failures", "Deliveries that failed since the last that did not.", delivery.failures),
        ):
            yield GaugeMetricFamily(f"vikno_signaling_{name}", text, value=value)
        yield CounterMetricFamily(
            "vikno_signaling_events_delivered", "Events that the web process has taken.", value=delivery.delivered
        )

    def _media(self) -> Iterator[Metric]:
        drops = CounterMetricFamily("vikno_media_drops", "What the SFU has dropped, and why.", labels=["reason"])
        for name, value in sorted(self._node.media_node.counters().items()):
            if name.startswith(_DROP):
                drops.add_metric([name.removeprefix(_DROP)], value)
            elif name.startswith(_GAUGES):
                yield GaugeMetricFamily(f"vikno_media_{name}", f"The SFU's {name.replace('_', ' ')}.", value=value)
            else:
                yield CounterMetricFamily(f"vikno_media_{name}", f"The SFU's {name.replace('_', ' ')}.", value=value)
        yield drops


def registry(node: Node) -> CollectorRegistry:
    """A registry of its own, so that several nodes can live in one test process."""
    fresh = CollectorRegistry()
    fresh.register(NodeCollector(node))
    return fresh

"""Several who take a publication's packets as they come: a recording and a live stream."""

from __future__ import annotations

from collections.abc import Callable

from sfu.media.ring import Entry
from tests.sfu.media.harness import World


def test_each_tap_gets_every_packet_while_it_is_there() -> None:
    world = World()
    publisher = world.publisher()
    publisher.send_frame(key=True)
    taken: dict[str, list[int]] = {"a": [], "b": [], "c": []}

    def taker(name: str) -> Callable[[Entry], None]:
        def take(entry: Entry) -> None:
            taken[name].append(entry[0])

        return take

    takers = {name: taker(name) for name in taken}
    publication = publisher.publication
    for name in "abc":
        publication.add_tap(takers[name])
        publisher.send_frame(packets=2)
    publication.remove_tap(takers["b"])
    publication.remove_tap(takers["b"])
    publisher.send_frame()
    early, late = publisher.frame(packets=2)
    publisher.push(late)
    publisher.push(early)
    publication.remove_tap(takers["a"])
    publication.remove_tap(takers["c"])
    publisher.send_frame()
    assert [len(numbers) for numbers in taken.values()] == [10, 4, 6]
    assert taken["a"][-6:] == taken["c"][-6:]
    assert taken["c"][-1] == taken["c"][-2] - 1, "late packets as well"

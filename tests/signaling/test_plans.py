"""What a node was told about meetings is kept for as long as it is of use, and no longer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from signaling.meeting.plan import Plan
from signaling.model import Role
from signaling.plans import KEPT_S
from signaling.tokens import LIFETIME_S
from tests.signaling.support import FakeTime, NodeServer, ticket, until
from tests.signaling.test_restarts import WebProcess

Serve = Callable[..., Awaitable[NodeServer]]


def told(data: Path) -> list[str]:
    return sorted(path.stem for path in (data / "node-0" / "plans").iterdir())


async def test_a_plan_that_nobody_needs_any_more_goes(serve: Serve, tmp_path: Path) -> None:
    time = FakeTime()
    node = await serve(data_dir=tmp_path / "d", clock=time.clock())
    node.node.plan("old", Plan(title="Минула"))
    time.pass_(KEPT_S - 60)
    node.node.plan("new", Plan(title="Майбутня"))
    node.node.tick()
    assert told(tmp_path / "d") == ["new", "old"]
    time.pass_(61)
    node.node.tick()
    assert told(tmp_path / "d") == ["new"]
    assert node.node.plans.get("old") is None
    assert node.node.plans.get("new") is not None


async def test_it_stays_while_its_meeting_runs_and_a_token_may_bring_somebody_back(
    serve: Serve, tmp_path: Path
) -> None:
    time = FakeTime()
    node = await serve(data_dir=tmp_path / "d", clock=time.clock())
    node.node.plan("demo", Plan(title="Довга"))
    await node.join(ticket("Ведуча", Role.HOST))
    for _ in range(2):
        time.pass_(KEPT_S)
        node.node.plans.sweep(node.node._concerns)
    assert told(tmp_path / "d") == ["demo"]
    node.meeting().shut("ordered")
    node.node.tick()
    await until(lambda: not list((tmp_path / "d").rglob("*.journal")), "nothing to be told any more")
    time.pass_(LIFETIME_S - 1)
    node.node.tick()
    assert told(tmp_path / "d") == ["demo"]
    time.pass_(62)
    node.node.tick()
    assert told(tmp_path / "d") == []


async def test_it_stays_until_the_web_process_knows_all_of_the_meeting(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signaling.delivery.FIRST_RETRY_S", 0.01)
    monkeypatch.setattr("signaling.delivery.LAST_RETRY_S", 0.01)
    time, web = FakeTime(), WebProcess()
    web.status = None
    node = await serve(data_dir=tmp_path / "d", clock=time.clock(), **web.settings())
    node.node.plan("demo", Plan(title="Зустріч"))
    await node.join(ticket("Ведуча", Role.HOST))
    node.meeting().shut("ordered")
    time.pass_(2 * KEPT_S)
    node.node.tick()
    assert told(tmp_path / "d") == ["demo"]
    web.status = 204
    await until(lambda: not list((tmp_path / "d").rglob("*.journal")), "the journal to be delivered")
    time.pass_(LIFETIME_S + 1)
    node.node.tick()
    assert told(tmp_path / "d") == []


async def test_the_age_of_a_plan_survives_the_node(serve: Serve, tmp_path: Path) -> None:
    first = await serve(data_dir=tmp_path / "d")
    first.node.plan("demo", Plan(title="Зустріч"))
    await first.stop()
    time = FakeTime()
    time.wall_now = (tmp_path / "d" / "node-0" / "plans" / "demo.json").stat().st_mtime + KEPT_S - 1
    second = await serve(data_dir=tmp_path / "d", clock=time.clock())
    second.node.tick()
    assert second.node.plans.get("demo") == Plan(title="Зустріч")
    time.pass_(61)
    second.node.tick()
    assert told(tmp_path / "d") == []

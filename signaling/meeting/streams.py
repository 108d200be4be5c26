"""The stream of a meeting as its facts say."""

from __future__ import annotations

from dataclasses import dataclass, field

from signaling.meeting import facts
from signaling.meeting.plan import Plan, StreamTarget


@dataclass(slots=True)
class Streamed:
    """A target of the running stream."""

    target: StreamTarget
    on: bool = True
    again: int = 0
    """How often somebody wanted it tried again."""


@dataclass(slots=True)
class StreamState:
    """The stream under way, if there is one, and where it goes to."""

    id: str | None = None
    since: float | None = None
    targets: dict[str, Streamed] = field(default_factory=dict)

    def apply(self, fact: facts.StreamSet | facts.StreamTargetSet) -> None:
        """Change as the fact says."""
        if isinstance(fact, facts.StreamTargetSet):
            self._set_target(fact)
        elif fact.status == "off":
            self.id, self.since, self.targets = None, None, {}
        elif fact.stream != self.id:
            self.id, self.since = fact.stream, fact.at
            self.targets = {target.id: Streamed(target) for target in fact.targets}

    def _set_target(self, fact: facts.StreamTargetSet) -> None:
        if self.id is None:
            return
        streamed = self.targets.setdefault(fact.target.id, Streamed(fact.target))
        streamed.target = fact.target
        streamed.on = fact.on
        streamed.again = fact.again

    def plan(self, plan: Plan) -> None:
        """A target may have got another key."""
        for target in plan.targets:
            if target.id in self.targets:
                self.targets[target.id].target = target

    def restate(self) -> list[facts.Fact]:
        """The fewest facts that lead here."""
        if self.id is None or self.since is None:
            return []
        streamed = list(self.targets.values())
        told: list[facts.Fact] = [
            facts.StreamSet(at=self.since, stream=self.id, status="on", targets=[each.target for each in streamed])
        ]
        told += [
            facts.StreamTargetSet(at=self.since, target=each.target, on=each.on, again=each.again)
            for each in streamed
            if not each.on or each.again
        ]
        return told

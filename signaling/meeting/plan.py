"""What the web process lays down for a meeting before and while it runs (`PUT /meetings/{id}`)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from signaling.model import Id, Role, Shape


class Plan(Shape):
    """How a meeting is to be held. A later plan replaces the earlier one.

    What a host has changed by hand (`locked`, `lobby` ...) stays unless the later plan differs from the earlier there.
    """

    title: Annotated[str, Field(max_length=300)] = ""
    roles: Annotated[dict[Id, Role], Field(max_length=1000)] = {}
    """Identity → role; wins over the role in a token that was signed before."""
    locked: bool = False
    lobby: bool = False
    self_unmute: bool = True
    chat_enabled: bool = True
    recording: bool = False
    streaming: bool = False
    capacity: Annotated[int, Field(ge=1, le=10_000)] | None = None
    """Most participants at a time; hosts and moderators come in beyond it, up to the node's own limit."""

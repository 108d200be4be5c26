"""Keeping the targets: added, given another key, switched off, removed. Keys go in and never come out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.database import lock
from lms.directory.models import Organisation
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound
from lms.schedule.plan_models import Programme
from lms.sealing import Sealer, UnsealError
from lms.streaming import rules
from lms.streaming.models import StreamTarget, TargetKind

MOST_TARGETS = 200


@dataclass(frozen=True, slots=True)
class TargetDraft:
    """A target. It belongs to a programme, to an organisation, or to neither."""

    name: str
    kind: TargetKind
    server: str
    page: str = ""
    owner_id: int | None = None
    programme_id: int | None = None


def add(
    session: Session, visitor: Visitor, draft: TargetDraft, key: str, sealer: Sealer, now: datetime
) -> StreamTarget:
    """A new target. Raises `NotAllowed`, `NotFound`, `Invalid` (naming the field) or `Conflict` (targets_many)."""
    programme = _of_programme(session, draft)
    if not rules.may_add(visitor, draft.owner_id, draft.programme_id, programme):
        raise NotAllowed("target_not_yours", "Only administrators keep targets that every occurrence may use.")
    if (session.scalar(select(func.count()).select_from(StreamTarget)) or 0) >= MOST_TARGETS:
        raise Conflict("targets_many", f"There are {MOST_TARGETS} targets already. Remove what is not used.")
    server = _server(visitor, draft.server)
    made = StreamTarget(
        server=server,
        sealed=sealer.seal(f"{server}/{rules.key_of(key)}"),
        key_set_at=now,
        owner_id=draft.owner_id,
        programme_id=draft.programme_id,
        created_by=visitor.actor,
        created_at=now,
    )
    _describe(made, draft)
    session.add(made)
    session.flush()
    record(session, visitor.actor, "stream_target.add", "stream_target", made.id, now=now, after=_state(made))
    return made


def edit(session: Session, visitor: Visitor, target_id: int, draft: TargetDraft, sealer: Sealer, now: datetime) -> None:
    """Change what is said of it, or its server; whose it is stays. Raises as `add` does, `Conflict` (key_lost), too."""
    found = managed(session, visitor, target_id)
    before = _state(found)
    server = found.server if draft.server.strip() == found.server else _server(visitor, draft.server)
    if server != found.server:
        try:
            key = sealer.open(found.sealed).removeprefix(f"{found.server}/")
        except UnsealError as error:
            raise Conflict("key_lost", "The key cannot be read any more. Give the key again.") from error
        found.server, found.sealed = server, sealer.seal(f"{server}/{key}")
    _describe(found, draft)
    session.flush()
    record(
        session,
        visitor.actor,
        "stream_target.edit",
        "stream_target",
        found.id,
        now=now,
        before=before,
        after=_state(found),
    )


def set_key(session: Session, visitor: Visitor, target_id: int, key: str, sealer: Sealer, now: datetime) -> None:
    """Another key. Raises `NotFound`, `NotAllowed` or `Invalid` (key_needed, key_wrong)."""
    found = managed(session, visitor, target_id)
    found.sealed, found.key_set_at = sealer.seal(f"{found.server}/{rules.key_of(key)}"), now
    record(session, visitor.actor, "stream_target.set_key", "stream_target", found.id, now=now)


def enable(session: Session, visitor: Visitor, target_id: int, now: datetime, *, enabled: bool) -> None:
    """Switch it on or off: what is off gets no stream, whoever has chosen it. Raises `NotFound`, `NotAllowed`."""
    found = managed(session, visitor, target_id)
    if found.enabled is enabled:
        return
    found.enabled = enabled
    action = "stream_target.enable" if enabled else "stream_target.disable"
    record(session, visitor.actor, action, "stream_target", found.id, now=now)


def remove(session: Session, visitor: Visitor, target_id: int, now: datetime) -> None:
    """Delete it with its key; what was streamed to it stays in the runs. Raises `NotFound`, `NotAllowed`."""
    found = managed(session, visitor, target_id)
    before = _state(found)
    session.delete(found)
    session.flush()
    record(session, visitor.actor, "stream_target.remove", "stream_target", target_id, now=now, before=before)


def managed(session: Session, visitor: Visitor, target_id: int) -> StreamTarget:
    """A target, locked, for whoever keeps it. Raises `NotFound` (target_unknown), also for those who do not."""
    found = session.get(StreamTarget, target_id)
    if found is None or not rules.manages(found, visitor, _programme_owner(session, found.programme_id)):
        raise NotFound("target_unknown", "There is no such target, or others keep it.")
    return lock(session, StreamTarget, target_id)


def _server(visitor: Visitor, text: str) -> str:
    server = rules.server_of(text)
    if rules.is_inside(server) and not visitor.is_administrator:
        detail = "This address lies inside a network of our own. An administrator may enter it."
        raise Invalid("server_inside", detail, "server")
    return server


def _describe(target: StreamTarget, draft: TargetDraft) -> None:
    name = draft.name.strip()
    if not name or len(name) > 120:
        raise Invalid("target_name", "Give it a name of at most 120 characters.", "name")
    target.name, target.kind, target.page = name, draft.kind, rules.page_of(draft.page, "page")


def _of_programme(session: Session, draft: TargetDraft) -> int | None:
    """The organisation that owns its programme."""
    if draft.programme_id is not None and draft.owner_id is not None:
        raise Invalid("target_whose", "It belongs to a programme or to an organisation, not to both.", "whose")
    if draft.owner_id is not None and session.get(Organisation, draft.owner_id) is None:
        raise NotFound("organisation_unknown", f"There is no organisation {draft.owner_id}.", "whose")
    if draft.programme_id is None:
        return None
    owner = _programme_owner(session, draft.programme_id)
    if owner is None:
        raise NotFound("programme_unknown", "There is no such programme.", "whose")
    return owner


def _programme_owner(session: Session, programme_id: int | None) -> int | None:
    if programme_id is None:
        return None
    return session.scalar(select(Programme.owner_id).where(Programme.id == programme_id))


def _state(target: StreamTarget) -> dict[str, Any]:
    return {
        "name": target.name,
        "kind": target.kind.value,
        "server": target.server,
        "page": target.page,
        "owner": target.owner_id,
        "programme": target.programme_id,
    }

"""What the web app is started with. `web/main` fills it from the settings."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from starlette.routing import BaseRoute

from lms.credentials.keys import Issuer
from lms.database import Database
from lms.directory.eid.provider import Provider
from lms.directory.eid.rules import Marker
from lms.files import FileStore, MemoryFiles
from lms.media.library import MediaLibrary, NoLibrary
from lms.schedule.models import Streaming
from lms.schedule.protection import NOTHING, Protection
from lms.sealing import FernetSealer, Sealer
from lms.streaming.library import LiveLibrary, NoLive
from lms.streaming.queries import PlannedTarget
from signaling.model import WhyOut
from web.links import Links
from web.mail.outbox import OutboxFolder

Probe = Callable[[], Awaitable[str | None]]
"""Looks at one part of the installation: None when it is ready, else one sentence that says what is wrong."""

ISSUER_NAME = "Вікно, мережа центрів надання адміністративних послуг"
STATIC = Path(__file__).parent / "static" / "dist"


class ControlUnavailable(Exception):  # noqa: N818 - the node is unavailable, the order is no error
    """The media node did not take an order; the text says why. The order is not lost: the database has the truth."""


class OrderRefused(Exception):  # noqa: N818 - an answer, not a failure
    """The media node was asked and said no. `code` as in `signaling.problems`."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(detail)
        self.code = code


@dataclass(frozen=True, slots=True)
class PictureOrder:
    """A still picture that somebody in a meeting wants to keep. `by` and `shown` are participants there."""

    meeting: str
    node: int
    by: str
    identity: str
    shown: str
    source: str


@dataclass(frozen=True, slots=True)
class PictureNames:
    """Who took a picture, and of whom, as everybody in the meeting was told."""

    by: str
    shown: str


@dataclass(frozen=True, slots=True)
class PublicQuestion:
    """What somebody asks who watches a stream. `code` is new for each: passed on twice, it is asked once."""

    meeting: str
    node: int
    code: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class MeetingPlan:
    """What a media node is told of a meeting before people come. Instants are aware UTC."""

    meeting: str
    node: int
    title: str
    starts_at: datetime
    ends_at: datetime
    language: str = "uk"
    recorded: bool = False
    """Whether its recording begins with it."""
    streaming: Streaming = Streaming.NO
    """Whether a host may stream it, or its stream begins with it."""
    targets: tuple[PlannedTarget, ...] = ()
    """Where its stream goes to beside the public page."""
    questions: bool = True
    """Whether those in the room may ask."""
    public_questions: bool = False
    """Whether those who watch its stream may."""
    channels: tuple[str, ...] = ()
    """Languages into which it is interpreted (BCP 47)."""
    interpreters: tuple[tuple[str, str], ...] = ()
    """Identities, as in tokens, each with the language into which they interpret."""
    protection: Protection = NOTHING


@dataclass(frozen=True, slots=True)
class GroupRoomPlan:
    """A group's room, as the node has to know it. `identities` are those of tokens: `person:12`, `endpoint:3`."""

    number: int
    meeting: str
    name: str
    task: str
    identities: tuple[str, ...]


class MeetingControl(Protocol):
    """Orders to the node that holds a meeting. They block (pages run in threads) and raise `ControlUnavailable`."""

    def plan(self, plan: MeetingPlan) -> None:
        """Tell the node of the meeting, or what changed about it. Repeating it is harmless."""

    def begin(self, meeting: str, node: int) -> None:
        """Announce the official begin."""

    def close(self, meeting: str, node: int) -> None:
        """Announce the official end and send everybody away."""

    def show_out(self, meeting: str, node: int, identity: str, why: WhyOut, until: datetime) -> None:
        """Show somebody out, who reads why; tokens that were signed until then do not bring them in again."""

    def open_groups(self, meeting: str, node: int, rooms: Sequence[GroupRoomPlan], *, choose: bool) -> None:
        """Divide a running meeting into groups, or tell what changed about them."""

    def close_groups(self, meeting: str, node: int, after_s: float) -> None:
        """Bring everybody back to the main room after so many seconds."""

    def ask(self, question: PublicQuestion) -> None:
        """Pass a question from the public page on to those who lead. Raises `OrderRefused`, too."""

    def keep_picture(self, order: PictureOrder) -> PictureNames:
        """Tell everybody that a picture is being kept, if its taker may. Raises `OrderRefused`, too."""


class NoMeetingControl:
    """For an installation without media nodes: takes every order and does nothing."""

    def plan(self, plan: MeetingPlan) -> None:
        """Nothing to tell."""

    def begin(self, meeting: str, node: int) -> None:
        """Nothing to begin."""

    def close(self, meeting: str, node: int) -> None:
        """Nothing to close."""

    def show_out(self, meeting: str, node: int, identity: str, why: WhyOut, until: datetime) -> None:
        """Nobody to show out."""

    def open_groups(self, meeting: str, node: int, rooms: Sequence[GroupRoomPlan], *, choose: bool) -> None:
        """Nothing to divide."""

    def close_groups(self, meeting: str, node: int, after_s: float) -> None:
        """Nobody to bring back."""

    def ask(self, question: PublicQuestion) -> None:
        """No meeting runs, so nobody leads one."""
        raise OrderRefused("unknown_meeting")

    def keep_picture(self, order: PictureOrder) -> PictureNames:
        """No meeting runs, so nobody takes pictures in one."""
        raise OrderRefused("unknown_meeting")


def utc_now() -> datetime:
    """The wall clock, aware, UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class WebConfig:
    """Everything the web app needs. Keys are 32 bytes each."""

    database: Database
    session_key: bytes
    """Signs CSRF tokens, the browser's cookie, and links in mails."""
    token_key: bytes
    """Signs the tokens that let somebody into a meeting."""
    events_key: bytes
    """Checks that events come from our own media nodes."""
    public_url: str
    """Scheme and host, no slash at the end. With https, cookies are Secure and bear the `__Host-` prefix."""
    sealing_key: bytes
    """Seals what the database must not hold in the open (`lms.sealing`)."""
    issuer_name: str = ISSUER_NAME
    known_issuers: tuple[str, ...] = ()
    """Profiles of other issuers that are trusted, as JSON."""
    known_lists: tuple[str, ...] = ()
    """Their status lists."""
    seals: bool = False
    """Whether documents of certificates are sealed; the worker does it."""
    seal_authorities: tuple[str, ...] = ()
    """Certificates (PEM) of authorities whose seals on PDFs are trusted."""
    """In whose name certificates are issued."""
    targets_key: bytes = b""
    """Seals where streams go to: live composers have this key and no other. Empty: as everything else."""
    mail_sender: str = "vikno@localhost"
    """The address that mails come from: ORGANIZER in calendars."""
    static_dir: Path = STATIC
    """Where the built client lies (`npm run build` in `web/client`)."""
    node_of: Callable[[str], int] = field(default=lambda meeting: 0)
    """The media node that holds a meeting."""
    control: MeetingControl = field(default_factory=NoMeetingControl)
    probes: Mapping[str, Probe] = field(default_factory=dict)
    """By part's name; `/healthz` asks them all, `/readyz` only `database`."""
    extra_routes: Sequence[BaseRoute] = ()
    """Routes that stand before the pages: `/signal`, `/whip`, `/whep`."""
    audit_anchors: Path | None = None
    """Where the log's daily anchors lie (`lms.audit.anchors`)."""
    recordings: MediaLibrary = field(default_factory=NoLibrary)
    """Where recordings lie."""
    live: LiveLibrary = field(default_factory=NoLive)
    """Where live streams lie."""
    files: FileStore = field(default_factory=MemoryFiles)
    """Keeps what people send in."""
    outbox: OutboxFolder | None = None
    """Where mails go when there is no mail server; the pages show them."""
    reads_inbox: bool = False
    """Whether mail that comes in is read."""
    open_data: bool = False
    """Whether figures without names are open to anybody."""
    eid: Mapping[str, Provider] = field(default_factory=dict)
    """Services by which people sign in, by key, in the order of their buttons."""
    eid_key: bytes = b""
    """Makes marks of what they tell (`lms.directory.eid.rules.Marker`); needed where there is such a service."""
    demo: bool = False
    """Whether the pages say that what they show is demonstration data."""
    clock: Callable[[], datetime] = utc_now

    @property
    def secure(self) -> bool:
        """Whether people reach the site by https only."""
        return self.public_url.startswith("https://")

    @property
    def sealer(self) -> Sealer:
        """Seals and opens with `sealing_key`."""
        return FernetSealer(self.sealing_key)

    @property
    def marker(self) -> Marker:
        """Makes marks of numbers and of names at services."""
        return Marker(self.eid_key)

    @property
    def issuer(self) -> Issuer:
        """Who issues certificates here."""
        return Issuer(self.public_url, self.issuer_name, self.sealer, demo=self.demo)

    @property
    def target_sealer(self) -> Sealer:
        """Seals addresses and keys of servers to stream to."""
        return FernetSealer(self.targets_key) if self.targets_key else self.sealer

    @property
    def links(self) -> Links:
        """Signs and reads addresses that mails carry."""
        return Links(self.session_key)

"""Binds the parts of the web process together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from lms.audit import anchors
from lms.database import Database
from lms.files import FolderFiles
from lms.schedule.models import Streaming
from signaling.control_client import ControlClient, ControlError
from signaling.meeting.plan import GroupRoom, Plan, StreamTarget
from signaling.messages import Begin, CloseGroups, End, KeepPicture, OpenGroups, ShowOut, TakeQuestion
from signaling.model import Interpreting, Protection, Source, WhyOut
from web.config import (
    ControlUnavailable,
    GroupRoomPlan,
    MeetingPlan,
    OrderRefused,
    PictureNames,
    PictureOrder,
    PublicQuestion,
    WebConfig,
)
from web.eid import services
from web.mail.outbox import OutboxFolder
from web.main import known_issuers, passthrough, probes
from web.main.library import FolderLibrary
from web.main.live_library import LiveFolder
from web.main.seal import seal_authorities
from web.main.secrets import derive, master_key, target_key
from web.main.settings import Settings
from web.main.tokens import node_of

_CONTROL_PATIENCE_S = 2.0
"""A person waits for the answer: the web process tells the node of a meeting before the first token."""


def web_config(settings: Settings) -> WebConfig:
    """Everything the web app needs."""
    master = master_key(settings.data)
    database = Database(settings.sqlalchemy_url)
    token_key = derive(master, "token")
    known = known_issuers.read(settings.data)
    return WebConfig(
        database=database,
        session_key=derive(master, "session"),
        token_key=token_key,
        events_key=derive(master, "events"),
        public_url=settings.site_url,
        issuer_name=settings.issuer_name,
        known_issuers=known[0],
        known_lists=known[1],
        seals=settings.seal_key is not None,
        seal_authorities=seal_authorities(settings),
        mail_sender=settings.sender.address,
        sealing_key=derive(master, "sealing"),
        targets_key=target_key(master),
        node_of=lambda meeting: node_of(meeting, settings.media_nodes),
        control=NodeControl(settings.node_url, derive(master, "control")),
        probes=probes.of_web(settings, database),
        extra_routes=passthrough.routes(token_key, settings.node_url),
        audit_anchors=settings.data / anchors.FOLDER,
        recordings=FolderLibrary(settings.data),
        live=LiveFolder(settings.data),
        files=FolderFiles(settings.data / "files"),
        outbox=OutboxFolder(settings.outbox) if settings.outbox is not None else None,
        reads_inbox=bool(settings.mail_inbox),
        open_data=settings.open_data,
        eid=services.providers(settings.eid_providers),
        eid_key=derive(master, "eid"),
        demo=settings.demo,
    )


class NodeControl:
    """Orders of the web process to media nodes (`web.config.MeetingControl`)."""

    def __init__(self, node_url: Callable[[int], str], key: bytes) -> None:
        self._node_url = node_url
        self._key = key

    def plan(self, plan: MeetingPlan) -> None:
        """Tell the node of the meeting, or what changed about it."""
        told = Plan(
            title=plan.title,
            language=plan.language,
            recording=plan.recorded,
            questions_enabled=plan.questions,
            public_questions=plan.public_questions,
            channels=list(plan.channels),
            interpreters={who: Interpreting(source=plan.language, into=into) for who, into in plan.interpreters},
            streaming=plan.streaming is Streaming.PLANNED,
            may_stream=plan.streaming is not Streaming.NO,
            protection=Protection(
                hide_names=plan.protection.hide_names,
                recording=plan.protection.keeping.value,
                held=plan.protection.held,
            ),
            targets=[StreamTarget(id=each.id, name=each.name, sealed=each.sealed) for each in plan.targets],
        )
        self._call(plan.node, lambda client: client.plan(plan.meeting, told))

    def begin(self, meeting: str, node: int) -> None:
        """Announce the official begin."""
        self._call(node, lambda client: client.order(meeting, Begin(do="begin")))

    def close(self, meeting: str, node: int) -> None:
        """Announce the official end and send everybody away."""
        self._call(node, lambda client: client.order(meeting, End(do="end", close=True)))

    def show_out(self, meeting: str, node: int, identity: str, why: WhyOut, until: datetime) -> None:
        """Show somebody out; from now on the door decides about them."""
        order = ShowOut(do="show_out", identity=identity, why=why, until=until.timestamp())
        self._call(node, lambda client: client.order(meeting, order))

    def open_groups(self, meeting: str, node: int, rooms: Sequence[GroupRoomPlan], *, choose: bool) -> None:
        """Divide a running meeting into groups, or tell what changed about them."""
        told = [
            GroupRoom(number=one.number, meeting=one.meeting, name=one.name, task=one.task, members=[*one.identities])
            for one in rooms
        ]
        self._call(node, lambda client: client.order(meeting, OpenGroups(do="open_groups", rooms=told, choose=choose)))

    def close_groups(self, meeting: str, node: int, after_s: float) -> None:
        """Bring everybody back to the main room after so many seconds."""
        self._call(node, lambda client: client.order(meeting, CloseGroups(do="close_groups", after_s=after_s)))

    def ask(self, question: PublicQuestion) -> None:
        """Pass a question from the public page on; the node looks whether it may be asked now."""
        action = TakeQuestion(do="take_question", question=question.code, name=question.name, text=question.text)
        try:
            self._client(question.node).order(question.meeting, action)
        except ControlError as error:
            if error.code == "node_unavailable":
                raise ControlUnavailable(str(error)) from error
            raise OrderRefused(error.code, str(error)) from error

    def keep_picture(self, order: PictureOrder) -> PictureNames:
        """Tell everybody in the meeting; the node looks whether the taker is there and may."""
        action = KeepPicture(
            do="keep_picture",
            by=order.by,
            identity=order.identity,
            participant=order.shown,
            source=Source(order.source),
        )
        client = self._client(order.node)
        try:
            names = client.names(order.meeting)
            client.order(order.meeting, action)
        except ControlError as error:
            if error.code == "node_unavailable":
                raise ControlUnavailable(str(error)) from error
            raise OrderRefused(error.code, str(error)) from error
        return PictureNames(by=names.get(order.by, ""), shown=names.get(order.shown, ""))

    def _client(self, node: int) -> ControlClient:
        return ControlClient(self._node_url(node), self._key, timeout_s=_CONTROL_PATIENCE_S)

    def _call(self, node: int, act: Callable[[ControlClient], object]) -> None:
        try:
            act(self._client(node))
        except ControlError as error:
            raise ControlUnavailable(str(error)) from error

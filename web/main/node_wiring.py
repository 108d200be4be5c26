"""Binds the parts of a media node's process together. It knows no database."""

from __future__ import annotations

import ssl

from signaling.config import Limits, NodeAppConfig
from web.main.secrets import derive, master_key
from web.main.settings import Settings

EVENTS_PATH = "/internal/events"
"""Where the web process takes events (`web.api`)."""


def node_config(settings: Settings, node: int) -> NodeAppConfig:
    """Everything media node `node` needs."""
    master = master_key(settings.data)
    return NodeAppConfig(
        node=node,
        data_dir=settings.data,
        media_port=settings.media_port + node,
        media_addresses=settings.media_addresses,
        token_key=derive(master, "token"),
        control_key=derive(master, "control"),
        events_key=derive(master, "events"),
        events_url=settings.local_url + EVENTS_PATH,
        events_tls=own_certificate_only(settings),
        limits=Limits(program_viewers=settings.program_viewers),
        capture=True,
        streaming=True,
        own_url=settings.node_url(node),
    )


def own_certificate_only(settings: Settings) -> ssl.SSLContext | None:
    """What a node trusts when it posts events over TLS on this machine: our certificate, whatever names it bears."""
    if settings.tls_cert is None:
        return None
    context = ssl.create_default_context(cafile=str(settings.tls_cert))
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context

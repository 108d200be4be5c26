"""Binds the parts of a media node's process together. It knows no database."""

from __future__ import annotations

import ssl

import httpx

from signaling.config import NodeAppConfig
from web.main.secrets import derive, master_key
from web.main.settings import Settings

EVENTS_PATH = "/api/events"
"""Where the web process takes events (`web.api.events`)."""
_EVENTS_PATIENCE_S = 10.0


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
    )


def events_client(settings: Settings) -> httpx.AsyncClient:
    """Posts events to the web process here; over TLS it trusts our own certificate alone, whatever names it bears."""
    verify: ssl.SSLContext | bool = True
    if settings.tls_cert is not None:
        verify = ssl.create_default_context(cafile=str(settings.tls_cert))
        verify.check_hostname = False
        verify.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return httpx.AsyncClient(verify=verify, timeout=_EVENTS_PATIENCE_S, trust_env=False)

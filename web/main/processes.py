"""The processes of an installation, each as `vikno` runs it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

import structlog

from sfu.node import PortBusy
from web.main import logs, ports
from web.main.child import EXIT_UNUSABLE, loaded
from web.main.secrets import SecretError
from web.main.server import Listening, StartupError, adopt, serve
from web.main.settings import Settings
from web.main.settings_load import variable

_log = structlog.get_logger("vikno")


def run_web(settings: Settings, inherited: Sequence[int]) -> None:
    """The web process; alone (without inherited sockets) it opens its port itself."""
    logs.configure(settings.log_format, settings.log_level, process="web")
    try:
        listening = Listening(
            adopt(inherited) or ports.listen(settings.http_host, settings.http_port, variable("http_port")),
            tls_cert=settings.tls_cert,
            tls_key=settings.tls_key,
            trusted_proxies=settings.trusted_proxies,
        )
        from web.app import create_app
        from web.main.web_wiring import web_config

        config = web_config(settings)
        config.database.upgrade()
        app = create_app(config)
        loaded(often=False)
        serve(app, listening)
    except (ports.PortError, SecretError) as error:
        _unusable(str(error))
    except StartupError as error:
        _failed(error)


def run_media(settings: Settings, node: int, inherited: Sequence[int]) -> None:
    """One media node: its app and the SFU on one loop, HTTP on loopback only."""
    logs.configure(settings.log_format, settings.log_level, process=f"media-{node}")
    try:
        port = settings.node_http_port + node
        listening = Listening(adopt(inherited) or ports.listen("127.0.0.1", port, variable("node_http_port")))
        from signaling.app import create_node_app
        from web.main.node_wiring import node_config

        app = create_node_app(node_config(settings, node))
        loaded()
        serve(app, listening)
    except (ports.PortError, SecretError) as error:
        _unusable(str(error))
    except StartupError as error:
        if isinstance(error.__cause__, PortBusy):
            _log.error("port busy", reason=str(error))
            sys.exit(1)  # it may be free soon: the process that was here before may still be ending
        _failed(error)


def run_worker(settings: Settings) -> None:
    """Jobs and housekeeping."""
    logs.configure(settings.log_format, settings.log_level, process="worker")
    from web.main.worker import work

    loaded()
    asyncio.run(work(settings))


def run_demo(settings: Settings) -> None:
    """The demo meeting's three headless participants; they speak to the media node itself."""
    logs.configure(settings.log_format, settings.log_level, process="demo")
    from lms.database import Database
    from signaling.client.demo import run_demo as run
    from signaling.client.session import RefusedError
    from web.main.demo import demo_node, seed_demo, token_source

    database = Database(settings.sqlalchemy_url)
    facts = seed_demo(settings, database)
    database.close()
    try:
        asyncio.run(run(demo_node(settings, facts), token_source(settings, facts), settings.data / "demo"))
    except RefusedError as error:
        _log.warning("the demo's participants were sent away", reason=str(error))
        sys.exit(1)  # to be started again: that opens the demo anew


def _unusable(reason: str) -> None:
    print(reason, file=sys.stderr)
    sys.exit(EXIT_UNUSABLE)


def _failed(error: StartupError) -> None:
    _log.error("could not start", reason=str(error), exc_info=error.__cause__)
    sys.exit(1)

"""`vikno serve`: one HTTP port, and behind it web, media nodes, worker and demo, supervised."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack

from web.main import certificates, demo_ways, logs, ports
from web.main.child import EXIT_UNUSABLE
from web.main.secrets import SecretError, master_key
from web.main.settings import Settings
from web.main.settings_load import variable
from web.main.supervisor import ChildSpec, Supervisor, vikno_command

Sockets = Mapping[str, Sequence[socket.socket]]


def run(settings: Settings, *, self_signed: bool = False) -> int:
    """Runs until it is told to stop; the process's exit code."""
    logs.configure(settings.log_format, settings.log_level, process="serve")
    try:
        settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        master_key(settings.data)
        if self_signed and not settings.tls:
            settings = certificates.with_self_signed(settings)
        with ExitStack() as stack:
            sockets = _listen(settings, stack)
            return asyncio.run(_supervise(settings, sockets))
    except (ports.PortError, SecretError) as error:
        _say(str(error))
    except OSError as error:
        _say(f"The data folder {settings.data.absolute()} cannot be used: {error.strerror}. Choose it with VIKNO_DATA.")
    return EXIT_UNUSABLE


def children(settings: Settings, sockets: Sockets) -> list[ChildSpec]:
    """Every process of an installation, in the order of their start."""
    environment = _environment(settings)

    def child(name: str, *arguments: str, listen: str = "", after: Sequence[str] = (), **rest: bool) -> ChildSpec:
        numbers = [each.fileno() for each in sockets.get(listen or name, ())]
        inherited = ("--sockets", ",".join(map(str, numbers))) if numbers else ()
        return ChildSpec(name, vikno_command(*arguments, *inherited), environment, numbers, after=after, **rest)

    nodes = [f"media-{number}" for number in range(settings.media_nodes)]
    specs = [child("prepare", "prepare", once=True)]
    webs = ["web", *(f"web-{number}" for number in range(1, settings.web_processes))]
    specs += [child(name, "web", listen="web", after=["prepare"]) for name in webs]
    specs.append(child("worker", "worker", after=["prepare"]))
    specs.append(child("composer", "composer", after=["prepare"], essential=False))
    specs += [
        child(f"capture-{number}", "capture", "--node", str(number), essential=False) for number in range(len(nodes))
    ]
    specs += [
        child(f"streamer-{number}", "streamer", "--node", str(number), essential=False) for number in range(len(nodes))
    ]
    specs += [child(name, "media", "--node", str(number)) for number, name in enumerate(nodes)]
    if settings.demo:
        specs.append(child("demo", "demo", after=["web", *nodes], essential=False))
    return specs


async def _supervise(settings: Settings, sockets: Sockets) -> int:
    supervisor = Supervisor(children(settings, sockets))
    greeting = asyncio.create_task(_greet(settings, supervisor))
    await supervisor.run()
    greeting.cancel()
    return EXIT_UNUSABLE if supervisor.failed else 0


async def _greet(settings: Settings, supervisor: Supervisor) -> None:
    """Says where Vikno is reached, once everything that people need is ready."""
    for name, child in supervisor.children.items():
        if name not in ("worker", "demo"):
            await child.ready.wait()
    lines = [f"Vikno is ready: {settings.site_url}"]
    if settings.demo:
        lines += demo_ways.ways_in(settings)
    if settings.tls_cert is not None and settings.tls_cert.name == certificates.CERT_NAME:
        lines.append("The certificate is self-signed: the browser warns once; accept it for this trial.")
    lines.append("Ctrl+C stops it.")
    _say("\n".join(["", *lines, ""]))


def _environment(settings: Settings) -> dict[str, str]:
    """What the command line said, handed on to the children."""
    given = {"demo": str(settings.demo).lower(), "data": str(settings.data.absolute())}
    for name in ("tls_cert", "tls_key"):
        if path := getattr(settings, name):
            given[name] = str(path.absolute())
    return {variable(name): value for name, value in given.items()}


def _listen(settings: Settings, stack: ExitStack) -> dict[str, list[socket.socket]]:
    """Opens every TCP port before anything starts: a busy one is told at once, and connections wait for a restart."""
    sockets = {"web": ports.listen(settings.http_host, settings.http_port, variable("http_port"))}
    for node in range(settings.media_nodes):
        port = settings.node_http_port + node
        sockets[f"media-{node}"] = ports.listen("127.0.0.1", port, variable("node_http_port"))
        ports.require_free("UDP", settings.media_port + node, variable("media_port"))
    for opened in sockets.values():
        for each in opened:
            stack.callback(each.close)
    return sockets


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)

"""Another machine on this one: a network namespace with uplinks of its own, whose line can be switched and spoilt.

Programs run in it by `ip netns exec`. The host has one address for all uplinks, as a server on the Internet has; it
exists as long as the namespace does, so make the namespace before the server that is to listen on it. There is no
route to anywhere else. Needs root (CAP_NET_ADMIN) and the programs `ip` and `nft`.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

_MOST = 60
"""So many may exist at once on a machine: each takes four networks of 10.213.0.0/16."""


def why_not() -> str:
    """Why this process cannot make namespaces; empty if it can."""
    if os.geteuid() != 0:
        return "A browser in a network namespace of its own needs root: run the tests as root."
    return ""


@dataclass(frozen=True)
class Namespace:
    """`name` is the kernel's; `server` the address under which programs in it reach this machine."""

    name: str
    number: int
    uplinks: int

    @property
    def server(self) -> str:
        """The host's address, the same over every uplink."""
        return f"10.213.{4 * self.number}.1"

    def address(self, uplink: int) -> str:
        """The namespace's own address on an uplink."""
        return f"10.213.{4 * self.number + 1 + uplink}.2"

    def command(self, *words: str) -> list[str]:
        """The command line that runs `words` inside."""
        return ["ip", "netns", "exec", self.name, *words]

    def wrapper(self, program: str, folder: Path) -> str:
        """A program that runs `program` inside, with the arguments and open files it is given; its path."""
        path = folder / f"{Path(program).name}-in-{self.name}"
        path.write_text(f'#!/bin/sh\nexec ip netns exec {self.name} {program} "$@"\n')
        path.chmod(0o755)
        return str(path)

    def connect(self, uplink: int) -> None:
        """The uplink gets its address and the way to the server, as by DHCP."""
        device = f"up{uplink}"
        _run("ip", "-n", self.name, "address", "add", f"{self.address(uplink)}/24", "dev", device)
        _run("ip", "-n", self.name, "link", "set", device, "up")
        gateway = f"10.213.{4 * self.number + 1 + uplink}.1"
        _run("ip", "-n", self.name, "route", "replace", f"{self.server}/32", "via", gateway, "dev", device)

    def disconnect(self, uplink: int) -> None:
        """The uplink is gone with its address and routes."""
        _run("ip", "-n", self.name, "address", "flush", "dev", f"up{uplink}")
        _run("ip", "-n", self.name, "link", "set", f"up{uplink}", "down")

    def lose(self, percent: int) -> None:
        """Lose so many of a hundred packets at random, each way, of every protocol; 0 mends the line, 100 cuts it."""
        chance = f"numgen random mod 100 < {percent}" if percent < 100 else ""
        rule = f"{chance} counter drop" if percent else "counter"
        table = f"""
            table inet line
            delete table inet line
            table inet line {{
              chain coming {{ type filter hook input priority 0; iifname != "lo" {rule}; }}
              chain going {{ type filter hook output priority 0; oifname != "lo" {rule}; }}
            }}
        """
        _run(*self.command("nft", "-f", "-"), given=table)

    def restore(self) -> None:
        """As in the beginning: the first uplink alone, and it loses nothing."""
        self.lose(0)
        for uplink in range(self.uplinks):
            self.disconnect(uplink)
        self.connect(0)


@contextmanager
def namespace(uplinks: int = 1) -> Iterator[Namespace]:
    """A namespace that is connected by its first uplink; removed at the end, also one that a killed run has left."""
    with ExitStack() as stack:
        number = stack.enter_context(_number())
        made = Namespace(f"vikno-test-{number}", number, uplinks)
        _remove(made)
        stack.callback(_remove, made)
        _build(made)
        yield made


def _build(made: Namespace) -> None:
    _run("ip", "netns", "add", made.name)
    _run("ip", "-n", made.name, "link", "set", "lo", "up")
    for uplink in range(made.uplinks):
        near = _device(made, uplink)
        _run("ip", "link", "add", near, "type", "veth", "peer", "name", f"up{uplink}", "netns", made.name)
        _run("ip", "address", "add", f"10.213.{4 * made.number + 1 + uplink}.1/24", "dev", near)
        _run("ip", "link", "set", near, "up")
    _run("ip", "address", "add", f"{made.server}/32", "dev", _device(made, 0))
    made.connect(0)


def _device(made: Namespace, uplink: int) -> str:
    return f"vikno{made.number}u{uplink}"


def _remove(made: Namespace) -> None:
    for uplink in range(made.uplinks):
        subprocess.run(["ip", "link", "delete", _device(made, uplink)], capture_output=True, check=False)
    subprocess.run(["ip", "netns", "delete", made.name], capture_output=True, check=False)


@contextmanager
def _number() -> Iterator[int]:
    """A number that no other run has: the kernel takes the lock back from a process that is killed."""
    for number in range(_MOST):
        with (Path(tempfile.gettempdir()) / f"vikno-test-namespace-{number}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield number
            return
    raise AssertionError(f"{_MOST} test namespaces exist already. Are other test runs hanging?")


def _run(*words: str, given: str = "") -> None:
    done = subprocess.run(words, input=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (
        f"`{' '.join(words)}` failed: {done.stderr.strip()}. The tests make a network namespace; in a container that "
        "needs the capabilities NET_ADMIN and SYS_ADMIN."
    )

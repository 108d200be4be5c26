"""A line that can be cut: a UDP and a TCP relay between a browser and the server, in a thread of their own."""

from __future__ import annotations

import selectors
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_CHUNK = 65_536


class Relay:
    """Relays `tcp_port` and `udp_port` on 127.0.0.1 to the server's.

    While it is cut, datagrams are lost and TCP stands still, as on a lost Wi-Fi: nobody is told.
    """

    def __init__(self, server_tcp: int, server_udp: int) -> None:
        self._targets = {"tcp": ("127.0.0.1", server_tcp), "udp": ("127.0.0.1", server_udp)}
        self._selector = selectors.DefaultSelector()
        self._cut = threading.Event()
        self._ended = threading.Event()
        self._clients: dict[tuple[str, int], socket.socket] = {}
        self._datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._datagrams.bind(("127.0.0.1", 0))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.udp_port = int(self._datagrams.getsockname()[1])
        self.tcp_port = int(self._listener.getsockname()[1])
        self._watch(self._datagrams, self._from_client)
        self._watch(self._listener, self._accept)
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)
        self._thread.start()

    def cut(self) -> None:
        """Lose everything from now on."""
        self._cut.set()

    def mend(self) -> None:
        """Carry again."""
        self._cut.clear()

    def close(self) -> None:
        """End the thread and close every socket."""
        self._ended.set()
        self._thread.join(5)
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
        self._selector.close()

    def _watch(self, sock: socket.socket, handle: Callable[[], None]) -> None:
        self._selector.register(sock, selectors.EVENT_READ, handle)

    def _run(self) -> None:
        while not self._ended.is_set():
            for key, _ in self._selector.select(0.05):
                if self._cut.is_set() and key.fileobj is not self._datagrams and not self._is_upstream(key.fileobj):
                    self._ended.wait(0.002)  # TCP waits in the kernel's buffers
                    continue
                try:
                    key.data()
                except OSError:
                    self._drop(key.fileobj)

    def _is_upstream(self, sock: object) -> bool:
        return sock in self._clients.values()

    def _drop(self, sock: object) -> None:
        if isinstance(sock, socket.socket) and sock is not self._datagrams:
            self._selector.unregister(sock)
            sock.close()

    def _from_client(self) -> None:
        data, source = self._datagrams.recvfrom(_CHUNK)
        if source not in self._clients:
            upstream = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            upstream.connect(self._targets["udp"])
            self._clients[source] = upstream
            self._watch(upstream, lambda: self._from_server(upstream, source))
        if not self._cut.is_set():
            try:
                self._clients[source].send(data)
            except ConnectionRefusedError:
                return  # the server is down: as good as lost

    def _from_server(self, upstream: socket.socket, client: tuple[str, int]) -> None:
        try:
            data = upstream.recv(_CHUNK)
        except ConnectionRefusedError:
            return
        if not self._cut.is_set():
            self._datagrams.sendto(data, client)

    def _accept(self) -> None:
        near, _ = self._listener.accept()
        try:
            far = socket.create_connection(self._targets["tcp"], timeout=5)
        except OSError:
            near.close()
            return
        self._watch(near, lambda: self._pipe(near, far))
        self._watch(far, lambda: self._pipe(far, near))

    def _pipe(self, source: socket.socket, sink: socket.socket) -> None:
        data = source.recv(_CHUNK)
        if data:
            sink.sendall(data)
            return
        for sock in (source, sink):
            if sock.fileno() >= 0:
                self._selector.unregister(sock)
                sock.close()


@contextmanager
def relaying(server_tcp: int, server_udp: int) -> Iterator[Relay]:
    """A relay, closed at the end."""
    relay = Relay(server_tcp, server_udp)
    try:
        yield relay
    finally:
        relay.close()


def through(media_port: int) -> str:
    """A script that makes a page reach media by this port on 127.0.0.1 and no other way."""
    return f"""
    (() => {{
      const set = RTCPeerConnection.prototype.setRemoteDescription;
      RTCPeerConnection.prototype.setRemoteDescription = function (description) {{
        const lines = description.sdp.split("\\r\\n").filter(
          (line) => !line.startsWith("a=candidate:") || line.includes(" 127.0.0.1 "));
        const relayed = lines.map((line) => line.replace(/ 127\\.0\\.0\\.1 \\d+ /, " 127.0.0.1 {media_port} "));
        const sdp = relayed.join("\\r\\n");
        return set.call(this, {{ type: description.type, sdp }});
      }};
    }})();
    """

"""A mock API server that is never the bottleneck: its own process, every byte encoded before the first request.

It answers LIST (whole at resourceVersion=0, as the watch cache of a real server did until 1.33, or in pages), WATCH, and the
streaming list; ``/control/…`` starts a flood of events or a paced run on the open watches. It knows nothing else. Lists come in chunks of
2 kB, as kube-apiserver 1.37 sends them.

    python -m benchmarks.server --kind cr --count 10000 [--paged] [--streaming]      prints "port N"
"""

from __future__ import annotations

import argparse
import json
import random
import socket
import threading
import time
from urllib.parse import parse_qs, urlsplit

from benchmarks.objects import KINDS, NO_TIME, Kind, fill
from benchmarks.wire import HEAD, answer, chunk, chunked, event_bytes, status, targets

LIST_VERSION = 1_000_000
PAGE = 500


class World:
    """What is served: the list, its pages, the flood, and templates for the paced events."""

    def __init__(self, kind: Kind, count: int, flood: int, *, paged: bool, streaming: bool) -> None:
        self.kind = kind
        self.paged = paged
        self.streaming = streaming
        self.template = kind.template(in_list=False)
        in_list = kind.template(in_list=True)
        items = [fill(in_list, i, 1000 + i) for i in range(count)]
        self.count = count
        self.whole = self._list(items, "", 0)
        self.pages = [
            self._list(items[i : i + PAGE], f"from-{i + PAGE}" if i + PAGE < count else "", max(0, count - i - PAGE))
            for i in range(0, count, PAGE)
        ]
        self.initial = b""
        if streaming:
            added = b"".join(chunk(event_bytes("ADDED", fill(self.template, i, 1000 + i))) for i in range(count))
            end = {
                "apiVersion": kind.api_version,
                "kind": kind.name,
                "metadata": {
                    "resourceVersion": str(LIST_VERSION),
                    "creationTimestamp": None,
                    "annotations": {"k8s.io/initial-events-end": "true"},
                },
            }
            self.initial = added + chunk(event_bytes("BOOKMARK", json.dumps(end, separators=(",", ":")).encode()))
        self.flood = self._flood(flood)
        self.flood_count = flood

    def _list(self, items: list[bytes], continue_: str, remaining: int) -> bytes:
        meta: dict[str, object] = {"resourceVersion": str(LIST_VERSION)}
        if continue_:
            meta |= {"continue": continue_, "remainingItemCount": remaining}
        head = {"apiVersion": self.kind.api_version, "kind": f"{self.kind.name}List", "metadata": meta}
        text = json.dumps(head, separators=(",", ":")).encode()
        return chunked(b'%s,"items":[%s]}\n' % (text[:-1], b",".join(items)))

    def _flood(self, count: int) -> bytes:
        """80 % modified, 10 % added, 10 % deleted; every event is one that a client has to report."""
        rng = random.Random(7)
        alive = list(range(self.count))
        next_new = self.count
        out: list[bytes] = []
        for step in range(count):
            version = LIST_VERSION + 1 + step
            roll = rng.random()
            if roll < 0.8:
                number, kind = alive[rng.randrange(len(alive))], "MODIFIED"
            elif roll < 0.9:
                number, kind = next_new, "ADDED"
                alive.append(number)
                next_new += 1
            else:
                at = rng.randrange(len(alive))
                alive[at], alive[-1] = alive[-1], alive[at]
                number, kind = alive.pop(), "DELETED"
            out.append(chunk(event_bytes(kind, fill(self.template, number, version))))
        self.alive = alive
        return b"".join(out)


class Server:
    """Plain sockets and a thread per connection; keep-alive for everything but a watch."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.watchers: list[socket.socket] = []
        self.changed = threading.Condition()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self.listener.getsockname()[1]
        self.requests: list[str] = []

    def serve(self) -> None:
        """Accept until the process ends."""
        while True:
            connection, _ = self.listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._connection, args=(connection,), daemon=True).start()

    def _connection(self, connection: socket.socket) -> None:
        try:
            for target in targets(connection):
                if not self._answer(connection, target):
                    return
        except OSError:
            return
        finally:
            with self.changed:
                if connection not in self.watchers:
                    connection.close()

    def _answer(self, connection: socket.socket, target: str) -> bool:
        """Answer one request; False when the connection belongs to a watch now."""
        url = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        self.requests.append(target)
        if url.path.startswith("/control/"):
            connection.sendall(answer(200, json.dumps(self._control(url.path, query)).encode()))
            return True
        if url.path != self.world.kind.list_path:
            connection.sendall(answer(404, status(404, "NotFound", f"the mock server does not serve {url.path}")))
            return True
        if query.get("watch") in ("true", "1"):
            return self._watch(connection, query)
        self._list(connection, query)
        return True

    def _list(self, connection: socket.socket, query: dict[str, str]) -> None:
        world = self.world
        at = query.get("continue", "").removeprefix("from-")
        if at:
            connection.sendall(world.pages[int(at) // PAGE])
        elif "limit" in query and (world.paged or query.get("resourceVersion") != "0"):
            connection.sendall(world.pages[0])
        else:
            connection.sendall(world.whole)

    def _watch(self, connection: socket.socket, query: dict[str, str]) -> bool:
        initial = query.get("sendInitialEvents") == "true"
        if initial and not self.world.streaming:
            connection.sendall(
                answer(
                    422, status(422, "Invalid", "sendInitialEvents is forbidden for watch unless WatchList is enabled")
                )
            )
            return True
        connection.sendall(HEAD)
        if initial:
            connection.sendall(self.world.initial)
        with self.changed:
            self.watchers.append(connection)
            self.changed.notify_all()
        return False

    def _control(self, path: str, query: dict[str, str]) -> dict[str, object]:
        if path == "/control/reset":
            with self.changed:
                for watcher in self.watchers:
                    watcher.close()
                self.watchers.clear()
            requests, self.requests = self.requests[:-1], []
            return {"requests": requests}
        with self.changed:
            if not self.changed.wait_for(lambda: self.watchers, timeout=20):
                return {"error": "no watch was opened in 20 s"}
            watchers = list(self.watchers)
        if path == "/control/flood":
            for watcher in watchers:
                watcher.sendall(self.world.flood)
            return {"events": self.world.flood_count}
        return {"events": self._paced(watchers, float(query["rate"]), int(query["events"]))}

    def _paced(self, watchers: list[socket.socket], rate: float, count: int) -> int:
        """Send modified events at a steady rate, each with its time of sending inside."""
        rng = random.Random(11)
        version = LIST_VERSION + self.world.flood_count
        start = time.monotonic()
        for i in range(count):
            number = self.world.alive[rng.randrange(len(self.world.alive))]
            event = chunk(event_bytes("MODIFIED", fill(self.world.template, number, version + 1 + i)))
            pause = start + i / rate - time.monotonic()
            if pause > 0:
                time.sleep(pause)
            stamped = event.replace(NO_TIME.encode(), b"%019d" % time.time_ns())
            for watcher in watchers:
                watcher.sendall(stamped)
        return count


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", choices=sorted(KINDS), default="cr")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--flood", type=int, default=20_000)
    parser.add_argument("--paged", action="store_true", help="honour limit also at resourceVersion=0")
    parser.add_argument("--streaming", action="store_true", help="offer the streaming list")
    args = parser.parse_args()
    server = Server(World(KINDS[args.kind], args.count, args.flood, paged=args.paged, streaming=args.streaming))
    print("port", server.port, flush=True)
    server.serve()


if __name__ == "__main__":
    main()

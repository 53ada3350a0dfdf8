"""`python -m benchmarks.faults`: how often kubewright and client-go ask a server that is in trouble, side by side.

Each fault gets two servers of its own, one per client, all at the same time; every request is counted. The promise is: never more
requests than client-go in the same fault. Writes docs/fault-rates.md.
"""

from __future__ import annotations

import argparse
import json
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from benchmarks import peers
from benchmarks.objects import KINDS, fill
from benchmarks.report import table
from benchmarks.runner import ROOT
from benchmarks.wire import HEAD, chunk, event_bytes, status, targets
from benchmarks.wire import answer as answer_bytes

CR = KINDS["cr"]
ITEM = fill(CR.template(in_list=True), 1, 1000)
VERSION = 5000


def page(continue_: str = "") -> bytes:
    """Return a list of one object."""
    meta = {"resourceVersion": str(VERSION)} | ({"continue": continue_} if continue_ else {})
    head = json.dumps({"apiVersion": CR.api_version, "kind": "TsTestList", "metadata": meta})
    return head[:-1].encode() + b', "items": [' + ITEM + b"]}"


@dataclass(frozen=True)
class Answer:
    """What goes back: a status and a body, or chunks of a stream; `close` ends the connection after it."""

    code: int = 200
    body: bytes = b""
    headers: tuple[str, ...] = ()
    events: tuple[bytes, ...] | None = None
    end: str = "open"  # of a stream: open, clean, cut
    drop: bool = False


GONE = status(410, "Expired", "The resourceVersion for the provided watch is too old.")
UNSUPPORTED = Answer(
    422, status(422, "Invalid", "sendInitialEvents is forbidden for watch unless WatchList is enabled")
)
SILENT = Answer(events=())
NORMAL = Answer(body=page())


def error_event(body: bytes) -> bytes:
    """Return an ERROR event."""
    return event_bytes("ERROR", body)


@dataclass(frozen=True)
class Fault:
    """How a server in trouble answers lists, watches and streaming lists."""

    name: str
    listing: Callable[[dict[str, str]], Answer] = lambda query: NORMAL
    watching: Answer = SILENT
    streaming: Answer = UNSUPPORTED


def always(answer: Answer) -> Callable[[dict[str, str]], Answer]:
    """Return what answers every list alike."""
    return lambda query: answer


def expired_continue(query: dict[str, str]) -> Answer:
    """Answer the first page and never the second; whole lists fail too."""
    if query.get("continue"):
        return Answer(410, GONE)
    return Answer(body=page("token")) if "limit" in query else Answer(500, status(500, "InternalError"))


def everywhere(answer: Answer, name: str) -> Fault:
    """Return a fault that hits lists and streaming lists."""
    return Fault(name, always(answer), streaming=answer)


FAULTS = [
    everywhere(Answer(drop=True), "every connection is dropped"),
    everywhere(Answer(500, status(500, "InternalError")), "lists: 500"),
    everywhere(Answer(503, status(503, "ServiceUnavailable"), ("Retry-After: 1",)), "lists: 503, Retry-After 1"),
    everywhere(
        Answer(429, status(429, "TooManyRequests", retryAfterSeconds=1), ("Retry-After: 1",)),
        "lists: 429, Retry-After 1",
    ),
    everywhere(Answer(429, status(429, "TooManyRequests")), "lists: 429 without Retry-After"),
    everywhere(Answer(401, status(401, "Unauthorized")), "lists: 401"),
    everywhere(Answer(403, status(403, "Forbidden")), "lists: 403"),
    everywhere(Answer(404, status(404, "NotFound")), "lists: 404 (the CRD is not installed)"),
    everywhere(Answer(410, GONE), "lists: 410"),
    Fault("lists: garbage", always(Answer(body=b"<html>not JSON</html>"))),
    Fault("lists: the second page has always expired", expired_continue),
    Fault("watches end at once", watching=Answer(events=(), end="clean")),
    Fault("watches are cut at once", watching=Answer(events=(), end="cut")),
    Fault("watches: 500", watching=Answer(500, status(500, "InternalError"))),
    Fault("watches: 429, Retry-After 1", watching=Answer(429, status(429, "TooManyRequests"), ("Retry-After: 1",))),
    Fault("watches: 403", watching=Answer(403, status(403, "Forbidden"))),
    Fault("watches: 410 as a status", watching=Answer(410, GONE)),
    Fault("watches: 410 as an event", watching=Answer(events=(error_event(GONE),), end="clean")),
    Fault(
        "watches: 500 as an event", watching=Answer(events=(error_event(status(500, "InternalError")),), end="clean")
    ),
    Fault("watches: garbage", watching=Answer(events=(b"}{ not JSON",), end="clean")),
    Fault("watches: half an event", watching=Answer(events=(event_bytes("MODIFIED", ITEM)[:300],), end="cut")),
    Fault("streaming lists end before their end", streaming=Answer(events=(event_bytes("ADDED", ITEM),), end="clean")),
    Fault("streaming lists are silent", streaming=SILENT),
]


@dataclass
class Server:
    """Answers by one fault and keeps the time of each request."""

    fault: Fault
    times: list[float] = field(default_factory=list)
    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0), backlog=64))

    def serve(self) -> None:
        """Accept until the process ends."""
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self._connection, args=(connection,), daemon=True).start()

    def _connection(self, connection: socket.socket) -> None:
        try:
            for target in targets(connection):
                self.times.append(time.monotonic())
                if not self._send(connection, self._answer(target)):
                    return
        except OSError:
            return
        finally:
            connection.close()

    def _answer(self, target: str) -> Answer:
        query = {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}
        if query.get("watch") not in ("true", "1"):
            return self.fault.listing(query)
        return self.fault.streaming if query.get("sendInitialEvents") == "true" else self.fault.watching

    def _send(self, connection: socket.socket, answer: Answer) -> bool:
        if answer.drop:
            return False
        if answer.events is None:
            connection.sendall(answer_bytes(answer.code, answer.body, answer.headers))
            return True
        connection.sendall(HEAD + b"".join(chunk(event) for event in answer.events))
        if answer.end == "clean":
            connection.sendall(b"0\r\n\r\n")
        elif answer.end == "open":
            connection.recv(1)  # until the client goes
        return answer.end == "clean"


def count(times: list[float], begin: float, seconds: float) -> int:
    """Return how many requests came in the first seconds."""
    return sum(moment - begin <= seconds for moment in times)


def verdict(fault: Fault, ours: int, theirs: int) -> str:
    """Compare two counts; waits are drawn by lot on both sides."""
    if ours <= theirs:
        return "yes"
    if fault.streaming is SILENT:
        return "on purpose: after 30 s it lists; client-go waits for ever"
    return "as often" if ours <= theirs * 1.25 + 1 else "**no**"


def main() -> None:
    """Run all faults at the same time and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120)
    args = parser.parse_args()
    go = peers.client_go()
    clients = {"kubewright": [peers.python(), "benchmarks/clients/kubewright_informer.py", "--source", "stream"]}
    if go is not None:
        clients["client-go"] = [str(go)]
    begin = time.monotonic()
    servers: dict[tuple[str, str], tuple[Server, float, subprocess.Popen[bytes]]] = {}
    for fault in FAULTS:
        for name, command in clients.items():
            server = Server(fault)
            threading.Thread(target=server.serve, daemon=True).start()
            url = f"http://127.0.0.1:{server.listener.getsockname()[1]}"
            options = ["--url", url, "--kind", "cr", "--count", "1", "--flood", "1000000", "--paced", "0"]
            process = subprocess.Popen(
                [*command, *options], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            servers[fault.name, name] = (server, time.monotonic(), process)
            time.sleep(0.2)
    print(f"{len(servers)} clients started in {time.monotonic() - begin:.0f} s, waiting {args.seconds:g} s", flush=True)
    time.sleep(args.seconds)
    for _, _, process in servers.values():
        process.kill()
        process.wait()
    rows = []
    for fault in FAULTS:
        row = [fault.name]
        totals = []
        for name in clients:
            server, _, _ = servers[fault.name, name]
            first = server.times[0] if server.times else 0.0
            row.append(" / ".join(str(count(server.times, first, s)) for s in (1, 10, args.seconds)))
            totals.append(count(server.times, first, args.seconds))
        if len(totals) == 2:
            row.append(verdict(fault, *totals))
        rows.append(row)
    head = ["fault", *(f"{name}: requests in 1 / 10 / {args.seconds:g} s" for name in clients)]
    text = table([*head, "never more"] if go is not None else head, rows)
    print(text)
    if go is not None:
        about = (
            "# How often a server in trouble is asked\n\nWritten by `python -m benchmarks.faults`; do not edit. "
            f"{', '.join(peers.versions(None, go))}. Both clients with their defaults (streaming lists on), client-go without "
            "its client-side rate limit. One object; every request counts, also those of a streaming list that is refused. The waits of both are "
            "drawn by lot, so a count or two of difference means nothing.\n\n"
        )
        (ROOT / "docs" / "fault-rates.md").write_text(about + text + "\n")


if __name__ == "__main__":
    main()

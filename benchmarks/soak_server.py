"""The server side of the soak: the embedded API server in its own process, full of objects that change all the time, with a fault
every few seconds. The parent talks to it over a pipe: it freezes it, asks what there is, and lets it go on."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection

from benchmarks.objects import KINDS, fill
from kubewright.testing import APIServer
from kubewright.testing.server.messages import ServerRequest, ServerResponse

PATH = "/apis/stable.example.com/v1/namespaces/{}/tstests"


class Churn:
    """Creates, updates, deletes and recreates objects at a steady rate, and arms faults."""

    def __init__(self, server: APIServer, objects: int, rate: float, fault_every: float, seed: int) -> None:
        self.server = server
        self.rng = random.Random(seed)
        self.template = KINDS["cr"].template(in_list=False)
        self.rate = rate
        self.fault_every = fault_every
        self.changes = 0
        self.faults: dict[str, int] = {}
        self.alive: list[int] = []
        self.dead: list[int] = []
        self.step = 0
        self.running = threading.Event()
        self.stopped = threading.Event()
        self.busy = threading.Lock()
        for number in range(50):
            document = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"team-{number:02d}"}}
            server.api.handle(ServerRequest("POST", "/api/v1/namespaces", body=json.dumps(document).encode()))
        for number in range(objects):
            self.create(number)

    def request(self, method: str, number: int, body: bytes = b"", query: tuple[tuple[str, str], ...] = ()) -> None:
        path = PATH.format(f"team-{number % 50:02d}")
        if method != "POST":
            path += f"/object-{number:06d}"
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        answer = self.server.api.handle(ServerRequest(method, path, query, {"content-type": kind}, body))
        assert isinstance(answer, ServerResponse)
        assert answer.status < 300, (method, path, answer.status, answer.body[:300])

    def create(self, number: int) -> None:
        document = json.loads(fill(self.template, number, 0))
        for name in ("uid", "resourceVersion", "creationTimestamp", "managedFields"):
            document["metadata"].pop(name)
        self.request("POST", number, json.dumps(document).encode())
        self.alive.append(number)

    def change(self) -> None:
        self.step += 1
        roll = self.rng.random()
        if roll < 0.1 and self.dead:
            self.create(self.dead.pop())
        elif roll < 0.2:
            at = self.rng.randrange(len(self.alive))
            self.alive[at], self.alive[-1] = self.alive[-1], self.alive[at]
            number = self.alive.pop()
            self.request("DELETE", number)
            self.dead.append(number)
        else:
            number = self.alive[self.rng.randrange(len(self.alive))]
            self.request("PATCH", number, json.dumps({"spec": {"replicas": self.step % 1000}}).encode())
        self.changes += 1

    def fault(self) -> None:
        faults = self.server.faults
        path = "/tstests"
        choices: dict[str, Callable[[], object]] = {
            "cut": lambda: faults.cut_after_events(self.rng.randrange(20), path=path),
            "half event": lambda: faults.half_event(after=self.rng.randrange(20), path=path),
            "garbage event": lambda: faults.garbage_event(path=path),
            "duplicate": lambda: faults.duplicate_event(path=path),
            "410 event": lambda: faults.gone_event(path=path),
            "cut all streams": faults.cut_streams,
            "410 status": lambda: (faults.gone(path=path, watch=True), faults.cut_streams()),
            "429": lambda: (faults.too_many_requests(1, path=path), faults.cut_streams()),
            "500": lambda: (faults.error(500, path=path), faults.cut_streams()),
            "garbage answer": lambda: (faults.garbage(path=path, method="GET"), faults.cut_streams()),
            "dropped request": lambda: (faults.drop(path=path), faults.cut_streams()),
            "expired history": lambda: (faults.expire_history(), faults.cut_streams()),
            "slow answer": lambda: (faults.delay(0.5, path=path), faults.cut_streams()),
        }
        name = self.rng.choice(sorted(choices))
        choices[name]()
        self.faults[name] = self.faults.get(name, 0) + 1

    def run(self) -> None:
        """Change and break things until stopped; stand still while frozen."""
        until_fault = self.fault_every
        while not self.stopped.is_set():
            self.running.wait()
            with self.busy:
                if self.running.is_set():
                    for _ in range(max(1, int(self.rate / 10))):
                        self.change()
                    until_fault -= 0.1
                    if until_fault <= 0:
                        until_fault = self.fault_every
                        self.fault()
            self.stopped.wait(0.1)

    def freeze(self) -> None:
        """Stand still; returns when nothing changes any more."""
        self.running.clear()
        with self.busy:
            self.server.faults.clear()

    def content(self) -> dict[str, str]:
        """Return key -> resourceVersion of everything there is."""
        answer = self.server.api.handle(ServerRequest("GET", "/apis/stable.example.com/v1/tstests"))
        assert isinstance(answer, ServerResponse)
        metadata = [item["metadata"] for item in json.loads(answer.body)["items"]]
        return {f"{meta['namespace']}/{meta['name']}": meta["resourceVersion"] for meta in metadata}


def serve(pipe: Connection, objects: int, rate: float, fault_every: float, seed: int) -> None:
    """Run in the child process: answer "go", "freeze" and "stop"."""
    with APIServer(crds=["schemas/tstest.yaml"]) as server:
        churn = Churn(server, objects, rate, fault_every, seed)
        thread = threading.Thread(target=churn.run, daemon=True)
        thread.start()
        pipe.send(server.url)
        while True:
            command = pipe.recv()
            if command == "go":
                churn.running.set()
            elif command == "freeze":
                churn.freeze()
                pipe.send((churn.content(), churn.changes, dict(churn.faults)))
            else:
                churn.stopped.set()
                churn.running.set()
                thread.join()
                pipe.send("stopped")
                return

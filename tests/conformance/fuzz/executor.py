"""Carrying out operations on one server, in a namespace that nobody else uses."""

from __future__ import annotations

import copy
import json
from typing import Any

from tests.conformance.api import ANY, Api
from tests.conformance.fuzz.kinds import Kind
from tests.conformance.fuzz.operations import START, Operation
from tests.conformance.rawhttp import Connection, Endpoint

_PATCHES = {"merge": "merge", "json": "json", "strategic": "strategic", "apply": "apply", "scale": "merge"}
_INITIAL_EVENTS_END = "k8s.io/initial-events-end"
_JSON = {"Content-Type": "application/json"}


class Session:
    """One server during one sequence of operations. ``run`` gives the normalised steps of one operation."""

    def __init__(self, endpoint: Endpoint, namespace: str, kind: Kind) -> None:
        self._kind = kind
        self._namespace = namespace
        self._connection = Connection(endpoint)
        body = json.dumps({"metadata": {"name": namespace}}).encode()
        answer = self._connection.request("POST", "/api/v1/namespaces", body, _JSON)
        assert answer.status == 201, answer
        self._api = Api(endpoint, namespace, lambda: None)
        self._start = str(self._fetch("GET", self._kind.path())[1]["metadata"]["resourceVersion"])

    def run(self, operation: Operation) -> list[dict[str, Any]]:
        """Carry out one operation and return what the server answered, normalised."""
        before = len(self._api.transcript)
        operation = self._placed(copy.deepcopy(operation))
        try:
            self._carry_out(operation)
        except (OSError, ValueError) as error:
            self._api.transcript.append({"request": operation["verb"], "broken": type(error).__name__})
        return self._api.transcript[before:]

    def close(self) -> None:
        """Leave nothing that other sequences could see, and close the connections."""
        if not self._kind.namespaced:
            for name in ("a", "b", "c"):
                path = self._kind.path(self._own(name))
                self._fetch("PATCH", path, {"metadata": {"finalizers": None}}, "application/merge-patch+json")
                self._fetch("DELETE", path)
        self._api.close()
        self._connection.close()

    def _carry_out(self, operation: Operation) -> None:
        verb, query = operation["verb"], operation.get("query", {})
        status = verb.startswith("status-")
        action = verb.removeprefix("status-")
        path = self._kind.path(operation.get("name"), "status" if status else "scale" if verb == "scale" else None)
        if action == "create":
            made = self._api.post(path, operation["body"], status=ANY, **query)
            if made.status == 201 and "generateName" in operation["body"].get("metadata", {}):
                # Generated names sort as they please: gone before anything is listed.
                self._fetch("DELETE", self._kind.path(made.body["metadata"]["name"]))
        elif action == "get":
            self._api.get(path, status=ANY, headers=_accept(operation["accept"], many=False), **query)
        elif action == "list":
            self._list(path, operation)
        elif action == "watch":
            self._watch(path, operation)
        elif action == "update":
            self._update(path, operation)
        elif action == "delete":
            self._api.delete(path, operation["body"], status=ANY, **query)
        elif action == "delete-collection":
            if self._kind.namespaced:
                self._api.delete(path, status=ANY, **query)
        else:
            self._api.patch(path, operation["patch"], _PATCHES[action], status=ANY, **query)

    def _list(self, path: str, operation: Operation) -> None:
        if not self._kind.namespaced:
            return  # shows other sequences' objects
        query = dict(operation["query"])
        headers = _accept(operation["accept"], many=True)
        while True:
            answer = self._api.get(path, status=ANY, headers=headers, **query)
            token = answer.body.get("metadata", {}).get("continue") if isinstance(answer.body, dict) else None
            if not token or not operation["pages"]:
                return
            query["continue_"] = token

    def _watch(self, path: str, operation: Operation) -> None:
        query: dict[str, Any] = {
            key: self._start if value == START else value for key, value in operation["query"].items()
        }
        headers = _accept(operation["accept"], many=False)
        with self._api.watch(path, status=ANY, headers=headers, timeoutSeconds=1, **query) as watch:
            if "body" in self._api.transcript[-1]:
                return  # refused
            watch.until_end(bookmarks=True)
        record = self._api.transcript[-1]
        # Other bookmarks come when the server finds the time.
        events = [e for e in record["events"] if e["type"] != "BOOKMARK" or _INITIAL_EVENTS_END in json.dumps(e)]
        if not self._kind.namespaced:  # other sequences' objects live beside ours
            events = [e for e in events if str(e["object"]["metadata"].get("name", "")).startswith(self._namespace)]
        if (
            query.get("resourceVersion") == "0"
        ):  # it may begin with what its cache has seen so far, and say the rest then
            events = _last_of_each(events)
        record["events"] = events

    def _update(self, path: str, operation: Operation) -> None:
        status, stored = self._fetch("GET", self._kind.path(operation["name"]))
        if status != 200:
            stored = {
                "apiVersion": self._kind.api_version,
                "kind": self._kind.kind,
                "metadata": {"name": operation["name"], "resourceVersion": "1"},
            }
        for key, value in operation["changes"].items():
            if key == "metadata" and isinstance(value, dict):
                stored["metadata"].update(value)
            elif value is None:
                stored.pop(key, None)
            else:
                stored[key] = value
        if operation["stale"]:
            stored["metadata"]["resourceVersion"] = "1"
        self._api.put(path, stored, status=ANY, **operation["query"])

    def _fetch(
        self, method: str, path: str, body: Any = None, content_type: str = "application/json"
    ) -> tuple[int, dict[str, Any]]:
        """Unrecorded."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": content_type} if data is not None else None
        answer = self._connection.request(method, path.replace("{ns}", self._namespace), data, headers)
        return answer.status, answer.body if isinstance(answer.body, dict) else {}

    def _own(self, name: str) -> str:
        return name if self._kind.namespaced else f"{self._namespace}-{name}"

    def _placed(self, operation: Operation) -> Operation:
        """Cluster-scoped objects carry the sequence in their name, because they share one space."""
        if not self._kind.namespaced:
            if "name" in operation:
                operation["name"] = self._own(operation["name"])
            for part in ("body", "patch"):
                document = operation.get(part)
                metadata = document.get("metadata") if isinstance(document, dict) else None
                if isinstance(metadata, dict) and "name" in metadata:
                    metadata["name"] = self._own(metadata["name"])
        return operation


def _accept(form: str, *, many: bool) -> dict[str, str] | None:
    if not form:
        return None
    name = f"{form}List" if many and form != "Table" else form
    return {"Accept": f"application/json;as={name};g=meta.k8s.io;v=v1,application/json"}


def _last_of_each(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({json.dumps(each["object"].get("metadata", {}).get("name")): each for each in events}.values())

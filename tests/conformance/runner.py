"""Running cases on one server, each at most once, in a namespace of its own."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable
from typing import Any

from tests.conformance.api import Api
from tests.conformance.catalog import Case
from tests.conformance.rawhttp import Connection, Endpoint


class Runner:
    """One server and what the cases have shown on it so far."""

    def __init__(self, endpoint: Endpoint, forget_history: Callable[[], None]) -> None:
        self._endpoint = endpoint
        self._forget_history = forget_history
        self._outcomes: dict[str, tuple[list[dict[str, Any]], BaseException | None]] = {}

    def run(self, case: Case) -> list[dict[str, Any]]:
        """The transcript of a case; raises what the case raised, also the second time."""
        transcript, error = self.outcome(case)
        if error is not None:
            raise error
        return transcript

    def outcome(self, case: Case) -> tuple[list[dict[str, Any]], BaseException | None]:
        """The transcript as far as the case came, and what it raised."""
        if case.id not in self._outcomes:
            self._create_namespace(case.namespace)
            api = Api(self._endpoint, case.namespace, self._forget_history)
            try:
                case.run(api)
            except Exception as error:
                self._outcomes[case.id] = api.transcript, error
            else:
                self._outcomes[case.id] = api.transcript, None
            finally:
                api.close()
        return self._outcomes[case.id]

    def _create_namespace(self, name: str) -> None:
        connection = Connection(self._endpoint)
        try:
            body = json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}).encode()
            answer = connection.request("POST", "/api/v1/namespaces", body, {"Content-Type": "application/json"})
            assert answer.status == 201, answer
        finally:
            connection.close()


def differences(embedded: list[dict[str, Any]], real: list[dict[str, Any]]) -> str:
    """The steps that differ, as a diff with the real server's answer as the wanted one; empty when all agree."""
    lines: list[str] = []
    for number in range(max(len(embedded), len(real))):
        ours, theirs = (steps[number] if number < len(steps) else None for steps in (embedded, real))
        if ours != theirs:
            request = (theirs or ours or {}).get("request")
            lines.append(f"step {number + 1}: {request}")
            diff = difflib.unified_diff(_lines(theirs), _lines(ours), "real", "embedded", lineterm="", n=4)
            lines += [f"    {line}" for line in diff]
    return "\n".join(lines)


def _lines(step: dict[str, Any] | None) -> list[str]:
    return [] if step is None else json.dumps(step, indent=1, sort_keys=True).splitlines()

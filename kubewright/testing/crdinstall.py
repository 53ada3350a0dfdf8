"""Installing CRDs through the API, as kubectl would, and waiting until their kinds can be used. Works on every server."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from typing import Any, Final

from kubewright.core.wire import Request, Response, Transport
from kubewright.errors import KubewrightError
from kubewright.testing.manifests import Manifest, load_manifests

_CRDS: Final = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_POLL_SECONDS: Final = 0.05


def install_crds(transport: Transport, crds: Iterable[Manifest], *, timeout: float = 30.0) -> list[dict[str, Any]]:
    """Create or replace every CRD in ``crds`` and return them as the server has them, established and served.

    Other kinds among the manifests are passed over, as controller-runtime's envtest does: whole release manifests can
    be given. Raises ``KubewrightError`` with the server's words for the CRDs that it refuses (the others are served), when
    there is no CRD at all, and when a kind is not served within ``timeout`` seconds.
    """
    deadline = time.monotonic() + timeout
    manifests = load_manifests(*crds)
    found = [manifest for manifest in manifests if manifest["kind"] == "CustomResourceDefinition"]
    if not found:
        raise KubewrightError(
            f"no CustomResourceDefinition among the {len(manifests)} objects that were to be installed"
        )
    installed: list[dict[str, Any]] = []
    refused: list[str] = []
    for crd in found:
        try:
            installed.append(_create_or_replace(transport, crd))
        except KubewrightError as error:
            refused.append(str(error))
    served: list[dict[str, Any]] = []
    for crd in installed:
        try:
            served.append(_wait_until_served(transport, crd, deadline))
        except KubewrightError as error:
            refused.append(str(error))
    if len(refused) == 1:
        raise KubewrightError(refused[0])
    if refused:
        listed = "\n  ".join(refused)
        raise KubewrightError(f"{len(refused)} of {len(found)} CustomResourceDefinitions are not served:\n  {listed}")
    return served


def _create_or_replace(transport: Transport, crd: dict[str, Any]) -> dict[str, Any]:
    name = _name(crd)
    while True:
        response = transport.request(_request("POST", _CRDS, crd))
        if response.status == 409:
            current = transport.request(_request("GET", f"{_CRDS}/{name}"))
            if current.status == 404:  # deleted in between
                continue
            version = _document(current)["metadata"]["resourceVersion"]
            replacement = {**crd, "metadata": {**crd.get("metadata", {}), "resourceVersion": version}}
            response = transport.request(_request("PUT", f"{_CRDS}/{name}", replacement))
            if response.status == 409:  # somebody else, typically the server's own controller, was faster
                continue
        if response.status >= 400:
            raise KubewrightError(f"the server refuses CustomResourceDefinition {name!r}: {_message(response)}")
        return _document(response)


def _wait_until_served(transport: Transport, crd: dict[str, Any], deadline: float) -> dict[str, Any]:
    spec = crd["spec"]
    served = [version["name"] for version in spec["versions"] if version["served"]]
    pending = [f"/apis/{spec['group']}/{version}/{spec['names']['plural']}?limit=1" for version in served]
    reason = "not established"
    while True:
        current = _document(transport.request(_request("GET", f"{_CRDS}/{_name(crd)}")))
        # null, not an empty list, until the first condition is there
        found: list[dict[str, Any]] = current.get("status", {}).get("conditions") or []
        conditions = {each["type"]: each for each in found}
        refused = conditions.get("NamesAccepted", {})
        if refused.get("status") == "False":
            raise KubewrightError(
                f"the names of CustomResourceDefinition {_name(crd)!r} are taken: {refused.get('message', '')}"
            )
        if conditions.get("Established", {}).get("status") == "True":
            # Established comes before served: requests in between answer 404.
            while pending and transport.request(_request("GET", pending[0])).status == 200:
                pending.pop(0)
            if not pending:
                return current
            reason = f"{pending[0]} does not answer yet"
        if time.monotonic() > deadline:
            raise KubewrightError(f"CustomResourceDefinition {_name(crd)!r} is not served in time: {reason}")
        time.sleep(_POLL_SECONDS)


def _request(method: str, target: str, body: Mapping[str, Any] | None = None) -> Request:
    path, _, query = target.partition("?")
    pairs = tuple((key, value) for key, _, value in (pair.partition("=") for pair in query.split("&")) if key)
    content = () if body is None else (("Content-Type", "application/json"),)
    payload = None if body is None else json.dumps(body).encode()
    return Request(method=method, path=path, query=pairs, headers=content, body=payload)


def _name(crd: Mapping[str, Any]) -> str:
    return str(crd.get("metadata", {}).get("name", ""))


def _document(response: Response) -> dict[str, Any]:
    if response.status >= 400:
        raise KubewrightError(f"the server answered {response.status}: {_message(response)}")
    document: dict[str, Any] = json.loads(response.body)
    return document


def _message(response: Response) -> str:
    try:
        return str(json.loads(response.body)["message"])
    except (ValueError, KeyError, TypeError):
        return response.body[:500].decode(errors="replace")
